"""Files as messages show them. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from .sent_types import Count
from .types import Schema

FileKind = Literal["image", "video", "audio", "file"]
FileState = Literal["uploading", "processing", "ready"]

FileId = Annotated[str, Field(examples=["f3k7qz2v9m4x8b6n1c5p0d"])]


class File(Schema):
    """A file. `type`: the media type that its content shows, whatever the client claimed; until it is ready, an empty one.
    `kind` follows from the type. `width` and `height` in pixels, as displayed; `duration` in seconds; null where a
    file has none.

    `thumbhash`: a blurred preview (https://evanw.github.io/thumbhash/), base64. `waveform`: of a voice note, as its client
    sent it. `url`: a path below the address of the server; with `?size=360` or `1440`, a thumbnail of an image.
    """

    id: FileId
    name: str = Field(examples=["choyxona.jpg"])
    type: str = Field(examples=["image/jpeg"])
    size: Count = Field(examples=[48213])
    kind: FileKind = Field(examples=["image"])
    state: FileState = Field(default="ready", examples=["ready"])
    width: int | None = Field(default=None, examples=[1280])
    height: int | None = Field(default=None, examples=[960])
    duration: float | None = None
    thumbhash: str | None = None
    waveform: str | None = Field(default=None, exclude_if=lambda value: value is None)
    url: str = Field(examples=["/files/f3k7qz2v9m4x8b6n1c5p0d/choyxona.jpg"])


def path_of(id: str, name: str) -> str:
    """The path of a file's bytes, below the address of the server."""
    return f"/files/{id}/{quote(name, safe='')}"


def kept(file: File) -> dict[str, Any]:
    """What the row of a message stores of a file. `restored` is its inverse."""
    return file.model_dump(exclude={"state", "url"}, exclude_none=True)


def restored(fields: dict[str, Any]) -> File:
    """The file from what the row of its message stores."""
    return File(**fields, url=path_of(fields["id"], fields["name"]))


def clean_type(claimed: str) -> str:
    """The media type that a client claims; an empty one if it does not have the form of one (RFC 9110 §8.3.1). A store could
    not keep every character."""
    return claimed if len(claimed) <= 127 and _TYPE.fullmatch(claimed) else ""


_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[ -~]+")

LONGEST_NAME = 255
"""Bytes of a file's name in UTF-8: no file system of Linux takes a longer one, and a message shows each name twice."""
LONGEST_SUFFIX = 16
"""Characters of the part behind the last dot that is kept when a name is cut."""
NAMELESS = "file"


def clean_name(name: str) -> str:
    """A name for a file that is safe to show and to save under: without directories, control characters, line breaks, bidi
    signs and other letters that nobody sees; with single blanks, so that no ending is hidden behind many; in NFC, and of at
    most LONGEST_NAME bytes, of which the suffix is kept. Never fails."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(letter for letter in last if letter in _JOINERS or unicodedata.category(letter) not in _NOT_IN_NAMES)
    clean = " ".join(unicodedata.normalize("NFC", seen).split()).strip(" .")
    if len(clean.encode()) > LONGEST_NAME:
        stem, dot, suffix = clean.rpartition(".")
        suffix = dot + suffix if stem and len(suffix) <= LONGEST_SUFFIX else ""
        kept = clean.encode()[: LONGEST_NAME - len(suffix.encode())]
        clean = kept.decode(errors="ignore").rstrip() + suffix
    return (
        clean
        if any(unicodedata.category(letter)[0] in "LNPS" for letter in clean if letter not in _BLANKS)
        else NAMELESS
    )


_NOT_IN_NAMES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"
"""Persian and Indian scripts, and emoji, are written with these."""
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that look like nothing."""
