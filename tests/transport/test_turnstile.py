"""Thousands come at once: some are served, some wait, the others hear when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from suhbat.errors import Busy
from suhbat.transport.turnstile import Turnstile


class Crowd:
    """People who go through one after another, each when the test says so."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.inside: list[int] = []
        self.order: list[int] = []
        self._gates: dict[int, asyncio.Event] = {}

    async def go(self, number: int) -> None:
        self._gates[number] = asyncio.Event()
        async with self.turnstile.turn():
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
    """Who came first goes first."""
    crowd = Crowd(Turnstile(at_once=2, line=10))
    tasks += [asyncio.create_task(crowd.go(number)) for number in range(5)]
    await settle()
    assert crowd.inside == [0, 1]
    for number in range(5):
        crowd.leave(number)
        await settle()
    assert crowd.order == [0, 1, 2, 3, 4] and crowd.inside == []


async def test_a_full_line_is_told_when_to_come(tasks: list[asyncio.Task[None]]) -> None:
    """Refused at once, with a time that grows with those who were told the same."""
    turnstile = Turnstile(at_once=1, line=2)
    turnstile._seconds_each = 1.0
    crowd = Crowd(turnstile)
    tasks += [asyncio.create_task(crowd.go(number)) for number in range(3)]
    await settle()
    waits = []
    for _ in range(20):
        with pytest.raises(Busy) as refused:
            async with turnstile.turn():
                pass
        waits.append(refused.value.retry_after)
    assert all(wait is not None and (2 + n) <= wait <= 1.5 * (2 + n) for n, wait in enumerate(waits, 1))
    crowd.leave(0)
    await settle()
    tasks.append(asyncio.create_task(crowd.go(9)))
    await settle()
    assert crowd.inside == [1], "there is room in the line again"


async def test_who_gives_up_leaves_the_line(tasks: list[asyncio.Task[None]]) -> None:
    """A connection that closes while it waits takes nobody's place; one that fails inside gives its own back."""
    crowd = Crowd(Turnstile(at_once=1, line=1))
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
