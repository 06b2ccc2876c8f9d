"""SVGs: read as XML, checked against lists of what may be in them, and written anew from what is on the lists.

What does something, or fetches something, is refused by name. What is only unknown, such as the notes that drawing
programs leave, is left out.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from integrations.files.base import Kept, KeptFile, Unfit
from integrations.files.picture import keep

MEDIA_TYPE = "image/svg+xml"
MAX_ELEMENTS = 20_000
MAX_DEPTH = 100
# What is drawn once every `use` stands for what it points at.
MAX_DRAWN = 200_000
# Pixels: what claims to be larger has no size.
MAX_SIDE = 1_000_000
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_XHTML = "http://www.w3.org/1999/xhtml"

_ACTIVE = {
    *("script", "handler", "listener", "foreignobject", "iframe", "object", "embed", "applet", "audio", "video"),
    *("canvas", "form", "input", "button", "link", "meta", "base", "html", "body", "math", "template", "portal"),
}
_ELEMENTS = {
    *("svg", "g", "defs", "symbol", "use", "title", "desc", "switch", "style", "view", "a"),
    *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
    *("text", "tspan", "textPath", "image", "marker", "pattern", "mask", "clipPath"),
    *("linearGradient", "radialGradient", "stop", "filter"),
    *("feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting"),
    *("feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR"),
    *("feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting"),
    *("feSpotLight", "feTile", "feTurbulence"),
    *("animate", "animateTransform", "animateMotion", "mpath", "set"),
}
_ATTRIBUTES = {
    *("id", "class", "style", "lang", "space", "version", "viewBox", "preserveAspectRatio", "role", "tabindex"),
    *("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "fr", "dx", "dy", "width", "height"),
    *("d", "points", "pathLength", "transform", "transform-origin", "rotate", "offset", "textLength", "lengthAdjust"),
    *("startOffset", "method", "spacing", "side", "refX", "refY", "orient", "markerWidth", "markerHeight"),
    *("markerUnits", "marker-start", "marker-mid", "marker-end", "gradientUnits", "gradientTransform", "spreadMethod"),
    *("patternUnits", "patternContentUnits", "patternTransform", "maskUnits", "maskContentUnits", "clipPathUnits"),
    *("filterUnits", "primitiveUnits", "filter", "mask", "mask-type", "clip-path", "clip-rule", "href"),
    *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap"),
    *("stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "vector-effect", "paint-order"),
    *("opacity", "color", "color-interpolation", "color-interpolation-filters", "display", "visibility", "overflow"),
    *("stop-color", "stop-opacity", "flood-color", "flood-opacity", "lighting-color", "shape-rendering"),
    *("text-rendering", "image-rendering", "mix-blend-mode", "isolation", "enable-background", "cursor", "clip"),
    *("font", "font-family", "font-size", "font-size-adjust", "font-stretch", "font-style", "font-variant"),
    *("font-weight", "letter-spacing", "word-spacing", "text-anchor", "text-decoration", "dominant-baseline"),
    *("alignment-baseline", "baseline-shift", "writing-mode", "direction", "unicode-bidi", "kerning"),
    *("in", "in2", "result", "mode", "type", "values", "tableValues", "slope", "intercept", "amplitude", "exponent"),
    *("operator", "k1", "k2", "k3", "k4", "order", "kernelMatrix", "divisor", "bias", "targetX", "targetY"),
    *("edgeMode", "preserveAlpha", "kernelUnitLength", "surfaceScale", "diffuseConstant", "specularConstant"),
    *("specularExponent", "scale", "xChannelSelector", "yChannelSelector", "azimuth", "elevation", "z"),
    *("limitingConeAngle", "pointsAtX", "pointsAtY", "pointsAtZ", "stdDeviation", "radius", "baseFrequency"),
    *("numOctaves", "seed", "stitchTiles", "attributeName", "begin", "dur", "end", "min", "max", "restart"),
    *("repeatCount", "repeatDur", "calcMode", "keyTimes", "keySplines", "keyPoints", "path", "from", "to", "by"),
    *("additive", "accumulate", "systemLanguage", "aria-label", "aria-hidden", "aria-labelledby", "aria-describedby"),
}
# Of these, what is text.
_WORDS = {"id", "class", "role", "aria-label", "aria-labelledby", "aria-describedby", "font-family", "font"}
# What values and styles may call. `url` is looked at by itself.
_FUNCTIONS = {
    *("rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "calc", "min", "max", "clamp"),
    *("matrix", "translate", "translatex", "translatey", "scale", "scalex", "scaley", "rotate", "skewx", "skewy"),
    *("cubic-bezier", "steps", "polygon", "circle", "ellipse", "inset", "path", "rect", "url", "not", "nth-child"),
    *("blur", "brightness", "contrast", "drop-shadow", "grayscale", "hue-rotate", "invert", "opacity", "saturate"),
    *("sepia", "var"),
}
_CALL = re.compile(r"([\w-]+)\s*\(")
_URL = re.compile(r"url\s*\(\s*(['\"]?)(.*?)\1\s*\)", re.IGNORECASE | re.DOTALL)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)
_RULE = re.compile(r"@\s*([\w-]+)")
_FETCHES = re.compile(r"url\s*\(|expression|behaviou?r\s*:|-moz-binding|(?:java|vb)script\s*:|data:|//", re.IGNORECASE)
_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+)(?:px)?\s*$")


def keep_svg(content: bytes) -> Kept:
    """The SVG, written anew.

    Raises:
        Unfit: it is none, or does or fetches something.

    """
    root = _parsed(content)
    if _name(root) != (_SVG, "svg"):
        raise Unfit("The file is no SVG: its outermost element must be svg, of the namespace of SVG.")
    for element in root.iter():
        _refuse_active(element)
    clean = _cleaned(root)
    _refuse_explosion(clean)
    clean.set("xmlns", _SVG)
    width, height = _size(clean)
    return Kept(KeptFile(tostring(clean, encoding="utf-8"), MEDIA_TYPE, width, height), ())


def _parsed(content: bytes) -> Element:
    """The tree, without comments and instructions; of a document that has no document type and no entities."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfit("The SVG is not in UTF-8.") from None
    declared = re.match(r"\s*<\?xml[^>]*encoding\s*=\s*['\"]([\w-]+)", text)
    if declared and declared[1].lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise Unfit("The SVG is not in UTF-8.")
    depth = 0
    elements: list[Element] = []
    try:
        for event, element in iterparse(BytesIO(text.encode()), events=("start", "end"), forbid_dtd=True):
            if event == "end":
                depth -= 1
                continue
            elements.append(element)
            depth += 1
            if depth > MAX_DEPTH or len(elements) > MAX_ELEMENTS:
                message = f"at most {MAX_ELEMENTS:,} elements are taken, nested at most {MAX_DEPTH} deep"
                raise Unfit(f"The SVG is too large: {message}.")
    except DefusedXmlException:
        raise Unfit("The SVG has a document type or entities. Save it without them.") from None
    except (ParseError, ValueError):
        raise Unfit("The SVG is no well-formed XML, or not whole.") from None
    return elements[0]


