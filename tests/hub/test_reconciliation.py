"""Comparing with the store: nothing stays unseen for longer than one look, whenever somebody began to follow it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from suhbat.chat.model import Change, Moved
from suhbat.hub.connection import Target
from suhbat.hub.reconciliation import Reconciliation
from suhbat.protocol.events import LogEntry, own_log

from .parts import Log, connect, reconciling, running, settle

ROOM = "r1"


class Journal(Log):
    """A log beside other nodes: what was written since the mark, in the order of writing; or `whole`, the heads of what
    is asked for. `seen` is called when a look has its answer and does not know it yet."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole
        self.written: list[LogEntry] = []
        self.changes: tuple[Change, ...] = ()
        self.seen: Any = lambda: None

    async def moved(self, logs: Collection[str], since: str | None = None) -> Moved:
        if self.whole or since is None:
            heads = {key: len(self.entries.get(key, ())) for key in logs}
        else:
            heads = {entry.log: entry.event.seq for entry in self.written[int(since) :]}
        moved = Moved(str(len(self.written)), heads, self.changes, self.whole)
        self.seen()
        await asyncio.sleep(0)
        return moved

    def admit(self, uid: str, room: str) -> None:
        """Let somebody into a room, which has as many events then as it has now."""
        self.add_direct(uid, room)
        added = self.entries[own_log(uid)][-1]
        state = added.event.state.model_copy(update={"head": len(self.entries.get(room, ()))})  # type: ignore[union-attr]
        self.entries[own_log(uid)][-1] = added._replace(event=added.event.model_copy(update={"state": state}))

    def _append(self, log: str, event: Any) -> LogEntry:
        self.written.append(super()._append(log, event))
        return self.written[-1]


async def look(reconciliation: Reconciliation) -> None:
    """One look at the store, by hand: those that come by themselves come every 2 s."""
    reconciliation.compare_soon()
    await settle()


@pytest.fixture(params=[False, True], ids=["journal", "whole"])
def log(request: pytest.FixtureRequest) -> Journal:
    return Journal(whole=request.param)


async def test_admitted_and_written_to_between_two_looks(log: Journal) -> None:
    """Somebody is let into a room by another node, and something is said there at once: it comes with the same look,
    though it stands before their own log in the journal, and its head is the one that `pong` tells."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub")
        log.write(ROOM, text="before")
        log.admit("ub", ROOM)
        log.write(ROOM, text="said at once")
        await look(reconciliation)
        assert wire.types() == ["conversation.added", "message.created"] and wire.seqs(ROOM) == [2]
        assert hub.heads_for(connection)[ROOM] == 2


async def test_somebody_comes_during_a_look(log: Journal) -> None:
    """Their own log is new, and what it says of a conversation is as old as the look: what was said there is not missed."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub", live=False)

        def come() -> None:
            # Their own log was read a moment before the look asked, and the other node wrote in between.
            hub.start_live(connection)
            log.seen = lambda: None

        log.write(ROOM)
        log.admit("ub", ROOM)
        log.write(ROOM, text="said at once")
        log.seen = come
        await look(reconciliation)
        assert wire.seqs(ROOM) == [2]


async def test_a_head_that_is_being_read_during_a_look(log: Journal) -> None:
    """A log whose head is not here yet is not passed over: the read that brings it may have begun before the look."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub", live=False)
        heads = log.heads
        log.write(ROOM)
        read, arrived = asyncio.Event(), asyncio.Event()

        async def slow(logs: Collection[str] | None = None) -> dict[str, int]:
            log.heads = heads  # type: ignore[method-assign]
            found = await heads(logs)
            read.set()
            await arrived.wait()
            return found

        log.heads = slow  # type: ignore[method-assign, assignment]
        hub.follow(connection, {ROOM: 1})
        hub.catch_up(connection, Target({}, presence=False))
        await read.wait()
        log.write(ROOM, text="unheard")
        await look(reconciliation)
        arrived.set()
        await settle()
        assert wire.seqs(ROOM) == [2]
