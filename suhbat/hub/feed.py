"""Feeding a connection from the log until it is where the rooms are, then letting it live (DESIGN §2, hard places).

The same way serves a new connection that resumes, one that asked to `sync`, and one whose socket was full: read a page above
its cursor, write it, wait until the socket took it, repeat. When nothing is missing any more it goes live in the same
step, without an await, so nothing can fall between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from suhbat.protocol import simple, v1
from suhbat.protocol.closes import Close
from suhbat.protocol.types import LOBBY

from .connection import Connection, Dialect
from .frames import Frames
from .pages import Page

if TYPE_CHECKING:
    from .hub import Hub
    from .room import Room

STALL_SECONDS = 30.0
"""A socket that takes nothing for this long is dropped."""


async def run(hub: Hub, connection: Connection) -> None:
    """Feed until live. Ends early when the connection is gone."""
    try:
        while connection.wire.closed is False and not await _step(hub, connection):
            pass
    finally:
        connection.feeding = False
        if not connection.live and not connection.wire.closed:
            # Only an exception or a shutdown comes here: the connection would otherwise wait for ever.
            connection.wire.close(Close.TOO_SLOW, "resume from your cursor")


async def _step(hub: Hub, connection: Connection) -> bool:
    """One page of each log that is behind. True when the connection is live."""
    await drained(connection)
    if unknown := [hub.rooms[key] for key in connection.lag if key in hub.rooms and hub.rooms[key].head is None]:
        await hub.load(unknown)
    for room in _late(hub, connection):
        await hub.read(room)
    hub.flush()
    missing = [key for key, cursor in connection.lag.items() if cursor < (hub.rooms[key].head or 0)]
    _tell_caught_up(hub, connection)
    if LOBBY not in missing:
        # In their place: before the messages that are to come, and so one's own `joined` before what one has missed.
        _announcements(hub, connection)
    if not missing:
        if connection.wire.congested or connection.wire.closed or _late(hub, connection):
            return False
        _go_live(hub, connection)
        return True
    for key in missing:
        if connection.wire.congested or connection.wire.closed:
            break
        await _page(hub, connection, key)
    return False


def _late(hub: Hub, connection: Connection) -> list[Room]:
    """The rooms that have not heard of what this connection was told, or is to be: the store is ahead for a moment, and
    who went live now would get it twice, or never be told that it has caught up."""
    late: list[Room] = []
    for key, cursor in connection.lag.items():
        room = hub.rooms[key]
        if (room.head or 0) < max([cursor, *(target.heads.get(key, 0) for target in connection.targets)]):
            late.append(room)
    return late


async def _page(hub: Hub, connection: Connection, key: str) -> None:
    cursor = connection.lag.get(key)
    if cursor is None:
        return
    page = await hub.pages.above(key, cursor)
    if key not in connection.lag or connection.lag[key] != cursor:
        return  # left the log, or a sync moved the cursor, while we read
    if connection.actor.uid in page.left:
        hub.leave(connection, key)  # the store is ahead: the hub will hear of it, and what follows is not theirs
        return
    if not page.events:
        # The log is shorter than its head says (cut by retention): never skip silently.
        connection.wire.close(Close.TOO_SLOW, "resume from your cursor")
        return
    if connection.dialect is Dialect.V1:
        connection.wire.write(page.views.above(connection.floors.get(key, 0)))
    else:
        connection.wire.write(_shown(hub, connection, key, page))
    connection.lag[key] = page.events[-1].seq


def _shown(hub: Hub, connection: Connection, key: str, page: Page) -> Frames:
    """A page as the simple dialect shows it to this reader."""
    room = hub.rooms.get(key)
    echo = room is not None and room.echo
    frames = [simple.message_for(event, connection.actor, echo=echo) for event in page.events]
    return Frames([frame for frame in frames if frame is not None])


def _tell_caught_up(hub: Hub, connection: Connection) -> None:
    for target in list(connection.targets):
        if any(connection.lag.get(key, head) < head for key, head in target.heads.items()):
            return
        connection.targets.remove(target)
        if target.presence:
            _presence(hub, connection)
        connection.reply(v1.CAUGHT_UP)


def _go_live(hub: Hub, connection: Connection) -> None:
    """Nothing is missing and the socket has room: from here on frames come as they are made."""
    if connection.dialect is Dialect.SIMPLE:
        _announcements(hub, connection)
    elif connection.missed_presence:
        _presence(hub, connection)
    connection.lag.clear()
    connection.live = True


def _announcements(hub: Hub, connection: Connection) -> None:
    """The joins and leaves that a connection of the simple dialect has not heard of, as far as they are kept."""
    if connection.dialect is not Dialect.SIMPLE or connection.wire.congested:
        return
    missed = [frame for number, frame in hub.ring if number > connection.announced]
    if missed:
        connection.wire.write(Frames(missed))
    connection.announced = hub.rooms[LOBBY].announced


def _presence(hub: Hub, connection: Connection) -> None:
    connection.missed_presence = False
    if hub.whole_presence is not None and (frame := hub.whole_presence(connection)):
        connection.reply(frame)


async def drained(connection: Connection) -> None:
    """Wait until the socket took what it has; drop one that takes nothing for 30 s."""
    wire = connection.wire
    while wire.congested and not wire.closed:
        before = wire.unsent()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await wire.drained()
        except TimeoutError:
            if wire.unsent() >= before:
                wire.abort()
                return
