"""How many requests run and wait at a time."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from suhbat.outgoing.errors import Unreachable
from suhbat.outgoing.slots import Slots


async def test_one_host_does_not_fill_the_queue() -> None:
    """Of one host only some requests wait; the next is refused, while another host gets its slot at once."""
    slots, release = Slots(total=4, per_host=1, most_waiting=100, waiting_per_host=2), asyncio.Event()
    done: list[int] = []

    async def request(n: int) -> None:
        async with slots.hold("slow.example"):
            await release.wait()
            done.append(n)

    tasks = [asyncio.create_task(request(n)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unreachable):
        async with slots.hold("slow.example"):
            pass
    async with slots.hold("other.example"):
        pass
    release.set()
    await asyncio.gather(*tasks)
    assert done == [0, 1, 2]
    async with slots.hold("slow.example"):
        pass


async def test_the_queue_is_bounded() -> None:
    """However many hosts there are, no more than so many requests wait."""
    slots = Slots(total=1, per_host=1, most_waiting=2, waiting_per_host=2)
    async with slots.hold("a.example"):
        waiting = [
            asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold(f"{n}.example"))) for n in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Unreachable):
            async with slots.hold("b.example"):
                pass
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(5):
            one = asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold("c.example")))
            await asyncio.sleep(0)
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)


async def test_nothing_is_kept_of_a_host() -> None:
    """Users choose the hosts: after the last request, also one that was cancelled while it waited, nothing of it is left."""
    slots = Slots(total=1, per_host=1, most_waiting=9, waiting_per_host=9)
    async with slots.hold("a.example"):
        waiting = asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold("a.example")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert slots._hosts == {} and slots._waiting == 0
    with pytest.raises(ValueError, match="broken"):
        async with slots.hold("a.example"):
            raise ValueError("broken")
    assert slots._hosts == {} and slots._waiting == 0
