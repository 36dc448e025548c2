"""Measures a room with many threads beside a room of the same size without any.

    python bench/threads.py [--threads 1000] [--replies 200000]

Both rooms have the same number of messages of the same length by the same people. In one of them all but the first are
replies in the threads of the first. A reader follows as many of these threads as a user may, and has read none; another member
follows none. Everything goes to the store, without a network, and is done in turns with and without threads. A resume and an
opening include the encoding of what the client gets.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from compiler import CACHE
from machine import about_disk, about_machine, cores, require_disk
from table import markdown

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from suhbat.chat.model import Actor, Post, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.sync import CONVERSATION_LIMIT
from suhbat.config import Settings
from suhbat.hub.page_cache import PAGE, LogPage
from suhbat.protocol.commands import ChangeThread, Create, Join
from suhbat.protocol.replies import encode
from suhbat.protocol.types import MAX_FOLLOWED, MAX_PAGE
from suhbat.runtime.app import ServerApp

NOW = 1_795_000_000_000
AT_ONCE = 200
READER = Actor("u-reader", "reader", lobby_from=0)
OTHER = Actor("u-other", "other", lobby_from=0)
WRITERS = [Actor(f"u-{number}", f"user{number}", lobby_from=0) for number in range(20)]
MEMBERS = (OTHER, *WRITERS)


class Rooms(NamedTuple):
    """The ids of the two rooms, and the `seq`s of the messages that have a thread in the second."""

    plain: str
    threaded: str
    roots: range


def main() -> None:
    asked = arguments()
    require_disk(asked.data_root)
    with TemporaryDirectory(dir=asked.data_root, prefix="threads-") as name:
        print(f"{about_machine(cores())}\n{about_disk(Path(name))}", flush=True)
        asyncio.run(measured(Path(name), asked))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures a room with many threads.")
    parser.add_argument("--threads", type=int, default=1_000)
    parser.add_argument("--replies", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=100, help="of each kind")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def measured(data: Path, asked: argparse.Namespace) -> None:
    settings = Settings(data=str(data), log_level="error")
    store = ServerApp(settings).node.store
    await store.open(lambda entries: None)
    try:
        rooms, written = await fill(store, asked.threads, asked.replies)
        head = (await store.heads([rooms.plain]))[rooms.plain]
        print(f"- two rooms of {head:,} events, one with {asked.replies:,} replies in {asked.threads:,} threads\n")
        lines = [written, *[await compared(*one, asked.times) for one in pairs(store, rooms)]]
        columns = (
            "without threads; with them",
            "",
            "without: min",
            "p50",
            "p95",
            "with: min",
            "p50",
            "p95",
            "min, ratio",
        )
        print(markdown(columns, lines))
        for who, actor in (("follows none", OTHER), (f"follows {MAX_FOLLOWED}", READER)):
            found = (await store.states(actor)).states
            print(f"\nsnapshot of a member who {who}: {sum(len(encode(state)) for state in found):,} bytes")
    finally:
        await store.close()


async def fill(store: Store, threads: int, replies: int) -> tuple[Rooms, list[str]]:
    """Make the rooms. Returns them, and a line of the table: what a message cost without and with a thread."""
    plain, threaded = [await make_room(store) for _ in range(2)]
    roots = range(len(MEMBERS) + 1, len(MEMBERS) + 1 + threads)
    for room in (plain, threaded):
        await write(store, room, [None] * threads)
    used = {plain: 0.0, threaded: 0.0}
    for start in range(0, replies, 10 * AT_ONCE):
        some = [roots[number % threads] for number in range(start, min(start + 10 * AT_ONCE, replies))]
        for room, where in ((plain, [None] * len(some)), (threaded, some)):
            began = time.process_time()
            await write(store, room, where)
            used[room] += (time.process_time() - began) / max(replies, 1) * 1e6
    for root in roots[:MAX_FOLLOWED]:
        await store.execute(
            READER, NOW, ChangeThread(type="thread", conversation=threaded, seq=root, follow=True, read_ordinal=0)
        )
    what = f"a message; a reply, in batches of {AT_ONCE}"
    costs = ("", f"{used[plain]:.1f}", "", "", f"{used[threaded]:.1f}", "", f"{used[threaded] / used[plain]:.2f}")
    return Rooms(plain, threaded, roots), [what, "µs of processor", *costs]


async def make_room(store: Store) -> str:
    made = await store.execute(READER, NOW, Create(type="create", title="room", visibility="public"))
    for person in MEMBERS:
        await store.execute(person, NOW, Join(type="join", conversation=made.conversation))
    return made.conversation


async def write(store: Store, room: str, threads: Sequence[int | None]) -> None:
    """A message for each of these threads; None: in the room itself."""
    loop = asyncio.get_running_loop()
    for start in range(0, len(threads), AT_ONCE):
        answers = []
        for number, thread in enumerate(threads[start : start + AT_ONCE], start):
            answers.append(answer := loop.create_future())
            writer = WRITERS[number % len(WRITERS)]
            store.post(
                Post(writer, room, None, f"{number} " + "x" * 60, None, None, NOW, answer.set_result, thread=thread)
            )
        for outcome in await asyncio.gather(*answers):
            assert isinstance(outcome, PostResult), outcome


Work = Callable[[], Awaitable[object]]


def pairs(store: Store, rooms: Rooms) -> Iterator[tuple[str, Work, Work]]:
    """What is done, without threads and with them."""
    plain, threaded, roots = rooms
    middle = roots[len(roots) // 2]

    def resume(room: str) -> Work:
        async def work() -> None:
            cursor = (await store.heads([room]))[room] - CONVERSATION_LIMIT
            for after in range(cursor, cursor + CONVERSATION_LIMIT, PAGE):
                LogPage([event for _, event in await store.events(room, after, PAGE)])

        return work

    def opening(actor: Actor) -> Work:
        async def work() -> None:
            for state in (await store.states(actor)).states:
                encode(state)

        return work

    yield "one message; one reply", lambda: write(store, plain, [None]), lambda: write(store, threaded, [middle])
    yield (
        f"newest page of the room, {MAX_PAGE} messages",
        lambda: store.history(OTHER, plain, limit=MAX_PAGE),
        lambda: store.history(OTHER, threaded, limit=MAX_PAGE),
    )
    yield (
        "page around a message, 50 messages",
        lambda: store.history(OTHER, plain, around=middle),
        lambda: store.history(OTHER, threaded, around=middle),
    )
    yield (
        f"page of the room; of a thread, {MAX_PAGE} messages",
        lambda: store.history(OTHER, plain, after=middle, limit=MAX_PAGE),
        lambda: store.history(OTHER, threaded, thread=middle, limit=MAX_PAGE),
    )
    yield f"resume of {CONVERSATION_LIMIT:,} events", resume(plain), resume(threaded)
    yield f"opening of a member who follows none; {MAX_FOLLOWED}", opening(OTHER), opening(READER)
    yield (
        "list of 50 followed threads: of none; of all",
        lambda: store.threads(OTHER, unread=True),
        lambda: store.threads(READER, unread=True),
    )


async def compared(what: str, without: Work, with_threads: Work, times: int) -> list[str]:
    """A line of the table, in milliseconds. They take turns."""
    took: dict[Work, list[float]] = {without: [], with_threads: []}
    for _ in range(times):
        for work, found in took.items():
            began = time.perf_counter()
            await work()
            found.append((time.perf_counter() - began) * 1e3)
    ratio = min(took[with_threads]) / min(took[without])
    return [what, "ms", *(f"{one:.2f}" for found in took.values() for one in shares(found)), f"{ratio:.2f}"]


def shares(found: Sequence[float]) -> tuple[float, float, float]:
    """The minimum, the median and the 95th percentile."""
    ordered = sorted(found)
    return ordered[0], ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]


if __name__ == "__main__":
    main()
