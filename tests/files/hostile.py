"""Hostile pictures, and pictures changed at random: `python -m tests.files.hostile --images 5000` gives them to a studio.

Prints how many were answered and how, the slowest, and the memory of the processes. Ends with 1 if a picture raised, kept a
secret, or took longer than the limit."""

from __future__ import annotations

import argparse
import asyncio
import random
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from suhbat.files.look import Look
from suhbat.files.pictures import PIXELS_ELSEWHERE
from suhbat.files.studio import PROCESSES, SECONDS, START_SECONDS, Studio

from . import samples
from .samples import chunk, segment

Named = tuple[str, bytes]


def header(width: int, height: int, bits: int = 8, colour: int = 2) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))


def png(width: int, height: int, data: bytes, *extra: bytes) -> bytes:
    return header(width, height) + b"".join(extra) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def gif(width: int, height: int, frame: bytes, number: int = 1) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes(6) + frame * number + b";"


def image(left: int, top: int, width: int, height: int) -> bytes:
    """A frame of GIF; its data is one code that says nothing."""
    return b"," + struct.pack("<HHHH", left, top, width, height) + b"\0\x02\x02\x4c\x01\0"


def bombs() -> Iterator[Named]:
    """Small files that would become large, or take long."""
    zeros = bytes(10_000_000)
    yield "png of 2.5 gigapixels", png(50_000, 50_000, zeros)
    yield "png of the largest size", png((1 << 31) - 1, (1 << 31) - 1, b"")
    yield "png with more data than its size", png(8, 8, zeros)
    yield "png with little data", png(7_000, 7_000, b"")
    yield "png with a profile that is a bomb", png(8, 8, bytes(200), chunk(b"iCCP", b"x\0\0" + zlib.compress(zeros)))
    yield "png with texts that are bombs", png(8, 8, bytes(200), *[chunk(b"zTXt", b"x\0\0" + zlib.compress(zeros))] * 9)
    yield "png with two heads", header(8, 8) + png(50_000, 50_000, zeros)[8:]
    yield "png without size", png(0, 0, b"")
    yield "png that is a row", png(30_000_000, 1, b"")
    yield "png that announces frames", header(9, 9) + chunk(b"acTL", b"\xff" * 8) + chunk(b"fcTL", b"\xff" * 26) * 999
    yield "png in png", header(8, 8) + chunk(b"IDAT", png(50_000, 50_000, b"")) + chunk(b"IEND", b"")
    yield "gif of 4 gigapixels", gif(65_535, 65_535, image(0, 0, 1, 1))
    yield "gif of 20,000 large frames", gif(7_000, 7_000, image(0, 0, 1, 1), 20_000)
    yield "gif with a frame larger than itself", gif(8, 8, image(0, 0, 65_535, 65_535))
    yield "gif with frames outside", gif(8, 8, image(60_000, 60_000, 1, 1), 50)
    yield "gif without frames", gif(8, 8, b"")
    whole = samples.saved(samples.picture((1_500, 1_500)), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    yield "jpeg of 3,000 scans", whole[:-2] + scan * 3_000 + b"\xff\xd9"
    for size in ((65_500, 65_500), (0, 8), (65_500, 1)):
        at = whole.index(b"\xff\xc2") + 5
        yield f"jpeg of {size}", whole[:at] + struct.pack(">HH", *size) + whole[at + 4 :]
    yield "jpeg of metadata", b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + samples.exif(6)) * 500
    yield (
        "jpeg with large Exif",
        b"\xff\xd8" + segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(65_000)) + whole[2:],
    )
    webp = bytearray(samples.webp(size=(400, 300)))
    webp[24:30] = b"\xff" * 6
    yield "webp of 281 terapixels", bytes(webp)
    flat = samples.avif()
    at = flat.index(b"ispe") + 8
    for size in ((40_000, 40_000), (0, 0), (5_000, 5_000)):
        yield f"avif of {size}", flat[:at] + struct.pack(">II", *size) + flat[at + 8 :]
    for type_, make in samples.PICTURES.items():
        start = make()[:64]
        yield f"{type_}, then nothing", start
        yield f"{type_}, then zeros", start + bytes(100_000)
        yield f"{type_}, then a page", start + b"<html><script>" * 1_000


