"""The opening limiter: when thousands of clients connect at once, some are served, some wait, the others get a time to
retry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from suhbat.errors import Busy
from suhbat.hub import opening_limiter
from suhbat.hub.opening_limiter import AWAY_SECONDS, LONGEST_SECONDS, OpeningLimiter


class Crowd:
    """Openings that finish one after another, each when the test says so."""

    def __init__(self, limiter: OpeningLimiter) -> None:
        self.limiter = limiter
        self.inside: list[int] = []
        self.order: list[int] = []
        self._gates: dict[int, asyncio.Event] = {}

    async def go(self, number: int) -> None:
        self._gates[number] = asyncio.Event()
        async with self.limiter.turn():
            self.inside.append(number)
            self.order.append(number)
            await self._gates[number].wait()
            self.inside.remove(number)

    def leave(self, number: int) -> None:
        self._gates[number].set()


@pytest.fixture
def tasks() -> Iterator[list[asyncio.Task[None]]]:
    started: list[asyncio.Task[None]] = []
    yield started
    for task in started:
        task.cancel()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_in_order_and_no_more_than_so_many_at_once(tasks: list[asyncio.Task[None]]) -> None:
    """Openings are admitted in the order they came."""
    crowd = Crowd(OpeningLimiter(at_once=2))
    tasks += [asyncio.create_task(crowd.go(number)) for number in range(5)]
    await settle()
    assert crowd.inside == [0, 1]
    for number in range(5):
        crowd.leave(number)
        await settle()
    assert crowd.order == [0, 1, 2, 3, 4] and crowd.inside == []


async def test_a_long_queue_is_refused_with_a_retry(
    tasks: list[asyncio.Task[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An opening that would wait too long is refused at once. Its `retry_after` is the time that the queue takes, 20 s
    at most."""
    limiter = OpeningLimiter(at_once=1)
    monkeypatch.setattr(opening_limiter, "SLOWEST", 100.0)
    limiter._seconds_each = LONGEST_SECONDS / 2
    crowd = Crowd(limiter)
    tasks += [asyncio.create_task(crowd.go(number)) for number in range(3)]
    await settle()
    waits = []
    for _ in range(2):
        with pytest.raises(Busy) as refused:
            async with limiter.turn():
                pass
        waits.append(refused.value.retry_after or 0)
    assert all(0.8 * AWAY_SECONDS <= wait <= 1.2 * AWAY_SECONDS for wait in waits)
    crowd.leave(0)
    await settle()
    tasks.append(asyncio.create_task(crowd.go(9)))
    await settle()
    assert crowd.inside == [1], "there is room in the queue again"


async def test_a_closed_connection_leaves_the_queue(tasks: list[asyncio.Task[None]]) -> None:
    """A connection that closes while it waits takes no slot; an opening that fails releases its slot."""
    crowd = Crowd(OpeningLimiter(at_once=1))
    tasks += [asyncio.create_task(crowd.go(number)) for number in range(2)]
    await settle()
    tasks[1].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[1]
    tasks.append(asyncio.create_task(crowd.go(2)))
    await settle()
    tasks[0].cancel()
    await settle()
    assert crowd.inside[-1] == 2
