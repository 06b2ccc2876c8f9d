"""Web origins: where a page comes from, as browsers write it in `Origin`."""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address

MAX_ORIGIN_LENGTH = 300
MAX_PORT = 65_535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# `*` stands for one label, as in certificates. Not for one below a top-level domain, whose pages belong to everybody.
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\*\.(?:localhost|{_LABEL}(?:\.{_LABEL})+)|\[[0-9a-f:.]+\]"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>[1-9][0-9]{{0,4}}))?")
_ANY_LABEL = "://*."
_ONE_LABEL = re.compile(_LABEL)


def parse_origin(text: str) -> str | None:
    """The origin as browsers write it: `https://shop.example`, in lower case, without the scheme's own port.

    Its first label may be `*`, for any. None where the text is no origin: `null`, or an address with a path.
    """
    found = _ORIGIN.fullmatch(text.strip().lower().removesuffix("/")) if len(text) <= MAX_ORIGIN_LENGTH else None
    if found is None:
        return None
    host, port = found["host"], int(found["port"] or _DEFAULT_PORTS[found["scheme"]])
    if host.startswith("["):
        try:
            host = f"[{IPv6Address(host[1:-1]).compressed}]"
        except AddressValueError:
            return None
    if port > MAX_PORT:
        return None
    return f"{found['scheme']}://{host}" + (f":{port}" if port != _DEFAULT_PORTS[found["scheme"]] else "")


def origin_matches(origin: str, allowed: Iterable[str]) -> bool:
    """Whether the `Origin` that a browser sent is one of these, which `parse_origin` has made."""
    origin = origin.lower()
    return any(_matches_any_label(origin, each) if _ANY_LABEL in each else origin == each for each in allowed)


def _matches_any_label(origin: str, pattern: str) -> bool:
    start, _, end = pattern.partition("*")
    label = origin.removeprefix(start).removesuffix(end)
    return origin == start + label + end and _ONE_LABEL.fullmatch(label) is not None