def cut() -> Iterator[Named]:
    """Pictures that end at every hundredth byte."""
    for type_, make in samples.PICTURES.items():
        content = make()
        for length in range(4, len(content), 100):
            yield f"{type_} of {length} bytes", content[:length]


def changed(number: int, seed: int) -> Iterator[Named]:
    """Pictures with bytes, numbers and parts that were changed, doubled, removed or put elsewhere."""
    chance = random.Random(seed)
    whole = [
        (type_, make(**options)) for type_, make in samples.PICTURES.items() for options in ({}, {"size": (300, 200)})
    ]
    whole.append(
        ("image/png", samples.saved(samples.picture(), "PNG", save_all=True, append_images=[samples.picture()] * 3))
    )
    whole.append(
        (
            "image/webp",
            samples.saved(samples.picture(), "WEBP", save_all=True, append_images=[samples.picture().rotate(9)]),
        )
    )
    whole.append(("image/jpeg", samples.jpeg(6, progressive=True)))
    for index in range(number):
        type_, content = chance.choice(whole)
        broken = bytearray(content)
        for _ in range(chance.choice([1, 1, 2, 4, 16])):
            at = (
                chance.randrange(8, len(broken))
                if chance.random() < 0.5
                else chance.randrange(8, min(len(broken), 700))
            )
            length = chance.choice([1, 1, 2, 4, 64])
            match chance.randrange(5):
                case 0:
                    broken[at : at + length] = chance.randbytes(length)
                case 1:
                    broken[at : at + length] = chance.choice([b"\0", b"\xff", b"\x7f", b"\x80"]) * length
                case 2:
                    del broken[at : at + length]
                case 3:
                    other = chance.randrange(8, len(broken))
                    broken[at:at] = broken[other : other + 32 * length]
                case _:
                    broken[at] ^= 1 << chance.randrange(8)
        yield f"{type_}, changed, number {index} of seed {seed}", bytes(broken)


async def look_at(room: Studio, directory: Path, named: Named) -> tuple[Look, float]:
    """The look at a picture, and its time in seconds. AssertionError if it is not what it may be."""
    name, content = named
    with tempfile.TemporaryDirectory(dir=directory) as place:
        source = Path(place) / "source"
        source.write_bytes(content)
        began = time.monotonic()
        look = await room.look(source, Path(place))
        took = time.monotonic() - began
        assert look.kind in {"image", "file"}, name
        assert (look.kind == "image") == bool(look.thumbnails), name
        assert (look.width or 0) * (look.height or 0) <= PIXELS_ELSEWHERE, name
        assert all(path.read_bytes()[8:12] == b"WEBP" for path in look.thumbnails.values()), name
        if look.cleaned:
            assert look.cleaned.stat().st_size <= len(content) + 64, name
    return look, took


def memory() -> int:
    """The memory of this process and its children in bytes."""
    here = psutil.Process()
    total: int = here.memory_info().rss
    for child in here.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.files.hostile")
    parser.add_argument("--images", type=int, default=5_000, help="of those that are changed at random")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    wanted = parser.parse_args()
    room, counted, slowest, failed = Studio(), Counter[str](), (0.0, ""), 0
    waiting = iter([*bombs(), *cut(), *changed(wanted.images, wanted.seed)])
    before = peak = memory()

    async def worker(directory: Path) -> None:
        nonlocal slowest, failed, peak
        for named in waiting:
            try:
                look, took = await look_at(room, directory, named)
            except Exception as error:
                failed += 1
                print(f"{named[0]}: {error!r}", flush=True)
                continue
            counted[f"{look.type} {look.kind}"] += 1
            slowest = max(slowest, (took, named[0]))
            peak = max(peak, memory())

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        await asyncio.gather(*(worker(Path(directory)) for _ in range(PROCESSES)))
    for kind, number in sorted(counted.items()):
        print(f"{kind}: {number:,}")
    print(
        f"{sum(counted.values()):,} pictures in {time.monotonic() - began:.0f} s, {failed} failed (seed {wanted.seed})"
    )
    print(f"slowest: {slowest[0]:.1f} s ({slowest[1]})")
    print(f"memory of all processes: before {before >> 20} MB, at most {peak >> 20} MB, after {memory() >> 20} MB")
    await room.close()
    return int(failed > 0 or slowest[0] > SECONDS + START_SECONDS)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
