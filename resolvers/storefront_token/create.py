"""Making a storefront token."""

from pydantic import Field

from core.crypto import new_secret, pack_token
from core.ids import new_id
from models import StorefrontToken
from resolvers.authentication import STOREFRONT_TOKEN_PREFIX
from resolvers.context import Context
from resolvers.storefront_token.input import Name, Origins
from resolvers.validation import Input
from resolvers.write import Outcome, write


class NewStorefrontToken(Input):
    """A publishable key for the shoppers of one site."""

    name: Name
    hides_stock: bool = False
    allowed_origins: Origins = Field(default_factory=list)
    registered_operations_only: bool = False


async def create_storefront_token(context: Context, new: NewStorefrontToken) -> Outcome:
    """Makes a token; the outcome has its `id`. The token is publishable, so it can be read again at any time."""
    async with write(context) as tx:
        row_id = new_id()
        token = pack_token(STOREFRONT_TOKEN_PREFIX, tx.workspace_id, row_id, new_secret())
        tx.session.add(
            StorefrontToken(
                workspace_id=tx.workspace_id,
                id=row_id,
                name=new.name,
                token=token,
                hides_stock=new.hides_stock,
                allowed_origins=new.allowed_origins,
                registered_operations_only=new.registered_operations_only,
            )
        )
        tx.audit("storefrontTokenCreate", "StorefrontToken", row_id, new.model_dump(mode="json"))
        return tx.done(id=row_id)
