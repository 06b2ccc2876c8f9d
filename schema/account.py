"""The user behind a request: registering, signing in and out, passwords."""

from datetime import datetime
from typing import Any

import strawberry

from core.access import Caller
from resolvers.account import (
    NewUser,
    PasswordChange,
    PasswordResetRequest,
    TokenAndPassword,
    change_password,
    refresh_session,
    register_user,
    request_password_reset,
    reset_password,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from resolvers.context import Context
from resolvers.read import Read
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import argument
from schema.member import Membership, MembershipFilter, MembershipSort
from schema.mutation import Returns, mutation, row
from schema.query import read_one
from schema.reading import Node, column, many, reads, row_id

# People belong to no workspace. Within one they are those who work in it; without one, whoever is asked for by id.
PEOPLE = (
    "(select u.id, u.email, u.name, u.created_at, m.workspace_id "
    "from app_user u left join membership m on m.user_id = u.id)"
)


@reads(PEOPLE, scope="members:read")
@strawberry.type(description="A person with an account.")
class User(Node):
    """One person. Within a workspace only its members are there, and only their membership of it."""

    id: strawberry.ID = row_id()
    email: str = column("Their e-mail address, with which they sign in.")
    name: str = column("Their name; may be empty.")
    created_at: datetime = column("When they registered.")
    memberships = many(
        Membership,
        "Where they work: for `viewer` and after signing in all their workspaces, elsewhere only the request's.",
        "{c}.user_id = {p}.id",
        crosses=True,
        filter_type=MembershipFilter,
        sort_type=MembershipSort,
    )


@strawberry.type(description="What a signed-in user sends, and keeps signed in with.")
class UserSession:
    """A session's tokens. Both are secrets."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    refresh_token: str = strawberry.field(
        description="Gets the next tokens from `sessionRefresh`, once: keep the new one, forget this one."
    )
    expires_at: datetime = strawberry.field(description="When the access token expires: refresh before.")


@strawberry.input(description="Somebody who registers.")
class UserRegisterInput:
    """A new user."""

    email: str = strawberry.field(description="Their e-mail address, with which they sign in.")
    password: str = strawberry.field(description="10 to 1,000 characters, and none that everybody guesses.")
    name: str | None = strawberry.field(default=None, description="Their name; at most 200 characters.")


@strawberry.input(description="A new password.")
class PasswordChangeInput:
    """A change of the caller's password."""

    current_password: str = strawberry.field(description="The password so far.")
    new_password: str = strawberry.field(description="10 to 1,000 characters, and none that everybody guesses.")


@strawberry.input(description="Somebody who forgot their password.")
class PasswordResetRequestInput:
    """Whose password shall be reset."""

    email: str = strawberry.field(description="The e-mail address with which they sign in.")


@strawberry.input(description="A new password, by the link in an e-mail.")
class PasswordResetInput:
    """A new password for somebody who forgot theirs."""

    token: str = strawberry.field(description="The token at the end of the link in the e-mail.")
    new_password: str = strawberry.field(description="10 to 1,000 characters, and none that everybody guesses.")


def _viewer(caller: Caller) -> Read:
    return Read("User", {"id": caller.id}, across_workspaces=True)


QUERIES = {
    "viewer": read_one(User, "Who is signed in.", Access.USER, [], _viewer),
}


async def _register(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await register_user(context, validated(NewUser, input))


async def _change_password(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await change_password(context, validated(PasswordChange, input))


async def _request_reset(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await request_password_reset(context, validated(PasswordResetRequest, input))


async def _reset(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await reset_password(context, validated(TokenAndPassword, input))


async def _sign_in(context: Context, email: str, password: str) -> Outcome:
    return await sign_in(context, email, password)


async def _refresh(context: Context, refresh_token: str) -> Outcome:
    return await refresh_session(context, refresh_token)


def _session(outcome: Outcome) -> UserSession:
    return UserSession(
        access_token=outcome["access_token"],
        refresh_token=outcome["refresh_token"],
        expires_at=datetime.fromisoformat(outcome["expires_at"]),
    )


def _user(outcome: Outcome) -> Read:
    return Read("User", {"id": row(User, "").make(outcome).equals["id"]}, across_workspaces=True)


_SESSION = {"session": Returns(UserSession, "The session's tokens.", _session)}
_USER = {"user": Returns(User, "The user.", _user)}

MUTATIONS = {
    "user_register": mutation(
        "userRegister",
        "Registers a user and signs them in.",
        needs=Access.PUBLIC,
        arguments=[argument("input", UserRegisterInput, "The user.")],
        run=_register,
        returns=_USER | _SESSION,
        codes=("GUESSABLE", "TAKEN", "TOO_MANY_ATTEMPTS", "TOO_SHORT"),
    ),
    "sign_in": mutation(
        "signIn",
        "Signs a user in. A wrong e-mail address and a wrong password are one and the same to it.",
        needs=Access.PUBLIC,
        arguments=[
            argument("email", str, "The user's e-mail address."),
            argument("password", str, "The user's password."),
        ],
        run=_sign_in,
        returns=_SESSION | _USER,
        codes=("INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"),
    ),
    "session_refresh": mutation(
        "sessionRefresh",
        "Gives a session new tokens. A refresh token that is used again later ends its session: it was stolen.",
        needs=Access.PUBLIC,
        arguments=[argument("refresh_token", str, "The newest refresh token of the session.")],
        run=_refresh,
        returns=_SESSION,
        codes=("INVALID_TOKEN",),
    ),
    "sign_out": mutation(
        "signOut",
        "Ends the session that the request was sent with.",
        needs=Access.USER,
        arguments=[],
        run=sign_out,
        returns=_USER,
    ),
    "sign_out_everywhere": mutation(
        "signOutEverywhere",
        "Ends all sessions of the user, this one too.",
        needs=Access.USER,
        arguments=[],
        run=sign_out_everywhere,
        returns=_USER,
    ),
    "password_change": mutation(
        "passwordChange",
        "Changes the user's password and ends all their other sessions.",
        needs=Access.USER,
        arguments=[argument("input", PasswordChangeInput, "The password so far, and the new one.")],
        run=_change_password,
        returns=_USER,
        codes=("GUESSABLE", "INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS", "TOO_SHORT"),
    ),
    "password_reset_request": mutation(
        "passwordResetRequest",
        "Sends somebody who forgot their password a link to set a new one, by e-mail. The answer is the same whether "
        "anybody has this address or not.",
        needs=Access.PUBLIC,
        arguments=[argument("input", PasswordResetRequestInput, "Whose password.")],
        run=_request_reset,
        returns={},
        codes=("TOO_MANY_ATTEMPTS",),
    ),
    "password_reset": mutation(
        "passwordReset",
        "Sets a new password by the token in the e-mail, which is good once and for an hour. Ends all sessions of the "
        "user and signs them in.",
        needs=Access.PUBLIC,
        arguments=[argument("input", PasswordResetInput, "The token, and the new password.")],
        run=_reset,
        returns=_USER | _SESSION,
        codes=("GUESSABLE", "INVALID_TOKEN", "TOO_SHORT"),
    ),
}
