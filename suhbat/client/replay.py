"""Events that a program has not got yet although the state of the chat contains them already. Pure.

A program that goes on after a restart gives the cursors at which it stopped. The server sends a new connection the present
state; then the events above those cursors are asked for with `sync`. They are delivered, and change no state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suhbat.protocol.commands import Resume
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import ME, Schema

REPLAYED = 1_000
"""Events of a log that the server replays, at most (docs/reference/v1.md, "Resume")."""


class Missed(Schema):
    """The events above `after` up to `up_to` are too many to be replayed, or retention has removed some. Those that follow are
    above `up_to`. Messages among them can be had with `history`; what is missed in `@me` is lost."""

    conversation: str
    after: int
    up_to: int


@dataclass(slots=True)
class Replay:
    """`stopped`: the cursors up to which the program has got events."""

    stopped: Resume
    _known: dict[str, int] = field(default_factory=dict)

    def is_known(self, log: str, seq: int) -> bool:
        """Whether the state contains this event already."""
        return seq <= self._known.get(log, 0)

    def keep(self, epoch: str, uid: str, cursors: Mapping[str, int]) -> None:
        """A connection had these cursors; the next one begins with a snapshot."""
        before = self.stopped.cursors if self._continues(epoch, uid) else {}
        self.stopped = _resume(epoch, uid, before | dict(cursors))

    def begin(self, epoch: str, uid: str, cursors: Mapping[str, int], since: Mapping[str, int]) -> Resume:
        """Where events go on, now that a snapshot has come with these cursors. A conversation that is new since the program
        stopped begins `since` its user joined. Cursors of another life of the store, or of another user, are worth nothing."""
        self._known.clear()
        going_on = self._continues(epoch, uid)
        began = dict(cursors)
        if going_on:
            for log, head in cursors.items():
                lowest = head if log == ME else since.get(log, head)
                began[log] = min(head, max(self.stopped.cursors.get(log, lowest), since.get(log, 0)))
        self.keep(epoch, uid, began)
        return _resume(epoch, uid, began)

    def go_back(self, log: str, cursor: int, head: int) -> tuple[int, Missed | None]:
        """The cursor above which to ask for the events up to `head`, and what cannot be had."""
        self._known[log] = head
        start = max(cursor, head - REPLAYED)
        return start, Missed(conversation=log, after=cursor, up_to=start) if start > cursor else None

    def after_reset(self, state: ConversationState, cursor: int | None, reason: str) -> tuple[int, Missed | None]:
        """The same after a `reset`, at whose time the program was at `cursor`."""
        log, head = state.conversation, state.head
        start = max(state.since if cursor is None else cursor, state.since)
        if start >= head:
            return head, None
        if reason == "retention":
            self._known[log] = head
            return head, Missed(conversation=log, after=start, up_to=head)
        return self.go_back(log, start, head)

    def forget(self, log: str) -> None:
        self._known.pop(log, None)

    def _continues(self, epoch: str, uid: str) -> bool:
        return self.stopped.epoch == epoch and self.stopped.uid in (None, uid)


def _resume(epoch: str, uid: str, cursors: dict[str, int]) -> Resume:
    """Not validated: it stays in the program, so it may have more cursors than a `hello`."""
    return Resume.model_construct(epoch=epoch, uid=uid, cursors=cursors)
