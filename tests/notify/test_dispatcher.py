"""The loop of pushes and mails: it claims what is due, carries it out beside each other, and survives every failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

import pytest

from suhbat.errors import StorageUnavailable
from suhbat.notify import dispatcher
from suhbat.notify.dispatcher import CLAIMED, MOST, PER_PERSON, Dispatcher
from suhbat.tasks import Tasks


@dataclass(frozen=True)
class Item:
    uid: str
    number: int = 0


class FakeQueue:
    """A queue in memory that keeps to the contract. `held`: items are carried out when it is set. `failing`: numbers of items
    that cannot be carried out."""

    def __init__(self, *items: Item) -> None:
        self.waiting = list(items)
        self.held = asyncio.Event()
        self.held.set()
        self.done: list[Item] = []
        self.failing: dict[int, Exception] = {}
        self.broken: Exception | None = None
        self.claims = 0

    async def claim(self, most: int, busy: Collection[str]) -> Sequence[Item]:
        self.claims += 1
        if self.broken is not None:
            error, self.broken = self.broken, None
            raise error
        taken: list[Item] = []
        per_person: Counter[str] = Counter()
        for item in self.waiting:
            if len(taken) < most and item.uid not in busy and per_person[item.uid] < PER_PERSON:
                taken.append(item)
                per_person[item.uid] += 1
        for item in taken:
            self.waiting.remove(item)
        return taken

    async def carry_out(self, item: Item) -> None:
        await self.held.wait()
        if item.number in self.failing:
            raise self.failing[item.number]
        self.done.append(item)


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    owner = Tasks()
    yield owner
    await owner.close()


async def settled(dispatcher: Dispatcher[Item]) -> None:
    while dispatcher.in_progress:
        await asyncio.sleep(0)


async def test_everything_due_is_carried_out(tasks: Tasks) -> None:
    """More than are in progress at once: the rest follows in the next round, when there is room for a whole claim. One claim
    for each that ends would be a commit for each."""
    queue = FakeQueue(*(Item(f"u{n}", n) for n in range(MOST + 5)))
    queue.held.clear()
    loop = Dispatcher("test", queue, tasks)
    await loop.round()
    assert loop.in_progress == MOST and len(queue.waiting) == 5 and queue.claims == MOST // CLAIMED
    queue.held.set()
    while loop.in_progress > MOST - CLAIMED:
        assert not loop._woken.is_set()
        await asyncio.sleep(0)
    await settled(loop)
    assert loop._woken.is_set()
    await loop.round()
    await settled(loop)
    assert len(queue.done) == MOST + 5


async def test_one_person_does_not_fill_it(tasks: Tasks) -> None:
    """A person whose push service never answers has two items in progress, however many are due; others go on."""
    queue = FakeQueue(*(Item("slow", n) for n in range(100)))
    queue.held.clear()
    loop = Dispatcher("test", queue, tasks)
    await loop.round()
    assert loop.in_progress == PER_PERSON
    queue.waiting.append(Item("quick"))
    await loop.round()
    assert loop.in_progress == PER_PERSON + 1


async def test_a_failure_is_that_of_one_item(tasks: Tasks) -> None:
    """An item that cannot be carried out is left to its claim; its place is free again."""
    queue = FakeQueue(*(Item(f"u{n}", n) for n in range(4)))
    queue.failing = {1: ValueError("broken"), 2: StorageUnavailable()}
    loop = Dispatcher("test", queue, tasks)
    await loop.round()
    await settled(loop)
    assert [item.number for item in queue.done] == [0, 3] and loop.in_progress == 0


async def test_an_item_does_not_take_for_ever(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before its claim does, so that no other node carries it out at the same time."""
    assert dispatcher.CARRY_OUT_SECONDS < dispatcher.LEASE_SECONDS
    monkeypatch.setattr(dispatcher, "CARRY_OUT_SECONDS", 0.0)
    queue = FakeQueue(Item("slow"))
    queue.held.clear()
    loop = Dispatcher("test", queue, tasks)
    await loop.round()
    await settled(loop)
    assert queue.done == []


async def test_the_loop_survives_the_store(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the queue cannot be read it tries again in each round. `wake` begins a round at once."""
    monkeypatch.setattr(dispatcher, "ROUND_SECONDS", 0.0)
    for broken in (StorageUnavailable(), ValueError("broken")):
        queue = FakeQueue(Item("u1"))
        queue.broken = broken
        loop = Dispatcher("test", queue, tasks)
        tasks.start(loop.run())
        loop.wake()
        while not queue.done:
            await asyncio.sleep(0)


async def test_items_that_begin_together(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many items begin in one turn of the loop, and then others have theirs; the last group may be smaller."""
    queue = FakeQueue(*(Item(f"u{n}") for n in range(5)))
    groups: list[int] = []

    async def pause(seconds: float) -> None:
        groups.append(loop.in_progress)
        assert seconds == pytest.approx(2 * dispatcher.START_SECONDS)

    queue.held.clear()
    monkeypatch.setattr(dispatcher.asyncio, "sleep", pause)
    loop = Dispatcher("push", queue, tasks, together=2)
    await loop.round()
    assert groups == [2, 4, 5]
    queue.held.set()
