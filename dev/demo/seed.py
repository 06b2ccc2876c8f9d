"""Writes the demo shops by the same use cases that people's requests run, so that they are as real as any shop."""

import asyncio
import json
import random
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from core.access import SCOPES, Caller, CallerKind
from core.clock import now
from core.database import pinned
from core.ids import global_id
from dev.demo.catalog import SHOPS, Customer, Product, Shop
from dev.demo.pictures import picture_svg
from dev.demo.visits import add_visits
from resolvers.account import NewUser, register_user
from resolvers.account.password import hash_password
from resolvers.analytics.count_orders import recount_orders
from resolvers.api_key import NewApiKey, create_api_key
from resolvers.authentication import Authenticator, Credentials, new_throttle
from resolvers.context import Context, Platform
from resolvers.order import NewOrder, OrderCancellation, cancel_order, place_order
from resolvers.product import NewProduct, create_product
from resolvers.site import NewSite, create_site
from resolvers.theme import Named, read_manifest, register_theme
from resolvers.validation import validated
from resolvers.workspace import NewWorkspace, create_workspace

STARTER = Path("themes/starter/theme.json")
ORDERS = 36
ORDER_DAYS = 60
# Products are added side by side, as far as the connections go.
AT_ONCE = 4


async def seed(platform: Platform, data_dir: Path) -> list[dict[str, Any]]:
    """Makes the demo shops that are missing, and gives the tokens of all of them. Old tokens keep working."""
    return [await _seed_shop(platform, data_dir, shop) for shop in SHOPS]


async def register_starter(platform: Platform) -> None:
    """Makes the starter theme's newest version known, by the first shop's owner.

    Raises:
        Refused: TAKEN (its manifest was changed and its version was not).

    """
    async with platform.database.system.acquire() as connection:
        user_id = await connection.fetchval("select id from app_user where email = $1", SHOPS[0].owner_email)
    if user_id is not None:
        await _theme(Context(platform, Caller(CallerKind.USER, id=user_id, label="demo", session_id=user_id)))


async def _seed_shop(platform: Platform, data_dir: Path, shop: Shop) -> dict[str, Any]:
    password = secrets.token_urlsafe(12)
    owner = await _owner(platform, shop, password)
    workspace_id = await _existing_workspace(platform, shop.slug)
    if workspace_id is None:
        given = {"name": shop.name, "slug": shop.slug, "currencyCode": shop.currency_code}
        made = await create_workspace(owner, validated(NewWorkspace, given))
        workspace_id = UUID(str(made["id"]))
    member = _member(owner, workspace_id)
    await _add_catalog(member, workspace_id, data_dir, shop)
    theme_id = await _theme(member)
    site_id, storefront_token = await _site(member, workspace_id, shop, theme_id)
    visitor = await shopper(platform, storefront_token)
    await add_orders(member, visitor, workspace_id, shop)
    await add_visits(visitor, workspace_id, shop)
    key = await create_api_key(member, validated(NewApiKey, {"name": "Demo", "scopes": list(SCOPES)}))
    return {
        "id": global_id("Workspace", workspace_id),
        "slug": shop.slug,
        "name": shop.name,
        "currencyCode": shop.currency_code,
        "siteId": global_id("Site", site_id),
        "storefrontToken": storefront_token,
        "apiKey": str(key["secret"]),
        "owner": {"email": shop.owner_email, "password": password},
        "exampleVariables": await _example_variables(platform, workspace_id, shop.customers[0])
        | _site_variables(site_id, theme_id),
    }


async def _owner(platform: Platform, shop: Shop, password: str) -> Context:
    """The shop's owner, registered now, or with a new password where they were before."""
    async with platform.database.system.acquire() as connection:
        user_id = await connection.fetchval("select id from app_user where email = $1", shop.owner_email)
    if user_id is None:
        anonymous = Context(platform, Caller(CallerKind.ANONYMOUS, label="demo", address="demo"))
        given = {"email": shop.owner_email, "password": password, "name": shop.name}
        user_id = UUID(str((await register_user(anonymous, validated(NewUser, given)))["id"]))
    else:
        password_hash = await hash_password(password)
        async with platform.database.system.acquire() as connection:
            await connection.execute("update app_user set password_hash = $2 where id = $1", user_id, password_hash)
    return Context(platform, Caller(CallerKind.USER, id=user_id, label=shop.owner_email, session_id=user_id))


async def _existing_workspace(platform: Platform, slug: str) -> UUID | None:
    async with platform.database.system.acquire() as connection:
        found: UUID | None = await connection.fetchval("select id from workspace where slug = $1", slug)
    return found


def _member(owner: Context, workspace_id: UUID) -> Context:
    """The owner, in the workspace."""
    return replace(owner, caller=replace(owner.caller, workspace_id=workspace_id, scopes=frozenset(SCOPES)))


async def _theme(member: Context) -> UUID:
    """The starter theme, registered where it was not yet, for sites of all workspaces."""
    source = Named("FOLDER", STARTER.parent.name, None)
    made = await register_theme(member, read_manifest(json.loads(STARTER.read_text())), source)
    return UUID(str(made["id"]))


async def _site(member: Context, workspace_id: UUID, shop: Shop, theme_id: UUID) -> tuple[UUID, str]:
    """The shop's site, made of the starter theme where there was none, and its storefront token."""
    async with member.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        found = await connection.fetchval("select site_id from hostname where workspace_id = $1 limit 1", workspace_id)
    if found is None:
        given = {"name": shop.name, "slug": shop.slug, "themeId": global_id("Theme", theme_id)}
        found = (await create_site(member, validated(NewSite, given)))["id"]
    site_id = UUID(str(found))
    async with member.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        token = await connection.fetchval(
            "select token from storefront_token where workspace_id = $1 and site_id = $2 and revoked_at is null "
            "order by created_at limit 1",
            workspace_id,
            site_id,
        )
    return site_id, str(token)


