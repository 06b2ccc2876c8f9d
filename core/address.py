"""Network addresses, as whose they are."""

from ipaddress import IPv6Address, IPv6Network, ip_address

# Who owns an IPv6 address has all of its network.
IPV6_PREFIX = 64


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own. What is no address is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def network_of(address: str) -> str:
    """The network by which an address is counted: itself, for IPv6 its /64. What is no address counts as itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed.packed, IPV6_PREFIX), strict=False))
