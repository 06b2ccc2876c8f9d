"""Drawings of what stands on a table or makes a room soft."""

from dev.demo.shops.strokes import (
    CREAM,
    WOOD,
    Between,
    Draw,
    Palette,
    ball,
    block,
    box,
    flame,
    flat,
    line,
    oval,
    profile,
    rows,
    solid,
    stem,
    turn,
)

WAX = "#f6e3b4"


def _candle(c: Palette, between: Between) -> str:
    half, top = between(95, 125), between(370, 420)
    left, width = 400 - half, 2 * half
    wax = oval(400, top + 30, half - 8, 16, CREAM) + line(f"M400 {top + 30}v-30", c.dark, 4)
    label = box(400 - half // 2, top + 100, half, 92, 4, CREAM)
    label += line(rows((top + 128, top + 148, top + 166), 420 - half // 2, 380 + half // 2), c.dark, 3)
    glass = block(left, top, width, 650 - top, 22, c.main) + oval(400, top + 4, half, 18, c.second)
    return glass + wax + flame(400, top + 4) + label


def _candlestick(c: Palette, between: Between) -> str:
    drawing = ""
    for x, top in ((290, between(440, 500)), (400, between(340, 400)), (510, between(480, 540))):
        holder = profile([(26, top), (10, top + 46), (12, 600), (54, 650)], x)
        drawing += block(x - 13, top - 170, 26, 176, 4, WAX)
        drawing += flame(x, top - 172) + solid(holder, c.main)
    return drawing


def _candelabra(c: Palette, between: Between) -> str:
    dip = between(480, 530)
    arms = line(f"M250 380Q250 {dip} 400 {dip}T400 {dip}Q550 {dip} 550 380M400 350V620", c.main, 26)
    lights = "".join(
        block(x - 12, y - 120, 24, 120, 4, CREAM) + flame(x, y - 122) + block(x - 32, y - 6, 64, 24, 10, c.main)
        for x, y in ((250, 380), (400, 350), (550, 380))
    )
    return arms + lights + solid(profile([(16, 580), (40, 620), (100, 640), (104, 650)]), c.main)


def _vase(c: Palette, between: Between) -> str:
    belly, neck, rim = between(115, 150), between(44, 64), between(64, 84)
    body = profile([(rim, 290), (neck, 345), (belly, 460), (belly - 20, 560), (72, 650)])
    return solid(body, c.main) + oval(400, 290, rim, 13, c.dark)


def _amphora(c: Palette, between: Between) -> str:
    neck, belly = between(48, 60), between(120, 140)
    ears = f"M{400 - neck} 345C{290 - neck} 320 {270 - neck} 430 {410 - belly} 430"
    ears += f"M{400 + neck} 345C{510 + neck} 320 {530 + neck} 430 {390 + belly} 430"
    body = profile([(72, 290), (neck, 345), (belly, 460), (belly - 30, 570), (60, 650)])
    return line(ears, c.main, 16) + solid(body, c.main) + oval(400, 290, 72, 13, c.dark)


def _bottle_vase(c: Palette, between: Between) -> str:
    belly, neck = between(80, 110), between(18, 26)
    body = profile([(neck + 8, 360), (neck, 390), (neck + 4, 450), (belly, 530), (belly, 610), (belly - 24, 650)])
    return stem(400, 380, between(170, 220), between(-40, 40), c.second) + solid(body, c.main)


def _ribbed_vase(c: Palette, between: Between) -> str:
    half = between(95, 120)
    body = profile([(half - 10, 310), (half, 400), (half + 16, 520), (half - 16, 650)])
    ribs = "".join(f"M{400 + x} 316Q{400 + x * 6 // 5} 500 {400 + x * 4 // 5} 646" for x in range(25 - half, half, 23))
    bloom = stem(370, 320, 150, -50, c.second) + stem(420, 320, 190, 40, c.second)
    return (
        bloom
        + solid(body, c.main)
        + f'<g opacity=".35">{line(ribs, c.dark, 3)}</g>'
        + oval(400, 311, half - 10, 12, c.dark)
    )


def _moon_jar(c: Palette, between: Between) -> str:
    belly, rim = between(165, 190), between(62, 78)
    body = profile([(rim, 310), (rim - 4, 330), (belly, 470), (belly - 30, 580), (rim + 8, 650)])
    specks = "".join(oval(between(300, 500), between(380, 600), 3, 3, c.dark, 0.5) for _ in range(9))
    return solid(body, c.main) + oval(400, 310, rim, 12, c.dark) + specks


def _bowl(c: Palette, between: Between) -> str:
    rx, top = between(190, 230), between(420, 460)
    left, right = f"{410 - rx} 580 320 632 320 632", f"{390 + rx} 580 {400 + rx} {top}"
    cup = f"M{400 - rx} {top}C{left}L330 650H470L480 632S{right}Z"
    band = f"M{402 - rx} {top + 34}Q400 {top + 110} {398 + rx} {top + 34}"
    return (
        solid(cup, c.main)
        + line(band, c.second, between(4, 14))
        + oval(400, top, rx, 40, c.second)
        + oval(400, top + 8, rx - 18, 29, c.dark, 0.35)
    )


def _plate(c: Palette, between: Between) -> str:
    r = between(235, 260)
    rim = ball(400, 400, r, r, c.main) + oval(400, 400, r - 14, r - 14, c.second, 0.5)
    well = ball(400, 400, r - between(60, 90), r - between(60, 90), c.main)
    return rim + well + flat(f"M{400 - r // 2} 400a{r // 2} {r // 2} 0 0 1 {r // 2} -{r // 2}", "#fff", 0.25)


def _oven_dish(c: Palette, between: Between) -> str:
    top = between(470, 500)
    ears = block(110, top + 20, 90, 40, 18, c.main) + block(600, top + 20, 90, 40, 18, c.main)
    return (
        ears
        + solid(f"M160 {top}H640L612 632Q608 650 590 650H210Q192 650 188 632Z", c.main)
        + oval(400, top, 240, 30, c.second)
        + oval(400, top + 6, 214, 20, c.dark, 0.4)
    )


def _cup(c: Palette, between: Between) -> str:
    half, top = between(105, 135), between(360, 430)
    body = f"M{400 - half} {top}L{412 - half} 616Q{416 - half} 650 {450 - half} 650H{350 + half}"
    body += f"Q{384 + half} 650 {388 + half} 616L{400 + half} {top}Z"
    dip = f"M{402 - half} {top + 70}Q{400 - half // 2} {top + 100} 400 {top + 76}T{398 + half} {top + 80}"
    glaze = flat(f"{dip}L{400 + half} {top}H{400 - half}Z", c.second, 0.75)
    return solid(body, c.main) + glaze + oval(400, top, half, 22, c.dark) + oval(400, top + 4, half - 9, 17, c.second)


def _mug(c: Palette, between: Between) -> str:
    top = between(380, 420)
    handle = line(f"M510 {top + 50}C620 {top + 40} 620 {top + 180} 506 {top + 170}", c.main, 24)
    body = f"M270 {top}H520L512 610Q510 650 470 650H320Q280 650 278 610Z"
    steam = line(f"M360 {top - 40}q-24 -36 0 -72t0 -72M430 {top - 40}q-24 -36 0 -72t0 -72", "#fff", 7)
    foot = flat("M278 614H512Q508 650 470 650H320Q282 650 278 614Z", c.second, 0.8)
    return (
        f'<g opacity=".7">{steam}</g>'
        + handle
        + solid(body, c.main)
        + foot
        + oval(395, top, 125, 20, c.second)
        + oval(395, top + 5, 112, 14, "#6b4326")
    )


def _jug(c: Palette, between: Between) -> str:
    belly, waist = between(120, 145), between(66, 84)
    body = profile([(90, 260), (waist, 350), (belly, 510), (belly - 10, 590), (90, 650)])
    handle = line(f"M480 290C620 270 620 500 {392 + belly} 500", c.main, 22)
    lip = flat("M310 262Q280 250 262 262Q300 292 322 320Z", c.main)
    band = line(f"M{408 - belly} 540Q400 570 {392 + belly} 540", c.second, between(4, 16))
    return handle + lip + solid(body, c.main) + band + oval(400, 260, 90, 14, c.dark)


def _teapot(c: Palette, between: Between) -> str:
    rx = between(150, 170)
    spout = solid(
        f"M{380 + rx} 560C{440 + rx} 540 {430 + rx} 460 {470 + rx} 430l22 14C{470 + rx} 500 600 600 500 620Z",
        c.main,
    )
    grip = line("M300 420C270 220 530 220 500 420", WOOD, 15)
    lid = ball(400, 408, 84, 22, c.main) + ball(400, 384, 18, 17, c.dark)
    dots = "".join(oval(x, 500, 5, 5, c.second, 0.6) for x in range(290, 520, 22))
    return grip + spout + solid(profile([(80, 410), (rx, 500), (rx - 14, 590), (90, 650)]), c.main) + lid + dots


def _kyusu(c: Palette, between: Between) -> str:
    y = between(500, 530)
    handle = turn(-24, block(510, y - 20, 180, 40, 16, c.main) + oval(686, y, 9, 16, c.dark), 520, y)
    spout = solid(f"M270 {y + 30}L180 {y - 60}l34 -14L310 {y - 20}Z", c.main)
    body = solid(profile([(80, y - 90), (150, y - 20), (146, y + 70), (90, 650)]), c.main)
    return handle + spout + body + ball(400, y - 92, 86, 20, c.main) + ball(400, y - 118, 17, 16, c.main)


def _pillow(c: Palette, bulge: int) -> str:
    top = f"M190 250Q400 {250 + bulge} 610 250Q{610 - bulge} 440 610 640"
    return solid(f"{top}Q400 {640 - bulge} 190 640Q{190 + bulge} 440 190 250Z", c.main)


def _cushion(c: Palette, between: Between) -> str:
    bulge = between(12, 30)
    top = f"M225 288Q400 {284 + bulge} 575 288Q{570 - bulge} 440 575 602"
    piping = f"{top}Q400 {606 - bulge} 225 602Q{230 + bulge} 440 225 288Z"
    return _pillow(c, bulge) + line(piping, c.second, 7)


def _striped_cushion(c: Palette, between: Between) -> str:
    bulge, gap = between(12, 24), between(40, 56)
    stripes = "".join(f"M{x} {266 + bulge // 2}V{624 - bulge // 2}" for x in range(250, 570, gap))
    return _pillow(c, bulge) + line(stripes, c.second, between(6, 14))


def _dotted_cushion(c: Palette, between: Between) -> str:
    size = between(7, 12)
    spots = ((x + y % 100 // 2, y) for y in range(310, 620, 75) for x in range(255, 560, 90))
    return _pillow(c, between(12, 30)) + "".join(oval(x, y, size, size, c.second) for x, y in spots)


def _tufted_cushion(c: Palette, between: Between) -> str:
    tufts = "".join(oval(x, y, 9, 9, c.dark) for x in (310, 490) for y in (370, 520))
    return _pillow(c, between(12, 30)) + tufts


def _throw(c: Palette, between: Between) -> str:
    fringe = "".join(f"M{x} 600v34" for x in range(206, 600, 18))
    checks = rows((300, 400, 500), 190, 610) + "".join(f"M{x} 220V600" for x in range(250, 600, between(70, 100)))
    cloth = solid("M190 236Q190 210 216 210H584Q610 210 610 236V600H190Z", c.main)
    fold = flat("M190 210H610V330Q400 362 190 330Z", c.dark, 0.18)
    return line(fringe, c.main, 6) + cloth + f'<g opacity=".6">{line(checks, c.second, between(5, 14))}</g>' + fold


def _towels(c: Palette, between: Between) -> str:
    drawing, y = "", 650
    for colour in (c.main, c.second, c.main, CREAM)[: between(3, 4)]:
        inset = between(0, 22)
        y -= 84
        drawing += block(190 + inset, y, 420 - 2 * inset, 82, 36, colour)
        drawing += f'<g opacity=".4">{line(f"M{230 + inset} {y + 42}H{604 - inset}", c.dark, 3)}</g>'
        drawing += line(f"M{560 - inset} {y + 6}v70M{574 - inset} {y + 6}v70", c.dark if colour == CREAM else CREAM, 3)
    return drawing


def _tray(c: Palette, between: Between) -> str:
    ry = between(150, 190)
    grain = "".join(
        f"M{220 + i * 9} {400 + i * 22}Q400 {380 + i * 22} {580 - i * 9} {400 + i * 22}" for i in range(-4, 5)
    )
    rim = ball(400, 400, 270, ry + 26, c.main) + oval(400, 406, 246, ry + 4, c.dark, 0.35)
    inner = oval(400, 410, 240, ry - 2, c.main) + f'<g opacity=".3">{line(grain, c.dark, 3)}</g>'
    return rim + inner + ball(340, 380, 62, 62, c.second) + oval(340, 380, 46, 46, c.dark, 0.5)


def _basket(c: Palette, between: Between) -> str:
    top = between(410, 440)
    weave = "".join(f"M{x + (y // 30 % 2) * 20} {y}h22" for y in range(top + 30, 640, 30) for x in range(232, 540, 40))
    handle = line(f"M240 {top}C240 150 560 150 560 {top}", c.dark, 15)
    body = solid(f"M200 {top}H600L560 630Q556 650 536 650H264Q244 650 240 630Z", c.main)
    return handle + body + line(weave, c.dark, 5) + block(190, top - 18, 420, 34, 17, c.main)


MIRROR_GLASS = "#dfe9ec"
MIRROR_SHINE = flat("M300 520L500 240H540L330 560ZM350 580L530 330V370L380 590Z", "#fff", 0.6)


def _round_mirror(c: Palette, between: Between) -> str:
    edge = between(14, 26)
    return ball(400, 390, 235, 235, c.main) + oval(400, 390, 235 - edge, 235 - edge, MIRROR_GLASS) + MIRROR_SHINE


def _arched_mirror(c: Palette, between: Between) -> str:
    bottom = between(660, 700)
    frame = solid(f"M230 {bottom}V330A170 170 0 0 1 570 330V{bottom}Z", c.main)
    return frame + flat(f"M250 {bottom - 18}V330A150 150 0 0 1 550 330V{bottom - 18}Z", MIRROR_GLASS) + MIRROR_SHINE


DRAWINGS: dict[str, Draw] = {
    "candle": _candle,
    "candlestick": _candlestick,
    "candelabra": _candelabra,
    "vase": _vase,
    "amphora": _amphora,
    "bottle-vase": _bottle_vase,
    "ribbed-vase": _ribbed_vase,
    "moon-jar": _moon_jar,
    "bowl": _bowl,
    "plate": _plate,
    "oven-dish": _oven_dish,
    "cup": _cup,
    "mug": _mug,
    "jug": _jug,
    "teapot": _teapot,
    "kyusu": _kyusu,
    "cushion": _cushion,
    "striped-cushion": _striped_cushion,
    "dotted-cushion": _dotted_cushion,
    "tufted-cushion": _tufted_cushion,
    "throw": _throw,
    "towels": _towels,
    "tray": _tray,
    "basket": _basket,
    "round-mirror": _round_mirror,
    "arched-mirror": _arched_mirror,
}
