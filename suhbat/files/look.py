"""What the server knows about a file after it has looked at its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .kinds import Kind


@dataclass(frozen=True)
class Look:
    """The result of `Studio.look`.

    kind: "image", "video" or "audio" if people can be shown it as such, else "file" (a broken picture and a bomb are files).
    width, height: as displayed, in pixels. duration: in milliseconds. thumbhash: base64.

    cleaned: a file without metadata, to be stored *instead of* the source; None if the source has none and may be stored as it
    is. thumbnails: a WebP file by its longest side, in pixels. A size that would show no more than the one below it is left
    out, so a request for a size gets the largest thumbnail that is not above it, or else the smallest."""

    type: str
    kind: Kind
    width: int | None = None
    height: int | None = None
    duration: int | None = None
    thumbhash: str | None = None
    cleaned: Path | None = None
    thumbnails: Mapping[int, Path] = field(default_factory=dict)
