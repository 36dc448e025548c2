"""The contract of every bus. A new bus is added to `BUSES` and must pass the same tests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex
from typing import Any

import pytest

from suhbat.bus.memory import MemoryBus, MemoryExchange
from suhbat.bus.nats import NatsBus
from suhbat.chat.model import Change
from suhbat.chat.ports import Bus
from suhbat.protocol.events import UserUpdated
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.objects import User
from tests import engines
from tests.servers import PATIENCE

Make = Callable[[], Bus]
ANNA = "@me:u1"
PROBE = b"probe "
"""Begins a notice by which a test finds out whether NATS has a subscription; not one of those that are recorded."""


def memory() -> Make:
    exchange = MemoryExchange()
    return lambda: MemoryBus(exchange)


def nats() -> Make:
    url = engines.nats().url
    return lambda: NatsBus(url)


BUSES = [memory, nats]


class Heard:
    """Records what a node received, in order; see chat.ports.BusListener."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.times_resumed = 0
        self.probes: set[tuple[str, bytes]] = set()

    def published(self, entries: list[LoggedEvent]) -> None:
        self.all += entries

    def noticed(self, log: str, payload: bytes, but: str | None) -> None:
        if payload.startswith(PROBE):
            self.probes.add((log, payload))
        else:
            self.all.append((log, payload, but))

    def changed(self, changes: list[Change]) -> None:
        self.all += changes

    def nudged(self) -> None:
        self.all.append("nudge")

    def resumed(self) -> None:
        self.times_resumed += 1

    async def becomes(self, wanted: list[Any]) -> None:
        await until(lambda: self.all == wanted or len(self.all) > len(wanted))
        assert self.all == wanted


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def nodes(make: Make, *heard: Heard, follow: tuple[str, ...] = (ANNA,)) -> AsyncIterator[list[Bus]]:
    """Buses connected to each other, all following these logs."""
    group = token_hex(4)
    async with AsyncExitStack() as stack:
        made = []
        for one in heard:
            bus = make()
            await bus.open(one, group)
            stack.push_async_callback(bus.close)
            for log in follow:
                bus.follow(log)
            made.append(bus)
        if not isinstance(made[0], MemoryBus):
            await until(lambda: all(one.times_resumed for one in heard))
            for (number, bus), log in itertools.product(enumerate(made), follow):
                await _reaches(bus, log, PROBE + b"%d" % number, [*heard[:number], *heard[number + 1 :]])
        yield made


async def _reaches(bus: Bus, log: str, payload: bytes, others: list[Heard]) -> None:
    """Wait until NATS passes what this node says of a log on to all others. It does not tell when it begins to."""
    async with asyncio.timeout(PATIENCE):
        while not all((log, payload) in one.probes for one in others):
            bus.notice(log, payload)
            await asyncio.sleep(0.05)


async def _is_passed_on(bus: Bus, log: str, payload: bytes, other: Heard) -> bool:
    """Whether the other node still hears what this one says of a log. What follows twice has not overtaken it."""
    bus.notice(log, payload)
    for _ in range(2):
        nudges = other.all.count("nudge")
        bus.nudge()
        await until(lambda seen=nudges: other.all.count("nudge") > seen)
    other.all = [one for one in other.all if one != "nudge"]
    return (log, payload) in other.probes


def entry(seq: int, log: str = ANNA) -> LoggedEvent:
    user = User(uid="u1", user_id="anna")
    return LoggedEvent(log, UserUpdated(conversation="@me", seq=seq, at=0, actor="anna", actor_uid="u1", user=user))


def message(seq: int, text: str) -> LoggedEvent:
    return LoggedEvent("lobby", LiveMessage("lobby", seq, seq, 5, "anna", "u1", text, "k"))


