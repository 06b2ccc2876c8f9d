"""Changing one's password."""

from uuid import UUID

from sqlalchemy import func, select

from core.errors import Problem, Refused
from models import AppUser
from resolvers.account.password import NewPassword, hash_password, is_password, refuse_email
from resolvers.account.reset_password import void_links
from resolvers.account.session import end_sessions
from resolvers.account.sign_out import signed_in
from resolvers.account.throttle import attempt, guesses_at
from resolvers.account.write import account_write, raise_if_done
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.write import Outcome


class PasswordChange(Input):
    """The password so far, which proves that it is not somebody at an open screen, and the new one."""

    current_password: str
    new_password: NewPassword


async def change_password(context: Context, change: PasswordChange) -> Outcome:
    """Changes the caller's password, ends all their other sessions and voids the links that would reset it; the outcome
    has the user's `id`.

    Raises:
        Refused: INVALID_CREDENTIALS (the current password is wrong), GUESSABLE, TOO_MANY_ATTEMPTS.
        Throttled: too many passwords are being hashed.

    """
    user_id, session_id = signed_in(context)
    email = context.caller.label
    refuse_email(change.new_password, email, "newPassword")
    async with attempt(context.platform, guesses_at(email)):
        old_hash = await _hash_of(context, user_id)
        if not await is_password(change.current_password, old_hash):
            # A request that is sent again still names the password from before: it was right the first time.
            await raise_if_done(context)
            raise _wrong()
        new_hash = await hash_password(change.new_password)
        async with account_write(context) as tx:
            user = await tx.session.scalar(
                select(AppUser).where(AppUser.id == user_id, AppUser.password_hash == old_hash).with_for_update()
            )
            if user is None:
                raise _wrong()
            user.password_hash, user.updated_at = new_hash, func.now()
            await tx.session.flush()
            ended = await end_sessions(tx, user_id, but=session_id)
            await void_links(tx, user_id)
            tx.audit("passwordChange", user_id, {"sessions_ended": len(ended)})
            return tx.done(id=user_id)


async def _hash_of(context: Context, user_id: UUID) -> str | None:
    async with context.platform.database.system.acquire() as connection:
        found: str | None = await connection.fetchval("select password_hash from app_user where id = $1", user_id)
    return found


def _wrong() -> Refused:
    message = "The current password is wrong."
    return Refused(Problem("INVALID_CREDENTIALS", message, ("input", "currentPassword")))
