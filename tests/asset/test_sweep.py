"""Files and rows find together again, whatever happened in between."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core.ids import new_id, uuid_in
from integrations.storage.folder import folder_storage
from resolvers.asset import sweep_assets
from resolvers.asset.keys import asset_key, upload_key
from tests.asset.api import announce, fetched, hex_of, put, read, ready, stored
from tests.asset.files import PDF, picture
from tests.banner.api import CREATE as BANNER_CREATE
from tests.banner.api import new_asset
from tests.factories import Shop
from tests.people import superuser_sql
from tests.storefront.api import DISCARD, open_desk

pytestmark = pytest.mark.usefixtures("no_other_worker")
AT_ONCE = timedelta(0)
PNG = "image/png"


async def swept(shop: Shop, grace: timedelta = AT_ONCE, *more: UUID) -> dict[str, int]:
    return await sweep_assets(shop.platform, grace, [shop.workspace_id, *more])


async def statuses(shop: Shop) -> list[str]:
    return [row["status"] for row in await shop.sql("select status from asset order by id")]


async def events(shop: Shop) -> list[str]:
    return [row["type"] for row in await shop.sql("select type from sync_event order by sequence")]


def key_of(shop: Shop, asset: dict[str, Any], name: str) -> str:
    return asset_key(shop.workspace_id, UUID(hex_of(asset)), name)


class TestSweep:
    """`sweep_assets`."""

    async def test_finds_nothing_to_do_where_all_is_well(self, shop: Shop) -> None:
        await ready(shop, picture())
        await ready(shop, PDF, "application/pdf")
        announced = await announce(shop, picture())
        await put(shop, announced["upload"], picture())
        before = await stored(shop)

        assert await swept(shop) == {}
        assert await stored(shop) == before
        assert await statuses(shop) == ["READY", "READY", "UPLOADING"]

    async def test_forgets_uploads_whose_time_is_over(self, shop: Shop) -> None:
        sent, unsent = await announce(shop, picture()), await announce(shop, picture())
        await put(shop, sent["upload"], picture())
        await shop.sql("update asset set upload_expires_at = now() - interval '50 minutes'")

        assert await swept(shop, timedelta(hours=1)) == {}
        assert await statuses(shop) == ["UPLOADING", "UPLOADING"]
        assert await swept(shop) == {"rows": 2, "uploads": 1}
        assert await statuses(shop) == []
        assert await stored(shop) == []
        assert await read(shop, unsent["asset"]["id"]) is None
        assert await events(shop) == []

    async def test_removes_files_without_a_row_once_they_are_old_enough(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        before = await stored(shop)
        asset_id = uuid_in(asset["id"], "Asset")
        assert asset_id
        for key in (
            upload_key(shop.workspace_id, new_id()),
            upload_key(shop.workspace_id, asset_id),
            asset_key(shop.workspace_id, new_id(), "lamp-0.png"),
            key_of(shop, asset, "left-over.webp"),
        ):
            await shop.platform.storage.write(key, b"x", PNG)

        assert await swept(shop, timedelta(hours=1)) == {}
        assert await swept(shop) == {"orphans": 2, "uploads": 2}
        assert await stored(shop) == before

    async def test_removes_the_files_of_a_workspace_that_is_gone(self, shop: Shop) -> None:
        await ready(shop, picture())
        gone = new_id()
        keys = [asset_key(gone, new_id(), "lamp-0.png"), upload_key(gone, new_id())]
        for key in keys:
            await shop.platform.storage.write(key, b"x", PNG)

        assert await swept(shop, AT_ONCE, gone) == {"orphans": 1, "uploads": 1}
        assert [await shop.platform.storage.size(key) for key in keys] == [None, None]

    async def test_says_of_an_asset_without_its_file_that_it_is_gone(self, shop: Shop) -> None:
        lost, kept = await ready(shop, picture()), await ready(shop, picture(400, 300))
        await shop.platform.storage.delete([key_of(shop, lost, lost["filename"])])

        assert await swept(shop) == {"lost": 1}

        found = await read(shop, lost["id"])
        assert (found["status"], found["url"]) == ("FAILED", None)
        assert found["failureReason"] == "The file is no longer there. Upload it again."
        assert await read(shop, kept["id"]) == kept
        assert await events(shop) == ["asset.created", "asset.created", "asset.updated"]
        # What is left of it belongs to nobody now.
        assert await swept(shop) == {"orphans": 2}
        assert {key.split("/")[2] for key in await stored(shop)} == {hex_of(kept)}

    async def test_forgets_a_size_whose_file_is_gone(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        gone, left = asset["renditions"]["nodes"]
        await shop.platform.storage.delete([key_of(shop, asset, gone["url"].rpartition("/")[2])])

        assert await swept(shop) == {"lost": 1}

        found = await read(shop, asset["id"])
        assert (found["status"], found["renditions"]["nodes"]) == ("READY", [left])
        assert (await fetched(shop, found["url"])).status_code == 200

    async def test_does_nothing_with_a_storage_that_is_another_one(self, shop: Shop, tmp_path: Path) -> None:
        """A disk that is not mounted must not make every asset one whose file is gone."""
        assets = [await ready(shop, picture()) for _ in range(2)]
        empty = replace(shop.platform, storage=folder_storage(tmp_path))
        foreign = asset_key(shop.workspace_id, new_id(), "lamp-0.png")
        await empty.storage.write(foreign, b"x", PNG)

        assert await sweep_assets(empty, AT_ONCE, [shop.workspace_id]) == {}

        assert [await read(shop, asset["id"]) for asset in assets] == assets
        assert await empty.storage.size(foreign) == 1

    async def test_forgets_what_was_refused_after_a_week(self, shop: Shop) -> None:
        for days in (6, 8):
            await shop.sql(
                "insert into asset (workspace_id, id, kind, mime_type, original_filename, byte_size, status, "
                "failure_reason, upload_expires_at, updated_at) values ($1, gen_random_uuid(), 'IMAGE', 'image/png', "
                "$2::int || ' days', 1, 'FAILED', 'damaged', now(), now() - make_interval(days => $2))",
                shop.workspace_id,
                days,
            )

        await swept(shop)

        rows = await shop.sql("select original_filename from asset")
        assert [row["original_filename"] for row in rows] == ["6 days"]
        assert await events(shop) == ["asset.deleted"]

    async def test_keeps_what_something_names(self, shop: Shop, other_shop: Shop) -> None:
        """An upload that never came, and a picture whose file was lost: neither holds up the sweep of anybody."""
        never_came = (await announce(shop, picture()))["asset"]["id"]
        lost, refused = await new_asset(shop), await new_asset(shop)
        desk = await open_desk(shop)
        draft = await desk.draft(changes={"seo": {"pictures": [never_came, lost]}})
        await desk.done(
            BANNER_CREATE, input={"siteId": desk.site["id"], "title": "Spring", "bannerType": "HERO", "assetId": lost}
        )
        await announce(other_shop, picture())
        for each in (shop, other_shop):
            await each.sql("update asset set upload_expires_at = now() - interval '1 day'")
        await shop.sql(
            "update asset set status = 'FAILED', filename = null, failure_reason = 'gone', "
            "updated_at = now() - interval '8 days' where status = 'READY'"
        )

        assert await swept(shop, AT_ONCE, other_shop.workspace_id) == {"rows": 1}
        assert await statuses(other_shop) == []
        assert [await read(shop, each) is None for each in (never_came, lost, refused)] == [False, False, True]

        await desk.done(DISCARD, id=draft["id"], input={"revision": 1})
        await desk.done("mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }", id=desk.site["id"])
        assert await swept(shop) == {"rows": 1}
        assert await statuses(shop) == []

    async def test_sweeps_the_others_where_one_workspace_cannot_be(self, shop: Shop, other_shop: Shop) -> None:
        """One without a counter can write no event, and with that nothing."""
        for each in (shop, other_shop):
            await announce(each, picture())
            await each.sql("update asset set upload_expires_at = now() - interval '1 day'")
        await superuser_sql("delete from workspace_counter where workspace_id = $1", shop.workspace_id)
        await shop.sql(
            "update asset set status = 'FAILED', failure_reason = 'gone', updated_at = now() - interval '8 days'"
        )

        assert await swept(shop, AT_ONCE, other_shop.workspace_id) == {"rows": 1}
        assert (await statuses(shop), await statuses(other_shop)) == (["FAILED"], [])
