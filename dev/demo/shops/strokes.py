"""What every drawing is made of: palettes, strokes, and the few bodies that many things share.

Coordinates are those of an 800 by 800 canvas on which standing things touch the ground at y = 650.
A `url(#…)` fill is a gradient that `pictures.py` defines once a picture.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Palette(NamedTuple):
    """The colours of one picture, from the wall behind to the darkest detail."""

    wall: str
    arch: str
    main: str
    second: str
    dark: str


PALETTES = {
    "brass": Palette("#f3ecdd", "#e4d3ac", "#c79a45", "#e8d9b5", "#6b4d1c"),
    "charcoal": Palette("#eae8e4", "#cfcbc4", "#45474c", "#a9a59d", "#222428"),
    "cherry": Palette("#f8e9e4", "#efc9bf", "#b9342f", "#f0ddd0", "#631a1c"),
    "indigo": Palette("#e8ebf2", "#c3cde2", "#33487f", "#dfe4ee", "#1b2748"),
    "linen": Palette("#f1ede5", "#dccfb9", "#d3bf9c", "#f4ead8", "#7b6342"),
    "matcha": Palette("#eff2e1", "#d3deac", "#8fa84a", "#e9edcb", "#4a5a20"),
    "moss": Palette("#eaeee2", "#c7d2b4", "#56703f", "#dbe3c8", "#2c3c20"),
    "ochre": Palette("#f8efdc", "#f0d9a5", "#d6982f", "#f3e0b8", "#7d5115"),
    "plum": Palette("#f0e8ee", "#dac3d6", "#6f3c66", "#e6d3e0", "#3b1c37"),
    "rose": Palette("#f9edea", "#f0cfc9", "#d98f8a", "#f7dfd9", "#864a48"),
    "sage": Palette("#edf1ea", "#cedac8", "#93aa8c", "#e2eadb", "#4c6049"),
    "sea": Palette("#e6f1f0", "#b9dad7", "#3f8f8f", "#d2e8e4", "#1c5154"),
    "sky": Palette("#eaf2f6", "#c5dce8", "#7fafc9", "#e0edf3", "#3a617a"),
    "snow": Palette("#dfe4e6", "#c3cdd2", "#f6f4ef", "#e3e2dd", "#77818a"),
    "terracotta": Palette("#f8ebe2", "#efcdb8", "#c0653f", "#f0d3bf", "#6e321c"),
    "walnut": Palette("#f0e9e2", "#d9c6b3", "#7d5236", "#dcc3a6", "#432818"),
}

Between = Callable[[int, int], int]
Draw = Callable[[Palette, Between], str]

CREAM, GLOW, WOOD, LEAF = "#fdf6e6", "#ffe2a0", "#b98a5b", "#6f8a5c"


def line(path: str, colour: str, width: int = 6) -> str:
    """Stroke a path."""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'


def flat(path: str, colour: str, opacity: float = 1) -> str:
    """Fill a path."""
    return f'<path d="{path}" fill="{colour}"' + (f' opacity="{opacity}"/>' if opacity < 1 else "/>")


def solid(path: str, colour: str) -> str:
    """Fill a path and light it from the left."""
    return flat(path, colour) + flat(path, "url(#s)")


def oval(x: int, y: int, rx: int, ry: int, colour: str, opacity: float = 1) -> str:
    """Fill an ellipse around (x, y)."""
    fade = f' opacity="{opacity}"' if opacity < 1 else ""
    return f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="{colour}"{fade}/>'


def ball(x: int, y: int, rx: int, ry: int, colour: str) -> str:
    """Fill an ellipse and light it from the left."""
    return oval(x, y, rx, ry, colour) + oval(x, y, rx, ry, "url(#s)")


def box(x: int, y: int, width: int, height: int, radius: int, colour: str, opacity: float = 1) -> str:
    """Fill a rectangle from its upper left corner."""
    fade = f' opacity="{opacity}"' if opacity < 1 else ""
    size = f'width="{width}" height="{height}" rx="{radius}"'
    return f'<rect x="{x}" y="{y}" {size} fill="{colour}"{fade}/>'


def block(x: int, y: int, width: int, height: int, radius: int, colour: str) -> str:
    """Fill a rectangle and light it from the left."""
    return box(x, y, width, height, radius, colour) + box(x, y, width, height, radius, "url(#s)")


def turn(angle: int, drawing: str, x: int = 400, y: int = 400) -> str:
    """Turn a drawing around (x, y), clockwise in degrees."""
    return f'<g transform="rotate({angle} {x} {y})">{drawing}</g>'


def rows(ys: Iterable[int], left: int, right: int) -> str:
    """Path of horizontal lines, for ruled paper, slats and ribs."""
    return "".join(f"M{left} {y}H{right}" for y in ys)


def profile(points: Sequence[tuple[int, int]], x: int = 400) -> str:
    """Path that a potter's wheel gives to (half width, y) points, from the rim down, smoothly joined."""

    def curve(side: Sequence[tuple[int, int]]) -> str:
        ends = [side[0], *side, side[-1]]
        return "".join(
            f"C{b[0] + (c[0] - a[0]) // 6} {b[1] + (c[1] - a[1]) // 6} "
            f"{c[0] - (d[0] - b[0]) // 6} {c[1] - (d[1] - b[1]) // 6} {c[0]} {c[1]}"
            for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
        )

    right = [(x + half, y) for half, y in points]
    left = [(x - half, y) for half, y in reversed(points)]
    return f"M{right[0][0]} {right[0][1]}{curve(right)}L{left[0][0]} {left[0][1]}{curve(left)}Z"


def glow(x: int, y: int, radius: int) -> str:
    """Light the air around a lamp."""
    return oval(x, y, radius, radius, "url(#g)")


def lampshade(x: int, top: int, bottom: int, narrow: int, wide: int, colour: str) -> str:
    """Draw a lampshade with light in it."""
    path = f"M{x - narrow} {top}H{x + narrow}L{x + wide} {bottom}Q{x} {bottom + 22} {x - wide} {bottom}Z"
    return solid(path, colour) + flat(path, "url(#w)")


def flame(x: int, y: int) -> str:
    """Draw a candle's flame that stands on (x, y)."""
    drop = f"M{x} {y}c24 -24 12 -46 0 -66c-12 20 -24 42 0 66Z"
    return glow(x, y - 30, 120) + flat(drop, "#f7b24a") + oval(x, y - 17, 7, 13, "#fff3cf")


def stem(x: int, y: int, height: int, lean: int, colour: str) -> str:
    """Draw a flower on a stalk with two leaves."""
    top, middle = y - height, y - height // 2
    petals = "".join(
        f'<ellipse cx="{x + lean}" cy="{top - 20}" rx="13" ry="24" fill="{colour}" '
        f'transform="rotate({angle} {x + lean} {top})"/>'
        for angle in range(0, 360, 60)
    )
    leaves = flat(f"M{x} {middle}q50 -50 84 -34q-20 44 -84 34ZM{x} {middle + 30}q-46 -44 -78 -26q20 38 78 26Z", LEAF)
    return (
        line(f"M{x} {y}Q{x} {middle} {x + lean} {top}", LEAF, 5) + leaves + petals + oval(x + lean, top, 11, 11, GLOW)
    )
