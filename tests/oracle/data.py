"""Two workspaces with something of everything, filled once a run and read whole into lists."""

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from core.access import ROLE_SCOPES, SCOPES, Caller, CallerKind, Role
from core.ids import new_id, uuid_in
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import ORDER_PLACE, Person, Shop, add_member, make_shop, make_site, make_user
from tests.people import system_sql
from tests.tenancy.world import filled_shop, key_with

Row = dict[str, Any]

TABLES = (
    "api_key",
    "asset",
    "asset_rendition",
    "asset_search_token",
    "audit_entry",
    "deployment",
    "deployment_log_line",
    "banner",
    "banner_version",
    "invitation",
    "logo",
    "logo_version",
    "membership",
    "order_line",
    "persisted_operation",
    "polling_state",
    "product",
    "product_image",
    "product_search_token",
    "product_variant",
    "sales_order",
    "site",
    "site_server",
    "site_domain",
    "site_edge",
    "storefront_asset",
    "storefront_draft",
    "storefront_grant",
    "storefront_member",
    "storefront_token",
    "storefront_version",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_endpoint",
    "webhook_hour",
    "webhook_relay",
    "sync_event",
    "workspace",
    "workspace_counter",
)
TITLES = (
    "Lamp",
    "lamp",
    "LAMP",
    "Lamp",
    "Ätna, die Leuchte",
    "élan vital",
    "日本の紙",
    "a:b:c",
    "Zebra 🪔",
    "Brass lamp, tall",
    "O'Brien's \"Lamp\" \\ 100%",
    "ß Straße",
)
PRICES = {"EUR": ("0", "0.05", "9.99", "12.50", "12.50", "1999.00"), "JPY": ("0", "5", "980", "1250", "1250", "199900")}
# Days that many rows share: sorts by time then fall back on the id.
MOMENTS = (
    "2026-01-05T10:00:00Z",
    "2026-01-05T10:00:00.000001Z",
    "2026-02-01T00:00:00Z",
    "2026-03-09T12:34:56.789Z",
    "2026-03-09T12:34:56.789Z",
)
ORDER_CANCEL = """
mutation ($id: ID!, $reason: String) {
  orderCancel(id: $id, input: { reason: $reason }) { userErrors { code message } }
}
"""
PRODUCT_DELETE = "mutation ($id: ID!) { productDelete(id: $id) { userErrors { code message } } }"
TOKEN_CREATE = """
mutation ($input: StorefrontTokenCreateInput!) {
  storefrontTokenCreate(input: $input) { storefrontToken { id } userErrors { code message } }
}
"""
REGISTER = """
mutation ($id: ID!, $documents: [String!]!) {
  storefrontTokenOperationsRegister(id: $id, input: { documents: $documents }) { userErrors { code message } }
}
"""
INVITE = """
mutation ($email: String!, $role: Role!) {
  invitationCreate(input: { email: $email, role: $role }) { userErrors { code message } }
}
"""
ENDPOINT_CREATE = """
mutation ($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) { webhookEndpoint { id } userErrors { code message } }
}
"""
ENDPOINT_DELETE = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { userErrors { code message } } }"
VERSIONS = """
insert into storefront_version (workspace_id, id, site_id, number, theme_version, theme, layout, content, seo, settings,
                                digest, change_summary, tags, created_by, author)
select workspace_id, gen_random_uuid(), site_id, n, theme_version, '{"n":' || n || ',"ä":[1.0,-0.0,1e-7]}', layout,
       content, seo, settings, digest, 'No. ' || n, array['ä', n::text],
       (select user_id from membership m where m.workspace_id = $1 order by user_id offset n % 4 limit 1), 'somebody'
  from storefront_version, generate_series(2, 30) n where workspace_id = $1 and site_id = $2
"""
DRAFTS = """
insert into storefront_draft (workspace_id, id, site_id, name, status, base_version_id, against_version_id,
                              published_version_id, publish_at, theme, seo, created_by, author, editor, failure)
select workspace_id, gen_random_uuid(), site_id, 'No. ' || number, status, id,
       case when number % 3 = 0 then id else (select live_version_id from site where id = $2) end,
       case when status = 'PUBLISHED' then id end,
       case when status = 'SCHEDULED' then timestamptz '2100-01-01' end,
       case when number % 2 = 0 then '{"n":[null,' || number || ']}' end, case when number % 5 = 0 then '{}' end,
       created_by, author, author, case when number % 7 = 0 then 'Because.' end
  from (select *, (array['OPEN', 'SCHEDULED', 'PUBLISHED', 'DISCARDED'])[1 + number % 4] as status
          from storefront_version where workspace_id = $1 and site_id = $2) v
"""
MEMBERS = """
insert into storefront_member (workspace_id, id, site_id, user_id, role)
select workspace_id, gen_random_uuid(), $2::uuid, user_id,
       (array['VIEWER', 'EDITOR', 'PUBLISHER'])[1 + row_number() over () % 3]
  from membership where workspace_id = $1
"""
GRANTS = """
insert into storefront_grant (workspace_id, id, site_id, user_id, section, component)
select workspace_id, gen_random_uuid(), $2::uuid, user_id, section, '/colors'
  from membership, unnest(array['theme', 'layout', 'seo']) section where workspace_id = $1
"""
DEPLOYMENTS = """
with made as (
  insert into deployment (workspace_id, id, site_id, number, theme_id, theme_version, status, step, error, byte_size,
                          is_kept, author, started_at, finished_at)
  select workspace_id, gen_random_uuid(), id, n, theme_id, theme_version, s,
         case when s = 'FAILED' then 'BUILD' end, case when s = 'FAILED' then 'Ätna' end, 1000 * n, s = 'SUPERSEDED',
         'somebody', case when n > 2 then now() - interval '90.5 seconds' end, case when n > 3 then now() end
    from site, generate_series(1, 12) n,
         lateral (select (array['FAILED', 'CANCELLED', 'SUPERSEDED'])[1 + n % 3] as s) k
   where workspace_id = $1 and id = $2 returning workspace_id, id, number),
server as (
  insert into site_server (workspace_id, deployment_id, status, error, failure_count, failed_at, memory_bytes)
  select workspace_id, id, 'STOPPED', case when number % 3 = 0 then 'Ätna' end, number % 3, now(), 1000 * number
    from made where number % 2 = 1)
insert into deployment_log_line (workspace_id, id, deployment_id, number, status, step, text)
select workspace_id, gen_random_uuid(), id, n, 'BUILDING', (array['FETCH', 'BUILD', null])[1 + n % 3], 'Zeile ' || n
  from made, generate_series(1, 5) n where number % 2 = 0
"""
# Of every status, one of them the primary one.
DOMAINS = """
with made as (
  insert into site_domain (workspace_id, id, site_id, name, token, status, proof, problem, due_at, expires_at,
                           checked_at, verified_at)
  select $1, gen_random_uuid(), $2, 'xn--mnchen-3ya.n' || n || $2::uuid || '.example', 'token ' || n, s,
         case when s <> 'PENDING' then (array['DNS', 'HTTP'])[1 + n % 2] end, case when n % 2 = 0 then 'Ätna' end,
         '2100-01-01', case when s <> 'VERIFIED' then timestamptz '2100-01-01' end, case when n % 4 > 0 then now() end,
         case when s <> 'PENDING' then now() end
    from generate_series(1, 9) n,
         lateral (select (array['PENDING', 'VERIFIED', 'LAPSING'])[1 + n % 3] as s) k
  returning site_id, name, status)
select name from made where status = 'VERIFIED' limit 1
"""
EDGE = """
insert into site_edge (workspace_id, site_id, status, error, names, records, distribution_domain, due_at)
select workspace_id, site_id, 'LIVE', 'Ätna', array_agg(name order by name),
       jsonb_object_agg(name, array['_x.' || name, '_y.aws']), 'd1.cloudfront.example', '2100-01-01'
  from site_domain where workspace_id = $1 and site_id = $2 and status <> 'PENDING' group by 1, 2
"""
PRIMARY = "update site set primary_name = $2, redirects_to_primary = true where id = $1"
NAMED = """
insert into storefront_asset (workspace_id, id, site_id, draft_id, asset_id)
select $1, gen_random_uuid(), $2::uuid, null, id
  from (select id from asset where workspace_id = $1 order by id limit 9) a
union all
select $1, gen_random_uuid(), $2, d.id, a.id
  from (select id from storefront_draft where site_id = $2 and status = 'OPEN' order by id limit 3) d,
       (select id from asset where workspace_id = $1 order by id limit 5) a
"""
# Of every type, status and audience, some with times, each with pictures that some others have too.
BANNERS = """
with picture as (
  select id, row_number() over (order by id) n, count(*) over () c from asset
   where workspace_id = $1 and kind = 'IMAGE'),
made as (
  insert into banner (workspace_id, id, site_id, title, banner_type, status, asset_id, tablet_asset_id, hidden_on,
                      link_url, content, custom_styles, start_at, end_at, display_order, target_audience,
                      target_countries, target_languages, target_devices, target_utm_campaigns, author, editor,
                      created_by)
  select $1, gen_random_uuid(), $2, 'No. ' || n,
         (array['HERO', 'PROMOTION', 'ANNOUNCEMENT', 'CATEGORY', 'SIDEBAR', 'POPUP', 'FOOTER'])[1 + n % 7],
         (array['DRAFT', 'PUBLISHED', 'PUBLISHED', 'ARCHIVED'])[1 + n % 4],
         (select id from picture p where p.n = 1 + n.n % c), case when n % 3 = 0 then
         (select id from picture p where p.n = 1 + n.n * 5 % c) end,
         case when n % 5 = 0 then array['MOBILE', 'TABLET'] else '{}' end, case when n % 2 = 0 then '/ä' else '' end,
         '{"b":1.0,"a":null}', '{"color":"#fff"}',
         case when n % 4 = 1 then timestamptz '2020-01-01' + n * interval '1 year' end,
         case when n % 6 = 5 then timestamptz '2026-01-01' + n * interval '1 year' end, n / 2,
         (array['ALL', 'NEW_VISITORS', 'RETURNING_VISITORS', 'CUSTOMERS', 'CUSTOM', 'CUSTOM', 'ALL'])[1 + n % 7],
         case when n % 3 = 0 then array['AT', 'DE'] else '{}' end, case when n % 2 = 0 then array['de'] else '{}' end,
         case when n % 5 = 4 then array['MOBILE'] else '{}' end, case when n % 9 = 4 then array['ä'] else '{}' end,
         'somebody', 'somebody else', (select user_id from membership where workspace_id = $1 order by user_id limit 1)
    from generate_series(1, 40) n(n)
  returning workspace_id, id)
insert into banner_version (workspace_id, id, banner_id, number, snapshot, author)
select workspace_id, gen_random_uuid(), id, n, '{"n":' || n || '.0}', 'somebody' from made, generate_series(1, 3) n
"""
LOGOS = """
with made as (
  insert into logo (workspace_id, id, site_id, name, logo_type, status, asset_id, max_width, alignment, start_at,
                    end_at, author, editor)
  select $1, gen_random_uuid(), $2, 'No. ' || n, (array['PRIMARY', 'DARK', 'FAVICON'])[1 + n % 3],
         (array['DRAFT', 'PUBLISHED', 'PUBLISHED', 'ARCHIVED'])[1 + n % 4],
         case when n % 8 > 0 then (select id from asset where workspace_id = $1 order by id offset n % 7 limit 1) end,
         nullif(n % 4, 0), (array['LEFT', 'RIGHT'])[1 + n % 2],
         case when n % 5 > 1 then timestamptz '2020-01-01' + n / 3 * interval '1 year' end,
         case when n % 6 > 3 then timestamptz '2025-01-01' + n * interval '1 year' end, 'somebody', 'somebody else'
    from generate_series(1, 24) n
  returning workspace_id, id)
insert into logo_version (workspace_id, id, logo_id, number, snapshot, author)
select workspace_id, gen_random_uuid(), id, n, '{}', 'somebody' from made, generate_series(1, 2) n
"""
# Due in a far future, so that no worker of another test takes them up.
DELIVERIES = """
insert into webhook_delivery (workspace_id, id, endpoint_id, event_id, event_type, sequence, body, due_at)
select workspace_id, gen_random_uuid(), $2::uuid, id, type, sequence, convert_to('{"entity": "Ätna"}', 'utf8'),
       timestamptz '2100-01-01'
  from sync_event where workspace_id = $1 and sequence <= 14
union all select $1, gen_random_uuid(), $2, gen_random_uuid(), 'webhook.ping', 0, '{}', '2100-01-01'
"""
# A site's own endpoint. That of the site number 2 is turned off.
SITE_ENDPOINT = """
with relay as (
  insert into webhook_relay (workspace_id, sequence)
  select workspace_id, sequence from workspace_counter where workspace_id = $1 on conflict do nothing)
insert into webhook_endpoint (workspace_id, id, site_id, url, secret, since_sequence, is_active, disabled_reason)
select $1, $2, $3, 'https://site.example/', 'sealed', 3, $4::bool, case when not $4::bool then 'BY_HAND' end
"""
# Of every kind and status, some of a size and a name, each picture with two smaller ones.
ASSETS = """
with made as (
  insert into asset (workspace_id, id, kind, mime_type, filename, original_filename, byte_size, width, height, sha256,
                     title, alt_text, metadata, status, failure_reason, due_at, upload_expires_at, created_by)
  select $1, gen_random_uuid(), k.kind, k.mime_type, case when s = 'READY' then 'lamp-' || n || '.bin' end,
         case n % 3 when 0 then 'Ätna.png' when 1 then 'ätna.PNG' else 'lamp ' || n end, 100 * (n % 4 + 1),
         case when k.kind = 'IMAGE' then 640 end, case when k.kind = 'IMAGE' then 480 end, null,
         case n % 2 when 0 then 'Brass lamp' else '' end, 'No. ' || n, jsonb_build_object('n', n, 'ä', null), s,
         case when s = 'FAILED' then 'It is damaged.' end, case when s = 'PROCESSING' then timestamptz '2100-01-01' end,
         timestamptz '2100-01-01', case when n % 2 = 0 then $2::uuid end
    from generate_series(1, 3) n,
         (values ('IMAGE', 'image/png'), ('IMAGE', 'image/jpeg'), ('SVG', 'image/svg+xml'), ('FONT', 'font/woff2'),
                 ('VIDEO', 'video/mp4'), ('DOCUMENT', 'application/pdf')) k(kind, mime_type),
         unnest(array['READY', 'READY', 'UPLOADING', 'PROCESSING', 'FAILED']) s
  returning workspace_id, id, kind, status, title),
token as (
  insert into asset_search_token (workspace_id, asset_id, token)
  select workspace_id, id, w from made, unnest(case title when '' then array['atna'] else array['brass', 'lamp'] end) w)
insert into asset_rendition (workspace_id, id, asset_id, filename, mime_type, width, height, byte_size)
select workspace_id, gen_random_uuid(), id, 'lamp-' || n || 'w.webp', 'image/webp', 320 * n, 240 * n, 50 * n
  from made, generate_series(1, 2) n where kind = 'IMAGE' and status = 'READY'
"""
PICTURES = """
update product_image i set asset_id = a.id
  from (select id, row_number() over (order by id) n, count(*) over () c from asset
         where workspace_id = $1 and kind = 'IMAGE') a
 where i.workspace_id = $1 and i.asset_id is null and a.n = 1 + get_byte(uuid_send(i.id), 15) % a.c
   and get_byte(uuid_send(i.id), 14) % 3 > 0
"""
ADDRESS = {"name": "Ada Ødegård", "line1": "Gasse 1", "city": "Wien", "countryCode": "AT", "postalCode": "1010"}


