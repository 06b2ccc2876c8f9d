"""Receivers that misbehave, byte by byte, and name servers that say what a test wants."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import AsyncResolver
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.webhook import Outcome, Poster, Posting

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"event_type":"product.updated"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def posting(url: str, **changes: Any) -> Posting:
    """Something to post there."""
    return Posting(url, "msg_1", BODY, (SECRET,))._replace(**changes)


async def post_to(url: str, **options: Any) -> Outcome:
    """What comes of one post, by a poster of its own that is quick to give up and may post to loopback."""
    async with Poster(**{"allow_loopback": True, "connect_seconds": 0.5, "total_seconds": 1.0} | options) as poster:
        return await poster.post(posting(url))


@dataclass
class Wire:
    """One connection, as the receiver sees it. `number` counts connections from 1."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def request(self) -> bytes:
        """The next request, head and body.

        Raises:
            asyncio.IncompleteReadError: there is none.

        """
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return head + await self.reader.readexactly(int(length.partition(b":")[2]))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Talk = Callable[[Wire], Awaitable[None]]


@dataclass
class Listener:
    """A port on loopback where connections are talked to as the test wants."""

    talk: Talk
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.url_of("127.0.0.1")

    def url_of(self, host: str) -> str:
        return f"{self.scheme}://{host}:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            await self.talk(Wire(reader, writer, self.connections))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def hang_up(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener(talk, scheme="https" if tls else "http")
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls, backlog=500)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await listener.hang_up()
        await server.wait_closed()


def answering(*answers: bytes) -> Talk:
    """Answers each request of a connection with these, in turn, the last one for ever."""

    async def talk(wire: Wire) -> None:
        number = 0
        while True:
            await wire.request()
            await wire.send(answers[min(number, len(answers) - 1)])
            number += 1

    return talk


async def accept(wire: Wire) -> None:
    """What a good receiver does."""
    await answering(OK)(wire)


@dataclass
class Names(asyncio.DatagramProtocol):
    """A name server. A name has its addresses in turn, the last ones for ever; one that is not known never answers."""

    addresses: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    _transport: Any = None
    _resolvers: list[AsyncResolver] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        name, end = _question(data)
        if name not in self.addresses:
            return
        is_ipv4 = data[end : end + 2] == b"\x00\x01"
        found: Sequence[str] = ()
        if is_ipv4:
            self.asked.append(name)
            turns = self.addresses[name]
            found = turns.pop(0) if len(turns) > 1 else turns[0]
        head = data[:2] + b"\x81\x80\x00\x01" + len(found).to_bytes(2, "big") + bytes(4)
        # A pointer to the name, type A, class IN, to be kept for 0 s, four bytes.
        records = b"".join(b"\xc0\x0c\x00\x01\x00\x01" + bytes(5) + b"\x04" + IPv4Address(a).packed for a in found)
        self._transport.sendto(head + data[12 : end + 4] + records, addr)

    def resolver(self) -> AsyncResolver:
        """What asks this server, and waits for it as long as it is let."""
        found = AsyncResolver(nameservers=[f"127.0.0.1:{self.port}"], timeout=30, tries=1)
        self._resolvers.append(found)
        return found

    async def close(self) -> None:
        for resolver in self._resolvers:
            await resolver.close()
        self._transport.close()
        # It closes its socket in the loop's next turn.
        await asyncio.sleep(0)


def _question(data: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1


@asynccontextmanager
async def naming(**addresses: list[Sequence[str]]) -> AsyncIterator[Names]:
    """A name server for `<name>.test`."""
    loop = asyncio.get_running_loop()
    known = {f"{name}.test": turns for name, turns in addresses.items()}
    transport, names = await loop.create_datagram_endpoint(lambda: Names(known), local_addr=("127.0.0.1", 0))
    names.port = transport.get_extra_info("sockname")[1]
    try:
        yield names
    finally:
        await names.close()


@contextmanager
def authority() -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """TLS for a server of `shop.test` and of 127.0.0.1, and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test"), _loopback()]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cadata=encoded.decode())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.write_bytes(encoded + private)
        server.load_cert_chain(file)
    yield server, client


def _loopback() -> x509.IPAddress:
    return x509.IPAddress(IPv4Address("127.0.0.1"))
