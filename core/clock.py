"""The one place where the code asks for the time, so that tests can stand still."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
