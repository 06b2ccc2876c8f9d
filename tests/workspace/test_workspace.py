"""Making a workspace and changing its settings."""

import asyncio
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest

from core.access import Role
from core.ids import new_id, uuid_in
from core.money import digits
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop, add_member
from tests.people import audit_actions, codes, error_codes, system_sql

WORKSPACE_CREATE = """
mutation ($input: WorkspaceCreateInput!) {
  workspaceCreate(input: $input) {
    workspace { id slug name currencyCode revision } userErrors { code field message }
  }
}
"""
WORKSPACE_UPDATE = """
mutation ($input: WorkspaceUpdateInput!) {
  workspaceUpdate(input: $input) {
    workspace { slug name currencyCode revision } userErrors { code field message }
  }
}
"""


async def create(graphql: GraphQL, person: Person, key: str | None = None, **given: Any) -> dict[str, Any]:
    given = {"name": "North Lamps", "currencyCode": "EUR"} | given
    return await graphql(WORKSPACE_CREATE, {"input": given}, token=person.token, idempotency_key=key)


async def update(shop: Shop, revision: int = 1, **given: Any) -> dict[str, Any]:
    answer = await shop.admin(WORKSPACE_UPDATE, {"input": {"revision": revision} | given})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["workspaceUpdate"]
    return payload


async def workspaces_of(platform: Platform, person: Person) -> int:
    (row,) = await system_sql(platform, "select count(*) from membership where user_id = $1", person.id)
    return int(row[0])


async def settings_of(shop: Shop) -> tuple[Any, ...]:
    """What an update changes, and how many events and audit entries there are."""
    (row,) = await shop.sql(
        "select slug, name, currency_code, revision, (select count(*) from sync_event), "
        "(select count(*) from audit_entry) from workspace"
    )
    return tuple(row)


async def prices(shop: Shop) -> list[tuple[int, str]]:
    rows = await shop.sql("select price_amount, currency_code from product_variant order by id")
    return [tuple(row) for row in rows]


