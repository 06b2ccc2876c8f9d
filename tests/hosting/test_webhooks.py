"""A site is told of what it shows, wherever it is served."""

from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook

from core.ids import new_id
from tests.client import LiveServer
from tests.deployment.workshop import Workshop
from tests.factories import Shop
from tests.hosting.visitor import Visitor, hosting, live, server_status, visiting
from tests.people import becomes
from tests.webhook.world import dispatching

ENDPOINTS = "{ webhookEndpoints(first: 5) { nodes { id revision isActive url } } }"
DELETE = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { userErrors { code field } } }"
ROTATE = "mutation ($id: ID!) { webhookEndpointSecretRotate(id: $id) { userErrors { code field } } }"
UPDATE = """
mutation ($id: ID!, $input: WebhookEndpointUpdateInput!) {
  webhookEndpointUpdate(id: $id, input: $input) { userErrors { code field } }
}
"""

MOVE = """
mutation ($id: ID!, $slug: String!) {
  siteUpdate(id: $id, input: { revision: 1, slug: $slug }) { site { url } userErrors { code message } }
}
"""


async def hooks(visitor: Visitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await visitor.get("/hooks")).json()
    return found


async def told(visitor: Visitor) -> object:
    return [orjson.loads(hook["body"])["event_type"] for hook in await hooks(visitor)]


class TestSitesWebhooks:
    async def test_tell_it_of_what_shoppers_see_and_are_signed_with_its_secret(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor, dispatching(workshop.platform):
            await live(site)
            product = await shop.product()
            await shop.order(product["variants"]["nodes"][0]["id"])
            await shop.product()

            await becomes(["product.created", "product.created"], lambda: told(visitor), 20)
            secret = (await visitor.sees())["secret"]
            for hook in await hooks(visitor):
                Webhook(secret).verify(hook["body"], hook["headers"])

    async def test_go_to_the_deployment_that_is_live(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor, dispatching(workshop.platform):
            await live(site)
            pid = (await visitor.sees())["pid"]
            await live(site)
            await becomes(True, lambda: _is_another(visitor, pid), 10)
            await shop.product()

            await becomes(["product.created"], lambda: told(visitor), 20)
        assert len(await shop.sql("select from webhook_endpoint")) == 1

    async def test_start_a_site_that_rests(self, workshop: Workshop, shop: Shop) -> None:
        sleepy = workshop.with_settings(site_idle_seconds=1.0)
        site = await sleepy.site(shop)
        async with hosting(sleepy), dispatching(workshop.platform):
            await live(site)
            await becomes("STOPPED", lambda: server_status(site), 20)
            await shop.product()

            await becomes("RUNNING", lambda: server_status(site), 20)
        (attempt,) = await shop.sql("select error from webhook_attempt")
        assert attempt["error"].startswith("The site was not running")

    async def test_belong_to_the_site(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop):
            await live(site)
        (endpoint,) = (await shop.admin(ENDPOINTS))["data"]["webhookEndpoints"]["nodes"]
        assert endpoint["url"] == f"{site.site['url']}/api/sync/webhook"
        given = {"id": endpoint["id"], "input": {"revision": endpoint["revision"], "url": "https://elsewhere.example/"}}

        for document, variables in ((DELETE, endpoint), (ROTATE, endpoint), (UPDATE, given)):
            answer = await shop.admin(document, {name: variables[name] for name in variables if f"${name}" in document})
            (payload,) = answer["data"].values()
            assert payload["userErrors"] == [{"code": "INVALID", "field": ["id"]}], document
        off = {"id": endpoint["id"], "input": {"revision": endpoint["revision"], "isActive": False}}
        assert (await shop.admin(UPDATE, off))["data"]["webhookEndpointUpdate"]["userErrors"] == []

        # Whatever names the site's address follows its slug.
        await shop.sql(
            "update storefront_token set allowed_origins = $2 where site_id = $1",
            site.row_id,
            [site.site["url"], "https://shop.example"],
        )
        slug = f"moved-{new_id().hex[-12:]}"
        await shop.admin(MOVE, {"id": site.id, "slug": slug})

        url = shop.platform.settings.site_url(slug)
        (endpoint,) = (await shop.admin(ENDPOINTS))["data"]["webhookEndpoints"]["nodes"]
        assert endpoint["url"] == f"{url}/api/sync/webhook"
        (token,) = await shop.sql("select allowed_origins from storefront_token where site_id = $1", site.row_id)
        assert token["allowed_origins"] == [url, "https://shop.example"]


async def _is_another(visitor: Visitor, pid: int) -> object:
    return (await visitor.sees())["pid"] != pid
