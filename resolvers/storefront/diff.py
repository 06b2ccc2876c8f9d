"""What differs between two JSON values, by path: applied in its order to the one it gives the other, to the letter.

Keys have an order here (`canonical.py`): an object whose keys stand in another order is replaced as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson


class Operation(StrEnum):
    """What is done at a path, as JSON Patch calls it."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is None where something is added, `after` where it is removed."""

    path: str
    operation: Operation
    before: Any = None
    after: Any = None

    def as_patch(self) -> dict[str, Any]:
        """The operation of JSON Patch (RFC 6902) that makes it."""
        patch = {"op": self.operation.value, "path": self.path}
        return patch if self.operation is Operation.REMOVE else patch | {"value": self.after}


def diff(before: Any, after: Any, path: str = "") -> list[Change]:
    """The changes that make `after` of `before`, each at a JSON Pointer (RFC 6901) below `path`."""
    return list(_changes(before, after, path))


def same(before: Any, after: Any) -> bool:
    """Whether two values are the same JSON: 1 is not 1.0, nor true."""
    return before is after or orjson.dumps(before) == orjson.dumps(after)


def pointer(path: str, key: str | int) -> str:
    """The JSON Pointer of what is under the key."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _changes(before: Any, after: Any, path: str) -> Iterator[Change]:
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and _stands_in_order(before, after):
        yield from _in_object(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_list(before, after, path)
    else:
        yield Change(path, Operation.REPLACE, before, after)


def _stands_in_order(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether taking keys away and putting new ones behind the others gives the order of the other side."""
    kept = [key for key in before if key in after]
    return list(after)[: len(kept)] == kept


def _in_object(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[Change]:
    for key, value in before.items():
        if key in after:
            yield from _changes(value, after[key], pointer(path, key))
        else:
            yield Change(pointer(path, key), Operation.REMOVE, before=value)
    for key, value in after.items():
        if key not in before:
            yield Change(pointer(path, key), Operation.ADD, after=value)


def _in_list(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    """What both begin and end with stays; between it entries are changed one by one, then added or taken away."""
    start = _common(zip(before, after, strict=False))
    end = _common(zip(reversed(before[start:]), reversed(after[start:]), strict=False))
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    for index, (one, other) in enumerate(zip(old, new, strict=False), start):
        yield from _changes(one, other, pointer(path, index))
    shared = min(len(old), len(new))
    # From the back, so that the places of those before stay what they are.
    for index in range(len(old) - 1, shared - 1, -1):
        yield Change(pointer(path, start + index), Operation.REMOVE, before=old[index])
    for index in range(shared, len(new)):
        yield Change(pointer(path, start + index), Operation.ADD, after=new[index])


def _common(pairs: Any) -> int:
    """How many pairs from the first on are the same."""
    count = 0
    for one, other in pairs:
        if not same(one, other):
            break
        count += 1
    return count
