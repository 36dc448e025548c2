"""Writes to many connections go out a few at a time. The loop is free in between, and no connection gets anything too early,
twice or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.hub import channel, channels
from suhbat.hub.connection import Connection, FrameFormat
from suhbat.hub.hub import Hub
from suhbat.hub.partial_flush import AT_ONCE
from suhbat.protocol import simple
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.replies import encode

from .parts import Log, RecordingWire, connect, running, settle


@contextmanager
def at_once(most: int) -> Iterator[None]:
    with patch.object(channel, "AT_ONCE", most), patch.object(channels, "AT_ONCE", most):
        yield


@pytest.fixture(autouse=True)
def one_at_once() -> Iterator[None]:
    with at_once(1):
        yield


def publish(hub: Hub, *entries: LoggedEvent) -> None:
    """As the writer does."""
    hub.committed(list(entries))()


def counts(wires: list[RecordingWire]) -> list[int]:
    return [len(wire.seqs()) for wire in wires]


@pytest.mark.parametrize("format", FrameFormat)
async def test_others_are_served_in_between(format: FrameFormat) -> None:
    """Each turn of the loop writes to the next connections, in the order in which they came."""
    log = Log()
    async with running(log) as hub:
        wires = [connect(hub, f"u{number}", format)[1] for number in range(3)]
        publish(hub, log.write())
        seen = [counts(wires)]
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append(counts(wires))
        assert seen == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]


async def test_a_room_of_an_ordinary_size() -> None:
    """It is told in one turn."""
    log = Log()
    with at_once(AT_ONCE):
        async with running(log) as hub:
            wires = [connect(hub, f"u{number}")[1] for number in range(AT_ONCE)]
            publish(hub, log.write())
            assert counts(wires) == [1] * AT_ONCE


async def test_the_next_event() -> None:
    """It overtakes the first one on no connection."""
    log = Log()
    async with running(log) as hub:
        wires = [connect(hub, f"u{number}")[1] for number in range(4)]
        publish(hub, log.write())
        publish(hub, log.write())
        assert [wire.seqs() for wire in wires] == [[1, 2], [1], [1], [1]]
        await settle()
        assert [wire.seqs() for wire in wires] == [[1, 2]] * 4


async def test_a_direct_does_not_wait_for_a_room() -> None:
    """Nor does the room go out at once because of it: only those two get the room's message then, and before it."""
    log = Log()
    with at_once(2):
        async with running(log) as hub:
            wires = [connect(hub, f"u{number}")[1] for number in range(5)]
            publish(hub, *(log.add_direct(f"u{number}", "d1") for number in (3, 4)))
            publish(hub, log.write())
            publish(hub, log.write("d1"))
            assert counts(wires) == [1, 1, 0, 1, 1]
            assert [[one["conversation"] for one in wire.frames[1:]] for wire in wires[3:]] == [["lobby", "d1"]] * 2
            await settle()
            assert counts(wires) == [1] * 5


async def test_many_events_together() -> None:
    """While more are coming, they are not written a few at a time: that would only delay them."""
    log = Log()
    async with running(log) as hub:
        wires = [connect(hub, f"u{number}")[1] for number in range(3)]
        hub.channels._more_coming = lambda: True
        publish(hub, log.write())
        assert counts(wires) == [1, 1, 1]


async def test_a_flush_to_the_end() -> None:
    """What must know that everything is written, such as a `sync`, has it written."""
    log = Log()
    async with running(log) as hub:
        wires = [connect(hub, f"u{number}")[1] for number in range(3)]
        publish(hub, log.write())
        hub.flush()
        assert counts(wires) == [1, 1, 1]


async def test_where_a_connection_is() -> None:
    """It is where its last frame is, also while the next one waits. A pong tells of no event that comes after it."""
    log = Log()
    async with running(log) as hub:
        opened = [connect(hub, f"u{number}") for number in range(3)]
        publish(hub, log.write())
        assert [hub.position(connection)["lobby"] for connection, _ in opened] == [1, 0, 0]
        assert [dict(hub.recent_position(connection, "lobby"))["lobby"] for connection, _ in opened] == [1, 0, 0]
        connection, wire = opened[2]
        assert hub.heads_for(connection)["lobby"] == 1 and wire.seqs() == [1]
        assert hub.position(connection)["lobby"] == 1


