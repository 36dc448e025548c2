"""What every bus promises. A new bus joins `BUSES` and passes the same tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from suhbat.bus.memory import MemoryBus, MemoryExchange
from suhbat.chat.ports import Bus
from suhbat.protocol.events import LogEntry, UserUpdated
from suhbat.protocol.objects import User

Make = Callable[[], Bus]


def memory() -> Make:
    exchange = MemoryExchange()
    return lambda: MemoryBus(exchange)


BUSES = [pytest.param(memory, id="memory")]


def entry(seq: int) -> LogEntry:
    user = User(uid="u1", user_id="anna")
    return LogEntry("@me:u1", UserUpdated(conversation="@me", seq=seq, at=0, actor="anna", actor_uid="u1", user=user))


@pytest.mark.parametrize("make_bus", BUSES)
async def test_the_others_hear_it_in_order_and_oneself_does_not(make_bus: Callable[[], Make]) -> None:
    """What one node publishes every other node receives, in order; the node itself does not hear its own words."""
    make = make_bus()
    heard: dict[int, list[LogEntry]] = {0: [], 1: [], 2: []}
    nodes = [make() for _ in heard]
    for number, node in enumerate(nodes):
        await node.open(heard[number].extend)
    nodes[0].publish([entry(1), entry(2)])
    nodes[0].publish([entry(3)])
    assert heard == {0: [], 1: [entry(1), entry(2), entry(3)], 2: [entry(1), entry(2), entry(3)]}
    for node in nodes:
        await node.close()


@pytest.mark.parametrize("make_bus", BUSES)
async def test_after_close_nothing_is_heard(make_bus: Callable[[], Make]) -> None:
    """A closed node hears nothing, publishing to it harms nobody, and closing twice is harmless."""
    make = make_bus()
    heard: list[LogEntry] = []
    first, second = make(), make()
    await first.open(lambda entries: None)
    await second.open(heard.extend)
    await second.close()
    await second.close()
    first.publish([entry(1)])
    assert heard == []
    await first.close()
