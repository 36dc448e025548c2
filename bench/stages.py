"""The cost of a message, stage by stage, and the memory of a connection, object by object.

    python bench/stages.py [--rounds 7] [--times 4000] [--connections 5000]

Times are microseconds of processor time in this process, the median of several rounds, for a text of 100 characters.
Bytes are those of `sys.getsizeof`, and the difference in resident memory over thousands of connections. No network is
involved; the kernel's cost of a delivery is in the table of run.py (CPU microseconds/delivery with one message at a
time).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stored
from compiler import CACHE
from machine import about_disk, about_machine, cores, require_disk, rss_bytes
from websockets.extensions.permessage_deflate import PerMessageDeflate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from suhbat.chat.rate import UNLIMITED
from suhbat.config import Settings
from suhbat.counting import FanOut
from suhbat.hub.channel import Channel
from suhbat.hub.frames import Frames
from suhbat.protocol import replies, simple, v1
from suhbat.protocol.files import File
from suhbat.protocol.framing import compressed_frames
from suhbat.protocol.live_message import LiveMessage
from suhbat.runtime.app import ServerApp
from suhbat.transport.frame_reader import FrameReader
from suhbat.transport.stream_wire import StreamWire
from suhbat.transport.upgrade import Upgrade

TEXT = "0001:00000001:" + "x" * 86
NOW = 1_795_000_000_000
UID = "uabcdefghijklmnopqrstu"


class Nowhere:
    """A transport that accepts everything."""

    def write(self, data: bytes) -> None: ...
    def set_write_buffer_limits(self, high: int) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def abort(self) -> None: ...
    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what a message and a connection cost.")
    parser.add_argument("--rounds", type=int, default=7, help="the figures are the median of so many")
    parser.add_argument("--times", type=int, default=4_000, help="messages in a round")
    parser.add_argument("--connections", type=int, default=5_000)
    return parser.parse_args()


def main(asked: argparse.Namespace) -> None:
    CACHE.joinpath("data").mkdir(parents=True, exist_ok=True)
    require_disk(CACHE / "data")
    if (core := cores().server) is not None:
        os.sched_setaffinity(0, {core})
    print(about_machine(cores()))
    with TemporaryDirectory(dir=CACHE / "data", prefix="stages-") as name:
        print(about_disk(Path(name)), end="\n\n")
        asyncio.run(everything(Path(name), asked))


async def everything(data: Path, asked: argparse.Namespace) -> None:
    print("| stage | us a message |\n|---|---:|")
    for title, one in stages().items():
        print(f"| {title} | {microseconds(one, asked):.2f} |")
    print("\n| the store | in batches of | us of processor | us | statements a batch |\n|---|---:|---:|---:|---:|")
    for number, place in enumerate((stored.LOBBY, stored.ROOM, stored.OWN)):
        for size in (1, 8, 128):
            times = asked.times // 4
            cost = await stored.costs(data / f"{number}-{size}", place, size, TEXT, rounds=asked.rounds, times=times)
            print(f"| {place.title} | {size} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.statements} |", flush=True)
    found = await objects(data / "objects", asked.connections)  # the server logs its start
    print("\n| a connection | bytes |\n|---|---:|")
    for title, bytes_ in found.items():
        print(f"| {title} | {bytes_:,.0f} |")


def microseconds(one: Callable[[], Any], asked: argparse.Namespace) -> float:
    rounds: list[float] = []
    for _ in range(asked.rounds):
        began = time.process_time_ns()
        for _ in range(asked.times):
            one()
        rounds.append((time.process_time_ns() - began) / asked.times / 1_000)
    return statistics.median(rounds)


def event(seq: int = 5) -> LiveMessage:
    return LiveMessage("lobby", seq, seq, NOW, "user1", UID, TEXT, "c1")


def masked(payload: bytes) -> bytes:
    return b"\x81" + bytes((0x80 | 126,)) + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload


def _link(file: File) -> str:
    return file.url


def stages() -> dict[str, Callable[[], Any]]:
    """The work for every message on the event loop and in the writer, without the work for a batch or a round."""
    said = '{"message": "' + TEXT + '", "to_user": ""}'
    command = '{"type":"send","id":5,"client_id":"c1","conversation":"lobby","text":"' + TEXT + '"}'
    reader, frame = FrameReader(), masked(said.encode())
    simple_machine, v1_machine = simple.SimpleMachine("en", UNLIMITED), v1.V1Machine("en", UNLIMITED)
    v1_machine.state = v1.V1State.OPEN
    made, channel = event(), Channel("lobby", FanOut(), _link)

    def accept() -> None:
        channel.head = 4
        channel.accept(made)
        channel.pending.clear()

    payload = v1.encode_event(made)
    return {
        "frame: header, mask": lambda: reader.feed(frame),
        "decode and validate, simple": lambda: simple_machine.receive(said, 1.0),
        "decode and validate, v1": lambda: v1_machine.receive(command, 1.0),
        "make the event": event,
        "hub: advance the channel": accept,
        "encode, simple": lambda: simple.message(made, "", _link),
        "encode, v1": lambda: v1.encode_event(made),
        "encode the answer, v1": lambda: replies.sent(5, "lobby", 5, 5, NOW, False),
        "frame it once for everybody": lambda: Frames([payload]).encoded,
        "compress it once for everybody (off by default)": lambda: compressed_frames([payload]),
    }


async def objects(data: Path, connections: int) -> dict[str, float]:
    """The memory of an idle simple connection, without the event loop's transport and the kernel's socket."""
    server = ServerApp(Settings(data=str(data), log_level="error", connections_per_address=0, announce_limit=0))
    found: dict[str, float] = {}
    async with server.lifespan(server.fastapi):
        admission = server.admission

        def connect(number: int) -> StreamWire:
            wire = StreamWire(Nowhere(), admission, set())  # type: ignore[arg-type]
            wire.start(Upgrade(f"/ws/w{number:05d}x", {}, {}, "127.0.0.1"))
            return wire

        wires = [connect(number) for number in range(100)]
        gc.collect()
        before = rss_bytes([os.getpid()])
        wires += [connect(number) for number in range(100, 100 + connections)]
        gc.collect()
        found["all of it, by resident memory"] = (rss_bytes([os.getpid()]) - before) / connections
        wire = wires[-1]
        deflate = PerMessageDeflate(True, True, 12, 12)
        dialect: Any = wire._incoming._dialect
        connection = dialect.connection
        found |= {
            "wire and incoming": sys.getsizeof(wire) + sys.getsizeof(wire._incoming),
            "websockets' parser, its buffer and generators": _bytes(FrameReader, connections),
            "dialect and its machine": sys.getsizeof(dialect) + sys.getsizeof(dialect.machine) + _dict(dialect.machine),
            "connection in the hub, with its sets": sum(
                map(sys.getsizeof, (connection, connection.logs, connection.lag, connection.targets))
            ),
            "compression, where it is on and negotiated": sys.getsizeof(deflate) + _dict(deflate),
            "identity: claim, actor, names": sum(
                map(sys.getsizeof, (dialect.claim, connection.actor, connection.actor.uid, connection.actor.user_id))
            ),
            "own log (a channel)": _channel_bytes(server.node.hub.channels.by_log[f"@me:{connection.actor.uid}"]),
        }
        for one in wires:
            one.connection_lost(None)
        await asyncio.sleep(0)
    return found


def _bytes(make: Callable[[], object], count: int) -> float:
    gc.collect()
    before = rss_bytes([os.getpid()])
    kept = [make() for _ in range(count)]
    return max(rss_bytes([os.getpid()]) - before, 0) / len(kept)


def _channel_bytes(channel: Channel) -> int:
    parts = (channel, channel.log, channel.held, channel.pending, channel.listeners, *channel.listeners)
    return sum(map(sys.getsizeof, parts))


def _dict(thing: object) -> int:
    return sys.getsizeof(getattr(thing, "__dict__", {}))


if __name__ == "__main__":
    main(arguments())