@dataclass(frozen=True)
class World:
    """All rows by table, each with its column names, and what callers need to know of them."""

    rows: dict[str, list[Row]]
    workspaces: tuple[UUID, ...]
    people: tuple[UUID, ...]
    order_tokens: tuple[str, ...]
    base_url: str
    site_url: Callable[[str, str | None], str]
    domain_url: Callable[[str], str]
    by_id: dict[str, dict[UUID, Row]] = field(default_factory=dict)


async def new_world(platform: Platform, graphql: GraphQL) -> World:
    """Fills two workspaces through the API, has rows tie by SQL, and reads everything."""
    chance = random.Random(7)
    person, nobody = await make_user(platform), await make_user(platform)
    shops = [await make_shop(platform, graphql, "EUR"), await make_shop(platform, graphql, "JPY")]
    tokens: list[str] = []
    for shop, products, orders in zip(shops, (44, 14), (26, 9), strict=True):
        tokens += await _fill(graphql, shop, products, orders, chance)
        await add_member(platform, shop.workspace_id, person, Role.ADMIN)
    found = await _read(shops, (person, nobody), chance)
    by_id = {table: {row["id"]: row for row in rows} for table, rows in found.items() if rows and "id" in rows[0]}
    return World(
        rows=found,
        workspaces=tuple(shop.workspace_id for shop in shops),
        people=(person.id, nobody.id),
        order_tokens=tuple(tokens),
        base_url=platform.settings.base_url,
        site_url=platform.settings.site_url,
        domain_url=platform.settings.domain_url,
        by_id=by_id,
    )


