"""Making an API key."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from core.access import SCOPES
from core.clock import now
from core.crypto import hash_secret, new_secret, pack_token
from core.errors import Problem, Refused
from core.ids import new_id
from models import ApiKey
from resolvers.authentication import API_KEY_PREFIX
from resolvers.context import Context
from resolvers.validation import Input, text_of
from resolvers.write import Outcome, Secret, write

Name: Any = text_of(200, min_length=1)


class NewApiKey(Input):
    """A key for another server: what it may do, and until when."""

    name: Name
    scopes: Annotated[list[str], Field(min_length=1, max_length=len(SCOPES))]
    expires_at: AwareDatetime | None = None


async def create_api_key(context: Context, new: NewApiKey) -> Outcome:
    """Makes a key; the outcome has its `id` and its `secret`, which is shown this once.

    Raises:
        Refused: FORBIDDEN_SCOPE (nobody hands out what they may not do themselves), INVALID (there is no such scope),
            OUT_OF_RANGE (it would have expired already).

    """
    problems = [problem for index, scope in enumerate(new.scopes) if (problem := _wrong_scope(context, scope, index))]
    if new.expires_at is not None and new.expires_at <= now():
        problems.append(_expired(new.expires_at))
    if problems:
        raise Refused(*problems)
    async with write(context) as tx:
        secret = new_secret()
        scopes = [scope for scope in SCOPES if scope in new.scopes]
        key = ApiKey(
            workspace_id=tx.workspace_id,
            id=new_id(),
            name=new.name,
            secret_hash=hash_secret(secret),
            scopes=scopes,
            expires_at=new.expires_at,
        )
        tx.session.add(key)
        tx.audit("apiKeyCreate", "ApiKey", key.id, new.model_dump(mode="json") | {"scopes": scopes})
        return tx.done(id=key.id, secret=Secret(pack_token(API_KEY_PREFIX, tx.workspace_id, key.id, secret)))


def _wrong_scope(context: Context, scope: str, index: int) -> Problem | None:
    at = ("input", "scopes", str(index))
    if scope not in SCOPES:
        return Problem("INVALID", f"There is no scope {scope[:50]}.", at)
    if not context.caller.has(scope):
        return Problem("FORBIDDEN_SCOPE", f"You do not have the scope {scope}, so you cannot give it.", at)
    return None


def _expired(moment: datetime) -> Problem:
    return Problem("OUT_OF_RANGE", f"expiresAt must lie ahead; {moment.isoformat()} is past.", ("input", "expiresAt"))
