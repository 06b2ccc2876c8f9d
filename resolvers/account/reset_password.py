"""A new password for people who forgot theirs, by a link in an e-mail."""

import asyncio
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update

from core.clock import now
from core.crypto import hash_secret, new_secret, pack_token, same_secret, unpack_token
from core.errors import Problem, Refused
from core.ids import new_id
from models import AppUser, PasswordReset
from resolvers.account.password import NewPassword, hash_password, refuse_email
from resolvers.account.session import end_sessions, start_session
from resolvers.account.throttle import count, forgive, guesses_at, resets_from, resets_to
from resolvers.account.write import AccountWrite, account_write, raise_if_done
from resolvers.context import Context
from resolvers.email import add_email
from resolvers.validation import Email, Input
from resolvers.write import Outcome

RESET_TOKEN_PREFIX = "vp_"  # noqa: S105 - a prefix
LIFETIME = timedelta(hours=1)
# Seconds that an answer takes, whoever is asked for: several times what writing the e-mail takes.
ANSWER_SECONDS = 0.25
_INVALID = "The link is not valid, was used before, or has expired: ask for a new one."


class PasswordResetRequest(Input):
    """Whose password shall be reset."""

    email: Email


class TokenAndPassword(Input):
    """The token in the e-mail, which proves whose the address is, and the new password."""

    token: str
    new_password: NewPassword


class _Link(NamedTuple):
    """A link that was good when it was looked at."""

    id: UUID
    user_id: UUID
    email: str


async def request_password_reset(context: Context, request: PasswordResetRequest) -> Outcome:
    """Writes somebody an e-mail with a link that sets a new password; the outcome is empty.

    Whether anybody has the address shows neither in the answer nor in its time: none comes before `ANSWER_SECONDS`. A
    database that takes longer than that lets the time tell.

    Raises:
        Refused: TOO_MANY_ATTEMPTS.

    """
    clock = asyncio.get_running_loop()
    earliest = clock.time() + ANSWER_SECONDS
    # A repeated request sends nothing, so it is not counted.
    await raise_if_done(context, request.email)
    await count(context.platform, resets_to(request.email), resets_from(context.caller.address))
    async with account_write(context, request.email) as tx:
        user_id = await tx.session.scalar(select(AppUser.id).where(AppUser.email == request.email))
        if user_id is not None:
            await _send_link(tx, user_id, request.email)
            tx.audit("passwordResetRequest", user_id)
        outcome = tx.done()
    await asyncio.sleep(earliest - clock.time())
    return outcome


async def _send_link(tx: AccountWrite, user_id: UUID, email: str) -> None:
    """The e-mail. The token stands behind the link's `#`, which browsers send to no server and so into no log."""
    secret = new_secret()
    link = PasswordReset(id=new_id(), user_id=user_id, secret_hash=hash_secret(secret), expires_at=now() + LIFETIME)
    tx.session.add(link)
    settings = tx.context.platform.settings
    token = pack_token(RESET_TOKEN_PREFIX, user_id, link.id, secret)
    minutes = int(LIFETIME.total_seconds() / 60)
    await add_email(
        tx.session,
        to=email,
        subject="Your new password for Vitrine",
        text_body=(
            f"Somebody, we hope you, forgot the password of {email}.\n\n"
            f"Set a new one within {minutes} minutes:\n"
            f"{(settings.dashboard_url or settings.base_url).rstrip('/')}/password-reset#{token}\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ),
    )


async def reset_password(context: Context, given: TokenAndPassword) -> Outcome:
    """Sets a new password, ends all sessions of the user, voids their other links and signs them in; the outcome has
    the user's `id` and the new session's tokens.

    A password that is refused leaves the link good.

    Raises:
        Refused: INVALID_TOKEN (not ours, used, expired, or the password was changed since), GUESSABLE (the password is
            the e-mail address).
        Throttled: too many passwords are being hashed.

    """
    link = await _find(context, given.token)
    if link is None:
        # A request that is sent again finds its own link used.
        await raise_if_done(context, given.token)
        raise _invalid()
    refuse_email(given.new_password, link.email, "newPassword")
    password_hash = await hash_password(given.new_password)
    async with account_write(context, given.token) as tx:
        # The user is locked first, here as when a password is changed: of several links, or of one that is sent several
        # times at once, one wins.
        user = await tx.session.scalar(select(AppUser).where(AppUser.id == link.user_id).with_for_update())
        if user is None or link.id not in await void_links(tx, link.user_id):
            raise _invalid()
        user.password_hash, user.updated_at = password_hash, func.now()
        await tx.session.flush()
        ended = await end_sessions(tx, user.id)
        tokens = await start_session(tx, user.id)
        tx.audit("passwordReset", user.id, {"sessions_ended": len(ended)})
        outcome = tx.done(**tokens)
    # Who forgot their password guessed at it first.
    await forgive(context.platform, guesses_at(link.email))
    return outcome


async def void_links(tx: AccountWrite, user_id: UUID) -> list[UUID]:
    """Voids the user's links; gives those that were good until now. The user must be locked."""
    statement = (
        update(PasswordReset)
        .where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None), PasswordReset.expires_at > func.now())
        .values(used_at=func.now())
        .returning(PasswordReset.id)
    )
    return list(await tx.session.scalars(statement))


async def _find(context: Context, token: str) -> _Link | None:
    """The link that the token is of; None where there is none that is good."""
    parts = unpack_token(RESET_TOKEN_PREFIX, token)
    if parts is None:
        return None
    user_id, link_id, secret = parts
    async with context.platform.database.system.acquire() as connection:
        row = await connection.fetchrow(
            "select r.secret_hash, u.email from password_reset r join app_user u on u.id = r.user_id "
            "where r.id = $1 and r.user_id = $2 and r.used_at is null and r.expires_at > now()",
            link_id,
            user_id,
        )
    if row is None or not same_secret(secret, row["secret_hash"]):
        return None
    return _Link(link_id, user_id, row["email"])


def _invalid() -> Refused:
    return Refused(Problem("INVALID_TOKEN", _INVALID, ("input", "token")))
