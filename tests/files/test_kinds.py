"""The type of a file comes from its content."""

from __future__ import annotations

import io
import zipfile

import pytest

from suhbat.files import kinds

from . import samples


@pytest.mark.parametrize("type_", samples.PICTURES)
def test_pictures(type_: str) -> None:
    """Each format of pictures is known by its content."""
    assert kinds.sniff(samples.PICTURES[type_]()[: kinds.HEAD]) == type_
    assert kinds.kind_of(type_) == "image"


@pytest.mark.parametrize("type_", samples.SOUND)
def test_sound_and_films(type_: str) -> None:
    """Each format of sound and films is known by its content, MP3 without a tag too."""
    assert kinds.sniff(samples.SOUND[type_][: kinds.HEAD]) == type_
    assert kinds.kind_of(type_) == type_.partition("/")[0]
    assert kinds.sniff(samples.mp3(tag=0)[: kinds.HEAD]) == "audio/mpeg"


def archive(*names: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return into.getvalue()


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        (b"", "application/octet-stream"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        (b"<?xml version='1.0'?><!-- <html> --><svg/>", "image/svg+xml"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><script>", "text/html"),
        (b"  <script>alert(1)</script>", "text/html"),
        ("Ассалому алайкум\n".encode(), "text/plain"),
        ("аб".encode() * 3_000, "text/plain"),
        (("a" + "б" * 5_000).encode(), "text/plain"),
        (b"a\0b", "application/octet-stream"),
        (b"caf\xe9 au lait", "application/octet-stream"),
        (b"II*\0" + bytes(9), "image/tiff"),
        (b"BM" + bytes(60), "application/octet-stream"),
        (archive("a.txt"), "application/zip"),
        (archive(), "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), dict(kinds._OFFICE)[b"word/"]),
        (archive("[Content_Types].xml", "xl/workbook.xml"), dict(kinds._OFFICE)[b"xl/"]),
        (b"\xff\xfe\x41\x04", "application/octet-stream"),
        (b"\x7fELF\2\1\1" + bytes(9), "application/octet-stream"),
        (b"RIFF\x04\0\0\0ACON", "application/octet-stream"),
    ],
)
def test_files(content: bytes, type_: str) -> None:
    """Everything else is a file, which no browser shows in place: SVG, HTML and PDF, too."""
    assert kinds.sniff(content[: kinds.HEAD]) == type_
    assert kinds.kind_of(type_) == "file"
    assert not kinds.inline(type_, kinds.kind_of(type_))


@pytest.mark.parametrize(
    ("type_", "kind", "shown"),
    [
        ("image/png", "image", True),
        ("image/png", "file", False),
        ("image/heic", "image", False),
        ("video/x-matroska", "video", True),
        ("audio/ogg", "audio", True),
        ("image/svg+xml", "file", False),
    ],
)
def test_what_is_shown_in_place(type_: str, kind: str, shown: bool) -> None:
    """Browsers show pictures of the web that are intact, sound and films; a broken picture is a download."""
    assert kinds.inline(type_, kind) is shown


def test_short_files_and_two_in_one() -> None:
    """Any beginning of any file has a type, and what stands first decides: a page behind a GIF is a GIF."""
    for content in [*(make() for make in samples.PICTURES.values()), *samples.SOUND.values(), archive("a")]:
        for length in range(64):
            assert kinds.kind_of(kinds.sniff(content[:length]))
    assert kinds.sniff(b"GIF89a/*<script>alert(1)</script>*/") == "image/gif"
    assert kinds.sniff(b"\xff\xd8\xff<html>") == "image/jpeg"
    assert kinds.sniff(b"<html>GIF89a") == "text/html"
