"""A shop with something in every tenant table, and somebody's real ids of every type."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from core.access import SCOPES, Role
from core.crypto import hash_secret, new_secret, pack_token
from core.database import pinned
from core.ids import global_id, new_id, uuid_in
from resolvers.asset.keys import upload_key
from resolvers.authentication import API_KEY_PREFIX
from schema.reading import NODES, SOURCES
from tests.client import GraphQL
from tests.factories import Shop, add_member, make_shop, make_user, starter_theme
from tests.people import system_sql

INVITE = """
mutation ($email: String!) {
  invitationCreate(input: { email: $email, role: VIEWER }) { invitation { id } userErrors { code message } }
}
"""
API_KEY_CREATE = """
mutation ($scopes: [ApiKeyScope!]!) {
  apiKeyCreate(input: { name: "Warehouse", scopes: $scopes }) { secret userErrors { code message } }
}
"""
STOREFRONT_TOKEN_CREATE = """
mutation { storefrontTokenCreate(input: { name: "Site" }) { storefrontToken { id } userErrors { code message } } }
"""
OPERATIONS_REGISTER = """
mutation ($id: ID!) {
  storefrontTokenOperationsRegister(id: $id, input: { documents: ["query Site { __typename }"] }) {
    userErrors { code message }
  }
}
"""
SITE_CREATE = """
mutation ($input: SiteCreateInput!) { siteCreate(input: $input) { site { id } userErrors { code message } } }
"""
DRAFT_CREATE = """
mutation ($input: StorefrontDraftCreateInput!) {
  storefrontDraftCreate(input: $input) { storefrontDraft { id } userErrors { code message } }
}
"""
DRAFT_PUBLISH = """
mutation ($id: ID!) {
  storefrontDraftPublish(id: $id, input: { revision: 1 }) { userErrors { code message } }
}
"""
MEMBER_SET = """
mutation ($input: StorefrontMemberSetInput!) { storefrontMemberSet(input: $input) { userErrors { code message } } }
"""
GRANT_ADD = """
mutation ($input: StorefrontGrantAddInput!) { storefrontGrantAdd(input: $input) { userErrors { code message } } }
"""
BANNER_CREATE = """
mutation ($input: BannerCreateInput!) { bannerCreate(input: $input) { banner { id } userErrors { code message } } }
"""
BANNER_PUBLISH = """
mutation ($id: ID!) { bannerPublish(id: $id, input: { revision: 1 }) { userErrors { code message } } }
"""
LOGO_CREATE = """
mutation ($input: LogoCreateInput!) { logoCreate(input: $input) { logo { id } userErrors { code message } } }
"""
LOGO_PUBLISH = """
mutation ($id: ID!) { logoPublish(id: $id, input: { revision: 1 }) { userErrors { code message } } }
"""
# Of what hardly any test does, so that no worker of another test enters deliveries while this one looks at them.
WEBHOOK_CREATE = """
mutation {
  webhookEndpointCreate(
    input: { url: "https://receiver.example/hook", eventTypes: [WORKSPACE_SETTINGS_UPDATED] }
  ) {
    webhookEndpoint { id } userErrors { code message }
  }
}
"""
# Delivered, so that no worker of another test takes it up.
DELIVERED = """
with delivery as (
  insert into webhook_delivery (workspace_id, id, endpoint_id, event_id, event_type, sequence, body, status, due_at,
                                attempt_count)
  values ($1, $2, $3, $4, 'product.created', 1, '{}', 'DELIVERED', null, 1) returning workspace_id, id),
hour as (
  insert into webhook_hour (workspace_id, endpoint_id, hour, tries, delivered, retries, retries_delivered, given_up,
                            last_delivered_at)
  values ($1, $3, date_trunc('hour', now()), 1, 1, 0, 0, 0, now()))
insert into webhook_attempt (workspace_id, id, delivery_id, number, started_at, duration_ms, response_body)
select workspace_id, $5, id, 1, now(), 7, '' from delivery
"""
# Counted, so that no worker of another test counts the day anew; a note waits for a day that nobody counts.
VISITED = """
with event as (
  insert into visitor_event (workspace_id, occurred_at, id, name, session_id, visitor_id, host, path, title, referrer,
                             source, medium, campaign, device, browser, os, country, is_bot)
  values ($1, now(), $2, 'page_view', $2, $2, 'shop.example', '/', '', '', 'direct', '', '', 'desktop', 'Firefox',
          'Linux', '', false)),
note as (insert into visitor_day_due (workspace_id, occurred_at) values ($1, current_date)),
hour as (
  insert into visitor_hour (workspace_id, day, hour, visitors, sessions, page_views, events, bot_events)
  values ($1, current_date, now(), 1, 1, 1, 1, 0)),
