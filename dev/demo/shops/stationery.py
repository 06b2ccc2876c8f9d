"""Drawings of paper, pens, and what goes with a cup of tea."""

from dev.demo.shops.strokes import (
    CREAM,
    WOOD,
    Between,
    Draw,
    Palette,
    ball,
    block,
    box,
    flat,
    line,
    oval,
    profile,
    rows,
    solid,
    turn,
)


def _notebook(c: Palette, between: Between) -> str:
    pages = box(236, 160, 346, 490, 8, "#efe7d6") + box(232, 156, 346, 490, 8, CREAM)
    cover = block(220, 150, 346, 490, 12, c.main) + box(220, 150, 44, 490, 10, c.dark, 0.35)
    label = box(310, 230, 200, 110, 4, CREAM) + line(rows((272, 300), 335, 485), c.dark, 3)
    band = box(between(500, 520), 150, 18, 490, 0, c.second)
    ribbon = flat("M330 640v64l13 -14l13 14v-64Z", c.dark)
    return (
        ribbon + pages + cover + (label, band + label, band, line("M264 560H566", c.second, 26) + label)[between(0, 3)]
    )


def _notepad(c: Palette, between: Between) -> str:
    sheet = box(226, 176, 360, 480, 4, "#eadfca") + box(220, 170, 360, 476, 4, CREAM)
    rules = f'<g opacity=".55">{line(rows(range(290, 630, between(30, 44)), 256, 544), c.main, 2)}</g>'
    rings = "".join(line(f"M{x} 196v-46", c.dark, 7) for x in range(256, 560, 36))
    head = block(220, 160, 360, 76, 6, c.main)
    margin = line("M310 250V630", c.second, 4)
    return sheet + rules + margin + head + (rings if between(0, 1) else line("M260 198H420", c.second, 5))


def _calendar(c: Palette, between: Between) -> str:
    days = "".join(box(x, y, 34, 34, 6, c.main, 0.28) for y in range(410, 590, 56) for x in range(256, 540, 52))
    today = box(256 + 52 * between(0, 5), 410 + 56 * between(0, 3), 34, 34, 6, c.main)
    moon = oval(400, 270, 62, 62, c.second) + oval(400 + between(14, 40), 256, 54, 54, c.main)
    card = box(220, 170, 360, 470, 6, CREAM) + block(220, 170, 360, 200, 6, c.main)
    return card + moon + days + today + block(190, 612, 420, 46, 8, WOOD)


def _pen(c: Palette, between: Between) -> str:
    barrel = box(100, 376, 480, 48, 22, c.main) + box(100, 376, 480, 48, 22, "url(#v)")
    ring = box(between(300, 380), 374, 12, 52, 2, c.second) + box(570, 374, 14, 52, 2, c.second)
    tip = flat("M584 380L664 396V404L584 420Z", c.dark) + line("M664 400h14", c.dark, 4)
    return turn(-42, barrel + ring + tip + box(130, 366, 150, 10, 5, c.second))


def _fountain_pen(c: Palette, between: Between) -> str:
    barrel = (
        box(90, 370, 400, 60, 28, c.main) + box(90, 370, 400, 60, 28, "url(#v)") + box(476, 366, 16, 68, 3, "#d4b056")
    )
    grip = flat("M490 376H556V424H490Z", c.dark)
    nib = flat("M556 382C600 376 640 392 680 400C640 408 600 424 556 418Z", "#d9b65c") + line("M600 400H676", c.dark, 2)
    cap = (
        box(150, 480, between(220, 250), 64, 28, c.main)
        + box(150, 480, 220, 64, 28, "url(#v)")
        + box(196, 470, 160, 11, 5, "#d4b056")
    )
    return turn(-38, barrel + grip + nib + oval(600, 400, 5, 5, c.dark) + cap)


def _pencil(c: Palette, between: Between) -> str:
    drawing = ""
    for y, shift, colour in (
        (310, between(0, 40), c.main),
        (400, between(40, 80), c.dark),
        (490, between(0, 60), c.main),
    ):
        x = 90 + shift
        drawing += box(x, y - 20, 440, 40, 6, colour) + box(x, y - 20, 440, 40, 6, "url(#v)")
        drawing += flat(f"M{x + 440} {y - 20}L{x + 520} {y - 5}V{y + 5}L{x + 440} {y + 20}Z", "#ecd0a4")
        drawing += flat(f"M{x + 500} {y - 9}L{x + 524} {y}L{x + 500} {y + 9}Z", c.dark) + box(
            x + 30, y - 20, 14, 40, 0, c.second
        )
    return turn(-35, drawing)


def _ink(c: Palette, between: Between) -> str:
    top = between(440, 470)
    bottle = block(260, top, 280, 650 - top, 34, c.second) + box(276, top + 34, 248, 600 - top, 24, c.main, 0.92)
    label = box(320, top + 66, 160, 84, 4, CREAM) + oval(400, top + 108, 24, 24, c.main)
    drop = flat(f"M620 {560}q34 46 0 66q-34 -20 0 -66Z", c.main)
    return (
        block(340, top - 36, 120, 44, 6, c.second) + bottle + label + block(322, top - 110, 156, 82, 12, c.dark) + drop
    )


