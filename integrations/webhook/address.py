"""Where webhooks may be posted: to the public internet, and nowhere else.

A merchant chooses the url, and the post is made from inside our network. So a url is judged by what it says, and again,
where a connection is made, by every address that its name leads to at that moment.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from yarl import URL

MAX_URL_LENGTH = 2_048
# Below this, ports are those of mail, shells and file servers; nobody serves webhooks there but on these.
FIRST_FREE_PORT = 1_024
WEB_PORTS = (80, 443)

_V4_NAMES = {
    # Three lie in networks below and are named for the reader; Azure's is a public address, but only in name.
    "cloud metadata": ["169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", "168.63.129.16/32"],
    "unspecified": ["0.0.0.0/8"],
    "private": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    "carrier-grade NAT": ["100.64.0.0/10"],
    "loopback": ["127.0.0.0/8"],
    "link-local": ["169.254.0.0/16"],
    "documentation or test": ["192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
    "multicast": ["224.0.0.0/4"],
    "reserved": ["192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4"],
}
_V6_NAMES = {
    "cloud metadata": ["fd00:ec2::254/128"],
    "unspecified": ["::/128"],
    "loopback": ["::1/128"],
    "private": ["fc00::/7"],
    "link-local": ["fe80::/10"],
    "site-local": ["fec0::/10"],
    "multicast": ["ff00::/8"],
    "documentation or test": ["2001:db8::/32", "3fff::/20"],
    # 2001::/23 holds Teredo, benchmarks and ORCHID; 2002::/16 is 6to4. Both carry IPv4 addresses of anybody's choice.
    "reserved": ["2001::/23", "2002::/16"],
}
_V4 = [(IPv4Network(network), name) for name, networks in _V4_NAMES.items() for network in networks]
_V6 = [(IPv6Network(network), name) for name, networks in _V6_NAMES.items() for network in networks]
# Of IPv6 only global unicast is public: neither IPv4-compatible addresses (::/96) nor local NAT64 (64:ff9b:1::/48).
_GLOBAL = IPv6Network("2000::/3")
# In these an IPv4 address stands in the last 32 bits, and that one is posted to. A host without IPv4 gets out by NAT64.
_TRANSLATED = [IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96")]

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+{_LABEL}")
# What browsers and resolvers take for an IPv4 address, however few its parts: 127.1, 0x7f000001, 0177.0.0.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ENCODED = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_LOCAL_ENDINGS = (".local", ".internal", ".home.arpa")


class Unpostable(Exception):
    """Nothing is posted to this url; the message says why."""


def problem_of_address(address: str, *, allow_loopback: bool) -> str | None:
    """Why nothing is posted to an address; None where it is public, or loopback and that is allowed."""
    kind = kind_of_address(address, allow_loopback=allow_loopback)
    return None if kind is None else f"{_ip(address)} is a {kind} address"


def kind_of_address(address: str, *, allow_loopback: bool) -> str | None:
    """What an address is to which nothing is posted, such as "private"; None for the others."""
    kind = _kind(_ip(address))
    return None if kind == "loopback" and allow_loopback else kind


def problem_of_url(url: str, *, allow_loopback: bool) -> str | None:
    """What is wrong with an endpoint's url, as far as it can be told without a look-up; None where nothing is.

    It must be https, to a name or a public address. With `allow_loopback`, http to this machine is taken too.
    """
    try:
        postable_url(url, allow_loopback=allow_loopback)
    except Unpostable as problem:
        return str(problem)
    return None


@lru_cache(maxsize=8_192)
def postable_url(url: str, *, allow_loopback: bool) -> URL:
    """The url, parsed by what will connect to it, so that both see one host in it, and to be sent as it is written.

    Raises:
        Unpostable: nothing is posted there.

    """
    if len(url) > MAX_URL_LENGTH:
        raise Unpostable(f"The address is longer than {MAX_URL_LENGTH:,} characters.")
    if not url.isprintable() or " " in url or "\\" in url:
        raise Unpostable("The address has a character that no address has: write it percent-encoded.")
    parsed = _parsed(url)
    if "@" in urlsplit(url).netloc:
        raise Unpostable("The address must not hold a user or a password: what is posted is signed.")
    if "#" in url:
        raise Unpostable("The address must not have a fragment (#…).")
    is_here = _is_here(parsed.raw_host or "", allow_loopback=allow_loopback)
    if parsed.scheme != "https" and not is_here:
        raise Unpostable(
            "The address must begin with https://, so that nobody on the way can read or change what is posted."
        )
    port = parsed.port or 0
    if port < FIRST_FREE_PORT and port not in WEB_PORTS and not (is_here and port):
        raise Unpostable(f"Nothing is posted to port {port}: give the receiver 443, or one from {FIRST_FREE_PORT} up.")
    return _as_written(url, parsed)


def _parsed(url: str) -> URL:
    try:
        parsed = URL(url)
        host = parsed.raw_host
        # Brackets are for IPv6 alone.
        if ("[" in urlsplit(url).netloc) != (":" in (host or "")):
            host = None
    except ValueError:
        raise Unpostable("This is not an address: write it like https://example.com/webhooks.") from None
    if parsed.scheme not in {"http", "https"} or not host:
        raise Unpostable("The address must begin with https:// and name a host.")
    return parsed


def _as_written(url: str, parsed: URL) -> URL:
    """The url with its path and query to the letter, where they are well encoded: yarl would write `%2F` as `/`."""
    if not _ENCODED.fullmatch(url):
        return parsed
    given = URL(url, encoded=True)
    return URL.build(
        scheme=parsed.scheme,
        authority=parsed.raw_authority,
        path=given.raw_path or "/",
        query_string=given.raw_query_string,
        encoded=True,
    )


def _is_here(host: str, *, allow_loopback: bool) -> bool:
    """Whether a host is this machine, in words or by its address.

    Raises:
        Unpostable: nothing is posted to it.

    """
    try:
        address = ip_address(host)
    except ValueError:
        return _is_name_here(host, allow_loopback=allow_loopback)
    problem = problem_of_address(host, allow_loopback=allow_loopback)
    if problem:
        raise Unpostable(f"Nothing is posted there: {problem}.")
    return _kind(_meant(address)) == "loopback"


def _is_name_here(host: str, *, allow_loopback: bool) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        if not allow_loopback:
            raise Unpostable(f"Nothing is posted there: {host} is this machine.")
        return True
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise Unpostable(f"{host} is a number, but not an address as it should be written.")
    if not _NAME.fullmatch(host):
        raise Unpostable(f"{host} is not a host's whole name: write it like https://example.com/webhooks.")
    if host.endswith(_LOCAL_ENDINGS):
        raise Unpostable(f"Nothing is posted there: {host} is a name of a local network.")
    return False


def _ip(address: str) -> IPv4Address | IPv6Address:
    return _meant(ip_address(address.partition("%")[0]))


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is reached by another: the IPv4 one behind a mapped or translated one."""
    is_translated = any(ip in network for network in _TRANSLATED)
    return IPv4Address(int(ip) & 0xFFFF_FFFF) if is_translated else ip


def _kind(ip: IPv4Address | IPv6Address) -> str | None:
    """What an address is that is not public."""
    if isinstance(ip, IPv4Address):
        return next((name for network, name in _V4 if ip in network), None)
    found = next((name for network, name in _V6 if ip in network), None)
    return found or (None if ip in _GLOBAL else "reserved")
