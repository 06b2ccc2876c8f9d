"""Webhooks: endpoints, what is delivered to them, and delivering it."""
