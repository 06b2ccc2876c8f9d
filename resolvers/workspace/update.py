"""Changing a workspace's settings. What is not named stays as it is."""

from sqlalchemy import exists, func, select, text
from sqlalchemy.exc import IntegrityError

from core.errors import Problem, Refused
from core.events import SyncEventType
from core.money import MAX_MINOR, digits
from models import ProductVariant, SalesOrder, Workspace, WorkspaceCounter
from resolvers.analytics.count import recount_all_days
from resolvers.analytics.count_orders import recount_order_days
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.workspace.input import CurrencyCode, Name, Slug, TimeZone, refuse_unknown_zone, slug_problem
from resolvers.write import Outcome, Write, write

# Amounts keep their figure in the new currency's minor units: :times or :by is 1, and halves go to the even digit.
_QUOTIENT = "({column} * cast(:times as bigint) / cast(:by as bigint))"
_REST = "({column} * cast(:times as bigint) % cast(:by as bigint))"
_RESCALED = (
    f"{_QUOTIENT} + case when {_REST} * 2 > :by or ({_REST} * 2 = :by and {_QUOTIENT} % 2 = 1) then 1 else 0 end"
)
# The columns of amounts, each table's highest one last.
_AMOUNTS = {"product_variant": ("price_amount",), "product": ("min_price_amount", "max_price_amount")}


class WorkspaceChanges(Input):
    """What shall change, and the revision that the editor saw."""

    revision: int
    name: Name | None = None
    slug: Slug | None = None
    currency_code: CurrencyCode | None = None
    time_zone: TimeZone | None = None


async def update_workspace(context: Context, changes: WorkspaceChanges) -> Outcome:
    """Changes the caller's workspace; the outcome has its `id`.

    Another time zone has visitors and orders counted anew, by its days.
    Another currency writes the same figures in that currency: 12.50 EUR become 13 JPY, nothing is converted.

    Raises:
        Refused: CONFLICT (the revision is stale), TAKEN, CURRENCY_FIXED (it has an order), OUT_OF_RANGE (a price would
            be absurd in the new currency), INVALID (PostgreSQL does not know the time zone).

    """
    async with write(context) as tx:
        # Not `for update`: an order's foreign key locks the workspace after the counter, and would wait in a circle.
        workspace = (
            await tx.session.scalars(
                select(Workspace).where(Workspace.id == tx.workspace_id).with_for_update(key_share=True)
            )
        ).one()
        if workspace.revision != changes.revision:
            message = f"The workspace was changed since: it is at revision {workspace.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        if changes.currency_code and changes.currency_code != workspace.currency_code:
            await _change_currency(tx, workspace, changes.currency_code)
        if changes.name:
            workspace.name = changes.name
        if changes.time_zone and changes.time_zone != workspace.time_zone:
            await refuse_unknown_zone(tx, changes.time_zone)
            workspace.time_zone = changes.time_zone
            await recount_all_days(tx.connection, tx.workspace_id)
            await recount_order_days(tx.connection, tx.workspace_id)
        workspace.revision += 1
        workspace.updated_at = func.now()
        await tx.session.flush()
        if changes.slug and changes.slug != workspace.slug:
            await _change_slug(tx, workspace, changes.slug)
        tx.event(SyncEventType.WORKSPACE_SETTINGS_UPDATED, "Workspace", workspace.id)
        said = changes.model_dump(mode="json", exclude_unset=True)
        tx.audit("workspaceUpdate", "Workspace", workspace.id, said)
        return tx.done(id=workspace.id)


async def _change_slug(tx: Write, workspace: Workspace, slug: str) -> None:
    """A slug is part of a key, so changing it locks out the orders' foreign keys: the counter first, as they do."""
    await tx.session.execute(
        select(WorkspaceCounter.sequence).where(WorkspaceCounter.workspace_id == workspace.id).with_for_update()
    )
    workspace.slug = slug
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if "uq_workspace_slug" in str(error.orig):
            raise Refused(slug_problem()) from None
        raise


async def _change_currency(tx: Write, workspace: Workspace, currency_code: str) -> None:
    """Writes every price in the new currency.

    All variants are locked first, in key order like every path that takes stock: orders on their way are finished by
    then and seen, and later ones wait and are in the new currency.
    """
    await _refuse_with_orders(tx)
    await tx.session.execute(select(ProductVariant.id).order_by(ProductVariant.id).with_for_update())
    await _refuse_with_orders(tx)
    shift = digits(currency_code) - digits(workspace.currency_code)
    scale = {"times": 10 ** max(shift, 0), "by": 10 ** max(-shift, 0), "workspace_id": tx.workspace_id}
    for table, columns in _AMOUNTS.items():
        too_high = f"select from {table} where workspace_id = :workspace_id and {_rescaled(columns[-1])} > :max"
        if await tx.session.scalar(text(f"select exists ({too_high})"), scale | {"max": MAX_MINOR}):
            message = f"A price is too high to be written in {currency_code}."
            raise Refused(Problem("OUT_OF_RANGE", message, ("input", "currencyCode")))
        sets = ", ".join(f"{column} = {_rescaled(column)}" for column in columns)
        rescale = f"update {table} set currency_code = :currency_code, {sets} where workspace_id = :workspace_id"  # noqa: S608 - names of ours
        await tx.session.execute(text(rescale), scale | {"currency_code": currency_code})
    workspace.currency_code = currency_code


def _rescaled(column: str) -> str:
    return _RESCALED.format(column=column)


async def _refuse_with_orders(tx: Write) -> None:
    if await tx.session.scalar(select(exists(select(SalesOrder.id)))):
        message = "The workspace has orders: its currency can no longer change."
        raise Refused(Problem("CURRENCY_FIXED", message, ("input", "currencyCode")))
