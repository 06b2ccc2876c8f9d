"""Making, publishing and restoring logos, and which of them is shown."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.ids import global_id, new_id
from tests.banner.api import new_asset
from tests.factories import Shop, make_site
from tests.logo.api import ACTIVE, ARCHIVE, CREATE, DELETE, PUBLISH, RESTORE, UPDATE, Sign
from tests.people import audit_actions, codes

PAST, RECENTLY, LATER = "2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
DISPLAY = {"maxWidth": 200, "maxHeight": None, "alignment": "CENTER", "linkUrl": "/"}


class TestLogo:
    """The mutations of logos. What they share with banners is tried there."""

    async def test_goes_from_a_draft_to_shoppers_and_away(self, sign: Sign) -> None:
        asset, tablet = await new_asset(sign.shop), await new_asset(sign.shop)
        more = {"responsiveSettings": {"tabletAssetId": tablet, "hiddenOn": ["MOBILE"]}, "displaySettings": DISPLAY}
        logo = await sign.logo("Lamp", assetId=asset, endAt=LATER, **more)

        assert logo == {
            "id": logo["id"],
            "name": "Lamp",
            "logoType": "PRIMARY",
            "status": "DRAFT",
            "isActive": False,
            "revision": 1,
            "startAt": None,
            "endAt": LATER,
            "author": "tests",
            "editor": "tests",
            "asset": {"id": asset, "url": logo["asset"]["url"]},
            "responsiveSettings": {"tabletAsset": {"id": tablet}, "mobileAsset": None, "hiddenOn": ["MOBILE"]},
            "displaySettings": DISPLAY,
        }
        assert await sign.active() == {}
        shown = await sign.change(PUBLISH, logo)
        assert shown == logo | {"status": "PUBLISHED", "isActive": True, "revision": 2}
        assert await sign.active() == {"PRIMARY": "Lamp"}
        archived = await sign.change(ARCHIVE, shown)
        assert await sign.active() == {}
        await sign.change(PUBLISH, archived)
        await sign.done(DELETE, id=logo["id"])

        assert await sign.active() == {}
        actions = ["logoCreate", "logoPublish", "logoArchive", "logoPublish", "logoDelete"]
        assert (await audit_actions(sign.shop))[-5:] == actions
        assert [event for event in await sign.events() if event.startswith("logo.")] == [
            "logo.draft_updated",
            *["logo.published"] * 4,
        ]

    async def test_is_changed_and_comes_back_whole(self, sign: Sign) -> None:
        more = {"responsiveSettings": {"hiddenOn": ["TABLET"]}, "displaySettings": DISPLAY}
        first = await sign.shown("One", startAt=PAST, **more)
        changes = {"responsiveSettings": {}, "displaySettings": {}, "clear": ["START_AT"], "logoType": "DARK"}
        second = await sign.change(UPDATE, first, name="Two", assetId=await new_asset(sign.shop), **changes)
        assert (second["displaySettings"]["alignment"], second["startAt"]) == ("LEFT", None)
        assert await sign.active() == {"DARK": "Two"}
        version = (await sign.read(second))["versions"]["nodes"][1]

        assert await sign.change(RESTORE, version | {"revision": 3}) == first | {"revision": 4}
        assert await sign.active() == {"PRIMARY": "One"}

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({"name": ""}, ("BLANK", ["input", "name"])),
            ({"assetId": global_id("Asset", new_id())}, ("NOT_FOUND", ["input", "assetId"])),
            ({"displaySettings": {"maxWidth": 0}}, ("OUT_OF_RANGE", ["input", "displaySettings", "maxWidth"])),
            ({"displaySettings": {"linkUrl": "data:x"}}, ("INVALID", ["input", "displaySettings", "linkUrl"])),
            ({"startAt": LATER, "endAt": PAST}, ("OUT_OF_RANGE", ["input", "endAt"])),
        ],
    )
    async def test_refuses_what_cannot_be(
        self, sign: Sign, given: dict[str, Any], refused: tuple[str, list[str]]
    ) -> None:
        asset = await new_asset(sign.shop)
        told = {"siteId": sign.site["id"], "name": "Lamp", "logoType": "PRIMARY", "assetId": asset} | given

        assert codes(await sign.send(CREATE, input=told)) == [refused]
        assert await sign.names() == set()

    async def test_shows_who_comes_late_what_there_is(self, sign: Sign) -> None:
        logo = await sign.logo()
        current = await sign.change(UPDATE, logo, name="Mine")
        payload = await sign.send(UPDATE, id=logo["id"], input={"revision": 1, "name": "Late"})

        assert codes(payload) == [("CONFLICT", ["input", "revision"])]
        assert payload["logo"] == current


class TestActiveLogos:
    """`activeLogos`: of each type one at most."""

    async def test_are_those_of_the_tokens_site(self, sign: Sign) -> None:
        elsewhere = Sign(sign.shop, await make_site(sign.shop))
        await sign.shown("here")
        await elsewhere.shown("there")
        await sign.shown("icon", logoType="FAVICON")

        assert await sign.active() == {"PRIMARY": "here", "FAVICON": "icon"}
        assert await sign.active(logoType=["FAVICON", "DARK"]) == {"FAVICON": "icon"}
        assert await elsewhere.active() == {"PRIMARY": "there"}
        assert await sign.shop.shopper(ACTIVE) == {"data": {"activeLogos": {"nodes": []}}}

    async def test_are_the_last_that_started_and_else_the_fallback(self, sign: Sign) -> None:
        await sign.shown("fallback")
        assert await sign.active() == {"PRIMARY": "fallback"}
        christmas = await sign.shown("christmas", startAt=PAST, endAt=LATER)
        assert await sign.active() == {"PRIMARY": "christmas"}
        await sign.shown("not yet", startAt=LATER)
        advent = await sign.shown("advent", startAt=RECENTLY)
        assert await sign.active() == {"PRIMARY": "advent"}
        await sign.change(ARCHIVE, advent)
        assert await sign.active() == {"PRIMARY": "christmas"}
        await sign.change(ARCHIVE, christmas)

        assert await sign.active() == {"PRIMARY": "fallback"}
        assert (await sign.read(advent))["isActive"] is False

    async def test_that_tie_are_the_one_that_ends_and_else_the_newest(self, sign: Sign) -> None:
        await sign.shown("ends", startAt=PAST, endAt=LATER)
        await sign.shown("stays", startAt=PAST)
        assert await sign.active() == {"PRIMARY": "ends"}
        await sign.shown("ends too", startAt=PAST, endAt="2101-01-01T00:00:00Z")

        assert await sign.active() == {"PRIMARY": "ends too"}

    async def test_are_never_without_a_picture(self, sign: Sign) -> None:
        await sign.shown("fallback")
        lost = await sign.shown("lost", startAt=PAST)
        await sign.shop.sql("update logo set asset_id = null where name = 'lost'")

        assert await sign.active() == {"PRIMARY": "fallback"}
        assert codes(await sign.send(PUBLISH, id=lost["id"], input={"revision": 2})) == [
            ("BLANK", ["input", "assetId"])
        ]

    async def test_are_never_of_a_picture_whose_file_was_lost(self, sign: Sign) -> None:
        await sign.shown("fallback")
        lost = await sign.shown("lost", startAt=PAST)
        await sign.shop.sql(
            "update asset set status = 'FAILED', filename = null, failure_reason = 'gone' "
            "where id = (select asset_id from logo where name = 'lost')"
        )

        assert await sign.active() == {"PRIMARY": "fallback"}
        assert (await sign.read(lost))["isActive"] is False

    async def test_of_many_at_any_time_are_what_a_slow_look_finds(self, sign: Sign) -> None:
        """Random times that tie and overlap, looked at just before, at and behind each of them."""
        chance = random.Random(5)
        days = [datetime(2030, 1, day, tzinfo=UTC) for day in range(1, 6)]
        spans = [(a, b) for a, b in itertools.product([None, *days], [None, *days]) if a is None or b is None or a < b]
        asset = await new_asset(sign.shop)
        logos = []
        for number, (start, end) in enumerate(chance.sample(spans, 14)):
            given = {"startAt": start and start.isoformat(), "endAt": end and end.isoformat(), "assetId": asset}
            kind, is_draft = chance.choice(("PRIMARY", "DARK")), number % 5 == 0
            made = await (sign.logo if is_draft else sign.shown)(str(number), logoType=kind, **given)
            logos.append((start, end, made["id"], made, is_draft))
        drafts = [made["id"] for *_, made, is_draft in logos if is_draft]
        never = datetime(1, 1, 1, tzinfo=UTC)

        def expected(at: datetime, taken: list[str]) -> set[str]:
            best: dict[str, Any] = {}
            for start, end, logo_id, made, is_draft in logos:
                is_taken = not is_draft or logo_id in taken
                if is_taken and (start is None or start <= at) and (end is None or at < end):
                    rank = (start or never, end is not None, logo_id)
                    best[made["logoType"]] = max(best.get(made["logoType"], (rank, made)), (rank, made))
            return {made["name"] for _, made in best.values()}

        for day, second in itertools.product(days, (-1, 0, 1)):
            at = day + timedelta(seconds=second)
            for taken in ([], drafts[:1], drafts):
                shown = await sign.names(shown={"at": at.isoformat(), "draftIds": taken})
                assert shown == expected(at, taken), (at, taken)

    async def test_are_told_to_nobody_else(self, sign: Sign, other_shop: Shop) -> None:
        logo = await sign.shown()
        document = "query ($id: ID!) { node(id: $id) { ... on Logo { name } } }"

        assert (await sign.shop.shopper(document, {"id": logo["id"]}))["data"]["node"] == {"name": "Lamp"}
        assert (await other_shop.shopper(document, {"id": logo["id"]}))["data"]["node"] is None
