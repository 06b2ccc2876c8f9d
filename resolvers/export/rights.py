"""Whether who made a link to an export may still read what is in it."""

from uuid import UUID

from core.access import ROLE_SCOPES, CallerKind, Role
from core.database import PIN_FIRST, PINNED_STATEMENT, Database
from core.errors import Forbidden
from resolvers.export.tables import TABLES
from resolvers.export.ticket import Ticket

_KEY = PINNED_STATEMENT.format(
    inner=f"""
select scopes from api_key
 where {PIN_FIRST} and workspace_id = $1 and id = $2 and revoked_at is null
   and (expires_at is null or expires_at > now())
"""  # noqa: S608 - a constant of ours
)
_MEMBER = """
select m.role from user_session s join membership m on m.user_id = s.user_id
 where m.workspace_id = $1 and s.user_id = $2 and s.id = $3 and s.revoked_at is null and s.expires_at > now()
"""


async def refuse_without_right(database: Database, ticket: Ticket) -> None:
    """Lets a ticket through whose maker is signed in, or an active key, with the table's scope: today, not then.

    Raises:
        Forbidden: they are not, or have lost the scope.

    """
    scope = TABLES[ticket.table].scope
    if scope not in await _scopes(database, ticket):
        raise Forbidden("Whoever made this link is signed out or may not read this any more.", scope=scope)


async def _scopes(database: Database, ticket: Ticket) -> frozenset[str]:
    if ticket.caller_kind is CallerKind.API_KEY:
        return await _scopes_of_key(database, ticket.workspace_id, ticket.caller_id)
    async with database.system.acquire() as connection:
        role = await connection.fetchval(_MEMBER, ticket.workspace_id, ticket.caller_id, ticket.session_id)
    return ROLE_SCOPES[Role(role)] if role else frozenset()


async def _scopes_of_key(database: Database, workspace_id: UUID, key_id: UUID) -> frozenset[str]:
    async with database.app.acquire() as connection:
        return frozenset(await connection.fetchval(_KEY, workspace_id, key_id) or ())
