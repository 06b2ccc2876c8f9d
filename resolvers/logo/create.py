"""Making a logo."""

from core.ids import new_id
from models import Logo
from resolvers.context import Context
from resolvers.logo.input import NewLogo, logo_columns
from resolvers.logo.kind import LOGO
from resolvers.placement.input import refuse_times
from resolvers.placement.placement import by_caller, entered_site, hold_pictures, refuse_too_many
from resolvers.write import Outcome, write

# Of one site, archived ones too.
MAX_LOGOS = 100
# What a logo is of which nothing is said.
_EMPTY = {"hidden_on": [], "alignment": "LEFT", "link_url": ""}


async def create_logo(context: Context, new: NewLogo) -> Outcome:
    """Makes a logo that is a DRAFT; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND (the site, a picture), NOT_READY, INVALID, OUT_OF_RANGE, LIMIT_REACHED.
        Forbidden: the caller is no editor of the site.

    """
    async with write(context) as tx:
        site = await entered_site(tx, new.site_id)
        await refuse_too_many(tx, LOGO, site.id, MAX_LOGOS)
        columns, by = logo_columns(new), by_caller(tx)
        await hold_pictures(tx, columns)
        logo = Logo(
            **_EMPTY | columns | by,
            workspace_id=tx.workspace_id,
            id=new_id(),
            site_id=site.id,
            updated_by=by["created_by"],
            editor=by["author"],
        )
        refuse_times(logo.start_at, logo.end_at)
        tx.session.add(logo)
        tx.event(LOGO.edited, LOGO.name, logo.id)
        tx.audit("logoCreate", "Logo", logo.id, new.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=logo.id)
