"""How far a site is behind what was committed, as SQL over all sites: for `syncHealth`, and for what is watched.

A site is told by the webhooks of its own endpoint, and asks by itself: its theme polls `changes` with a storefront
token of the site. What it was told of in neither way it cannot show.
"""

# ruff: noqa: S608 - constants of ours

from core.events import SyncEventType

# What a shopper sees may be so old, whatever fails. A theme polls more often than that.
STALE = "2 minutes"

_UNSEEN = ", ".join(f"'{kind.value}'" for kind in SyncEventType if not kind.shoppers_see)
_OWN = "d.workspace_id = s.workspace_id and d.endpoint_id = e.id"
# The last event of which the site is known to have heard, with all before: it asked from there, or its endpoint began.
_HEARD = "greatest(p.sequence, e.since_sequence)"
# Its endpoint has deliveries of all before this; where it is off, as far as its newest goes. Ids of events are in the
# order of time, and those of pings have no sequence.
_ENTERED = f"""
case when e.is_active then r.sequence
     else (select d.sequence from webhook_delivery d where {_OWN} and d.sequence > 0
            order by d.event_id desc limit 1) end
"""
# Deliveries of later events are younger than the event: this keeps the walk from all that was asked past.
_SINCE = """
coalesce((select v.occurred_at - interval '1 minute' from sync_event v
           where v.workspace_id = s.workspace_id and v.sequence = h.heard), '-infinity')
"""


def _waiting(status: str) -> str:
    """The oldest delivery of this status that is of an event that the site has not asked past."""
    return f"""
(select d.sequence from webhook_delivery d
  where {_OWN} and d.status = '{status}' and d.sequence > h.heard and d.created_at >= {_SINCE}
  order by d.workspace_id, d.endpoint_id, d.status, d.created_at, d.id limit 1)
"""


# The first event of which it was not told: null where there is none, or where nothing is known of the site.
_UNTOLD = f"""
select least(
  {_waiting("PENDING")},
  {_waiting("FAILED")},
  (select v.sequence from sync_event v
    where v.workspace_id = s.workspace_id and v.sequence > greatest(h.heard, {_ENTERED}) and h.heard is not null
      and v.type not in ({_UNSEEN})
      and not exists (select from webhook_delivery d where {_OWN} and d.event_id = v.id)
    order by v.sequence limit 1)) as sequence
"""
# A row for each site that is there. `told_by` is how it hears of changes now. An event that is no longer kept is old.
SITES = f"""
(select s.workspace_id, s.id, p.last_polled_at, p.sequence as polled_sequence, u.sequence as untold_sequence,
        v.occurred_at as untold_at,
        coalesce(v.occurred_at < now() - interval '{STALE}', u.sequence is not null) as is_stale,
        case when e.is_active and e.failing_since is null then 'WEBHOOKS'
             when p.last_polled_at > now() - interval '{STALE}' then 'POLLING'
             else 'NOTHING' end as told_by,
        e.is_active as is_endpoint_active
   from site s
   left join webhook_endpoint e on e.workspace_id = s.workspace_id and e.site_id = s.id
   left join webhook_relay r on r.workspace_id = s.workspace_id and e.id is not null
  cross join lateral (
    select max(p.last_polled_at) as last_polled_at, max(p.sequence) as sequence from polling_state p
     where p.workspace_id = s.workspace_id and p.site_id = s.id) p
  cross join lateral (select {_HEARD} as heard) h
  cross join lateral ({_UNTOLD}) u
   left join lateral (
     select v.occurred_at from sync_event v where v.workspace_id = s.workspace_id and v.sequence = u.sequence limit 1
   ) v on true
  where s.deleted_at is null)
"""
# Of all workspaces: those that have lost what told them, or polled by themselves in the last day. What waits for a
# worker is told of elsewhere.
STALE_SITES = f"""
select count(*) from {SITES} q
 where q.told_by <> 'WEBHOOKS' and (q.is_endpoint_active or q.last_polled_at > now() - interval '1 day') and q.is_stale
"""
EVENTS_BEHIND = (
    "coalesce((select k.sequence - {t}.untold_sequence + 1 from workspace_counter k "
    "where k.workspace_id = {t}.workspace_id), 0)"
)
