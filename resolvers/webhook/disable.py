"""Turning off an endpoint that takes nothing any more, and telling the shop's owners."""

from sqlalchemy import func, select

from core.access import Caller, CallerKind
from models import WebhookEndpoint, Workspace
from resolvers.context import Context, Platform
from resolvers.email.owners import tell_owners
from resolvers.webhook.relay import EndpointKey
from resolvers.write import Write, write

REASONS = {
    "GONE": "it answered 410 Gone, which means that it wants nothing more",
    "FAILING": "every delivery to it has failed for days",
}


async def disable_endpoint(platform: Platform, endpoint: EndpointKey, reason: str, url: str) -> bool:
    """Turns it off, once, with an entry in the audit log and an e-mail to each owner; gives whether that was done.

    It stays on where it has another URL by now than `url`, at which the reason was found, and where something was
    delivered since it was found to be FAILING. What was due to it stays due, and goes on when somebody turns it on
    again.
    """
    caller = Caller(CallerKind.SYSTEM, workspace_id=endpoint.workspace_id, label="Vitrine")
    wanted = [WebhookEndpoint.id == endpoint.id, WebhookEndpoint.is_active, WebhookEndpoint.url == url]
    if reason == "FAILING":
        wanted.append(WebhookEndpoint.failing_since.is_not(None))
    async with write(Context(platform, caller)) as tx:
        found = await tx.session.scalar(select(WebhookEndpoint).where(*wanted).with_for_update())
        if found is None:
            return False
        found.is_active = False
        found.disabled_reason = reason
        found.disabled_at = func.now()
        found.revision += 1
        tx.audit("webhookEndpointDisable", "WebhookEndpoint", found.id, {"reason": reason})
        await _tell(tx, found.url, reason)
    return True


async def _tell(tx: Write, url: str, reason: str) -> None:
    workspace = await tx.session.scalar(select(Workspace.name).where(Workspace.id == tx.workspace_id))
    text = (
        f"Vitrine no longer posts the events of the shop {workspace} to\n\n  {url}\n\n"
        f"because {REASONS[reason]}.\n\n"
        "Its log of deliveries says what each try came to. When the receiver works again, turn the endpoint on again "
        "and replay what it missed.\n"
    )
    await tell_owners(tx, f"A webhook endpoint of {workspace} was turned off", text)
