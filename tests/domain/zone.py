"""Somebody's DNS and web server, on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from aiohttp import web


@dataclass
class Zone:
    """What the name server says of names, and the web server under them. Whoever is not named does not exist."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    # Names of whose records nothing is heard, or an error.
    silent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    files: dict[str, web.Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    dns_port: int = 0
    http_port: int = 0

    def prove(self, domain: dict[str, Any]) -> None:
        """Puts the domain's record there, besides those that are."""
        self.texts.setdefault(domain["dnsRecordName"], []).append(domain["token"])

    def show(self, name: str, text: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Has the name lead to a web server that shows this."""
        self.addresses[name] = "127.0.0.1"
        self.files[name] = web.Response(text=text, status=status, headers=headers)

    def clear(self) -> None:
        for each in (self.texts, self.addresses, self.silent, self.broken, self.files, self.asked, self.fetched):
            each.clear()


class _NameServer(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        answer = _answer(self._zone, query)
        if answer is not None:
            self._transport.sendto(answer.to_wire(), addr)


def _answer(zone: Zone, query: dns.message.Message) -> dns.message.Message | None:
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    zone.asked.append(name)
    if name in zone.silent:
        return None
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    if name in zone.broken:
        response.set_rcode(dns.rcode.SERVFAIL)
        return response
    if name not in zone.texts and name not in zone.addresses:
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdtype == dns.rdatatype.TXT and zone.texts.get(name):
        quoted = [f'"{text}"' for text in zone.texts[name]]
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *quoted))
    elif question.rdtype == dns.rdatatype.A and name in zone.addresses:
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", zone.addresses[name]))
    return response


async def _show(zone: Zone, request: web.BaseRequest) -> web.StreamResponse:
    name = request.host.partition(":")[0]
    zone.fetched.append(f"{name}{request.path}")
    found = zone.files.get(name)
    if found is None:
        return web.Response(status=404)
    return web.Response(body=found.body, status=found.status, headers=found.headers)


@asynccontextmanager
async def running(zone: Zone) -> AsyncIterator[Zone]:
    """The zone, asked and answering."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _NameServer(zone), local_addr=("127.0.0.1", 0))
    zone.dns_port = transport.get_extra_info("sockname")[1]

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await _show(zone, request)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    zone.http_port = runner.addresses[0][1]
    try:
        yield zone
    finally:
        await runner.cleanup()
        transport.close()
