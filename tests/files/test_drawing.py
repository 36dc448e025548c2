"""What Pillow makes of pictures, in this process: sizes, colours, orientation, animations, limits."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, UnidentifiedImageError

from suhbat.files import drawing
from suhbat.files.pictures import examine

from . import samples

RED, GREEN, BLUE = (254, 0, 0), (0, 255, 0), (0, 0, 254)


def draw(tmp_path: Path, content: bytes, type_: str, *sides: int, is_square: bool = False) -> drawing.Drawn:
    source, cleaned = tmp_path / "source", tmp_path / "cleaned"
    source.write_bytes(content)
    examined = examine(source, type_, cleaned)
    source = cleaned if examined.is_cleaned else source
    return drawing.draw(
        source, drawing.decoders()[type_], examined.pixels, sides or (20, 360), tmp_path, is_square=is_square
    )


def shown(path: Path) -> Image.Image:
    with Image.open(path) as image:
        assert image.format == "WEBP"
        image.load()
        return image


def near(found: Any, expected: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 48 for one, other in zip(found, expected, strict=False))


@pytest.mark.parametrize("type_", [one for one in samples.PICTURES if one != "image/heic"])
def test_thumbnails(tmp_path: Path, type_: str) -> None:
    """Thumbnails are WebP, as large as asked on the longest side, and never larger than the picture."""
    drawn = draw(tmp_path, samples.PICTURES[type_](), type_)
    assert (drawn.width, drawn.height, drawn.sizes) == (*samples.SIZE, [20, 360])
    assert shown(tmp_path / "20.webp").size == (20, 15)
    assert shown(tmp_path / "360.webp").size == samples.SIZE
    assert 5 < len(b64decode(drawn.thumbhash)) <= 25


def test_the_smallest_may_show_everything(tmp_path: Path) -> None:
    """A size that would show no more than the one below it is left out."""
    assert draw(tmp_path, samples.png(), "image/png", 360, 1_440).sizes == [360]
    assert not (tmp_path / "1440.webp").exists()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("type_", samples.TURNED)
def test_upright(tmp_path: Path, type_: str, orientation: int) -> None:
    """A thumbnail is upright, and so are width and height; nothing is left to be turned."""
    drawn = draw(tmp_path, samples.PICTURES[type_](orientation, (320, 240)), type_, 160)
    turned = orientation >= 5
    assert (drawn.width, drawn.height) == ((240, 320) if turned else (320, 240))
    image = shown(tmp_path / "160.webp").convert("RGB")
    assert image.size == ((120, 160) if turned else (160, 120))
    corner = {1: (3, 3), 2: (-4, 3), 3: (-4, -4), 4: (3, -4), 5: (3, 3), 6: (-4, 3), 7: (-4, -4), 8: (3, -4)}[
        orientation
    ]
    assert near(image.getpixel((corner[0] % image.width, corner[1] % image.height)), GREEN)
    assert dict(image.getexif()) == {}


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("L", {}),
        ("LA", {}),
        ("P", {}),
        ("P", {"transparency": 0}),
        ("1", {}),
        ("RGBA", {}),
        ("I;16", {}),
    ],
)
def test_modes(tmp_path: Path, mode: str, options: dict[str, Any]) -> None:
    """Every mode of PNG has a thumbnail, with its transparency, and 16 bits are not cut off at white."""
    image = Image.new("I;16", samples.SIZE, 0x8000) if mode == "I;16" else samples.picture().convert(mode)
    draw(tmp_path, samples.saved(image, "PNG", **options), "image/png")
    found = shown(tmp_path / "360.webp")
    if mode == "I;16":
        assert near(found.convert("RGB").getpixel((5, 5)), (128, 128, 128))


def test_transparency(tmp_path: Path) -> None:
    """What is transparent stays so."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    draw(tmp_path, samples.saved(image, "PNG"), "image/png")
    found = shown(tmp_path / "20.webp")
    assert found.mode == "RGBA"
    assert [found.getpixel(at)[3] for at in ((4, 10), (16, 10))] == [255, 0]


