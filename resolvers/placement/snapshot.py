"""A placement as JSON, in GraphQL's names, and back again."""

from datetime import datetime
from typing import Any

import orjson
from pydantic.alias_generators import to_camel

from core.ids import global_id, uuid_in
from resolvers.placement.kind import Kind, Placement

# Columns that hold JSON themselves.
_JSON = frozenset({"content", "custom_styles"})


def snapshot_of(kind: Kind, placement: Placement) -> str:
    """What a version keeps of the placement."""
    return orjson.dumps({to_camel(name): _written(name, getattr(placement, name)) for name in kind.kept}).decode()


def columns_in(kind: Kind, snapshot: str) -> dict[str, Any]:
    """The columns that a version has kept, by name."""
    kept = orjson.loads(snapshot)
    return {name: _read(name, kept[to_camel(name)]) for name in kind.kept}


def _written(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("asset_id"):
        return global_id("Asset", value)
    return orjson.Fragment(value) if name in _JSON else value


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("asset_id"):
        return uuid_in(value, "Asset")
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return orjson.dumps(value).decode() if name in _JSON else value
