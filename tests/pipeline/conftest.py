"""What the tests here share."""

from tests.starter.shopper import complaints, page

__all__ = ["complaints", "page"]
