"""Relaying events to webhooks: the sweep that finds what no doorbell told. The dispatcher of each worker posts them."""

from core.pubsub import deliveries_channel
from resolvers.webhook import is_any_behind, relay_events
from tasks.job import Job, Services


async def _is_due(services: Services) -> bool:
    return await is_any_behind(services.platform)


async def _relay(services: Services) -> int:
    touched = await relay_events(services.platform)
    for workspace_id in {endpoint.workspace_id for endpoint in touched}:
        services.platform.doorbells.ring(deliveries_channel(workspace_id))
    return len(touched)


JOB = Job("relay_events", 1.0, _is_due, _relay)
