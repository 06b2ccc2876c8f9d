"""Publishing, archiving, deleting and restoring a placement: the same for banners and logos."""

from uuid import UUID

from sqlalchemy import select

from core.access import StorefrontRole
from core.errors import Problem, Refused
from models import BannerVersion, LogoVersion
from resolvers.context import Context
from resolvers.placement.input import Publication, Seen, refuse_times
from resolvers.placement.kind import Kind
from resolvers.placement.placement import hold_pictures, locked_placement, touch
from resolvers.placement.snapshot import columns_in
from resolvers.storefront.rights import need_role, rights_of
from resolvers.write import Outcome, write


async def publish_placement(context: Context, kind: Kind, row_id: UUID, publication: Publication) -> Outcome:
    """Has shoppers see it within its times; of one that is published already sets these anew.

    The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT, OUT_OF_RANGE (the times), INVALID (it cannot be shown as it is).
        Forbidden: the caller is no publisher of the site.

    """
    async with write(context) as tx:
        placement = await locked_placement(tx, kind, row_id, publication.revision)
        need_role(await rights_of(tx, placement.site_id), StorefrontRole.PUBLISHER)
        placement.start_at = publication.start_at or placement.start_at
        placement.end_at = publication.end_at or placement.end_at
        refuse_times(placement.start_at, placement.end_at)
        kind.check(placement)
        was_shown, placement.status = placement.status == "PUBLISHED", "PUBLISHED"
        touch(tx, kind, placement, was_shown=was_shown)
        noted = publication.model_dump(mode="json", exclude_unset=True) | {"version": placement.version_count}
        tx.audit(f"{kind.noun}Publish", kind.name, placement.id, noted)
        return tx.done(id=placement.id)


async def archive_placement(context: Context, kind: Kind, row_id: UUID, seen: Seen) -> Outcome:
    """Takes it away from shoppers, and keeps it with its versions. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT.
        Forbidden: the caller may not change it.

    """
    async with write(context) as tx:
        placement = await locked_placement(tx, kind, row_id, seen.revision)
        was_shown, placement.status = placement.status == "PUBLISHED", "ARCHIVED"
        touch(tx, kind, placement, was_shown=was_shown)
        tx.audit(f"{kind.noun}Archive", kind.name, placement.id)
        return tx.done(id=placement.id)


async def delete_placement(context: Context, kind: Kind, row_id: UUID) -> Outcome:
    """Deletes it with its versions, for good. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND.
        Forbidden: the caller may not change it.

    """
    async with write(context) as tx:
        placement = await locked_placement(tx, kind, row_id, None)
        tx.event(kind.published if placement.status == "PUBLISHED" else kind.edited, kind.name, placement.id)
        tx.audit(f"{kind.noun}Delete", kind.name, placement.id, {"status": placement.status})
        await tx.session.delete(placement)
        return tx.done(id=placement.id)


async def restore_placement(context: Context, kind: Kind, version_id: UUID, seen: Seen) -> Outcome:
    """Makes it what a version of it was; whether it is published stays, and so does its place in the order.

    The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND (also: a picture of the version is gone), NOT_READY, CONFLICT.
        Forbidden: the caller may not change it.

    """
    async with write(context) as tx:
        version: BannerVersion | LogoVersion | None = await tx.session.scalar(
            select(kind.version).where(kind.version.id == version_id)
        )
        if version is None:
            raise Refused(Problem("NOT_FOUND", "There is no version with this id.", ("id",)))
        placement = await locked_placement(tx, kind, getattr(version, kind.of), seen.revision)
        columns = columns_in(kind, version.snapshot)
        await hold_pictures(tx, columns, at=("id",))
        for name, value in columns.items():
            setattr(placement, name, value)
        touch(tx, kind, placement, was_shown=placement.status == "PUBLISHED")
        tx.audit(f"{kind.noun}VersionRestore", kind.name, placement.id, {"version": version.number})
        return tx.done(id=placement.id)
