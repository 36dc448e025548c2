"""Concurrent reads: some run, some wait, and more are refused with a time to wait."""

from __future__ import annotations

import asyncio

import pytest

from suhbat.chat.turns import ExportPace, Reads, Turns
from suhbat.errors import Busy


class Readers:
    """Readers that hold their turn until they are told to stop."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.go_on = asyncio.Event()
        self.reading: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, key: str, name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._read(key, name))
        self.tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def _read(self, key: str, name: str) -> None:
        async with self.turns.turn(key):
            self.reading.append(name)
            await self.go_on.wait()


async def test_so_many_at_once_so_many_wait_the_others_are_refused() -> None:
    """First come, first served. Keys are independent, and finished ones leave nothing in memory."""
    readers = Readers(Turns(2, 1))
    for name in ("first", "second", "third"):
        await readers.start("ali", name)
    with pytest.raises(Busy) as refused:
        await (await readers.start("ali", "fourth"))
    assert refused.value.retry_after == 1
    await readers.start("vali", "other")
    assert readers.reading == ["first", "second", "other"]
    readers.go_on.set()
    await asyncio.gather(*readers.tasks[:3], readers.tasks[4])
    assert readers.reading == ["first", "second", "other", "third"]
    assert len(readers.turns) == 0


async def test_who_stops_waiting_takes_no_turn() -> None:
    """Neither while waiting, nor if cancelled just when the turn has come."""
    readers = Readers(Turns(1, 5))
    async with readers.turns.turn("ali"):
        gone, late, last = [await readers.start("ali", name) for name in ("gone", "late", "last")]
        gone.cancel()
        await asyncio.sleep(0)
    late.cancel()  # it was given the turn, and has not begun
    readers.go_on.set()
    await last
    assert readers.reading == ["last"]
    await asyncio.gather(gone, late, return_exceptions=True)
    assert len(readers.turns) == 0


async def test_guests_of_one_address_are_bounded_together() -> None:
    """The guests of one address have a limit together. All searches have one together."""
    reads = Reads()
    held = asyncio.Event()

    async def read(kind: str, uid: str, place: str) -> None:
        async with getattr(reads, kind)(uid, place):
            await held.wait()

    for kind, place in (("quick", "192.0.2.1"), ("slow", "192.0.2.1"), ("slow", ""), ("export", "192.0.2.1")):
        tasks = [asyncio.create_task(read(kind, f"u{number}", place)) for number in range(200)]
        await asyncio.sleep(0.01)
        refused = [task for task in tasks if task.done()]
        assert refused and all(isinstance(task.exception(), Busy) for task in refused)
        other = asyncio.create_task(read("quick", "u-other", "192.0.2.2"))
        held.set()
        await other
        await asyncio.gather(*tasks, return_exceptions=True)
        held.clear()


async def test_pages_of_exports_come_one_at_a_time_and_rest() -> None:
    """The second page begins when the first one is made and the pause is over. A failed page blocks nobody."""
    go_on, rested = asyncio.Event(), asyncio.Event()
    rests: list[float] = []
    begun: list[str] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        await rested.wait()

    pace = ExportPace(rest)

    async def read(name: str) -> None:
        async with pace.turn():
            begun.append(name)
            await go_on.wait()

    tasks = [asyncio.create_task(read(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    assert begun == ["first"]
    go_on.set()
    while not rests:
        await asyncio.sleep(0)
    assert begun == ["first"] and rests[0] >= 0
    rested.set()
    await asyncio.gather(*tasks)
    assert begun == ["first", "second"]
    with pytest.raises(ZeroDivisionError):
        async with pace.turn():
            raise ZeroDivisionError
    await asyncio.wait_for(read("third"), 60)
