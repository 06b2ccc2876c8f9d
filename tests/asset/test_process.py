"""What a worker does where things change or break while it looks at an upload."""

from dataclasses import replace
from typing import Any

import pytest

from core.ids import new_id
from core.settings import Settings
from integrations.storage import new_storage
from resolvers.asset import is_any_asset_due, process_due_assets
from resolvers.asset.keys import upload_key
from resolvers.asset.process import MAX_ATTEMPTS, _lease, _process
from resolvers.asset.usage import USES
from schema.asset import AssetUsageKind
from tests.asset.api import delete, hex_of, read, stored, uploaded
from tests.asset.files import PDF, picture
from tests.factories import Shop
from tests.people import codes

pytestmark = pytest.mark.usefixtures("no_other_worker")
NOWHERE = {
    "storage_url": "s3://vitrine",
    "storage_endpoint": "http://127.0.0.1:9",
    "storage_access_key_id": "key",
    "storage_secret_access_key": "secret",
}


async def state(shop: Shop) -> Any:
    (row,) = await shop.sql("select *, due_at > now() as is_later from asset")
    return row


class TestProcessing:
    """`process_due_assets`."""

    @pytest.mark.parametrize(("content", "mime_type"), [(picture(), "image/png"), (PDF, "application/pdf")])
    async def test_keeps_nothing_of_an_asset_that_is_deleted_meanwhile(
        self, shop: Shop, content: bytes, mime_type: str
    ) -> None:
        asset = (await uploaded(shop, content, mime_type))["asset"]
        token = new_id()
        leased = [row for row in await _lease(shop.platform, token) if row["id"].hex == hex_of(asset)]
        # As far as a worker had come by then.
        key = upload_key(shop.workspace_id, leased[0]["id"])
        upload = await shop.platform.storage.read(key)
        assert codes(await delete(shop, asset["id"])) == []
        await shop.platform.storage.write(key, upload, mime_type)

        await _process(shop.platform, leased[0], token)

        assert await stored(shop) == []
        assert await read(shop, asset["id"]) is None

    @pytest.mark.parametrize(("content", "mime_type"), [(picture(), "image/png"), (PDF, "application/pdf")])
    async def test_refuses_a_file_that_was_changed_after_it_was_completed(
        self, shop: Shop, content: bytes, mime_type: str
    ) -> None:
        asset = (await uploaded(shop, content, mime_type))["asset"]
        (row,) = await shop.sql("select id from asset")
        other = bytes([*content[:-1], content[-1] ^ 1])
        await shop.platform.storage.write(upload_key(shop.workspace_id, row["id"]), other, mime_type)

        await process_due_assets(shop.platform)

        found = await read(shop, asset["id"])
        assert (found["status"], found["url"]) == ("FAILED", None)
        assert found["failureReason"] == "The file was changed while it was looked at. Upload it again."
        assert await stored(shop) == []

    async def test_waits_for_a_storage_that_is_away(self, shop: Shop, test_settings: Settings) -> None:
        asset = (await uploaded(shop, PDF, "application/pdf"))["asset"]
        away = replace(shop.platform, storage=new_storage(Settings(**(test_settings.model_dump() | NOWHERE))))

        assert await is_any_asset_due(away)
        await process_due_assets(away)

        waiting = await state(shop)
        assert (waiting["status"], waiting["attempt"], waiting["lease_token"]) == ("PROCESSING", 0, None)
        assert waiting["is_later"]
        await shop.sql("update asset set due_at = now()")
        await process_due_assets(shop.platform)
        assert (await read(shop, asset["id"]))["status"] == "READY"

    async def test_gives_up_what_takes_each_worker_down(self, shop: Shop) -> None:
        asset = (await uploaded(shop, PDF, "application/pdf"))["asset"]
        await shop.sql("update asset set attempt = $1", MAX_ATTEMPTS)

        await process_due_assets(shop.platform)

        found = await read(shop, asset["id"])
        assert found["status"] == "FAILED"
        assert found["failureReason"].startswith("The file could not be looked at.")
        assert await stored(shop) == []

    async def test_leaves_to_another_worker_what_that_has_leased(self, shop: Shop) -> None:
        asset = (await uploaded(shop, PDF, "application/pdf"))["asset"]
        await _lease(shop.platform, token := new_id())
        await process_due_assets(shop.platform)
        assert (await state(shop))["lease_token"] == token

        await shop.sql("update asset set lease_until = now()")
        await process_due_assets(shop.platform)
        assert (await read(shop, asset["id"]))["status"] == "READY"


class TestUses:
    """`USES`."""

    def test_have_their_kinds_in_the_schema(self) -> None:
        assert {use.kind for use in USES} == {kind.name for kind in AssetUsageKind}
