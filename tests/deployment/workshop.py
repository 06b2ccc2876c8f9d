"""Small themes, sites made of them, and the worker that builds them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from core.ids import new_id, uuid_in
from resolvers.context import Platform
from resolvers.deployment import build_next
from resolvers.theme import Named
from tests.factories import Shop, make_site, make_theme

# A server as Next.js makes one: it listens where PORT and HOSTNAME say. It tells what it was given and asked.
SERVER = """
const http = require("node:http"), fs = require("node:fs"), path = require("node:path");
process.chdir(__dirname);
const hooks = [];
const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    if (request.url === "/api/sync/webhook") {
      hooks.push({ headers: request.headers, body: body.toString() });
      response.end("{}"); return;
    }
    if (request.url === "/hooks") { response.end(JSON.stringify(hooks)); return; }
    if (request.url === "/slow") { setTimeout(() => response.end("slow"), 700); return; }
    if (request.url === "/stream") { response.write("first"); setTimeout(() => response.end("second"), 300); return; }
    if (request.url === "/die") { process.exit(1); }
    if (request.url.startsWith("/_next/static/")) {
      response.end(fs.readFileSync(path.join(".next", request.url.slice("/_next/".length)))); return;
    }
    response.setHeader("content-type", "application/json");
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.end(JSON.stringify({
      built: fs.readFileSync("built.txt", "utf8"), url: request.url, method: request.method, headers: request.headers,
      body: body.toString(), pid: process.pid, uid: process.getuid(), site: process.env.NEXT_PUBLIC_SITE_ID,
      secret: process.env.WEBHOOK_SECRET, token: process.env.STOREFRONT_TOKEN,
    }));
  });
});
server.listen(Number(process.env.PORT), process.env.HOSTNAME);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
"""
# What `npm run build` runs. VERSION tells builds of the same theme apart.
BUILD = """
const fs = require("node:fs");
fs.mkdirSync(".next/standalone/.next", { recursive: true });
fs.mkdirSync(".next/static", { recursive: true });
fs.copyFileSync("server.js", ".next/standalone/server.js");
fs.writeFileSync(".next/standalone/built.txt", fs.readFileSync("version.txt", "utf8"));
fs.writeFileSync(".next/static/app.js", "console.log('hello')");
console.log("built for " + process.env.NEXT_PUBLIC_SITE_ID);
"""

DEPLOY = """
mutation ($id: ID!) {
  siteDeploy(id: $id) { deployment { id number status step } userErrors { code field message } }
}
"""
DEPLOYMENT = """
query ($id: ID!) {
  deployment(id: $id) {
    number status step error themeVersion sourceDigest byteSize isKept author startedAt finishedAt durationMs
    logLines(last: 100) { totalCount nodes { number status step text } }
  }
}
"""


@dataclass(frozen=True)
class Workshop:
    """A platform with folders of its own for themes and builds."""

    platform: Platform
    folder: Path

    @property
    def builds(self) -> Path:
        return self.platform.settings.builds_path

    def with_settings(self, **settings: Any) -> "Workshop":
        return replace(self, platform=with_settings(self.platform, **settings))

    async def site(
        self, shop: Shop, build: str = BUILD, files: Mapping[str, str] | None = None, **site: Any
    ) -> "Built":
        """A site of a theme of its own, whose `npm run build` runs this script."""
        slug = f"theme-{new_id().hex[-12:]}"
        folder = self.folder / "themes" / slug
        write_theme(folder, {"slug": slug, "version": "1.0.0", "name": "Tiny"}, build, files or {})
        theme_id = await make_theme(
            self.platform, json.loads((folder / "theme.json").read_text()), Named("FOLDER", slug, None)
        )
        made = await make_site(shop, theme_id, **site)
        return Built(self, shop, made["id"], folder, made)

    async def build(self) -> bool:
        """Does what a worker does. Whether anything was due."""
        return await build_next(self.platform)


@dataclass(frozen=True)
class Built:
    """A site of such a theme."""

    workshop: Workshop
    shop: Shop
    id: str
    folder: Path
    site: dict[str, Any]

    @property
    def row_id(self) -> UUID:
        found = uuid_in(self.id, "Site")
        assert found
        return found

    def change(self, version: str) -> None:
        """Changes the theme's code, so that what is built of it says so."""
        (self.folder / "version.txt").write_text(version)

    async def deploy(self) -> str:
        answer = await self.shop.admin(DEPLOY, {"id": self.id})
        payload = answer["data"]["siteDeploy"]
        assert payload["userErrors"] == [], answer
        assert payload["deployment"]["status"] == "QUEUED"
        return str(payload["deployment"]["id"])

    async def deployed(self) -> dict[str, Any]:
        """A deployment once a worker was at it."""
        deployment_id = await self.deploy()
        assert await self.workshop.build()
        return await self.deployment(deployment_id)

    async def deployment(self, deployment_id: str) -> dict[str, Any]:
        answer = await self.shop.admin(DEPLOYMENT, {"id": deployment_id})
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]["deployment"]
        return found | {"id": deployment_id}


def with_settings(platform: Platform, **settings: Any) -> Platform:
    return replace(platform, settings=platform.settings.model_copy(update=settings))


def write_theme(folder: Path, manifest: dict[str, Any], build: str, files: Mapping[str, str]) -> None:
    package = {"name": "tiny", "version": "1.0.0", "private": True, "scripts": {"build": "node build.js"}}
    lock = {"name": "tiny", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": {"": package}}
    written = {
        "theme.json": json.dumps(manifest),
        "package.json": json.dumps(package),
        "package-lock.json": json.dumps(lock),
        "build.js": build,
        "server.js": SERVER,
        "version.txt": "1",
    }
    folder.mkdir(parents=True)
    for name, text in (written | dict(files)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def texts(deployment: dict[str, Any]) -> list[str]:
    return [line["text"] for line in deployment["logLines"]["nodes"]]


def left(workshop: Workshop, name: str) -> list[str]:
    """What lies in one of the folders below BUILDS_DIR."""
    folder = workshop.builds / name
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def running_in(workshop: Workshop) -> list[str]:
    """What runs of builds, by the folder that it runs in."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            folder = str((process / "cwd").readlink()) if process.name.isdecimal() else ""
        except OSError:
            continue
        if folder.startswith(str(workshop.builds)):
            found.append(folder)
    return found
