"""No event after a removal reaches the removed member, in whatever order this process gets the events."""

from __future__ import annotations

import asyncio

from suhbat.hub.connection import Target
from tests.servers import PATIENCE

from .parts import Log, connect, running, settle

ROOM = "r1"


async def test_the_room_is_ahead_of_the_own_log() -> None:
    """The room's log is ahead of its members' own logs: the room's event alone stops delivery."""
    log = Log()
    async with running(log) as hub:
        (gone, told), (stays, hears) = connect(hub, "ub"), connect(hub, "uc")
        hub.apply([log.add_direct("ub", ROOM), log.add_direct("uc", ROOM), log.write(ROOM)])
        await settle()
        removed, left = log.leave("ub", ROOM)
        hub.apply([left, log.write(ROOM, text="after")])
        await settle()
        assert (told.seqs(ROOM), hears.seqs(ROOM)) == ([1], [1, 3])
        assert "member.left" not in told.types() and ROOM not in gone.logs and ROOM in stays.logs
        hub.apply([removed])
        await settle()
        assert told.types()[-1] == "conversation.removed"


async def test_a_readmitted_member_stays() -> None:
    """Older events of the room are read late. A member who was added again at a higher `seq` stays."""
    log = Log()
    async with running(log) as hub:
        back, told = connect(hub, "ub")
        connect(hub, "uc")
        hub.apply([log.add_direct("ub", ROOM), log.add_direct("uc", ROOM), log.write(ROOM)])
        await settle()
        removed, left = log.leave("ub", ROOM)
        hub.apply([removed])
        added = log.add_direct("ub", ROOM)
        state = added.event.state.model_copy(update={"head": 2})
        hub.apply([added._replace(event=added.event.model_copy(update={"state": state}))])
        hub.apply([left, log.write(ROOM, text="again")])
        await settle()
        await settle()
        assert ROOM in back.logs and told.seqs(ROOM) == [1, 3]


async def test_a_page_read_ahead_of_the_channel() -> None:
    """A connection that is fed gets nothing of a page that contains its user's removal, even before the hub has applied
    it."""
    log = Log()
    async with running(log) as hub:
        fed, told = connect(hub, "ub", live=False)
        for _ in range(3):
            log.write(ROOM)
        hub.follow(fed, {"@me:ub": 0, ROOM: 0})
        log.leave("ub", ROOM)
        log.write(ROOM, text="after")
        hub.catch_up(fed, Target({ROOM: 3}, presence=False))
        await settle()
        assert told.seqs(ROOM) == [] and ROOM not in fed.logs
        assert told.types() == ["conversation.removed", "caught_up"]


async def test_a_read_without_listeners_ends() -> None:
    """The last listener leaves during a read of the room's gap; the reading ends."""
    log = Log()
    async with running(log) as hub:
        connection, _ = connect(hub, "ub")
        hub.apply([log.add_direct("ub", ROOM)])
        channel = hub.channels.by_log[ROOM]
        log.write(ROOM)
        log.gate.clear()
        reading = asyncio.ensure_future(hub.gaps.read(channel))
        await settle()
        hub.remove(connection)
        log.gate.set()
        async with asyncio.timeout(PATIENCE):
            await reading
