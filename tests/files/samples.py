"""Pictures and sound made on the spot, with as much metadata as their formats take. Each secret contains SECRET."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

SECRET = b"SECRET"
PLACE = struct.pack(">6I", 41, 1, 18, 1, 59, 7)
"""A latitude as Exif writes it: 41° 18′ 59/7″."""
XMP = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET</x:xmpmeta>"
SIZE = (64, 48)


@cache
def picture(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """The left half is red, the right half blue, and a green corner is top left."""
    image = Image.new(mode, size, "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((size[0] // 2, 0, *size), fill="blue")
    draw.rectangle((0, 0, size[0] // 8, size[1] // 8), fill="lime")
    return image


def exif(orientation: int = 1) -> bytes:
    """A block of Exif with a place, a camera and a maker's note, and with a TIFF header at the front."""
    found = Image.Exif()
    found.endian = ">"
    found[0x010E] = "SECRET description"
    found[0x010F] = "SECRET maker"
    if orientation != 1:
        found[0x0112] = orientation
    found.get_ifd(0x8769).update({0x9003: "2026:11:01 SECRET", 0x927C: b"SECRET note" + bytes(2_000)})
    found.get_ifd(0x8825).update({1: "N", 2: (41.0, 18.0, 59 / 7), 3: "E"})
    return found.tobytes().removeprefix(b"Exif\0\0")


@cache
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, format_, **options)
    return into.getvalue()


def segment(code: int, content: bytes) -> bytes:
    return b"\xff" + bytes([code]) + (len(content) + 2).to_bytes(2, "big") + content


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def jpeg(orientation: int = 1, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """With Exif, XMP, IPTC, a comment, a second picture behind the end, and the profile."""
    plain = saved(
        picture(size), "JPEG", exif=b"Exif\0\0" + exif(orientation), icc_profile=profile(), comment=b"SECRET", **options
    )
    more = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP) + segment(0xED, b"Photoshop 3.0\0SECRET")
    more += segment(0xE2, b"FPXR\0SECRET") + segment(0xEB, b"SECRET")
    return plain[:2] + more + plain[2:] + plain + b"SECRET"


def png(orientation: int = 1, size: tuple[int, int] = SIZE, mode: str = "RGB", **options: Any) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SECRET")
    info.add_text("Author", "SECRET" + "x" * 9_000, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    plain = saved(
        picture(size, mode),
        "PNG",
        exif=exif(orientation),
        pnginfo=info,
        icc_profile=profile() if mode == "RGB" else None,
        **options,
    )
    end = plain.rindex(b"IEND") - 4
    return plain[:end] + chunk(b"tIME", b"SECRET!") + chunk(b"prVt", SECRET) + plain[end:] + SECRET


def gif(size: tuple[int, int] = SIZE, frames: int = 3, **options: Any) -> bytes:
    others = [picture(size).rotate(90 * number) for number in range(1, frames)]
    plain = saved(
        picture(size), "GIF", save_all=True, append_images=others, duration=80, loop=0, comment=b"SECRET", **options
    )
    xmp = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, 0, -1)) + b"\0\0"
    return plain[:-1] + xmp + b"\x21\x01\x0c" + bytes(12) + b"\x06SECRET\0" + b";SECRET"


