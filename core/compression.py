"""Whether an answer is compressed for who asks."""

from functools import lru_cache

MIN_COMPRESSED = 1_000


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether the client takes gzip: it names it, or everything, and not with a weight of 0."""
    weights = {}
    for each in accepted.lower().split(","):
        name, _, parameters = each.partition(";")
        weights[name.strip()] = parameters.replace(" ", "").rstrip("0.") != "q="
    return weights.get("gzip", weights.get("*", False))
