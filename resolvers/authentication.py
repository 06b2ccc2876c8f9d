"""From the credentials of a request to its caller. What was found is kept for seconds, and dropped when revoked."""

import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from core.access import ROLE_SCOPES, SCOPES, STOREFRONT_SCOPES, Caller, CallerKind, Role, StorefrontRole
from core.access_token import InvalidAccessToken, read_access_token
from core.clock import now
from core.crypto import same_secret, unpack_token
from core.database import PIN_FIRST, PINNED_STATEMENT, pinned
from core.flights import Flights
from core.ids import uuid_in
from core.preview_token import read_preview_token
from core.pubsub import REVOKED_CHANNEL
from core.throttle import Rates, Throttle
from resolvers.context import Platform

API_KEY_PREFIX = "vk_"
STOREFRONT_TOKEN_PREFIX = "vs_"  # noqa: S105 - a prefix
# Seconds for which a caller is believed without looking again: a revoked credential is refused everywhere within 5,
# even when no doorbell is heard. Open websockets look again themselves, and so must hear of what is younger.
CACHE_SECONDS = 4.0
KNOWN_SECONDS = 2.0
MAX_CACHED = 10_000
MAX_CREDENTIAL_LENGTH = 2_000
# How exactly `last_used_at` of an API key is kept.
USE_NOTED_EVERY = "1 minute"


def new_throttle(platform: Platform) -> Throttle:
    """This process's share of the throttling that its settings ask for."""
    return Throttle(platform.redis, Rates.of(platform.settings))


class Credentials(NamedTuple):
    """What a request says of who sends it."""

    authorization: str = ""
    workspace: str = ""
    storefront_token: str = ""
    preview_token: str = ""


@dataclass(slots=True)
class _Found:
    caller: Caller
    at: float