@pytest.fixture(params=BUSES, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param()
    return made


async def test_the_others_hear_it_in_order_and_oneself_does_not(make: Make) -> None:
    """Every other node receives published events in order and complete. The publishing node does not receive them."""
    heard = [Heard(), Heard(), Heard()]
    async with nodes(make, *heard, follow=(ANNA, "lobby")) as buses:
        said = [entry(1), message(1, "salom \u2028 \U0001f600"), entry(2)]
        buses[0].publish(said)
        buses[0].publish([entry(3)])
        for one in heard[1:]:
            await until(lambda one=one: len(one.all) >= 4)
            # Only the order within a log is guaranteed.
            assert [item for item in one.all if item.log == ANNA] == [entry(1), entry(2), entry(3)]
            assert [item for item in one.all if item.log != ANNA] == [said[1]]
        assert heard[0].all == []


async def test_what_is_not_followed_need_not_be_heard(make: Make) -> None:
    """After the last `unfollow` of a log, nothing of it is received. Other followers go on."""
    heard = [Heard(), Heard()]
    async with nodes(make, *heard, follow=(ANNA, "lobby")) as buses:
        buses[1].follow("lobby")
        buses[1].unfollow("lobby")
        buses[0].publish([message(1, "yes")])
        await heard[1].becomes([message(1, "yes")])
        buses[1].unfollow("lobby")
        for number in itertools.count(100):
            if not await _is_passed_on(buses[0], "lobby", PROBE + b"%d" % number, heard[1]):
                break
        buses[0].publish([message(2, "no")])
        buses[0].publish([entry(1)])
        await heard[1].becomes([message(1, "yes"), entry(1)])


async def test_notices_changes_and_nudges(make: Make) -> None:
    """They arrive unchanged: changes and nudges at every node, notices at the nodes that follow the log."""
    heard = [Heard(), Heard()]
    async with nodes(make, *heard) as buses:
        buses[0].notice(ANNA, b'{"type":"typing"}', "u7")
        await heard[1].becomes([(ANNA, b'{"type":"typing"}', "u7")])
        heard[1].all.clear()
        buses[0].tell([Change("session", "s1"), Change("bans", "u3")])
        await heard[1].becomes([Change("session", "s1"), Change("bans", "u3")])
        heard[1].all.clear()
        buses[0].nudge()
        await heard[1].becomes(["nudge"])


async def test_after_close_nothing_is_heard(make: Make) -> None:
    """A closed node receives nothing, publishing on it is harmless, and so is closing it twice."""
    heard = [Heard(), Heard(), Heard()]
    async with nodes(make, *heard) as buses:
        await buses[1].close()
        await buses[1].close()
        buses[0].publish([entry(1)])
        await heard[2].becomes([entry(1)])
        assert heard[1].all == []


async def test_a_great_batch_arrives(make: Make) -> None:
    """A batch that exceeds one message comes in several, in order."""
    heard = [Heard(), Heard()]
    async with nodes(make, *heard, follow=("lobby",)) as buses:
        said = [message(seq, "x" * 4_000) for seq in range(1, 501)]
        buses[0].publish(said)
        await heard[1].becomes(said)


async def test_an_event_that_no_bus_can_carry(make: Make) -> None:
    """An event larger than NATS accepts may be lost. Nothing breaks, and all others arrive."""
    heard = [Heard(), Heard()]
    async with nodes(make, *heard, follow=("lobby",)) as buses:
        buses[0].publish([message(1, "before"), message(2, "x" * 1_200_000), message(3, "after")])
        buses[0].publish([message(4, "later")])
        await until(lambda: message(4, "later") in heard[1].all)
        assert [item.event.seq for item in heard[1].all if item.event.seq != 2] == [1, 3, 4]


async def test_who_speaks_is_never_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing events that cannot be encoded does not raise, because they are committed already."""
    heard = [Heard(), Heard()]
    async with nodes(nats(), *heard, follow=("lobby",)) as buses:
        with monkeypatch.context() as patch:
            patch.setattr("suhbat.bus.frames.encode_event", None)
            buses[0].publish([message(1, "lost")])
        buses[0].publish([message(2, "heard")])
        await heard[1].becomes([message(2, "heard")])
