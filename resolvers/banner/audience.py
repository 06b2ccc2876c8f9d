"""Whom a banner is for, and whether that is somebody of whom a theme knows this or that.

What is not known of a shopper meets no condition: a banner for customers is not shown where nobody said that they are.
"""

from typing import Any

from resolvers.placement.shown import AT, Given, drafts_of, is_within, moment
from resolvers.read.source import Predicate

# Of a language tag; what stands behind them tells nothing.
MAX_SUBTAGS = 8
_IS_FOR = "{t}.target_audience = any({known}::text[])"


def _meets(column: str) -> str:
    """A list that is empty asks for nothing; the lists count where the banner is for CUSTOM."""
    return (
        f"({{t}}.target_audience <> 'CUSTOM' or cardinality({{t}}.{column}) = 0 or {{t}}.{column} && {{known}}::text[])"
    )


def _audiences(given: Given) -> list[str]:
    """The audiences that a shopper belongs to; of CUSTOM the lists decide."""
    visitor = _plain(given.get("visitor"))
    found = ["ALL", "CUSTOM"]
    if visitor:
        found.append(f"{visitor}_VISITORS")
    if given.get("isCustomer"):
        found.append("CUSTOMERS")
    return found


def _countries(given: Given) -> list[str]:
    return [each.upper() for each in _known(given, "countryCode")]


def _languages(given: Given) -> list[str]:
    """A language and all that it is one of: de-AT is de, and not the other way round."""
    parts = [part for each in _known(given, "languageCode") for part in each.lower().split("-")[:MAX_SUBTAGS]]
    return ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _known(given: Given, name: str) -> list[str]:
    """What is known by this name: nothing, or one thing."""
    value = _plain(given.get(name))
    return [value] if value else []


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


AUDIENCE: tuple[Predicate, ...] = (
    (_IS_FOR, {"known": _audiences}),
    (_meets("target_countries"), {"known": _countries}),
    (_meets("target_languages"), {"known": _languages}),
    (_meets("target_devices"), {"known": lambda given: _known(given, "device")}),
    (_meets("target_utm_sources"), {"known": lambda given: _known(given, "utmSource")}),
    (_meets("target_utm_campaigns"), {"known": lambda given: _known(given, "utmCampaign")}),
)


def _of_audience(predicate: Predicate) -> Predicate:
    sql, values = predicate
    return sql, {"known": lambda given: values["known"](given["audience"])}


# Would be shown to somebody at a moment, if these drafts were published.
SHOWN: tuple[Predicate, ...] = (
    ("({t}.status = 'PUBLISHED' or {t}.id = any({drafts}::uuid[]))", {"drafts": drafts_of("Banner")}),
    (is_within("{t}", AT), {"at": moment}),
    *(_of_audience(predicate) for predicate in AUDIENCE),
)
