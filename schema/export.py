"""Exports: tables as CSV, by a link."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.export import LIFETIME, TABLES, NewExport, create_export
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.access import Access
from schema.analytics.types import AnalyticsRange
from schema.connection import argument
from schema.enums import enum_of
from schema.mutation import Returns, mutation

_DESCRIPTIONS = {
    "ORDERS": "Orders, one a row, by when they were placed.",
    "ORDER_LINES": "What was sold: the lines of orders, by when these were placed.",
    "PRODUCTS": "Products, those deleted apart.",
    "PRODUCT_VARIANTS": "Variants with their prices and stock.",
    "CUSTOMERS": "Customers, by the e-mail addresses of orders: how many, what was spent, the first and the last.",
    "ORDER_DAYS": "Orders and revenue, by day.",
    "ORDER_HOURS": "Orders and revenue, by hour.",
    "ORDER_PRODUCTS": "What was sold of each product, by day.",
    "VISITOR_EVENTS": "What visitors did, event by event, those of bots too.",
    "VISITOR_DAYS": "Visitors, sessions and the funnel, by day.",
    "VISITOR_HOURS": "Visitors and sessions, by hour.",
    "VISITOR_PAGES": "Pages, by day.",
    "VISITOR_PRODUCTS": "What visitors saw of each product and put into carts, by day.",
    "VISITOR_DIMENSIONS": "Sources, mediums, campaigns, devices, browsers, systems and countries, by day.",
}
ExportTable = enum_of(
    "ExportTable",
    "What can be exported.",
    {name: (name, f"{_DESCRIPTIONS[name]} Needs the scope `{table.scope}`.") for name, table in TABLES.items()},
)


@strawberry.type(description="A table that can be downloaded as CSV.")
class Export:
    """One link."""

    url: str = strawberry.field(description="Where it is: open it within minutes, with GET and without credentials.")
    expires_at: datetime = strawberry.field(description="Until when the download can be begun.")
    filename: str = strawberry.field(description="What the file is called.")


@strawberry.input(description="What shall be exported.")
class ExportCreateInput:
    """An export."""

    table: ExportTable = strawberry.field(description="Which table.")  # type: ignore[valid-type]
    range: AnalyticsRange | None = strawberry.field(
        default=None, description="Of which days; all where it is left out. Products and variants have none."
    )
    site_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of which site alone, for `VISITOR_EVENTS`; all where it is left out."
    )


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_export(context, validated(NewExport, input))


def _export(outcome: Outcome) -> Export | None:
    if outcome["url"] is None:
        # Sealed under a secret key that is no longer there.
        return None
    return Export(
        url=outcome["url"], expires_at=datetime.fromisoformat(outcome["expires_at"]), filename=outcome["filename"]
    )


MUTATIONS = {
    "export_create": mutation(
        "exportCreate",
        f"Makes a link to a table as CSV, good for {LIFETIME.seconds // 60} minutes and as long as its maker may read "
        "the table.",
        needs=Access.EXPORT,
        arguments=[argument("input", ExportCreateInput, "What.")],
        run=_create,
        returns={"export": Returns(Export, "The link.", _export)},
    ),
}
