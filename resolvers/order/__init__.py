"""Orders: placing them, cancelling them, and the token by which a shopper reads theirs."""

from resolvers.order.cancel import OrderCancellation, cancel_order
from resolvers.order.place import NewOrder, place_order
from resolvers.order.token import find_by_token

__all__ = ["NewOrder", "OrderCancellation", "cancel_order", "find_by_token", "place_order"]
