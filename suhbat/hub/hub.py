"""The hub: every event enters here once, in order, and leaves to everybody who listens in one write a loop turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from suhbat.chat.model import Places
from suhbat.chat.ports import Bus, LogReader
from suhbat.chat.presence import Here
from suhbat.protocol.closes import Close
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationRemoved,
    Event,
    LogEntry,
    MemberLeft,
    MessageCreated,
    ReadMarked,
    own_log,
)
from suhbat.protocol.types import LOBBY
from suhbat.tasks import Tasks

from .announcements import Announcements
from .channel import Channel
from .channels import Channels
from .connection import Connection, FrameFormat, Target
from .connections import Connections
from .feed import Feeds
from .gap_reader import GapReader
from .notices import Notices
from .page_cache import PageCache
from .presence import PresenceBroadcast


class Hub:
    """The live connections of this process. Used on the event loop only; nothing here blocks.

    A connection follows logs (`follow`), each from a cursor, and is fed what lies above it (`catch_up`) until it is live. It
    may go back to other cursors (`sync`). Where it is, `position` says. Nothing else changes a connection's position.

    `more_coming`: whether more events are about to be applied; see `Coalescing`.
    """

    def __init__(self, store: LogReader, bus: Bus, here: Here, tasks: Tasks, more_coming: Callable[[], bool]) -> None:
        self.applied = 0
        self.pages = PageCache(store)
        self.channels = Channels(bus, self.pages, more_coming, self._feed)
        self.connections = Connections(self.channels)
        self.notices = Notices(self.channels, bus)
        self.announcements = Announcements(self.channels)
        self.gaps = GapReader(store, self.channels, tasks, self)
        self._presence = PresenceBroadcast(self.channels, self.notices, here)
        self._feeds = Feeds(self.channels, self.gaps, self.pages, self.announcements, self._presence, tasks)
        self._tasks = tasks

    async def open(self) -> None:
        """Follow the lobby, and tell of presence."""
        await self.gaps.read_heads([self.channels.open(LOBBY)])
        self._tasks.start(self._presence.run())

    def close(self) -> None:
        """Say goodbye to everybody (1012: come back)."""
        self.flush()
        for connection in list(self.connections):
            connection.wire.close(Close.RESTART, "restart")

    # Events

    def apply(self, entries: Iterable[LogEntry], *, ours: bool = False) -> None:
        """Take events of this node (`ours`), of the bus or of the store: the only entrance.

        A log advances by exactly head + 1; what is not above is dropped, what is higher waits 50 ms for what is missing,
        then the store is read. What nobody here listens to is passed over.
        """
        by_log = self.channels.by_log
        for key, event in entries:
            if ours and type(event) is ReadMarked:
                self.notices.broadcast_receipt(event)
            channel = by_log.get(key)
            if channel is not None:
                self._applied(channel, channel.accept(event))
                if channel.held:
                    self.gaps.wait(channel)

    def learn_head(self, log: str, head: int) -> int:
        """The store's head of a log, read after somebody here began to listen to it. Gives the head that is known here now:
        a higher one where something was written after it was read."""
        channel = self.channels.by_log.get(log)
        if channel is None:
            return head
        if channel.head is None:
            self._applied(channel, channel.begin(head))
        return channel.head or 0

    def flush(self) -> None:
        """Write now what has gathered."""
        self.channels.flush()

    def _applied(self, channel: Channel, events: list[Event]) -> None:
        for event in events:
            self.applied += 1
            if not isinstance(event, MessageCreated):
                self.pages.forget(channel.log)  # it may change what older events say
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
                # Their own log may say so later: nothing of after this reaches them. A member who rejoined after this
                # event keeps the channel.
                for connection in [one for one in channel.listeners[FrameFormat.V1] if one.actor.uid == event.user.uid]:
                    if connection.lag.get(channel.log, 0) < event.seq:
                        self.leave(connection, channel.log)
        if events:
            self.channels.advanced(channel)

    # Connections

    def add(self, connection: Connection) -> None:
        """The connection has said who it is."""
        self.connections.add(connection)

    def remove(self, connection: Connection) -> None:
        """The connection is gone. Idempotent."""
        self.connections.discard(connection)
        for key in list(connection.logs):
            self.leave(connection, key)

    def start_live(self, connection: Connection) -> None:
        """Let a new user's connection live at once: it follows the lobby from its head on, and its own log, to which nothing
        can have been written, for the uid was made a moment ago."""
        connection.live = True
        self._attach(connection, LOBBY, self.channels.by_log[LOBBY].head or 0)
        self._attach(connection, own_log(connection.actor.uid), 0, known_head=0)

    def follow(self, connection: Connection, cursors: Mapping[str, int], places: Places | None = None) -> None:
        """Let a connection that is not live follow these logs (by key), each from above its cursor; one that it follows
        already from its new cursor. `places`: what the store says of them. Then call `catch_up`."""
        for key, cursor in cursors.items():
            if key in connection.logs:
                connection.lag[key] = cursor
            else:
                self._attach(connection, key, cursor, floor=places.floors.get(key, 0) if places else 0)
            if places and key in places.alone:
                self.channels.by_log[key].echo = True

    def sync(self, connection: Connection, cursors: Mapping[str, int]) -> None:
        """Take a connection back to these cursors, where it follows the logs. Then call `catch_up`."""
        self.flush()
        connection.live = False
        for key, cursor in cursors.items():
            if key in connection.logs:
                connection.lag[key] = cursor

    def catch_up(self, connection: Connection, target: Target | None) -> None:
        """Feed a connection from the log until it is live; tell it `caught_up` when it has reached the `target`."""
        if target is not None:
            connection.targets.append(target)
        self._feed(connection)

    def leave(self, connection: Connection, key: str) -> None:
        """A connection no longer follows a log. Idempotent."""
        self.channels.leave(connection, key)

    def position(self, connection: Connection) -> dict[str, int]:
        """For each log that a connection follows, the last `seq` written to it; keys are log keys."""
        by_log = self.channels.by_log
        return {key: connection.lag.get(key, by_log[key].flushed) for key in connection.logs}

    def heads_for(self, connection: Connection) -> dict[str, int]:
        """The heads of the logs written since this was last asked for this connection; keys are log keys."""
        since, connection.ponged = connection.ponged, self.channels.tick
        by_log = self.channels.by_log
        heads: dict[str, int] = {}
        for key in connection.logs:
            channel = by_log[key]
            if channel.touched > since and channel.head is not None:
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
        """Let a connection follow a log from above `cursor`.

        `known_head`: the log's head where it is certain that nothing above it was missed here (a new log); else a channel
        that is new to this process reads its head from the store after it began to listen. `floor`: see `Connection`.
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
        if floor:
            connection.floors[key] = floor
        if key == LOBBY:
            connection.announced = channel.announced
        if not connection.live or channel.head != cursor:
            connection.lag[key] = cursor
        if connection.live and channel.head != cursor:
            connection.live = False
            self._feed(connection)
