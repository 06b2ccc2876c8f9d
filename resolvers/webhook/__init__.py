"""Webhooks: endpoints, what is delivered to them, and delivering it."""

from resolvers.webhook.create import MAX_ENDPOINTS, NewWebhookEndpoint, create_webhook_endpoint
from resolvers.webhook.delete import delete_webhook_endpoint
from resolvers.webhook.dispatch import Dispatcher
from resolvers.webhook.ping import ping_webhook_endpoint
from resolvers.webhook.relay import is_any_behind, relay_events
from resolvers.webhook.replay import replay_webhook_delivery
from resolvers.webhook.replay_events import MAX_EVENTS, EventRange, replay_webhook_events
from resolvers.webhook.rotate import DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS, SecretRotation, rotate_webhook_secret
from resolvers.webhook.update import WebhookEndpointChanges, update_webhook_endpoint

__all__ = [
    "DEFAULT_OVERLAP_HOURS",
    "MAX_ENDPOINTS",
    "MAX_EVENTS",
    "MAX_OVERLAP_HOURS",
    "Dispatcher",
    "EventRange",
    "NewWebhookEndpoint",
    "SecretRotation",
    "WebhookEndpointChanges",
    "create_webhook_endpoint",
    "delete_webhook_endpoint",
    "is_any_behind",
    "ping_webhook_endpoint",
    "relay_events",
    "replay_webhook_delivery",
    "replay_webhook_events",
    "rotate_webhook_secret",
    "update_webhook_endpoint",
]
