"""Asking name servers, within a time of its own."""

import socket
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult
from dns.asyncresolver import Resolver
from dns.exception import DNSException, Timeout
from dns.nameserver import Do53Nameserver
from dns.resolver import NXDOMAIN, NoAnswer

from integrations.domain.base import Finding, proof_name

# Of one name: more stand at hardly any, and somebody may have put a million there.
MAX_RECORDS = 100


def new_resolver(servers: Sequence[tuple[str, int]], seconds: float) -> Resolver:
    """What asks these servers; where none are named, those of the system."""
    resolver = Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    resolver.lifetime = seconds
    resolver.timeout = seconds / 2
    return resolver


async def find_records(resolver: Resolver, name: str) -> Finding:
    """The texts of the TXT records that may prove the domain."""
    wanted = proof_name(name)
    try:
        answer = await resolver.resolve(f"{wanted}.", "TXT", search=False)
    except (NXDOMAIN, NoAnswer):
        return Finding(problem=f"There is no TXT record of the name {wanted}.")
    except Timeout:
        return Finding(problem=f"The name servers of {name} did not answer in time.", is_certain=False)
    except (DNSException, OSError):
        return Finding(problem=f"The name servers of {name} do not answer as they should.", is_certain=False)
    texts = [b"".join(record.strings).decode("latin-1").strip() for record in list(answer)[:MAX_RECORDS]]
    return Finding(frozenset(texts), f"The TXT record of the name {wanted} has another value.")


class NamesOf(AbstractResolver):
    """The same name servers for who makes connections."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            found = await self._resolver.resolve_name(f"{host}.", family, search=False)
        except DNSException as error:
            raise OSError(f"{host} was not found") from error
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in found.addresses_and_families()
        ]

    async def close(self) -> None:
        """There is nothing to close."""
