"""Which assets a site's config names. They are noted with every write of what is live and of what a draft comes to.

A theme names an asset by its id, wherever in the config it likes (`{"assetId": "Asset_…"}`), or by its address. Both
are found in the text: whatever looks like either counts.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from resolvers.storefront.sections import Texts
from resolvers.write import Write

_ID = re.compile(r"Asset_([0-9a-f]{32})")
_ADDRESS = re.compile(r"/assets/([0-9a-f]{32})/([0-9a-f]{32})")
# `$3` is the draft, or null for what is live. An asset that is named and not there is none; one that is stays until
# the write is done.
_REPLACE = """
with gone as (
  delete from storefront_asset where workspace_id = $1 and site_id = $2 and draft_id is not distinct from $3::uuid
     and asset_id <> all($4::uuid[])),
named as (
  select id from asset where workspace_id = $1 and id = any($4::uuid[]) order by id for key share)
insert into storefront_asset (workspace_id, id, site_id, draft_id, asset_id)
select $1, uuidv7(), $2, $3, id from named
on conflict (workspace_id, site_id, draft_id, asset_id) do nothing
"""
_FORGET_SITE = "delete from storefront_asset where workspace_id = $1 and site_id = $2"


def assets_in(workspace_id: UUID, texts: Iterable[str]) -> set[UUID]:
    """The ids of assets of the workspace that JSON texts name, whether they are there or not."""
    found = set()
    for text in texts:
        found |= {UUID(hex=match) for match in _ID.findall(text)}
        found |= {UUID(hex=asset) for workspace, asset in _ADDRESS.findall(text) if workspace == workspace_id.hex}
    return found


async def note_assets(tx: Write, site_id: UUID, texts: Texts, draft_id: UUID | None = None) -> None:
    """Notes what is named by the live config of a site that is locked, or by what a draft comes to that is."""
    # The rows that are referred to may be new.
    await tx.session.flush()
    named = list(assets_in(tx.workspace_id, texts.values()))
    await tx.connection.execute(_REPLACE, tx.workspace_id, site_id, draft_id, named)


async def forget_draft_assets(tx: Write, site_id: UUID, draft_id: UUID) -> None:
    """A draft that is no longer in progress names nothing."""
    await tx.connection.execute(_REPLACE, tx.workspace_id, site_id, draft_id, [])


async def forget_site_assets(tx: Write, site_id: UUID) -> None:
    """A site that is deleted names nothing, and neither do its drafts."""
    await tx.connection.execute(_FORGET_SITE, tx.workspace_id, site_id)
