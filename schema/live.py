"""Root fields that are followed live: which events a field is about, or what it watches, and what it shows of one.

The websocket door runs the rest of the operation once for each event or value, however many subscribers there are.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

import strawberry

from core.events import SyncEventType
from resolvers.context import Context
from resolvers.feed import Event
from schema.access import Needs, describe
from schema.query import NEEDS


@dataclass(frozen=True, slots=True)
class LiveField:
    """What the websocket door needs to know of a subscription's root field that shows events."""

    needs: Needs
    event_types: frozenset[str]
    show: Callable[[Event], Any]


@dataclass(frozen=True, slots=True)
class WatchedField:
    """One that shows a value which changes: what counts is the newest, and nothing is resumed."""

    needs: Needs
    follow: Callable[[Context], AsyncGenerator[Any, None]]
    show: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ToldField:
    """One that tells each subscriber something that is no sync event, by what its arguments (in GraphQL's names) say:
    from where they left off, to its end.
    """

    needs: Needs
    follow: Callable[[Context, Mapping[str, Any]], AsyncGenerator[Any, None]]


LIVE_FIELDS: dict[str, LiveField | WatchedField | ToldField] = {}


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
    LIVE_FIELDS[name] = LiveField(needs, frozenset(event_types), show)
    return _declared(returns, description, needs, parameters)


def watched_field(
    name: str,
    returns: Any,
    description: str,
    needs: Needs,
    follow: Callable[[Context], AsyncGenerator[Any, None]],
    show: Callable[[Any], Any],
) -> Any:
    """A subscription's root field whose values `follow` gives: the one of now at once, then each that is another."""
    LIVE_FIELDS[name] = WatchedField(needs, follow, show)
    return _declared(returns, description, needs, [])


def told_field(
    name: str,
    returns: Any,
    description: str,
    needs: Needs,
    follow: Callable[[Context, Mapping[str, Any]], AsyncGenerator[Any, None]],
    parameters: list[Parameter],
) -> Any:
    """A subscription's root field whose values `follow` gives to each subscriber, as its arguments say."""
    LIVE_FIELDS[name] = ToldField(needs, follow)
    return _declared(returns, description, needs, parameters)


def _declared(returns: Any, description: str, needs: Needs, parameters: list[Parameter]) -> Any:
    async def over_websocket(**_arguments: Any) -> AsyncIterator[Any]:
        raise RuntimeError("Subscriptions are served by the websocket door, which reads LIVE_FIELDS.")
        yield  # never reached, but it makes this the generator that Strawberry asks for

    over_websocket.__signature__ = Signature(  # type: ignore[attr-defined]
        parameters,
        return_annotation=AsyncIterator[returns],
    )
    over_websocket.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": AsyncIterator[returns]}
    return strawberry.subscription(
        resolver=over_websocket, description=f"{description} {describe(needs)}", metadata={NEEDS: needs}
    )
