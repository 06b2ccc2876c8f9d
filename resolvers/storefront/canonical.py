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
    try:
        encoded = orjson.dumps(value) if _is_fit(value) else None
    except orjson.JSONEncodeError:
        encoded = None
    if encoded is None:
        raise _first_problem(value)
    if len(encoded) > max_bytes:
        raise Unfit(f"It has {len(encoded):,} bytes as JSON; {max_bytes:,} are allowed.")
    return encoded.decode()


def parsed(text: str) -> Any:
    """What `canonical` wrote."""
    return orjson.loads(text)


def _is_fit(value: Any) -> bool:
    """Whether nothing is wrong with a value but what encoding it finds.

    Quick, and level by level: nobody else is served meanwhile. Paths are only looked for where something is wrong.
    """
    level, count = [value], 0
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                if any(type(key) is not str or len(key) > MAX_KEY_LENGTH or "\0" in key for key in item):
                    return False
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
            elif _problem(item):
                return False
        count += len(level)
        if count > MAX_VALUES:
            return False
        if not below:
            return True
        level = below
    return False


def _first_problem(value: Any) -> Unfit:
    """What is wrong with a value, and where."""
    try:
        for number, (path, item) in enumerate(_walk(value), 1):
            if number > MAX_VALUES:
                return Unfit(f"It holds more than {MAX_VALUES:,} values.")
            problem = _problem(item) or (_problem_of_text(item) if isinstance(item, str) else None)
            if problem:
                return Unfit(problem, path)
    except Unfit as unfit:
        return unfit
    return Unfit("It is no JSON that can be stored.")


def _walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Every value with its path. Nothing here recurses: depth is what is looked for."""
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
    """What is wrong with a value, whatever is in it; half a surrogate pair is found by encoding it."""
    if isinstance(item, str):
        return "It holds a NUL character, which cannot be stored." if "\0" in item else None
    if item is None or isinstance(item, bool | dict | list):
        return None
    if not isinstance(item, int | float):
        return f"It is a {type(item).__name__}, which JSON does not have."
    if not math.isfinite(item):
        return "It is not a finite number, and JSON has no other."
    if abs(item) > MAX_NUMBER:
        return f"It is beyond {MAX_NUMBER}, where numbers are no longer exact: write it as a string."
    return None


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
