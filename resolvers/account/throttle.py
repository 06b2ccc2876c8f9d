"""The lock-out: how often somebody may guess, by the e-mail address they guess at and by where they guess from; and how
many e-mails somebody may be sent because others want it.

An attempt is counted before it is made and taken back where it was none to be counted, so a hundred at once count as a
hundred. Counts are kept under the hash of an address whether anybody has it or not: being locked out tells nothing.
Whoever knows an address can lock its owner out for a quarter of an hour; that is the price of counting by address.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.address import network_of
from core.errors import Problem, Refused
from resolvers.context import Platform

WINDOW = "15 minutes"
# Wrong passwords for one e-mail address within the window.
FOR_EMAIL = 10
# Wrong passwords from one network address: an office shares one.
FROM_ADDRESS = 100
# Registrations from one network address that were refused because the e-mail address was taken.
TAKEN_FROM_ADDRESS = 20
# E-mails to one address, with links to reset its password: more than anybody needs, and no plague.
RESETS_TO_EMAIL = 5
# Links to reset a password, asked for from one network address.
RESETS_FROM_ADDRESS = 50
# E-mails to one address with invitations, from all workspaces together: whoever wants to plague somebody makes many.
INVITATIONS_TO_EMAIL = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose attempts are counted, and how many may fail. One that `forgives` starts anew after a success."""

    name: str
    limit: int
    forgives: bool = False


def guesses_at(email: str) -> Subject:
    return Subject(_hashed("email", email), FOR_EMAIL, forgives=True)


def guesses_from(address: str) -> Subject:
    return Subject(_hashed("address", network_of(address)), FROM_ADDRESS)


def registrations_from(address: str) -> Subject:
    return Subject(_hashed("register", network_of(address)), TAKEN_FROM_ADDRESS)


def resets_to(email: str) -> Subject:
    return Subject(_hashed("reset", email), RESETS_TO_EMAIL)


def resets_from(address: str) -> Subject:
    return Subject(_hashed("reset from", network_of(address)), RESETS_FROM_ADDRESS)


def invitations_to(email: str) -> Subject:
    return Subject(_hashed("invitation", email), INVITATIONS_TO_EMAIL)


def _hashed(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


# Rows are locked in the order of their names, everywhere, so that no two attempts wait for each other in a circle.
COUNT = f"""
insert into sign_in_throttle as t (subject, window_started_at, failures)
select s.subject, now(), 1 from unnest($1::text[]) s(subject) order by s.subject
on conflict (subject) do update
   set failures = case when t.window_started_at > now() - interval '{WINDOW}' then t.failures + 1 else 1 end,
       window_started_at = case when t.window_started_at > now() - interval '{WINDOW}' then t.window_started_at
                           else now() end
returning subject, failures
"""  # noqa: S608 - constants of ours
TAKE_BACK = """
with locked as (select subject from sign_in_throttle where subject = any($1::text[]) order by subject for update)
update sign_in_throttle t
   set failures = case when t.subject = any($2::text[]) then 0 else greatest(t.failures - 1, 0) end
  from locked where t.subject = locked.subject
"""


async def count(platform: Platform, *subjects: Subject) -> None:
    """Counts what costs others something whether it succeeds or not, such as an e-mail. Nothing takes it back.

    Raises:
        Refused: TOO_MANY_ATTEMPTS.

    """
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(COUNT, [subject.name for subject in subjects])
    counted = {row["subject"]: row["failures"] for row in rows}
    if any(counted[subject.name] > subject.limit for subject in subjects):
        raise Refused(Problem("TOO_MANY_ATTEMPTS", f"There were too many attempts. Try again in {WINDOW}."))


async def forgive(platform: Platform, subject: Subject) -> None:
    """Starts anew for somebody who proved otherwise who they are."""
    await _take_back(platform, [subject.name], [subject.name])


@asynccontextmanager
async def attempt(platform: Platform, *subjects: Subject) -> AsyncIterator[None]:
    """Counts an attempt, and lets it be made. It stays counted where it ends in a refusal, or in a crash.

    Raises:
        Refused: TOO_MANY_ATTEMPTS, before anything was tried.

    """
    await count(platform, *subjects)
    names = [subject.name for subject in subjects]
    forgiven: list[str] = []
    try:
        yield
        forgiven = [subject.name for subject in subjects if subject.forgives]
    except Refused:
        raise
    except BaseException:
        await _take_back(platform, names, forgiven)
        raise
    await _take_back(platform, names, forgiven)


async def _take_back(platform: Platform, names: list[str], forgiven: list[str]) -> None:
    async with platform.database.system.acquire() as connection:
        await connection.execute(TAKE_BACK, names, forgiven)
