"""What a mailer is."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Protocol
from uuid import UUID

from core.clock import now

# Characters of a line, of which RFC 5322 allows 998.
MAX_LINE = 990


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail to one person. Its id is the same however often it is sent."""

    id: UUID
    to: str
    subject: str
    text: str


class Undeliverable(Exception):
    """The mail server will never take this e-mail: trying again is pointless. The message says what it said."""


class Mailer(Protocol):
    """Sends e-mails. Whoever calls bounds the time."""

    async def send(self, email: Email) -> None:
        """Hands an e-mail over.

        Raises:
            Undeliverable: it was refused for good.
            Exception: anything else; it may be tried again.

        """


def as_message(email: Email, sender: str) -> EmailMessage:
    """The e-mail as RFC 5322 wants it. Its Message-ID comes of its id, so that a second copy can be told to be one."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = email.to
    message["Subject"] = email.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{email.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # Where it may, as it stands: a link can then be copied out of the file.
    is_plain = email.text.isascii() and max(map(len, email.text.splitlines()), default=0) <= MAX_LINE
    message.set_content(email.text, cte="7bit" if is_plain else None)
    return message
