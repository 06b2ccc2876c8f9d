"""Root fields that are followed live: which events a field is about, and what it shows of one.

The websocket door runs the rest of the operation once for each event, however many subscribers there are.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

import strawberry

from core.events import SyncEventType
from resolvers.feed import Event
from schema.access import Needs, describe
from schema.query import NEEDS


@dataclass(frozen=True, slots=True)
class LiveField:
    """What the websocket door needs to know of a subscription's root field."""

    needs: Needs
    event_types: frozenset[str]
    show: Callable[[Event], Any]


LIVE_FIELDS: dict[str, LiveField] = {}


def live_field(
    name: str,
    returns: Any,
    description: str,
    needs: Needs,
    event_types: frozenset[SyncEventType],
    show: Callable[[Event], Any],
    parameters: list[Parameter],
) -> Any:
    """A subscription's root field; `name` is GraphQL's."""

    async def over_websocket(**_arguments: Any) -> AsyncIterator[Any]:
        raise RuntimeError("Subscriptions are served by the websocket door, which reads LIVE_FIELDS.")
        yield  # never reached, but it makes this the generator that Strawberry asks for

    over_websocket.__signature__ = Signature(  # type: ignore[attr-defined]
        parameters,
        return_annotation=AsyncIterator[returns],
    )
    over_websocket.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": AsyncIterator[returns]}
    LIVE_FIELDS[name] = LiveField(needs, frozenset(event_types), show)
    return strawberry.subscription(
        resolver=over_websocket, description=f"{description} {describe(needs)}", metadata={NEEDS: needs}
    )
