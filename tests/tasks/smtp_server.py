"""A small SMTP server for tests: it keeps what it is given and answers RCPT with the code that a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class SmtpServer:
    """One server on a loopback port."""

    port: int = 0
    rcpt_answer: str = "250 ok"
    data_answer: str = "250 ok"
    silent: bool = False
    received: list[str] = field(default_factory=list)
    _busy: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy.add(writer)
        try:
            await self._talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            self._busy.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await reader.read()
            return
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode():
            match line[:4].upper().strip():
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    body = (await reader.readuntil(b"\r\n.\r\n")).decode()
                    if self.data_answer.startswith("2"):
                        self.received.append(body)
                    writer.write(f"{self.data_answer}\r\n".encode())
                case "RCPT":
                    writer.write(f"{self.rcpt_answer}\r\n".encode())
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                case _:
                    writer.write(b"250 ok\r\n")

    def hang_up(self) -> None:
        for writer in self._busy:
            writer.close()


@asynccontextmanager
async def smtp_server() -> AsyncIterator[SmtpServer]:
    found = SmtpServer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    found.hang_up()
    await server.wait_closed()
