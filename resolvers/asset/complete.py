"""Saying that an upload is done. What can be seen at once is refused at once; a worker looks into the file."""

import asyncio
import hashlib
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func

from core.database import pinned
from core.errors import Problem, Refused, Throttled
from integrations.files import HEAD, name_of_type, sniffed_type
from integrations.storage import Storage, StorageUnavailable
from resolvers.asset.asset import locked_asset
from resolvers.asset.keys import upload_key
from resolvers.context import Context
from resolvers.write import Outcome, workspace_of, write

# Seconds: the largest video from a slow bucket.
TIMEOUT = 60.0


class _Upload(NamedTuple):
    """What came: its hash, or what is wrong with it."""

    sha256: str
    problem: Problem | None


async def complete_asset_upload(context: Context, asset_id: UUID) -> Outcome:
    """Has a worker look at the file that was uploaded; the outcome has the asset's `id`.

    After a refusal the file can be uploaded again, as long as its address is good.

    Raises:
        Refused: NOT_FOUND, ALREADY_COMPLETE, NOT_UPLOADED, SIZE_MISMATCH, HASH_MISMATCH, TYPE_MISMATCH.
        Throttled: the storage does not answer.

    """
    # Before the transaction: it takes as long as the storage does.
    upload = await _look(context, asset_id)
    async with write(context) as tx:
        asset = await locked_asset(tx, asset_id)
        if asset.status != "UPLOADING" or upload is None:
            raise Refused(Problem("ALREADY_COMPLETE", "The upload of this asset was completed before.", ("id",)))
        if upload.problem:
            raise Refused(upload.problem)
        asset.sha256 = upload.sha256
        asset.status = "PROCESSING"
        asset.due_at = func.now()
        asset.updated_at = func.now()
        tx.audit("assetUploadComplete", "Asset", asset.id, {"sha256": upload.sha256})
        return tx.done(id=asset.id)


async def _look(context: Context, asset_id: UUID) -> _Upload | None:
    """What was uploaded; None where no upload is expected."""
    workspace_id = workspace_of(context)
    async with context.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        row = await connection.fetchrow(
            "select mime_type, byte_size, sha256 from asset "
            "where workspace_id = $1 and id = $2 and status = 'UPLOADING'",
            workspace_id,
            asset_id,
        )
    if row is None:
        return None
    key = upload_key(workspace_id, asset_id)
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _looked_at(context.platform.storage, key, row["mime_type"], row["byte_size"], row["sha256"])
    except FileNotFoundError:
        return _Upload("", Problem("NOT_UPLOADED", "Nothing was uploaded yet.", ("id",)))
    except (StorageUnavailable, TimeoutError):
        raise Throttled("The place where files are kept does not answer. Try again in a moment.") from None


async def _looked_at(storage: Storage, key: str, mime_type: str, byte_size: int, sha256: str | None) -> _Upload:
    came = await storage.size(key)
    if came is None:
        raise FileNotFoundError
    if came != byte_size:
        return _Upload("", Problem("SIZE_MISMATCH", f"{byte_size:,} bytes were announced and {came:,} came.", ("id",)))
    found = sniffed_type(await storage.read(key, 0, min(HEAD, came)))
    if found != mime_type:
        message = f"The file was announced as {mime_type}, and it is {name_of_type(found)}."
        return _Upload("", Problem("TYPE_MISMATCH", message, ("id",)))
    digest = await sha256_of(storage, key, came)
    if sha256 and digest != sha256:
        message = f"The file's SHA-256 was announced as {sha256}, and it is {digest}: upload it again."
        return _Upload("", Problem("HASH_MISMATCH", message, ("id",)))
    return _Upload(digest, None)


async def sha256_of(storage: Storage, key: str, size: int) -> str:
    """The SHA-256 of a stored file, in hexadecimal digits.

    Raises:
        FileNotFoundError: there is none.

    """
    digest = hashlib.sha256()
    async for piece in storage.stream(key, 0, size):
        digest.update(piece)
    return digest.hexdigest()
