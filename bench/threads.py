"""Measures reads in a room with many threads, against a room without them.

    python bench/threads.py [--threads 1000] [--replies 200000]

Two rooms get the same messages; the second one also gets the replies, spread over the threads of its first messages. The
reader follows as many of these threads as a user may, and has read none. Each read goes to the store, without a network;
times are p50 and p95 in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compiler import CACHE
from machine import about_disk, about_machine, cores, require_disk
from table import markdown

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from suhbat.chat.model import Actor, Post, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.sync import CONVERSATION_LIMIT
from suhbat.config import Settings
from suhbat.protocol.commands import ChangeThread, Create, Join
from suhbat.protocol.replies import encode
from suhbat.protocol.types import MAX_FOLLOWED
from suhbat.runtime.app import ServerApp

NOW = 1_795_000_000_000
AT_ONCE = 200
READER = Actor("u-reader", "reader", lobby_from=0)
WRITERS = [Actor(f"u-{number}", f"user{number}", lobby_from=0) for number in range(20)]


def main() -> None:
    asked = arguments()
    require_disk(asked.data_root)
    with TemporaryDirectory(dir=asked.data_root, prefix="threads-") as name:
        print(f"{about_machine(cores())}\n{about_disk(Path(name))}", flush=True)
        asyncio.run(measure(Path(name), asked))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures reads in a room with many threads.")
    parser.add_argument("--threads", type=int, default=1_000)
    parser.add_argument("--replies", type=int, default=200_000)
    parser.add_argument("--reads", type=int, default=200, help="of each kind")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def measure(data: Path, asked: argparse.Namespace) -> None:
    store = ServerApp(Settings(data=str(data), log_level="error")).node.store
    await store.open(lambda entries: None)
    try:
        plain, threaded = [await make_room(store, asked.threads) for _ in range(2)]
        began = time.monotonic()
        roots = range(len(WRITERS) + 1, len(WRITERS) + 1 + asked.threads)
        await write(store, threaded, [roots[number % asked.threads] for number in range(asked.replies)])
        took = (time.monotonic() - began) / max(asked.replies, 1) * 1e6
        for root in roots[:MAX_FOLLOWED]:
            command = ChangeThread(type="thread", conversation=threaded, seq=root, follow=True, read_ordinal=0)
            await store.execute(READER, NOW, command)
        print(f"- {asked.threads:,} threads with {asked.replies:,} replies, {took:.0f} us each\n", flush=True)
        lines = []
        for title, room in (("without threads", plain), ("with threads", threaded)):
            for what, read in reads(store, room, roots[-1]).items():
                times = [await timed(read) for _ in range(asked.reads)]
                lines.append([what, title, f"{statistics.median(times):.2f}", f"{p95(times):.2f}"])
        last = roots[-1]
        for what, read in {
            "newest of a thread": lambda: store.history(READER, threaded, thread=last),
            "oldest of a thread": lambda: store.history(READER, threaded, thread=last, after=0),
            "list of threads": lambda: store.threads(READER),
            "unread threads": lambda: store.threads(READER, unread=True),
        }.items():
            times = [await timed(read) for _ in range(asked.reads)]
            lines.append([what, "with threads", f"{statistics.median(times):.2f}", f"{p95(times):.2f}"])
        print(markdown(("read", "room", "p50 ms", "p95 ms"), lines))
        states = {state.conversation: len(encode(state)) for state in (await store.states(READER)).states}
        print(f"\nstate in the snapshot: {states[plain]:,} bytes without threads, {states[threaded]:,} with them")
    finally:
        await store.close()


def reads(store: Store, room: str, seq: int) -> dict[str, Callable[[], Awaitable[Any]]]:
    """The reads of a room that both have."""

    async def resume() -> None:
        head = (await store.heads([room]))[room]
        await store.events(room, max(head - CONVERSATION_LIMIT, 0), CONVERSATION_LIMIT)

    return {
        "newest page": lambda: store.history(READER, room),
        "page around a message": lambda: store.history(READER, room, around=seq),
        "states (snapshot)": lambda: store.states(READER),
        f"resume, {CONVERSATION_LIMIT:,} events": resume,
    }


async def make_room(store: Store, messages: int) -> str:
    """A room of the reader and the writers with so many messages."""
    made = await store.execute(READER, NOW, Create(type="create", title="room", visibility="public"))
    for person in WRITERS:
        await store.execute(person, NOW, Join(type="join", conversation=made.conversation))
    await write(store, made.conversation, [None] * messages)
    return made.conversation


async def write(store: Store, room: str, threads: Sequence[int | None]) -> None:
    """A message for each of these threads; None: in the room itself."""
    loop = asyncio.get_running_loop()
    for start in range(0, len(threads), AT_ONCE):
        answers = []
        for number, thread in enumerate(threads[start : start + AT_ONCE], start):
            answers.append(answer := loop.create_future())
            writer = WRITERS[number % len(WRITERS)]
            text = f"{number} " + "x" * 60
            store.post(
                Post(writer, room, None, text, f"{room}-{thread}-{number}", None, NOW, answer.set_result, thread=thread)
            )
        for outcome in await asyncio.gather(*answers):
            assert isinstance(outcome, PostResult), outcome


async def timed(read: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await read()
    return (time.perf_counter() - began) * 1e3


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


if __name__ == "__main__":
    main()
