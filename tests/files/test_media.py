"""Durations and sizes of sound and films, from their containers."""

from __future__ import annotations

import io
import random

import pytest

from suhbat.files import media
from suhbat.files.media import Measured
from suhbat.files.window import Window

from . import samples


def measure(content: bytes, type_: str) -> Measured:
    return media.measure(Window(io.BytesIO(content)), type_)


@pytest.mark.parametrize(
    ("content", "type_", "expected"),
    [
        (samples.mp4(), "video/mp4", Measured("video/mp4", 640, 360, 2_500)),
        (samples.mp4(turned=True, brand=b"qt  "), "video/quicktime", Measured("video/quicktime", 360, 640, 2_500)),
        (samples.mp4(video=False), "video/mp4", Measured("audio/mp4", None, None, 2_500)),
        (samples.mp4(fragments=5, video=False), "video/mp4", Measured("audio/mp4", None, None, 2_500)),
        (samples.webm(), "video/webm", Measured("audio/webm", None, None, 3_000)),
        (samples.webm(stated=False), "video/webm", Measured("audio/webm", None, None, 2_980)),
        (samples.webm(video=True), "video/webm", Measured("video/webm", 640, 360, 3_000)),
        (samples.webm(600, stated=False), "video/webm", Measured("audio/webm", None, None, 599_980)),
        (samples.ogg(), "audio/ogg", Measured("audio/ogg", None, None, 4_000)),
        (samples.wav(), "audio/wav", Measured("audio/wav", None, None, 1_500)),
        (samples.mp3(30), "audio/mpeg", Measured("audio/mpeg", None, None, 29_920)),
        (samples.mp3(60, counted=True), "audio/mpeg", Measured("audio/mpeg", None, None, 60_003)),
        (samples.mp3(30, tag=100_000), "audio/mpeg", Measured("audio/mpeg", None, None, 29_920)),
        (samples.flac(), "audio/flac", Measured("audio/flac", None, None, 5_000)),
        (b"#!AMR\n", "audio/amr", Measured("audio/amr")),
    ],
)
def test_measures(content: bytes, type_: str, expected: Measured) -> None:
    """Duration, size as displayed, and whether a container of films holds only sound. A browser's recordings state neither
    their lengths nor their duration, and have one nevertheless."""
    assert measure(content, type_) == expected


@pytest.mark.parametrize("type_", samples.SOUND)
def test_broken(type_: str) -> None:
    """A file that is cut anywhere, or changed anywhere, has measures that can be true, or none."""
    content = samples.SOUND[type_]
    chance = random.Random(1)
    for number in range(400):
        broken = bytearray(content[: chance.randrange(len(content))] if number % 2 else content)
        for _ in range(chance.randrange(1, 9)):
            if broken:
                broken[chance.randrange(min(len(broken), 600))] = chance.choice(
                    [0, 1, 127, 128, 255, chance.randrange(256)]
                )
        found = measure(bytes(broken), type_)
        assert all(one is None or 0 < one < 1 << 32 for one in found[1:]), found


def test_endless() -> None:
    """A container of a million parts, or one that nests without end, is read in bounded time."""
    many = samples.box(b"ftyp", b"isom" * 2) + samples.box(b"free") * 1_000_000
    assert measure(many, "video/mp4") == Measured("application/octet-stream")
    nested = samples.box(b"mvhd")
    for _ in range(2_000):
        nested = samples.box(b"moov", nested)
    assert measure(nested, "video/mp4") == Measured("video/mp4")
    assert measure(b"\x1aE\xdf\xa3\x80" + b"\xec\x80" * 1_000_000, "video/webm") == Measured("video/webm")
