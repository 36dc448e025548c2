"""The hub: every event enters here once, in order, and leaves to everybody who listens in one write a loop turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import structlog

from suhbat.chat.model import Actor
from suhbat.chat.ports import Bus, LogReader
from suhbat.counting import FanOut
from suhbat.errors import SuhbatError
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
from suhbat.protocol.notices import Receipt
from suhbat.protocol.replies import encode
from suhbat.protocol.types import FEW, LOBBY

from . import feed
from .connection import Connection, Dialect
from .frames import Frames
from .gather import Gather
from .healing import Healing
from .pages import Pages
from .room import Room

GAP_SECONDS = 0.05
"""How long an event that came too early waits for those before it, until the store is read."""
MOVE_SECONDS = 1.0
"""How long the connection of a guest who has become an account may be without a session."""
RING = 1_000
"""Announcements kept for connections that are behind."""

log = structlog.get_logger("suhbat.hub")


class Hub:
    """The live connections of this process. Used on the event loop only; nothing here blocks."""

    def __init__(self, store: LogReader, bus: Bus | None = None) -> None:
        self.store = store
        self.bus = bus
        self.pages = Pages(store)
        self.rooms: dict[str, Room] = {}
        self.connections: set[Connection] = set()
        self.ring: deque[tuple[int, bytes]] = deque(maxlen=RING)
        self.tick = 0
        self.applied = 0
        self.fan_out = FanOut()
        self.whole_presence: Callable[[Connection], bytes | None] | None = None
        """The presence of everybody who matters to a connection, as a frame; wired by `node.py`."""
        self.healing = Healing(self)
        self.gather = Gather(self._write_gathered)
        self._dirty: dict[Room, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Follow the lobby, and watch that nothing gets lost between the store and here."""
        room = self._room(LOBBY)
        heads = await self.store.heads([LOBBY])
        self._applied(room, room.begin(heads.get(LOBBY, 0)))
        self.spawn(self.healing.run())

    async def close(self) -> None:
        """Say goodbye to everybody (1012: come back) and end what runs here."""
        self.flush()
        for connection in list(self.connections):
            connection.wire.close(Close.RESTART, "restart")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Events

    def apply(self, entries: Iterable[LogEntry], *, ours: bool = False) -> None:
        """Take events of this node (`ours`), of the bus or of the store: the only entrance.

        A log advances by exactly head + 1; what is not above is dropped, what is higher waits 50 ms for what is missing,
        then the store is read. What nobody here listens to is passed over.
        """
        for key, event in entries:
            if ours and type(event) is ReadMarked:
                self._receipt(event)
            room = self.rooms.get(key)
            if room is not None:
                self._applied(room, room.accept(event))
                if room.held and room.head is not None and not room.mending:
                    room.mending = True
                    asyncio.get_running_loop().call_later(GAP_SECONDS, self._mend, room)

    def _applied(self, room: Room, events: list[Event]) -> None:
        for event in events:
            self.applied += 1
            if not isinstance(event, MessageCreated):
                self.pages.forget(room.log)  # it may change what older events say
            if isinstance(event, ConversationAdded):
                # The simple dialect shows no rooms.
                simple = [] if event.state.kind == "room" else room.listeners[Dialect.SIMPLE]
                for connection in [*simple, *room.listeners[Dialect.V1]]:
                    self.attach(
                        connection,
                        event.state.conversation,
                        event.state.head,
                        known_head=event.state.head,
                        floor=event.state.since,
                        echo=event.state.member_count == 1,
                    )
            elif isinstance(event, ConversationRemoved):
                for connection in [*room.listeners[Dialect.SIMPLE], *room.listeners[Dialect.V1]]:
                    self.leave(connection, event.removed)
            elif isinstance(event, MemberLeft):
                # The news in their own log may come later: nothing of after this reaches them. Who is here again, from
                # above this on, stays.
                for connection in [one for one in room.listeners[Dialect.V1] if one.actor.uid == event.user.uid]:
                    if connection.lag.get(room.log, 0) < event.seq:
                        self.leave(connection, room.log)
        if events:
            self.tick += 1
            room.touched = self.tick
            self._touch(room)

    def announce(self, frame: bytes) -> None:
        """A joined or left: to everybody of the simple dialect, in order with the lobby's messages; not stored."""
        room = self.rooms[LOBBY]
        room.announce(frame)
        self.ring.append((room.announced + sum(isinstance(item, bytes) for item in room.pending), frame))
        self._touch(room)

    def notice(self, key: str, payload: bytes, but: str | None = None) -> None:
        """A typing or presence notice to the v1 listeners of a log, except the user `but`; dropped for who is behind."""
        room = self.rooms.get(key)
        if room is None:
            return
        frames = Frames([payload])
        for connection in room.listeners[Dialect.V1]:
            if connection.actor.uid == but:
                continue
            if connection.live and not connection.wire.congested:
                connection.wire.write(frames)
            else:
                connection.missed_presence = True

    def spread(self, key: str, payload: bytes, but: str | None = None) -> None:
        """A notice to the listeners of a log on every node."""
        self.notice(key, payload, but)
        if self.bus is not None:
            self.bus.notice(key, payload, but)

    def _receipt(self, event: ReadMarked) -> None:
        """Where few are, the others may know how far somebody has read."""
        room = self.rooms.get(event.target)
        if event.target == LOBBY or (room is not None and len(room.listeners[Dialect.V1]) > FEW):
            return
        receipt = Receipt(conversation=event.target, user_id=event.actor, uid=event.actor_uid, ordinal=event.ordinal)
        self.spread(event.target, encode(receipt), but=event.actor_uid)

    def banish(self, uid: str) -> None:
        """Close every connection of somebody who may not be here any more."""
        for connection in self._of(uid):
            connection.wire.close(Close.FORBIDDEN, "banned")

    def flush(self) -> None:
        """Write now what has gathered."""
        if self._dirty:
            self.gather.now()

    def _write_gathered(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for room in dirty:
            for connection in room.flush():
                self.start_feed(connection)

    def _touch(self, room: Room) -> None:
        self._dirty[room] = None
        self.gather.ask()

    # Connections

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)

    def attach(
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

        `known_head`: the log's head where it is certain that nothing above it was missed here (a new log); else a room
        that is new to this process reads its head from the store after it began to listen. `floor`: see `Connection.floors`.
        """
        if key in connection.logs:
            return
        room = self._room(key)
        room.echo = room.echo or echo
        if room.head is None and known_head is not None:
            self._applied(room, room.begin(known_head))
        if room.pending:
            for fallen in room.flush():
                self.start_feed(fallen)
        room.listeners[connection.dialect][connection] = None
        connection.logs.add(key)
        if floor:
            connection.floors[key] = floor
        if key == LOBBY:
            connection.announced = room.announced
        if not connection.live or room.head != cursor:
            connection.lag[key] = cursor
        if connection.live and room.head != cursor:
            connection.live = False
            self.start_feed(connection)

    def end_session(self, session: str) -> None:
        """Close every connection of a session that was revoked (4505: do not come back)."""
        for connection in list(self.connections):
            if connection.session == session:
                connection.revoke()

    def end_guest(self, uid: str) -> None:
        """Close every connection of somebody who is gone: a guest who left for good, whose name may be somebody else's at
        once; an account that was erased, or is disabled."""
        for connection in self._of(uid):
            connection.revoke()

    def change(self, actor: Actor, session: str | None = None) -> None:
        """Let the connections of this uid know what has become of it; with `session` they belong to that from now on.

        A guest may have become an account on another node, which alone knows the session that began there: no revocation
        of it would find their connections here. So they are told to come back, by what they have now; not at once, for
        the browser that asked for the account has no answer yet.
        """
        for connection in self._of(actor.uid):
            was = connection.actor.kind
            connection.actor = actor
            connection.session = session or connection.session
            if (was, actor.kind) == ("guest", "account") and connection.session is None:
                asyncio.get_running_loop().call_later(MOVE_SECONDS, self._require_session, connection)

    def _require_session(self, connection: Connection) -> None:
        if connection.session is None:
            connection.wire.close(Close.RESTART, "come back as the account")

    def _of(self, uid: str) -> list[Connection]:
        # Everybody follows their own log. Of most whom another node tells of nobody is here, and that should cost nothing.
        if own_log(uid) not in self.rooms:
            return []
        return [connection for connection in self.connections if connection.actor.uid == uid]

    def remove(self, connection: Connection) -> None:
        """The connection is gone. Idempotent."""
        self.connections.discard(connection)
        for key in list(connection.logs):
            self.leave(connection, key)

    def start_feed(self, connection: Connection) -> None:
        """Feed a connection that is not live from the log until it is; one feed a connection."""
        if not connection.feeding and not connection.wire.closed:
            connection.feeding = True
            self.spawn(feed.run(self, connection), connection)

    def heads_for(self, connection: Connection) -> dict[str, int]:
        """The heads of the logs written since this was last asked for this connection; keys are log keys."""
        since, connection.ponged = connection.ponged, self.tick
        heads: dict[str, int] = {}
        for key in connection.logs:
            room = self.rooms[key]
            if room.touched > since and room.head is not None:
                heads[key] = room.head
        return heads

    async def load(self, rooms: Iterable[Room]) -> None:
        """Read the heads of rooms that are new here. They already listen, so nothing falls between."""
        unknown = [room for room in rooms if room.head is None]
        heads = await self.store.heads([room.log for room in unknown])
        for room in unknown:
            self.know(room.log, heads.get(room.log, 0))

    def know(self, key: str, head: int) -> int:
        """The store's head of a log, read after somebody here began to listen to it. Gives the head that is known here now:
        a higher one where something was written after it was read."""
        room = self.rooms.get(key)
        if room is None:
            return head
        if room.head is None:
            self._applied(room, room.begin(head))
        return room.head or 0

    def spawn(self, work: Coroutine[Any, Any, None], connection: Connection | None = None) -> None:
        """Run a task that the hub owns: if it dies, that is logged, and its connection is told to come back."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if task.cancelled() or (error := task.exception()) is None:
                return
            log.error("task died", task=str(task.get_coro()), exc_info=error)
            if connection is not None:
                connection.wire.close(Close.INTERNAL, "internal")

        task.add_done_callback(ended)

    def _room(self, key: str) -> Room:
        room = self.rooms.get(key)
        if room is None:
            room = self.rooms[key] = Room(key, self.fan_out)
            if self.bus is not None:
                self.bus.follow(key)
        return room

    def leave(self, connection: Connection, key: str) -> None:
        """A connection follows a log no more. Idempotent."""
        connection.logs.discard(key)
        connection.floors.pop(key, None)
        connection.lag.pop(key, None)
        room = self.rooms.get(key)
        if room is None:
            return
        room.listeners[connection.dialect].pop(connection, None)
        if room.empty and key != LOBBY:
            del self.rooms[key]
            if self.bus is not None:
                self.bus.unfollow(key)
            self._dirty.pop(room, None)
            self.pages.forget(key)  # nobody would tell it of changes any more

    # What is missing

    def _mend(self, room: Room) -> None:
        if room.held and room.head is not None and self.rooms.get(room.log) is room:
            self.spawn(self._fill(room))
        else:
            room.mending = False

    async def _fill(self, room: Room) -> None:
        """One read at a time: after an outage thousands of events may come too early."""
        try:
            await self.read(room)
        except SuhbatError as error:
            log.warning("what is missing could not be read yet", log=room.log, error=str(error))
        finally:
            room.mending = False

    async def read(self, room: Room) -> None:
        """Take what a room misses from the store."""
        while room.head is not None and self.rooms.get(room.log) is room:
            entries = await self.store.events(room.log, room.head, 500)
            if not entries:
                return
            self.apply(entries)
