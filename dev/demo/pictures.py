"""Illustrations of the demo products, drawn by rule: no files to carry about, no licences to ask for.

A product's shape names the drawing, its palette the colours, and its slug the small differences (how wide a
shade, how tall a neck), so the same product always gets the same picture. Every picture stands alone:
it runs no script and fetches nothing.
"""

import hashlib
from enum import Enum
from itertools import count
from xml.sax.saxutils import escape

from dev.demo.catalog import Product, Shop
from dev.demo.shops import housewares, lamps, stationery
from dev.demo.shops.strokes import GLOW, PALETTES, Between, Draw, Palette, box, flat, line, oval

MAX_BYTES = 4000

DRAWINGS: dict[str, Draw] = {**lamps.DRAWINGS, **housewares.DRAWINGS, **stationery.DRAWINGS}


class Place(Enum):
    """Where a thing is shown (FLAT is seen from above, or hung flat); its value is where a close-up looks."""

    TABLE = (400, 470)
    FLOOR = (420, 270)
    WALL = (400, 380)
    FLAT = (400, 405)


PLACES = {
    **dict.fromkeys(("tripod-lamp", "arc-lamp", "floor-lamp", "column-lamp"), Place.FLOOR),
    **dict.fromkeys(("pendant", "lantern", "cluster", "linear", "sconce"), Place.WALL),
    **dict.fromkeys(
        (
            "plate",
            "tray",
            "pen-tray",
            "round-mirror",
            "arched-mirror",
            "notebook",
            "notepad",
            "fountain-pen",
            "pen",
        ),
        Place.FLAT,
    ),
    **dict.fromkeys(("pencil", "tape", "stickers", "letter", "brush", "pouch", "ruler", "scissors"), Place.FLAT),
}

_SHADOW = (
    '<filter id="d"><feGaussianBlur in="SourceAlpha" stdDeviation="10"/><feOffset dx="8" dy="14"/>'
    '<feComponentTransfer><feFuncA type="linear" slope=".3"/></feComponentTransfer><feMerge><feMergeNode/>'
    '<feMergeNode in="SourceGraphic"/></feMerge></filter>'
)


def _gradient(name: str, axis: str, *stops: tuple[float, str, float]) -> str:
    """Write a gradient of (offset, colour, opacity) stops; without an axis, from the middle outwards."""
    kind = "linearGradient" if axis else "radialGradient"
    inner = "".join(f'<stop offset="{at}" stop-color="{colour}" stop-opacity="{o}"/>' for at, colour, o in stops)
    return f'<{kind} id="{name}" {axis}>{inner}</{kind}>'


_LEVEL, _DOWN, _UP = 'x2="1"', 'x2="0" y2="1"', 'x2="0" y1="1" y2="0"'
_DEFINITIONS = {
    "s": _gradient("s", _LEVEL, (0, "#fff", 0.3), (0.4, "#fff", 0), (1, "#000", 0.26)),  # a body lit from the left
    "v": _gradient("v", _DOWN, (0.2, "#fff", 0.45), (0.5, "#000", 0), (1, "#000", 0.35)),  # a barrel lit from above
    "w": _gradient("w", "", (0, "#fff1c4", 1), (1, "#fff1c4", 0)),  # light behind paper
    "g": _gradient("g", "", (0, "#ffdf94", 0.75), (1, "#ffdf94", 0)),  # the air around a lamp
    "f": _gradient("f", _DOWN, (0, GLOW, 0.8), (1, GLOW, 0)),  # light that falls
    "u": _gradient("u", _UP, (0, GLOW, 0.8), (1, GLOW, 0)),  # light that rises
    "d": _SHADOW,  # what lies on a surface
}


def _between(key: str) -> Between:
    """Draw numbers that look random and are always the same for the same key."""
    turns = count()

    def between(low: int, high: int) -> int:
        digest = hashlib.blake2s(f"{key}/{next(turns)}".encode(), digest_size=4).digest()
        return low + int.from_bytes(digest) % (high - low + 1)

    return between


