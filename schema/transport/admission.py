"""What every operation passes before it runs, whichever door it came through: who sends it, from where, whether its
document is known, and whether there are points left for what it costs.
"""

from core.access import Caller, CallerKind
from core.errors import BadUserInput, Forbidden, RequestError
from core.persisted import PersistedDocuments, document_hash
from core.settings import Settings
from core.throttle import Throttle
from resolvers.authentication import Authenticator, Credentials
from resolvers.storefront_token import RegisteredDocuments
from schema.query import Privacy
from schema.transport.operation import Asked, Prepared, Runner, refuse_introspection

# Characters of a document that was not seen before for each point: reading it is work for us, whatever it asks for.
CHARACTERS_PER_POINT = 100


class PersistedQueryNotFound(RequestError):
    """A document was named by a hash that is not known. Clients send it whole then: they look for this very message."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class Admission:
    """One process's gate."""

    def __init__(
        self,
        runner: Runner,
        authenticator: Authenticator,
        throttle: Throttle,
        registered: RegisteredDocuments,
        persisted: PersistedDocuments,
    ) -> None:
        self._runner = runner
        self._authenticator = authenticator
        self._throttle = throttle
        self._registered = registered
        self._persisted = persisted

    @property
    def settings(self) -> Settings:
        return self._runner.platform.settings

    async def identify(self, credentials: Credentials, address: str, *, is_known: bool = False) -> Caller:
        """Who asks; `is_known` where they were found before, and may be looked up again without a charge.

        Raises:
            Throttled: unknown credentials came from the address too often.

        """
        return await self._authenticator.identify(credentials, address, is_known=is_known)

    def origin_allowed(self, caller: Caller | None, origin: str) -> bool:
        """Whether pages of the origin may ask: the server's rule, and the caller's own where there is one. What comes
        from no page has no origin.
        """
        return not origin or (self.settings.origin_allowed(origin) and (caller is None or caller.may_come_from(origin)))

    async def prepare(self, asked: Asked, caller: Caller) -> Prepared:
        """The operation that was asked for, its document found by its hash if it was named by one.

        Raises:
            PersistedQueryNotFound: the hash is not known.
            Forbidden: the caller may send registered operations only, or may not introspect.
            Throttled: reading documents that were not seen before has used the caller's points up.
            RequestError, Invalid, GraphQLError: see `Runner.prepare`.

        """
        sent_whole = bool(asked.query)
        if asked.persisted or caller.registered_only:
            asked = asked._replace(query=await self._text(asked, caller))
        if asked.query not in self._runner.documents:
            await self.charge(caller, 1 + len(asked.query) // CHARACTERS_PER_POINT)
        prepared = self._runner.prepare(asked)
        refuse_introspection(prepared.document, caller, self.settings)
        if asked.persisted and sent_whole and _may_be_persisted(prepared):
            await self._persisted.put(asked.persisted, asked.query, caller)
        return prepared

    async def _text(self, asked: Asked, caller: Caller) -> str:
        named = asked.persisted or document_hash(asked.query)
        if asked.query and document_hash(asked.query) != named:
            raise BadUserInput("sha256Hash is not the SHA-256 of `query` in UTF-8, in lower-case hexadecimal.")
        if named not in self._persisted:
            # It is looked up in Redis, or PostgreSQL.
            await self.charge(caller, 1)
        if caller.registered_only:
            text = await self._registered_text(named, caller)
            if text is None:
                raise Forbidden("This storefront token takes registered operations only, and this is none of them.")
            return text
        text = asked.query or await self._persisted.get(named) or await self._registered_text(named, caller)
        if text is None:
            raise PersistedQueryNotFound
        return text

    async def _registered_text(self, named: str, caller: Caller) -> str | None:
        if caller.kind is not CallerKind.SHOPPER or caller.workspace_id is None or caller.id is None:
            return None
        return await self._registered.get(caller.workspace_id, caller.id, named)

    async def charge(self, caller: Caller, cost: int) -> None:
        """Takes points from the caller's buckets.

        Raises:
            Throttled: there are not that many.

        """
        waiting = self._throttle.take(self._throttle.buckets(caller), cost)
        if waiting is not None:
            await waiting


def _may_be_persisted(prepared: Prepared) -> bool:
    """Queries only, and none that finds something by a secret: both could hold it in their text."""
    return prepared.query is not None and Privacy.SECRET not in prepared.query.privacies
