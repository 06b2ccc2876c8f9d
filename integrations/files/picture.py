"""Pictures: decoded whole, written anew without whatever else they carried, and made smaller.

What a phone wrote beside a picture, where it was taken for one, is not kept. Only the child process of `bounded.py`
runs this: a picture can be made to cost any time and memory.
"""

import warnings
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, UnidentifiedImageError

from integrations.files.base import Kept, KeptFile, Unfit
from integrations.files.ending import check_ending

# Pixels: a camera's 48 million fit. Memory goes with them (docs/adr/0023-pillow-in-a-child-process.md).
MAX_PIXELS = 50_000_000
# Pixels of all frames together.
MAX_ANIMATED_PIXELS = 200_000_000
MAX_FRAMES = 1_000
# WebP has no longer sides.
MAX_SIDE = 16_383
# Widths that are made of a larger picture. None is enlarged.
WIDTHS = (320, 640, 960, 1280, 1920)
RENDITION_QUALITY = 80
KEPT_QUALITY = 90
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
# Of what Pillow read beside the pixels: what shows them as they are meant.
_MEANT = {"transparency", "icc_profile", "duration", "loop", "background", "disposal", "blend", "default_image"}
_ORIENTATION = 0x0112

Image.MAX_IMAGE_PIXELS = None  # `_refuse_large` says it in words, before anything is decoded.
warnings.simplefilter("ignore")


def keep(content: bytes, media_type: str) -> Kept:
    """What is kept of a picture.

    Raises:
        Unfit: it is none, is damaged, is too large, or holds something else.

    """
    check_ending(content, media_type)
    try:
        with Image.open(BytesIO(content), formats=[_FORMATS[media_type]]) as picture:
            _refuse_large(picture)
            animated = getattr(picture, "n_frames", 1) > 1 and media_type != "image/jpeg"
            return _animation(picture, media_type) if animated else _still(picture, content, media_type)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError):
        # Whatever a decoder raises about bytes that it cannot make sense of.
        raise Unfit("The picture is damaged: it cannot be decoded.") from None


def _refuse_large(picture: Image.Image) -> None:
    width, height = picture.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Unfit(
            f"The picture has {width:,} by {height:,} pixels. At most {MAX_PIXELS:,} are taken, "
            f"and no side longer than {MAX_SIDE:,}."
        )
    frames = getattr(picture, "n_frames", 1)
    if frames > MAX_FRAMES or frames * width * height > MAX_ANIMATED_PIXELS:
        raise Unfit(
            f"The animation has {frames:,} frames of {width:,} by {height:,} pixels. At most {MAX_FRAMES:,} frames are "
            f"taken, and {MAX_ANIMATED_PIXELS:,} pixels in all."
        )


def _animation(picture: Image.Image, media_type: str) -> Kept:
    """An animation stays one; no smaller sizes are made of it."""
    durations = []
    for number in range(picture.n_frames):  # type: ignore[attr-defined]
        picture.seek(number)
        picture.load()
        durations.append(picture.info.get("duration", 0))
    picture.seek(0)
    _forget_words(picture)
    options: dict[str, Any] = {"duration": durations} if any(durations) else {}
    if media_type == "image/webp":
        options["quality"] = KEPT_QUALITY
    file = _encoded(picture, media_type, save_all=True, **options)
    return Kept(file, ())


def _still(picture: Image.Image, content: bytes, media_type: str) -> Kept:
    turned = picture.getexif().get(_ORIENTATION, 1) != 1
    picture.load()
    _forget_words(picture)
    if media_type == "image/jpeg":
        file, shown = _still_jpeg(picture, turned=turned)
    elif media_type == "image/webp":
        shown = ImageOps.exif_transpose(picture) if turned else picture
        is_lossless = b"VP8L" in content[:64]
        file = _encoded(shown, media_type, lossless=is_lossless, quality=KEPT_QUALITY)
    else:
        shown = ImageOps.exif_transpose(picture) if turned else picture
        options = {"compress_level": 4} if media_type == "image/png" else {}
        file = _encoded(shown, media_type, **options)
    return Kept(file, _renditions(shown))


def _still_jpeg(picture: Any, *, turned: bool) -> tuple[KeptFile, Image.Image]:
    """With its own quantisation it loses nothing that one could see, and does not grow."""
    # The first of several, as phones write them, is called by another name.
    picture.format = "JPEG"
    if not turned:
        return _encoded(picture, "image/jpeg", quality="keep"), picture
    tables, subsampling = picture.quantization, JpegImagePlugin.get_sampling(picture)
    shown = ImageOps.exif_transpose(picture)
    return _encoded(shown, "image/jpeg", qtables=tables, subsampling=max(subsampling, 0)), shown


def _forget_words(picture: Image.Image) -> None:
    picture.info = {name: value for name, value in picture.info.items() if name in _MEANT}


def _encoded(picture: Image.Image, media_type: str, **options: Any) -> KeptFile:
    buffer = BytesIO()
    picture.save(buffer, _FORMATS[media_type], **options)
    return KeptFile(buffer.getvalue(), media_type, picture.width, picture.height)


def _renditions(picture: Image.Image) -> tuple[KeptFile, ...]:
    widths = [width for width in WIDTHS if width < picture.width]
    if not widths:
        return ()
    smaller, made = _eight_bits(picture), []
    for width in reversed(widths):
        height = max(1, round(picture.height * width / picture.width))
        smaller = smaller.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        plain = _as_srgb(smaller) if width == widths[-1] else smaller
        smaller = plain
        made.append(_encoded(plain, "image/webp", quality=RENDITION_QUALITY, method=4))
    return tuple(reversed(made))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """In a mode that can be made smaller smoothly, transparent where the picture is."""
    if picture.mode in {"RGB", "RGBA", "CMYK", "L"} and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return picture.convert("RGBA" if picture.mode in {"LA", "PA"} or "transparency" in picture.info else "RGB")


def _as_srgb(picture: Image.Image) -> Image.Image:
    """The colours of the web, so that a rendition needs no profile."""
    profile = picture.info.pop("icc_profile", None)
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            found = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            found = None
        if found is not None:
            found.info.pop("icc_profile", None)
            return found
    return picture.convert(mode)
