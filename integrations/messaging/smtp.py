"""E-mail through an SMTP server."""

from urllib.parse import unquote, urlsplit

import aiosmtplib

from integrations.messaging.base import Email, Undeliverable, as_message

CONNECT_TIMEOUT = 10.0
SUBMISSION_PORT = 587
TLS_PORT = 465
# From here on an answer is final (RFC 5321); 4xx may go away.
PERMANENT = 500


class SmtpMailer:
    """A mailer for `smtp[s]://user:password@host:port`; smtp upgrades to TLS where the server offers it.

    The settings let no other URL through.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._use_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (TLS_PORT if self._use_tls else SUBMISSION_PORT)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def send(self, email: Email) -> None:
        try:
            await aiosmtplib.send(
                as_message(email, self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._use_tls,
                timeout=CONNECT_TIMEOUT,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            answer = refused.recipients[0]
            if answer.code >= PERMANENT:
                raise Undeliverable(f"{answer.code} {answer.message}") from None
            raise
        except aiosmtplib.SMTPDataError as error:
            if error.code >= PERMANENT:
                raise Undeliverable(f"{error.code} {error.message}") from None
            raise
