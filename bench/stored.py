"""The cost of a message in the store, from `store.post` to `done`: processor time, time, statements. A stage of stages.py."""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from suhbat.chat.model import Actor, Post
from suhbat.config import Settings
from suhbat.protocol.commands import Create, Join
from suhbat.runtime.app import ServerApp

NOW = 1_795_000_000_000
MEMBERS = 32
DIRECTS = 1_000


class Place(NamedTuple):
    """Where the messages go. `has_ids`: they have a `client_id`, as in v1."""

    title: str
    has_ids: bool


LOBBY = Place("the lobby, without client_id", has_ids=False)
ROOM = Place(f"a room of {MEMBERS}", has_ids=True)
OWN = Place(f"{DIRECTS:,} directs", has_ids=True)


class Cost(NamedTuple):
    """Microseconds a message; `statements`: of a batch."""

    cpu: float
    wall: float
    statements: int


async def costs(data: Path, place: Place, size: int, text: str, *, rounds: int, times: int) -> Cost:
    """The cost of a message with `size` messages at once: medians of `rounds` with `times` messages each."""
    store = ServerApp(Settings(data=str(data), log_level="error")).node.store
    await store.open(lambda entries: None)
    people = [Actor(f"u{number:021d}", f"user{number}", lobby_from=0) for number in range(2 * DIRECTS)]
    room = "lobby"
    if place is ROOM:
        made = await store.execute(people[0], NOW, Create(type="create", title="room", visibility="public"))
        room = made.conversation
        for person in people[1:MEMBERS]:
            await store.execute(person, NOW, Join(type="join", conversation=room))
    senders = {LOBBY: 1, ROOM: MEMBERS, OWN: DIRECTS}[place]
    numbers = count(time.time_ns())  # the store may have the ids of an earlier call

    def post(done: Callable[[object], None]) -> None:
        number = next(numbers)
        actor = people[number % senders]
        conversation, peer = (None, people[DIRECTS + number % senders]) if place is OWN else (room, None)
        client_id = f"{number:032x}" if place.has_ids else None
        store.post(Post(actor, conversation, peer, text, client_id, None, NOW, done))

    async def batch() -> None:
        left, all_done = size, asyncio.get_running_loop().create_future()

        def done(outcome: object) -> None:
            nonlocal left
            if isinstance(outcome, Exception):
                all_done.set_exception(outcome)
            left -= 1
            if not left:
                all_done.set_result(None)

        for _ in range(size):
            post(done)
        await all_done

    for _ in range(2 * senders // size + 1):
        await batch()
    gc.collect()
    cpu: list[float] = []
    wall: list[float] = []
    batches = max(times // size, 1)
    for _ in range(rounds):
        began, used = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(batches):
            await batch()
        cpu.append((time.process_time_ns() - used) / batches / size / 1_000)
        wall.append((time.perf_counter_ns() - began) / batches / size / 1_000)
    statements = await _statements(store, batch)
    await store.close()
    return Cost(statistics.median(cpu), statistics.median(wall), statements)


async def _statements(store: Any, batch: Callable[[], Any]) -> int:
    """How many statements one batch is, without those inside the search index."""
    seen: list[str] = []
    transactions = store._writer._transactions
    driver = transactions._connection.connection.driver_connection
    write = transactions.write

    def traced(items: Any) -> Any:
        # On the writer's thread: from another one, while a statement of the index runs, the connection's lock and the
        # interpreter's would wait for each other for ever.
        driver.set_trace_callback(seen.append)
        try:
            return write(items)
        finally:
            driver.set_trace_callback(None)

    transactions.write = traced
    await batch()
    transactions.write = write
    return len([statement for statement in seen[: seen.index("COMMIT") + 1] if not statement.startswith("--")])
