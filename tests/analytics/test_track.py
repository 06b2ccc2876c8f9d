"""Taking visitor events, through GraphQL and as beacons."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.clock import now
from core.ids import uuid_in
from resolvers.visitor import SALT_DAYS
from tests.analytics.tracking import TRACK, ago, at, beacon, event, problems, stored, track
from tests.factories import Shop, make_site
from tests.people import system_sql

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
TOKEN_UPDATE = """
mutation ($id: ID!, $origins: [String!]) {
  storefrontTokenUpdate(id: $id, input: { revision: 1, allowedOrigins: $origins }) { userErrors { message } }
}
"""


async def allow_origins(shop: Shop, *origins: str) -> None:
    variables = {"id": f"StorefrontToken_{shop.storefront_token_id.hex}", "origins": list(origins)}
    answer = await shop.admin(TOKEN_UPDATE, variables)
    assert answer["data"]["storefrontTokenUpdate"]["userErrors"] == []


class TestVisitorEventsTrack:
    """`visitorEventsTrack`, and what is stored."""

    async def test_stores_what_was_said(self, shop: Shop) -> None:
        given = event(
            name="add_to_cart",
            url="https://shop.example/lamps/brass?utm_source=News&utm_medium=email&utm_campaign=Spring%20sale&x=1#top",
            title="Brass lamp",
            referrer="https://www.search.example/find?q=lamp",
            sequence=3,
            properties={"productId": "Product_1", "quantity": 2},
        )

        assert await track(shop, [given]) == {"acceptedCount": 1, "userErrors": []}

        (row,) = await stored(shop)
        assert row["id"] == UUID(given["id"])
        assert row["session_id"] == UUID(given["sessionId"])
        assert row["occurred_at"].isoformat() == given["occurredAt"]
        assert {
            name: row[name]
            for name in ("name", "host", "path", "title", "referrer", "source", "medium", "campaign", "sequence")
        } == {
            "name": "add_to_cart",
            "host": "shop.example",
            "path": "/lamps/brass",
            "title": "Brass lamp",
            "referrer": "www.search.example/find",
            "source": "news",
            "medium": "email",
            "campaign": "Spring sale",
            "sequence": 3,
        }
        assert row["properties"] == '{"quantity": 2, "productId": "Product_1"}'
        assert (row["device"], row["browser"], row["os"], row["is_bot"]) == ("desktop", "Firefox", "Linux", False)

    @pytest.mark.parametrize(
        ("given", "source"),
        [
            ({}, "direct"),
            ({"referrer": ""}, "direct"),
            ({"referrer": "https://www.search.example/x"}, "search.example"),
            ({"referrer": "https://shop.example/"}, "direct"),
            ({"url": "https://shop.example/?utm_source=Mail", "referrer": "https://search.example/"}, "mail"),
        ],
    )
    async def test_knows_the_source(self, shop: Shop, given: dict[str, Any], source: str) -> None:
        await track(shop, [event(**given)])

        assert [row["source"] for row in await stored(shop)] == [source]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("utm_source=a&utm_medium=B&utm_campaign=C", ("a", "b", "C")),
            ("x=1&utm_source=Spring+Sale%21&utm_source=other", ("spring sale!", "", "")),
            ("utm_source=&utm_source=second", ("second", "", "")),
            ("utm_source=%20&utm_medium=%00", ("direct", "", "")),
            ("utm_medium=" + "x" * 300, ("direct", "x" * 200, "")),
            ("xutm_source=a&utm_sources=b&utm_source", ("direct", "", "")),
            ("utm_source=%ff", ("\ufffd", "", "")),
        ],
    )
    async def test_knows_the_campaign(self, shop: Shop, query: str, expected: tuple[str, str, str]) -> None:
        await track(shop, [event(url=f"https://shop.example/?{query}#utm_source=fragment")])

        (row,) = await stored(shop)
        assert (row["source"], row["medium"], row["campaign"]) == expected

    async def test_takes_ids_that_are_no_uuids(self, shop: Shop) -> None:
        given = [at(now() - timedelta(minutes=n), id=f"event-{n}", sessionId="my session") for n in range(3)]

        assert (await track(shop, given + given))["acceptedCount"] == 6
        rows = await stored(shop)
        assert len({row["id"] for row in rows}) == len(rows) == 3
        assert len({row["session_id"] for row in rows}) == 1

    async def test_counts_an_event_once_however_often_it_is_sent(self, shop: Shop) -> None:
        given = [at(now() - timedelta(hours=n)) for n in range(5)]

        answers = [await track(shop, given[:3] + given[:1])]
        answers += await asyncio.gather(*(track(shop, given) for _ in range(5)))
        answers.append((await beacon(shop, given)).json())

        assert [answer["acceptedCount"] for answer in answers] == [4, *[5] * 6]
        assert len(await stored(shop)) == 5

    async def test_counts_a_late_event_once_too(self, shop: Shop) -> None:
        given = at(now() - timedelta(hours=30))
        await track(shop, [given])
        await shop.sql("delete from visitor_day_due")

        assert (await track(shop, [given]))["acceptedCount"] == 1

        assert len(await stored(shop)) == 1
        assert await shop.sql("select from visitor_day_due") == []

    async def test_keeps_each_workspaces_events_apart(self, shop: Shop, other_shop: Shop) -> None:
        given = event()

        await track(shop, [given])
        await track(other_shop, [given])

        (mine,), (theirs,) = await stored(shop), await stored(other_shop)
        assert mine["id"] == theirs["id"]
        assert mine["visitor_id"] != theirs["visitor_id"], "nobody is followed from shop to shop"

    async def test_refuses_events_one_by_one(self, shop: Shop) -> None:
        good, also_good = event(), event()
        bad: list[tuple[dict[str, Any], str, str]] = [
            (event(id=""), "id", "BLANK"),
            (event(id="x" * 65), "id", "TOO_LONG"),
            (event(sessionId=""), "sessionId", "BLANK"),
            (event(name=""), "name", "BLANK"),
            (event(name="Page View"), "name", "INVALID"),
            (event(occurredAt="yesterday"), "occurredAt", "INVALID"),
            (event(occurredAt="2026-01-31T12:00:00"), "occurredAt", "INVALID"),
            (event(occurredAt="0001-01-01T00:00:00+23:59"), "occurredAt", "OUT_OF_RANGE"),
            (event(occurredAt="9999-12-31T23:59:59-23:59"), "occurredAt", "OUT_OF_RANGE"),
            (event(occurredAt=ago(hours=72.1)), "occurredAt", "OUT_OF_RANGE"),
            (event(occurredAt=ago(minutes=-11)), "occurredAt", "OUT_OF_RANGE"),
            (event(url=""), "url", "BLANK"),
            (event(url="/lamps"), "url", "INVALID"),
            (event(url="javascript:alert(1)"), "url", "INVALID"),
            (event(url="https://shop.example/" + "x" * 2_048), "url", "TOO_LONG"),
            (event(url="https://shop.example/\0"), "url", "INVALID"),
            (event(title="\0"), "title", "INVALID"),
            (event(referrer="not an address"), "referrer", "INVALID"),
            (event(sequence=-1), "sequence", "OUT_OF_RANGE"),
            (event(properties={"a": "x" * 4_096}), "properties", "TOO_LONG"),
            (event(properties={str(n): n for n in range(51)}), "properties", "TOO_MANY"),
            (event(properties={"a": [0] * 50}), "properties", "TOO_MANY"),
            (event(properties={"a": {"b": {"c": {"d": {"e": 1}}}}}), "properties", "INVALID"),
            (event(properties={"a\0": 1}), "properties", "INVALID"),
            (event(properties={"a": ["\0"]}), "properties", "INVALID"),
            (event(properties=[1]), "properties", "INVALID"),
        ]

        payload = await track(shop, [good, *(each for each, _, _ in bad), also_good])

        assert payload["acceptedCount"] == 2
        assert problems(payload) == [
            (code, ["events", str(index), field]) for index, (_, field, code) in enumerate(bad, 1)
        ]
        assert all(error["message"].endswith(".") for error in payload["userErrors"])
        assert {str(row["id"]) for row in await stored(shop)} == {good["id"], also_good["id"]}

    async def test_takes_what_is_just_within_the_bounds(self, shop: Shop) -> None:
        given = [
            event(occurredAt=ago(hours=71.9)),
            event(occurredAt=ago(minutes=-9)),
            event(id="x" * 64, name="x" * 60, title="x" * 1_000, sequence=2**31 - 1),
            event(url="https://shop.example/" + "ü" * 2_000),
            event(properties={str(n): n for n in range(50)}),
            event(properties={"a": [0] * 49}),
            event(properties={"a": {"b": {"c": {"d": 1}}}}),
        ]

        assert (await track(shop, given))["acceptedCount"] == len(given)
        rows = await stored(shop)
        assert len(rows) == len(given)
        assert max(len(row["title"]) for row in rows) == 300
        assert max(len(row["path"]) for row in rows) == 500

    async def test_refuses_events_of_pages_that_are_not_the_storefronts(self, shop: Shop) -> None:
        await allow_origins(shop, "https://shop.example")
        given = [event(url="https://evil.example/"), event(), event(url="https://SHOP.example:443/x")]

        payload = await track(shop, given)

        assert payload["acceptedCount"] == 2
        assert problems(payload) == [("FOREIGN", ["events", "0", "url"])]

    async def test_refuses_more_than_a_hundred_at_once(self, shop: Shop) -> None:
        payload = await track(shop, [event() for _ in range(101)])

        assert payload["acceptedCount"] is None
        assert problems(payload) == [("TOO_MANY", ["events"])]
        assert await stored(shop) == []

    async def test_takes_none(self, shop: Shop) -> None:
        assert await track(shop, []) == {"acceptedCount": 0, "userErrors": []}

    async def test_costs_what_it_writes(self, shop: Shop) -> None:
        answer = await shop.graphql.response(
            TRACK, {"events": [event() for _ in range(37)]}, storefront_token=shop.storefront_token
        )

        assert answer.json()["extensions"]["cost"]["requested"] == 37

    async def test_notes_the_quarters_of_an_hour_that_are_to_be_counted(self, shop: Shop) -> None:
        noon = now().replace(hour=12, minute=0, second=0, microsecond=0)
        quarters = [noon - timedelta(days=2), noon - timedelta(days=1), noon - timedelta(days=1, minutes=-15)]
        given = [at(quarter + timedelta(minutes=minutes)) for quarter in quarters for minutes in (0, 7, 14.999)]

        await track(shop, given)
        await track(shop, given)

        rows = await shop.sql("select occurred_at from visitor_day_due order by occurred_at")
        assert [row["occurred_at"] for row in rows] == quarters, "what came again is no news"


class TestVisitors:
    """Who is the same visitor, and what is kept of them."""

    async def test_are_the_same_on_one_day_with_one_address_and_agent(self, shop: Shop) -> None:
        noon = now().replace(hour=12, minute=0) - timedelta(days=1)
        same = {"X-Forwarded-For": "203.0.113.7"}
        await track(shop, [at(noon), at(noon + timedelta(hours=1))], **same)
        await track(shop, [at(noon + timedelta(hours=2))], **same)
        await track(shop, [at(noon + timedelta(hours=3))], **{"X-Forwarded-For": "203.0.113.8"})
        await track(shop, [at(noon + timedelta(hours=4))], **same, **{"User-Agent": IPHONE})
        await track(shop, [at(noon - timedelta(days=1))], **same)

        day_before, *rest = [row["visitor_id"] for row in await stored(shop)]
        assert rest[0] == rest[1] == rest[2]
        assert len({day_before, *rest}) == 4

    async def test_change_at_the_workspaces_midnight(self, shop: Shop) -> None:
        await shop.sql("update workspace set time_zone = 'Asia/Kolkata'")
        # Midnight in Kolkata is 18:30 in UTC.
        midnight = now().replace(hour=18, minute=30, second=0, microsecond=0) - timedelta(days=1)
        minutes = (-2, -1, 0, 1)

        await track(shop, [at(midnight + timedelta(minutes=m)) for m in minutes])

        before, also_before, after, also_after = [row["visitor_id"] for row in await stored(shop)]
        assert before == also_before
        assert after == also_after
        assert before != after

    async def test_leave_no_address_behind(self, shop: Shop) -> None:
        await track(shop, [event()], **{"X-Forwarded-For": "203.0.113.77"})

        (row,) = await stored(shop)
        assert "203.0.113" not in str(row)
        assert "Gecko" not in str(row), "nor their user agent"

    async def test_are_not_counted_where_they_ask_for_it(self, shop: Shop) -> None:
        answers = [
            await track(shop, [event()], DNT="1"),
            await track(shop, [event()], **{"Sec-GPC": "1"}),
            (await beacon(shop, [event()], DNT="1")).json(),
        ]

        assert answers == [{"acceptedCount": 0, "userErrors": []}] * 3
        assert await stored(shop) == []

    @pytest.mark.parametrize("agent", [GOOGLEBOT, "curl/8.5.0", "HeadlessChrome/130.0", ""])
    async def test_are_told_from_bots(self, shop: Shop, agent: str) -> None:
        await track(shop, [event()], **{"User-Agent": agent})

        assert [row["is_bot"] for row in await stored(shop)] == [True]

    async def test_are_people_with_a_phone_by_cubot(self, shop: Shop) -> None:
        agent = (
            "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"
        )

        await track(shop, [event()], **{"User-Agent": agent})

        assert [row["is_bot"] for row in await stored(shop)] == [False]

    async def test_have_a_class_of_device(self, shop: Shop) -> None:
        await track(shop, [event()], **{"User-Agent": IPHONE})

        (row,) = await stored(shop)
        assert (row["device"], row["browser"], row["os"], row["is_bot"]) == ("mobile", "Mobile Safari", "iOS", False)

    async def test_have_salts_for_the_days_of_which_events_may_come(self, shop: Shop) -> None:
        await track(shop, [event(occurredAt=ago(hours=71.9)), event()])

        rows = await system_sql(shop.platform, "select day, salt from visitor_salt order by day")
        assert len({row["salt"] for row in rows}) == len(rows) >= 2
        assert min(row["day"] for row in rows) >= now().date() - timedelta(days=SALT_DAYS)


class TestBeacon:
    """`POST /track`."""

    async def test_answers_as_the_mutation_does(self, shop: Shop) -> None:
        good = event()
        given = [good, event(name="No"), "nothing", 7, None, event(sequence="3")]

        response = await beacon(shop, given)

        assert response.status_code == 200
        payload = response.json()
        assert payload["acceptedCount"] == 1
        assert problems(payload) == [
            ("INVALID", ["events", "1", "name"]),
            ("INVALID", ["events", "2"]),
            ("INVALID", ["events", "3"]),
            ("INVALID", ["events", "4"]),
            ("OUT_OF_RANGE", ["events", "5", "sequence"]),
        ]
        assert [str(row["id"]) for row in await stored(shop)] == [good["id"]]

    @pytest.mark.parametrize("field", ["id", "name", "sessionId", "occurredAt", "url"])
    @pytest.mark.parametrize("value", [None, 1, True, [], {}])
    async def test_refuses_values_of_any_other_kind(self, shop: Shop, field: str, value: Any) -> None:
        response = await beacon(shop, [event() | {field: value}])

        assert response.status_code == 200
        assert response.json()["userErrors"][0]["field"] == ["events", "0", field]
        assert await stored(shop) == []

    async def test_takes_the_token_from_body_or_header_too(self, shop: Shop) -> None:
        http, given = shop.graphql.http, [event()]
        answers = [
            await http.post("/track", json={"token": shop.storefront_token, "events": given}),
            await http.post("/track", json={"events": given}, headers={"X-Storefront-Token": shop.storefront_token}),
        ]

        assert [(answer.status_code, answer.json()["acceptedCount"]) for answer in answers] == [(200, 1)] * 2

    @pytest.mark.parametrize("token", ["", "nothing", "vs_nothing"])
    async def test_needs_a_storefront_token(self, shop: Shop, token: str) -> None:
        response = await beacon(shop, [event()], token=token)

        assert response.status_code == 401
        assert response.json()["userErrors"][0]["code"] == "UNAUTHENTICATED"
        assert await stored(shop) == []

    async def test_keeps_the_tokens_site(self, shop: Shop) -> None:
        site_id = uuid_in((await make_site(shop))["id"], "Site")
        (row,) = await shop.sql("select token from storefront_token where site_id = $1", site_id)

        await beacon(shop, [event()], token=row["token"])

        assert [each["site_id"] for each in await stored(shop)] == [site_id]

    async def test_takes_no_api_key(self, shop: Shop) -> None:
        assert (await beacon(shop, [event()], token=shop.api_key)).status_code == 401

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"events": {}}',
            b'{"events": null}',
            b"\xff",
            b'{"events": ["\\ud800"]}',
            b"[" * 100_000,
        ],
    )
    async def test_refuses_what_is_no_batch(self, shop: Shop, body: bytes) -> None:
        response = await shop.graphql.http.post(f"/track?token={shop.storefront_token}", content=body)

        assert response.status_code == 400
        assert response.json()["userErrors"][0]["code"] == "BAD_USER_INPUT"

    async def test_refuses_what_is_too_large_or_too_much(self, shop: Shop) -> None:
        large = await beacon(shop, [event(title="x" * 300_000)])
        many = await beacon(shop, [event() for _ in range(101)])

        assert (large.status_code, many.status_code) == (413, 400)
        assert problems(many.json()) == [("TOO_MANY", ["events"])]
        assert await stored(shop) == []

    async def test_lets_pages_send_without_asking_first(self, shop: Shop) -> None:
        response = await beacon(shop, [event()], Origin="https://shop.example")

        assert response.headers["access-control-allow-origin"] == "https://shop.example"
        assert response.headers["cache-control"] == "no-store"

    async def test_answers_who_asks_first(self, shop: Shop) -> None:
        response = await shop.graphql.http.options("/track", headers={"Origin": "https://shop.example"})

        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "*"
        assert "POST" in response.headers["access-control-allow-methods"]

    async def test_refuses_pages_that_are_not_the_storefronts(self, shop: Shop) -> None:
        await allow_origins(shop, "https://shop.example")

        response = await beacon(shop, [event()], Origin="https://evil.example")

        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
        assert await stored(shop) == []

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
    async def test_takes_events_by_post_only(self, shop: Shop, method: str) -> None:
        response = await shop.graphql.http.request(method, "/track")

        assert response.status_code == 405
        assert response.headers["allow"] == "OPTIONS, POST"
