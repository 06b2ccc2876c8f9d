"""Making a storefront token."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from core.crypto import new_secret, pack_token
from core.errors import Problem, Refused
from core.ids import new_id
from models import Site, StorefrontToken
from resolvers.authentication import STOREFRONT_TOKEN_PREFIX
from resolvers.context import Context
from resolvers.storefront_token.input import Name, Origins
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

SiteId: Any = id_of("Site", "site")


class NewStorefrontToken(Input):
    """A publishable key for the shoppers of one site."""

    name: Name
    site_id: SiteId | None = None
    hides_stock: bool = False
    allowed_origins: Origins = Field(default_factory=list)
    registered_operations_only: bool = False


async def create_storefront_token(context: Context, new: NewStorefrontToken) -> Outcome:
    """Makes a token; the outcome has its `id`. The token is publishable, so it can be read again at any time.

    Raises:
        Refused: NOT_FOUND (there is no such site).

    """
    async with write(context) as tx:
        if new.site_id is not None:
            await _refuse_missing_site(tx, new.site_id)
        token = new_token(tx, **new.model_dump())
        tx.session.add(token)
        tx.audit("storefrontTokenCreate", "StorefrontToken", token.id, new.model_dump(mode="json"))
        return tx.done(id=token.id)


def new_token(tx: Write, **said: Any) -> StorefrontToken:
    """A token of the write's workspace, with what is said of it."""
    row_id = new_id()
    token = pack_token(STOREFRONT_TOKEN_PREFIX, tx.workspace_id, row_id, new_secret())
    return StorefrontToken(workspace_id=tx.workspace_id, id=row_id, token=token, **said)


async def _refuse_missing_site(tx: Write, site_id: UUID) -> None:
    """The site cannot be deleted before the write is done, which would leave the token behind."""
    statement = select(Site.id).where(Site.id == site_id, Site.deleted_at.is_(None))
    if await tx.session.scalar(statement.with_for_update(read=True)) is None:
        raise Refused(Problem("NOT_FOUND", "There is no site with this id.", ("input", "siteId")))
