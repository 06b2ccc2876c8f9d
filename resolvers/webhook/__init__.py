"""Webhooks: endpoints, what is delivered to them, and delivering it."""

from resolvers.webhook.dispatch import Dispatcher
from resolvers.webhook.relay import is_any_behind, relay_events

__all__ = ["Dispatcher", "is_any_behind", "relay_events"]
