"""Root fields that are followed live: which events a field is about, and what it shows of one.

The websocket door runs the rest of the operation once for each event, however many subscribers there are. A field about
something that is no sync event says itself what there is to show, to each subscriber.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

import strawberry

from core.events import SyncEventType
from resolvers.context import Context
from resolvers.feed import Event
from schema.access import Needs, describe
from schema.query import NEEDS

# What there is to show to who follows with these arguments, in GraphQL's names, as it comes.
Follow = Callable[[Context, Mapping[str, Any]], AsyncIterator[Any]]


@dataclass(frozen=True, slots=True)
class LiveField:
    """What the websocket door needs to know of a subscription's root field."""

    needs: Needs
    event_types: frozenset[str]
    show: Callable[[Event], Any]
    follow: Follow | None = None


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
    """A subscription's root field about events; `name` is GraphQL's."""
    return _declared(name, returns, description, LiveField(needs, frozenset(event_types), show), parameters)


def followed_field(
    name: str, returns: Any, description: str, needs: Needs, follow: Follow, parameters: list[Parameter]
) -> Any:
    """A subscription's root field about something else; `name` is GraphQL's."""
    return _declared(name, returns, description, LiveField(needs, frozenset(), _nothing, follow), parameters)


def _nothing(_event: Event) -> None:
    raise RuntimeError("This field is about no event.")


def _declared(name: str, returns: Any, description: str, declared: LiveField, parameters: list[Parameter]) -> Any:
    async def over_websocket(**_arguments: Any) -> AsyncIterator[Any]:
        raise RuntimeError("Subscriptions are served by the websocket door, which reads LIVE_FIELDS.")
        yield  # never reached, but it makes this the generator that Strawberry asks for

    over_websocket.__signature__ = Signature(  # type: ignore[attr-defined]
        parameters,
        return_annotation=AsyncIterator[returns],
    )
    over_websocket.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": AsyncIterator[returns]}
    LIVE_FIELDS[name] = declared
    return strawberry.subscription(
        resolver=over_websocket,
        description=f"{description} {describe(declared.needs)}",
        metadata={NEEDS: declared.needs},
    )
