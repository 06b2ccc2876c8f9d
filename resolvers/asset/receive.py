"""Taking the bytes of an upload, where there is no bucket that takes them by itself."""

from collections.abc import AsyncIterator

from core.database import pinned
from resolvers.asset.keys import upload_key
from resolvers.asset.ticket import Ticket
from resolvers.context import Platform


class NotExpected(Exception):
    """The asset is no longer waiting for its file."""


class WrongSize(Exception):
    """What came is not as long as was announced; the message says how long it was."""


async def receive_upload(platform: Platform, ticket: Ticket, pieces: AsyncIterator[bytes]) -> None:
    """Keeps what comes under the asset's upload, whole or not at all. It may come again until it is completed.

    Raises:
        NotExpected: the asset was deleted, or has its file.
        WrongSize: too much or too little came.
        StorageUnavailable: it could not be kept.

    """
    async with platform.database.app.acquire() as connection, pinned(connection, ticket.workspace_id):
        status = await connection.fetchval(
            "select status from asset where workspace_id = $1 and id = $2", ticket.workspace_id, ticket.asset_id
        )
    if status != "UPLOADING":
        raise NotExpected
    key = upload_key(ticket.workspace_id, ticket.asset_id)
    await platform.storage.write_stream(key, _counted(pieces, ticket.byte_size))


async def _counted(pieces: AsyncIterator[bytes], expected: int) -> AsyncIterator[bytes]:
    came = 0
    async for piece in pieces:
        came += len(piece)
        if came > expected:
            raise WrongSize(f"More than the {expected:,} bytes came that were announced.")
        if piece:
            yield piece
    if came < expected:
        raise WrongSize(f"{came:,} of the {expected:,} bytes came that were announced.")
