"""Making a version of a site's config. Its site is locked, so that numbers have no gaps and one version is live."""

from dataclasses import dataclass
from uuid import UUID

from core.ids import new_id
from models import Site, StorefrontVersion
from resolvers.storefront.assets import note_assets
from resolvers.storefront.sections import SECTIONS, Texts, digest
from resolvers.write import Write


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a version."""

    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Who publishes: the user, if it is one, and what they are called."""

    user_id: UUID | None
    name: str


async def go_live(tx: Write, site: Site, texts: Texts, said: Said, by: By) -> StorefrontVersion:
    """Adds the site's next version and makes it the live one. The site is locked, or new."""
    site.version_count += 1
    version = StorefrontVersion(
        workspace_id=tx.workspace_id,
        id=new_id(),
        site_id=site.id,
        number=site.version_count,
        theme_version=site.theme_version,
        **{name: texts[name] for name in SECTIONS},
        digest=digest(texts),
        change_summary=said.summary,
        change_description=said.description,
        tags=list(said.tags),
        created_by=by.user_id,
        author=by.name,
    )
    tx.session.add(version)
    await tx.session.flush()
    site.live_version_id = version.id
    await note_assets(tx, site.id, texts)
    return version