async def _fill(graphql: GraphQL, shop: Shop, products: int, orders: int, chance: random.Random) -> list[str]:
    if shop.currency_code == "EUR":
        await filled_shop(graphql, shop)
        # What is made here is not for it.
        await shop.sql("update webhook_endpoint set is_active = false, disabled_reason = 'FAILING'")
    await shop.sql(ASSETS, shop.workspace_id, shop.owner.id)
    made = [await _product(shop, number, chance) for number in range(products)]
    await shop.sql(PICTURES, shop.workspace_id)
    tokens = await _orders(shop, [each for each in made if each["onSale"]], orders, chance)
    for each in made[::9]:
        await _done(shop, PRODUCT_DELETE, {"id": each["id"]})
    for number, role in enumerate((Role.ADMIN, Role.STAFF, Role.VIEWER, Role.VIEWER, Role.STAFF)):
        await add_member(shop.platform, shop.workspace_id, await make_user(shop.platform), role)
        email = f"guest-{number}-{shop.slug}@example.com"
        await _done(shop, INVITE, {"email": email, "role": role.value})
    for scopes in ((), ("products:read",), ("orders:read", "audit:read"), tuple(SCOPES), ("carts:read",)):
        await key_with(shop, *scopes)
    for number in range(3):
        created = {
            "name": f"Site {number}",
            "hidesStock": number == 1,
            "allowedOrigins": ["https://a.example"] * number,
        }
        site = (await _done(shop, TOKEN_CREATE, {"input": created}))["storefrontToken"]["id"]
        documents = [f"query Page{page} {{ __typename }}" for page in range(number * 3)] + ["{ __typename }"]
        await _done(shop, REGISTER, {"id": site, "documents": documents})
    await _sites(shop)
    await _webhooks(shop)
    return tokens


