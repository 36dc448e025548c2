"""Measures files: what moving them costs, and what it costs the people who chat meanwhile.

    python bench/files.py [--megabytes 64] [--at-once 50] [--seconds 6] [--rounds 5]

Downloads are compared with nginx's static files, and uploads with writing and flushing the same bytes, in turns. Then two
people chat, while as many downloads as possible, or uploads, run at once; and while nginx, on the core of the server, sends
the same files: what is left then of the difference, moving bytes on that core costs anyway. The server is on one core, the
chatting pair and the load on another, where the load has the lowest priority.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import table
import uvloop
from catalogue import server_of
from compiler import CACHE
from machine import about_disk, about_machine, allow_many_sockets, cores, cpu_seconds, require_disk
from servers import ROOT, Running, running
from transfers import MEGABYTE, Load, Source, download, remove, source, static_files, upload

sys.path.insert(0, str(ROOT))

from PIL import Image

from suhbat.files.child import Job
from suhbat.files.drawing_process import DrawingProcess
from suhbat.files.studio import THUMBNAILS
from tests.talk import V1
from tests.uploading import FileClient

SETTINGS = {"SUHBAT_FILE_SIZE": "2GB", "SUHBAT_FILE_QUOTA": "0"}
PAUSE = 0.01
"""Seconds between two messages of the pair."""
PICTURE_BYTES = 505_000
CAMPFIRE_MS = 29
"""What Campfire publishes for a thumbnail of a JPEG of this size, on a machine of its own."""


def main() -> None:
    asked = arguments()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="files-") as name, ExitStack() as stack:
        data = Path(name)
        print(f"{about_machine(placed)}\n{about_disk(data)}", flush=True)
        server = stack.enter_context(running(server_of("suhbat"), data, placed.server, SETTINGS))
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        print(
            f"- files of {asked.megabytes} MB; {asked.at_once} at once; {asked.rounds} windows of {asked.seconds:g} s\n"
        )
        content = os.urandom(MEGABYTE) * asked.megabytes
        owner = FileClient(server.port, account(server.port, "ali"))
        file = owner.upload("large.bin", content)
        sources = [source("Suhbat", server.port, file["url"], owner.token, [server.pid])]
        if nginx := stack.enter_context(static_files(data, content, placed.server)):
            sources.append(nginx)
        else:
            print("nginx is not installed, so nothing is compared with it\n")
        print(transfers(owner, server, sources, content, data, asked), flush=True)
        print(f"\n{pictures(asked.rounds)}", flush=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(f"\n{runner.run(chatting(server, owner, sources, content, asked))}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures uploads, downloads and pictures.")
    parser.add_argument("--megabytes", type=int, default=64, help="of the file")
    parser.add_argument("--at-once", type=int, default=50, help="downloads, and uploads")
    parser.add_argument("--seconds", type=float, default=6, help="length of a window")
    parser.add_argument("--rounds", type=int, default=5, help="windows of each kind, and transfers of each kind")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


def account(port: int, name: str) -> str:
    made = FileClient(port, "").ask("POST", "/api/v1/accounts", {"user_id": name, "password": "correct horse battery"})
    assert made.status == 201, made
    return str(made.json["token"])


def transfers(
    owner: FileClient, server: Running, sources: Sequence[Source], content: bytes, data: Path, asked: argparse.Namespace
) -> str:
    """A table: the time of one transfer, the best and the median of all rounds, and processor time of the server."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(asked.rounds):
        for one in sources:
            measured = timed(lambda one=one: download(one), one.pids)  # type: ignore[misc]
            found.setdefault(f"download, {one.title}", []).append(measured)
        uploaded: list[str] = []
        measured = timed(lambda: uploaded.append(upload(owner, "large.bin", content)), [server.pid])  # noqa: B023
        found.setdefault("upload, Suhbat", []).append(measured)
        remove(owner, uploaded[0])
        written = timed(lambda: write(data / "written", content), [os.getpid()])
        found.setdefault("write and fsync", []).append(written)
    lines = []
    for title, both in found.items():
        base = found["write and fsync" if title.startswith("upload") else "download, nginx"] if sources[1:] else both
        took, used = ([pair[index] for pair in both] for index in (0, 1))
        rate = len(content) / MEGABYTE / min(took)
        is_base = title in ("write and fsync", "download, nginx") or base is both
        compared = "" if is_base else table.ratio(min(took), min(one for one, _ in base))
        middle = len(content) / MEGABYTE / statistics.median(took)
        lines.append([title, f"{rate:,.0f}", f"{middle:,.0f}", f"{min(used) / asked.megabytes * 1e3:.2f}", compared])
    head = ("one transfer", "MB/s, best", "median", "processor ms/MB", "time ÷ nginx; write and fsync")
    return table.markdown(head, lines)


def timed(work: Callable[[], object], pids: Sequence[int]) -> tuple[float, float]:
    """Seconds, and seconds of processor time of these processes."""
    used, began = cpu_seconds(list(pids)), time.perf_counter()
    work()
    return time.perf_counter() - began, cpu_seconds(list(pids)) - used


def write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    path.unlink()