page as (
  insert into visitor_day_page (workspace_id, day, path, views, visitors, entries, exits, bounces, seconds)
  values ($1, current_date, '/', 1, 1, 1, 1, 1, 0)),
month as (
  insert into visitor_month_page (workspace_id, month, path, views, visitors, entries, exits, bounces, seconds)
  values ($1, date_trunc('month', current_date), '/', 1, 1, 1, 1, 1, 0)),
looked_at as (
  insert into visitor_day_product (workspace_id, day, product_id, views, sessions, carts)
  select $1, current_date, id, 1, 1, 0 from product where workspace_id = $1),
dimension as (
  insert into visitor_day_dimension (workspace_id, day, dimension, value, visitors, sessions, bounces, page_views,
                                     purchased)
  values ($1, current_date, 'source', 'direct', 1, 1, 1, 1, 0))
insert into visitor_day (workspace_id, day, visitors, sessions, bounces, page_views, events, bot_events, seconds,
                         viewed, carted, checked_out, purchased, counted_at, counting_ms)
values ($1, current_date, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, now() + interval '1 day', 1)
"""
# The same of orders: what the shop's own one left is a note that nobody takes, unless a test runs a whole worker.
SOLD = """
with hour as (
  insert into order_hour (workspace_id, day, hour, orders, units, revenue_amount)
  values ($1, current_date, now(), 1, 1, 1250) on conflict do nothing),
sold as (
  insert into order_day_product (workspace_id, day, product_id, orders, quantity, revenue_amount)
  select $1, current_date, id, 1, 1, 1250 from product where workspace_id = $1 on conflict do nothing),
month as (
  insert into order_month_product (workspace_id, month, product_id, orders, quantity, revenue_amount)
  select $1, date_trunc('month', current_date), id, 1, 1, 1250 from product where workspace_id = $1
  on conflict do nothing),
customer as (
  insert into order_customer (workspace_id, email, first_order_at, last_order_at, orders, spent_amount)
  values ($1, 'shopper@example.com', now(), now(), 1, 1250) on conflict do nothing),
customer_month as (
  insert into order_customer_month (workspace_id, email, month, orders, spent_amount)
  values ($1, 'shopper@example.com', date_trunc('month', current_date), 1, 1250) on conflict do nothing)
insert into order_day (workspace_id, day, orders, units, revenue_amount, cancelled_orders, counted_at, counting_ms)
values ($1, current_date, 1, 1, 1250, 0, now() + interval '1 day', 1) on conflict do nothing
"""
UPLOAD = """
mutation ($input: AssetUploadCreateInput!) {
  assetUploadCreate(input: $input) { asset { id } userErrors { code message } }
}
"""
ASSET = """
with asset as (
  insert into asset (workspace_id, id, kind, mime_type, filename, original_filename, byte_size, width, height, sha256,
                     title, status, upload_expires_at, created_by)
  values ($1, $2, 'IMAGE', 'image/png', 'lamp-0.png', 'Lamp.png', 100, 640, 480, repeat('0', 64), 'Lamp', 'READY',
          now(), $4)
  returning workspace_id, id),
token as (insert into asset_search_token (workspace_id, asset_id, token) select workspace_id, id, 'lamp' from asset)
insert into asset_rendition (workspace_id, id, asset_id, filename, mime_type, width, height, byte_size)
select workspace_id, $3, id, 'lamp-320w-0.webp', 'image/webp', 320, 240, 50 from asset
"""
DEPLOYMENT = """
with deployment as (
  insert into deployment (workspace_id, id, site_id, number, theme_id, theme_version, status, is_kept, byte_size,
                          source_digest, author, started_at, finished_at, live_at)
  select workspace_id, $3, id, 1, theme_id, theme_version, 'LIVE', true, 1000, repeat('0', 64), 'somebody',
         now() - interval '20 seconds', now(), now()
    from site where workspace_id = $1 and id = $2
  returning workspace_id, id, site_id),
server as (
  insert into site_server (workspace_id, deployment_id, status) select workspace_id, id, 'STOPPED' from deployment),
line as (
  insert into deployment_log_line (workspace_id, id, deployment_id, number, status, step, text)
  select workspace_id, gen_random_uuid(), id, n, 'BUILDING', 'BUILD', 'Line ' || n
    from deployment, generate_series(1, 3) n)
update site s set live_deployment_id = d.id, deployment_count = 1
  from deployment d where s.workspace_id = d.workspace_id and s.id = d.site_id
"""
# Looked at in a far future, so that no worker of another test takes it up.
DOMAIN = """
with domain as (
  insert into site_domain (workspace_id, id, site_id, name, token, status, proof, due_at, verified_at)
  values ($1, $2, $3, $4, 'vitrine-domain=' || $4, 'VERIFIED', 'DNS', timestamptz '2100-01-01', now())
  returning workspace_id, site_id, name)