def _name(element: Element) -> tuple[str, str]:
    return _split(element.tag)


def _split(name: str) -> tuple[str, str]:
    """The namespace and the name within it."""
    if name.startswith("{"):
        space, _, local = name[1:].partition("}")
        return space, local
    return "", name


def _refuse_active(element: Element) -> None:
    """Refuses an element, of whatever namespace, that runs, embeds or fetches something."""
    space, local = _name(element)
    if local.lower() in _ACTIVE or space == _XHTML:
        raise Unfit(f"The SVG has an element {local}, which an SVG here may not have.")
    for name, value in element.attrib.items():
        attribute = _split(name)[1]
        if attribute.lower().startswith("on"):
            raise Unfit(f"The SVG has an attribute {attribute}, which runs something.")
        _refuse_value(local, attribute, value)
    if local.lower() == "style":
        _refuse_style("".join(element.itertext()))


def _refuse_value(element: str, attribute: str, value: str) -> None:
    lowered = attribute.lower()
    if lowered in {"href", "src"}:
        _refuse_reference(element, value)
    elif lowered == "attributename" and _split(value.strip())[1].rpartition(":")[2].lower() in {"href", "style"}:
        raise Unfit("The SVG has an animation that changes an address or a style.")
    elif lowered == "attributename" and value.strip().lower().startswith("on"):
        raise Unfit(f"The SVG has an animation of {value.strip()[:40]}, which runs something.")
    elif attribute in _ATTRIBUTES - _WORDS:
        _refuse_style(value)


