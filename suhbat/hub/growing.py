"""Messages that grow: their texts so far.

The node that takes the appends of a message has *taken* it. It tells its own readers and the other nodes what was added, and
each node tells its readers (`growth_notices`). What is told is a hint: the text is durable when `message.finished` comes
through the log. A node that has missed something asks for the whole text.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from suhbat.chat.ports import Bus
from suhbat.protocol.event_marks import veil_of
from suhbat.protocol.events import (
    ConversationUpdated,
    MemberLeft,
    MemberMuted,
    MemberUpdated,
    MessageDeleted,
    MessageFinished,
)
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LiveEvent
from suhbat.protocol.objects import Message

from .channels import Channels
from .growth import Growth, Part
from .growth_notices import GrowthNotices

ANSWER_SECONDS = 0.3
"""How long another node is waited for."""

_DOUBTFUL = (MemberLeft, MemberMuted, MemberUpdated, ConversationUpdated)


class Growing:
    """All growing messages that this node knows. Implements `chat.ports.GrowingTexts`. Used on the event loop only."""

    def __init__(self, channels: Channels, bus: Bus) -> None:
        self.by_log: dict[str, dict[int, Growth]] = {}
        self.notices = GrowthNotices(self.by_log, channels, bus)
        self._channels = channels
        self._bus = bus
        self._awaited: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._characters: Counter[str] = Counter()
        """Of the texts that grow, by log key."""

    def find(self, conversation: str, seq: int) -> Growth | None:
        return self.by_log.get(conversation, {}).get(seq)

    def characters(self, conversation: str) -> int:
        return self._characters.get(conversation, 0)

    def lengths(self, conversation: str | None) -> Mapping[tuple[str, int], int]:
        logs = list(self.by_log) if conversation is None else [conversation]
        return {(log, seq): len(one.text) for log in logs for seq, one in self.by_log.get(log, {}).items()}

    def take(self, conversation: str, seq: int, veil: int | None, term: int, text: str) -> Growth:
        growth = self._begin(conversation, seq, veil, text)
        if not growth.is_taken:
            growth.is_taken = True
            self._bus.follow(conversation)  # to hear what happens there: see `heard`
        if growth.text != text:
            self._write(growth, text)
            growth.told = 0
            self.notices.add(growth)
        growth.term = term
        self._set_over(growth, False)
        growth.in_doubt, growth.source = 0, None
        growth.heard_at = self._now()
        return growth

    def extend(self, conversation: str, seq: int, text: str, source: str | None) -> None:
        growth = self.by_log[conversation][seq]
        self._write(growth, growth.text + text)
        growth.source = source
        self.notices.add(growth)

    def release(self, conversation: str, seq: int) -> None:
        growth = self.find(conversation, seq)
        if growth is not None and growth.is_taken:
            growth.is_taken = False
            growth.source = None
            growth.heard_at = self._now()
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
            if event.extra is not None and event.extra.streaming and (ours or log in self._channels.by_log):
                self._begin(log, event.seq, veil_of(event), event.text)
            return
        growths = self.by_log.get(log)
        if growths is None:
            return
        seq = event.message.seq if isinstance(event, MessageFinished) else None
        seq = event.target if isinstance(event, MessageDeleted) else seq
        if seq in growths:
            growth = growths[seq]
            self._set_over(growth, True)
            self.notices.forget(growth)
            if not growth.is_taken:
                self._drop(growth)
        elif isinstance(event, _DOUBTFUL):
            for growth in growths.values():
                growth.in_doubt += 1

    def grew(self, log: str, parts: Sequence[Part]) -> None:
        """Another node tells what was added."""
        for seq, veil, term, offset, text in parts:
            if log not in self._channels.by_log and (log, seq) not in self._awaited:
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
                self._write(growth, whole)
                self.notices.add(growth)
            growth.heard_at = self._now()
            if (answer := self._awaited.get((log, seq))) is not None and not answer.done():
                answer.set_result(None)

    def asked(self, log: str, seq: int) -> None:
        """Another node asks for a whole text."""
        growth = self.find(log, seq)
        if growth is not None and growth.is_taken and not growth.over:
            self._bus.grew(log, [(seq, growth.veil, growth.term, 0, growth.text)], to_all=True)

    def _begin(self, log: str, seq: int, veil: int | None, text: str) -> Growth:
        growths = self.by_log.setdefault(log, {})
        if seq not in growths:
            growths[seq] = Growth(log, seq, veil, text, self._now())
            self._characters[log] += len(text)
        return growths[seq]

    def _write(self, growth: Growth, text: str) -> None:
        if not growth.over:
            self._characters[growth.log] += len(text) - len(growth.text)
        growth.text = text

    def _set_over(self, growth: Growth, over: bool) -> None:
        if growth.over != over:
            self._characters[growth.log] += -len(growth.text) if over else len(growth.text)
        growth.over = over

    def _drop(self, growth: Growth) -> None:
        self.notices.forget(growth)
        self._set_over(growth, True)
        growths = self.by_log.get(growth.log, {})
        growths.pop(growth.seq, None)
        if not growths:
            self.by_log.pop(growth.log, None)
            self._characters.pop(growth.log, None)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
