"""Announcing an upload: what is to come, checked against what the workspace may have, and where to send it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.access import CallerKind
from core.clock import now
from core.errors import Problem, Refused
from core.ids import new_id
from integrations.files import TYPES
from models import Asset, Workspace
from resolvers.asset.asset import renew_tokens
from resolvers.asset.input import NewUpload, max_bytes
from resolvers.asset.keys import upload_key
from resolvers.asset.ticket import Ticket, issue_ticket
from resolvers.context import Context
from resolvers.write import Outcome, Secret, Write, workspace_of, write

UPLOAD_LIFETIME = timedelta(hours=1)
UPLOAD_PATH = "/uploads/"


async def create_asset_upload(context: Context, new: NewUpload) -> Outcome:
    """Announces an upload. The outcome has the asset's `id`, the `url` to send the file to, and when that `expires_at`.

    Raises:
        Refused: UNSUPPORTED_TYPE, TOO_LARGE, LIMIT_REACHED (the workspace has all that it may have).

    """
    settings = context.platform.settings
    file_type = TYPES.get(new.mime_type)
    if file_type is None:
        message = f"Files of type {new.mime_type or 'unknown'} are not taken. These are: {', '.join(TYPES)}."
        raise Refused(Problem("UNSUPPORTED_TYPE", message, ("input", "mimeType")))
    most = max_bytes(settings, file_type.kind)
    if new.byte_size > most:
        message = f"The file has {new.byte_size:,} bytes; one of this kind may have {most:,}."
        raise Refused(Problem("TOO_LARGE", message, ("input", "byteSize")))
    asset_id, expires_at = new_id(), now() + UPLOAD_LIFETIME
    url = await _url(context, Ticket(workspace_of(context), asset_id, new.byte_size), expires_at)
    async with write(context) as tx:
        await _refuse_beyond_limits(tx, new.byte_size)
        asset = Asset(
            workspace_id=tx.workspace_id,
            id=asset_id,
            kind=file_type.kind,
            mime_type=new.mime_type,
            original_filename=new.filename,
            byte_size=new.byte_size,
            sha256=new.sha256,
            title=new.title,
            alt_text=new.alt_text,
            description=new.description,
            details=new.metadata,
            upload_expires_at=expires_at,
            created_by=_user(context),
        )
        tx.session.add(asset)
        await tx.session.flush()
        await renew_tokens(tx, asset)
        tx.audit("assetUploadCreate", "Asset", asset_id, new.model_dump(mode="json"))
        return tx.done(id=asset_id, url=Secret(url), expires_at=expires_at.isoformat(), mime_type=new.mime_type)


async def _url(context: Context, ticket: Ticket, expires_at: datetime) -> str:
    """The bucket's own address where there is a bucket, else one of this server."""
    platform = context.platform
    if platform.storage.sign:
        return await platform.storage.sign(upload_key(ticket.workspace_id, ticket.asset_id), UPLOAD_LIFETIME)
    return platform.settings.base_url + UPLOAD_PATH + issue_ticket(platform.settings, ticket, expires_at)


def _user(context: Context) -> UUID | None:
    return context.caller.id if context.caller.kind is CallerKind.USER else None


async def _refuse_beyond_limits(tx: Write, byte_size: int) -> None:
    """The workspace is locked, so that nobody else is adding to it. What was announced counts as if it were there."""
    settings = tx.context.platform.settings
    await tx.session.execute(select(Workspace.id).with_for_update(key_share=True))
    statement = select(func.count(), func.coalesce(func.sum(Asset.byte_size), 0)).select_from(Asset)
    count, total = (await tx.session.execute(statement)).one()
    if count >= settings.asset_workspace_count:
        message = f"A workspace has at most {settings.asset_workspace_count:,} assets: delete what is not needed."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))
    left = settings.asset_workspace_bytes - int(total)
    if byte_size > left:
        message = (
            f"The file has {byte_size:,} bytes, and the workspace has room for {max(left, 0):,} of its "
            f"{settings.asset_workspace_bytes:,}: delete what is not needed."
        )
        raise Refused(Problem("LIMIT_REACHED", message, ("input", "byteSize")))