def _refuse_reference(element: str, value: str) -> None:
    address = value.strip()
    picture = _PICTURE.fullmatch(address) if element == "image" else None
    if picture:
        _refuse_picture(picture[1].lower(), picture[2])
    elif address and not address.startswith("#"):
        raise Unfit(f"The SVG points outside of itself: {address[:60]}")


def _refuse_picture(kind: str, encoded: str) -> None:
    """Refuses a picture within the drawing that would be refused by itself."""
    try:
        keep(b64decode(encoded), f"image/{kind}")
    except Unfit as unfit:
        raise Unfit(f"The SVG holds a picture that is not taken. {unfit}") from None
    except ValueError:
        raise Unfit("The SVG holds a picture that is damaged.") from None


def _refuse_style(style: str) -> None:
    """Refuses what fetches something. A backslash could hide any of it."""
    if "\\" in style:
        raise Unfit("The SVG has a style with a backslash in it.")
    rule = _RULE.search(style)
    if rule and rule[1].lower() not in {"media", "keyframes"}:
        raise Unfit(f"The SVG has a style with @{rule[1][:40]} in it.")
    for call in _CALL.finditer(style):
        if call[1].lower() not in _FUNCTIONS:
            raise Unfit(f"The SVG has a style with {call[1][:40]}() in it.")
    within = _URL.sub(_refuse_url, style)
    if _FETCHES.search(within):
        raise Unfit("The SVG has a style that fetches or runs something.")


def _refuse_url(found: re.Match[str]) -> str:
    if not found[2].strip().startswith("#"):
        raise Unfit(f"The SVG points outside of itself: {found[2].strip()[:60]}")
    return ""


def _cleaned(root: Element) -> Element:
    """The tree of what is on the lists. Names of SVG need no prefix; references are the only others."""
    clean = Element("svg", _attributes(root))
    clean.text = root.text
    _fill(root, clean)
    return clean


def _fill(source: Element, target: Element) -> None:
    for child in source:
        space, local = _name(child)
        if space != _SVG or local not in _ELEMENTS:
            continue
        # A link would lead away from whatever page shows the picture.
        made = SubElement(target, "g" if local == "a" else local, _attributes(child))
        made.text, made.tail = child.text, child.tail
        _fill(child, made)


def _attributes(element: Element) -> dict[str, str]:
    found = {}
    for name, value in element.attrib.items():
        space, local = _split(name)
        if space in {"", _XLINK} and local in _ATTRIBUTES:
            found[local] = value
        elif space == _XML and local in {"lang", "space"}:
            found[f"xml:{local}"] = value
    return found


def _refuse_explosion(root: Element) -> None:
    """Refuses what draws itself, or so many copies of copies that showing it takes for ever."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    drawn: dict[Element, int] = {}
    under_way: set[Element] = set()

    def count(element: Element) -> int:
        if element in under_way or len(under_way) > 4 * MAX_DEPTH:
            raise Unfit("The SVG has an element that uses itself.")
        if element not in drawn:
            under_way.add(element)
            total = 1 + sum(count(child) for child in element)
            target = by_id.get((element.get("href") or "").strip().removeprefix("#"))
            if element.tag == "use" and target is not None:
                total += count(target)
            under_way.discard(element)
            if total > MAX_DRAWN:
                raise Unfit(f"The SVG draws more than {MAX_DRAWN:,} elements.")
            drawn[element] = total
        return drawn[element]

    count(root)


def _size(root: Element) -> tuple[int | None, int | None]:
    """Width and height in pixels, as far as the SVG tells."""
    said = [_pixels(root.get("width")), _pixels(root.get("height"))]
    box = list(_numbers(root.get("viewBox") or ""))
    if None in said and len(box) == len(("x", "y", "width", "height")):
        said = [_bounded(box[2]), _bounded(box[3])]
    return (None, None) if None in said else (said[0], said[1])


def _pixels(text: str | None) -> int | None:
    found = _NUMBER.match(text or "")
    return _bounded(float(found[1])) if found else None


def _bounded(value: float) -> int | None:
    return round(value) if 1 <= value <= MAX_SIDE else None


def _numbers(text: str) -> Iterator[float]:
    for part in re.split(r"[\s,]+", text.strip()):
        try:
            yield float(part)
        except ValueError:
            return
