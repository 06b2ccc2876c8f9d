"""How many of a product's variants are in stock: kept on the product, so that lists filter by it through an index.

Every path that makes a variant's stock zero, or no longer zero, says so here or, where it writes the product's row
anyway, sets `variants_in_stock` itself. A difference needs no look at the other variants, so it is right however many
orders change them at the same moment.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select

from core.connections import Connection
from core.events import SyncEventType
from models import ProductVariant
from resolvers.write import Write

# Products are locked by key, after their variants: an order that sells out several never waits in a circle.
_COUNT = """
with changed as (select * from unnest($2::uuid[], $3::bigint[]) c(id, difference)),
locked as materialized (
  select p.id from changed c join product p on p.workspace_id = $1 and p.id = c.id
   order by p.id for no key update of p)
update product p set variants_in_stock = p.variants_in_stock + c.difference
  from changed c, (select count(*) from locked) l
 where p.workspace_id = $1 and p.id = c.id
"""


async def count_in_stock(connection: Connection, workspace_id: UUID, differences: Mapping[UUID, int]) -> None:
    """Adds to each product how many more of its variants are in stock now; their rows must be locked already."""
    if differences:
        await connection.execute(_COUNT, workspace_id, list(differences), list(differences.values()))


async def tell_in_stock(tx: Write, differences: Mapping[UUID, int]) -> None:
    """As `count_in_stock`, where nobody edits a product: whoever keeps a page of it hears that something on it is sold
    out now, or back.
    """
    await count_in_stock(tx.connection, tx.workspace_id, differences)
    for product_id in differences:
        tx.event(SyncEventType.PRODUCT_UPDATED, "Product", product_id)


async def locked_variants(tx: Write, product_id: UUID) -> list[ProductVariant]:
    """The product's variants in key order, locked like its edit lock until the write is done.

    Orders lock variants before the product, so whoever changes which variants there are does too. Between the two
    locks nobody may add one: that is what the edit lock is for, which is the first of all and which no order takes.
    """
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(product_id), 0))))
    statement = (
        select(ProductVariant)
        .where(ProductVariant.product_id == product_id, ProductVariant.deleted_at.is_(None))
        .order_by(ProductVariant.id)
        .with_for_update()
    )
    return list(await tx.session.scalars(statement))
