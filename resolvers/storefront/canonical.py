"""How a section of a config is stored: JSON, written one way, that comes back to the letter.

Keys keep the order in which the client wrote them, since an editor's data is the editor's. What would come back
changed, or what some client could not read, is refused with the path at which it stands.
"""

import math
from collections.abc import Iterator
from typing import Any

import orjson

MAX_DEPTH = 60
MAX_VALUES = 20_000
MAX_KEY_LENGTH = 500
# Of one section, and of all: the public answer must fit into the cache of such answers.
MAX_SECTION_BYTES = 512 * 1024
MAX_BYTES = 768 * 1024
# What JavaScript holds exactly. Larger ones were rounded before anybody could see them.
MAX_NUMBER = 2**53 - 1

Path = tuple[str, ...]


class Unfit(Exception):
    """A value cannot be stored as it is. `path` leads to it, from the value that was given."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def canonical(value: Any, *, max_bytes: int = MAX_SECTION_BYTES) -> str:
    """The value as JSON without spaces, in UTF-8.

    Raises:
        Unfit: it is no JSON, holds a number or a text that would not come back, or is too deep or too large.

    """
    for number, (path, item) in enumerate(_walk(value)):
        if number >= MAX_VALUES:
            raise Unfit(f"It holds more than {MAX_VALUES:,} values.")
        problem = _problem(item)
        if problem:
            raise Unfit(problem, path)
    encoded = orjson.dumps(value)
    if len(encoded) > max_bytes:
        raise Unfit(f"It has {len(encoded):,} bytes as JSON; {max_bytes:,} are allowed.")
    return encoded.decode()


def parsed(text: str) -> Any:
    """What `canonical` wrote."""
    return orjson.loads(text)


def _walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, and every key as a value. Nothing here recurses: depth is what is looked for."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        if len(path) > MAX_DEPTH:
            raise Unfit(f"It is nested more than {MAX_DEPTH} levels deep.", path[:MAX_DEPTH])
        yield path, item
        if isinstance(item, dict):
            for key, below in item.items():
                problem = _problem_of_key(key)
                if problem:
                    raise Unfit(problem, path)
                waiting.append(((*path, key), below))
        elif isinstance(item, list):
            waiting.extend(((*path, str(index)), below) for index, below in enumerate(item))


def _problem(item: Any) -> str | None:
    if item is None or isinstance(item, bool | dict | list):
        return None
    if isinstance(item, str):
        return _problem_of_text(item)
    if isinstance(item, int | float):
        if not math.isfinite(item):
            return "It is not a finite number, and JSON has no other."
        if abs(item) > MAX_NUMBER:
            return f"It is beyond {MAX_NUMBER}, where numbers are no longer exact: write it as a string."
        return None
    return f"It is a {type(item).__name__}, which JSON does not have."


def _problem_of_text(text: str) -> str | None:
    if "\0" in text:
        return "It holds a NUL character, which cannot be stored."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a surrogate pair, which is no text."
    return None


def _problem_of_key(key: Any) -> str | None:
    if not isinstance(key, str):
        return "A key of it is no string."
    if len(key) > MAX_KEY_LENGTH:
        return f"A key of it has more than {MAX_KEY_LENGTH} characters."
    problem = _problem_of_text(key)
    return f"A key of it is no text that can be stored: {problem}" if problem else None
