"""Feeds: a connection that misses events is sent them from the log, page by page, until it can go live.

One procedure serves a new connection that resumes, one that asked to `sync`, and one whose socket was full: read a page
above its cursor, write it, wait until the socket has taken it, repeat. When nothing is missing any more, the connection
goes live in the same step without an await, so no event can be applied in between.
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
from .connection import STALL_SECONDS, Connection, FrameFormat
from .frames import Frames
from .gap_reader import GapReader
from .growth_notices import GrowthNotices
from .page_cache import LogPage, PageCache
from .presence import PresenceBroadcast


class Feeds:
    """Runs at most one feed for each connection. The feed ends when the connection is live or closed."""

    def __init__(
        self,
        channels: Channels,
        gaps: GapReader,
        pages: PageCache,
        announcements: Announcements,
        presence: PresenceBroadcast,
        growth: GrowthNotices,
        tasks: Tasks,
    ) -> None:
        self._channels = channels
        self._gaps = gaps
        self._pages = pages
        self._announcements = announcements
        self._presence = presence
        self._growth = growth
        self._tasks = tasks

    def start(self, connection: Connection) -> None:
        """Feed a connection until it is live. Does nothing if a feed runs for it, or if it is closed."""
        if not connection.feeding and not connection.wire.closed:
            connection.feeding = True
            self._tasks.start(self._run(connection))

    def catch_up(self, connection: Connection) -> None:
        """The same, but without a task if nothing has to be read or waited for: then the connection is live on return. Do not
        call it during a flush."""
        live = False
        try:
            if not (connection.feeding or connection.wire.closed or connection.wire.congested):
                complete = not self._unknown(connection) and not self._behind_connection(connection)
                live = complete and self._reach(connection) is None
        finally:
            if not live:
                self.start(connection)

    async def _run(self, connection: Connection) -> None:
        try:
            while connection.wire.closed is False and not await self._step(connection):
                pass
        finally:
            connection.feeding = False
            if not connection.live and not connection.wire.closed:
                # An exception or the shutdown ended the feed. Without a close the connection would wait for ever.
                connection.wire.close(Close.TOO_SLOW, "resume from your cursor")

    async def _step(self, connection: Connection) -> bool:
        """Write one page of each log that is behind. Returns True when the connection has gone live."""
        await drained(connection)
        if unknown := self._unknown(connection):
            await self._gaps.read_heads(unknown)
        for channel in self._behind_connection(connection):
            await self._gaps.read(channel)
        missing = self._reach(connection)
        if missing is None:
            return True
        for key in missing:
            if connection.wire.congested or connection.wire.closed:
                break
            await self._send_page(connection, key)
        return False

    def _reach(self, connection: Connection) -> list[str] | None:
        """Send what is due at this position. Returns the logs in which the connection misses events; None if it has gone
        live."""
        by_log = self._channels.by_log
        self._channels.flush()
        missing = [key for key, cursor in connection.lag.items() if cursor < (by_log[key].head or 0)]
        self._send_caught_up(connection)
        if LOBBY not in missing:
            # Announcements go before the lobby's next messages, and a user's own `joined` before the missed messages of
            # its directs.
            self._announcements.send_missed(connection)
        if not missing:
            if connection.wire.congested or connection.wire.closed or self._behind_connection(connection):
                return []
            if not self._growth.catch_up(connection):
                return []
            self._go_live(connection)
            return None
        return missing

    def _unknown(self, connection: Connection) -> list[Channel]:
        """The channels of its logs whose head has not been read yet."""
        channels = (self._channels.by_log.get(key) for key in connection.lag)
        return [channel for channel in channels if channel is not None and channel.head is None]

    def _behind_connection(self, connection: Connection) -> list[Channel]:
        """The channels whose head is below what the connection was sent, or below a target of it.

        The store may be ahead of a channel for a moment, and the connection reads from the store. If it went live now, it
        would get events twice, or would never get its `caught_up`.
        """
        behind: list[Channel] = []
        for key, cursor in connection.lag.items():
            channel = self._channels.by_log[key]
            if (channel.head or 0) < max([cursor, *(target.heads.get(key, 0) for target in connection.targets)]):
                behind.append(channel)
        return behind

    async def _send_page(self, connection: Connection, key: str) -> None:
        cursor = connection.lag.get(key)
        if cursor is None:
            return
        page = await self._pages.above(key, cursor)
        if key not in connection.lag or connection.lag[key] != cursor:
            return  # during the read the connection left the log, or a sync moved its cursor
        if connection.actor.uid in page.left:
            # This user was removed. The store is ahead of the channel here, which will apply the removal later; the events
            # after it must not be sent.
            self._channels.leave(connection, key)
            return
        if not page.events:
            # The log ends below its head, because retention deleted events. Events are never skipped silently.
            connection.wire.close(Close.TOO_SLOW, "resume from your cursor")
            return
        if connection.format is FrameFormat.V1:
            connection.wire.write(page.views.above(connection.floors.get(key, 0)))
        else:
            connection.wire.write(self._simple_frames(connection, key, page))
        connection.lag[key] = page.events[-1].seq

    def _simple_frames(self, connection: Connection, key: str, page: LogPage) -> Frames:
        """A page in the simple dialect, encoded for this reader."""
        channel = self._channels.by_log.get(key)
        echo = channel is not None and channel.echo
        frames = [simple.message_for(event, connection.actor, self._channels.link, echo=echo) for event in page.events]
        return Frames([frame for frame in frames if frame is not None])

    def _send_caught_up(self, connection: Connection) -> None:
        """Send `caught_up` for each target that is reached, in the order of the requests."""
        for target in list(connection.targets):
            if any(connection.lag.get(key, head) < head for key, head in target.heads.items()):
                return
            connection.targets.remove(target)
            if target.presence:
                self._send_presence(connection)
            connection.reply(v1.CAUGHT_UP)

    def _go_live(self, connection: Connection) -> None:
        """Let the channels write to the connection. It misses nothing, and its socket has room."""
        if connection.format is FrameFormat.SIMPLE:
            self._announcements.send_missed(connection)
        elif connection.missed_presence:
            self._send_presence(connection)
        connection.lag.clear()
        connection.live = True

    def _send_presence(self, connection: Connection) -> None:
        connection.missed_presence = False
        connection.reply(self._presence.full_notice(connection))


async def drained(connection: Connection) -> None:
    """Wait until the connection is no longer congested, or is closed. Closes it after STALL_SECONDS without progress: with
    4008, which a peer that reads again before the wire gives up does see."""
    wire = connection.wire
    while wire.congested and not wire.closed:
        before = wire.unsent()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await wire.drained()
        except TimeoutError:
            if wire.unsent() >= before:
                wire.close(Close.TOO_SLOW, "resume from your cursor")
                return