class Authenticator:
    """Finds callers, and remembers them for `CACHE_SECONDS`."""

    def __init__(self, platform: Platform, throttle: Throttle) -> None:
        self._platform = platform
        self._throttle = throttle
        self._found: OrderedDict[Credentials, _Found] = OrderedDict()
        self._look_ups: Flights[Credentials, _Found] = Flights()

    async def run(self) -> None:
        """Forgets what is revoked anywhere, until it is cancelled."""
        await self._platform.doorbells.listen(REVOKED_CHANNEL, self.forget)

    def forget(self, row_id: str) -> None:
        """Drops every caller that the revoked session, user, key or token made known."""
        gone = [
            credentials
            for credentials, found in self._found.items()
            if row_id in {str(found.caller.id), str(found.caller.session_id)}
        ]
        for credentials in gone:
            del self._found[credentials]

    async def identify(self, credentials: Credentials, address: str, *, is_known: bool = False) -> Caller:
        """The caller. Credentials that are not accepted make an anonymous one, whose `problem` says why.

        `is_known` looks those up again that were accepted before, sooner, and charges nobody for it.

        Raises:
            Throttled: the address has sent too many that had to be looked up.

        """
        if max(map(len, credentials)) > MAX_CREDENTIAL_LENGTH:
            return replace(_refused("The credentials are too long."), address=address)
        found = self._found.get(credentials)
        believed = KNOWN_SECONDS if is_known else CACHE_SECONDS
        if found is None or found.at + believed < time.monotonic():
            if not is_known and credentials not in self._look_ups:
                await self._charge(address)
            # Everybody comes back at once when a server dies, with the same credentials often.
            found = await self._look_ups.join(credentials, partial(self._find, credentials))
        caller = found.caller
        if caller.expires_at is not None and caller.expires_at <= now():
            return replace(
                _refused("The access token has expired: get a new one with sessionRefresh."), address=address
            )
        if caller.address != address:
            # A theme's server asks from the same address again and again.
            caller = found.caller = replace(caller, address=address)
        return caller

    async def _find(self, credentials: Credentials) -> _Found:
        asked = time.monotonic()
        found = self._found[credentials] = _Found(await self._look_up(credentials), asked)
        if len(self._found) > MAX_CACHED:
            self._found.popitem(last=False)
        return found

    async def _charge(self, address: str) -> None:
        """A point for each look-up: it is a statement for somebody of whom nothing is known yet."""
        nobody = Caller(CallerKind.ANONYMOUS, address=address)
        waiting = self._throttle.take(self._throttle.buckets(nobody), 1)
        if waiting is not None:
            await waiting

    async def _look_up(self, credentials: Credentials) -> Caller:
        caller = await self._look_up_caller(credentials)
        if not credentials.preview_token or caller.problem:
            return caller
        preview = read_preview_token(self._platform.settings, credentials.preview_token)
        if preview is None or preview.workspace_id != caller.workspace_id:
            return _refused("The preview token is not valid here, or has expired: make a new one.")
        draft = await self._row(FIND_PREVIEWED, preview.workspace_id, preview.draft_id)
        if draft is None:
            return _refused("The draft of the preview token was published or discarded: leave the preview.")
        if caller.site_id not in {None, draft["site_id"]}:
            return _refused("The preview token is of another site than the storefront token.")
        return replace(caller, preview_draft_id=preview.draft_id)

    async def _look_up_caller(self, credentials: Credentials) -> Caller:
        if credentials.storefront_token:
            return await self._shopper(credentials.storefront_token)
        if not credentials.authorization:
            return Caller(CallerKind.ANONYMOUS)
        return await self._bearer(credentials)

    async def _bearer(self, credentials: Credentials) -> Caller:
        scheme, _, rest = credentials.authorization.partition(" ")
        token = rest.strip()
        if scheme.lower() != "bearer" or not token:
            return _refused("Authorization must look like: Bearer <access token or API key>.")
        if token.startswith(STOREFRONT_TOKEN_PREFIX):
            return _refused("This is a storefront token: send it as X-Storefront-Token.")
        if token.startswith(API_KEY_PREFIX):
            return await self._api_key(token, credentials.workspace)
        return await self._user(token, credentials.workspace)

    async def _shopper(self, token: str) -> Caller:
        if token.startswith(API_KEY_PREFIX):
            return _refused("This is an API key, and secret: send it as Authorization: Bearer.")
        parts = unpack_token(STOREFRONT_TOKEN_PREFIX, token)
        row = await self._row(FIND_STOREFRONT_TOKEN, parts[0], parts[1]) if parts else None
        if parts is None or row is None or not hmac.compare_digest(row["token"], token):
            return _refused("The storefront token is not valid, or was revoked.")
        return Caller(
            CallerKind.SHOPPER,
            id=parts[1],
            workspace_id=parts[0],
            label=row["name"],
            hides_stock=row["hides_stock"],
            allowed_origins=tuple(row["allowed_origins"]),
            registered_only=row["registered_operations_only"],
            time_zone=row["time_zone"],
            site_id=row["site_id"],
        )

    async def _api_key(self, key: str, workspace: str) -> Caller:
        parts = unpack_token(API_KEY_PREFIX, key)
        row = await self._row(FIND_API_KEY, parts[0], parts[1]) if parts else None
        if parts is None or row is None or not same_secret(parts[2], row["secret_hash"]):
            return _refused("The API key is not valid, has expired or was revoked.")
        workspace_id, key_id, _ = parts
        if not row["use_noted"]:
            await self._note_use(workspace_id, key_id)
        elsewhere = workspace and workspace != row["slug"] and _workspace_id(workspace) != workspace_id
        return Caller(
            CallerKind.API_KEY,
            id=key_id,
            workspace_id=None if elsewhere else workspace_id,
            scopes=frozenset(SCOPES).intersection(row["scopes"]),
            label=row["name"],
            workspace_problem=_no_workspace(workspace) if elsewhere else None,
            expires_at=row["expires_at"],
            time_zone=row["time_zone"],
        )

    async def _row(self, inner: str, workspace_id: UUID, row_id: UUID) -> Any:
        async with self._platform.database.app.acquire() as connection:
            return await connection.fetchrow(PINNED_STATEMENT.format(inner=inner), workspace_id, row_id)

    async def _note_use(self, workspace_id: UUID, key_id: UUID) -> None:
        async with self._platform.database.app.acquire() as connection, pinned(connection, workspace_id):
            await connection.execute(
                "update api_key set last_used_at = now() where workspace_id = $1 and id = $2",
                workspace_id,
                key_id,
            )

    async def _user(self, token: str, workspace: str) -> Caller:
        try:
            claims = read_access_token(self._platform.settings, token)
        except InvalidAccessToken as error:
            return _refused(str(error))
        async with self._platform.database.system.acquire() as connection:
            row = await connection.fetchrow(
                FIND_USER, claims.session_id, claims.user_id, workspace, _workspace_id(workspace)
            )
        if row is None:
            return _refused("The session was ended: sign in again.")
        return _member(claims.user_id, claims.session_id, claims.expires_at, workspace, row)


