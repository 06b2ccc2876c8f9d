"""Links: who gets one, and for how long it is good."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from core.access import Role
from core.clock import now
from core.ids import global_id, new_id, uuid_in
from resolvers.context import Platform
from resolvers.export import TABLES
from tests.export.exporting import EXPORT_CREATE, created, download, link
from tests.factories import Shop, add_member, make_site
from tests.people import system_sql
from tests.tenancy.world import key_with

EXPIRED = "This link has expired: make a new one with exportCreate.\n"
NOTHING = "There is no export here: make a link with exportCreate.\n"
LOST = "Whoever made this link is signed out or may not read this any more.\n"
# Beside tests that end all exports.
pytestmark = pytest.mark.xdist_group("exports")


def signed(platform: Platform, **changes: Any) -> str:
    """A ticket as ours, but for what is changed; what is None is left out."""
    claims = {
        "aud": "vitrine export",
        "exp": now() + timedelta(minutes=1),
        "w": new_id().hex,
        "k": "API_KEY",
        "c": new_id().hex,
        "u": None,
        "t": "ORDERS",
        "b": None,
        "e": None,
        "s": None,
        "f": "orders.csv",
    }
    claims |= changes
    key = platform.settings.secret_key.get_secret_value()
    return jwt.encode({name: value for name, value in claims.items() if value is not ...}, key, "HS256")


class TestExportCreate:
    """`exportCreate`."""

    async def test_gives_a_link_for_a_quarter_of_an_hour(self, shop: Shop) -> None:
        before = now()
        answer = await created(shop, "VISITOR_DAYS", range={"from": "2026-01-01", "to": "2026-01-31"})
        export = answer["data"]["exportCreate"]["export"]

        expires_in = datetime.fromisoformat(export["expiresAt"]) - before
        assert timedelta(minutes=15) <= expires_in < timedelta(minutes=16)
        assert export["filename"] == f"{shop.slug}-visitor-days-2026-01-01-to-2026-01-31.csv"
        assert export["url"].startswith(shop.platform.settings.base_url + "/exports/")
        assert export["url"].endswith("/" + export["filename"])

    async def test_names_today_where_there_is_no_range(self, shop: Shop) -> None:
        days = {str(datetime.now(UTC).date())}
        path = await link(shop, "PRODUCTS")
        days.add(str(datetime.now(UTC).date()))

        assert path.rpartition("/")[2] in {f"{shop.slug}-products-{day}.csv" for day in days}

    async def test_is_in_the_audit_log(self, shop: Shop) -> None:
        site = (await make_site(shop))["id"]
        await link(shop, "VISITOR_EVENTS", siteId=site, range={"from": "2026-01-01", "to": "2026-01-31"})

        (entry,) = (await shop.admin("{ auditEntries(first: 1) { nodes { action callerId changes } } }"))["data"][
            "auditEntries"
        ]["nodes"]

        assert entry["action"] == "exportCreate"
        assert entry["callerId"] == global_id("ApiKey", shop.api_key_id)
        assert entry["changes"] == {
            "table": "VISITOR_EVENTS",
            "from": "2026-01-01",
            "to": "2026-01-31",
            "siteId": str(uuid_in(site, "Site")),
        }

    async def test_gives_the_same_link_for_the_same_key(self, shop: Shop) -> None:
        options = {"idempotency_key": new_id().hex}

        first, second = [await link(shop, "ORDERS", options=options) for _ in range(2)]

        assert first == second
        assert len(await shop.sql("select from audit_entry where action = 'exportCreate'")) == 1

    @pytest.mark.parametrize("table", TABLES)
    async def test_needs_the_scope_of_the_table(self, shop: Shop, table: str) -> None:
        needed = TABLES[table].scope
        others = {each.scope for each in TABLES.values()} - {needed}

        alone = await created(shop, table, options={"token": await key_with(shop, needed)})
        without = await created(shop, table, options={"token": await key_with(shop, *others)})

        assert alone["data"]["exportCreate"]["userErrors"] == []
        assert without["data"] == {"exportCreate": None}
        (error,) = without["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN", "scope": needed}

    @pytest.mark.parametrize(("token", "code"), [("storefront", "FORBIDDEN"), ("none", "UNAUTHENTICATED")])
    async def test_is_not_for_shoppers(self, shop: Shop, token: str, code: str) -> None:
        credentials = {"storefront_token": shop.storefront_token} if token == "storefront" else {}
        answer = await shop.graphql(EXPORT_CREATE, {"input": {"table": "PRODUCTS"}}, **credentials)

        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
        assert await shop.sql("select from audit_entry where action = 'exportCreate'") == []

    @pytest.mark.parametrize(
        ("table", "given", "code", "field"),
        [
            ("PRODUCTS", {"range": {"days": 7}}, "INVALID", ["input", "range"]),
            ("PRODUCT_VARIANTS", {"range": {"days": 7}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {"days": 0}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {"days": 10_000}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {"days": 7, "from": "2026-01-01"}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {"from": "2026-01-01"}}, "INVALID", ["input", "range"]),
            ("ORDERS", {"range": {"from": "2026-01-02", "to": "2026-01-01"}}, "INVALID", ["input", "range"]),
            ("VISITOR_EVENTS", {"siteId": "nonsense"}, "NOT_FOUND", ["input", "siteId"]),
            ("VISITOR_EVENTS", {"siteId": global_id("Site", new_id())}, "NOT_FOUND", ["input", "siteId"]),
        ],
    )
    async def test_refuses(self, shop: Shop, table: str, given: dict[str, Any], code: str, field: list[str]) -> None:
        payload = (await created(shop, table, **given))["data"]["exportCreate"]

        assert payload["export"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]
        assert await shop.sql("select from audit_entry where action = 'exportCreate'") == []

    async def test_refuses_a_site_where_rows_are_of_none(self, shop: Shop) -> None:
        site = (await make_site(shop))["id"]

        payload = (await created(shop, "ORDERS", siteId=site))["data"]["exportCreate"]

        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
            ("INVALID", ["input", "siteId"])
        ]

    async def test_refuses_another_workspaces_site(self, shop: Shop, other_shop: Shop) -> None:
        site = (await make_site(other_shop))["id"]

        payload = (await created(shop, "VISITOR_EVENTS", siteId=site))["data"]["exportCreate"]

        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]


class TestLink:
    """What a link opens."""

    async def test_opens_more_than_once(self, shop: Shop) -> None:
        path = await link(shop, "PRODUCTS")

        assert [(await download(shop, path)).status_code for _ in range(2)] == [200, 200]

    async def test_opens_nothing_where_it_was_changed(self, shop: Shop, platform: Platform) -> None:
        await shop.product()
        path = await link(shop, "PRODUCTS")
        token, filename = path.removeprefix("/exports/").split("/")
        head, body, signature = token.split(".")
        other = signed(platform).split(".")[1]
        for changed in (
            f"{head}.{body}.{signature[:-4]}/{filename}",
            f"{head}.{body}/{filename}",
            f"{head}.{other}.{signature}/{filename}",
            f"nonsense/{filename}",
            f"{jwt.encode({'t': 'PRODUCTS'}, 'x' * 32, 'HS256')}/{filename}",
            f"{jwt.encode({'t': 'PRODUCTS'}, '', 'none')}/{filename}",
            f"💡/{filename}",
        ):
            answer = await download(shop, f"/exports/{changed}")

            assert (answer.status_code, answer.text) == (404, NOTHING), changed
            assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("filename", ["", "other.csv", "x", "..%2f..%2fetc"])
    async def test_opens_nothing_by_another_name(self, shop: Shop, filename: str) -> None:
        token = (await link(shop, "PRODUCTS")).split("/")[2]

        answer = await download(shop, f"/exports/{token}/{filename}")

        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "vitrine upload"},
            {"aud": ...},
            {"exp": ...},
            {"w": "nonsense"},
            {"w": 7},
            {"k": "NOBODY"},
            {"c": None},
            {"b": "yesterday"},
            {"s": "x"},
            {"b": ...},
        ],
        ids=str,
    )
    async def test_opens_nothing_where_it_is_none(self, shop: Shop, platform: Platform, changes: Any) -> None:
        answer = await download(shop, f"/exports/{signed(platform, **changes)}/orders.csv")

        assert (answer.status_code, answer.text) == (404, NOTHING)

    async def test_opens_nothing_for_a_ticket_of_uploads_or_previews(self, shop: Shop, platform: Platform) -> None:
        """And an access token is no ticket either: all are signed with the same key."""
        answer = await download(shop, f"/exports/{shop.owner_token}/orders.csv")

        assert (answer.status_code, answer.text) == (404, NOTHING)

    async def test_expires(self, shop: Shop, platform: Platform) -> None:
        ticket = signed(platform, exp=now() - timedelta(seconds=1))

        answer = await download(shop, f"/exports/{ticket}/orders.csv")

        assert (answer.status_code, answer.text) == (403, EXPIRED)

    async def test_opens_nothing_in_another_workspace(self, shop: Shop, other_shop: Shop, platform: Platform) -> None:
        """Its maker is looked for where the rows are read."""
        await other_shop.product()
        ticket = signed(platform, w=other_shop.workspace_id.hex, c=shop.api_key_id.hex, t="PRODUCTS")

        answer = await download(shop, f"/exports/{ticket}/orders.csv")

        assert (answer.status_code, answer.text) == (403, LOST)


async def revoke_key(shop: Shop) -> None:
    await shop.sql("update api_key set revoked_at = now() where id = $1", shop.api_key_id)


async def expire_key(shop: Shop) -> None:
    await shop.sql("update api_key set expires_at = now() where id = $1", shop.api_key_id)


async def take_scope(shop: Shop) -> None:
    await shop.sql("update api_key set scopes = array['products:read'] where id = $1", shop.api_key_id)


async def sign_out(shop: Shop) -> None:
    await shop.graphql("mutation { signOut { signedOut userErrors { message } } }", token=shop.owner_token)
    await system_sql(
        shop.platform, "update user_session set revoked_at = now() where id = $1 returning id", shop.owner.session_id
    )


async def leave(shop: Shop) -> None:
    await shop.sql("delete from membership where user_id = $1", shop.owner.id)


class TestLosingTheRight:
    """Links of somebody who may no longer read what they lead to."""

    @pytest.mark.parametrize("lose", [revoke_key, expire_key, take_scope])
    async def test_ends_those_of_a_key(self, shop: Shop, lose: Callable[[Shop], Any]) -> None:
        path = await link(shop, "ORDERS")
        assert (await download(shop, path)).status_code == 200

        await lose(shop)
        answer = await download(shop, path)

        assert (answer.status_code, answer.text) == (403, LOST)

    @pytest.mark.parametrize("lose", [sign_out, leave])
    async def test_ends_those_of_a_person(self, shop: Shop, lose: Callable[[Shop], Any]) -> None:
        path = await link(shop, "ORDERS", options={"token": shop.owner_token, "workspace": shop.slug})
        assert (await download(shop, path)).status_code == 200

        await lose(shop)
        answer = await download(shop, path)

        assert (answer.status_code, answer.text) == (403, LOST)

    async def test_leaves_what_the_maker_still_may_read(self, shop: Shop, new_user: Any) -> None:
        viewer = await new_user()
        await add_member(shop.platform, shop.workspace_id, viewer, Role.VIEWER)
        path = await link(shop, "ORDERS", options={"token": viewer.token, "workspace": shop.slug})

        await revoke_key(shop)
        await leave(shop)

        assert (await download(shop, path)).status_code == 200