async def _sites(shop: Shop) -> None:
    """A site with one version, one with many, one without a token, one that is deleted."""
    for number in range(4):
        site = uuid_in((await make_site(shop, name=f"Site {number}"))["id"], "Site")
        if number == 1:
            await shop.sql(VERSIONS, shop.workspace_id, site)
            await shop.sql(DRAFTS, shop.workspace_id, site)
            await shop.sql(NAMED, shop.workspace_id, site)
            await shop.sql(MEMBERS, shop.workspace_id, site)
            await shop.sql(GRANTS, shop.workspace_id, site)
            await shop.sql(DEPLOYMENTS, shop.workspace_id, site)
            (row,) = await shop.sql(DOMAINS, shop.workspace_id, site)
            await shop.sql(PRIMARY, site, row["name"])
            await system_sql(shop.platform, EDGE, shop.workspace_id, site)
        if number in {1, 3}:
            await shop.sql(BANNERS, shop.workspace_id, site)
            await shop.sql(LOGOS, shop.workspace_id, site)
        if number in {1, 2}:
            endpoint = new_id()
            await shop.sql(SITE_ENDPOINT, shop.workspace_id, endpoint, site, number == 1)
            await shop.sql(DELIVERIES, shop.workspace_id, endpoint)
        if number == 2:
            await shop.sql("update storefront_token set revoked_at = now() where site_id = $1", site)
        if number == 3:
            await shop.sql("update site set deleted_at = now() where id = $1", site)


