"""Messages that grow: their texts so far, and the notices that tell readers of them.

The node that takes the appends of a message has *taken* it. Every TICK_SECONDS it tells its own readers and the other nodes
what was added, and each node tells its readers. All that grows in a conversation goes out in one write per connection. What
is told here is a hint: the text is durable when `message.finished` comes through the log.

For a connection that may have missed something (`Connection.missed_growth`) it is noted how much of each text it has. It gets
the rest in frames that such connections share, until its socket is full; then it is fed (`hub.feed`). A node that has missed
something asks for the whole text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from time import perf_counter

from suhbat.chat.ports import Bus
from suhbat.protocol.event_marks import veil_of
from suhbat.protocol.events import (
    ConversationUpdated,
    LiveEvent,
    MemberLeft,
    MemberMuted,
    MemberUpdated,
    MessageDeleted,
    MessageFinished,
)
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.notices import MessageAppend
from suhbat.protocol.objects import Message
from suhbat.protocol.replies import encode

from .channels import Channels
from .connection import Connection, FrameFormat
from .frames import Frames

TICK_SECONDS = 0.05
"""How long what is added is collected."""
REST = 4
"""What is added is collected at least so many times as long as the last writes took: at most a fifth of the time goes there."""
STEP = 512
"""A connection that has missed something is told from a multiple of so many characters on, so that many share a frame."""
AT_ONCE = 64
"""Connections that are written to in one turn of the loop. Messages of other people go out between."""
ANSWER_SECONDS = 0.3
"""How long another node is waited for."""

Part = tuple[int, int | None, int, int, str]
"""What was added to a message: its `seq`, its veil, its term, the offset, the text. The veil is the `seq` of the message, or of
the root of its thread: a reader whose floor is not below it may not see the message. None: all readers may (see
`protocol.event_marks.veil_of`). The term ascends whenever another node takes the message."""
_DOUBTFUL = (MemberLeft, MemberMuted, MemberUpdated, ConversationUpdated)


class Growth:
    """One growing message. Implements `chat.ports.growing.GrowingText`. `told`: how much of the text was told. `is_taken`: this
    node takes the appends. `source`: the connection from which they come, which needs not be told."""

    __slots__ = (
        "_framed", "_frames", "heard_at", "in_doubt", "is_taken", "log", "over", "seq", "source", "term", "text", "told",
        "veil",
    )  # fmt: skip

    def __init__(self, log: str, seq: int, veil: int | None, text: str, now: float) -> None:
        self.log = log
        self.seq = seq
        self.veil = veil
        self.text = text
        self.told = len(text)
        self.heard_at = now
        self.is_taken = False
        self.term = 0
        self.in_doubt = 0
        self.over = False
        self.source: str | None = None
        self._framed: tuple[str, int] = ("", 0)
        self._frames: dict[int, Frames] = {}

    def rest(self, known: int) -> Frames:
        """What was told so far, for connections that have at least so many characters of it."""
        if self._framed[0] is not self.text or self._framed[1] != self.told:
            self._framed, self._frames = (self.text, self.told), {}
        offset = known - known % STEP
        frames = self._frames.get(offset)
        if frames is None:
            frames = self._frames[offset] = Frames([_notice(self, offset, self.told)])
        return frames


class Growing:
    """All growing messages that this node knows. Implements `chat.ports.GrowingTexts`. Used on the event loop only."""

    def __init__(self, channels: Channels, bus: Bus) -> None:
        self.by_log: dict[str, dict[int, Growth]] = {}
        self.channels = channels
        self._bus = bus
        self._dirty: dict[Growth, None] = {}
        self._ticking = False
        self._cost = 0.0
        """How long the last writes took."""
        self._rests_until = 0.0
        self._awaited: dict[tuple[str, int], asyncio.Future[None]] = {}

    def find(self, conversation: str, seq: int) -> Growth | None:
        return self.by_log.get(conversation, {}).get(seq)

    def characters(self, conversation: str) -> int:
        return sum(len(one.text) for one in self.by_log.get(conversation, {}).values() if not one.over)

    def take(self, conversation: str, seq: int, veil: int | None, term: int, text: str) -> Growth:
        growth = self._begin(conversation, seq, veil, text)
        if not growth.is_taken:
            growth.is_taken = True
            self._bus.follow(conversation)  # to hear what happens there: see `heard`
        if growth.text != text:
            growth.text, growth.told = text, 0
            self._tell_later(growth)
        growth.term = term
        growth.over, growth.in_doubt, growth.source = False, 0, None
        growth.heard_at = self._now()
        return growth

    def extend(self, conversation: str, seq: int, text: str, source: str | None) -> None:
        growth = self.by_log[conversation][seq]
        growth.text += text
        growth.source = source
        growth.heard_at = self._now()
        self._tell_later(growth)

    def release(self, conversation: str, seq: int) -> None:
        growth = self.find(conversation, seq)
        if growth is not None and growth.is_taken:
            growth.is_taken = False
            growth.source = None
            self._bus.unfollow(conversation)
        if growth is not None and growth.over:
            self._drop(growth)

    async def ask(self, conversation: str, seq: int) -> Growth | None:
        key = conversation, seq
        answer = self._awaited.get(key)
        if answer is None:
            answer = self._awaited[key] = asyncio.get_running_loop().create_future()
        try:
            self._bus.ask_growth(conversation, seq)
            await asyncio.wait((answer,), timeout=ANSWER_SECONDS)
        finally:
            self._awaited.pop(key, None)
        return self.find(conversation, seq)

    def drop_idle(self, seconds: float) -> None:
        before = self._now() - seconds
        for growths in list(self.by_log.values()):
            for growth in list(growths.values()):
                if growth.heard_at < before and not growth.is_taken:
                    self._drop(growth)

    def fill(self, conversation: str, messages: Iterable[Message]) -> tuple[Message, ...]:
        """These messages of a conversation, with the texts so far of those that grow."""
        known = self.by_log.get(conversation, {})
        return tuple(
            one.model_copy(update={"text": growth.text})
            if one.streaming and (growth := known.get(one.seq)) is not None and len(growth.text) > len(one.text)
            else one
            for one in messages
        )

    # Events and other nodes

    def heard(self, log: str, event: LiveEvent, *, ours: bool = False) -> None:
        """An event of the log was committed. `ours`: by this node, which then takes a message that grows."""
        if isinstance(event, LiveMessage):
            if event.extra is not None and event.extra.streaming and (ours or log in self.channels.by_log):
                self._begin(log, event.seq, veil_of(event), event.text)
            return
        growths = self.by_log.get(log)
        if growths is None:
            return
        seq = event.message.seq if isinstance(event, MessageFinished) else None
        seq = event.target if isinstance(event, MessageDeleted) else seq
        if seq in growths:
            growth = growths[seq]
            growth.over = True
            self._dirty.pop(growth, None)
            if not growth.is_taken:
                self._drop(growth)
        elif isinstance(event, _DOUBTFUL):
            for growth in growths.values():
                growth.in_doubt += 1

    def grew(self, log: str, parts: Sequence[Part]) -> None:
        """Another node tells what was added."""
        for seq, veil, term, offset, text in parts:
            if log not in self.channels.by_log and (log, seq) not in self._awaited:
                continue  # nobody here reads it
            growth = self.find(log, seq)
            if growth is None and offset == 0:
                growth = self._begin(log, seq, veil, "")
            if growth is not None and (growth.over or term < growth.term):
                continue
            if growth is not None and growth.is_taken and term > growth.term:
                self.release(log, seq)  # its sender has gone on over there
            if growth is None or offset > len(growth.text):
                self._bus.ask_growth(log, seq)
                continue
            growth.term = term
            whole = growth.text[:offset] + text
            if not growth.text.startswith(whole):
                # Nothing that was told may change: a whole text that only repeats it is passed over.
                growth.told = min(growth.told, offset)
                growth.text = whole
                self._tell_later(growth)
            growth.heard_at = self._now()
            if (answer := self._awaited.get((log, seq))) is not None and not answer.done():
                answer.set_result(None)

    def asked(self, log: str, seq: int) -> None:
        """Another node asks for a whole text."""
        growth = self.find(log, seq)
        if growth is not None and growth.is_taken and not growth.over:
            self._bus.grew(log, [(seq, growth.veil, growth.term, 0, growth.text)], to_all=True)

    # Connections

    def miss_all(self, connection: Connection, log: str) -> None:
        """A connection begins to follow a log, or goes back in it: it may have nothing of the texts so far."""
        for growth in self.by_log.get(log, {}).values():
            _miss(connection, growth, 0)

    def catch_up(self, connection: Connection) -> bool:
        """Write to a connection what it has missed of the texts that were told so far. Stops when it is congested. Returns
        whether it misses nothing any more."""
        missed = connection.missed_growth
        while missed:
            if connection.wire.congested:
                return False
            (log, seq), known = missed.popitem()
            growth = self.find(log, seq)
            if growth is None or growth.over or known >= growth.told:
                continue
            if log in connection.logs and _may_see(connection, growth):
                connection.wire.write(growth.rest(known))
        connection.missed_growth = None
        return True

    # Telling

    def _begin(self, log: str, seq: int, veil: int | None, text: str) -> Growth:
        growths = self.by_log.setdefault(log, {})
        if seq not in growths:
            growths[seq] = Growth(log, seq, veil, text, self._now())
        return growths[seq]

    def _drop(self, growth: Growth) -> None:
        self._dirty.pop(growth, None)
        growths = self.by_log.get(growth.log, {})
        growths.pop(growth.seq, None)
        if not growths:
            self.by_log.pop(growth.log, None)

    def _tell_later(self, growth: Growth) -> None:
        self._dirty[growth] = None
        if not self._ticking:
            self._ticking = True
            self._tick_later()

    def _tick_later(self) -> None:
        asyncio.get_running_loop().call_later(max(TICK_SECONDS, self._rests_until - self._now()), self._tick)

    def _tick(self) -> None:
        """Tell what was added since the last tick."""
        began = perf_counter()
        dirty, self._dirty = self._dirty, {}
        by_log: dict[str, list[Growth]] = {}
        for growth in dirty:
            by_log.setdefault(growth.log, []).append(growth)
        writes = [write for log, growths in by_log.items() if (write := self._tell(log, growths)) is not None]
        self._cost = perf_counter() - began
        self._write(writes)

    def _tell(self, log: str, growths: list[Growth]) -> _Write | None:
        """Tell the other nodes. Returns what is to be written to the own connections."""
        channel = self.channels.by_log.get(log)
        if channel is not None and channel.pending:
            self.channels.write(channel)  # readers must have the message before they are told of its text
        growths = [growth for growth in growths if growth.told < len(growth.text)]
        told = [(growth, growth.told) for growth in growths]
        parts = [(one.seq, one.veil, one.term, one.told, one.text[one.told :]) for one in growths if one.is_taken]
        if parts:
            self._bus.grew(log, parts)
        for growth in growths:
            growth.told = len(growth.text)
        listeners = () if channel is None or not told else tuple(channel.listeners[FrameFormat.V1])
        return _Write(log, told, listeners) if listeners else None

    def _write(self, writes: list[_Write]) -> None:
        """Write to some connections; continue in the next turn of the loop. The next tick begins some time after all have been
        written to: with very many readers it takes longer, and more is collected."""
        began, left = perf_counter(), AT_ONCE
        while writes and left:
            left -= writes[-1].some(self, left)
            if writes[-1].is_done:
                writes.pop()
        self._cost += perf_counter() - began
        if writes:
            asyncio.get_running_loop().call_soon(self._write, writes)
            return
        self._rests_until = self._now() + REST * self._cost
        if self._dirty:
            self._tick_later()
        else:
            self._ticking = False

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


class _Write:
    """What was added to messages of one log, and the connections that still have to be told. `told`: the messages, each with
    how much of it was told before."""

    def __init__(self, log: str, told: list[tuple[Growth, int]], listeners: tuple[Connection, ...]) -> None:
        self._log = log
        self._notices = [(growth, before, _notice(growth, before, growth.told)) for growth, before in told]
        self._frames = Frames([notice for *_, notice in self._notices])
        self._sources = {growth.source for growth, _ in told if growth.source is not None}
        self._veil = min((growth.veil for growth, _ in told if growth.veil is not None), default=None)
        self._listeners = listeners
        self._next = 0

    @property
    def is_done(self) -> bool:
        return self._next >= len(self._listeners)

    def some(self, growing: Growing, most: int) -> int:
        """Write to the next connections, at most so many. Returns how many there were."""
        some = self._listeners[self._next : self._next + most]
        self._next += len(some)
        for connection in some:
            if self._log not in connection.logs:
                continue
            if not connection.live or connection.wire.congested or connection.missed_growth is not None:
                self._miss(growing, connection)
            elif connection.id not in self._sources and (
                self._veil is None or connection.floors.get(self._log, 0) < self._veil
            ):
                connection.wire.write(self._frames)
            elif notices := [
                notice
                for growth, _, notice in self._notices
                if growth.source != connection.id and _may_see(connection, growth)
            ]:
                connection.wire.write(Frames(notices))
        return len(some)

    def _miss(self, growing: Growing, connection: Connection) -> None:
        for growth, before, _ in self._notices:
            if growth.source != connection.id:
                _miss(connection, growth, before)
        if connection.live and not growing.catch_up(connection):
            growing.channels.fall_behind(connection)


def _miss(connection: Connection, growth: Growth, known: int) -> None:
    """A connection may have no more than so many characters of a text."""
    if connection.format is not FrameFormat.V1:
        return
    if connection.missed_growth is None:
        connection.missed_growth = {}
    key = (growth.log, growth.seq)
    connection.missed_growth[key] = min(known, connection.missed_growth.get(key, known))


def _may_see(connection: Connection, growth: Growth) -> bool:
    return growth.veil is None or connection.floors.get(growth.log, 0) < growth.veil


def _notice(growth: Growth, begin: int, end: int) -> bytes:
    text = growth.text[begin:end]
    return encode(MessageAppend(conversation=growth.log, seq=growth.seq, offset=begin, text=text))
