"""Pictures of banners and logos: where they are used, and what is left when they are deleted."""

from typing import Any

from core.ids import uuid_in
from tests.banner.api import ARCHIVE, Board, new_asset
from tests.logo.api import Sign
from tests.people import codes
from tests.storefront.test_assets import delete, usage


def sign_of(board: Board) -> Sign:
    return Sign(board.shop, board.site)


async def shown_with(board: Board, asset: str, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    banner = await board.shown(assetId=asset, **given)
    return banner, await sign_of(board).shown(assetId=asset, **given)


class TestUsage:
    """`usage` of an asset, and `assetDelete`."""

    async def test_names_each_banner_and_logo_once(self, board: Board) -> None:
        asset = await new_asset(board.shop)
        everywhere = {"tabletAssetId": asset, "mobileAssetId": asset}
        banner, logo = await shown_with(board, asset, responsiveSettings=everywhere)
        other = await board.banner(responsiveSettings={"mobileAssetId": asset})

        assert sorted(await usage(board.shop, asset)) == sorted(
            [("BANNER", banner["id"]), ("LOGO", logo["id"]), ("BANNER", other["id"])]
        )

    async def test_refuses_to_delete_what_is_shown_or_kept(self, board: Board) -> None:
        asset = await new_asset(board.shop)
        banner = await board.shown(assetId=asset)
        for _ in range(2):
            payload = await delete(board.shop, asset)
            assert codes(payload) == [("IN_USE", ["id"])]
            assert payload["userErrors"][0]["message"].startswith("The asset is used by banner “Spring”.")
            await board.change(ARCHIVE, await board.read(banner))

        assert await usage(board.shop, asset) == [("BANNER", banner["id"])]

    async def test_ends_by_force(self, board: Board) -> None:
        asset, kept = await new_asset(board.shop), await new_asset(board.shop)
        banner, _ = await shown_with(board, asset, responsiveSettings={"tabletAssetId": kept, "mobileAssetId": asset})
        events = await board.events()

        assert codes(await delete(board.shop, asset, force=True)) == []

        found = await board.read(banner)
        assert (found["asset"], found["responsiveSettings"]["mobileAsset"]) == (None, None)
        assert (found["responsiveSettings"]["tabletAsset"], found["revision"]) == ({"id": kept}, 3)
        assert (await board.events())[len(events) :] == ["banner.published", "logo.published", "asset.deleted"]
        assert await board.active() == ["Spring"]
        assert await sign_of(board).active() == {}
        assert uuid_in(asset, "Asset") not in [row["id"] for row in await board.shop.sql("select id from asset")]

    async def test_ends_with_the_site(self, board: Board) -> None:
        asset = await new_asset(board.shop)
        await shown_with(board, asset)
        await board.done("mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }", id=board.site["id"])

        assert await usage(board.shop, asset) == []
        assert codes(await delete(board.shop, asset)) == []
