"""Where webhooks may be posted: to the public internet, and nowhere else.

A merchant chooses the address, and the post is made from inside our network. So each address is looked at where the
connection to it is made, whatever name led there and whatever it led to a moment before.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MAX_URL_LENGTH = 2_048

_V4_NAMES = {
    "unspecified": ["0.0.0.0/8"],
    "private": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    "carrier-grade NAT": ["100.64.0.0/10"],
    "loopback": ["127.0.0.0/8"],
    "link-local": ["169.254.0.0/16"],
    "reserved": ["192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4"],
    "documentation or test": ["192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
    "multicast": ["224.0.0.0/4"],
}
_V4 = [(IPv4Network(network), name) for name, networks in _V4_NAMES.items() for network in networks]
# Of IPv6 only global unicast is public, and of that not these.
_GLOBAL = IPv6Network("2000::/3")
_V6_NAMES = {"documentation": ["2001:db8::/32", "3fff::/20"], "reserved": ["2001::/23", "2002::/16"]}
_V6 = [(IPv6Network(network), name) for name, networks in _V6_NAMES.items() for network in networks]
# In these an IPv4 address stands in the last 32 bits, and a translator posts to it.
_TRANSLATED = [IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96")]


def problem_of_address(address: str, *, allow_loopback: bool) -> str | None:
    """Why nothing is posted to an address; None where it is public."""
    ip = ip_address(address.partition("%")[0])
    kind = _kind(ip)
    if kind is None or (kind == "loopback" and allow_loopback and ip.is_loopback):
        return None
    return f"{address} is a {kind} address"


def _kind(ip: IPv4Address | IPv6Address) -> str | None:
    """What an address is that is not public."""
    if isinstance(ip, IPv4Address):
        return next((name for network, name in _V4 if ip in network), None)
    if any(ip in network for network in _TRANSLATED):
        return _kind(IPv4Address(int(ip) & 0xFFFF_FFFF))
    if ip.is_loopback:
        return "loopback"
    if ip not in _GLOBAL:
        return "local"
    return next((name for network, name in _V6 if ip in network), None)


def problem_of_url(url: str, *, allow_loopback: bool) -> str | None:
    """What is wrong with an endpoint's url, as far as it can be told without a look-up; None where nothing is.

    With `allow_loopback` an address of this machine may be http.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"The address is longer than {MAX_URL_LENGTH:,} characters."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is not an address: write it like https://example.com/webhooks."
    problems = {
        "The address has a character that no address has: write it percent-encoded.": not _is_plain(url),
        "The address must begin with https:// and name a host.": parts.scheme not in {"http", "https"} or not host,
        "The address must not hold a user or a password: what is posted is signed.": "@" in parts.netloc,
        "The address must not have a fragment (#…).": "#" in url,
        "Port 0 is none.": port == 0,
    }
    found = next((problem for problem, holds in problems.items() if holds), None)
    return found or _problem_of_host(host, parts.scheme, allow_loopback=allow_loopback)


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and "\\" not in url


def _problem_of_host(host: str, scheme: str, *, allow_loopback: bool) -> str | None:
    try:
        refused = problem_of_address(host, allow_loopback=allow_loopback)
        is_here = ip_address(host).is_loopback
    except ValueError:
        if _ends_in_a_number(host):
            return f"{host} is a number, but not an address as it should be written."
        is_here = host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
        refused = f"{host} is this machine" if is_here and not allow_loopback else None
    if refused:
        return f"Nothing is posted there: {refused}."
    if scheme == "http" and not is_here:
        return "The address must begin with https://, so that nobody on the way can read or change what is posted."
    return None


def _ends_in_a_number(host: str) -> bool:
    """Whether browsers and the system's resolver would take it for an IPv4 address: 127.1, 0x7f000001, 2130706433."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdecimal() or (last.startswith("0x") and all(digit in "0123456789abcdef" for digit in last[2:]))
