"""What the tests here share."""

from tests.people import email_table

__all__ = ["email_table"]
