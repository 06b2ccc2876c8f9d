"""Money: integer minor units with the number of digits that ISO 4217 gives the currency."""

from decimal import Decimal
from functools import cache, lru_cache

from iso4217 import Currency

# Keeps every sum of an order far inside a bigint.
MAX_MINOR = 10**13
# A shop has few prices and shows them all the time.
FORMATTED = 10_000


CURRENCY_CODES: dict[str, str] = {
    currency.code: currency.currency_name
    for currency in sorted(Currency, key=lambda c: c.code)
    if currency.exponent is not None
}


@cache
def digits(currency_code: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY and XAF, 3 for TND."""
    return int(Currency(currency_code).exponent or 0)


def to_minor(amount: Decimal, currency_code: str) -> int | None:
    """The amount in minor units; None where it has more decimals than the currency."""
    scaled = amount.scaleb(digits(currency_code))
    return int(scaled) if scaled == scaled.to_integral_value() else None


@lru_cache(maxsize=FORMATTED)
def format_minor(minor: int, currency_code: str) -> str:
    """Minor units as the decimal text that GraphQL answers: (1250, "EUR") is "12.50"."""
    places = digits(currency_code)
    if places == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"
