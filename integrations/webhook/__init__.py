"""Posting webhooks to whatever address a merchant names."""

from integrations.webhook.address import problem_of_url
from integrations.webhook.base import Outcome, Posting
from integrations.webhook.post import Poster
from integrations.webhook.signature import new_webhook_secret, signed_headers

__all__ = ["Outcome", "Poster", "Posting", "new_webhook_secret", "problem_of_url", "signed_headers"]
