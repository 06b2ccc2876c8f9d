"""Registering."""

from typing import Any

from sqlalchemy.exc import IntegrityError

from core.errors import Problem, Refused
from core.ids import new_id
from models import AppUser
from resolvers.account.password import NewPassword, hash_password, refuse_email
from resolvers.account.session import start_session
from resolvers.account.throttle import attempt, registrations_from
from resolvers.account.write import account_write
from resolvers.context import Context
from resolvers.validation import Email, Input, text_of
from resolvers.write import Outcome

Name: Any = text_of(200)


class NewUser(Input):
    """Somebody who registers."""

    email: Email
    password: NewPassword
    name: Name = ""


async def register_user(context: Context, new: NewUser) -> Outcome:
    """Registers a user and signs them in; the outcome has the user's `id` and the session's tokens.

    That an e-mail address is taken is said openly: people who forgot that they have an account must learn it, and the
    address belongs to nobody's secret but its owner's. Who asks for many addresses is locked out instead.

    Raises:
        Refused: TAKEN, GUESSABLE (the password is the e-mail address), TOO_MANY_ATTEMPTS.
        Throttled: too many passwords are being hashed.

    """
    refuse_email(new.password, new.email, "password")
    async with attempt(context.platform, registrations_from(context.caller.address)):
        password_hash = await hash_password(new.password)
        async with account_write(context, new.email) as tx:
            user = AppUser(id=new_id(), email=new.email, name=new.name, password_hash=password_hash)
            tx.session.add(user)
            try:
                await tx.session.flush()
            except IntegrityError as error:
                if "uq_app_user_email" not in str(error.orig):
                    raise
                message = "There is an account with this e-mail address: sign in instead."
                raise Refused(Problem("TAKEN", message, ("input", "email"))) from None
            tokens = await start_session(tx, user.id)
            tx.audit("userRegister", user.id, {"email": new.email, "name": new.name})
            return tx.done(**tokens)
