"""What is known of how well webhooks arrive, as SQL over a row of the workspace or of an endpoint, `{t}`."""

# ruff: noqa: S608 - constants of ours

LAST_DAY = "24 hours"
_WORKSPACE = "d.workspace_id = $1"
_ACTIVE = (
    "exists (select from webhook_endpoint a where a.workspace_id = d.workspace_id and a.id = d.endpoint_id "
    "and a.is_active)"
)
# With `of` for what they are of. What waits for an endpoint that is not active waits for nobody.
WAITING = (
    f"(select count(*) from webhook_delivery d where {_WORKSPACE} and d.due_at is not null and {_ACTIVE} and {{of}})"
)
OLDEST_WAITING = (
    f"(select min(d.created_at) from webhook_delivery d "
    f"where {_WORKSPACE} and d.status = 'PENDING' and {_ACTIVE} and {{of}})"
)
UNRELAYED = (
    "coalesce((select k.sequence - r.sequence from webhook_relay r "
    "join workspace_counter k on k.workspace_id = r.workspace_id where r.workspace_id = $1), 0)"
)


def of_last_day(counted: str, of: str) -> str:
    """The sum of a column of the last day's hours."""
    return (
        f"(select coalesce(sum(h.{counted}), 0)::bigint from webhook_hour h "
        f"where {of} and h.hour > now() - interval '{LAST_DAY}')"
    )


def last_delivered_at(of: str) -> str:
    """When something last arrived, in the time that the log is kept."""
    return f"(select max(h.last_delivered_at) from webhook_hour h where {of})"
