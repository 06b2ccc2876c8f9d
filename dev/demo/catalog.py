"""The two demo shops as plain data: what the seeding writes, and nothing of how it writes it.

The copy is in `shops/<slug>.json`, one object a product; this module turns it into typed rows. What is not
written there (SKUs, stock, how many pictures) follows from it, so every reading gives the same shops.
"""

import json
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as combinations
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

Status = Literal["ACTIVE", "DRAFT", "ARCHIVED"]


@dataclass(frozen=True)
class Address:
    """Where a parcel goes. `region` is empty where the country's addresses have none."""

    street: str
    city: str
    postal_code: str
    region: str
    country_code: str


@dataclass(frozen=True)
class Customer:
    """Somebody who has ordered before."""

    name: str
    email: str
    address: Address


@dataclass(frozen=True)
class Picture:
    """A picture of a product; its place in `Product.pictures` is the index that `picture_svg` takes."""

    file_name: str
    alt_text: str


@dataclass(frozen=True)
class Variant:
    """What can be bought. `price` is in the currency's units with its digits: "49.00" euros, "1800" yen."""

    sku: str
    title: str
    price: str
    quantity: int


@dataclass(frozen=True)
class Product:
    """A product with 1 to 5 variants and 1 to 3 pictures. `shape` and `palette` are for `picture_svg`."""

    title: str
    slug: str
    product_type: str
    description: str
    status: Status
    variants: tuple[Variant, ...]
    pictures: tuple[Picture, ...]
    shape: str
    palette: str


@dataclass(frozen=True)
class Shop:
    """A merchant with a catalog and its regular customers."""

    slug: str
    name: str
    currency_code: str
    owner_email: str
    products: tuple[Product, ...]
    customers: tuple[Customer, ...]


class _ProductCopy(TypedDict):
    title: str
    look: tuple[str, str]  # shape, palette
    prices: dict[str, str]  # the first option's values, each with its price
    finishes: NotRequired[list[str]]  # the second option's values, at the same price
    status: NotRequired[Status]
    sold_out: NotRequired[bool]  # in every variant; otherwise chance decides
    description: str


class _Range(TypedDict):
    type: str
    products: list[_ProductCopy]


class _CustomerCopy(TypedDict):
    name: str
    email: str
    address: tuple[str, str, str, str, str]


class _ShopCopy(TypedDict):
    slug: str
    name: str
    currency_code: str
    owner_email: str
    sku_prefix: str
    customers: list[_CustomerCopy]
    ranges: list[_Range]


# Each view is drawn by `pictures.py` in this order.
_VIEWS = ("{title}, in {palette} tones", "A closer look at {title}", "{title} in soft window light")


def _chance(key: str, below: int) -> int:
    """Draw a number in [0, below) that looks random and is always the same for the same key."""
    return zlib.crc32(key.encode()) % below


def _slug(title: str) -> str:
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-")


def _code(option: str) -> str:
    """Shorten an option's value to a few letters: "Walnut" is WAL, "Set of 4" is SO4, "Ø 25 cm" is 25C."""
    words: list[str] = re.findall(r"\d+|[a-z]+", _slug(option))
    if len(words) == 1:
        return words[0][:3].upper()
    return "".join(word if word.isdigit() else word[0] for word in words).upper()


def _quantity(sku: str) -> int:
    """About one variant in nine is sold out, one in nine nearly so."""
    luck = _chance(sku, 9)
    if luck == 0:
        return 0
    return 1 + _chance(sku + "/stock", 4 if luck == 1 else 60)


def _variants(copy: _ProductCopy, number: str) -> Iterator[Variant]:
    for (size, price), finish in combinations(copy["prices"].items(), copy.get("finishes", [""])):
        options = [option for option in (size, finish) if option]
        sku = "-".join([number, *map(_code, options)])
        yield Variant(sku, " / ".join(options), price, 0 if copy.get("sold_out") else _quantity(sku))


def _product(copy: _ProductCopy, product_type: str, number: str) -> Product:
    title, slug = copy["title"], _slug(copy["title"])
    shape, palette = copy["look"]
    views = _VIEWS[: 1 + _chance(slug, len(_VIEWS))]
    return Product(
        title=title,
        slug=slug,
        product_type=product_type,
        description=copy["description"],
        status=copy.get("status", "ACTIVE"),
        variants=tuple(_variants(copy, number)),
        pictures=tuple(
            Picture(f"{slug}-{place}.svg", view.format(title=title, palette=palette))
            for place, view in enumerate(views, start=1)
        ),
        shape=shape,
        palette=palette,
    )


def _products(copy: _ShopCopy) -> Iterator[Product]:
    """Yield the products, each range numbered from its own hundred: ML-101, ML-102 … ML-201."""
    for hundred, product_range in enumerate(copy["ranges"], start=1):
        for number, product in enumerate(product_range["products"], start=hundred * 100 + 1):
            yield _product(product, product_range["type"], f"{copy['sku_prefix']}-{number}")


def _shop(slug: str) -> Shop:
    copy: _ShopCopy = json.loads((Path(__file__).parent / "shops" / f"{slug}.json").read_text("utf-8"))
    return Shop(
        slug=copy["slug"],
        name=copy["name"],
        currency_code=copy["currency_code"],
        owner_email=copy["owner_email"],
        products=tuple(_products(copy)),
        customers=tuple(
            Customer(person["name"], person["email"], Address(*person["address"])) for person in copy["customers"]
        ),
    )


SHOPS: tuple[Shop, ...] = (_shop("maison-lumen"), _shop("kumo-paper"))
