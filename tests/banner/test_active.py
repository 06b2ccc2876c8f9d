"""Which banners are shown to whom, and when."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from tests.banner.api import UPDATE, Board, new_asset
from tests.factories import make_site
from tests.people import becomes, error_codes

ACTIVE = "query ($filter: ActiveBannerFilter!) { activeBanners(filter: $filter) { nodes { title } } }"

# What banners are for, by name: the table of docs/banners.md.
TARGETS: dict[str, dict[str, Any]] = {
    "all": {"targetAudience": "ALL"},
    "new": {"targetAudience": "NEW_VISITORS"},
    "returning": {"targetAudience": "RETURNING_VISITORS"},
    "customers": {"targetAudience": "CUSTOMERS"},
    "de or at": {"targetAudience": "CUSTOM", "customTarget": {"countries": ["DE", "AT"]}},
    "de language": {"targetAudience": "CUSTOM", "customTarget": {"languages": ["de"]}},
    "de-AT language": {"targetAudience": "CUSTOM", "customTarget": {"languages": ["de-AT", "fr"]}},
    "mobile": {"targetAudience": "CUSTOM", "customTarget": {"devices": ["MOBILE"]}},
    "newsletter": {"targetAudience": "CUSTOM", "customTarget": {"utmSources": ["newsletter"]}},
    "Spring": {"targetAudience": "CUSTOM", "customTarget": {"utmCampaigns": ["Spring"]}},
    "de and mobile": {"targetAudience": "CUSTOM", "customTarget": {"countries": ["DE"], "devices": ["MOBILE"]}},
    # Lists count only where the banner is for CUSTOM.
    "all, once de": {"targetAudience": "ALL", "customTarget": {"countries": ["DE"]}},
}
KNOWN: dict[str, tuple[Any, ...]] = {
    "visitor": (None, "NEW", "RETURNING"),
    "isCustomer": (None, False, True),
    "countryCode": (None, "AT", "de", "FR"),
    "languageCode": (None, "de", "de-AT", "de-CH", "den", "FR"),
    "device": (None, "MOBILE", "DESKTOP"),
    "utmSource": (None, "newsletter", "Newsletter"),
    "utmCampaign": (None, "Spring", "spring"),
}
# Two and two: what is known in one way never decides about another.
PAIRS = [
    {first: one, second: other}
    for first, second in itertools.combinations(KNOWN, 2)
    for one in KNOWN[first]
    for other in KNOWN[second]
]


def expected(audience: dict[str, Any]) -> set[str]:
    """Who is shown what, said anew: by conditions, one for each name."""
    known = {key: value for key, value in audience.items() if value is not None}
    country, language = known.get("countryCode", "").upper(), known.get("languageCode", "").lower()
    conditions = {
        "all": True,
        "new": known.get("visitor") == "NEW",
        "returning": known.get("visitor") == "RETURNING",
        "customers": known.get("isCustomer", False),
        "de or at": country in {"DE", "AT"},
        "de language": language == "de" or language.startswith("de-"),
        "de-AT language": language in {"de-at", "fr"},
        "mobile": known.get("device") == "MOBILE",
        "newsletter": known.get("utmSource") == "newsletter",
        "Spring": known.get("utmCampaign") == "Spring",
        "de and mobile": country == "DE" and known.get("device") == "MOBILE",
        "all, once de": True,
    }
    assert set(conditions) == set(TARGETS)
    return {name for name, holds in conditions.items() if holds}


class TestAudience:
    """`filter.audience` of `activeBanners`, and of `shown`."""

    async def test_is_matched_to_the_letter(self, board: Board) -> None:
        for title, target in TARGETS.items():
            await board.shown(title, **target)
        everything = dict(zip(KNOWN, ("NEW", True, "DE", "de-AT", "MOBILE", "newsletter", "Spring"), strict=True))

        for audience in ({}, everything, *PAIRS):
            assert set(await board.active(audience)) == expected(audience), audience
        for audience in ({}, everything, *PAIRS[::7]):
            assert set(await board.titles(filter={"shown": {"audience": audience}})) == expected(audience), audience

    async def test_is_named_by_who_asks(self, board: Board) -> None:
        answer = await board.shop.shopper("{ activeBanners(filter: { bannerType: HERO }) { totalCount } }")

        assert error_codes(answer) == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize("text", ["", "x" * 10_000, "' or true --", "{}", "💡", "de" + "-a" * 5_000, "%"])
    async def test_can_be_anything_that_a_theme_was_told(self, board: Board, text: str) -> None:
        await board.shown("all")
        await board.shown("custom", **TARGETS["de and mobile"])
        audience = dict.fromkeys(("countryCode", "languageCode", "utmSource", "utmCampaign"), text)

        assert await board.active(audience) == ["all"]


class TestActiveBanners:
    """`activeBanners`."""

    async def test_are_those_of_the_tokens_site_in_their_order(self, board: Board) -> None:
        elsewhere = Board(board.shop, await make_site(board.shop))
        for title in ("2", "1", "3"):
            await board.shown(title)
        await elsewhere.shown("other")
        await board.banner("draft")

        assert await board.active() == ["2", "1", "3"]
        assert await elsewhere.active() == ["other"]
        of_no_site = await board.shop.shopper(ACTIVE, {"filter": {"audience": {}}})
        assert of_no_site == {"data": {"activeBanners": {"nodes": []}}}

    async def test_are_found_by_type(self, board: Board) -> None:
        for kind in ("HERO", "FOOTER", "POPUP"):
            await board.shown(kind, bannerType=kind)

        assert await board.active(bannerType=["FOOTER", "HERO"]) == ["HERO", "FOOTER"]

    async def test_begin_and_end_with_their_times(self, board: Board) -> None:
        at = now()
        times = {
            "before": {"endAt": at - timedelta(hours=1)},
            "since": {"startAt": at - timedelta(hours=1)},
            "until": {"endAt": at + timedelta(hours=1)},
            "within": {"startAt": at - timedelta(hours=1), "endAt": at + timedelta(hours=1)},
            "later": {"startAt": at + timedelta(hours=1)},
        }
        for title, given in times.items():
            await board.shown(title, **{name: moment.isoformat() for name, moment in given.items()})

        assert await board.active() == ["since", "until", "within"]

    async def test_of_a_cached_answer_begin_and_end_with_their_times(self, board: Board) -> None:
        """An answer is kept for two seconds at most, whatever no event tells of."""
        begins, ends = now() + timedelta(seconds=1), now() + timedelta(seconds=2)
        await board.shown("begins", startAt=begins.isoformat())
        await board.shown("ends", endAt=ends.isoformat())

        async def cached() -> list[str]:
            answer = await board.shop.graphql(
                ACTIVE, {"filter": {"audience": {}}}, storefront_token=board.site["storefrontToken"]
            )
            return [node["title"] for node in answer["data"]["activeBanners"]["nodes"]]

        assert "ends" in await cached()
        await becomes(["begins"], cached)

    async def test_show_their_pictures_with_all_sizes(self, board: Board) -> None:
        asset, mobile = await new_asset(board.shop), await new_asset(board.shop)
        await board.shown(assetId=asset, responsiveSettings={"mobileAssetId": mobile, "hiddenOn": ["TABLET"]})
        picture = "{ id url altText renditions { nodes { width url } } }"
        document = f"""
          query ($filter: ActiveBannerFilter!) {{
            activeBanners(filter: $filter) {{
              nodes {{ asset {picture} responsiveSettings {{ hiddenOn tabletAsset {picture} mobileAsset {picture} }} }}
            }}
          }}
        """

        (banner,) = (await board.seen(document))["nodes"]

        assert banner["responsiveSettings"]["hiddenOn"] == ["TABLET"]
        assert banner["responsiveSettings"]["tabletAsset"] is None
        for shown, asset_id in ((banner["asset"], asset), (banner["responsiveSettings"]["mobileAsset"], mobile)):
            assert shown["id"] == asset_id
            assert shown["url"].endswith(f"/assets/{board.shop.workspace_id.hex}/{asset_id[6:]}/lamp-0.png")
            assert [size["width"] for size in shown["renditions"]["nodes"]] == [320]

    async def test_tell_shoppers_nothing_of_who_made_them_and_for_whom(self, board: Board) -> None:
        await board.shown(**TARGETS["de or at"])
        hidden = "customTarget { countries } author editor createdBy { email } versions { totalCount } site { name }"
        document = ACTIVE.replace("title", hidden)

        answer = await board.shop.graphql(
            document,
            {"filter": {"audience": {"countryCode": "DE"}}},
            storefront_token=board.site["storefrontToken"],
        )

        assert answer["data"]["activeBanners"]["nodes"] == [
            dict.fromkeys(("customTarget", "author", "editor", "createdBy", "versions", "site"))
        ]
        assert error_codes(answer) == ["FORBIDDEN"] * 6

    async def test_are_what_shoppers_hear_of(self, board: Board) -> None:
        """What a storefront is told of drops its cached answers; drafts are nobody's but the editors'."""
        await board.banner("draft")
        banner = await board.shown("shown")
        answer = await board.shop.shopper("{ changes(first: 50) { nodes { type entityId } } }")

        assert answer["data"]["changes"]["nodes"] == [{"type": "BANNER_PUBLISHED", "entityId": banner["id"]}]

    async def test_are_all_that_shoppers_find_by_id(self, board: Board) -> None:
        shown, draft = await board.shown("shown"), await board.banner("draft")
        late = await board.shown("late", startAt="2100-01-01T00:00:00Z")
        document = "query ($id: ID!) { node(id: $id) { ... on Banner { title } } }"

        answers = [await board.shop.shopper(document, {"id": each["id"]}) for each in (shown, draft, late)]

        assert [answer["data"]["node"] for answer in answers] == [{"title": "shown"}, None, None]

    async def test_can_be_asked_for_nothing_but_their_type(self, board: Board) -> None:
        await board.shown()
        document = "query ($filter: ActiveBannerFilter!) { activeBanners(filter: $filter) { __typename } }"

        assert await board.seen(document) == {"__typename": "BannerConnection"}


class TestPreview:
    """`shown` in the filter of a site's banners."""

    async def test_tells_what_would_be_shown_at_a_time(self, board: Board) -> None:
        await board.shown("always")
        await board.shown("2030", startAt="2030-01-01T00:00:00Z", endAt="2030-02-01T00:00:00Z")
        await board.banner("draft")

        async def at(moment: str) -> list[str]:
            return await board.titles(filter={"shown": {"audience": {}, "at": moment}})

        assert await at("2029-12-31T23:59:59.999999Z") == ["always"]
        assert await at("2030-01-01T00:00:00Z") == ["always", "2030"]
        assert await at("2030-01-31T23:59:59.999999Z") == ["always", "2030"]
        assert await at("2030-02-01T00:00:00Z") == ["always"]

    async def test_takes_drafts_as_published(self, board: Board) -> None:
        await board.shown("always")
        draft = await board.banner("draft", startAt="2030-01-01T00:00:00Z", **TARGETS["customers"])
        other = await board.banner("other")
        shown = {"audience": {"isCustomer": True}, "draftIds": [draft["id"], "nonsense"]}

        assert await board.titles(filter={"shown": shown}) == ["always"]
        at = shown | {"at": "2030-01-01T00:00:00Z"}
        assert await board.titles(filter={"shown": at}) == ["always", "draft"]
        assert await board.titles(filter={"shown": at | {"audience": {}}}) == ["always"]
        assert await board.titles(filter={"shown": at | {"draftIds": [draft["id"], other["id"]]}}) == [
            "always",
            "draft",
            "other",
        ]
        assert await board.active({"isCustomer": True}) == ["always"]

    async def test_is_for_who_works_there(self, board: Board) -> None:
        await board.banner("draft")
        document = "query ($id: ID!) { site(id: $id) { banners { nodes { title } } } }"

        answer = await board.shop.graphql(
            document, {"id": board.site["id"]}, storefront_token=board.site["storefrontToken"]
        )

        assert error_codes(answer) == ["FORBIDDEN"]


class TestBanners:
    """`banners` of a site."""

    async def test_are_found_by_status_and_type_and_sorted(self, board: Board) -> None:
        await board.banner("draft", bannerType="FOOTER")
        await board.shown("shown")

        assert await board.titles(filter={"status": ["DRAFT"]}) == ["draft"]
        assert await board.titles(filter={"bannerType": ["HERO"]}) == ["shown"]
        assert await board.titles(sort={"field": "CREATED_AT", "direction": "DESC"}) == ["shown", "draft"]

    async def test_show_a_change_at_once(self, board: Board) -> None:
        banner = await board.shown("before")
        assert await board.active() == ["before"]
        await board.change(UPDATE, banner, title="after")

        assert await board.active() == ["after"]
