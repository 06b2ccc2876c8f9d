"""E-mail into files: what a machine without a mail server has. Whoever runs it reads them there."""

import asyncio
from pathlib import Path

import structlog

from integrations.messaging.base import Email, as_message

log = structlog.get_logger()


class Outbox:
    """A mailer that writes each e-mail to `<folder>/<id>.eml`, readable by the server's own user only."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, email: Email) -> None:
        path = await asyncio.to_thread(self._write, email)
        log.info("e-mail written", path=str(path), subject=email.subject)

    def _write(self, email: Email) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{email.id}.eml"
        half = path.with_suffix(".half")
        half.touch(mode=0o600)
        half.write_bytes(as_message(email, self._sender).as_bytes())
        return half.replace(path)
