"""E-mails: written in the transaction that wants them, sent by the worker."""

from resolvers.email.add import add_email
from resolvers.email.send import is_any_due, send_due_emails

__all__ = ["add_email", "is_any_due", "send_due_emails"]
