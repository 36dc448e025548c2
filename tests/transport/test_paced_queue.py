"""The paced queue leaves time for other work of the loop."""

from __future__ import annotations

import asyncio

from suhbat.transport.paced_queue import TURN_SECONDS, PacedQueue


async def test_in_order_and_soon() -> None:
    """Steps run in the next turn, all of them if there is time."""
    done: list[int] = []
    line = PacedQueue(lambda: 100.0)
    for number in range(5):
        line.run(lambda number=number: done.append(number))
    assert done == []
    await asyncio.sleep(0)
    assert done == [0, 1, 2, 3, 4]


async def test_a_long_queue_takes_several_turns() -> None:
    """When the time of a turn is used up, the other steps run in the next one; steps added meanwhile come after them."""
    now = 100.0
    done: list[int] = []
    line = PacedQueue(lambda: now)

    def step(number: int) -> None:
        nonlocal now
        now += TURN_SECONDS * 0.6
        done.append(number)
        if number == 0:
            line.run(lambda: step(9))

    for number in range(4):
        line.run(lambda number=number: step(number))
    seen = []
    while len(done) < 5:
        await asyncio.sleep(0)
        seen.append(list(done))
    assert seen == [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 9]]


async def test_a_failing_step_does_not_stop_the_others() -> None:
    """The steps behind it run, and so do later ones."""
    done: list[int] = []
    line = PacedQueue()

    def fail() -> None:
        raise RuntimeError("broken")

    line.run(fail)
    line.run(lambda: done.append(1))
    await asyncio.sleep(0)
    line.run(lambda: done.append(2))
    await asyncio.sleep(0)
    assert done == [1, 2]
