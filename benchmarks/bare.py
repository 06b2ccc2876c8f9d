"""The limit of a cached answer: an ASGI application that does nothing but send fixed bytes. A process of its own.

    python -m benchmarks.bare port bytes

Event loop, parser and options are the server's; nothing of the server runs.
"""

import sys

import uvicorn
from starlette.types import Receive, Scope, Send


class Bare:
    """Answers everything with so many bytes."""

    def __init__(self, size: int) -> None:
        self._body = b" " * size
        self._headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % size),
        ]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def main() -> None:
    """Serves until it is ended."""
    port, size = int(sys.argv[1]), int(sys.argv[2])
    uvicorn.run(
        Bare(size),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
