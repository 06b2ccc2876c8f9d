"""Signing in."""

from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select

from core.errors import Problem, Refused
from models import AppUser
from resolvers.account.password import hash_password, is_outdated, is_password
from resolvers.account.session import start_session
from resolvers.account.throttle import attempt, guesses_at, guesses_from
from resolvers.account.write import account_write, exempt
from resolvers.context import Context
from resolvers.validation import Email
from resolvers.write import Outcome

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_WRONG = "The e-mail address or the password is wrong."


async def sign_in(context: Context, email: str, password: str) -> Outcome:
    """Starts a session; the outcome has the user's `id` and the session's tokens.

    A wrong e-mail address and a wrong password are answered with the same words after the same time: without a user the
    password is compared with nobody's hash.

    Raises:
        Refused: INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS.
        Throttled: too many passwords are being hashed.

    """
    address = _normal(email)
    async with attempt(context.platform, guesses_at(address or email), guesses_from(context.caller.address)):
        found = await _find(context, address)
        if not await is_password(password, found[1] if found else None) or found is None:
            raise Refused(Problem("INVALID_CREDENTIALS", _WRONG))
        user_id, password_hash = found
        renewed = await hash_password(password) if is_outdated(password_hash) else None
        async with account_write(exempt(context)) as tx:
            # Locked, and looked at again: the password may have been changed while it was compared.
            user = await tx.session.scalar(
                select(AppUser)
                .where(AppUser.id == user_id, AppUser.password_hash == password_hash)
                .with_for_update(read=renewed is None)
            )
            if user is None:
                raise Refused(Problem("INVALID_CREDENTIALS", _WRONG))
            if renewed:
                user.password_hash, user.updated_at = renewed, func.now()
            tokens = await start_session(tx, user_id)
            tx.audit("signIn", user_id)
            return tx.done(**tokens)


def _normal(email: str) -> str:
    """The address as it was stored when it was registered; empty where nobody can have it."""
    try:
        return _EMAIL.validate_python(email)
    except ValidationError:
        return ""


async def _find(context: Context, email: str) -> tuple[UUID, str] | None:
    """The id and the password's hash of the user with this address."""
    async with context.platform.database.system.acquire() as connection:
        row = await connection.fetchrow("select id, password_hash from app_user where email = $1", email)
    return (row["id"], row["password_hash"]) if row else None
