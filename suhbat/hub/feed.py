"""Feeding a connection from the log until it is where the channels are, then letting it live (DESIGN §2, hard places).

The same way serves a new connection that resumes, one that asked to `sync`, and one whose socket was full: read a page above
its cursor, write it, wait until the socket took it, repeat. When nothing is missing any more it goes live in the same
step, without an await, so nothing can fall between.
"""

from __future__ import annotations

import asyncio

from suhbat.protocol import simple, v1
from suhbat.protocol.closes import Close
from suhbat.protocol.types import LOBBY
from suhbat.tasks import Tasks

from .announcements import Announcements
from .channel import Channel
from .channels import Channels
from .connection import Connection, FrameFormat
from .frames import Frames
from .gap_reader import GapReader
from .page_cache import LogPage, PageCache
from .presence import PresenceBroadcast

STALL_SECONDS = 30.0
"""A socket that takes nothing for this long is dropped."""


class Feeds:
    """One feed for each connection that is not live."""

    def __init__(
        self,
        channels: Channels,
        gaps: GapReader,
        pages: PageCache,
        announcements: Announcements,
        presence: PresenceBroadcast,
        tasks: Tasks,
    ) -> None:
        self._channels = channels
        self._gaps = gaps
        self._pages = pages
        self._announcements = announcements
        self._presence = presence
        self._tasks = tasks

    def start(self, connection: Connection) -> None:
        """Feed a connection until it is live. Nothing happens where it is fed already, or gone."""
        if not connection.feeding and not connection.wire.closed:
            connection.feeding = True
            self._tasks.start(self._run(connection))

    async def _run(self, connection: Connection) -> None:
        """Ends early when the connection is gone."""
        try:
            while connection.wire.closed is False and not await self._step(connection):
                pass
        finally:
            connection.feeding = False
            if not connection.live and not connection.wire.closed:
                # Only after an exception or at shutdown: the connection would otherwise wait for ever.
                connection.wire.close(Close.TOO_SLOW, "resume from your cursor")

    async def _step(self, connection: Connection) -> bool:
        """One page of each log that is behind. True when the connection is live."""
        by_log = self._channels.by_log
        await drained(connection)
        if unknown := [by_log[key] for key in connection.lag if key in by_log and by_log[key].head is None]:
            await self._gaps.read_heads(unknown)
        for channel in self._late(connection):
            await self._gaps.read(channel)
        self._channels.flush()
        missing = [key for key, cursor in connection.lag.items() if cursor < (by_log[key].head or 0)]
        self._tell_caught_up(connection)
        if LOBBY not in missing:
            # In their place: before the messages that are to come, and so one's own `joined` before what one has missed.
            self._announcements.send_missed(connection)
        if not missing:
            if connection.wire.congested or connection.wire.closed or self._late(connection):
                return False
            self._go_live(connection)
            return True
        for key in missing:
            if connection.wire.congested or connection.wire.closed:
                break
            await self._page(connection, key)
        return False

    def _late(self, connection: Connection) -> list[Channel]:
        """The channels that have not heard of what this connection was told, or is to be: the store is ahead for a moment.
        A connection that went live now would get it twice, or never be told that it has caught up."""
        late: list[Channel] = []
        for key, cursor in connection.lag.items():
            channel = self._channels.by_log[key]
            if (channel.head or 0) < max([cursor, *(target.heads.get(key, 0) for target in connection.targets)]):
                late.append(channel)
        return late

    async def _page(self, connection: Connection, key: str) -> None:
        cursor = connection.lag.get(key)
        if cursor is None:
            return
        page = await self._pages.above(key, cursor)
        if key not in connection.lag or connection.lag[key] != cursor:
            return  # left the log, or a sync moved the cursor, while we read
        if connection.actor.uid in page.left:
            # The store is ahead: the hub will hear of it, and what follows is not theirs.
            self._channels.leave(connection, key)
            return
        if not page.events:
            # The log is shorter than its head says (cut by retention): never skip silently.
            connection.wire.close(Close.TOO_SLOW, "resume from your cursor")
            return
        if connection.format is FrameFormat.V1:
            connection.wire.write(page.views.above(connection.floors.get(key, 0)))
        else:
            connection.wire.write(self._shown(connection, key, page))
        connection.lag[key] = page.events[-1].seq

    def _shown(self, connection: Connection, key: str, page: LogPage) -> Frames:
        """A page as the simple dialect shows it to this reader."""
        channel = self._channels.by_log.get(key)
        echo = channel is not None and channel.echo
        frames = [simple.message_for(event, connection.actor, echo=echo) for event in page.events]
        return Frames([frame for frame in frames if frame is not None])

    def _tell_caught_up(self, connection: Connection) -> None:
        for target in list(connection.targets):
            if any(connection.lag.get(key, head) < head for key, head in target.heads.items()):
                return
            connection.targets.remove(target)
            if target.presence:
                self._tell_presence(connection)
            connection.reply(v1.CAUGHT_UP)

    def _go_live(self, connection: Connection) -> None:
        """Nothing is missing and the socket has room: from here on frames come as they are made."""
        if connection.format is FrameFormat.SIMPLE:
            self._announcements.send_missed(connection)
        elif connection.missed_presence:
            self._tell_presence(connection)
        connection.lag.clear()
        connection.live = True

    def _tell_presence(self, connection: Connection) -> None:
        connection.missed_presence = False
        connection.reply(self._presence.whole(connection))


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
