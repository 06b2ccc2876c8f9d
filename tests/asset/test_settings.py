"""Assets where the settings are others: small limits, a bucket, a CDN."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from integrations.storage import new_storage
from resolvers.asset import process_due_assets
from tests.asset.api import announce, complete, fetched, put, read
from tests.asset.elsewhere import elsewhere
from tests.asset.files import picture
from tests.factories import Shop
from tests.people import codes

ASSETS = "{ assets { totalCount } }"


async def count(shop: Shop) -> int:
    found: int = (await shop.admin(ASSETS))["data"]["assets"]["totalCount"]
    return found


class TestLimits:
    """What a workspace may have."""

    async def test_are_bytes_and_assets(self, shop: Shop, tmp_path: Path) -> None:
        limits = {"ASSET_WORKSPACE_BYTES": "100", "ASSET_WORKSPACE_COUNT": "3", "ASSET_IMAGE_BYTES": "80"}
        async with elsewhere(shop, tmp_path, **limits) as there:
            payloads = [await announce(there, b"x" * size) for size in (81, 60, 41, 39, 2, 1, 1)]

            assert [codes(payload) for payload in payloads] == [
                [("TOO_LARGE", ["input", "byteSize"])],
                [],
                [("LIMIT_REACHED", ["input", "byteSize"])],
                [],
                [("LIMIT_REACHED", ["input", "byteSize"])],
                [],
                [("LIMIT_REACHED", ["input"])],
            ]
            assert await count(there) == 3

    async def test_hold_for_those_who_come_together(self, shop: Shop, tmp_path: Path) -> None:
        """Ten at once do not fit where five do."""
        async with elsewhere(shop, tmp_path, ASSET_WORKSPACE_BYTES="50", DATABASE_POOL_SIZE="20") as there:
            payloads = await asyncio.gather(*(announce(there, b"0123456789") for _ in range(10)))

            assert sorted(len(payload["userErrors"]) for payload in payloads) == [0] * 5 + [1] * 5
            assert await count(there) == 5


class TestAssetsUrl:
    """`ASSETS_URL`."""

    async def test_is_where_assets_are_said_to_be(self, shop: Shop, tmp_path: Path) -> None:
        await shop.sql(
            "insert into asset (workspace_id, id, kind, mime_type, filename, original_filename, byte_size, status, "
            "upload_expires_at) "
            "values ($1, gen_random_uuid(), 'IMAGE', 'image/png', 'a-0.png', 'a', 1, 'READY', now())",
            shop.workspace_id,
        )
        async with elsewhere(shop, tmp_path, ASSETS_URL="https://cdn.example/") as there:
            answer = await there.admin("{ assets { nodes { url } } }")

        (asset,) = answer["data"]["assets"]["nodes"]
        assert asset["url"].startswith(f"https://cdn.example/assets/{shop.workspace_id.hex}/")


@pytest.mark.usefixtures("no_other_worker")
class TestBucket:
    """Assets where there is a bucket."""

    async def test_go_to_it_without_passing_the_server(
        self, shop: Shop, bucket: dict[str, Any], test_settings: Settings, tmp_path: Path
    ) -> None:
        storage = new_storage(Settings(**(test_settings.model_dump() | bucket)))
        environment = {name.upper(): value for name, value in bucket.items()}
        content = picture()
        async with elsewhere(shop, tmp_path, **environment) as there:
            announced = await announce(there, content)
            assert announced["upload"]["url"].startswith(bucket["storage_endpoint"])
            assert codes(await complete(there, announced["asset"]["id"])) == [("NOT_UPLOADED", ["id"])]
            (await put(there, announced["upload"], content)).raise_for_status()
            assert codes(await complete(there, announced["asset"]["id"])) == []
            await process_due_assets(replace(shop.platform, storage=storage))

            asset = await read(there, announced["asset"]["id"])
            served = [await fetched(there, each["url"]) for each in (asset, *asset["renditions"]["nodes"])]

        assert [answer.status_code for answer in served] == [200, 200, 200]
        kept = [file.key async for file in storage.files(f"assets/{shop.workspace_id.hex}")]
        assert len(kept) == 3
        assert [file async for file in storage.files(f"uploads/{shop.workspace_id.hex}")] == []
