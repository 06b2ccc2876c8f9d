"""A mailer for tests."""

from integrations.messaging.base import Email


class FakeMailer:
    """Keeps what it is given in `sent`; while `failing` holds an error it raises that instead."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.failing: Exception | None = None

    async def send(self, email: Email) -> None:
        if self.failing is not None:
            raise self.failing
        self.sent.append(email)

    def sent_to(self, address: str) -> list[Email]:
        return [email for email in self.sent if email.to == address]
