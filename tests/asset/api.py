"""Assets as merchants use them: the documents, and the requests that send files."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import httpx

from core.ids import uuid_in
from resolvers.asset import process_due_assets
from tests.factories import Shop

FIELDS = """
  id kind status failureReason url filename originalFilename mimeType byteSize width height sha256 title altText
  description metadata revision
  renditions(first: 10) { nodes { width height byteSize mimeType url } }
"""
UPLOAD = f"""
mutation ($input: AssetUploadCreateInput!) {{
  assetUploadCreate(input: $input) {{
    asset {{ {FIELDS} }}
    upload {{ url method headers {{ name value }} expiresAt }}
    userErrors {{ code field message }}
  }}
}}
"""
COMPLETE = f"""
mutation ($id: ID!) {{
  assetUploadComplete(id: $id) {{ asset {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
UPDATE = f"""
mutation ($id: ID!, $input: AssetUpdateInput!) {{
  assetUpdate(id: $id, input: $input) {{ asset {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
DELETE = """
mutation ($id: ID!, $force: Boolean! = false) {
  assetDelete(id: $id, force: $force) { deletedAssetId userErrors { code field message } }
}
"""
READ = f"query ($id: ID!) {{ asset(id: $id) {{ {FIELDS} }} }}"


async def send(shop: Shop, document: str, name: str, variables: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    answer = await shop.admin(document, variables, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][name]
    return payload


async def announce(shop: Shop, content: bytes, mime_type: str = "image/png", **given: Any) -> dict[str, Any]:
    """The payload of an announced upload of this content."""
    extension = mime_type.rpartition("/")[2].partition("+")[0]
    told = {"filename": f"Brass lamp.{extension}", "mimeType": mime_type, "byteSize": len(content)} | given
    return await send(shop, UPLOAD, "assetUploadCreate", {"input": told})


async def put(shop: Shop, upload: dict[str, Any], content: Any) -> httpx.Response:
    """Sends a file as a browser does."""
    headers = {each["name"]: each["value"] for each in upload["headers"]}
    url = _where_it_listens(upload["url"])
    return await shop.graphql.http.request(upload["method"], url, content=content, headers=headers)


async def fetched(shop: Shop, url: str, **headers: str) -> httpx.Response:
    """What is served at an address."""
    return await shop.graphql.http.get(_where_it_listens(url), headers=headers)


def _where_it_listens(url: str) -> str:
    """The tests' server has another port than the one in its addresses; a bucket has its own."""
    parts = urlsplit(url)
    return parts.path if parts.hostname == "localhost" else url


async def complete(shop: Shop, asset_id: str, **options: Any) -> dict[str, Any]:
    return await send(shop, COMPLETE, "assetUploadComplete", {"id": asset_id}, **options)


async def uploaded(shop: Shop, content: bytes, mime_type: str = "image/png", **given: Any) -> dict[str, Any]:
    """The payload of a completed upload."""
    payload = await announce(shop, content, mime_type, **given)
    assert payload["userErrors"] == [], payload
    response = await put(shop, payload["upload"], content)
    assert response.status_code in {200, 204}, response.text
    return await complete(shop, payload["asset"]["id"])


async def processed(shop: Shop, content: bytes, mime_type: str = "image/png", **given: Any) -> dict[str, Any]:
    """The asset, once a worker has looked at it."""
    payload = await uploaded(shop, content, mime_type, **given)
    assert payload["userErrors"] == [], payload
    await process_due_assets(shop.platform)
    return await read(shop, payload["asset"]["id"])


async def ready(shop: Shop, content: bytes, mime_type: str = "image/png", **given: Any) -> dict[str, Any]:
    """An asset that can be used."""
    asset = await processed(shop, content, mime_type, **given)
    assert asset["status"] == "READY", asset
    return asset


async def read(shop: Shop, asset_id: str) -> dict[str, Any]:
    asset: dict[str, Any] = (await shop.admin(READ, {"id": asset_id}))["data"]["asset"]
    return asset


async def delete(shop: Shop, asset_id: str, *, force: bool = False) -> dict[str, Any]:
    return await send(shop, DELETE, "assetDelete", {"id": asset_id, "force": force})


async def stored(shop: Shop) -> list[str]:
    """The keys of all files that are kept for a shop."""
    storage = shop.platform.storage
    folders = [f"{folder}/{shop.workspace_id.hex}" for folder in ("assets", "uploads")]
    return sorted([file.key for folder in folders async for file in storage.files(folder)])


def hex_of(asset: dict[str, Any]) -> str:
    found = uuid_in(asset["id"], "Asset")
    assert found
    return found.hex


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