async def _add_catalog(member: Context, workspace_id: UUID, data_dir: Path, shop: Shop) -> None:
    """Adds the products that are not there yet: an earlier seeding may have been cut off."""
    async with member.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        rows = await connection.fetch("select slug from product where workspace_id = $1", workspace_id)
    there = {row["slug"] for row in rows}
    pictures = data_dir / "media" / str(workspace_id)
    pictures.mkdir(parents=True, exist_ok=True)
    free = asyncio.Semaphore(AT_ONCE)

    async def add(product: Product) -> None:
        for index, picture in enumerate(product.pictures):
            (pictures / picture.file_name).write_text(picture_svg(shop, product, index))
        async with free:
            await create_product(member, validated(NewProduct, _product_input(shop, product, workspace_id)))

    await asyncio.gather(*(add(product) for product in shop.products if product.slug not in there))


def _product_input(shop: Shop, product: Product, workspace_id: UUID) -> dict[str, Any]:
    return {
        "title": product.title,
        "slug": product.slug,
        "description": product.description,
        "status": product.status,
        "images": [
            {"url": f"/media/{workspace_id}/{picture.file_name}", "altText": picture.alt_text}
            for picture in product.pictures
        ],
        "variants": [
            {
                "sku": variant.sku,
                "title": variant.title,
                "price": {"amount": Decimal(variant.price), "currencyCode": shop.currency_code},
                "quantity": variant.quantity,
            }
            for variant in product.variants
        ],
    }


async def shopper(platform: Platform, storefront_token: str) -> Context:
    """Who uses the token."""
    caller = await Authenticator(platform, new_throttle(platform)).identify(
        Credentials(storefront_token=storefront_token), "127.0.0.1"
    )
    return Context(platform, caller)


async def add_orders(member: Context, visitor: Context, workspace_id: UUID, shop: Shop) -> None:
    """Orders of the last weeks where there are none, a few of them cancelled. They are placed now and dated back.

    The days that they came to be of are counted by the worker.
    """
    platform = member.platform
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        if await connection.fetchval("select count(*) from sales_order where workspace_id = $1", workspace_id):
            return
        rows = await connection.fetch(
            "select v.id from product_variant v join product p on p.workspace_id = $1 and p.id = v.product_id "
            "where v.workspace_id = $1 and p.status = 'ACTIVE' and v.quantity_available >= $2 order by v.sku",
            workspace_id,
            ORDERS,
        )
    variants = [row["id"] for row in rows]
    chance = random.Random(shop.slug)
    moments = sorted(chance.uniform(0.02, ORDER_DAYS) for _ in range(ORDERS))[::-1]
    for number, days in enumerate(moments):
        given = _order_input(chance.choice(shop.customers), chance.sample(variants, chance.randint(1, 3)), chance)
        placed = await place_order(visitor, validated(NewOrder, given))
        order_id = UUID(str(placed["id"]))
        if number % 12 == 11:
            await cancel_order(member, order_id, OrderCancellation(reason="The shopper changed their mind."))
        async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
            await connection.execute(
                "update sales_order set placed_at = $3::timestamptz, updated_at = $3::timestamptz, "
                "cancelled_at = case when cancelled_at is null then null else $3::timestamptz + interval '2 hours' end "
                "where workspace_id = $1 and id = $2",
                workspace_id,
                order_id,
                now() - timedelta(days=days),
            )
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        await recount_orders(connection, workspace_id)


def _order_input(customer: Customer, variants: Sequence[UUID], chance: random.Random) -> dict[str, Any]:
    return {
        "email": customer.email,
        "lines": [
            {"variantId": global_id("ProductVariant", variant), "quantity": chance.choice((1, 1, 1, 2, 3))}
            for variant in variants
        ],
        "shippingAddress": _address(customer),
    }


def _address(customer: Customer) -> dict[str, str]:
    address = customer.address
    return {
        "name": customer.name,
        "line1": address.street,
        "city": address.city,
        "region": address.region,
        "postalCode": address.postal_code,
        "countryCode": address.country_code,
    }


async def _example_variables(platform: Platform, workspace_id: UUID, customer: Customer) -> dict[str, Any]:
    """Variables with which GraphiQL's example tabs run as they are."""
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        row = await connection.fetchrow(
            "select p.slug, v.id from product p join product_variant v on v.workspace_id = $1 and v.product_id = p.id "
            "where p.workspace_id = $1 and p.status = 'ACTIVE' and v.quantity_available > 0 order by p.title limit 1",
            workspace_id,
        )
    if row is None:
        return {}
    line = {"variantId": global_id("ProductVariant", row["id"]), "quantity": 1}
    order = {"email": customer.email, "lines": [line], "shippingAddress": _address(customer)}
    return {"ProductBySlug": {"slug": row["slug"]}, "OrderPlace": {"input": order}}


def _site_variables(site_id: UUID, theme_id: UUID) -> dict[str, Any]:
    """Variables for the tabs about sites and what they look like."""
    site, theme = global_id("Site", site_id), global_id("Theme", theme_id)
    changes = {"theme": {"colors": {"primary": "#102030"}, "mode": "dark"}}
    return {
        "SiteCreate": {"input": {"name": "Second site", "slug": f"site-{secrets.token_hex(3)}", "themeId": theme}},
        "DraftCreate": {"input": {"siteId": site, "name": "Darker", "changes": changes}},
        "Versions": {"siteId": site, "first": 10},
        "SiteDeploy": {"id": site},
        "Deployments": {"siteId": site, "first": 10},
    }
