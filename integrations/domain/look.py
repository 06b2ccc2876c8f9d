"""Where proofs are looked for, by the settings."""

from dns.asyncresolver import Resolver

from core.settings import Settings, name_servers
from integrations.domain.base import Finding, Proof
from integrations.domain.names import find_records, new_resolver
from integrations.domain.server import find_file


class Prover:
    """Looks for the tokens that stand under a domain. It never raises for what a domain or its servers are like."""

    def __init__(self, resolver: Resolver, settings: Settings) -> None:
        self._resolver = resolver
        self._settings = settings

    async def find(self, name: str, proof: Proof) -> Finding:
        """What stands where that proof would be."""
        if proof is Proof.DNS:
            return await find_records(self._resolver, name)
        settings = self._settings
        return await find_file(
            self._resolver,
            name,
            settings.domain_http_port,
            settings.domain_http_seconds,
            allow_loopback=settings.webhook_allow_loopback,
        )


def new_prover(settings: Settings) -> Prover:
    return Prover(new_resolver(name_servers(settings.domain_dns_servers), settings.domain_dns_seconds), settings)
