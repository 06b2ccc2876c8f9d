"""The mailers."""

import email.policy
from email import message_from_bytes
from pathlib import Path

import aiosmtplib
import pytest

from core.ids import new_id
from core.settings import Settings
from integrations.messaging import Email, Undeliverable, new_mailer
from integrations.messaging.outbox import Outbox
from integrations.messaging.smtp import SmtpMailer
from tests.tasks.smtp_server import smtp_server

SENDER = "Vitrine <no-reply@shop.example>"


def letter() -> Email:
    return Email(new_id(), "ada@example.com", "Join Läden", "Hello\n.\nGood-bye ✉\n")


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


class TestSmtpMailer:
    """Sending through an SMTP server."""

    async def test_hands_a_letter_over(self) -> None:
        sent = letter()
        async with smtp_server() as server:
            await SmtpMailer(f"smtp://127.0.0.1:{server.port}", SENDER).send(sent)

        (received,) = server.received
        message = message_from_bytes(received.removesuffix("\r\n.\r\n").encode(), policy=email.policy.default)
        assert message["To"] == "ada@example.com"
        assert message["From"] == SENDER
        assert message["Subject"] == "Join Läden"
        assert message["Message-ID"] == f"<{sent.id}@shop.example>"
        assert "Good-bye ✉" in message.get_content()

    @pytest.mark.parametrize("answer", ["rcpt_answer", "data_answer"])
    async def test_gives_up_on_what_is_refused_for_good(self, answer: str) -> None:
        async with smtp_server() as server:
            setattr(server, answer, "550 no such person")

            with pytest.raises(Undeliverable, match="550 no such person"):
                await SmtpMailer(f"smtp://127.0.0.1:{server.port}", SENDER).send(letter())

        assert server.received == []

    @pytest.mark.parametrize("answer", ["rcpt_answer", "data_answer"])
    async def test_lets_what_is_refused_for_now_be_tried_again(self, answer: str) -> None:
        async with smtp_server() as server:
            setattr(server, answer, "451 later")

            with pytest.raises(aiosmtplib.SMTPException):
                await SmtpMailer(f"smtp://127.0.0.1:{server.port}", SENDER).send(letter())

        assert server.received == []

    async def test_does_not_wait_for_a_silent_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.messaging.smtp.CONNECT_TIMEOUT", 0.2)
        async with smtp_server() as server:
            server.silent = True

            with pytest.raises((aiosmtplib.SMTPException, TimeoutError)):
                await SmtpMailer(f"smtp://127.0.0.1:{server.port}", SENDER).send(letter())


class TestOutbox:
    """E-mails as files."""

    async def test_writes_a_letter_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        sent = letter()

        await Outbox(tmp_path / "mail", SENDER).send(sent)

        (path,) = list_of(tmp_path / "mail")
        assert path.name == f"{sent.id}.eml"
        assert path.stat().st_mode & 0o777 == 0o600
        message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert message["To"] == "ada@example.com"

    async def test_writes_long_links_so_that_they_can_be_copied(self, tmp_path: Path) -> None:
        link = "https://shop.example/invitation#" + "a=" * 100
        await Outbox(tmp_path, SENDER).send(Email(new_id(), "you@example.com", "Come", f"See {link}\n"))

        (path,) = list_of(tmp_path)
        assert link in path.read_text()

    async def test_writes_a_second_copy_over_the_first(self, tmp_path: Path) -> None:
        sent, outbox = letter(), Outbox(tmp_path, SENDER)

        await outbox.send(sent)
        await outbox.send(sent)

        assert len(list_of(tmp_path)) == 1


class TestNewMailer:
    """`new_mailer`."""

    def test_follows_the_settings(self, test_settings: Settings) -> None:
        with_server = test_settings.model_copy(update={"smtp_url": _secret("smtp://mail.example")})

        assert isinstance(new_mailer(test_settings), Outbox)
        assert isinstance(new_mailer(with_server), SmtpMailer)


def _secret(text: str) -> object:
    return type(Settings.model_fields["redis_url"].default)(text)
