"""`python -m dev.demo`: makes the demo shops where they are missing and writes their tokens to `demo.json`.

Where `demo.json` is there and its keys are good nothing is made; only the addresses in it are written anew.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from core.database import Database
from core.errors import Refused
from core.pubsub import Doorbells
from core.settings import Settings, settings_or_exit
from dev.demo.catalog import SHOPS
from dev.demo.seed import register_starter, seed
from integrations.storage import new_storage
from resolvers.authentication import Authenticator, Credentials, new_throttle
from resolvers.context import Platform


async def main() -> None:
    """Seeds the database that the settings name."""
    settings = settings_or_exit()
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    platform = Platform(settings, await Database.open(settings), redis, Doorbells(redis), new_storage(settings))
    path = settings.data_dir / "demo.json"
    try:
        workspaces = await _known(platform, path)
        if workspaces is None:
            workspaces = await seed(platform, settings.data_dir)
        else:
            await _register_starter(platform)
    finally:
        await platform.database.close()
        await redis.aclose()
    _write(settings, path, workspaces)


async def _register_starter(platform: Platform) -> None:
    """A newer version of the starter theme is for the shops that are there, too."""
    try:
        await register_starter(platform)
    except Refused as refused:
        print(f"The starter theme stays as it was registered: {refused}")


async def _known(platform: Platform, path: Path) -> list[dict[str, Any]] | None:
    """What `demo.json` holds, if this database still accepts all of its keys."""
    if not path.exists():
        return None
    workspaces: list[dict[str, Any]] = json.loads(path.read_text())["workspaces"]
    if {workspace["slug"] for workspace in workspaces} != {shop.slug for shop in SHOPS}:
        return None
    if any("siteId" not in workspace for workspace in workspaces):
        return None
    authenticator = Authenticator(platform, new_throttle(platform))
    for workspace in workspaces:
        for credentials in (
            Credentials(storefront_token=workspace["storefrontToken"]),
            Credentials(authorization=f"Bearer {workspace['apiKey']}"),
        ):
            if (await authenticator.identify(credentials, "")).problem:
                return None
    return workspaces


def _write(settings: Settings, path: Path, workspaces: list[dict[str, Any]]) -> None:
    """Replaces the file at once, readable by its owner alone: it holds keys."""
    url = f"{settings.base_url}/graphql"
    demo = {"url": url, "ws": url.replace("http", "ws", 1), "workspaces": workspaces}
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(demo, indent=2) + "\n")
    new.replace(path)


asyncio.run(main())
