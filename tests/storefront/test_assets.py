"""Which assets configs name, and that none of them is deleted unseen."""

import asyncio
import importlib.util
import os
import random
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from core.ids import global_id, uuid_in
from resolvers.storefront.sections import SECTIONS
from tests.banner.api import new_asset
from tests.factories import Shop, make_site
from tests.people import codes
from tests.storefront.api import DISCARD, PUBLISH, REBASE, RESTORE, UPDATE, Desk

DELETE = """
mutation ($id: ID!, $force: Boolean!) {
  assetDelete(id: $id, force: $force) { deletedAssetId userErrors { code field message } }
}
"""
USAGE = "query ($id: ID!) { asset(id: $id) { usage { nodes { kind entityId title } } } }"
MIGRATION = next(Path("migrations/versions").glob("*_assets_in_storefront_configs.py"))


async def usage(shop: Shop, asset: str) -> list[tuple[str, str]]:
    nodes = (await shop.admin(USAGE, {"id": asset}))["data"]["asset"]["usage"]["nodes"]
    return [(node["kind"], node["entityId"]) for node in nodes]


async def delete(shop: Shop, asset: str, *, force: bool = False) -> dict[str, Any]:
    payload: dict[str, Any] = (await shop.admin(DELETE, {"id": asset, "force": force}))["data"]["assetDelete"]
    return payload


def naming(asset: str, **more: Any) -> dict[str, Any]:
    return {"seo": {"picture": {"assetId": asset}} | more}


class TestNamedAssets:
    """Assets that a site's config names."""

    async def test_are_used_by_what_is_live(self, desk: Desk) -> None:
        asset = await new_asset(desk.shop)
        draft = await desk.draft(changes=naming(asset))
        assert await usage(desk.shop, asset) == [("STOREFRONT_DRAFT", draft["id"])]
        await desk.publish(draft)

        assert await usage(desk.shop, asset) == [("STOREFRONT", desk.site["id"])]
        payload = await delete(desk.shop, asset)
        assert codes(payload) == [("IN_USE", ["id"])]
        assert payload["userErrors"][0]["message"].startswith("The asset is used by storefront “Lamps”.")

    @pytest.mark.parametrize(
        "written",
        [
            "{asset}",
            "see {asset}.",
            "https://cdn.example/assets/{workspace}/{hex}/lamp-0.png",
            "/assets/{workspace}/{hex}/lamp-320w-0.webp",
            "url(/assets/{workspace}/{hex}/ä.png)",
        ],
    )
    async def test_are_named_by_id_or_address(self, desk: Desk, written: str) -> None:
        asset = await new_asset(desk.shop)
        known = {"asset": asset, "workspace": desk.shop.workspace_id.hex, "hex": asset.removeprefix("Asset_")}
        draft = await desk.draft(changes={"content": {"a": [{"b": written.format(**known)}]}})

        assert await usage(desk.shop, asset) == [("STOREFRONT_DRAFT", draft["id"])]

    async def test_are_those_of_the_workspace(self, desk: Desk, other_shop: Shop) -> None:
        foreign = await new_asset(other_shop)
        hex_ = foreign.removeprefix("Asset_")
        address = f"/assets/{other_shop.workspace_id.hex}/{hex_}/lamp-0.png"
        nobodys = "Asset_" + "0" * 32
        await desk.draft(changes={"seo": {"a": foreign, "b": address, "c": nobodys, "d": f"Product_{hex_}"}})

        assert await desk.shop.sql("select from storefront_asset") == []
        assert await usage(other_shop, foreign) == []

    async def test_of_a_draft_are_free_once_it_is_given_up(self, desk: Desk) -> None:
        one, two = await new_asset(desk.shop), await new_asset(desk.shop)
        draft = await desk.draft(changes=naming(one))
        draft = await desk.update(draft, patch=[{"op": "replace", "path": "/seo/picture/assetId", "value": two}])
        assert (await usage(desk.shop, one), len(await usage(desk.shop, two))) == ([], 1)
        assert codes(await delete(desk.shop, two)) == [("IN_USE", ["id"])]
        await desk.done(DISCARD, id=draft["id"], input={"revision": draft["revision"]})

        assert codes(await delete(desk.shop, two)) == []

    async def test_of_an_old_version_are_used_by_the_draft_that_restores_it(self, desk: Desk) -> None:
        asset = await new_asset(desk.shop)
        version = await desk.publish(await desk.draft(changes=naming(asset)))
        await desk.publish(await desk.draft(changes={"seo": {}}))
        assert await usage(desk.shop, asset) == []
        draft = (await desk.done(RESTORE, id=version["id"]))["storefrontDraft"]

        assert await usage(desk.shop, asset) == [("STOREFRONT_DRAFT", draft["id"])]

    async def test_are_free_once_their_site_is_deleted(self, desk: Desk) -> None:
        asset = await new_asset(desk.shop)
        await desk.publish(await desk.draft(changes=naming(asset)))
        await desk.draft(changes=naming(asset, title="again"))
        await desk.done("mutation ($id: ID!) { siteDelete(id: $id) { userErrors { code } } }", id=desk.site["id"])

        assert await usage(desk.shop, asset) == []
        assert codes(await delete(desk.shop, asset)) == []

    async def test_can_be_deleted_by_force(self, desk: Desk) -> None:
        asset = await new_asset(desk.shop)
        await desk.publish(await desk.draft(changes=naming(asset)))
        draft = await desk.draft(changes={"seo": {"picture": asset}})
        before, events = await desk.config(), await desk.events()

        assert codes(await delete(desk.shop, asset, force=True)) == []
        assert await desk.config() == before
        assert (await desk.events())[len(events) :] == [
            "storefront.published",
            "storefront.draft_updated",
            "asset.deleted",
        ]
        assert await desk.shop.sql("select from storefront_asset") == []
        await desk.publish(await desk.update(draft, changes={"settings": {}}))

    async def test_are_never_deleted_while_somebody_comes_to_name_them(self, desk: Desk) -> None:
        """Whoever comes first has it: it is named and there, or gone and named by nobody."""
        assets = [await new_asset(desk.shop) for _ in range(8)]
        drafts = [await desk.draft() for _ in assets]
        updates = (
            desk.send(UPDATE, id=draft["id"], input={"revision": 1, "changes": naming(asset)})
            for asset, draft in zip(assets, drafts, strict=True)
        )
        deletes = (delete(desk.shop, asset, force=number % 2 == 0) for number, asset in enumerate(assets))

        payloads = await asyncio.gather(*(each for pair in zip(updates, deletes, strict=True) for each in pair))

        assert [codes(payload) for payload in payloads[::2]] == [[]] * len(assets)
        there = {row["id"] for row in await desk.shop.sql("select id from asset")}
        named = {row["asset_id"] for row in await desk.shop.sql("select asset_id from storefront_asset")}
        assert named <= there
        deleted = {asset for asset, payload in zip(assets, payloads[1::2], strict=True) if payload["deletedAssetId"]}
        assert there == {uuid_in(asset, "Asset") for asset in set(assets) - deleted}


