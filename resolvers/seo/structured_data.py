"""JSON-LD in the words of schema.org, as pages carry it for search engines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from core.money import format_minor
from resolvers.seo.address import Addresses, found_in, languages_of, texts_in

CONTEXT = "https://schema.org"
_AVAILABILITY = {True: f"{CONTEXT}/InStock", False: f"{CONTEXT}/OutOfStock"}
# What ends a script element or begins a comment in it, and what ends a line of a script. As JSON it is the same.
_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_ESCAPED = str.maketrans(_ESCAPES)


class Offered(NamedTuple):
    """A variant: what it is called, what it costs in minor units, whether there is one left."""

    sku: str
    title: str
    amount: int
    is_available: bool


class Shown(NamedTuple):
    """A product as shoppers see it. `images` are absolute addresses, `url` that of its page, where that is known."""

    title: str
    description: str
    currency_code: str
    variants: Sequence[Offered]
    images: Sequence[str]
    url: str | None


def script_safe(data: Any) -> str:
    """The data as JSON that may stand in a script element as it is."""
    return orjson.dumps(data).decode().translate(_ESCAPED)


def product_data(product: Shown) -> dict[str, Any]:
    """A Product with its Offer, or with an AggregateOffer where it has several variants."""
    data: dict[str, Any] = {"@context": CONTEXT, "@type": "Product", "name": product.title}
    if product.description:
        data["description"] = product.description
    if product.images:
        data["image"] = list(product.images)
    if len(product.variants) == 1:
        data["sku"] = product.variants[0].sku
    if product.url:
        data["url"] = product.url
    if product.variants:
        data["offers"] = _offers(product)
    return data


def _offers(product: Shown) -> dict[str, Any]:
    offers = [_offer(product, variant) for variant in product.variants]
    if len(offers) == 1:
        return offers[0]
    amounts = [variant.amount for variant in product.variants]
    return {
        "@type": "AggregateOffer",
        "priceCurrency": product.currency_code,
        "lowPrice": format_minor(min(amounts), product.currency_code),
        "highPrice": format_minor(max(amounts), product.currency_code),
        "offerCount": len(offers),
        "availability": _AVAILABILITY[any(variant.is_available for variant in product.variants)],
        "offers": offers,
    }


def _offer(product: Shown, variant: Offered) -> dict[str, Any]:
    offer: dict[str, Any] = {"@type": "Offer", "sku": variant.sku}
    if variant.title:
        offer["name"] = variant.title
    offer |= {
        "price": format_minor(variant.amount, product.currency_code),
        "priceCurrency": product.currency_code,
        "availability": _AVAILABILITY[variant.is_available],
    }
    if product.url:
        offer["url"] = product.url
    return offer


def site_data(addresses: Addresses, name: str, seo: Any, settings: Any) -> dict[str, Any]:
    """The Organization and the WebSite, and the BreadcrumbList where the config has one.

    What `seo.structuredData` says under `organization` and `website` stands before what is known otherwise.
    """
    organization: dict[str, Any] = {
        "@type": "Organization",
        "@id": f"{addresses.home}#organization",
        "name": name,
        "url": addresses.home,
    }
    profiles = texts_in(found_in(seo, "social", "profiles"))
    if profiles:
        organization["sameAs"] = profiles
    website: dict[str, Any] = {
        "@type": "WebSite",
        "@id": f"{addresses.home}#website",
        "name": _text(seo, "title") or name,
        "url": addresses.home,
        "publisher": {"@id": organization["@id"]},
    }
    if description := _text(seo, "description"):
        website["description"] = description
    if languages := languages_of(settings):
        website["inLanguage"] = languages[0]
    given = found_in(seo, "structuredData")
    graph = [organization | _object(given, "organization"), website | _object(given, "website")]
    if crumbs := _crumbs(addresses, found_in(given, "breadcrumbs")):
        graph.append({"@type": "BreadcrumbList", "itemListElement": crumbs})
    return {"@context": CONTEXT, "@graph": graph}


def _crumbs(addresses: Addresses, given: Any) -> list[dict[str, Any]]:
    """Entries with a `name`, and the `path` on the site that they lead to."""
    found = [each for each in given if _text(each, "name")] if isinstance(given, list) else []
    crumbs = []
    for position, each in enumerate(found, 1):
        crumb: dict[str, Any] = {"@type": "ListItem", "position": position, "name": _text(each, "name")}
        if (path := _text(each, "path")).startswith("/"):
            crumb["item"] = addresses.at(path)
        crumbs.append(crumb)
    return crumbs


def _text(value: Any, name: str) -> str:
    found = found_in(value, name)
    return found if isinstance(found, str) else ""


def _object(value: Any, name: str) -> dict[str, Any]:
    found = found_in(value, name)
    return found if isinstance(found, dict) else {}
