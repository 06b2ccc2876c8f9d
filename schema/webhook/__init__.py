"""Webhooks: endpoints, the log of what was delivered to them, and having them sent again."""

from schema.webhook import delivery, endpoint, send
from schema.webhook.delivery import WebhookEventType
from schema.webhook.endpoint import WebhookEndpoint

QUERIES = endpoint.QUERIES | delivery.QUERIES
MUTATIONS = endpoint.MUTATIONS | send.MUTATIONS

__all__ = ["MUTATIONS", "QUERIES", "WebhookEndpoint", "WebhookEventType"]
