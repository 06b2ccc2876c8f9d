"""JSON Patch (RFC 6902), applied to a config. What a patch can blow up to is bounded."""

from typing import Any

from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointer, JsonPointerException

from resolvers.storefront.canonical import MAX_DEPTH, MAX_VALUES, Path, Unfit

MAX_OPERATIONS = 1_000
# Characters of a pointer that is repeated in an error.
MAX_POINTER_TOLD = 200
_MEMBERS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": None}


def apply_patch(config: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The config with all operations done, or none: the one that was given is changed, and is of no use on an error.

    Raises:
        Unfit: the patch is none, or one of its operations cannot be done; the path leads to it, from the patch.

    """
    if not isinstance(operations, list):
        raise Unfit("A JSON Patch is a list of operations.")
    if len(operations) > MAX_OPERATIONS:
        raise Unfit(f"It has more than {MAX_OPERATIONS:,} operations.")
    room = 2 * MAX_VALUES
    for index, operation in enumerate(operations):
        at = (str(index),)
        _refuse_malformed(operation, at)
        try:
            if operation["op"] == "copy":
                room -= _count(JsonPointer(operation["from"]).resolve(config), room, at)
            done = JsonPatch([operation]).apply(config, in_place=True)
        except JsonPatchTestFailed:
            raise Unfit("The test fails: there is another value at this path.", at) from None
        except (JsonPatchException, JsonPointerException):
            raise Unfit(f"There is no place in the config to {_told(operation)}.", at) from None
        except (TypeError, ValueError, KeyError, IndexError, RecursionError):
            raise Unfit("This cannot be done at such a path.", at) from None
        if not isinstance(done, dict):
            raise Unfit("The config as a whole is an object.", at)
        config = done
    return config


def touched_by(operations: list[dict[str, Any]]) -> set[str]:
    """The members of the config that the operations of a patch that was applied can have changed; "" is all of them."""
    pointers = [operation["path"] for operation in operations]
    pointers += [operation["from"] for operation in operations if operation["op"] == "move"]
    return {pointer.split("/")[1] if pointer else "" for pointer in pointers}


def _told(operation: dict[str, Any]) -> str:
    """What an operation wanted: "move /theme/a to /theme/b"."""
    whence = f"{operation['from'][:MAX_POINTER_TOLD]} to " if _MEMBERS[operation["op"]] == "from" else ""
    return f"{operation['op']} {whence}{operation['path'][:MAX_POINTER_TOLD]}"


def _refuse_malformed(operation: Any, at: Path) -> None:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _MEMBERS:
        raise Unfit(f"An operation has an op: one of {', '.join(_MEMBERS)}.", at)
    if not _is_pointer(operation.get("path")):
        raise Unfit("An operation has a path: a JSON Pointer such as /theme/colors/primary.", (*at, "path"))
    needed = _MEMBERS[name]
    if needed and needed not in operation:
        raise Unfit(f"{name} needs {needed}.", at)
    if needed == "from" and not _is_pointer(operation["from"]):
        raise Unfit("from is a JSON Pointer.", (*at, "from"))


def _is_pointer(value: Any) -> bool:
    # No value lies deeper than a section may be deep: longer ways lead nowhere.
    return isinstance(value, str) and value[:1] in {"", "/"} and value.count("/") <= MAX_DEPTH + 1


def _count(value: Any, most: int, at: Path) -> int:
    """How many values there are in a value, if there are not too many to be copied."""
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        count += 1
        if count > most:
            raise Unfit("The patch copies too much.", at)
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return count