async def _webhooks(shop: Shop) -> None:
    """Endpoints with many deliveries: one for everything, one for some of it, one that is off, one that is deleted."""
    for number, types in enumerate(([], ["PRODUCT_CREATED", "PRODUCT_UPDATED"], ["ORDER_CREATED"], [])):
        given = {"url": f"https://receiver.example/{number}", "eventTypes": types}
        endpoint = (await _done(shop, ENDPOINT_CREATE, {"input": given}))["webhookEndpoint"]["id"]
        await shop.sql(DELIVERIES, shop.workspace_id, uuid_in(endpoint, "WebhookEndpoint"))
        if number == 3:
            await _done(shop, ENDPOINT_DELETE, {"id": endpoint})
    await _done(shop, ENDPOINT_CREATE, {"input": {"url": "https://off.example/", "isActive": False}})


async def _done(shop: Shop, document: str, variables: Row) -> Row:
    answer = await shop.admin(document, variables)
    assert "errors" not in answer, answer
    payload: Row = next(iter(answer["data"].values()))
    assert payload["userErrors"] == [], answer
    return payload


async def _product(shop: Shop, number: int, chance: random.Random) -> Row:
    unique = new_id().hex[-10:]
    status = chance.choice(("ACTIVE", "ACTIVE", "ACTIVE", "DRAFT", "ARCHIVED"))
    variants = [
        {
            "sku": f"{chance.choice(('SKU', 'Größe', 'lamp'))}-{unique}-{position}",
            "title": chance.choice(("", "small", "大きい")),
            "price": {"amount": chance.choice(PRICES[shop.currency_code]), "currencyCode": shop.currency_code},
            "quantity": chance.choice((0, 0, 3, 500)),
        }
        for position in range(chance.choice((1, 1, 2, 3, 6)))
    ]
    pictures = [
        {"url": chance.choice(("https://pictures.example/ä.png", "/media/lamp.png")), "altText": f"No. {position}"}
        for position in range(chance.choice((0, 1, 2, 5)))
    ]
    made = await shop.product(
        title=chance.choice(TITLES),
        slug=f"thing-{number}",
        description=chance.choice(("", "A heavy brass lamp.", "紙 für Straße")),
        status=status,
        images=pictures,
        variants=variants,
    )
    nodes = made["variants"]["nodes"]
    made["onSale"] = [
        node["id"] for node, given in zip(nodes, variants, strict=True) if status == "ACTIVE" and given["quantity"]
    ]
    return made


