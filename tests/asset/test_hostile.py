"""Files that were made to do harm: refused with a reason, and nothing of them stays."""

from datetime import timedelta

import pytest

from resolvers.asset import process_due_assets, sweep_assets
from tests.asset import hostile
from tests.asset.api import complete, processed, ready, stored, uploaded
from tests.asset.files import picture
from tests.factories import Shop
from tests.people import audit_actions, codes

pytestmark = pytest.mark.usefixtures("no_other_worker")
FILES = hostile.PICTURES | hostile.OTHERS | hostile.SVGS


class TestHostileFiles:
    """What is refused when a worker looks into it."""

    @pytest.mark.parametrize("name", FILES)
    async def test_are_refused_with_a_reason_and_leave_nothing(self, shop: Shop, name: str) -> None:
        content, mime_type, reason = FILES[name]
        asset = await processed(shop, content() if callable(content) else content, mime_type)

        assert (asset["status"], asset["url"]) == ("FAILED", None)
        assert reason in asset["failureReason"]
        assert asset["renditions"]["nodes"] == []
        assert await stored(shop) == []
        assert (await audit_actions(shop))[-1] == "assetRefuse"

    async def test_that_are_refused_at_once_are_swept_when_their_time_is_over(self, shop: Shop) -> None:
        kept = await ready(shop, picture())
        before = await stored(shop)
        refused = await uploaded(shop, hostile.archive(), "application/pdf")
        assert codes(refused) == [("TYPE_MISMATCH", ["id"])]
        assert len(await stored(shop)) == len(before) + 1

        await sweep_assets(shop.platform, timedelta(0), [shop.workspace_id])
        assert len(await stored(shop)) == len(before) + 1
        await shop.sql("update asset set upload_expires_at = now() where status = 'UPLOADING'")
        done = await sweep_assets(shop.platform, timedelta(0), [shop.workspace_id])

        assert done == {"rows": 1, "uploads": 1}
        assert await stored(shop) == before
        assert [row["id"].hex for row in await shop.sql("select id from asset")] == [kept["id"].partition("_")[2]]

    async def test_do_not_keep_others_waiting(self, shop: Shop) -> None:
        """A batch goes on behind a file that is refused."""
        bombs = [await uploaded(shop, hostile.png_of(30_000, 30_000, rows=30_000)) for _ in range(3)]
        good = await uploaded(shop, picture())
        await process_due_assets(shop.platform)

        states = {row["id"].hex: row["status"] for row in await shop.sql("select id, status from asset")}
        assert [states[each["asset"]["id"].partition("_")[2]] for each in (*bombs, good)] == ["FAILED"] * 3 + ["READY"]
        assert codes(await complete(shop, bombs[0]["asset"]["id"])) == [("ALREADY_COMPLETE", ["id"])]
