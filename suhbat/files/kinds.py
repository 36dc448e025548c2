"""The type of a file by its content, whatever its name or the client says.

A table of signatures instead of a library: only some thirty types make a difference here, the answer must never be a type
that a browser runs, and the containers of audio and video are read for their durations anyway (`media/`).
"""

from __future__ import annotations

import re
from typing import BinaryIO, Literal

from .media.mpeg import frame_length

Kind = Literal["image", "video", "audio", "file"]

HEAD = 4_096
"""The number of bytes that decide."""
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic"})
"""The types from which metadata is removed and thumbnails are made. Every other image (SVG, TIFF, BMP …) is a file."""
_SHOWN = PICTURES - {"image/heic"}

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"BZh", "application/x-bzip2"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
"""The first box of a QuickTime film that is older than `ftyp`."""
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OFFICE = (
    (b"mimetypeapplication/vnd.oasis.opendocument.", "application/vnd.oasis.opendocument"),
    (b"mimetypeapplication/epub+zip", "application/epub+zip"),
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def read_type(file: BinaryIO) -> str:
    """The media type of an open file. Never raises for its content."""
    file.seek(0)
    return sniff(file.read(HEAD))


def sniff(head: bytes) -> str:
    """The media type of content that begins with these bytes; `application/octet-stream` if it is not known.

    A container of audio or video is called by its usual content here; `media.measure` looks at the tracks."""
    if found := next((type_ for start, type_ in _STARTS if head.startswith(start)), None):
        return found
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "application/octet-stream")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[4:64] else "video/x-matroska"
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _archive(head)
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[4:8] in _QUICKTIME and head[:1] == b"\0":
        return "video/quicktime"
    if head[:1] == b"\xff" and (found := _frames(head)):
        return found
    return _text(head)


def kind_of(type_: str) -> Kind:
    """The kind of an intact file of this type."""
    if type_ in PICTURES:
        return "image"
    if type_.startswith("video/"):
        return "video"
    return "audio" if type_.startswith("audio/") else "file"


def inline(type_: str, kind: str) -> bool:
    """Whether a browser may show the file in place. Everything else is offered as a download (PROTOCOL §5)."""
    return kind in {"audio", "video"} or (kind == "image" and type_ in _SHOWN)


def _brand(head: bytes) -> str:
    """A file of the ISO base media format, by its brands."""
    end = min(max(int.from_bytes(head[:4], "big"), 16), len(head))
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, end - 3, 4)}
    if brands & {b"avif", b"avis"}:
        return "image/avif"
    if major in _HEIF or (brands & _HEIF and major[:3] not in {b"iso", b"mp4"}):
        return "image/heic"
    if major in {b"M4A ", b"M4B "}:
        return "audio/mp4"
    if major == b"qt  ":
        return "video/quicktime"
    return "video/3gpp" if major[:3] in {b"3gp", b"3g2"} else "video/mp4"


def _archive(head: bytes) -> str:
    """A zip file; documents are told apart by the names of their first parts, which stand in its head."""
    for mark, type_ in _OFFICE:
        if mark in head:
            return type_
    return "application/zip"


def _frames(head: bytes) -> str | None:
    """MPEG audio without a tag in front: two frames must follow each other, because two bytes alone prove nothing."""
    length = frame_length(head[:4])
    if length and frame_length(head[length : length + 4]):
        return "audio/mpeg"
    if head[1:2] in {b"\xf1", b"\xf9"} and len(head) > 6:
        length = (int.from_bytes(head[3:6], "big") >> 5) & 0x1FFF
        if length > 6 and head[length : length + 2] == head[:2]:
            return "audio/aac"
    return None


def _text(head: bytes) -> str:
    """Text, SVG and HTML. They are downloads; the type is for the icon beside the name."""
    if not head or _CONTROL.search(head):
        return "application/octet-stream"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < HEAD:  # a character may be cut where the head ends
            return "application/octet-stream"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in start[:1_024] and start.startswith(b"<"):
        return "image/svg+xml"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "text/html"
    return "text/plain"