async def _orders(shop: Shop, products: list[Row], count: int, chance: random.Random) -> list[str]:
    tokens = []
    for number in range(count):
        chosen = chance.sample(products, chance.choice((1, 1, 2, min(4, len(products)))))
        given: Row = {
            "email": chance.choice(("ada@example.com", "Bob@Example.com", f"guest{number}@example.com")),
            "lines": [{"variantId": each["onSale"][0], "quantity": chance.choice((1, 1, 2))} for each in chosen],
        }
        if chance.random() < 0.5:
            given |= {"shippingAddress": ADDRESS, "note": chance.choice(("", "Bitte klingeln 🔔"))}
        answer = await shop.shopper(ORDER_PLACE, {"input": given})
        payload = answer["data"]["orderPlace"]
        if payload["userErrors"]:
            continue
        tokens.append(payload["orderToken"])
        if number % 4 == 0:
            reason = chance.choice((None, "Changed their mind"))
            await _done(shop, ORDER_CANCEL, {"id": payload["order"]["id"], "reason": reason})
    return tokens


# -- ties, and what the API takes days for ----------------------------------------------------------------------------

_AGED = """
update invitation set accepted_at = case when right(id::text, 1) < '4' then now() - interval '1 day' end,
  revoked_at = case when right(id::text, 1) between '4' and '7' then now() - interval '1 hour' end,
  expires_at = case when right(id::text, 1) between '8' and 'b' then now() - interval '2 days' else expires_at end
  where workspace_id = any($1);
update api_key set revoked_at = now() where workspace_id = any($1) and right(id::text, 1) < '5';
update api_key set expires_at = now() + interval '1 year' where workspace_id = any($1) and right(id::text, 1) > 'b';
update storefront_token set revoked_at = now() where workspace_id = any($1) and right(id::text, 1) < '5';
update product_variant set deleted_at = now() where workspace_id = any($1) and position > 1
  and right(id::text, 1) < '4';
update product p set variants_in_stock = (select count(*) from product_variant v
  where v.workspace_id = p.workspace_id and v.product_id = p.id and v.deleted_at is null and v.quantity_available > 0)
  where workspace_id = any($1) and deleted_at is null;
update webhook_delivery set status = 'DELIVERED', due_at = null, finished_at = now() where workspace_id = any($1)
  and right(id::text, 1) < '5';
update webhook_delivery set status = 'FAILED', due_at = null, finished_at = now() where workspace_id = any($1)
  and right(id::text, 1) > 'b';
insert into webhook_attempt
  (workspace_id, id, delivery_id, number, started_at, duration_ms, status_code, error, response_body)
  select d.workspace_id, gen_random_uuid(), d.id, n, now(), 7 * n, case when n <> 2 then 500 end,
    case when n = 2 then 'timed out' end, repeat('<é>', n)
  from webhook_delivery d, generate_series(1, 4) n
  where d.workspace_id = any($1) and d.status <> 'PENDING' and right(d.id::text, 2) > n || '0'
  on conflict do nothing;
insert into webhook_hour (workspace_id, endpoint_id, hour, tries, delivered, retries, retries_delivered, given_up,
                          last_delivered_at)
  select d.workspace_id, d.endpoint_id, date_trunc('hour', now()) - interval '1 hour' * (d.sequence % 3),
         count(*), count(*) filter (where status = 'DELIVERED'), count(*) filter (where attempt_count > 1), 0,
         count(*) filter (where status = 'FAILED'), max(finished_at)
    from webhook_delivery d where d.workspace_id = any($1) and d.sequence % 4 <> 3 group by 1, 2, 3
  on conflict do nothing;
update webhook_endpoint set failing_since = now(), previous_secret_expires_at = now()
  where workspace_id = any($1) and event_types is not null;
update product_image set position = 0 where workspace_id = any($1) and position < 3
  and right(product_id::text, 1) < '8';
update product_variant set position = 1 where workspace_id = any($1) and position in (1, 2)
  and right(product_id::text, 1) < '8';
delete from sync_event where workspace_id = any($1) and sequence <= 7;
update sync_event set occurred_at = timestamptz '2025-06-01' + sequence * interval '1 second'
  where workspace_id = any($1);
insert into polling_state
  (workspace_id, id, caller_id, caller_kind, caller_label, site_id, last_polled_at, sequence)
  select workspace_id, gen_random_uuid(), gen_random_uuid(),
         case when sequence % 4 = 0 then 'API_KEY' else 'SHOPPER' end, type,
         (select s.id from site s where s.workspace_id = v.workspace_id and v.sequence % 4 > 0
             and s.name = 'Site ' || v.sequence / 6 % 4),
         case when sequence % 18 = 0 then '2100-01-01' else occurred_at end, nullif(sequence + 2, 20)
    from sync_event v where workspace_id = any($1) and sequence % 6 = 0
  on conflict do nothing
"""
_TIED = (
    ("asset", "created_at"),
    ("asset", "updated_at"),
    ("product", "created_at"),
    ("product", "updated_at"),
    ("sales_order", "placed_at"),
    ("audit_entry", "at"),
    ("invitation", "created_at"),
    ("membership", "created_at"),
    ("api_key", "created_at"),
    ("storefront_token", "created_at"),
    ("webhook_delivery", "created_at"),
    ("webhook_endpoint", "created_at"),
    ("site", "created_at"),
    ("banner", "created_at"),
    ("logo", "created_at"),
    ("storefront_draft", "created_at"),
)