insert into hostname (name, workspace_id, site_id) select name, workspace_id, site_id from domain
"""
# With all that the site wants, so that no host of another test does anything.
EDGE = """
insert into site_edge (workspace_id, site_id, names, uploaded_deployment_id, due_at)
select workspace_id, id, array[$3], live_deployment_id, timestamptz '2100-01-01' from site
 where workspace_id = $1 and id = $2
"""
SITE_DEPLOY = """
mutation ($id: ID!) { siteDeploy(id: $id) { deployment { id } userErrors { code message } } }
"""
ALL_SCOPES = [scope.replace(":", "_").upper() for scope in SCOPES]


@dataclass(frozen=True)
class FilledShop:
    """A shop, and the id of its newest object of each type: never one that the tests themselves call with."""

    shop: Shop
    ids: dict[str, UUID]

    def global_id(self, type_name: str) -> str:
        return global_id(type_name, self.ids[type_name])

    @property
    def global_ids(self) -> dict[str, str]:
        return {name: self.global_id(name) for name in self.ids}


async def filled_shop(graphql: GraphQL, shop: Shop) -> FilledShop:
    """Fills a shop. A new tenant table wants a row here, a new type an object."""
    asset_id = await _add_asset(shop)
    product = await shop.product(images=[{"assetId": global_id("Asset", asset_id)}])
    order = await shop.order(product["variants"]["nodes"][0]["id"], idempotency_key=new_id().hex)
    assert order["userErrors"] == [], order
    await add_member(shop.platform, shop.workspace_id, await make_user(shop.platform), Role.STAFF)
    await _done(shop, "invitationCreate", INVITE, {"email": f"{new_id().hex[-12:]}@example.com"})
    secret = (await _done(shop, "apiKeyCreate", API_KEY_CREATE, {"scopes": ALL_SCOPES}))["secret"]
    # By the new key, so that the audit log knows it as a caller.
    site = await _done(shop, "storefrontTokenCreate", STOREFRONT_TOKEN_CREATE, {}, token=secret)
    site_id = site["storefrontToken"]["id"]
    await _done(shop, "storefrontTokenOperationsRegister", OPERATIONS_REGISTER, {"id": site_id})
    await _add_site(shop, global_id("Asset", asset_id))
    await _add_webhook(shop)
    # By the site's own token, so that the poller is of a site.
    sites = await shop.admin("{ sites(first: 1) { nodes { storefrontToken } } }")
    (own,) = sites["data"]["sites"]["nodes"]
    await graphql("{ changes(first: 0) { latestCursor } }", storefront_token=own["storefrontToken"])
    await shop.sql(VISITED, shop.workspace_id, new_id())
    await shop.sql(SOLD, shop.workspace_id)
    await shop.platform.polls.flush(shop.platform.database)
    return FilledShop(shop, {name: await _newest(shop, name) for name in NODES})


async def _add_site(shop: Shop, asset: str) -> None:
    """A site with a second version of its config, a draft, a banner, a logo, and somebody with a role and a grant.

    All by a person, whom these rows then name.
    """
    owner = {"token": shop.owner_token, "workspace": shop.slug}
    theme_id = global_id("Theme", await starter_theme(shop.platform))
    given = {"name": "Site", "slug": f"site-{new_id().hex[-12:]}", "themeId": theme_id}
    site = (await _done(shop, "siteCreate", SITE_CREATE, {"input": given}, **owner))["site"]["id"]
    for name in ("Published", "Open"):
        new = {"siteId": site, "name": name, "changes": {"seo": {"title": name, "picture": {"assetId": asset}}}}
        draft = (await _done(shop, "storefrontDraftCreate", DRAFT_CREATE, {"input": new}, **owner))["storefrontDraft"]
        if name == "Published":
            await _done(shop, "storefrontDraftPublish", DRAFT_PUBLISH, {"id": draft["id"]}, **owner)
    new = {"siteId": site, "title": "Banner", "bannerType": "HERO", "assetId": asset}
    banner = (await _done(shop, "bannerCreate", BANNER_CREATE, {"input": new}, **owner))["banner"]["id"]
    await _done(shop, "bannerPublish", BANNER_PUBLISH, {"id": banner}, **owner)
    new = {"siteId": site, "name": "Logo", "logoType": "PRIMARY", "assetId": asset}
    logo = (await _done(shop, "logoCreate", LOGO_CREATE, {"input": new}, **owner))["logo"]["id"]
    await _done(shop, "logoPublish", LOGO_PUBLISH, {"id": logo}, **owner)
    for table in ("banner", "logo"):
        # A draft again, as mutations expect it that are tried with the newest of everything.
        await shop.sql(f"update {table} set status = 'DRAFT', revision = 1")
    person = {"siteId": site, "userId": global_id("User", shop.owner.id)}
    await _done(shop, "storefrontMemberSet", MEMBER_SET, {"input": person | {"role": "EDITOR"}}, **owner)
    await _done(shop, "storefrontGrantAdd", GRANT_ADD, {"input": person | {"section": "THEME"}}, **owner)
    await shop.sql(DEPLOYMENT, shop.workspace_id, uuid_in(site, "Site"), new_id())
    name = f"lamps-{new_id().hex[-12:]}.example"
    await system_sql(shop.platform, EDGE, shop.workspace_id, uuid_in(site, "Site"), name)
    await shop.sql(DOMAIN, shop.workspace_id, new_id(), uuid_in(site, "Site"), name)
    await shop.sql("update site set primary_name = $1 where id = $2", name, uuid_in(site, "Site"))


async def _add_asset(shop: Shop) -> UUID:
    """A picture with a smaller size, whose files nobody asks for."""
    asset_id = new_id()
    await shop.sql(ASSET, shop.workspace_id, asset_id, new_id(), shop.owner.id)
    return asset_id


async def uploaded_asset(filled: FilledShop) -> str:
    """The id of an asset that nothing uses and whose file was sent and not looked at yet."""
    content = b"%PDF-1.7 %%EOF"
    given = {"filename": "lamp.pdf", "mimeType": "application/pdf", "byteSize": len(content)}
    asset = (await _done(filled.shop, "assetUploadCreate", UPLOAD, {"input": given}))["asset"]
    asset_id = uuid_in(asset["id"], "Asset")
    assert asset_id
    key = upload_key(filled.shop.workspace_id, asset_id)
    await filled.shop.platform.storage.write(key, content, "application/pdf")
    return str(asset["id"])


async def _add_webhook(shop: Shop) -> None:
    """An endpoint with a delivery."""
    endpoint = (await _done(shop, "webhookEndpointCreate", WEBHOOK_CREATE, {}))["webhookEndpoint"]
    endpoint_id = uuid_in(endpoint["id"], "WebhookEndpoint")
    await system_sql(shop.platform, DELIVERED, shop.workspace_id, new_id(), endpoint_id, new_id(), new_id())


async def scheduled_draft(filled: FilledShop) -> str:
    """A new draft of the shop's newest site, scheduled, at revision 1."""
    site = filled.global_id("Site")
    given = {"siteId": site, "name": "Scheduled"}
    draft = (await _done(filled.shop, "storefrontDraftCreate", DRAFT_CREATE, {"input": given}))["storefrontDraft"]["id"]
    statement = "update storefront_draft set status = 'SCHEDULED', publish_at = '2100-01-01' where id = $1"
    await filled.shop.sql(statement, uuid_in(draft, "StorefrontDraft"))
    return str(draft)


