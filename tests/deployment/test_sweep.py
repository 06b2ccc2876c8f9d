"""What builds left behind and nobody needs any more."""

import os
from pathlib import Path

from core.ids import new_id, uuid_in
from resolvers.deployment import sweep_builds
from resolvers.deployment.keep import YOUNG
from tests.deployment.workshop import Workshop, left
from tests.factories import Shop

DELETE = "mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId } }"


def age(folder: Path) -> Path:
    """Makes it look as if it had lain there for long."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").touch()
    before = folder.stat().st_mtime - YOUNG * 2
    os.utime(folder, (before, before))
    return folder


class TestSweepBuilds:
    async def test_leaves_what_is_kept_and_deletes_the_rest(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        made = uuid_in((await site.deployed())["id"], "Deployment")
        kept = age(workshop.builds / "kept" / str(made))
        cached = age(workshop.builds / "cache" / str(site.row_id))
        for name in (f"kept/{new_id()}", f"cache/{new_id()}", f"work/{new_id()}.{new_id().hex}", "kept/nonsense"):
            age(workshop.builds / name)
        young = workshop.builds / "work" / f"{new_id()}.{new_id().hex}"
        young.mkdir()

        assert await sweep_builds(workshop.platform) == 4

        assert left(workshop, "kept") == [kept.name]
        assert left(workshop, "cache") == [cached.name]
        assert left(workshop, "work") == [young.name]

    async def test_deletes_what_a_deleted_site_had(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        made = uuid_in((await site.deployed())["id"], "Deployment")
        age(workshop.builds / "kept" / str(made))
        age(workshop.builds / "cache" / str(site.row_id))

        await shop.admin(DELETE, {"id": site.id})

        assert await sweep_builds(workshop.platform) == 2
        assert left(workshop, "kept") == left(workshop, "cache") == []