def webp(orientation: int = 1, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    plain = saved(picture(size), "WEBP", exif=exif(orientation), xmp=XMP, icc_profile=profile(), **options)
    return _riff(plain[12:] + b"prVt" + struct.pack("<I", 6) + SECRET) + SECRET


def _riff(content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


def avif(orientation: int = 1, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    return saved(picture(size), "AVIF", exif=exif(orientation), xmp=XMP, speed=10, **options) + box(
        b"uuid", b"SECRET" * 9
    )


def heic(orientation: int = 1, size: tuple[int, int] = SIZE) -> bytes:
    """The structure of HEIC around the data of an AVIF: it can be cleaned, and not decoded."""
    return avif(orientation, size).replace(b"avif", b"heic", 1).replace(b"avif", b"heix").replace(b"mif1", b"heix")


PICTURES: Mapping[str, Callable[..., bytes]] = {
    "image/jpeg": jpeg,
    "image/png": png,
    "image/gif": gif,
    "image/webp": webp,
    "image/avif": avif,
    "image/heic": heic,
}


def short(type_: str) -> bytes:
    """A picture of one pixel with little metadata, for those who change it at random."""
    image, about = Image.new("RGB", (1, 1), "red"), Image.Exif()
    about[0x0112], about[0x010F] = 6, "SECRET"
    options: dict[str, Any] = {"exif": about.tobytes()} if type_ != "image/gif" else {"comment": SECRET}
    plain = saved(image, "AVIF" if type_ == "image/heic" else type_.removeprefix("image/").upper(), **options)
    return plain.replace(b"ftypavif", b"ftypheic") if type_ == "image/heic" else plain


TURNED = ("image/jpeg", "image/png", "image/webp", "image/avif")
"""The formats that take an orientation."""


def box(name: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return (len(inside) + 8).to_bytes(4, "big") + name + inside


def _u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def _track(number: int, kind: bytes, *, width: int = 0, height: int = 0, turned: bool = False) -> bytes:
    matrix = (
        _u32(0, 1 << 16, 0, 0xFFFF0000, 0, 0, 0, 0, 1 << 30)
        if turned
        else _u32(1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    head = box(b"tkhd", _u32(7, 0, 0, number, 0, 0), bytes(16), matrix, _u32(width << 16, height << 16))
    media = box(b"mdia", box(b"mdhd", _u32(0, 0, 0, 48_000, 0, 0)), box(b"hdlr", _u32(0, 0), kind, bytes(13)))
    return box(b"trak", head, media, box(b"udta", SECRET))


def mp4(
    seconds: float = 2.5, *, brand: bytes = b"isom", video: bool = True, turned: bool = False, fragments: int = 0
) -> bytes:
    """A film of 640 × 360 without its pictures, in one part or in fragments of half a second."""
    tracks = _track(1, b"soun") + (_track(2, b"vide", width=640, height=360, turned=turned) if video else b"")
    length = 0 if fragments else round(seconds * 600)
    head = box(b"mvhd", _u32(0, 0, 0, 600, length), bytes(80))
    extends = box(b"mvex", box(b"trex", _u32(0, 1, 1, 960, 0, 0))) if fragments else b""
    found = box(b"ftyp", brand, bytes(4), b"isom", brand)
    found += box(b"moov", head, tracks, extends, box(b"udta", b"SECRET +41.3-069.2"))
    for number in range(fragments):
        times = box(b"tfdt", _u32(1 << 24, 0, 24_000 * number))
        run = box(b"trun", _u32(0x100, 3, 8_000, 8_000, 8_000)) if number % 2 else box(b"trun", _u32(0, 25))
        found += box(b"moof", box(b"traf", box(b"tfhd", _u32(0, 1)), times, run)) + box(b"mdat", bytes(100))
    return found + box(b"mdat", bytes(200))


def element(name: int, content: bytes, *, unknown: bool = False) -> bytes:
    length = b"\x01" + b"\xff" * 7 if unknown else (1 << 56 | len(content)).to_bytes(8, "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + length + content


def webm(seconds: float = 3.0, *, video: bool = False, stated: bool = True, doctype: bytes = b"webm") -> bytes:
    """A recording; a browser's own (`stated=False`) has no lengths and no duration."""
    info = element(0x2AD7B1, (1_000_000).to_bytes(3, "big"))
    info += element(0x4489, struct.pack(">d", seconds * 1_000)) if stated else b""
    tracks = element(0xAE, element(0x83, b"\2"))
    if video:
        tracks += element(
            0xAE, element(0x83, b"\1") + element(0xE0, element(0xB0, b"\2\x80") + element(0xBA, b"\1\x68"))
        )
    blocks = [element(0xA3, b"\x81" + struct.pack(">H", at) + b"\x80" + bytes(50)) for at in range(0, 1_000, 20)]
    clusters = b"".join(
        element(0x1F43B675, element(0xE7, (1_000 * number).to_bytes(4, "big")) + b"".join(blocks), unknown=not stated)
        for number in range(int(seconds))
    )
    segment_ = element(0x1549A966, info) + element(0x1654AE6B, tracks) + clusters
    head = element(0x1A45DFA3, element(0x4282, doctype))
    return head + element(0x18538067, segment_, unknown=not stated)


def page(serial: int, position: int, content: bytes) -> bytes:
    return b"OggS\0\0" + struct.pack("<qIII", position, serial, 0, 0) + bytes([1, len(content)]) + content


def ogg(seconds: float = 4.0) -> bytes:
    head = page(7, 0, b"OpusHead\1\1" + struct.pack("<HIhB", 312, 48_000, 0, 0))
    return head + page(7, -1, bytes(200)) + page(7, round(seconds * 48_000) + 312, bytes(200)) + page(8, 1 << 40, b"")


def wav(seconds: float = 1.5) -> bytes:
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(round(seconds * 16_000)))
    return into.getvalue()


def mp3(seconds: float = 2.0, *, tag: int = 300, counted: bool = False) -> bytes:
    """Silence at 128 kbit/s, with a tag of this length in front, or with a first frame that says how many follow."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    number = round(seconds * 44_100 / 1_152)
    first = frame[:36] + b"Xing" + _u32(1, number) + bytes(417 - 48) if counted else b""
    size = bytes((tag - 10 >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return (b"ID3\4\0\0" + size + bytes(tag - 10) if tag else b"") + first + frame * (20 if counted else number)


def flac(seconds: float = 5.0) -> bytes:
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | round(seconds * 44_100)
    return b"fLaC\x80\0\0\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


SOUND: Mapping[str, bytes] = {
    "video/mp4": mp4(),
    "audio/mp4": mp4(brand=b"M4A ", video=False),
    "video/webm": webm(video=True),
    "audio/ogg": ogg(),
    "audio/wav": wav(),
    "audio/mpeg": mp3(),
    "audio/flac": flac(),
}