class TestWorkspaceCreate:
    """`workspaceCreate`."""

    async def test_makes_the_caller_its_owner(self, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()
        slug = f"north-{new_id().hex[-12:]}"

        answer = await create(graphql, person, slug=slug, name=" North Lamps ", currencyCode="XAF")

        payload = answer["data"]["workspaceCreate"]
        assert payload["workspace"].pop("id")
        assert payload == {
            "workspace": {"slug": slug, "name": "North Lamps", "currencyCode": "XAF", "revision": 1},
            "userErrors": [],
        }
        document = """{
          workspace { slug }
          memberships { nodes { role user { email } } }
          auditEntries { nodes { action entityType callerLabel changes } }
        }"""
        seen = await graphql(document, token=person.token, workspace=slug)
        assert seen["data"] == {
            "workspace": {"slug": slug},
            "memberships": {"nodes": [{"role": "OWNER", "user": {"email": person.email}}]},
            "auditEntries": {
                "nodes": [
                    {
                        "action": "workspaceCreate",
                        "entityType": "Workspace",
                        "callerLabel": person.email,
                        "changes": {"name": "North Lamps", "slug": slug, "currency_code": "XAF", "time_zone": "UTC"},
                    }
                ]
            },
        }

    async def test_refuses_a_time_zone_that_postgresql_does_not_know(
        self, graphql: GraphQL, new_user: Any, new_zone: str
    ) -> None:
        answer = await create(graphql, await new_user(), timeZone=new_zone)

        payload = answer["data"]["workspaceCreate"]
        assert payload["workspace"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
            ("INVALID", ["input", "timeZone"])
        ]

    async def test_sells_at_once(self, graphql: GraphQL, new_user: Any) -> None:
        """The counter that numbers events and orders is there."""
        person: Person = await new_user()
        slug = (await create(graphql, person))["data"]["workspaceCreate"]["workspace"]["slug"]
        document = """
        mutation ($input: WorkspaceUpdateInput!) {
          workspaceUpdate(input: $input) { workspace { name } userErrors { code } }
        }
        """

        answer = await graphql(document, {"input": {"revision": 1, "name": "N"}}, token=person.token, workspace=slug)

        assert answer["data"]["workspaceUpdate"] == {"workspace": {"name": "N"}, "userErrors": []}

    async def test_makes_a_free_slug_of_the_name(self, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()
        name = f"Ünd {new_id().hex[-12:]}"

        slugs = [
            (await create(graphql, person, name=name))["data"]["workspaceCreate"]["workspace"]["slug"] for _ in range(3)
        ]

        base = name.lower().replace("ü", "u").replace(" ", "-")
        assert slugs == [base, f"{base}-2", f"{base}-3"]

    async def test_makes_a_slug_for_each_of_many_at_once(self, graphql: GraphQL, new_user: Any) -> None:
        people = [await new_user() for _ in range(6)]
        name = f"Rush {new_id().hex[-12:]}"

        answers = await asyncio.gather(*(create(graphql, person, name=name) for person in people))

        payloads = [answer["data"]["workspaceCreate"] for answer in answers]
        assert [codes(payload) for payload in payloads] == [[]] * 6
        assert len({payload["workspace"]["slug"] for payload in payloads}) == 6

    async def test_makes_a_slug_where_the_name_gives_none(self, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()

        payload = (await create(graphql, person, name="灯"))["data"]["workspaceCreate"]

        assert payload["workspace"]["slug"].startswith("shop")
        assert payload["workspace"]["name"] == "灯"

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"name": " "}, [("BLANK", ["input", "name"])]),
            ({"name": "x" * 201}, [("TOO_LONG", ["input", "name"])]),
            ({"slug": "North Lamps"}, [("INVALID", ["input", "slug"])]),
            ({"slug": "x" * 61}, [("TOO_LONG", ["input", "slug"])]),
            ({"slug": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}, [("INVALID", ["input", "slug"])]),
        ],
    )
    async def test_refuses_what_is_wrong(
        self, graphql: GraphQL, platform: Platform, new_user: Any, given: dict[str, Any], expected: list[Any]
    ) -> None:
        person: Person = await new_user()

        payload = (await create(graphql, person, **given))["data"]["workspaceCreate"]

        assert (payload["workspace"], codes(payload)) == (None, expected)
        assert await workspaces_of(platform, person) == 0

    async def test_refuses_a_taken_slug(self, graphql: GraphQL, platform: Platform, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()

        payload = (await create(graphql, person, slug=shop.slug))["data"]["workspaceCreate"]

        assert (payload["workspace"], codes(payload)) == (None, [("TAKEN", ["input", "slug"])])
        assert await workspaces_of(platform, person) == 0

    async def test_needs_a_user(self, graphql: GraphQL, shop: Shop) -> None:
        given = {"input": {"name": "North Lamps", "currencyCode": "EUR"}}

        assert error_codes(await graphql(WORKSPACE_CREATE, given)) == ["UNAUTHENTICATED"]
        assert error_codes(await shop.admin(WORKSPACE_CREATE, given)) == ["FORBIDDEN"]
        assert error_codes(await shop.shopper(WORKSPACE_CREATE, given)) == ["FORBIDDEN"]

    async def test_makes_one_for_one_key(self, graphql: GraphQL, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()

        answers = await asyncio.gather(*(create(graphql, person, key="once") for _ in range(6)))

        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["data"]["workspaceCreate"]["userErrors"] == []
        assert await workspaces_of(platform, person) == 1

    async def test_refuses_the_key_for_another_request(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        await create(graphql, person, key="once")

        assert error_codes(await create(graphql, person, key="once", name="South Lamps")) == ["CONFLICT"]
        assert await workspaces_of(platform, person) == 1

    async def test_refuses_a_key_that_is_forgotten(self, graphql: GraphQL, platform: Platform, new_user: Any) -> None:
        """The workspace is made of the key, so the key is good once, however long ago."""
        person: Person = await new_user()
        made = (await create(graphql, person, key="once"))["data"]["workspaceCreate"]["workspace"]
        workspace_id = uuid_in(made["id"], "Workspace")
        await system_sql(platform, "delete from idempotency_key where workspace_id = $1", workspace_id)

        assert error_codes(await create(graphql, person, key="once")) == ["CONFLICT"]
        assert await workspaces_of(platform, person) == 1

    async def test_tells_people_with_the_same_key_apart(self, graphql: GraphQL, new_user: Any) -> None:
        ids = {
            (await create(graphql, await new_user(), key="once"))["data"]["workspaceCreate"]["workspace"]["id"]
            for _ in range(2)
        }

        assert len(ids) == 2


class TestWorkspaceUpdate:
    """`workspaceUpdate`."""

    async def test_changes_what_is_named(self, shop: Shop) -> None:
        slug = f"{shop.slug}-moved"

        payload = await update(shop, slug=slug)

        assert payload["workspace"] == {"slug": slug, "name": "Lamps & Co", "currencyCode": "EUR", "revision": 2}
        (event,) = await shop.sql("select type, entity_type, entity_id, sequence from sync_event")
        assert tuple(event) == ("workspace.settings_updated", "Workspace", shop.workspace_id, 1)
        assert await audit_actions(shop) == ["workspaceUpdate"]
        payload = await update(shop, 2, name="South Lamps")
        assert payload["workspace"] == {"slug": slug, "name": "South Lamps", "currencyCode": "EUR", "revision": 3}

    async def test_refuses_a_stale_revision(self, shop: Shop) -> None:
        await update(shop, name="South Lamps")
        before = await settings_of(shop)

        payload = await update(shop, name="East Lamps")

        assert (payload["workspace"], codes(payload)) == (None, [("CONFLICT", ["input", "revision"])])
        assert await settings_of(shop) == before

    async def test_lets_one_of_two_editors_win(self, shop: Shop) -> None:
        answers = await asyncio.gather(*(update(shop, name=f"Lamps {number}") for number in range(5)))

        assert sorted(str(codes(answer)) for answer in answers) == [str([("CONFLICT", ["input", "revision"])])] * 4 + [
            "[]"
        ]
        assert (await settings_of(shop))[3:] == (2, 1, 1)

    async def test_refuses_a_taken_slug(self, shop: Shop, other_shop: Shop) -> None:
        before = await settings_of(shop)

        payload = await update(shop, slug=other_shop.slug, name="South Lamps")

        assert (payload["workspace"], codes(payload)) == (None, [("TAKEN", ["input", "slug"])])
        assert await settings_of(shop) == before

    async def test_needs_the_scope(self, graphql: GraphQL, platform: Platform, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        await add_member(platform, shop.workspace_id, person, Role.STAFF)
        before = await settings_of(shop)
        given = {"input": {"revision": 1, "name": "Mine"}}

        answer = await graphql(WORKSPACE_UPDATE, given, token=person.token, workspace=shop.slug)

        assert error_codes(answer) == ["FORBIDDEN"]
        assert error_codes(await shop.shopper(WORKSPACE_UPDATE, given)) == ["FORBIDDEN"]
        assert await settings_of(shop) == before

    async def test_writes_prices_in_the_new_currency(self, shop: Shop) -> None:
        first = await shop.product(price="12.50")
        await shop.product(price="3.49")
        kept = await shop.product(price="13.50")
        await shop.admin(f'mutation {{ productDelete(id: "{kept["id"]}") {{ deletedProductId }} }}')

        payload = await update(shop, currencyCode="JPY")

        assert payload["workspace"]["currencyCode"] == "JPY"
        assert await prices(shop) == [(12, "JPY"), (3, "JPY"), (14, "JPY")]
        document = """query ($id: ID!) { product(id: $id) {
          priceRange { minVariantPrice { amount currencyCode } maxVariantPrice { amount currencyCode } }
          variants { nodes { price { amount currencyCode } } }
        } }"""
        price = {"amount": "12", "currencyCode": "JPY"}
        assert (await shop.admin(document, {"id": first["id"]}))["data"]["product"] == {
            "priceRange": {"minVariantPrice": price, "maxVariantPrice": price},
            "variants": {"nodes": [{"price": price}]},
        }

    @pytest.mark.parametrize(("old", "new"), [("EUR", "JPY"), ("JPY", "EUR"), ("TND", "XAF"), ("TND", "EUR")])
    async def test_rounds_as_money_does(self, new_shop: Any, old: str, new: str) -> None:
        shop: Shop = await new_shop(currency_code=old)
        amounts = [*range(26), 49, 50, 51, 149, 150, 151, 249, 250, 251, 499, 500, 501, 1499, 1500, 2500, 999_999_950]
        product_id = new_id()
        await shop.sql(
            "insert into product (workspace_id, id, title, slug, status, currency_code, min_price_amount, "
            "max_price_amount) values ($1, $2, 'Lamp', 'lamp', 'DRAFT', $3, $4, $5)",
            shop.workspace_id,
            product_id,
            old,
            min(amounts),
            max(amounts),
        )
        await shop.sql(
            "insert into product_variant (workspace_id, id, product_id, sku, title, price_amount, currency_code, "
            "position) select $1, i, $3, n::text, '', a, $5, n "
            "from unnest($2::uuid[], $4::bigint[]) with ordinality v(i, a, n)",
            shop.workspace_id,
            [new_id() for _ in amounts],
            product_id,
            amounts,
            old,
        )

        assert codes(await update(shop, currencyCode=new)) == []

        rows = await shop.sql("select price_amount from product_variant order by position")
        assert [row[0] for row in rows] == [rescaled(amount, old, new) for amount in amounts]

    async def test_refuses_prices_that_would_be_absurd(self, new_shop: Any) -> None:
        shop: Shop = await new_shop(currency_code="JPY")
        await shop.product(price="9000000000000")
        before = (await settings_of(shop), await prices(shop))

        payload = await update(shop, currencyCode="EUR")

        assert (payload["workspace"], codes(payload)) == (None, [("OUT_OF_RANGE", ["input", "currencyCode"])])
        assert (await settings_of(shop), await prices(shop)) == before

    async def test_refuses_another_currency_after_the_first_order(self, shop: Shop) -> None:
        await shop.order(await shop.variant())
        before = (await settings_of(shop), await prices(shop))

        payload = await update(shop, currencyCode="JPY", name="South Lamps")

        assert (payload["workspace"], codes(payload)) == (None, [("CURRENCY_FIXED", ["input", "currencyCode"])])
        assert (await settings_of(shop), await prices(shop)) == before
        assert codes(await update(shop, currencyCode="EUR", name="South Lamps")) == []

    async def test_never_mixes_currencies_with_orders_at_the_same_moment(self, new_shop: Any) -> None:
        for _ in range(5):
            shop: Shop = await new_shop()
            variants = [await shop.variant() for _ in range(3)]

            changed, *placed = await asyncio.gather(
                update(shop, currencyCode="JPY", slug=f"{shop.slug}-x"),
                *(shop.order(variant) for variant in variants * 4),
            )

            assert [codes(payload) for payload in placed] == [[]] * 12
            (row,) = await shop.sql(
                "select currency_code, array(select distinct currency_code from sales_order), "
                "array(select distinct currency_code from product_variant) from workspace"
            )
            assert row[1] == row[2] == [row[0]]
            fixed = [("CURRENCY_FIXED", ["input", "currencyCode"])]
            assert codes(changed) == ([] if row[0] == "JPY" else fixed)

    async def test_changes_its_slug_while_orders_are_placed(self, shop: Shop) -> None:
        """Both need the workspace and the counter; neither may wait for the other in a circle."""
        variant = await shop.variant(quantity=1000)
        done = asyncio.Event()

        async def shopper() -> None:
            while not done.is_set():
                assert codes(await shop.order(variant)) == []

        async def editor() -> None:
            for revision in range(1, 21):
                assert codes(await update(shop, revision, slug=f"{shop.slug}-{revision}")) == []
            done.set()

        await asyncio.gather(editor(), *(shopper() for _ in range(4)))


def rescaled(minor: int, old: str, new: str) -> int:
    """The same figure in the other currency's minor units, halves to the even digit."""
    return int(Decimal(minor).scaleb(digits(new) - digits(old)).quantize(Decimal(1), ROUND_HALF_EVEN))
