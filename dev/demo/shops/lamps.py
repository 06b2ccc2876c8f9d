"""Drawings of lamps: on tables, ceilings, floors and walls."""

from dev.demo.shops.strokes import (
    CREAM,
    GLOW,
    WOOD,
    Between,
    Draw,
    Palette,
    ball,
    block,
    box,
    flat,
    glow,
    lampshade,
    line,
    oval,
    profile,
    rows,
    solid,
    turn,
)


def _table_lamp(c: Palette, between: Between) -> str:
    belly, narrow = between(70, 105), between(80, 130)
    body = profile([(16, 420), (26, 450), (belly, 540), (belly - 14, 610), (belly - 36, 650)])
    shade = lampshade(400, 180, 410, narrow, narrow + between(50, 90), c.second)
    return glow(400, 320, 330) + box(392, 390, 16, 40, 4, c.dark) + solid(body, c.main) + shade


def _globe_lamp(c: Palette, between: Between) -> str:
    r = between(135, 170)
    foot = profile([(r // 2, 590), (r // 2 + 14, 612), (r // 2 + 6, 650)])
    return (
        glow(400, 600 - r, 340)
        + oval(400, 600 - r, r, r, CREAM)
        + oval(400, 600 - r, r, r, "url(#w)")
        + solid(foot, c.main)
    )


def _desk_lamp(c: Palette, between: Between) -> str:
    elbow = between(230, 290)
    head = turn(28, solid("M400 190h60l60 110h-180Z", c.main) + oval(430, 300, 90, 17, GLOW), 430, 190)
    arms = line(f"M400 630L{elbow} 430L410 190", c.dark, 12) + oval(elbow, 430, 16, 16, c.main)
    return glow(430, 400, 260) + arms + head + block(310, 626, 180, 24, 12, c.main)


def _pendant(c: Palette, between: Between) -> str:
    wide, top = between(150, 210), between(210, 250)
    bell = f"M360 {top}H440C480 {top + 60} {400 + wide} {top + 90} {400 + wide} {top + 210}H{400 - wide}"
    bell += f"C{400 - wide} {top + 90} 320 {top + 60} 360 {top}Z"
    lit = oval(400, top + 210, wide, 24, CREAM) + oval(400, top + 214, 46, 30, GLOW)
    cap = box(376, top - 34, 48, 40, 8, c.dark)
    return line(f"M400 -200V{top}", c.dark, 5) + glow(400, top + 260, 330) + cap + solid(bell, c.main) + lit


def _lantern(c: Palette, between: Between) -> str:
    rx, ry = between(170, 205), between(140, 190)
    ribs = "".join(
        f"M{400 - int(rx * k)} {330 + step}Q400 {345 + step} {400 + int(rx * k)} {330 + step}"
        for step in range(32 - ry, ry - 20, 36)
        for k in [(1 - (step / ry) ** 2) ** 0.5]
    )
    caps = box(350, 322 - ry, 100, 16, 8, WOOD) + box(350, 322 + ry, 100, 16, 8, WOOD)
    body = ball(400, 330, rx, ry, c.main) + oval(400, 330, rx, ry, "url(#w)")
    return line(f"M400 -200V{330 - ry}", c.dark, 4) + glow(400, 330, 340) + body + line(ribs, c.dark, 1) + caps


def _cluster(c: Palette, between: Between) -> str:
    drops = ""
    for x, y in ((250, between(330, 390)), (410, between(450, 520)), (560, between(240, 300))):
        glass = profile([(14, y - 130), (22, y - 90), (78, y), (62, y + 62), (0, y + 86)], x)
        drops += line(f"M{x} -200V{y - 125}", c.dark, 3) + glow(x, y, 170) + solid(glass, c.main)
        drops += oval(x, y + 10, 26, 34, GLOW, 0.9) + box(x - 15, y - 150, 30, 30, 5, c.dark)
    return f'<g opacity=".95">{drops}</g>'


def _linear(c: Palette, between: Between) -> str:
    y = between(330, 380)
    light = flat(f"M120 {y + 26}H680L790 800H10Z", "url(#f)")
    return (
        light
        + line(f"M220 -200V{y}M580 -200V{y}", c.dark, 3)
        + block(90, y, 620, 28, 10, c.main)
        + box(106, y + 24, 588, 7, 3, GLOW)
    )


def _tripod_lamp(c: Palette, between: Between) -> str:
    spread = between(120, 160)
    legs = line(f"M400 330L{400 - spread} 650M400 330L{400 + spread} 650M400 330L{400 + spread // 5} 640", WOOD, 13)
    hinge = oval(400, 336, 17, 17, c.dark)
    return glow(400, 240, 300) + legs + hinge + lampshade(400, 140, 310, 125, 135 + between(0, 30), c.second)


def _arc_lamp(c: Palette, between: Between) -> str:
    reach = between(540, 590)
    arc = line(f"M230 640V330C230 90 {reach - 20} 70 {reach} 250", c.main, 10)
    dome = f"M{reach - 85} 330A85 85 0 0 1 {reach + 85} 330Z"
    return (
        arc
        + glow(reach, 380, 220)
        + solid(dome, c.main)
        + oval(reach, 330, 85, 11, GLOW)
        + block(160, 622, 140, 28, 6, "#e9e5df")
    )


def _floor_lamp(c: Palette, between: Between) -> str:
    y = between(170, 210)
    shade = lampshade(400 + 72, y, y + 120, 40, 82, c.main)
    return (
        glow(472, y + 150, 230)
        + line(f"M380 640V120M380 {y + 20}H472", c.dark, 9)
        + shade
        + block(300, 632, 160, 18, 9, c.dark)
    )


def _column_lamp(c: Palette, between: Between) -> str:
    half = between(75, 100)
    ribs = rows(range(200, 640, between(48, 110)), 400 - half, 400 + half)
    body = block(400 - half, 150, 2 * half, 490, 4, CREAM) + box(400 - half, 150, 2 * half, 490, 4, "url(#w)")
    ends = block(392 - half, 136, 2 * half + 16, 20, 4, WOOD) + block(392 - half, 626, 2 * half + 16, 24, 4, WOOD)
    return glow(400, 400, 380) + body + line(ribs, c.second, 3) + ends


def _sconce(c: Palette, between: Between) -> str:
    half = between(110, 140)
    beams = flat(f"M{400 - half} 340L200 60H600L{400 + half} 340Z", "url(#u)")
    beams += flat(f"M{400 - half} 460L220 720H580L{400 + half} 460Z", "url(#f)")
    left, right, inner = 400 - half, 400 + half, 400 + half // 2
    cup = f"M{left} 330H{right}C{right} 430 {inner} 480 400 480S{left} 430 {left} 330Z"
    slats = line(rows(range(352, 352 + 26 * between(1, 4), 26), 420 - half, 380 + half), c.dark, 2)
    return beams + solid(cup, c.main) + slats + oval(400, 330, half, 13, GLOW)


DRAWINGS: dict[str, Draw] = {
    "table-lamp": _table_lamp,
    "globe-lamp": _globe_lamp,
    "desk-lamp": _desk_lamp,
    "pendant": _pendant,
    "lantern": _lantern,
    "cluster": _cluster,
    "linear": _linear,
    "tripod-lamp": _tripod_lamp,
    "arc-lamp": _arc_lamp,
    "floor-lamp": _floor_lamp,
    "column-lamp": _column_lamp,
    "sconce": _sconce,
}
