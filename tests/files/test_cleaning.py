"""Metadata leaves a picture before anybody can download it; every pixel, the colours and the orientation stay."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import pytest
from PIL import Image, ImageSequence

from suhbat.files.cleaning import FORMATS, Structure
from suhbat.files.media import measure
from suhbat.files.window import BLOCK, Window

from . import samples


def cleaned(content: bytes, type_: str) -> tuple[bytes, Structure]:
    """The content without metadata, and what its structure shows."""
    window = Window(io.BytesIO(content))
    structure = FORMATS[type_](window)
    into = io.BytesIO()
    structure.write(window, into)
    assert structure.is_whole(len(content)) == (into.getvalue() == content)
    return into.getvalue(), structure


def frames(content: bytes) -> Iterator[bytes]:
    with Image.open(io.BytesIO(content)) as image:
        for frame in ImageSequence.Iterator(image):
            yield frame.convert("RGBA").tobytes()


@pytest.mark.parametrize("type_", samples.PICTURES)
def test_metadata_is_gone(type_: str) -> None:
    """No byte of a place, a camera, a comment, an unknown part or what follows the end is left."""
    content = samples.PICTURES[type_]()
    assert samples.SECRET in content
    assert (samples.PLACE in content) or type_ == "image/gif"
    result, structure = cleaned(content, type_)
    assert samples.SECRET not in result and samples.PLACE not in result
    assert (structure.width, structure.height) == samples.SIZE
    assert len(result) <= len(content)


@pytest.mark.parametrize("type_", [one for one in samples.PICTURES if one != "image/heic"])
def test_pixels_and_profile_stay(type_: str) -> None:
    """A cleaned picture has the same pixels in the same frames, the same colour profile, and no other information."""
    content = samples.PICTURES[type_]()
    result, structure = cleaned(content, type_)
    assert list(frames(result)) == list(frames(content))
    assert structure.frames == (3 if type_ == "image/gif" else 1)
    with Image.open(io.BytesIO(result)) as image, Image.open(io.BytesIO(content)) as before:
        assert image.info.get("icc_profile") == before.info.get("icc_profile")
        assert dict(image.getexif()) == {}
        assert not {"xmp", "comment", "Comment", "Author", "photoshop", "XML:com.adobe.xmp"} & image.info.keys()
        assert image.info.get("loop") == before.info.get("loop")


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("type_", samples.TURNED)
def test_orientation_stays(type_: str, orientation: int) -> None:
    """The orientation is all that is left of Exif, or it is a property of the picture itself."""
    result, structure = cleaned(samples.PICTURES[type_](orientation), type_)
    assert samples.SECRET not in result and samples.PLACE not in result
    with Image.open(io.BytesIO(result)) as image:
        assert dict(image.getexif()) == {0x0112: orientation}
    turned = orientation >= 5
    assert structure.displayed == (samples.SIZE[::-1] if turned else samples.SIZE)


@pytest.mark.parametrize("type_", samples.PICTURES)
def test_clean_is_clean(type_: str) -> None:
    """A picture that was cleaned is not changed again, so nothing is written twice."""
    result, _ = cleaned(samples.PICTURES[type_](), type_)
    again, structure = cleaned(result, type_)
    assert again == result
    assert structure.is_whole(len(result))


@pytest.mark.parametrize("type_", samples.PICTURES)
def test_cut_anywhere(type_: str) -> None:
    """A picture that is cut at any place is cleaned as far as it goes: no secret is left of one that came in whole."""
    content = samples.PICTURES[type_]()
    for length in range(1, len(content), 37):
        result, _ = cleaned(content[:length], type_)
        assert samples.SECRET not in result and samples.PLACE not in result, length


@pytest.mark.parametrize("type_", samples.PICTURES)
def test_changed_anywhere(type_: str) -> None:
    """Whatever is changed in a picture, cleaning ends, raises nothing and makes nothing longer than a header more."""
    content = samples.PICTURES[type_]()
    chance = random.Random(2)
    for _ in range(300):
        broken = bytearray(content)
        for _ in range(chance.randrange(1, 9)):
            broken[chance.randrange(len(broken))] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        result, _ = cleaned(bytes(broken), type_)
        assert len(result) <= len(content) + 64


@pytest.mark.parametrize("brand", [b"isom", b"qt  ", b"3gp4"])
def test_films(brand: bytes) -> None:
    """The place goes from the head of a film and of its tracks; nothing moves, and nothing else changes."""
    content = samples.mp4(brand=brand) + samples.box(b"uuid", samples.SECRET) + samples.box(b"free", b"unknown")
    result, _ = cleaned(content, "video/mp4")
    assert samples.SECRET not in result and b"+41.3" not in result
    assert len(result) == len(content)
    changed = [index for index, (one, other) in enumerate(zip(result, content, strict=True)) if one != other]
    assert len(changed) <= 120
    assert measure(Window(io.BytesIO(result)), "video/mp4") == measure(Window(io.BytesIO(content)), "video/mp4")
    assert cleaned(result, "video/mp4")[1].is_whole(len(result))


def test_long_boxes() -> None:
    """A box whose length has 64 bits keeps that length, and one of more than a block is emptied whole."""
    inside = samples.SECRET * 40_000
    long = (1).to_bytes(4, "big") + b"udta" + (16 + len(inside)).to_bytes(8, "big") + inside
    moov = (8 + len(long)).to_bytes(4, "big") + b"moov" + long
    result, _ = cleaned(moov + samples.box(b"mdat", b"film"), "video/mp4")
    assert result == moov[:12] + b"free" + moov[16:24] + bytes(len(inside)) + samples.box(b"mdat", b"film")


def test_boxes_without_end() -> None:
    """Boxes within boxes, thousands deep, are not followed."""
    nested = samples.box(b"udta")
    for number in range(5_000):
        nested = samples.box(b"moov" if number == 4_999 else b"trak", nested)
    for type_ in ("image/avif", "video/mp4"):
        assert cleaned(samples.box(b"ftyp", b"avif") + nested, type_)


def test_progressive_and_others() -> None:
    """Pictures whose decoder needs all coefficients at once are told apart, since they take memory for every pixel."""
    assert cleaned(samples.jpeg(), "image/jpeg")[1].scalable
    assert not cleaned(samples.jpeg(progressive=True), "image/jpeg")[1].scalable


def test_thumbnail_in_jfif() -> None:
    """A thumbnail inside of JFIF is removed, and its head stays."""
    plain = samples.saved(samples.picture(), "JPEG")
    assert plain[2:4] == b"\xff\xe0" and plain[4:6] == b"\0\x10"
    content = plain[:2] + samples.segment(0xE0, plain[6:18] + b"\x01\x01RGB") + plain[20:]
    assert cleaned(content, "image/jpeg")[0] == plain


def test_exif_that_lies() -> None:
    """A block of Exif that points outside of itself, is too short or has the wrong type has no orientation."""
    whole = samples.exif(6)
    for content in [whole[:length] for length in range(0, 60)] + [b"MM\0*\xff\xff\xff\xff\0\0", b"XX" + whole]:
        segment = samples.segment(0xE1, b"Exif\0\0" + content)
        plain = samples.saved(samples.picture(), "JPEG")
        assert cleaned(plain[:2] + segment + plain[2:], "image/jpeg")[1].orientation in {1, 6}


def test_animations() -> None:
    """Frames of APNG and animated WebP are counted and kept."""
    others = [samples.picture().rotate(90), samples.picture().rotate(180)]
    for format_, type_ in (("PNG", "image/png"), ("WEBP", "image/webp")):
        content = samples.saved(samples.picture(), format_, save_all=True, append_images=others, duration=50)
        result, structure = cleaned(content, type_)
        assert structure.frames == 3
        assert list(frames(result)) == list(frames(content))


def test_blocks_of_a_file() -> None:
    """A file is read in blocks, and a marker that lies across two of them is found."""
    for start in (BLOCK - 3, BLOCK - 2, BLOCK - 1, BLOCK):
        content = b"\xff\xd8" + b"\xff\xda\0\2" + bytes(start - 6) + b"\xff\xfe\0\x08SECRET" + b"\xff\xd9"
        assert samples.SECRET not in cleaned(content, "image/jpeg")[0]
        assert len(cleaned(content, "image/jpeg")[0]) == start + 2


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(12) * 1_000_000),
        ("image/gif", b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 1_000_000),
        ("image/gif", b"GIF89a\1\0\1\0\0\0\0\x2c" + bytes(9) + b"\x08" + b"\1\0" * 0 + b"\1a" * 3_000_000),
        ("image/jpeg", b"\xff\xd8" + b"\xff\xe5\0\2" * 1_000_000),
        ("image/jpeg", b"\xff\xd8" + b"\xff" * 3_000_000),
        ("image/webp", b"RIFF\xff\xff\xff\x7fWEBP" + b"abcd\0\0\0\0" * 500_000),
        ("image/avif", samples.box(b"ftyp", b"avif") + samples.box(b"free") * 500_000),
    ],
    ids=lambda value: value if isinstance(value, str) else len(value),
)
def test_many_parts(type_: str, content: bytes) -> None:
    """A picture of millions of parts is not read to its end."""
    assert len(cleaned(content, type_)[0]) <= len(content)


def test_many_parts_on_all_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a film is bounded, however its parts are nested: a few MB of them would fill the memory of the
    server."""
    monkeypatch.setattr("suhbat.files.window.PARTS", 1_000)
    track = samples.box(b"trak", samples.box(b"udta") * 500)
    found = cleaned(samples.box(b"ftyp", b"isom" * 2) + samples.box(b"moov", track * 20), "video/mp4")[1]
    assert len(found.pieces) < 2_500
