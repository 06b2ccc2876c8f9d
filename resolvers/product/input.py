"""What can be said of a product, and the rules that hold it together."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from core.errors import Problem
from core.money import MAX_MINOR, digits, to_minor
from core.words import MAX_SLUG_LENGTH, slugify
from resolvers.validation import Input, MoneyInput, id_of, problem_error, text_of

MAX_VARIANTS = 100
MAX_IMAGES = 50
MAX_QUANTITY = 1_000_000_000

Title: Any = text_of(255, min_length=1)
Description: Any = text_of(50_000)
Sku: Any = text_of(100, min_length=1)
Quantity = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
Status = Literal["DRAFT", "ACTIVE", "ARCHIVED"]


def _slug(value: str) -> str:
    if slugify(value) != value:
        message = "slug must be lower-case letters, digits and single hyphens, such as brass-desk-lamp."
        raise problem_error("INVALID", message)
    return value


Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SLUG_LENGTH),
    AfterValidator(_slug),
]


def _url(value: str) -> str:
    parts = urlsplit(value)
    if value.startswith("/media/") and ".." not in value:
        return value
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise problem_error("INVALID", "url must begin with https:// or http://.")
    return value


class ImageInput(Input):
    """A picture: an asset, whose own alternative text it has where none is given, or one by its address."""

    asset_id: id_of("Asset", "asset") | None = None  # type: ignore[valid-type]
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000), AfterValidator(_url)] | None = None
    alt_text: text_of(500) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.asset_id is None) is (self.url is None):
            raise problem_error("INVALID", "A picture needs an assetId or a url, and not both.")
        return self


class VariantInput(Input):
    """A new variant."""

    sku: Sku
    title: text_of(255) = ""  # type: ignore[valid-type]
    price: MoneyInput
    quantity: Quantity = 0


class VariantChanges(Input):
    """A variant as it shall be: one that has an id is changed, one without is added."""

    id: id_of("ProductVariant", "variant") | None = None  # type: ignore[valid-type]
    sku: Sku | None = None
    title: text_of(255) | None = None  # type: ignore[valid-type]
    price: MoneyInput | None = None
    quantity: Quantity | None = None


def price_problems(
    prices: Sequence[tuple[tuple[str, ...], MoneyInput]], currency_code: str
) -> tuple[list[int], list[Problem]]:
    """Each price in minor units, and what is wrong with those that the workspace cannot have."""
    amounts: list[int] = []
    problems: list[Problem] = []
    for at, price in prices:
        minor = to_minor(price.amount, currency_code) if price.currency_code == currency_code else None
        if price.currency_code != currency_code:
            message = f"This workspace sells in {currency_code}, not in {price.currency_code}."
            problems.append(Problem("CURRENCY_MISMATCH", message, (*at, "currencyCode")))
        elif minor is None:
            message = f"{currency_code} has {digits(currency_code)} decimals; {price.amount} has more."
            problems.append(Problem("TOO_PRECISE", message, (*at, "amount")))
        elif not 0 <= minor <= MAX_MINOR:
            message = "amount must be at least 0 and at most ten thousand million."
            problems.append(Problem("OUT_OF_RANGE", message, (*at, "amount")))
        amounts.append(minor or 0)
    return amounts, problems
