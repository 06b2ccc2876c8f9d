"""Making a workspace."""

import hashlib
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from core.access import Role
from core.errors import Conflict, Refused
from core.ids import new_id
from core.pubsub import revoked_channel
from core.words import slugify
from models import Membership, Workspace, WorkspaceCounter
from resolvers.account.sign_out import signed_in
from resolvers.context import Context, IdempotencyKey
from resolvers.validation import Input
from resolvers.workspace.input import (
    MAX_SLUG_LENGTH,
    CurrencyCode,
    Name,
    Slug,
    TimeZone,
    is_uuid,
    refuse_unknown_zone,
    slug_problem,
)
from resolvers.write import Outcome, Write, write

DEFAULT_ZONE = "UTC"
MAX_NUMBERED = 20
# RFC 9562: the bits that say that a UUID is of a make of its own (version 8).
_VERSION_8 = (0xF << 76, 0x8 << 76)
_VARIANT = (0x3 << 62, 0x2 << 62)


class NewWorkspace(Input):
    """A workspace to be made. Without a slug it gets one from its name."""

    name: Name
    slug: Slug | None = None
    currency_code: CurrencyCode
    time_zone: TimeZone = DEFAULT_ZONE


async def create_workspace(context: Context, new: NewWorkspace) -> Outcome:
    """Makes a workspace whose owner is the caller; the outcome has its `id` and the owner's `membership_id`.

    An idempotency key belongs to a workspace, and here there is none yet. The new one's id is made of the key and its
    caller: a request that is sent again looks for its key in the workspace that it made the first time.

    Raises:
        Refused: TAKEN, INVALID (PostgreSQL does not know the time zone).
        Conflict: the idempotency key made a workspace so long ago that what it asked for is forgotten.

    """
    if new.slug:
        return await _create(context, new, new.slug)
    try:
        return await _create(context, new, await _free_slug(context, new.name))
    except Refused:
        # Somebody took the slug in this moment: one that nobody can think of is free.
        return await _create(context, new, _unique_slug(_slug_of(new.name)))


async def _create(context: Context, new: NewWorkspace, slug: str) -> Outcome:
    user_id, _ = signed_in(context)
    workspace_id = _id_for(context.idempotency) if context.idempotency else new_id()
    async with write(context, workspace_id) as tx:
        if new.time_zone != DEFAULT_ZONE:
            await refuse_unknown_zone(tx, new.time_zone)
        workspace = Workspace(
            id=workspace_id,
            slug=slug,
            name=new.name,
            currency_code=new.currency_code,
            time_zone=new.time_zone,
        )
        tx.session.add(workspace)
        await _flush_or_refuse(tx)
        tx.session.add(WorkspaceCounter(workspace_id=workspace_id))
        owner = Membership(workspace_id=workspace_id, id=new_id(), user_id=user_id, role=Role.OWNER.value)
        tx.session.add(owner)
        tx.audit("workspaceCreate", "Workspace", workspace_id, new.model_dump(mode="json") | {"slug": slug})
        outcome = tx.done(id=workspace_id, membership_id=owner.id)
    # Somebody who asked for this workspace some seconds ago was told that it is not there.
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


def _id_for(key: IdempotencyKey) -> UUID:
    """The id of the workspace that is made with this key: the same each time, and nobody else's."""
    digest = hashlib.sha256(f"workspaceCreate\0{key.caller}\0{key.key}".encode()).digest()
    number = int.from_bytes(digest[:16])
    for mask, value in (_VERSION_8, _VARIANT):
        number = number & ~mask | value
    return UUID(int=number)


def _slug_of(name: str) -> str:
    return slugify(name)[:MAX_SLUG_LENGTH].strip("-") or "shop"


def _unique_slug(base: str) -> str:
    ending = new_id().hex[-12:]
    return f"{base[: MAX_SLUG_LENGTH - len(ending) - 1].strip('-')}-{ending}"


async def _free_slug(context: Context, name: str) -> str:
    """A slug from the name, numbered where others have it.

    Slugs are unique among all workspaces, so this looks as the system's role.
    """
    base = _slug_of(name)
    stem = base[: MAX_SLUG_LENGTH - len(f"-{MAX_NUMBERED}")].strip("-")
    candidates = [base, *(f"{stem}-{number}" for number in range(2, MAX_NUMBERED + 1))]
    async with context.platform.database.system.acquire() as connection:
        rows = await connection.fetch("select slug from workspace where slug = any($1::text[])", candidates)
    taken = {row["slug"] for row in rows}
    free = (slug for slug in candidates if slug not in taken and not is_uuid(slug))
    return next(free, _unique_slug(base))


async def _flush_or_refuse(tx: Write) -> None:
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if "uq_workspace_slug" in str(error.orig):
            raise Refused(slug_problem()) from None
        if "pk_workspace" in str(error.orig):
            raise Conflict("This Idempotency-Key made another workspace before. Send a new key.") from None
        raise
