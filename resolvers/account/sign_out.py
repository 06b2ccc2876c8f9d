"""Signing out."""

from uuid import UUID

from sqlalchemy import func, update

from core.errors import Unauthenticated
from models import UserSession
from resolvers.account.session import end_sessions
from resolvers.account.write import account_write, exempt
from resolvers.context import Context
from resolvers.write import Outcome


def signed_in(context: Context) -> tuple[UUID, UUID]:
    """The caller's user and session.

    Raises:
        Unauthenticated: the caller is no signed-in user.

    """
    caller = context.caller
    if caller.id is None or caller.session_id is None:
        raise Unauthenticated("This needs you to sign in.")
    return caller.id, caller.session_id


async def sign_out(context: Context) -> Outcome:
    """Ends the caller's session: its tokens are refused everywhere within seconds. Doing it twice is no error."""
    user_id, session_id = signed_in(context)
    async with account_write(exempt(context)) as tx:
        ended = await tx.session.scalar(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=func.now())
            .returning(UserSession.id)
        )
        if ended:
            tx.revoked(session_id)
            tx.audit("signOut", user_id, {"session_id": str(session_id)})
        return tx.done(id=user_id)


async def sign_out_everywhere(context: Context) -> Outcome:
    """Ends all sessions of the caller, this one too."""
    user_id, _ = signed_in(context)
    async with account_write(exempt(context)) as tx:
        ended = await end_sessions(tx, user_id)
        tx.audit("signOutEverywhere", user_id, {"sessions": len(ended)})
        return tx.done(id=user_id)
