"""Enums whose values are known elsewhere: currencies, error codes, kinds of event."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

# Called with a mapping it makes a new enum; type checkers know only the call with a literal.
_new_enum: Any = Enum


def enum_of(name: str, description: str, values: Mapping[str, tuple[str, str]]) -> Any:
    """A GraphQL enum from `{NAME: (value, description)}`."""
    described = {key: strawberry.enum_value(value, description=text) for key, (value, text) in values.items()}
    return strawberry.enum(_new_enum(name, described), description=description)
