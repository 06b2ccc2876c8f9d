"""Scalars, and how database values become them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

from core.clock import format_moment
from core.money import CURRENCY_CODES

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_DECIMAL_LENGTH = 40
# A power of ten beyond this is no price: 1e1000000 would be a million digits.
MAX_DECIMAL_EXPONENT = 30


def _parse_moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - GraphQL wants ValueError
            "DateTime must be a string such as 2026-01-31T12:00:00Z."
        )
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("DateTime must look like 2026-01-31T12:00:00Z.") from None
    if moment.tzinfo is None:
        raise ValueError("DateTime needs an offset, such as the Z in 2026-01-31T12:00:00Z.")
    return moment.astimezone(UTC)


def _parse_day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("Date must look like 2026-01-31.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"There is no day {value}.") from None


def _parse_decimal(value: Any) -> Decimal:
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    try:
        number = Decimal(text) if len(text) <= MAX_DECIMAL_LENGTH else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > MAX_DECIMAL_EXPONENT:
        raise ValueError('Decimal must be a plain number, best as a string such as "12.50".')
    return number


def _as_it_is(value: Any) -> Any:
    return value


class JsonInput:
    """JSON that a client sent, which nothing on its way to the use case may look into: its nulls are values."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


JSON = NewType("JSON", object)

SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, ISO 8601: 2026-01-31T12:00:00Z.",
        serialize=format_moment,
        parse_value=_parse_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day, ISO 8601: 2026-01-31.",
        serialize=date.isoformat,
        parse_value=_parse_day,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, written as a string: "12.50".',
        serialize=str,
        parse_value=_parse_decimal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, for what has no fixed form.",
        serialize=_as_it_is,
        parse_value=JsonInput,
    ),
}
CONFIG = StrawberryConfig(scalar_map=SCALARS)

if TYPE_CHECKING:

    class CurrencyCode(Enum):
        """An ISO 4217 code."""

else:
    CurrencyCode = strawberry.enum(
        Enum(
            "CurrencyCode",
            {code: strawberry.enum_value(code, description=f"{name}.") for code, name in CURRENCY_CODES.items()},
        ),
        description="A currency by its ISO 4217 code.",
    )