FIND_STOREFRONT_TOKEN = f"""
select t.token, t.name, t.hides_stock, t.allowed_origins, t.registered_operations_only, t.site_id, w.time_zone
  from storefront_token t join workspace w on w.id = t.workspace_id
 where {PIN_FIRST} and t.workspace_id = $1 and t.id = $2 and t.revoked_at is null
"""
FIND_PREVIEWED = f"""
select site_id from storefront_draft
 where {PIN_FIRST} and workspace_id = $1 and id = $2 and status in ('OPEN', 'SCHEDULED')
"""
FIND_API_KEY = f"""
select k.secret_hash, k.name, k.scopes, k.expires_at, w.slug, w.time_zone,
       (k.last_used_at > now() - interval '{USE_NOTED_EVERY}') is true as use_noted
  from api_key k join workspace w on w.id = k.workspace_id
 where {PIN_FIRST} and k.workspace_id = $1 and k.id = $2 and k.revoked_at is null
   and (k.expires_at is null or k.expires_at > now())
"""
# A workspace that is named but is not one of the user's is not found, whether it exists or not.
FIND_USER = """
select u.email, u.is_platform_admin, m.workspace_id, m.role, coalesce(w.time_zone, 'UTC') as time_zone,
       array(select s.role from storefront_member s
              where s.workspace_id = m.workspace_id and s.user_id = m.user_id) as storefront_roles,
       exists (select from storefront_grant g
                where g.workspace_id = m.workspace_id and g.user_id = m.user_id) as has_grants
  from user_session s
  join app_user u on u.id = s.user_id
  left join workspace w on w.slug = $3 or w.id = $4
  left join membership m on m.workspace_id = w.id and m.user_id = u.id
 where s.id = $1 and s.user_id = $2 and s.revoked_at is null and s.expires_at > now()
"""


def _workspace_id(text: str) -> UUID | None:
    """The workspace's id, where it was named by its global id or by its UUID instead of its slug."""
    if (found := uuid_in(text, "Workspace")) is not None:
        return found
    try:
        return UUID(text)
    except ValueError:
        return None


def _member(user_id: UUID, session_id: UUID, expires_at: datetime, workspace: str, row: Any) -> Caller:
    role = Role(row["role"]) if row["role"] else None
    problem = None
    if workspace and role is None:
        problem = _no_workspace(workspace)
    return Caller(
        CallerKind.USER,
        id=user_id,
        workspace_id=row["workspace_id"],
        scopes=_scopes(role, row) if role else frozenset(),
        role=role,
        label=row["email"],
        session_id=session_id,
        workspace_problem=problem,
        expires_at=expires_at,
        time_zone=row["time_zone"],
        is_platform_admin=row["is_platform_admin"],
    )


def _scopes(role: Role, row: Any) -> frozenset[str]:
    """Those of the role, and of what the user was given in any site's look: a grant lets them edit."""
    given = [STOREFRONT_SCOPES[StorefrontRole(name)] for name in row["storefront_roles"]]
    if row["has_grants"]:
        given.append(STOREFRONT_SCOPES[StorefrontRole.EDITOR])
    return ROLE_SCOPES[role].union(*given)


def _no_workspace(named: str) -> str:
    return f"You have no workspace {named!r}: X-Workspace takes the slug or id of one of yours."


def _refused(problem: str) -> Caller:
    return Caller(CallerKind.ANONYMOUS, problem=problem)
