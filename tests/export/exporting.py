"""How the tests make links, download what they lead to, and read it."""

import csv
import io
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from tests.factories import Shop

EXPORT_CREATE = """
mutation ExportCreate($input: ExportCreateInput!) {
  exportCreate(input: $input) {
    export { url expiresAt filename }
    userErrors { code field message }
  }
}
"""
# Events of one moment a second, whatever else there is; `$2` is how many, `$3` their site.
EVENTS = """
insert into visitor_event (workspace_id, occurred_at, id, name, session_id, visitor_id, host, path, title, referrer,
                           source, medium, campaign, device, browser, os, country, is_bot, site_id)
select $1, now() - n * interval '1 millisecond', gen_random_uuid(), 'page_view', gen_random_uuid(), gen_random_uuid(),
       'shop.example', '/lamps/' || n, 'A lamp', '', 'direct', '', '', 'desktop', 'Firefox', 'Linux', '', false, $3
  from generate_series(1, $2) n
"""


async def created(shop: Shop, table: str, *, options: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """The answer to `exportCreate`; `options` are who asks, `given` the rest of the input."""
    return await shop.admin(EXPORT_CREATE, {"input": {"table": table, **given}}, **(options or {}))


async def link(shop: Shop, table: str, *, options: dict[str, Any] | None = None, **given: Any) -> str:
    """A link's path on the server."""
    answer = await created(shop, table, options=options, **given)
    assert "errors" not in answer, answer
    payload = answer["data"]["exportCreate"]
    assert payload["userErrors"] == [], answer
    return str(urlsplit(payload["export"]["url"]).path)


async def download(shop: Shop, path: str, **headers: str) -> httpx.Response:
    return await shop.graphql.http.get(path, headers=headers)


def read(content: bytes) -> list[dict[str, str]]:
    """The rows, by the names in the first."""
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def exported(shop: Shop, table: str, **given: Any) -> list[dict[str, str]]:
    """The rows of an export."""
    answer = await download(shop, await link(shop, table, **given))
    assert answer.status_code == 200, answer.text
    return read(answer.content)


async def add_events(shop: Shop, count: int, site_id: UUID | None = None) -> None:
    """Stores so many events of just now."""
    await shop.sql(EVENTS, shop.workspace_id, count, site_id)