def _ground(place: Place, y: int, colour: str) -> str:
    """Draw the table's edge or the skirting board, for what stands on something."""
    if place is Place.TABLE:
        return box(-400, y, 1600, 800, 0, colour)
    if place is Place.FLOOR:
        return box(-400, y, 1600, 800, 0, colour) + box(-400, y - 16, 1600, 16, 0, "#fff", 0.7)
    return ""


def _studio(c: Palette, place: Place, between: Between) -> str:
    """Draw a plain wall with one large shape behind the thing."""
    backdrops = (
        oval(400, 400, 320, 320, c.arch),
        flat("M130 800V370A270 270 0 0 1 670 370V800Z", c.arch),
        flat("M0 800V520Q210 250 420 420T800 300V800Z", c.arch),
        flat("M800 0V800H330Q620 420 470 0Z", c.arch),
    )
    return box(0, 0, 800, 800, 0, c.wall) + backdrops[between(0, 3)] + _ground(place, 600, c.second)


def _close_up(c: Palette, _place: Place, between: Between) -> str:
    """One colour and a broad band of light."""
    x = between(-100, 200)
    return box(0, 0, 800, 800, 0, c.arch) + flat(f"M{x} 0h320l330 800h-320Z", c.wall, 0.7)


def _window(c: Palette, place: Place, between: Between) -> str:
    """Late sun through four panes, and the shadow of a branch."""
    x = between(60, 160)
    panes = "".join(f"M{x + i * 210 + j * 70} {80 + j * 230}h190l66 210h-190Z" for i in (0, 1) for j in (0, 1))
    twig = "".join(f"M{690 - i * 42} {40 + i * 50}q-{80 - i * 4} -6 -96 44q64 14 96 -44" for i in range(4))
    twig += "".join(f"M{690 - i * 42} {40 + i * 50}q44 30 34 92q-48 -34 -34 -92" for i in range(4))
    branch = f'<g opacity=".13">{flat(twig, c.dark)}{line("M740 -20L500 280", c.dark, 4)}</g>'
    wall = box(0, 0, 800, 800, 0, c.arch) + flat(panes, "#fffaf0", 0.6) + branch
    return wall + _ground(place, 590, c.wall)


def _framing(place: Place, view: int) -> str:
    """Where the thing stands in the picture, and how large."""
    if view == 1:
        x, y = place.value
        tilt = " rotate(-14)" if place is Place.FLAT else ""
        return f"translate(400 410) scale(1.36){tilt} translate({-x} {-y})"
    if view == 2:
        return "translate(48 72) scale(.9)" if place is Place.TABLE else "translate(40 60) scale(.92)"
    return "translate(-56 -84) scale(1.14)" if place is Place.TABLE else "scale(1)"


def picture_svg(shop: Shop, product: Product, index: int) -> str:
    """Draw the product's picture at `index`, counted from 0: an SVG document, 800 by 800, under `MAX_BYTES`.

    Picture 0 is the thing before a plain wall, 1 a close-up, 2 the thing in window light, and so on round.
    Raises KeyError for a shape or palette that nobody has drawn.
    """
    draw, c = DRAWINGS[product.shape], PALETTES[product.palette]
    place = PLACES.get(product.shape, Place.TABLE)
    key = f"{shop.slug}/{product.slug}"
    thing = draw(c, _between(key))

    if place is Place.FLAT:
        thing = f'<g filter="url(#d)">{thing}</g>'
    elif place is not Place.WALL:
        thing = oval(420, 650, 230, 20, c.dark, 0.22) + thing

    view = index % 3
    scene = (_studio, _close_up, _window)[view](c, place, _between(f"{key}/{index}"))
    body = f'{scene}<g transform="{_framing(place, view)}">{thing}</g>'
    defs = "".join(text for name, text in _DEFINITIONS.items() if f"url(#{name})" in body)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800" role="img">'
        f"<title>{escape(product.title)}</title><defs>{defs}</defs>{body}</svg>"
    )