async def _read(shops: list[Shop], people: tuple[Person, ...], chance: random.Random) -> dict[str, list[Row]]:
    """Every row as PostgreSQL's superuser, whom no policy holds back, in no order that anything could lean on."""
    connection = await asyncpg.connect(os.environ["EMBEDDED_SUPERUSER_URL"])
    ours = [shop.workspace_id for shop in shops]
    try:
        for statement in _AGED.split(";"):
            await connection.execute(statement, ours)
        for table, column in _TIED:
            await _tie(connection, table, column, ours, chance)
        found = {}
        for table in TABLES:
            key = "id" if table == "workspace" else "workspace_id"
            records = await connection.fetch(f"select * from {table} where {key} = any($1)", ours)
            found[table] = [_plain(record) for record in records]
        found["asset_usage"] = _usage(found)
        wanted = [row["user_id"] for row in found["membership"]] + [person.id for person in people]
        for table in ("theme", "theme_source", "theme_version"):
            found[table] = [_plain(record) for record in await connection.fetch(f"select * from {table}")]
        users = await connection.fetch("select * from app_user where id = any($1)", wanted)
        found["app_user"] = [_plain(record) for record in users]
        named = {row["id"]: row for row in found["app_user"]}
        found["storefront_person"] = [
            {**named[place["user_id"]], "workspace_id": place["workspace_id"]} for place in found["membership"]
        ]
    finally:
        await connection.close()
    for rows in found.values():
        chance.shuffle(rows)
    return found


def _usage(found: dict[str, list[Row]]) -> list[Row]:
    """What shows which asset: products, banners and logos that are there, live configs and drafts in progress."""
    return [*_product_usage(found), *_config_usage(found), *_placement_usage(found)]


