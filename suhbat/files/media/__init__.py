"""What the head of a container says about sound and films: duration and size. Nothing is decoded, and nothing is certain: a
container that lies is shown with a wrong duration, and the player of the browser finds the right one."""

from __future__ import annotations

from suhbat.files.window import Window

from . import matroska, mp4, mpeg, ogg, wave
from .measured import Measured

__all__ = ["Measured", "measure"]

_LONGEST_MS = 30 * 24 * 3_600_000
_LARGEST = 65_535


def measure(source: Window, type_: str) -> Measured:
    """The measures of a file of this type, with its type corrected by its tracks; None for what is unknown or absurd (nothing,
    or more than 30 days or 65,535 pixels). Never raises for content."""
    if type_ in {"video/mp4", "audio/mp4", "video/quicktime", "video/3gpp"}:
        found = mp4.measure(source, type_)
    elif type_ in {"video/webm", "video/x-matroska"}:
        found = matroska.measure(source, type_)
    elif type_ == "audio/ogg":
        found = ogg.measure(source)
    elif type_ == "audio/mpeg":
        found = Measured(type_, duration=mpeg.duration(source))
    elif type_ in {"audio/wav", "audio/flac"}:
        found = Measured(type_, duration=(wave.of_wav if type_ == "audio/wav" else wave.of_flac)(source))
    else:
        return Measured(type_)
    has_size = 0 < (found.width or 0) <= _LARGEST and 0 < (found.height or 0) <= _LARGEST
    return Measured(
        found.type,
        found.width if has_size else None,
        found.height if has_size else None,
        found.duration if 0 < (found.duration or 0) <= _LONGEST_MS else None,
    )