def test_cmyk(tmp_path: Path) -> None:
    """A JPEG for printers has a thumbnail in the colours of a screen."""
    content = samples.saved(samples.picture().convert("CMYK"), "JPEG")
    draw(tmp_path, content, "image/jpeg")
    assert near(shown(tmp_path / "360.webp").convert("RGB").getpixel((20, 40)), RED)


def test_profiles(tmp_path: Path) -> None:
    """A thumbnail is in the colours of the web, and needs no profile; a broken profile is ignored."""
    gray = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (gray, srgb, srgb.replace(b"sRGB", b"ours"), b"nonsense", srgb[:200]):
        draw(tmp_path, samples.saved(samples.picture(), "PNG", icc_profile=profile), "image/png")
        found = shown(tmp_path / "360.webp")
        assert "icc_profile" not in found.info
        assert near(found.convert("RGB").getpixel((20, 40)), RED)


def test_animations_move(tmp_path: Path) -> None:
    """Animated GIF, WebP and PNG have moving thumbnails, which run as long and as often."""
    others = [samples.picture().rotate(90), samples.picture().rotate(180)]
    for format_, type_ in (("GIF", "image/gif"), ("WEBP", "image/webp"), ("PNG", "image/png")):
        content = samples.saved(
            samples.picture(), format_, save_all=True, append_images=others, duration=[100, 5, 300], loop=0
        )
        draw(tmp_path, content, type_)
        with Image.open(tmp_path / "20.webp") as image:
            assert getattr(image, "n_frames", 1) == 3
            assert image.info["loop"] == 0
            shown_for = []
            for number in range(3):
                image.seek(number)
                image.load()
                shown_for.append(image.info["duration"])
        assert shown_for in ([100, 100, 300], [100, 0, 300]), type_


def test_long_animations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long animation has fewer frames a second in its thumbnail, one that is too long is still, and both keep their time."""
    content = samples.gif((200, 100), 30)
    monkeypatch.setattr(drawing, "DRAWN_PIXELS", 10 * 200 * 100)
    draw(tmp_path, content, "image/gif")
    with Image.open(tmp_path / "360.webp") as image:
        assert getattr(image, "n_frames", 1) == 10
        image.load()
        assert image.info["duration"] == 240
    monkeypatch.setattr(drawing, "DECODED_PIXELS", 29 * 200 * 100)
    draw(tmp_path, content, "image/gif")
    with Image.open(tmp_path / "360.webp") as image:
        assert getattr(image, "n_frames", 1) == 1


def test_squares(tmp_path: Path) -> None:
    """A profile picture is a square from the middle; a small picture makes a smaller one."""
    draw(tmp_path, samples.jpeg(6, (640, 480)), "image/jpeg", 64, 256, is_square=True)
    assert [shown(tmp_path / f"{side}.webp").size for side in (64, 256)] == [(64, 64), (256, 256)]
    image = shown(tmp_path / "64.webp").convert("RGB")
    assert near(image.getpixel((32, 4)), RED) and near(image.getpixel((32, 60)), BLUE)
    drawn = draw(tmp_path, samples.png(), "image/png", 64, 256, is_square=True)
    assert drawn.sizes == [64] and shown(tmp_path / "64.webp").size == (48, 48)


def test_thin_pictures(tmp_path: Path) -> None:
    """A picture of one row has a thumbnail of one row."""
    draw(tmp_path, samples.saved(Image.new("RGB", (4_000, 1), "red"), "PNG"), "image/png")
    assert shown(tmp_path / "20.webp").size == (20, 1)


def test_more_than_the_structure_said(tmp_path: Path) -> None:
    """A picture with more pixels than were allowed is not decoded, whatever its structure said before."""
    source = tmp_path / "source"
    source.write_bytes(samples.png())
    with pytest.raises((ValueError, Image.DecompressionBombError)):
        drawing.draw(source, "PNG", 64 * 48 - 1, (20,), tmp_path, is_square=False)


def test_only_the_named_decoder(tmp_path: Path) -> None:
    """A file is given to the decoder of its type only: Pillow knows many more formats."""
    into = io.BytesIO()
    samples.picture().save(into, "BMP")
    with pytest.raises(UnidentifiedImageError):
        source = tmp_path / "source"
        source.write_bytes(into.getvalue())
        drawing.draw(source, "PNG", 10_000, (20,), tmp_path, is_square=False)
