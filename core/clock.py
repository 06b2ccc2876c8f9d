"""The one place where the code asks for the time, so that tests can stand still."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def format_moment(value: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond, ending in Z."""
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