async def test_a_notice() -> None:
    """What is said of an event comes after it."""
    log = Log()
    async with running(log) as hub:
        wires = [connect(hub, f"u{number}")[1] for number in range(3)]
        publish(hub, log.write())
        hub.notices.deliver("lobby", encode(TypingNotice(conversation="lobby", user_id="a", uid="ua")))
        assert [wire.types() for wire in wires] == [["message.created", "typing"]] * 3


async def test_who_comes_and_who_goes() -> None:
    """Who comes meanwhile gets nothing from before; who leaves has got what was published before."""
    log = Log()
    async with running(log) as hub:
        opened = [connect(hub, f"u{number}") for number in range(3)]
        publish(hub, log.write())
        _, newcomer = connect(hub, "u9")
        connection, wire = opened[2]
        hub.remove(connection)
        assert wire.seqs() == [1]
        publish(hub, log.write())
        await settle()
        assert newcomer.seqs() == [2] and wire.seqs() == [1] and opened[1][1].seqs() == [1, 2]


async def test_an_announcement_to_who_falls_behind() -> None:
    """A reader of the simple dialect whose socket fills before its turn gets the frame without a `seq` later, and once."""
    async with running(Log()) as hub:
        wires = [connect(hub, f"u{number}", FrameFormat.SIMPLE)[1] for number in range(3)]
        hub.announcements.announce(simple.joined("c", "uc", 0))
        await asyncio.sleep(0)
        wires[2].congested = True
        await settle()
        wires[2].drain()
        await settle()
        assert [wire.types() for wire in wires] == [["joined"]] * 3


people = st.integers(0, 2)
steps = st.lists(
    st.tuples(st.sampled_from(["lobby", "d1", "turn", "turns", "congest", "drain", "sync"]), people), max_size=40
)


def written(wire: RecordingWire, name: str) -> int:
    """The last `seq` that this wire has got of a log. None is skipped."""
    cursor = 0
    for seq in wire.seqs(name):
        assert seq <= cursor + 1, "a seq was skipped"
        cursor = max(cursor, seq)
    return cursor


@given(steps)
def test_any_order_of_operations(sequence: list[tuple[str, int]]) -> None:
    """Nobody misses anything; the hub always knows what a connection has got; and who was never behind has got everything in
    the order of the commits."""

    async def scenario() -> None:
        log, order = Log(), list[tuple[str, int]]()
        async with running(log) as hub:
            opened = [connect(hub, f"u{number}") for number in range(3)]
            publish(hub, *(log.add_direct(f"u{number}", "d1") for number in (1, 2)))
            await settle()
            behind: set[int] = set()
            for step, number in sequence:
                connection, wire = opened[number]
                if step in ("lobby", "d1"):
                    order.append((step, len(log.entries.get(step, [])) + 1))
                    publish(hub, log.write(step))
                else:
                    await take(step, hub, connection, wire)
                    behind |= {number} if step in ("congest", "sync") else set()
                for one, its in opened:
                    if not behind:
                        assert hub.position(one)["lobby"] == written(its, "lobby")
            for _, wire in opened:
                wire.drain()
            await settle()
            await settle()
            for number, (_, wire) in enumerate(opened):
                names = ["lobby"] if number == 0 else ["lobby", "d1"]
                assert {name: written(wire, name) for name in names} == {
                    name: len(log.entries.get(name, [])) for name in names
                }
                if number not in behind:
                    got = [(one["conversation"], one["seq"]) for one in wire.frames if one["type"] == "message.created"]
                    assert got == [one for one in order if one[0] in names]

    with patch.object(channel, "AT_ONCE", 1), patch.object(channels, "AT_ONCE", 2):
        asyncio.run(scenario())


async def take(step: str, hub: Hub, connection: Connection, wire: RecordingWire) -> None:
    if step == "turn":
        await asyncio.sleep(0)
    elif step == "turns":
        await settle()
    elif step == "congest":
        wire.congested = True
    elif step == "drain":
        wire.drain()
    else:
        hub.sync(connection, {name: written(wire, name) for name in ("lobby", "d1") if name in connection.logs})
        hub.catch_up(connection, None)
