"""The use case of messages that grow: a language model writes one piece by piece, and readers see it grow.

One node takes the appends of a message: the one on which it was sent, or to which its sender has come since. It keeps the
text in memory, and stores the whole text when the message is finished. Meanwhile `growing_chores` has it stored, and has the
message finished if its sender or its node is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from suhbat.errors import (
    BadRequest,
    Busy,
    Finished,
    Forbidden,
    NotFound,
    RateLimited,
    SuhbatError,
    WrongOffset,
)
from suhbat.protocol.commands import Append, Finish
from suhbat.protocol.http_commands import FinishGrowing, SaveGrowing, TakeOver
from suhbat.protocol.machine import Meter
from suhbat.protocol.types import MAX_TEXT

from .growing import growth_refusal
from .mentions import mentioned_uids
from .model import Actor, CommandContext, CommandResult, Outcome, PostResult
from .ports import Clock, CommandWriter, Directory, GrowingStore, GrowingText, GrowingTexts
from .rate import UNLIMITED, Gcra, LruDict, charge, mention_cost

MOST_HERE = 2_000
"""Messages whose appends one node takes. Their texts take up to 16 KB each."""
APPENDS_PER_SECOND = 200.0
APPENDS_AT_ONCE = 400.0
"""Appends of one sender, to all their messages."""

Key = tuple[str, int]

log = structlog.get_logger("suhbat")


class Taken:
    """A message whose appends this node takes. `version`: see `store.tables.growing`. `saved`: how much of the text is stored.
    `attended`: it is sent over a connection, so the sender is gone when they have none. `closing`: it is being finished."""

    __slots__ = (
        "actor", "attended", "closing", "gone_since", "grew_at", "key", "saved", "saved_at", "saving", "text", "version",
    )  # fmt: skip

    def __init__(self, key: Key, actor: Actor, text: GrowingText, version: int, now: float, *, attended: bool) -> None:
        self.key = key
        self.actor = actor
        self.text = text
        self.version = version
        self.saved = len(text.text)
        self.saved_at = self.grew_at = now
        self.saving = asyncio.Lock()
        self.attended = attended
        self.gone_since: float | None = None
        self.closing = False

    @property
    def is_ours(self) -> bool:
        """Whether it still grows, and no other node has taken over."""
        return self.text.is_taken and not self.text.over

    @property
    def unsaved(self) -> bool:
        return len(self.text.text) != self.saved


class _Opening:
    """Appends of a message that wait, in their order. `waiting`: how many there are."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class GrowingMessages:
    """Messages that grow. Used on the event loop only. `texts`: see `GrowingTexts`. `shared`: other nodes may write, too."""

    def __init__(
        self,
        writer: CommandWriter,
        store: GrowingStore,
        texts: GrowingTexts,
        directory: Directory,
        clock: Clock,
        *,
        shared: bool = False,
    ) -> None:
        self._writer = writer
        self._store = store
        self._texts = texts
        self._directory = directory
        self._clock = clock
        self._shared = shared
        self.taken: dict[Key, Taken] = {}
        """The messages whose appends this node takes."""
        self._opening: dict[Key, _Opening] = {}
        self._meters = LruDict(lambda: Gcra(APPENDS_PER_SECOND, APPENDS_AT_ONCE))

    def __len__(self) -> int:
        return len(self.taken)

    def beginning(
        self, actor: Actor, text: str, thread: int | None, done: Callable[[Outcome], None], *, attended: bool
    ) -> Callable[[Outcome], None]:
        """What to call with the outcome of the post with which a message begins; it calls `done`. Raises Busy."""
        if len(self.taken) >= MOST_HERE:
            raise Busy(retry_after=5, seconds=5)

        def began(outcome: Outcome) -> None:
            if isinstance(outcome, PostResult) and not outcome.duplicate:
                key = outcome.conversation, outcome.seq
                known = self._texts.take(*key, thread or outcome.seq, 1, text)
                self.taken[key] = Taken(key, actor, known, 1, self._clock.steady(), attended=attended)
            done(outcome)

        return began

    def lengths(self, conversation: str | None) -> Mapping[Key, int]:
        """See `GrowingTexts.lengths`."""
        return self._texts.lengths(conversation)

    def append_now(self, actor: Actor, command: Append, source: str | None) -> int | None:
        """Let a message grow whose appends this node takes; returns how many characters it has then. None if this has to ask
        the store: call `append`. `source`: see `GrowingTexts.extend`.

        Raises WrongOffset, Finished, BadRequest, RateLimited, TooManyStreams."""
        key = command.conversation, command.seq
        taken = self.taken.get(key)
        if key in self._opening:
            return None  # after those that wait
        if taken is None or taken.actor.uid != actor.uid or taken.text.in_doubt or not taken.is_ours:
            return None
        return self._extend(taken, command, source)

    async def append(self, actor: Actor, command: Append, source: str | None) -> int:
        """The same, in any case. Also raises NotFound, Forbidden, Busy."""
        key = command.conversation, command.seq
        opening = self._opening.setdefault(key, _Opening())
        opening.waiting += 1
        try:
            async with opening.lock:
                taken = self.taken.get(key)
                if taken is not None and not taken.is_ours:
                    self.release(taken)
                if taken is None or taken.actor.uid != actor.uid or not taken.is_ours:
                    taken = await self._take_over(actor, key, attended=source is not None)
                elif doubts := taken.text.in_doubt:
                    await self.save(taken)  # asks whether the sender may still write there
                    taken.text.in_doubt -= doubts
                return self._extend(taken, command, source)
        finally:
            opening.waiting -= 1
            if not opening.waiting:
                self._opening.pop(key, None)

    async def finish(self, actor: Actor, command: Finish, meter: Meter = UNLIMITED) -> CommandResult:
        """Finish a message; the whole text is durable on return. `meter`: that of the actor, which the names in the text are
        charged to. Raises NotFound, Forbidden, Finished, BadRequest, RateLimited, Busy."""
        key = command.conversation, command.seq
        taken = self.taken.get(key)
        if taken is not None and taken.actor.uid == actor.uid and taken.is_ours:
            known: str | None = taken.text.text
            taken.closing = True  # what is appended from now on would be lost
        else:
            taken, known = None, await self._known(key)
        asked = FinishGrowing(
            conversation=command.conversation, seq=command.seq, text=command.text, cut=command.cut, known=known
        )
        try:
            text = asked.known if asked.text is None else asked.text
            charge(meter, 1 + mention_cost(text or ""), self._clock.steady())
            return await self._finish(actor, asked)
        except SuhbatError:
            if taken is not None:
                taken.closing = False
            raise

    # For `growing_chores`

    async def save(self, taken: Taken) -> None:
        """Store the text so far. A message that its sender may no longer write is finished. Raises the refusal, or Busy."""
        async with taken.saving:
            text, at = taken.text.text, self._clock.steady()
            command = SaveGrowing(
                conversation=taken.key[0],
                seq=taken.key[1],
                text=text if len(text) != taken.saved else None,
                version=taken.version,
            )
            try:
                await self._writer.execute(taken.actor, self._clock.wall(), command)
            except (Finished, NotFound):
                self.release(taken)
                raise
            except (Forbidden, BadRequest):
                await self.cut(taken.key, taken.actor, text)
                raise
            taken.version += 1
            taken.saved, taken.saved_at = len(text), at

    async def cut(self, key: Key, actor: Actor, text: str) -> None:
        """Finish a message for its sender."""
        command = FinishGrowing(conversation=key[0], seq=key[1], cut=True, known=text, forced=True)
        try:
            await self._finish(actor, command)
        except NotFound:
            self._forget(key)

    def release(self, taken: Taken) -> None:
        """Take no more appends of a message: it is over, or another node takes them."""
        if self.taken.get(taken.key) is taken:
            self._forget(taken.key)

    async def close(self) -> None:
        """Store all texts so far, for the next start. Raises Busy."""
        await asyncio.gather(*(self.save(one) for one in list(self.taken.values()) if one.unsaved))

    async def _finish(self, actor: Actor, command: FinishGrowing) -> CommandResult:
        text = command.known if command.text is None else command.text
        context = CommandContext(mentioned=mentioned_uids(text or "", self._directory))
        result = await self._writer.execute(actor, self._clock.wall(), command, context)
        self._forget((command.conversation, command.seq))
        return result

    async def _take_over(self, actor: Actor, key: Key, *, attended: bool) -> Taken:
        """Take the appends of a message from now on. Raises NotFound, Forbidden, Finished, Busy."""
        command = TakeOver(conversation=key[0], seq=key[1])
        found = (await self._writer.execute(actor, self._clock.wall(), command)).taken
        assert found is not None
        text = found.text
        known = await self._texts.ask(*key) if self._shared else self._texts.find(*key)
        if known is not None and known.text.startswith(text):
            text = known.text  # the other node has not stored all of it
        if (before := self.taken.pop(key, None)) is not None:
            before.closing = True
        self._texts.release(*key)
        grows = self._texts.take(*key, found.veil, found.version, text)
        taken = Taken(key, actor, grows, found.version, self._clock.steady(), attended=attended)
        taken.saved = len(found.text)
        self.taken[key] = taken
        return taken

    def _extend(self, taken: Taken, command: Append, source: str | None) -> int:
        if taken.closing or taken.text.over:
            raise Finished()
        length = len(taken.text.text)
        if command.offset != length:
            raise WrongOffset("wrong_offset.text", offset=length)
        if length + len(command.text) > MAX_TEXT:
            raise BadRequest(reason="long_text")
        now = self._clock.steady()
        if wait := self._meters[taken.actor.uid].take(now):
            raise RateLimited(retry_after=wait, scope="command")
        if source is not None:
            taken.attended = True
        if not command.text:
            return length
        if refused := growth_refusal(self._texts.characters(command.conversation) + len(command.text)):
            raise refused
        taken.grew_at = now
        self._texts.extend(*taken.key, command.text, source)
        return length + len(command.text)

    async def _known(self, key: Key) -> str | None:
        """The text so far of a message whose appends another node takes, or somebody else sends; None if it does not grow."""
        stored = await self._store.growing_text(*key)
        if stored is None:
            return None
        known = await self._texts.ask(*key) if self._shared and key not in self.taken else self._texts.find(*key)
        return known.text if known is not None and known.text.startswith(stored) else stored

    def _forget(self, key: Key) -> None:
        self.taken.pop(key, None)
        self._texts.release(*key)
