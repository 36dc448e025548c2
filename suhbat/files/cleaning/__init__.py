"""Removes metadata from pictures and films by their structure, without decoding them: every pixel stays as it was.

Each format keeps what a picture needs (a list of what is allowed) and drops the rest: places, cameras, comments, thumbnails
of thumbnails, unknown parts, and bytes behind the end. Colour profiles stay; the orientation stays as the only entry of its
block. Where a structure breaks, the copy ends, because what follows cannot be told from metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from suhbat.files.window import Window

from . import films, gif, heif, jpeg, png, webp
from .structure import Structure

__all__ = ["FORMATS", "Structure"]

FORMATS: Mapping[str, Callable[[Window], Structure]] = {
    "image/jpeg": jpeg.parse,
    "image/png": png.parse,
    "image/gif": gif.parse,
    "image/webp": webp.parse,
    "image/avif": heif.parse,
    "image/heic": heif.parse,
    "video/mp4": films.parse,
    "video/quicktime": films.parse,
    "video/3gpp": films.parse,
}
