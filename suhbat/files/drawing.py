"""Decodes a picture and draws its thumbnails, with Pillow. Only the child process does this (`child.py`): the decoders are
written in C, and what they read comes from strangers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, features

from .thumbhash import thumbhash

_DECODERS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
DECODED_PIXELS = 120_000_000
"""An animation with more pixels × frames than this becomes a still thumbnail."""
DRAWN_PIXELS = 12_000_000
"""The pixels × frames of a moving thumbnail, which take about a second. A longer animation has fewer frames a second."""
_SHORTEST_MS, _USUAL_MS = 11, 100
"""Browsers show a frame that is to be shown for 10 ms or less for 100 ms."""
_ORIENTATION = 0x0112
_QUALITY = 80
_HASHED = 64
"""The longest side of what is hashed: the hash holds seven waves at most."""


@dataclass(frozen=True)
class Drawn:
    """width, height: as displayed. thumbhash: base64. sizes: the longest sides of the thumbnails that were written."""

    width: int
    height: int
    thumbhash: str
    sizes: list[int]


def decoders() -> dict[str, str]:
    """The formats that can be decoded here, by their type. Nothing else of what Pillow knows is ever tried."""
    found = dict(_DECODERS)
    if features.check("avif"):
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
        found["image/avif"] = "AVIF"
    try:
        import pillow_heif
    except ImportError:
        return found
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    return found | {"image/heic": "HEIF"}


def draw(source: Path, decoder: str, pixels: int, sides: Sequence[int], work: Path, *, is_square: bool) -> Drawn:
    """Write a WebP file `{side}.webp` into `work` for each of the sides, the smallest first, until one shows the whole picture:
    none is larger than the picture. Raises whatever a decoder raises."""
    Image.MAX_IMAGE_PIXELS = pixels // 2  # Pillow refuses twice this
    with Image.open(source, formats=[decoder]) as image:
        if image.width * image.height > pixels:
            raise ValueError("more pixels than the structure said")
        orientation = image.getexif().get(_ORIENTATION, 1)
        size = (image.height, image.width) if orientation in {5, 6, 7, 8} else image.size
        frames = getattr(image, "n_frames", 1)
        longest = min(max(sides), (min if is_square else max)(size))
        if 1 < frames <= DECODED_PIXELS // (image.width * image.height) and not is_square:
            pictures, durations = _moving(image, frames, longest)
        else:
            image.draft("RGB", (longest, longest))
            pictures, durations = [_finished(image, image, longest, is_square)], []
        again = image.info.get("loop", 1 if decoder == "GIF" else 0)
    written = []
    for side in sorted(sides):
        smaller = [_fitted(picture, side) for picture in pictures]
        _save(smaller, work / f"{side}.webp", durations, again)
        written.append(side)
        if max(smaller[0].size) >= longest:
            break
    first = _fitted(pictures[0], _HASHED).convert("RGBA")
    return Drawn(*size, b64encode(thumbhash(*first.size, first.tobytes())).decode(), written)


def _moving(image: Image.Image, frames: int, longest: int) -> tuple[list[Image.Image], list[int]]:
    """The frames of an animation, made smaller, and for how long each is shown. If they are too many, some are left out, and
    those before them are shown for longer."""
    scale = min(1.0, longest / max(image.size))
    each = max(1, round(image.width * scale) * round(image.height * scale))
    step = -(-frames * each // DRAWN_PIXELS)
    pictures: list[Image.Image] = []
    durations: list[int] = []
    for number in range(frames):
        image.seek(number)
        if number % step == 0:
            pictures.append(_finished(image.copy(), image, longest, False))
            durations.append(0)
        else:
            image.load()
        shown = int(image.info.get("duration", 0))
        durations[-1] += shown if shown >= _SHORTEST_MS else _USUAL_MS
    return pictures, durations


def _finished(picture: Image.Image, source: Image.Image, longest: int, is_square: bool) -> Image.Image:
    """The picture upright, in RGB or RGBA, in the colours of the web, and at most `longest` on its longer side; cut to a square
    around its middle if it is to be one."""
    picture = _plain(picture)
    if is_square:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    picture = _fitted(picture, longest)
    orientation = source.getexif().get(_ORIENTATION, 1)
    if orientation != 1:
        picture.getexif()[_ORIENTATION] = orientation
        picture = ImageOps.exif_transpose(picture)
    return _in_srgb(picture, source.info.get("icc_profile"))


def _plain(picture: Image.Image) -> Image.Image:
    """In a mode that can be made smaller: with 8 bits a channel, and without a palette."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in {"RGB", "L", "CMYK"} and not picture.has_transparency_data:
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _fitted(picture: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(picture.size)
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """In the colours of a browser, so that a thumbnail needs no profile. A broken profile is ignored."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if not profile or (b"sRGB" in profile and picture.mode in {"RGB", "RGBA"}):
        return picture.convert(mode)
    opaque = picture.convert("RGB") if picture.mode == "RGBA" else picture
    try:
        described, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(opaque, described, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture.convert(mode)
    assert converted is not None
    if mode == "RGBA":
        converted.putalpha(picture.getchannel("A"))
    return converted


def _save(pictures: list[Image.Image], path: Path, durations: list[int], again: int) -> None:
    first, *others = pictures
    if not others:
        first.save(path, "WEBP", quality=_QUALITY, method=2)
        return
    first.save(
        path,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=again,
        quality=_QUALITY,
        method=0,  # encoding takes most of the time
        kmin=0,
        kmax=0,
        background=(0, 0, 0, 0),
    )
