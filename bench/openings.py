"""The cost of a v1 opening, from `hello` to `caught_up`, for clients that all connect at once: processor time of the process.

    python bench/openings.py [--clients 2000] [--rounds 5] [--messages 200]

No network is involved, so the connect and the handshake are not part of it. A client is new and gets a snapshot, or it
resumes with cursors that are the heads, as after a restart.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import table
import uvloop
from compiler import CACHE
from machine import about_disk, about_machine, cores, require_disk
from stages import Nowhere

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from suhbat.config import Settings
from suhbat.runtime.app import ServerApp
from suhbat.transport.stream_wire import StreamWire
from suhbat.transport.upgrade import Upgrade

IN_A_TURN = 32
"""`hello` frames that arrive in one turn of the event loop."""
REQUEST = Upgrade("/api/v1/ws", {}, {}, "127.0.0.1")


class Peer(Nowhere):
    """The transport of a client that takes everything. `done` is called when it has caught up."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.received: list[bytes] = []
        self._done = done

    def write(self, data: bytes) -> None:
        self.received.append(data)
        if b'{"type":"caught_up"' in data:
            self._done()


def main() -> None:
    asked = arguments()
    require_disk(CACHE / "data")
    print(about_machine(cores()))
    with TemporaryDirectory(dir=CACHE / "data", prefix="openings-") as name:
        print(about_disk(Path(name)), end="\n\n", flush=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows = runner.run(measured(Path(name), asked))
    print(table.markdown(("opening", "clients at once", "CPU µs an opening"), rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what an opening costs.")
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5, help="the figures are the median of so many")
    parser.add_argument("--messages", type=int, default=200, help="in the lobby")
    return parser.parse_args()


async def measured(data: Path, asked: argparse.Namespace) -> list[list[str]]:
    settings = Settings(data=str(data), log_level="error", connections_per_address=0, guests_per_address=0)
    server = ServerApp(settings)
    async with server.lifespan(server.fastapi):
        tokens = [(await server.node.people.make_guest(f"guest{number:05}"))[1] for number in range(asked.clients)]
        await fill(server, tokens[0], asked.messages)
        hellos = [{"type": "hello", "id": 0, "token": token} for token in tokens]
        _, snapshots = await opened(server, hellos)
        epoch = server.node.store.epoch
        resumes = [
            hello | {"resume": {"epoch": epoch, "cursors": snapshot["cursors"]}}
            for hello, snapshot in zip(hellos, snapshots, strict=True)
        ]
        rows = []
        for title, commands in (("a snapshot", hellos), ("a resume at the heads", resumes)):
            costs = [(await opened(server, commands))[0] for _ in range(asked.rounds)]
            rows.append([title, f"{asked.clients:,}", f"{statistics.median(costs):.0f}"])
        return rows


async def fill(server: ServerApp, token: str, messages: int) -> None:
    """Write so many messages into the lobby."""
    actor = (await server.node.people.authenticate(token)).actor
    for number in range(messages):
        done = asyncio.get_running_loop().create_future()
        server.node.services.messages.send(
            actor, text=f"message {number}", conversation="lobby", peer=None, done=done.set_result
        )
        await done


async def opened(server: ServerApp, hellos: list[dict[str, Any]]) -> tuple[float, list[dict[str, Any]]]:
    """Open a connection for each of these commands, and close them all. Returns the microseconds for each, and what each got
    first after `welcome`."""
    left, finished = len(hellos), asyncio.get_running_loop().create_future()

    def done() -> None:
        nonlocal left
        left -= 1
        if not left:
            finished.set_result(None)

    peers = [Peer(done) for _ in hellos]
    wires = [StreamWire(peer, server.admission, set()) for peer in peers]  # type: ignore[arg-type]  # only what a wire calls
    for wire in wires:
        wire.start(REQUEST)
    frames = [masked(json.dumps(hello).encode()) for hello in hellos]
    gc.collect()
    began = time.process_time()
    for start in range(0, len(wires), IN_A_TURN):
        for wire, frame in zip(wires[start : start + IN_A_TURN], frames[start : start + IN_A_TURN], strict=True):
            wire.data_received(frame)
        await asyncio.sleep(0)
    await asyncio.wait_for(finished, 120)
    took = (time.process_time() - began) / len(hellos) * 1e6
    for wire in wires:
        wire.connection_lost(None)
    await asyncio.sleep(0)
    return took, [second_frame(b"".join(peer.received)) for peer in peers]


def masked(payload: bytes) -> bytes:
    """A text frame of a client with a mask of zeros."""
    head = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + len(payload).to_bytes(2, "big")
    return b"\x81" + head + b"\0\0\0\0" + payload


def second_frame(data: bytes) -> dict[str, Any]:
    """The object in the second frame of a server."""
    start = 0
    for _ in range(2):
        length, body = data[start + 1], start + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, body = int.from_bytes(data[body : body + size], "big"), body + size
        payload, start = data[body : body + length], body + length
    found: dict[str, Any] = json.loads(payload)
    return found


if __name__ == "__main__":
    main()
