"""Reconciliation: no event stays unseen for longer than one comparison, whenever a channel was opened."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from suhbat.chat.model import Change, StoreDelta
from suhbat.hub.connection import Target
from suhbat.hub.reconciliation import Reconciliation
from suhbat.protocol.logged_events import LoggedEvent, own_log

from .parts import Log, connect, reconciling, running, settle

ROOM = "r1"


class Journal(Log):
    """A log that other nodes write too. `moved` returns what was written since the mark, in order; or, `whole`, the
    heads of all logs asked for. `seen` is called when a comparison has its answer, before it is processed."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole
        self.written: list[LoggedEvent] = []
        self.changes: tuple[Change, ...] = ()
        self.seen: Any = lambda: None

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        if self.whole or since is None:
            heads = {key: len(self.entries.get(key, ())) for key in logs}
        else:
            heads = {entry.log: entry.event.seq for entry in self.written[int(since) :]}
        moved = StoreDelta(str(len(self.written)), heads, self.changes, self.whole)
        self.seen()
        await asyncio.sleep(0)
        return moved

    def admit(self, uid: str, room: str) -> None:
        """Add a member to a room, which then has as many events as now."""
        self.add_direct(uid, room)
        added = self.entries[own_log(uid)][-1]
        state = added.event.state.model_copy(update={"head": len(self.entries.get(room, ()))})
        self.entries[own_log(uid)][-1] = added._replace(event=added.event.model_copy(update={"state": state}))

    def _append(self, log: str, event: Any) -> LoggedEvent:
        self.written.append(super()._append(log, event))
        return self.written[-1]


async def look(reconciliation: Reconciliation) -> None:
    """Make one comparison; the regular ones come every 2 s."""
    reconciliation.compare_soon()
    await settle()


@pytest.fixture(params=[False, True], ids=["journal", "whole"])
def log(request: pytest.FixtureRequest) -> Journal:
    return Journal(whole=request.param)


async def test_admitted_and_written_to_between_two_comparisons(log: Journal) -> None:
    """Another node adds a user to a room and a message is sent there at once. The same comparison finds it, although it
    is before the user's own log in the journal, and `pong` has its head."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub")
        log.write(ROOM, text="before")
        log.admit("ub", ROOM)
        log.write(ROOM, text="said at once")
        await look(reconciliation)
        assert wire.types() == ["conversation.added", "message.created"] and wire.seqs(ROOM) == [2]
        assert hub.heads_for(connection)[ROOM] == 2


async def test_a_user_connects_during_a_comparison(log: Journal) -> None:
    """A user connects during a comparison. The own log is new, and its events name conversations as of the comparison;
    messages sent there since are found."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub", live=False)

        def come() -> None:
            # The own log was read just before the comparison, and the other node wrote in between.
            hub.start_live(connection)
            log.seen = lambda: None

        log.write(ROOM)
        log.admit("ub", ROOM)
        log.write(ROOM, text="said at once")
        log.seen = come
        await look(reconciliation)
        assert wire.seqs(ROOM) == [2]


async def test_a_head_is_read_during_a_comparison(log: Journal) -> None:
    """A log whose head is still being read is not skipped, because that read may have begun before the comparison."""
    async with running(log) as hub, reconciling(hub, log) as reconciliation:
        await look(reconciliation)
        connection, wire = connect(hub, "ub", live=False)
        heads = log.heads
        log.write(ROOM)
        read, arrived = asyncio.Event(), asyncio.Event()

        async def slow(logs: Collection[str] | None = None) -> dict[str, int]:
            log.heads = heads
            found = await heads(logs)
            read.set()
            await arrived.wait()
            return found

        log.heads = slow
        hub.follow(connection, {ROOM: 1})
        hub.catch_up(connection, Target({}, presence=False))
        await read.wait()
        log.write(ROOM, text="unheard")
        await look(reconciliation)
        arrived.set()
        await settle()
        assert wire.seqs(ROOM) == [2]
