"""Money, as the whole schema writes it."""

from decimal import Decimal

import strawberry

from schema.scalars import CurrencyCode


@strawberry.type(description="An amount of money.")
class Money:
    """Stored as minor units; answered with the currency's own number of decimals."""

    amount: Decimal = strawberry.field(
        description='The amount in units of the currency, with the currency\'s own decimals: "12.50" EUR, "1250" JPY.'
    )
    currency_code: CurrencyCode = strawberry.field(description="The currency.")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """What a client sends of an amount."""

    amount: Decimal = strawberry.field(
        description="The amount in units of the currency, with at most the currency's own decimals."
    )
    currency_code: CurrencyCode = strawberry.field(description="The currency; it must be the workspace's.")