def _tape(c: Palette, between: Between) -> str:
    drawing, motif = "", between(0, 1)
    for x, y, r, colour in ((300, 330, 130, c.main), (510, 400, 112, c.second), (330, 560, 100, c.dark)):
        dash = f' stroke-dasharray="{9 + motif * 18} 14" opacity=".55"'
        pattern = CREAM if colour != c.second else c.main
        ring = f'<circle cx="{x}" cy="{y}" r="{r - 26}" fill="none" stroke="{pattern}"'
        drawing += ball(x, y, r, r, colour) + f'{ring} stroke-width="{10 + motif * 12}"{dash}/>'
        drawing += oval(x, y, r - 52, r - 52, "#e9dcc4") + oval(x, y, r - 62, r - 62, c.arch)
    return drawing + flat("M470 560l190 -44l4 22l12 10l-8 14l6 14l-190 44Z", c.main)


def _stickers(c: Palette, between: Between) -> str:
    drawing = box(200, 160, 400, 490, 16, CREAM)
    for row, y in enumerate(range(250, 620, 110)):
        for column, x in enumerate(range(280, 560, 120)):
            colour = (c.main, c.second, c.dark, c.arch)[(row + column + between(0, 3)) % 4]
            leaf = flat(
                f"M{x} {y + 34}c-50 -34 -20 -74 0 -78c20 4 50 44 0 78Z",
                colour,
            )
            drawing += leaf if between(0, 2) else oval(x, y, 36, 36, colour)
    return drawing


def _letter(c: Palette, between: Between) -> str:
    lines = f'<g opacity=".5">{line(rows(range(210, 420, between(28, 40)), 260, 500), c.dark, 3)}</g>'
    sheet = turn(-7, box(210, 140, 340, 400, 4, CREAM) + lines)
    envelope = block(190, 370, 440, 290, 8, c.main) + line("M194 656L372 520M626 656L448 520", c.dark, 2)
    flap = solid("M190 376Q190 370 198 370H622Q630 370 630 376L424 546Q410 556 396 546Z", c.main)
    seal = oval(410, 545, 32, 32, c.second) + oval(410, 545, 20, 20, c.dark, 0.5)
    return (
        sheet
        + envelope
        + flap
        + line("M192 376L398 548Q410 556 422 548L628 376", c.dark, 2)
        + (seal if between(0, 1) else box(540, 590, 60, 46, 2, c.second))
    )


def _stamp(c: Palette, between: Between) -> str:
    grip = profile([(30, 260), (54, 300), (40, 370), (34, 440), (70, 500)])
    base = block(310, 500, 180, 96, 10, WOOD) + block(318, 596, 164, 24, 2, c.main)
    print_ = f'<g opacity=".8">{oval(600, 630, 62, 17, c.main)}{oval(600, 630, 40, 10, c.wall)}</g>'
    return print_ + solid(grip, c.main if between(0, 1) else WOOD) + base + block(290, 620, 220, 30, 8, c.dark)


def _brush(c: Palette, between: Between) -> str:
    drawing = ""
    for y, length in ((330, between(300, 360)), (450, between(240, 300))):
        x = 120 + length
        drawing += box(120, y - 15, length, 30, 12, WOOD) + box(120, y - 15, length, 30, 12, "url(#v)")
        drawing += box(x - 6, y - 24, 54, 48, 6, c.dark) + line(f"M130 {y}q-46 0 -40 30", c.dark, 4)
        drawing += flat(
            f"M{x + 46} {y - 24}c64 -20 104 12 144 24c-40 12 -80 44 -144 24Z",
            c.second,
        )
        drawing += flat(
            f"M{x + 140} {y - 16}Q{x + 165} {y - 6} {x + 190} {y}Q{x + 165} {y + 6} {x + 140} {y + 16}Z",
            c.dark,
        )
    return turn(-40, drawing)


def _pouch(c: Palette, between: Between) -> str:
    weave = "".join(f"M{x} 350l30 -16l30 16" for x in range(160, 620, 60))
    bag = block(150, 280, 500, between(240, 270), 36, c.main)
    pens = turn(14, box(300, 190, 26, 140, 4, c.dark), 313, 300) + turn(22, box(360, 200, 22, 130, 4, WOOD), 370, 300)
    zip_ = line("M180 302H620", c.second, 8) + box(596, 296, 18, 70, 8, "#d4b056")
    return (
        pens
        + bag
        + zip_
        + f'<g opacity=".6">{line(weave, c.second, 4)}{line(weave.replace(" 350", " 400"), c.second, 4)}</g>'
    )


