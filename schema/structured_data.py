"""Structured data for search engines: what is read for it, of a product and of a config."""

from collections.abc import Sequence
from typing import Any

import orjson

from resolvers.seo import product_data, script_safe, site_data
from resolvers.seo.address import Addresses
from resolvers.seo.structured_data import Offered, Shown
from schema.url import absolute_url, site_url

# The site of the storefront token: the page of the product is there.
_SITE = (
    "(select row(s.slug, s.primary_name, v.paths) from site s "
    "join theme_version v on v.theme_id = s.theme_id and v.version = s.theme_version "
    "where s.workspace_id = $1 and s.id = {site} and s.deleted_at is null)"
)
_VARIANTS = (
    "array(select row(v.sku, v.title, v.price_amount, v.quantity_available > 0) from product_variant v "
    "where v.workspace_id = $1 and v.product_id = {t}.id and v.deleted_at is null order by v.position, v.id)"
)
_IMAGES = (
    "array(select i.url from product_image i "
    "where i.workspace_id = $1 and i.product_id = {t}.id order by i.position, i.id)"
)
OF_PRODUCT = ("{t}.title", "{t}.description", "{t}.currency_code", "{t}.slug", _VARIANTS, _IMAGES, _SITE)
OF_CONFIG = ("{t}.site_name", "{t}.site_slug", "{t}.primary_name", "{t}.seo", "{t}.settings")


def product_structured_data(
    title: str,
    description: str,
    currency_code: str,
    slug: str,
    variants: Sequence[Any],
    images: Sequence[str],
    site: Any,
) -> str:
    """From the columns of `OF_PRODUCT`."""
    offered = [Offered(*variant) for variant in variants]
    url = Addresses(site_url(site[0], site[1]), orjson.loads(site[2])).product(slug) if site else None
    shown = Shown(title, description, currency_code, offered, [absolute_url(image) for image in images], url)
    return script_safe(product_data(shown))


def site_structured_data(name: str, slug: str, primary_name: str | None, seo: str, settings: str) -> str:
    """From the columns of `OF_CONFIG`."""
    addresses = Addresses(site_url(slug, primary_name), {})
    return script_safe(site_data(addresses, name, orjson.loads(seo), orjson.loads(settings)))
