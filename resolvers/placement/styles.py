"""Styles of a banner: names and values that a theme can put into a style sheet as they are.

A value holds nothing that ends a declaration, begins a comment or a string, fetches something or names a behaviour.
"""

import re
from typing import Any

MAX_STYLES = 50
MAX_VALUE_LENGTH = 200
_PROPERTY = re.compile(
    r"(?:max-|min-)?(?:width|height)|(?:margin|padding)(?:-(?:top|right|bottom|left))?"
    r"|border(?:-(?:top|right|bottom|left|color|radius|style|width))?|background(?:-(?:color|position|repeat|size))?"
    r"|color|opacity|(?:box|text)-shadow|font-(?:size|style|weight)|text-(?:align|decoration|transform)|line-height"
    r"|letter-spacing|word-spacing|white-space|object-(?:fit|position)|display|flex(?:-(?:direction|wrap))?|order"
    r"|(?:row-|column-)?gap|justify-content|align-items|grid-template-columns"
)
FUNCTIONS = frozenset(
    {"calc", "clamp", "hsl", "hsla", "linear-gradient", "max", "min", "radial-gradient", "repeat", "rgb", "rgba", "var"}
)
# A variable of the theme's own.
_VARIABLE = re.compile(r"--[a-z][a-z0-9-]{0,60}")
_VALUE = re.compile(r"[A-Za-z0-9#%.,()+*/ _-]+")
_FUNCTION = re.compile(r"([A-Za-z0-9_-]*)\s*\(")


def checked_styles(styles: dict[str, Any]) -> str | None:
    """What is wrong with styles, by the first that is; None where nothing is."""
    if len(styles) > MAX_STYLES:
        return f"customStyles has at most {MAX_STYLES} entries."
    return next((problem for name, value in styles.items() if (problem := _problem(name, value))), None)


def _problem(name: str, value: Any) -> str | None:
    if not _PROPERTY.fullmatch(name) and not _VARIABLE.fullmatch(name):
        shown = name[:60].encode("ascii", "replace").decode()
        return f"customStyles cannot set {shown}: see docs/banners.md for the properties, or use a variable (--name)."
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"customStyles.{name} must be a text or a number."
    if isinstance(value, str) and not _is_safe(value):
        return (
            f"customStyles.{name} may hold words, numbers, colours, lengths, and these functions: "
            f"{', '.join(sorted(FUNCTIONS))}."
        )
    return None


def _is_safe(value: str) -> bool:
    return (
        len(value) <= MAX_VALUE_LENGTH
        and bool(_VALUE.fullmatch(value))
        and "/*" not in value
        and "//" not in value
        and all(name.lower() in FUNCTIONS | {""} for name in _FUNCTION.findall(value))
        and _is_balanced(value)
    )


def _is_balanced(value: str) -> bool:
    """Whether every bracket is closed: an open one would swallow what stands behind it in the style sheet."""
    depth = 0
    for character in value:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0
