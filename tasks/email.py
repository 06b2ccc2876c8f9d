"""Sending e-mails."""

from resolvers.email import is_any_due, send_due_emails
from tasks.job import Job, Services


async def _is_due(services: Services) -> bool:
    return await is_any_due(services.platform)


async def _send(services: Services) -> int:
    return await send_due_emails(services.platform, services.mailer)


JOB = Job("send_emails", 1.0, _is_due, _send)
