"""Taking visitor events: each is checked alone, the good ones are stored together."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from core.clock import now
from core.errors import Problem, Refused
from resolvers.analytics.country import country_of
from resolvers.analytics.device import device_of
from resolvers.analytics.event import Event, Rules, read_event
from resolvers.context import Context
from resolvers.visitor import day_of, visitor_id
from resolvers.write import workspace_of

MAX_EVENTS = 100
# How late an event may come, and how far a client's clock may be ahead.
LATE = timedelta(hours=72)
AHEAD = timedelta(minutes=10)


class Tracked(NamedTuple):
    """How many events are stored, and what is wrong with the others."""

    accepted: int
    problems: list[Problem]


async def track_events(context: Context, given: Sequence[Any]) -> Tracked:
    """Stores the events that are good; those that are stored already count as accepted.

    Where the visitor asks not to be tracked nothing is stored.

    Raises:
        Refused: TOO_MANY.
        Throttled: too many wait to be stored.

    """
    if len(given) > MAX_EVENTS:
        message = f"events must have at most {MAX_EVENTS} entries; these are {len(given)}."
        raise Refused(Problem("TOO_MANY", message, ("events",)))
    if context.do_not_track:
        return Tracked(0, [])
    moment = now()
    rules = Rules(moment - LATE, moment + AHEAD, context.caller.may_come_from)
    found = [read_event(each, index, rules) for index, each in enumerate(given)]
    events = [each for each in found if isinstance(each, Event)]
    if events:
        await _store(context, events)
    return Tracked(len(events), [each for each in found if isinstance(each, Problem)])


async def _store(context: Context, events: list[Event]) -> None:
    platform, caller, workspace_id = context.platform, context.caller, workspace_of(context)
    device = device_of(context.user_agent)
    country = country_of(platform.settings.geoip_database, caller.address)
    ids: dict[date, str] = {}
    rows = []
    for event in events:
        day = day_of(event.occurred_at, caller.time_zone)
        visitor = ids.get(day)
        if visitor is None:
            salt = await platform.salts.of(platform.database, day)
            visitor = ids[day] = visitor_id(salt, workspace_id, caller.address, context.user_agent)
        rows.append((*event, visitor, *device[:3], country, device.is_bot, caller.site_id))
    await platform.intake.store(platform.database, workspace_id, rows)
