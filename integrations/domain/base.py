"""What a proof of a domain is, and what is found of it."""

from enum import StrEnum
from typing import NamedTuple

# Below this label of the domain is the TXT record, and at this path of its server the file: either has the token.
DNS_LABEL = "_vitrine"
PROOF_PATH = "/.well-known/vitrine-domain"


class Proof(StrEnum):
    """Where a token was found."""

    DNS = "DNS"
    HTTP = "HTTP"


class Finding(NamedTuple):
    """What was found when a token was looked for in one place.

    `tokens` are all that stand there. Where it could not be told what stands there, as nobody answered, `problem` says
    why and `is_certain` is false: then nothing is known, neither that it is there nor that it is not.
    """

    tokens: frozenset[str] = frozenset()
    problem: str | None = None
    is_certain: bool = True


def proof_name(name: str) -> str:
    """The name of the TXT record that proves a domain."""
    return f"{DNS_LABEL}.{name}"
