"""From a delivery's row to what is posted, and from what came of it to what is written."""

from functools import lru_cache
from typing import Any

from core.crypto import decrypt
from core.ids import new_id
from integrations.webhook import Outcome, Posting
from resolvers.webhook.body import event_message_id
from resolvers.webhook.relay import EndpointKey
from resolvers.webhook.result import Result
from resolvers.webhook.schedule import next_delay

# Where a theme takes webhooks.
SITE_PATH = "/api/sync/webhook"


class Unpostable(Exception):
    """A try that fails before anything is sent; the message is for the merchant."""


class SiteStopped(Unpostable):
    """The site does not run now, as nobody visits it. It is started, and told at the next try."""


def new_posting(endpoint: EndpointKey, row: Any, secret_key: str) -> Posting:
    """What is posted for a row of `due_deliveries`.

    A site's own endpoint is posted to wherever the site is served: an address of ours, which no merchant wrote.

    Raises:
        Unpostable: none of the endpoint's secrets can be read.
        SiteStopped: the site is not served now.

    """
    is_site = row["site_id"] is not None
    if is_site and row["address"] is None:
        raise SiteStopped("The site was not running, as nobody visited it: it is being started.")
    sealed = (row["secret"], row["previous_secret"])
    known = [_decrypted(each, secret_key, str(endpoint.id)) for each in sealed if each]
    secrets = tuple(secret for secret in known if secret)
    if not secrets:
        raise Unpostable("Its secret cannot be decrypted: SECRET_KEY was changed. Rotate the endpoint's secret.")
    url = row["address"] + SITE_PATH if is_site else row["url"]
    return Posting(url, event_message_id(row["event_id"]), row["body"], secrets, is_trusted=is_site)


def new_result(endpoint: EndpointKey, row: Any, outcome: Outcome) -> Result:
    """What is written of a try."""
    return Result(
        workspace_id=endpoint.workspace_id,
        endpoint_id=endpoint.id,
        delivery_id=row["id"],
        attempt_id=new_id(),
        due_at=row["due_at"],
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error,
        # PostgreSQL's texts hold no NUL.
        response_body=outcome.response_body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        is_delivered=outcome.is_delivered,
        delay=None if outcome.is_delivered else next_delay(row["tries"] + 1, outcome.retry_after),
        url=row["url"],
    )


@lru_cache(maxsize=10_000)
def _decrypted(sealed: str, secret_key: str, bound_to: str) -> str | None:
    return decrypt(sealed, secret_key, bound_to)
