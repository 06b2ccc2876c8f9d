"""Who a visitor is on one day: a hash that nobody can undo or compare once the day's salt is deleted."""

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from core.address import network_of
from core.clock import now
from core.database import Database

SALT_LENGTH = 32
# Days behind today in UTC of which events may still come: 72 hours, and what time zones add.
SALT_DAYS = 4
# Every offset from UTC there is changes at a quarter of an hour.
_QUARTER = 900

_MAKE = "insert into visitor_salt (day, salt) values ($1, $2) on conflict (day) do nothing"
_FIND = "select salt from visitor_salt where day = $1"


class Salts:
    """The salts that this process has asked for. All processes have the same."""

    def __init__(self) -> None:
        self._known: dict[date, bytes] = {}

    async def of(self, database: Database, day: date) -> bytes:
        """The day's salt, made by who needs it first."""
        found = self._known.get(day)
        if found is None:
            self._known = {known: salt for known, salt in self._known.items() if not is_forgotten(known)}
            found = self._known[day] = await _salt(database, day)
        return found


def is_forgotten(day: date) -> bool:
    """Whether the day is so long ago that its salt is not kept."""
    return day < now().astimezone(UTC).date() - timedelta(days=SALT_DAYS)


async def _salt(database: Database, day: date) -> bytes:
    async with database.system.acquire() as connection:
        found: bytes | None = await connection.fetchval(_FIND, day)
        if found is None:
            await connection.execute(_MAKE, day, secrets.token_bytes(SALT_LENGTH))
            found = await connection.fetchval(_FIND, day)
    if found is None:
        raise LookupError(f"The salt of {day} was deleted as it was made.")
    return found


def visitor_id(salt: bytes, workspace_id: UUID, address: str, user_agent: str) -> str:
    """The visitor's number on the salt's day, as a UUID's hexadecimal digits."""
    told = f"{_network(address)}\n{user_agent}".encode(errors="replace")
    return hashlib.blake2b(workspace_id.bytes + told, digest_size=16, key=salt).hexdigest()


_network = lru_cache(maxsize=10_000)(network_of)


def day_of(moment: datetime, time_zone: str) -> date:
    """The calendar day in the time zone."""
    return _day_of(int(moment.timestamp()) // _QUARTER, time_zone)


@lru_cache(maxsize=10_000)
def _day_of(quarter: int, time_zone: str) -> date:
    return datetime.fromtimestamp(quarter * _QUARTER, ZoneInfo(time_zone)).date()