def _config_usage(found: dict[str, list[Row]]) -> list[Row]:
    drafts, sites = ({row["id"]: row for row in found[table]} for table in ("storefront_draft", "site"))
    return [
        {name: each[name] for name in ("id", "workspace_id", "asset_id")}
        | (
            {"kind": "STOREFRONT_DRAFT", "entity_type": "StorefrontDraft", "entity_id": each["draft_id"]}
            | {"title": drafts[each["draft_id"]]["name"]}
            if each["draft_id"]
            else {"kind": "STOREFRONT", "entity_type": "Site", "entity_id": each["site_id"]}
            | {"title": sites[each["site_id"]]["name"]}
        )
        for each in found["storefront_asset"]
    ]


def _placement_usage(found: dict[str, list[Row]]) -> list[Row]:
    sites = {row["id"] for row in found["site"] if row["deleted_at"] is None}
    return [
        {"id": row["id"], "workspace_id": row["workspace_id"], "asset_id": asset_id}
        | {"kind": table.upper(), "entity_type": table.title(), "entity_id": row["id"], "title": row[title]}
        for table, title in (("banner", "title"), ("logo", "name"))
        for row in found[table]
        if row["site_id"] in sites
        for asset_id in {row["asset_id"], row["tablet_asset_id"], row["mobile_asset_id"]} - {None}
    ]


def _product_usage(found: dict[str, list[Row]]) -> list[Row]:
    products = {row["id"]: row for row in found["product"] if row["deleted_at"] is None}
    return [
        {"id": image["id"], "workspace_id": image["workspace_id"], "asset_id": image["asset_id"]}
        | {"kind": "PRODUCT", "entity_type": "Product", "entity_id": product["id"], "title": product["title"]}
        for image in found["product_image"]
        if image["asset_id"] and (product := products.get(image["product_id"]))
    ]


async def _tie(connection: Any, table: str, column: str, ours: list[UUID], chance: random.Random) -> None:
    for record in await connection.fetch(f"select id from {table} where workspace_id = any($1)", ours):
        if chance.random() < 0.8:
            moment = datetime.fromisoformat(chance.choice(MOMENTS))
            await connection.execute(f"update {table} set {column} = $2 where id = $1", record["id"], moment)


def _plain(record: Any) -> Row:
    row = dict(record)
    for column in ("changes", "shipping_address", "metadata"):
        if row.get(column) is not None:
            row[column] = json.loads(row[column])
    return row


# -- callers ----------------------------------------------------------------------------------------------------------


def callers(world: World, chance: random.Random) -> Iterator[Caller]:
    """Callers without end, often the same again, or one who differs in nothing but what a storefront hides."""
    caller = _caller(world, chance)
    while True:
        yield caller
        match chance.randrange(5):
            case 0 | 1:
                pass
            case 2 | 3 if caller.kind is CallerKind.SHOPPER:
                caller = replace(caller, hides_stock=not caller.hides_stock)
            case _:
                caller = _caller(world, chance)


def _caller(world: World, chance: random.Random) -> Caller:
    """A caller: mostly such as see much, of every kind."""
    person, nobody = world.people
    workspace = chance.choice((*world.workspaces, world.workspaces[0], world.workspaces[0]))
    match chance.randrange(14):
        case 0 | 1 | 2 | 3:
            return Caller(CallerKind.API_KEY, person, workspace, frozenset(SCOPES))
        case 4 | 5:
            kept = frozenset(scope for scope in SCOPES if chance.random() < 0.6)
            return Caller(CallerKind.API_KEY, person, workspace, kept)
        case 6 | 7 | 8:
            of_site = chance.choice([None, *(row["id"] for row in world.rows["site"])])
            return Caller(CallerKind.SHOPPER, nobody, workspace, hides_stock=chance.random() < 0.5, site_id=of_site)
        case 9 | 10 | 11:
            role = chance.choice(tuple(Role))
            return Caller(CallerKind.USER, person, workspace, ROLE_SCOPES[role], role)
        case 12:
            asker = chance.choice((person, nobody))
            problem = chance.choice((None, None, "There is no such workspace."))
            return Caller(CallerKind.USER, asker, workspace_problem=problem)
        case _:
            return Caller(CallerKind.ANONYMOUS, problem=chance.choice((None, "The token has expired.")))