def pictures(rounds: int) -> str:
    """What a child process takes for a photo: read, cleaned, both thumbnails and the thumbhash."""
    photo = photo_like()
    process, took = DrawingProcess(), []
    with TemporaryDirectory() as name:
        place = Path(name)
        (place / "source").write_bytes(photo)
        process.start()
        for _ in range(rounds * 4):
            for sides in (THUMBNAILS, THUMBNAILS[:1]):
                job = Job(str(place / "source"), "image/jpeg", name, str(place / "cleaned"), sides)
                began = time.perf_counter()
                answers = process.ask(job)
                took.append((len(sides), time.perf_counter() - began))
                assert answers["drawn"]["sizes"] == list(sides), answers
        process.close()
    figures = {number: [seconds * 1e3 for count, seconds in took if count == number] for number in (1, len(THUMBNAILS))}
    lines = [
        [what, f"{min(some):.1f}", f"{statistics.median(some):.1f}", table.ratio(min(some), CAMPFIRE_MS)]
        for what, some in (("the small thumbnail", figures[1]), ("both, as after an upload", figures[len(THUMBNAILS)]))
    ]
    head = (f"a JPEG of {len(photo):,} bytes", "ms, best", "median", f"best ÷ Campfire's {CAMPFIRE_MS} ms")
    return table.markdown(head, lines)


def photo_like() -> bytes:
    """A JPEG near PICTURE_BYTES of 3 megapixels. As in a photo, the finer something is, the less of it there is."""
    width, height = 2_000, 1_500
    photo = Image.new("RGB", (width, height), (128, 128, 128))
    for step in (256, 128, 64, 32, 16, 8, 4, 2, 1):
        size = (-(-width // step), -(-height // step))
        bands = [Image.effect_noise(size, 90).resize((width, height), Image.Resampling.BICUBIC) for _ in "RGB"]
        photo = Image.blend(photo, Image.merge("RGB", bands), 0.5 if step > 4 else 0.04 * step)
    best = b""
    for quality in range(40, 96, 3):
        into = io.BytesIO()
        photo.save(into, "JPEG", quality=quality)
        if abs(len(into.getvalue()) - PICTURE_BYTES) < abs(len(best) - PICTURE_BYTES):
            best = into.getvalue()
    return best


async def chatting(
    server: Running, owner: FileClient, sources: Sequence[Source], content: bytes, asked: argparse.Namespace
) -> str:
    """A table: how long messages of a pair take alone and beside each load, and what the server's memory becomes."""
    tokens = [await asyncio.to_thread(account, server.port, name) for name in ("salim", "karim")]
    part = content[: min(len(content), 8 * MEGABYTE)]
    loads: dict[str, Source | FileClient | None] = {"alone": None}
    loads |= {f"{asked.at_once} downloads from {one.title}": one for one in sources}
    loads[f"{asked.at_once} uploads"] = owner
    windows: dict[str, list[list[float]]] = {title: [] for title in loads}
    moved, memory = dict.fromkeys(loads, 0.0), dict.fromkeys(loads, 0)
    async with V1(f"ws://127.0.0.1:{server.port}", tokens[0]) as writer:
        made = await writer.ask("send", to_user="karim", text="salom")
        async with V1(f"ws://127.0.0.1:{server.port}", tokens[1]) as reader:
            pair = (writer, reader, made["conversation"])
            await window(pair, min(1.0, asked.seconds))
            for _ in range(asked.rounds):
                for title, target in loads.items():
                    load = Load(server.pid)
                    with load.running(target, part, asked.at_once):
                        windows[title].append(await window(pair, asked.seconds))
                    moved[title] += load.bytes / (load.seconds or 1) / MEGABYTE / asked.rounds
                    memory[title] = max(memory[title], load.most)
    base = [percentile(one, 0.99) for one in windows["alone"]]
    lines = []
    for title, those in windows.items():
        tails = [percentile(one, 0.99) for one in those]
        middle = statistics.median(percentile(one, 0.5) for one in those)
        ratios = (table.ratio(statistics.median(tails), statistics.median(base)), table.ratio(min(tails), min(base)))
        figures = [f"{middle:.2f}", f"{statistics.median(tails):.2f}", f"{min(tails):.2f}"]
        shown = f"{memory[title] / 1e6:,.0f}" if "nginx" not in title else ""
        lines.append([title, *figures, *ratios, f"{moved[title]:,.0f}" if moved[title] else "", shown])
    head = ("the pair's messages, ms", "p50", "p99, median", "p99, best", "median ÷ alone", "best ÷ alone", "MB/s")
    return table.markdown((*head, "server, MB"), lines)


def percentile(found: Sequence[float], share: float) -> float:
    return sorted(found)[int(len(found) * share)]


async def window(pair: tuple[V1, V1, str], seconds: float) -> list[float]:
    """How long each message took from one to the other, in milliseconds."""
    writer, reader, conversation = pair
    took: list[float] = []
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until or len(took) < 3:
        number += 1
        began = time.perf_counter()
        await writer.say({"type": "send", "conversation": conversation, "text": str(number)})
        while (await reader.hear())["type"] != "message.created":
            pass
        took.append((time.perf_counter() - began) * 1e3)
        await writer.until("message.created")
        await asyncio.sleep(PAUSE)
    return took


if __name__ == "__main__":
    main()