async def queued_deployment(filled: FilledShop) -> str:
    """A new deployment of the shop's newest site, which waits."""
    given = {"id": filled.global_id("Site")}
    return str((await _done(filled.shop, "siteDeploy", SITE_DEPLOY, given))["deployment"]["id"])


async def failed_deployment(filled: FilledShop) -> str:
    """The same, which has failed."""
    deployment = await queued_deployment(filled)
    await filled.shop.sql("update deployment set status = 'FAILED' where id = $1", uuid_in(deployment, "Deployment"))
    return deployment


async def new_filled_shop(graphql: GraphQL, like: Shop) -> FilledShop:
    return await filled_shop(graphql, await make_shop(like.platform, graphql))


async def _done(shop: Shop, name: str, document: str, variables: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await shop.admin(document, variables, **options)
    payload: dict[str, Any] = (answer.get("data") or {}).get(name) or {}
    assert payload.get("userErrors") == [], answer
    return payload


async def _newest(shop: Shop, type_name: str) -> UUID:
    source = SOURCES[type_name]
    if source.workspace_column is None:
        return await starter_theme(shop.platform)
    where = f"t.{source.workspace_column} = $1 and {source.where or 'true'}".format(t="t")
    rows = await shop.sql(
        f"select t.id from {source.table} t where {where} order by t.id desc limit 1", shop.workspace_id
    )
    if not rows:
        pytest.fail(f"There is no {type_name} to try: make one in filled_shop of tests/tenancy/world.py.")
    found: UUID = rows[0]["id"]
    return found


async def key_with(shop: Shop, *scopes: str) -> str:
    """A new API key with these scopes and no others."""
    key_id, secret = new_id(), new_secret()
    async with shop.platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
        await connection.execute(
            "insert into api_key (workspace_id, id, name, secret_hash, scopes) values ($1, $2, 'some', $3, $4)",
            shop.workspace_id,
            key_id,
            hash_secret(secret),
            list(scopes),
        )
    return pack_token(API_KEY_PREFIX, shop.workspace_id, key_id, secret)
