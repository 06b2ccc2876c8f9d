"""Products: adding, changing and deleting them with their variants, images and stock."""

from resolvers.product.availability import tell_in_stock
from resolvers.product.create import NewProduct, create_product
from resolvers.product.delete import delete_product
from resolvers.product.stock import StockAdjustment, adjust_stock
from resolvers.product.update import ProductChanges, update_product

__all__ = [
    "NewProduct",
    "ProductChanges",
    "StockAdjustment",
    "adjust_stock",
    "create_product",
    "delete_product",
    "tell_in_stock",
    "update_product",
]
