"""Sending what is due."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from core.ids import new_id
from integrations.messaging import Email, Undeliverable
from integrations.messaging.fake import FakeMailer
from resolvers.context import Platform
from resolvers.email import add_email, is_any_due, send_due_emails
from resolvers.email.send import MAX_ATTEMPTS
from tests.people import new_email, system_sql

# The table is one for the whole database: what is due is sent by whoever looks.
pytestmark = pytest.mark.usefixtures("no_other_worker")


@pytest.fixture
async def mailer(platform: Platform) -> FakeMailer:
    """A mailer, with nothing due but what the test adds."""
    await send_due_emails(platform, FakeMailer())
    return FakeMailer()


async def add(platform: Platform, text: str = "Hello") -> str:
    """An e-mail that is due; gives the address that it is for."""
    address = new_email()
    async with platform.database.app.session() as session:
        await add_email(session, to=address, subject="Hello", text_body=text)
    return address


async def row(platform: Platform, address: str) -> Any:
    (found,) = await system_sql(
        platform,
        "select *, extract(epoch from due_at - now())::int as seconds from email_message where to_address = $1",
        address,
    )
    return found


async def make_due(platform: Platform, address: str) -> None:
    await system_sql(
        platform, "update email_message set due_at = now(), lease_until = null where to_address = $1", address
    )


class TestSendDueEmails:
    """`send_due_emails`."""

    async def test_sends_what_is_due_and_forgets_its_text(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform, "A secret link")
        assert await is_any_due(platform)

        assert await send_due_emails(platform, mailer) >= 1

        (sent,) = mailer.sent_to(address)
        assert (sent.subject, sent.text) == ("Hello", "A secret link")
        found = await row(platform, address)
        assert (found["id"], found["attempt"], found["text_body"], found["error"]) == (sent.id, 1, "", None)
        assert found["sent_at"]
        await send_due_emails(platform, mailer)
        assert len(mailer.sent_to(address)) == 1

    async def test_sends_nothing_that_was_rolled_back(self, platform: Platform, mailer: FakeMailer) -> None:
        address = new_email()
        async with platform.database.app.session() as session:
            await add_email(session, to=address, subject="Hello", text_body="Hello")
            await session.rollback()

        await send_due_emails(platform, mailer)

        assert mailer.sent_to(address) == []

    async def test_sends_each_once_with_many_workers(self, platform: Platform, mailer: FakeMailer) -> None:
        addresses = [await add(platform) for _ in range(50)]

        await asyncio.gather(*(send_due_emails(platform, mailer) for _ in range(4)))

        assert sorted(email.to for email in mailer.sent if email.to in addresses) == sorted(addresses)

    async def test_waits_longer_after_each_failure_and_then_gives_up(
        self, platform: Platform, mailer: FakeMailer
    ) -> None:
        address = await add(platform)
        mailer.failing = OSError("no route")
        waits = []
        for _ in range(MAX_ATTEMPTS):
            await send_due_emails(platform, mailer)
            found = await row(platform, address)
            waits.append(round(found["seconds"] / 60))
            assert found["error"] == "OSError: no route"
            await make_due(platform, address)

        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        found = await row(platform, address)
        assert (found["attempt"], found["sent_at"]) == (MAX_ATTEMPTS, None)
        assert found["failed_at"]
        mailer.failing = None
        await send_due_emails(platform, mailer)
        assert mailer.sent_to(address) == []

    async def test_is_not_due_before_its_time(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform)
        mailer.failing = OSError("no route")
        await send_due_emails(platform, mailer)
        mailer.failing = None

        await send_due_emails(platform, mailer)

        assert mailer.sent_to(address) == []
        await make_due(platform, address)
        await send_due_emails(platform, mailer)
        assert len(mailer.sent_to(address)) == 1

    async def test_gives_up_at_once_on_what_is_refused_for_good(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform)
        mailer.failing = Undeliverable("550 no such person")

        await send_due_emails(platform, mailer)

        found = await row(platform, address)
        assert (found["attempt"], found["error"]) == (1, "550 no such person")
        assert found["failed_at"]

    async def test_sends_the_others_of_a_batch(self, platform: Platform) -> None:
        bad, good = await add(platform), await add(platform)
        sent: list[str] = []

        class Picky:
            async def send(self, email: Email) -> None:
                if email.to == bad:
                    raise RuntimeError("odd")
                sent.append(email.to)

        await send_due_emails(platform, Picky())

        assert good in sent
        assert (await row(platform, bad))["error"] == "RuntimeError: odd"

    async def test_takes_over_from_a_worker_that_died(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform)
        await lease(platform, address, "1 hour")
        await send_due_emails(platform, mailer)
        assert mailer.sent_to(address) == []

        await lease(platform, address, "-1 second")
        await send_due_emails(platform, mailer)

        assert len(mailer.sent_to(address)) == 1

    async def test_writes_nothing_after_its_lease_went_to_another(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform)
        other = new_id()

        class Slow:
            async def send(self, _email: Email) -> None:
                await lease(platform, address, "1 hour", other)

        await send_due_emails(platform, Slow())

        found = await row(platform, address)
        assert (found["lease_token"], found["sent_at"], found["text_body"]) == (other, None, "Hello")

    async def test_gives_up_on_what_takes_workers_down(self, platform: Platform, mailer: FakeMailer) -> None:
        address = await add(platform)
        await lease(platform, address, "-1 second")
        await system_sql(platform, "update email_message set attempt = $2 where to_address = $1", address, MAX_ATTEMPTS)

        await send_due_emails(platform, mailer)

        assert mailer.sent_to(address) == []
        assert (await row(platform, address))["failed_at"]


async def lease(platform: Platform, address: str, interval: str, token: UUID | None = None) -> None:
    await system_sql(
        platform,
        "update email_message set lease_until = now() + $2::text::interval, lease_token = $3 where to_address = $1",
        address,
        interval,
        token or new_id(),
    )
