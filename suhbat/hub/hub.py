"""The hub: it applies every event once and in order, and fans it out to the connections that follow the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import nlargest

from suhbat.chat.model import Places
from suhbat.chat.ports import Bus, LogReader
from suhbat.chat.presence import PresenceTracker
from suhbat.protocol.closes import Close
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, MemberLeft, MessageCreated, ReadMarked
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LiveEvent, LoggedEvent, own_log
from suhbat.protocol.simple import Link
from suhbat.protocol.types import LOBBY
from suhbat.tasks import Tasks

from .announcements import Announcements
from .channel import Channel
from .channels import Channels
from .connection import Connection, FrameFormat, Target
from .connections import Connections
from .feed import Feeds
from .gap_reader import GapReader
from .growing import Growing
from .notices import Notices
from .page_cache import PageCache
from .presence import PresenceBroadcast
from .profiles import ProfileBroadcast
from .turn_end import TurnEnd

RECENT = 64
"""Logs of `Hub.recent_position`."""


class Hub:
    """The live connections of this process. Used on the event loop only; nothing here blocks.

    A connection follows logs from cursors (`follow`) and is fed the events above them (`catch_up`) until it is live. It may
    go back to earlier cursors (`sync`). `position` returns where it is. Nothing else changes a connection's position.

    `more_coming`: whether more events are about to be applied; see `Coalescing`. `applied` counts events, for metrics.
    `link`: see `protocol.simple`. `turn_end`: when the frames and replies of a turn of the loop are written.
    """

    def __init__(
        self,
        store: LogReader,
        bus: Bus,
        presence: PresenceTracker,
        tasks: Tasks,
        more_coming: Callable[[], bool],
        link: Link,
    ) -> None:
        self.applied = 0
        self.turn_end = TurnEnd()
        self._bus = bus
        self.pages = PageCache(store)
        self.channels = Channels(bus, self.pages, more_coming, self._feed, self.turn_end, link)
        self.notices = Notices(self.channels, bus)
        self.growing = Growing(self.channels, bus)
        self._profiles = ProfileBroadcast(self.notices)
        self.connections = Connections(self.channels, self._profiles)
        self.announcements = Announcements(self.channels)
        self.gaps = GapReader(store, self.channels, tasks, self)
        self._presence = PresenceBroadcast(self.channels, self.notices, presence)
        self._feeds = Feeds(
            self.channels, self.gaps, self.pages, self.announcements, self._presence, self.growing.notices, tasks
        )
        self._tasks = tasks

    async def open(self) -> None:
        """Open the lobby's channel, and start to send presence notices. Raises Busy."""
        await self.gaps.read_heads([self.channels.open(LOBBY)])
        self._tasks.start(self._presence.run())

    def close(self) -> None:
        """Flush, then close all connections with 1012 (service restart; clients reconnect)."""
        self.flush()
        self._profiles.close()
        for connection in list(self.connections):
            connection.wire.close(Close.RESTART, "restart")

    # Events

    def committed(self, entries: list[LoggedEvent]) -> Callable[[], None]:
        """Deliver a durable batch of this node's writer to the own connections, then to the bus, which may fail.

        Returns the call that writes the frames. Make it in this turn of the loop, after the replies of the batch."""
        self.turn_end.hold()
        try:
            self.apply(entries, ours=True)
            self._bus.publish(entries)
        except BaseException:
            self.turn_end.run()
            raise
        return self.turn_end.run

    def apply(self, entries: Iterable[LoggedEvent], *, ours: bool = False) -> None:
        """Apply events of this node's writer (`ours`), of the bus or of the store. This is the only way in for events.

        A channel advances by exactly head + 1. Events at or below the head are dropped. Events above head + 1 wait 50 ms for
        those before them, then the gap is read from the store. Events of logs without a channel are ignored.
        """
        by_log, growing = self.channels.by_log, self.growing.by_log
        for key, event in entries:
            if growing or (type(event) is LiveMessage and event.extra is not None):
                self.growing.heard(key, event, ours=ours)
            if ours and type(event) is ReadMarked:
                self.notices.broadcast_receipt(event)
            channel = by_log.get(key)
            if channel is not None:
                self._applied(channel, channel.accept(event))
                if channel.held:
                    self.gaps.fill_later(channel)

    def learn_head(self, log: str, head: int) -> int:
        """Start a channel at the store's head, if it has none yet. The head must have been read after the channel was
        opened. Returns the channel's head, which is higher if events were applied since the read."""
        channel = self.channels.by_log.get(log)
        if channel is None:
            return head
        if channel.head is None:
            self._applied(channel, channel.begin(head))
        return channel.head or 0

    def flush(self) -> None:
        """Flush all channels now."""
        self.channels.flush()

    def _applied(self, channel: Channel, events: list[LiveEvent]) -> None:
        for event in events:
            self.applied += 1
            if isinstance(event, LiveMessage):
                continue  # nothing else follows from most events
            if not isinstance(event, MessageCreated):
                self.pages.forget(channel.log)  # the event may have changed the text of older events
            if isinstance(event, ConversationAdded):
                # The simple dialect shows no rooms.
                is_room = event.state.kind == "room"
                for connection in list(channel.listeners[FrameFormat.V1]) if is_room else channel.all_listeners():
                    self._attach(
                        connection,
                        event.state.conversation,
                        event.state.head,
                        known_head=event.state.head,
                        floor=event.state.since,
                        echo=event.state.member_count == 1,
                    )
            elif isinstance(event, ConversationRemoved):
                for connection in channel.all_listeners():
                    self.leave(connection, event.removed)
            elif isinstance(event, MemberLeft):
                # The event in the member's own log may arrive later than this one, and no event after this one may reach
                # them. A member who rejoined after this event keeps the channel: their cursor is above it.
                for connection in [one for one in channel.listeners[FrameFormat.V1] if one.actor.uid == event.user.uid]:
                    if connection.lag.get(channel.log, 0) < event.seq:
                        self.leave(connection, channel.log)
        if events:
            self.channels.advanced(channel)

    # Connections

    def add(self, connection: Connection) -> None:
        """Register an authenticated connection."""
        self.connections.add(connection)

    def remove(self, connection: Connection) -> None:
        """Unregister a connection, and remove it from all channels. Idempotent."""
        self.connections.discard(connection)
        for key in list(connection.logs):
            self.leave(connection, key)

    def start_live(self, connection: Connection) -> None:
        """Make the connection of a new user live. It follows the lobby from its head, and its own log from 0: the uid was
        created a moment ago, so nothing can have been written there."""
        connection.live = True
        self._attach(connection, LOBBY, self.channels.by_log[LOBBY].head or 0)
        self._attach(connection, own_log(connection.actor.uid), 0, known_head=0)
        if not self.growing.notices.catch_up(connection):
            self.channels.fall_behind(connection)

    def follow(self, connection: Connection, cursors: Mapping[str, int], places: Places | None = None) -> None:
        """Let a connection that is not live follow these logs, by key, each from above its cursor. The cursor of a log that
        it follows already is replaced. `places`: what the store read for these logs. Call `catch_up` afterwards."""
        for key, cursor in cursors.items():
            if key in connection.logs:
                connection.lag[key] = cursor
                self.growing.notices.miss_all(connection, key)
            else:
                self._attach(connection, key, cursor, floor=places.floors.get(key, 0) if places else 0)
            if places and key in places.alone:
                self.channels.by_log[key].echo = True

    def sync(self, connection: Connection, cursors: Mapping[str, int]) -> None:
        """Move a connection back to these cursors, by log key; logs that it does not follow are ignored. Call `catch_up`
        afterwards."""
        self.flush()
        connection.live = False
        for key, cursor in cursors.items():
            if key in connection.logs:
                connection.lag[key] = cursor
                self.growing.notices.miss_all(connection, key)

    def catch_up(self, connection: Connection, target: Target | None) -> None:
        """Feed a connection from the log until it is live. It gets `caught_up` when it has reached the `target`, if given."""
        if target is not None:
            self._aim(connection, target)
        self._feeds.catch_up(connection)

    def _aim(self, connection: Connection, target: Target) -> None:
        """Add a target. Its logs may have no lag, because an earlier feed has made the connection live since `sync`. They get
        one: a head of the target may be above that of the channel, which learns of an event later than the store."""
        self.flush()
        connection.live = False
        for key in target.heads:
            if key in connection.logs:
                connection.lag.setdefault(key, self.channels.by_log[key].flushed)
        connection.targets.append(target)

    def leave(self, connection: Connection, key: str) -> None:
        """Stop following a log. Idempotent."""
        self.channels.leave(connection, key)

    def position(self, connection: Connection) -> dict[str, int]:
        """The last `seq` written to a connection in each log that it follows, by log key."""
        return {key: self.channels.position(connection, key) for key in connection.logs}

    def recent_position(self, connection: Connection, first: str) -> list[tuple[str, int]]:
        """The same for RECENT logs at most: `first`, then those that were written to last."""
        by_log = self.channels.by_log
        latest = nlargest(RECENT, connection.logs, key=lambda log: by_log[log].advanced_tick)
        logs = dict.fromkeys((first, *latest)) if first in connection.logs else dict.fromkeys(latest)
        return [(log, self.channels.position(connection, log)) for log in logs]

    def heads_for(self, connection: Connection) -> dict[str, int]:
        """The heads, by log key, of those logs of a connection that have advanced since the last call for it."""
        self.channels.settle(connection)
        since, connection.pong_tick = connection.pong_tick, self.channels.tick
        by_log = self.channels.by_log
        heads: dict[str, int] = {}
        for key in connection.logs:
            channel = by_log[key]
            if channel.advanced_tick > since and channel.head is not None:
                heads[key] = channel.head
        return heads

    def _feed(self, connection: Connection) -> None:
        self._feeds.start(connection)

    def _attach(
        self,
        connection: Connection,
        key: str,
        cursor: int,
        *,
        known_head: int | None = None,
        floor: int = 0,
        echo: bool = False,
    ) -> None:
        """Let a connection follow a log from above `cursor`. Does nothing if it follows the log already.

        `known_head`: the head of a new log, when no event above it can have been missed here. Without it, a channel that is
        new to this process gets its head from the store, read after it was opened. `floor`: see `Connection.floors`.
        """
        if key in connection.logs:
            return
        channel = self.channels.open(key)
        channel.echo = channel.echo or echo
        if channel.head is None and known_head is not None:
            self._applied(channel, channel.begin(known_head))
        if channel.pending:
            self.channels.write(channel)
        channel.listeners[connection.format][connection] = None
        connection.logs.add(key)
        self.growing.notices.miss_all(connection, key)
        if floor:
            connection.floors[key] = floor
        if key == LOBBY:
            connection.announced = channel.announced
        if not connection.live or channel.head != cursor:
            connection.lag[key] = cursor
        if connection.live and channel.head != cursor:
            connection.live = False
            self._feed(connection)