class TestManyChanges:
    """Random edits, publications, restores, rebases and discards of two sites."""

    @pytest.mark.parametrize("seed", range(3))
    async def test_keep_the_names_that_a_slow_scan_finds(self, desk: Desk, seed: int) -> None:
        chance = random.Random(seed)
        desks = [desk, Desk(desk.shop, await make_site(desk.shop))]
        assets = [await new_asset(desk.shop) for _ in range(6)]
        for _ in range(25):
            await self.change(chance.choice(desks), chance, assets)
        await self.compare(desk)

    async def change(self, desk: Desk, chance: random.Random, assets: list[str]) -> None:
        drafts = await desk.shop.sql(
            "select id, revision from storefront_draft where status = 'OPEN' and site_id = $1 order by id", desk.site_id
        )
        versions = await desk.shop.sql("select id from storefront_version where site_id = $1 order by id", desk.site_id)
        chosen = [chance.choice(assets) for _ in range(chance.choice((0, 1, 2)))]
        changes = {chance.choice(("seo", "content", "settings")): {"x": [{"deep": each} for each in chosen]}}
        action = chance.choice((None, UPDATE, UPDATE, PUBLISH, DISCARD, REBASE, RESTORE))
        if action is None or not drafts:
            await desk.draft(changes=changes)
        elif action is RESTORE:
            version = global_id("StorefrontVersion", chance.choice(versions)["id"])
            await desk.done(RESTORE, id=version)
        else:
            draft = chance.choice(drafts)
            given: dict[str, Any] = {"revision": draft["revision"]}
            if action is UPDATE:
                given["changes"] = changes | chance.choice(({}, {"seo": None}))
            if action is REBASE:
                given |= {"mine": ["SEO", "CONTENT"], "theirs": ["LAYOUT", "THEME", "SETTINGS"]}
            # One that others have left behind is refused, and nothing is changed then.
            await desk.send(action, id=global_id("StorefrontDraft", draft["id"]), input=given)

    async def compare(self, desk: Desk) -> None:
        """What is noted, with what every config says that counts."""
        shown = ", ".join(SECTIONS)
        live = await desk.shop.sql(
            f"select s.id as site_id, null as draft_id, {shown} from site s "
            "join storefront_version v on v.id = s.live_version_id"
        )
        drafts = await desk.shop.sql(
            "select d.site_id, d.id as draft_id, "
            + ", ".join(f"coalesce(d.{name}, v.{name}) as {name}" for name in SECTIONS)
            + " from storefront_draft d join storefront_version v on v.id = d.base_version_id "
            "where d.status in ('OPEN', 'SCHEDULED')"
        )
        expected = {
            (row["site_id"], row["draft_id"], asset_id)
            for row in [*live, *drafts]
            for name in SECTIONS
            for text in strings(orjson.loads(row[name]))
            if (asset_id := uuid_in(text, "Asset"))
        }

        assert {tuple(row) for row in await noted(desk.shop)} == expected
        assert expected
        assert await backfilled(desk.shop) == expected


async def noted(shop: Shop) -> list[Any]:
    return await shop.sql("select site_id, draft_id, asset_id from storefront_asset")


async def backfilled(shop: Shop) -> set[tuple[Any, ...]]:
    """What the migration would have noted of the shop, had it been filled before."""
    spec = importlib.util.spec_from_file_location("migration", MIGRATION)
    assert spec
    assert spec.loader
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    connection = await asyncpg.connect(os.environ["EMBEDDED_SUPERUSER_URL"])
    try:
        async with connection.transaction():
            await connection.execute("create temporary table found (like storefront_asset) on commit drop")
            await connection.execute(migration.BACKFILL.replace("into storefront_asset", "into found"))
            rows = await connection.fetch(
                "select site_id, draft_id, asset_id from found where workspace_id = $1", shop.workspace_id
            )
    finally:
        await connection.close()
    return {tuple(row) for row in rows}


def strings(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []
