"""Making, editing, publishing, ordering and restoring banners."""

import asyncio
from typing import Any

import pytest

from core.ids import global_id, new_id, uuid_in
from resolvers.banner import MAX_BANNERS
from tests.banner.api import ARCHIVE, CREATE, DELETE, PUBLISH, REORDER, RESTORE, UPDATE, Board, new_asset
from tests.factories import Shop, make_site
from tests.people import audit_actions, codes

PAST, LATER = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
FULL: dict[str, Any] = {
    "bannerType": "PROMOTION",
    "linkUrl": "/sale?colour=red#top",
    "content": {"headline": "20 % off", "n": 1.0, "b": None, "a": []},
    "customStyles": {"background-color": "#102030", "--gap": "calc(1rem + 2px)", "opacity": 0.5},
    "startAt": PAST,
    "endAt": LATER,
    "targetAudience": "CUSTOM",
}


async def event_types(shop: Shop) -> list[str]:
    rows = await shop.sql("select type from sync_event where type like 'banner.%' order by sequence")
    return [row["type"].removeprefix("banner.") for row in rows]


class TestBannerCreate:
    """`bannerCreate`."""

    async def test_makes_a_draft_of_what_was_said(self, board: Board) -> None:
        asset, tablet = await new_asset(board.shop), await new_asset(board.shop)
        settings = {"tabletAssetId": tablet, "hiddenOn": ["MOBILE"]}
        target = {"countries": ["de", "AT"], "languages": ["de-AT"], "devices": ["TABLET"], "utmCampaigns": ["Spring"]}
        more = {"assetId": asset, "responsiveSettings": settings, "customTarget": target}

        banner = await board.banner("Sale", **FULL, **more)

        assert banner == FULL | {
            "id": banner["id"],
            "title": "Sale",
            "status": "DRAFT",
            "isActive": False,
            "revision": 1,
            "displayOrder": 1,
            "asset": banner["asset"],
            "responsiveSettings": {"tabletAsset": {"id": tablet}, "mobileAsset": None, "hiddenOn": ["MOBILE"]},
            "customTarget": target | {"countries": ["DE", "AT"], "languages": ["de-at"], "utmSources": []},
            "author": "tests",
            "editor": "tests",
        }
        assert list(banner["content"]) == ["headline", "n", "b", "a"]
        assert banner["asset"]["id"] == asset
        assert await event_types(board.shop) == ["draft_updated"]
        assert (await audit_actions(board.shop))[-1] == "bannerCreate"
        assert await board.active() == []

    async def test_puts_it_behind_all_others_of_its_site(self, board: Board) -> None:
        elsewhere = Board(board.shop, await make_site(board.shop))
        await asyncio.gather(*(board.banner(str(number)) for number in range(5)), elsewhere.banner("other"))

        rows = await board.shop.sql(
            "select display_order from banner where site_id = $1 order by display_order", board.site_id
        )
        assert [row["display_order"] for row in rows] == [1, 2, 3, 4, 5]
        assert await elsewhere.titles() == ["other"]

    async def test_sent_again_under_its_key_makes_one(self, board: Board) -> None:
        given = {"input": {"siteId": board.site["id"], "title": "Once", "bannerType": "HERO"}}
        answers = [await board.shop.admin(CREATE, given, idempotency_key="once-and-only-once") for _ in range(2)]

        assert answers[0] == answers[1]
        assert await board.titles() == ["Once"]

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({"title": " "}, ("BLANK", ["input", "title"])),
            ({"linkUrl": "javascript:alert(1)"}, ("INVALID", ["input", "linkUrl"])),
            ({"content": [1]}, ("INVALID", ["input", "content"])),
            ({"content": {"a": "x" * 17_000}}, ("INVALID", ["input", "content"])),
            ({"customStyles": {"position": "fixed"}}, ("INVALID", ["input", "customStyles"])),
            ({"startAt": LATER, "endAt": PAST}, ("OUT_OF_RANGE", ["input", "endAt"])),
            ({"startAt": PAST, "endAt": PAST}, ("OUT_OF_RANGE", ["input", "endAt"])),
            ({"targetAudience": "CUSTOM"}, ("INVALID", ["input", "customTarget"])),
            ({"targetAudience": "CUSTOM", "customTarget": {}}, ("INVALID", ["input", "customTarget"])),
            ({"customTarget": {"countries": ["Austria"]}}, ("INVALID", ["input", "customTarget", "countries", "0"])),
            ({"customTarget": {"languages": ["de_AT"]}}, ("INVALID", ["input", "customTarget", "languages", "0"])),
            ({"customTarget": {"countries": ["AT"] * 51}}, ("TOO_MANY", ["input", "customTarget", "countries"])),
            ({"siteId": global_id("Site", new_id())}, ("NOT_FOUND", ["input", "siteId"])),
            ({"assetId": global_id("Asset", new_id())}, ("NOT_FOUND", ["input", "assetId"])),
        ],
    )
    async def test_refuses_what_cannot_be(
        self, board: Board, given: dict[str, Any], refused: tuple[str, list[str]]
    ) -> None:
        before = await audit_actions(board.shop)
        told = {"siteId": board.site["id"], "title": "Sale", "bannerType": "HERO"} | given

        assert codes(await board.send(CREATE, input=told)) == [refused]
        assert await board.titles() == []
        assert await audit_actions(board.shop) == before

    async def test_takes_pictures_of_the_workspace_that_are_ready(self, board: Board, other_shop: Shop) -> None:
        foreign, announced, document = [
            await new_asset(other_shop),
            await new_asset(board.shop),
            await new_asset(board.shop),
        ]
        await board.shop.sql(
            "update asset set status = 'UPLOADING', filename = null where id = $1", uuid_in(announced, "Asset")
        )
        await board.shop.sql("update asset set kind = 'DOCUMENT' where id = $1", uuid_in(document, "Asset"))
        settings = {"tabletAssetId": announced, "mobileAssetId": document}
        told = {"siteId": board.site["id"], "title": "Sale", "bannerType": "HERO"}

        payload = await board.send(CREATE, input=told | {"assetId": foreign, "responsiveSettings": settings})

        assert sorted(codes(payload)) == [
            ("INVALID", ["input", "responsiveSettings", "mobileAssetId"]),
            ("NOT_FOUND", ["input", "assetId"]),
            ("NOT_READY", ["input", "responsiveSettings", "tabletAssetId"]),
        ]

    async def test_has_a_limit(self, board: Board) -> None:
        await board.banner()
        await board.shop.sql(
            "insert into banner (workspace_id, id, site_id, title, banner_type, display_order, author, editor) "
            "select workspace_id, gen_random_uuid(), site_id, 'x', 'HERO', n, '', '' "
            "from banner, generate_series(2, $1::int) n",
            MAX_BANNERS,
        )
        told = {"siteId": board.site["id"], "title": "One more", "bannerType": "HERO"}

        assert codes(await board.send(CREATE, input=told)) == [("LIMIT_REACHED", ["input"])]


