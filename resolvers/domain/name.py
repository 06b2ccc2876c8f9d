"""Which names can be a site's own: as people write them, as the DNS has them, and which ones are refused."""

from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList
from pydantic import AfterValidator, StringConstraints

from core.errors import Problem, Refused
from core.settings import Settings
from integrations.domain import proof_name
from resolvers.validation import problem_error

# Characters as they are typed; the DNS takes fewer.
MAX_TYPED = 500
# Of the name of the record that proves a domain, as the DNS has it.
MAX_DNS_NAME = 253
# RFC 6761 and its kin: they lead nowhere, or only within a network.
_SPECIAL = frozenset(
    {"alt", "arpa", "home", "internal", "invalid", "lan", "local", "localdomain", "localhost", "onion"}
)


def _name(typed: str) -> str:
    """The name as the DNS has it: in ASCII and lower case, without a dot at its end."""
    if "*" in typed:
        raise problem_error("INVALID", "A domain cannot have a *: add each name of its own.")
    if any(letter in typed for letter in "/:@?#\\"):
        raise problem_error("INVALID", "Write the domain alone, such as www.example.com: no https://, port or path.")
    try:
        name = idna.encode(typed, uts46=True, std3_rules=True).decode().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        raise problem_error("INVALID", "This is no domain: write it like www.example.com.") from None
    last = name.rpartition(".")[2]
    if "." not in name or last.isdigit():
        raise problem_error("INVALID", f"{name} is not a whole domain: write it like www.example.com.")
    if last in _SPECIAL:
        raise problem_error("INVALID", f"{name} is a name of this machine or of a local network.")
    if len(proof_name(name)) > MAX_DNS_NAME:
        raise problem_error("TOO_LONG", "The domain is too long for a record below it to prove it.")
    if _public_suffixes().publicsuffix(name) == name:
        raise problem_error("INVALID", f"Everybody has names below {name}: add one of them, such as shop.{name}.")
    return name


DomainName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TYPED),
    AfterValidator(_name),
]


def refuse_own_names(settings: Settings, name: str) -> None:
    """Refuses what this installation is reached by itself: the API's name, and all below which sites have theirs.

    Raises:
        Refused: TAKEN.

    """
    sites = (urlsplit(settings.site_url("x")).hostname or "").partition(".")[2]
    addresses = (settings.base_url, settings.assets_url, settings.dashboard_url)
    own = {sites, *(urlsplit(address).hostname or "" for address in addresses)} - {""}
    taken = next((each for each in own if name == each or name.endswith(f".{each}")), None)
    if taken:
        message = f"{name} is Vitrine's own, as is all that ends in {taken}: add a domain of yours."
        raise Refused(Problem("TAKEN", message, ("input", "name")))


def shown_name(name: str) -> str:
    """The name as people read it, in its own script."""
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    """The list comes with its package: no request is made for it. Reading it takes a tenth of a second."""
    return PublicSuffixList()