def _pen_tray(c: Palette, between: Between) -> str:
    tray = block(130, 300, 540, 200, 22, c.main) + box(150, 320, 500, 160, 12, c.dark, 0.4)
    pens = box(180, 350, between(330, 420), 28, 14, c.dark) + box(180, 350, 330, 28, 14, "url(#v)")
    return turn(
        -12,
        tray + pens + box(220, 420, between(260, 380), 24, 6, "#c9974c") + box(600, 416, 30, 30, 6, CREAM),
    )


def _ruler(c: Palette, between: Between) -> str:
    marks = "".join(f"M{x} 360v{34 if x % 100 == 0 else 18}" for x in range(140, 680, 20))
    body = box(110, 356, 580, 96, 12, "#d5dade") + box(110, 356, 580, 96, 12, "url(#v)")
    return turn(
        -30,
        body + line(marks, c.dark, 3) + oval(660, 426, 11, 11, c.arch) + line("M180 424H330", c.main, between(5, 9)),
    )


def _scissors(c: Palette, between: Between) -> str:
    gap = between(12, 18)
    half = flat("M392 430L396 120Q420 200 424 430Z", "#c9cdd1") + line(
        "M408 430C408 520 470 520 476 590S400 690 380 620S408 500 404 430", c.main, 22
    )
    return (
        turn(gap, half)
        + f'<g transform="matrix(-1 0 0 1 812 0)">{turn(gap, half)}</g>'
        + oval(406, 412, 15, 15, c.dark)
    )


def _tin(c: Palette, between: Between) -> str:
    half, top = between(110, 135), between(320, 370)
    body = block(400 - half, top, 2 * half, 650 - top, 14, c.main)
    lid = block(394 - half, top - 50, 2 * half + 12, 80, 14, c.dark)
    leaf = flat(f"M400 {top + 210}c-50 -30 -44 -84 0 -120c44 36 50 90 0 120Z", c.main)
    label = box(400 - half, top + 70, 2 * half, 170, 0, CREAM) + leaf + line(f"M400 {top + 120}v90", CREAM, 4)
    rules = line(rows((top + 84, top + 226), 420 - half, 380 + half), c.main, 3)
    return body + lid + label + rules + box(400 - half, top + 70, 2 * half, 170, 0, "url(#s)")


def _whisk(c: Palette, between: Between) -> str:
    spread = between(80, 100)
    tines = "".join(
        f"M{400 + x // 3} 430Q{400 + x} 500 {400 + x} 600Q{400 + x} 640 {400 + x * 3 // 4} 646"
        for x in range(-spread, spread + 1, 9)
    )
    grip = block(352, 240, 96, 190, 12, "#dcc27c") + line("M354 410h92M354 424h92", c.dark, 5)
    powder = oval(400, 646, 190, 14, c.main)
    return powder + line(tines, "#cfae60", 4) + grip + oval(400, 244, 46, 9, "#b9964b")


def _bundle(c: Palette, between: Between) -> str:
    left = "C330 340 250 330 220 250c100 0 170 60 180 150"
    right = "c10 -90 80 -150 180 -150C550 330 470 340 400 400"
    ears = solid(f"M400 400{left}{right}Z", c.main)
    body = solid(
        "M210 520C230 420 340 400 400 400s170 20 190 120c10 100 -20 130 -70 130H280q-80 0 -70 -130Z",
        c.main,
    )
    step = between(56, 72)
    motif = "".join(f"M{x} {y}l20 16l20 -16" for y in range(480, 630, 44) for x in range(250, 540, step))
    creases = line("M400 400C360 440 300 460 262 540M400 400C440 440 500 460 538 540", c.dark, 4)
    folds = f'<g opacity=".4">{creases}</g>'
    return ears + body + line(motif, c.second, 5) + folds + ball(400, 402, 40, 32, c.main)


def _incense(c: Palette, between: Between) -> str:
    sway = between(30, 60)
    smoke = line(f"M300 330C{300 + sway} 270 {300 - sway} 220 300 160S{300 + sway} 80 310 30", "#fff", 7)
    stick = line("M300 620V340", c.dark, 7) + oval(300, 338, 6, 8, "#f08a4b")
    rest = solid(profile([(60, 612), (92, 628), (78, 650)], 300), c.main)
    carton = block(440, 350, 170, 300, 6, c.main) + box(470, 400, 110, 150, 3, CREAM) + oval(525, 475, 34, 34, c.second)
    return f'<g opacity=".75">{smoke}</g>' + stick + rest + carton + line("M500 475q25 -40 50 0", c.dark, 4)


DRAWINGS: dict[str, Draw] = {
    "notebook": _notebook,
    "notepad": _notepad,
    "calendar": _calendar,
    "pen": _pen,
    "fountain-pen": _fountain_pen,
    "pencil": _pencil,
    "ink": _ink,
    "tape": _tape,
    "stickers": _stickers,
    "letter": _letter,
    "stamp": _stamp,
    "brush": _brush,
    "pouch": _pouch,
    "pen-tray": _pen_tray,
    "ruler": _ruler,
    "scissors": _scissors,
    "tin": _tin,
    "whisk": _whisk,
    "bundle": _bundle,
    "incense": _incense,
}