class TestLinks:
    """`linkUrl`."""

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "/",
            "/sale/lamps?a=b&c=d#e",
            "#top",
            "?page=2",
            "https://shop.example/ä",
            "HTTP://shop.example",
            "mailto:ada@shop.example?subject=Lamps",
            "tel:+431234567",
        ],
    )
    async def test_lead_to_pages_mails_and_calls(self, board: Board, url: str) -> None:
        assert (await board.banner(linkUrl=url))["linkUrl"] == url

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "\x01javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://shop.example/1",
            "//evil.example/x",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "https://",
            "https:evil.example",
            "http:///x",
            "https://[::1",
            "mailto:",
            "sale",
            "www.shop.example",
            "https://shop.example/a b",
            "/" + "x" * 2_000,
        ],
    )
    async def test_lead_nowhere_else(self, board: Board, url: str) -> None:
        told = {"siteId": board.site["id"], "title": "Sale", "bannerType": "HERO", "linkUrl": url}

        assert [field for _, field in codes(await board.send(CREATE, input=told))] == [["input", "linkUrl"]]
        assert await board.titles() == []


class TestStyles:
    """`customStyles`."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("color", "#fff"),
            ("background", "linear-gradient(45deg, rgb(0 0 0 / 50%), var(--brand) 80%)"),
            ("grid-template-columns", "repeat(2, 1fr)"),
            ("padding", "calc((1rem + 2px) * 2) 0"),
            ("line-height", 1.5),
            ("--brand-2", "12px"),
        ],
    )
    async def test_are_words_numbers_and_colours(self, board: Board, name: str, value: Any) -> None:
        assert (await board.banner(customStyles={name: value}))["customStyles"] == {name: value}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("color", "red; background: url(https://evil.example)"),
            ("color", "red } body { display: none"),
            ("background", "url(https://evil.example/x.png)"),
            ("background", "URL (/x)"),
            ("background", "image-set(x)"),
            ("width", "expression(alert(1))"),
            ("width", "calc(1px"),
            ("width", "1px)"),
            ("width", "1px /* "),
            ("width", "\\75 rl(x)"),
            ("color", "</style>"),
            ("color", "'red'"),
            ("color", "red !important"),
            ("color", ""),
            ("color", "red\n"),
            ("color", None),
            ("color", True),
            ("color", ["red"]),
            ("color", "x" * 201),
            ("behavior", "none"),
            ("-moz-binding", "none"),
            ("position", "fixed"),
            ("z-index", 9),
            ("color;x", "red"),
            ("--", "1"),
            ("--a:b", "1"),
            ("", "1"),
        ],
    )
    async def test_are_nothing_that_reaches_out_of_them(self, board: Board, name: str, value: Any) -> None:
        told = {"siteId": board.site["id"], "title": "Sale", "bannerType": "HERO", "customStyles": {name: value}}

        assert codes(await board.send(CREATE, input=told)) == [("INVALID", ["input", "customStyles"])]


class TestBannerUpdate:
    """`bannerUpdate`."""

    async def test_changes_what_is_named_and_empties_what_is_asked_for(self, board: Board) -> None:
        asset = await new_asset(board.shop)
        target = {"countries": ["AT"]}
        before = await board.banner(**FULL, assetId=asset, customTarget=target)

        after = await board.change(UPDATE, before, title="New", linkUrl="", clear=["ASSET", "START_AT"])

        expected = {"title": "New", "linkUrl": "", "asset": None, "startAt": None, "revision": 2}
        assert after == before | expected
        assert await event_types(board.shop) == ["draft_updated"] * 2

    async def test_shows_who_comes_late_what_there_is(self, board: Board) -> None:
        banner = await board.banner()
        current = await board.change(UPDATE, banner, title="Mine")

        for document in (UPDATE, PUBLISH, ARCHIVE):
            payload = await board.send(document, id=banner["id"], input={"revision": 1})

            assert codes(payload) == [("CONFLICT", ["input", "revision"])]
            assert payload["banner"] == current
        assert await board.read(banner) == current | {"versions": {"nodes": []}}

    async def test_of_ten_at_once_does_one(self, board: Board) -> None:
        banner = await board.banner()
        wanted = [{"revision": 1, "title": f"Title {number}"} for number in range(10)]
        payloads = await asyncio.gather(*(board.send(UPDATE, id=banner["id"], input=each) for each in wanted))

        done = [each for each, payload in zip(wanted, payloads, strict=True) if not payload["userErrors"]]
        assert [each["title"] for each in done] == [(await board.read(banner))["title"]]

    @pytest.mark.parametrize("noun", ["Asset", "Banner"])
    async def test_refuses_a_picture_that_is_not_there(self, board: Board, noun: str) -> None:
        banner = await board.shown()
        given = {"revision": 2, "title": "New", "assetId": global_id(noun, new_id())}

        assert codes(await board.send(UPDATE, id=banner["id"], input=given)) == [("NOT_FOUND", ["input", "assetId"])]
        assert await board.active() == ["Spring"]

    async def test_refuses_times_that_do_not_fit_those_that_stay(self, board: Board) -> None:
        banner = await board.banner(startAt=LATER)

        payload = await board.send(UPDATE, id=banner["id"], input={"revision": 1, "endAt": PAST})

        assert codes(payload) == [("OUT_OF_RANGE", ["input", "endAt"])]
        assert (await board.read(banner))["endAt"] is None


class TestPublishing:
    """`bannerPublish`, `bannerArchive` and `bannerDelete`."""

    async def test_shows_it_to_shoppers_until_it_is_archived(self, board: Board) -> None:
        banner = await board.banner()
        assert await board.active() == []
        banner = await board.change(PUBLISH, banner)
        assert (banner["status"], banner["isActive"]) == ("PUBLISHED", True)
        assert await board.active() == ["Spring"]
        banner = await board.change(ARCHIVE, banner)
        assert (banner["status"], banner["isActive"]) == ("ARCHIVED", False)
        assert await board.active() == []
        await board.change(PUBLISH, banner)

        assert await board.active() == ["Spring"]
        assert await event_types(board.shop) == ["draft_updated", "published", "published", "published"]

    async def test_can_name_the_times(self, board: Board) -> None:
        banner = await board.change(PUBLISH, await board.banner(), startAt=LATER)
        assert (banner["status"], banner["isActive"]) == ("PUBLISHED", False)
        assert await board.active() == []
        banner = await board.change(PUBLISH, banner, startAt=PAST)

        assert await board.active() == ["Spring"]
        assert codes(await board.send(PUBLISH, id=banner["id"], input={"revision": 3, "endAt": PAST})) == [
            ("OUT_OF_RANGE", ["input", "endAt"])
        ]

    async def test_is_over_when_it_is_deleted(self, board: Board) -> None:
        banner = await board.shown()
        payload = await board.done(DELETE, id=banner["id"])

        assert payload["deletedBannerId"] == banner["id"]
        assert await board.active() == []
        assert await board.shop.sql("select from banner_version") == []
        assert (await event_types(board.shop))[-1] == "published"
        assert codes(await board.send(DELETE, id=banner["id"])) == [("NOT_FOUND", ["id"])]

    async def test_ends_with_its_site(self, board: Board) -> None:
        banner = await board.shown()
        delete = "mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }"
        await board.done(delete, id=board.site["id"])

        assert (await board.ask("query ($id: ID!) { banner(id: $id) { id } }", {"id": banner["id"]}))["data"] == {
            "banner": None
        }
        assert codes(await board.send(UPDATE, id=banner["id"], input={"revision": 2})) == [("NOT_FOUND", ["id"])]


class TestVersions:
    """`versions` and `bannerVersionRestore`."""

    async def test_are_kept_of_what_was_published(self, board: Board) -> None:
        banner = await board.change(UPDATE, await board.banner("One", **FULL, customTarget={"countries": ["AT"]}))
        assert (await board.read(banner))["versions"]["nodes"] == []
        banner = await board.change(PUBLISH, banner)
        banner = await board.change(UPDATE, banner, title="Two")
        banner = await board.change(ARCHIVE, banner)
        banner = await board.change(UPDATE, banner, title="Three")

        versions = (await board.read(banner))["versions"]["nodes"]

        kept = [(each["number"], each["author"], each["snapshot"]["title"]) for each in versions]
        assert kept == [(2, "tests", "Two"), (1, "tests", "One")]
        snapshot = versions[1]["snapshot"]
        assert snapshot["content"] == FULL["content"]
        assert list(snapshot["content"]) == list(FULL["content"])
        assert (snapshot["targetCountries"], snapshot["assetId"]) == (["AT"], None)

    async def test_come_back_whole(self, board: Board) -> None:
        asset, mobile = await new_asset(board.shop), await new_asset(board.shop)
        more = {"assetId": asset, "responsiveSettings": {"mobileAssetId": mobile, "hiddenOn": ["TABLET"]}}
        first = await board.shown("One", **FULL, **more, customTarget={"utmSources": ["ü"], "languages": ["de"]})
        second = await board.change(
            UPDATE,
            first,
            title="Two",
            content={},
            customStyles={},
            clear=["ASSET", "START_AT", "END_AT"],
            responsiveSettings={},
            targetAudience="ALL",
            customTarget={},
            linkUrl="tel:1",
        )
        (version,) = [each for each in (await board.read(second))["versions"]["nodes"] if each["number"] == 1]

        restored = await board.change(RESTORE, version | {"revision": second["revision"]})

        assert restored == first | {"revision": 4}
        assert [each["number"] for each in (await board.read(first))["versions"]["nodes"]] == [3, 2, 1]

    async def test_do_not_come_back_without_their_pictures(self, board: Board) -> None:
        asset = await new_asset(board.shop)
        banner = await board.shown(assetId=asset)
        banner = await board.change(UPDATE, banner, clear=["ASSET"])
        await board.shop.sql("delete from asset where id = $1", uuid_in(asset, "Asset"))
        version = (await board.read(banner))["versions"]["nodes"][-1]

        payload = await board.send(RESTORE, id=version["id"], input={"revision": banner["revision"]})

        assert codes(payload) == [("NOT_FOUND", ["id"])]
        assert (await board.read(banner))["revision"] == banner["revision"]

    async def test_cannot_be_changed_by_the_application(self, board: Board) -> None:
        await board.shown()
        for statement in ("update banner_version set snapshot = '{}'", "delete from banner_version"):
            with pytest.raises(Exception, match="permission denied"):
                await board.shop.sql(statement)


class TestBannersReorder:
    """`bannersReorder`."""

    async def order(self, board: Board, *banners: Any) -> dict[str, Any]:
        ids = [each if isinstance(each, str) else each["id"] for each in banners]
        return await board.send(REORDER, input={"siteId": board.site["id"], "bannerIds": ids})

    async def test_puts_all_in_the_order_that_was_named(self, board: Board) -> None:
        one, two, three = [await board.shown(title) for title in ("1", "2", "3")]
        draft = await board.banner("draft")
        before = await board.sequence()

        payload = await self.order(board, three, draft, one, two)

        nodes = payload["site"]["banners"]["nodes"]
        assert [(node["title"], node["displayOrder"]) for node in nodes] == [("3", 1), ("draft", 2), ("1", 3), ("2", 4)]
        assert await board.active() == ["3", "1", "2"]
        assert (await board.read(one))["revision"] == one["revision"]
        assert await board.sequence() == before + 4
        await self.order(board, three, draft, one, two)
        assert await board.sequence() == before + 4
        assert await board.titles() == ["3", "draft", "1", "2"]
        assert (await board.banner("last"))["displayOrder"] == 5

    async def test_wants_all_of_them_once(self, board: Board) -> None:
        one, two = await board.banner("1"), await board.banner("2")
        elsewhere = await Board(board.shop, await make_site(board.shop)).banner("other")

        assert codes(await self.order(board, two)) == [("INCOMPLETE", ["input", "bannerIds"])]
        assert codes(await self.order(board, two, one, two)) == [("DUPLICATE", ["input", "bannerIds", "2"])]
        assert codes(await self.order(board, two, one, elsewhere)) == [("NOT_FOUND", ["input", "bannerIds", "2"])]
        assert await board.titles() == ["1", "2"]

    async def test_of_many_at_once_leaves_one_of_their_orders(self, board: Board) -> None:
        banners = [await board.banner(str(number)) for number in range(4)]
        orders = [banners[start:] + banners[:start] for start in range(4)]

        payloads = await asyncio.gather(*(self.order(board, *order) for order in orders))

        assert [codes(payload) for payload in payloads] == [[]] * 4
        assert await board.titles() in [[each["title"] for each in order] for order in orders]
