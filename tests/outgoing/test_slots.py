"""How many requests run and wait at a time."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from suhbat.outgoing import slots as slots_module
from suhbat.outgoing.errors import NotReached
from suhbat.outgoing.slots import SlotLimits, Slots
from tests.servers import PATIENCE

LIMITS = SlotLimits(
    quick=1, others=1, per_host=9, per_owner=9, waiting=100, waiting_per_host=100, waiting_per_owner=100
)


async def test_one_host_does_not_fill_the_queue() -> None:
    """Of one host only some requests wait; the next is refused, while another host gets its slot at once."""
    slots, release = Slots(LIMITS._replace(others=4, per_host=1, waiting_per_host=2)), asyncio.Event()
    done: list[int] = []

    async def request(n: int) -> None:
        async with slots.hold("slow.example"):
            await release.wait()
            done.append(n)

    tasks = [asyncio.create_task(request(n)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(NotReached):
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
    slots = Slots(LIMITS._replace(per_host=1, waiting=2))
    async with slots.hold("a.example"):
        waiting = [
            asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold(f"{n}.example"))) for n in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(NotReached):
            async with slots.hold("b.example"):
                pass
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            one = asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold("c.example")))
            await asyncio.sleep(0)
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)


async def test_nothing_is_kept_of_a_host() -> None:
    """Users choose the hosts: after the last request, also one that was cancelled while it waited, nothing of it is left."""
    slots = Slots(LIMITS._replace(per_host=1))
    async with slots.hold("a.example"):
        waiting = asyncio.create_task(AsyncExitStack().enter_async_context(slots.hold("a.example")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert slots._hosts._users == {} and slots._waiting == 0
    with pytest.raises(ValueError, match="broken"):
        async with slots.hold("a.example"):
            raise ValueError("broken")
    assert slots._hosts._users == {} and slots._waiting == 0


async def test_hosts_that_do_not_answer_hold_up_only_each_other() -> None:
    """However many hosts hang, and however many people gave them, a host that answers is asked at once; until the first time
    that it does not."""
    slots, never = Slots(LIMITS), asyncio.Event()

    async def hang(n: int) -> None:
        async with slots.hold(f"{n}.example", f"u{n}"):
            await never.wait()

    async with slots.hold("push.example"):
        pass
    assert slots.is_quick("push.example")
    hanging = [asyncio.create_task(hang(n)) for n in range(50)]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        async with slots.hold("push.example"):
            pass
    with pytest.raises(NotReached):
        async with slots.hold("push.example"):
            raise NotReached("hangs")
    assert not slots.is_quick("push.example")
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert slots._owners._users == {} and not slots.is_quick("0.example")


async def test_a_host_that_answers_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no quick one: it would hold up those who are."""
    slots = Slots(LIMITS)
    monkeypatch.setattr(slots_module, "QUICK_SECONDS", 0.0)
    async with slots.hold("slow.example"):
        pass
    assert not slots.is_quick("slow.example")
    monkeypatch.setattr(slots_module, "QUICK_SECONDS", 60.0)
    monkeypatch.setattr(slots_module, "MOST_QUICK", 2)
    for n in range(3):
        async with slots.hold(f"{n}.example"):
            pass
    assert [slots.is_quick(f"{n}.example") for n in range(3)] == [False, True, True]


async def test_hosts_that_answer_once_and_then_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold up those that answer for QUICK_SECONDS, not until their time is over. For the rest they take slots of the hosts
    that do not answer, as far as some are free, and give back what they have."""
    slots, release = Slots(LIMITS), asyncio.Event()

    async def hang(host: str) -> None:
        async with slots.hold(host):
            await release.wait()

    for host in ("trap.example", "push.example", "trap2.example"):
        async with slots.hold(host):
            pass
    monkeypatch.setattr(slots_module, "QUICK_SECONDS", 0.0)
    hanging = [asyncio.create_task(hang("trap.example"))]
    async with asyncio.timeout(PATIENCE):
        while slots.is_quick("trap.example"):
            await asyncio.sleep(0)
        monkeypatch.setattr(slots_module, "QUICK_SECONDS", 60.0)
        async with slots.hold("push.example"):
            pass
    monkeypatch.setattr(slots_module, "QUICK_SECONDS", 0.0)
    hanging.append(asyncio.create_task(hang("trap2.example")))
    async with asyncio.timeout(PATIENCE):
        while slots.is_quick("trap2.example"):
            await asyncio.sleep(0)
    assert slots._others.locked() and not slots._quick.locked()
    release.set()
    await asyncio.gather(*hanging)
    await asyncio.sleep(0)
    assert (slots._quick._value, slots._others._value) == (1, 1)


async def test_one_owner_does_not_hold_all_slots() -> None:
    """A person with many addresses, at as many hosts, has a few requests in progress, and few wait."""
    slots, release = Slots(LIMITS._replace(others=9, per_owner=2, waiting_per_owner=1)), asyncio.Event()
    running = 0

    async def request(n: int) -> None:
        nonlocal running
        async with slots.hold(f"{n}.example", "ali"):
            running += 1
            await release.wait()

    tasks = [asyncio.create_task(request(n)) for n in range(3)]
    await asyncio.sleep(0)
    assert running == 2
    with pytest.raises(NotReached):
        async with slots.hold("9.example", "ali"):
            pass
    async with slots.hold("9.example", "vali"):
        pass
    release.set()
    await asyncio.gather(*tasks)
    assert running == 3 and slots._owners._users == {}
