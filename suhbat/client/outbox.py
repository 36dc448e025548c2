"""Commands that await their reply: sent in order, repeated until answered, a limited number at a time. Pure.

A command may be sent several times, if the connection breaks before the reply or the server is busy. That is safe: a `send`
carries the same `client_id` each time, and the other commands are idempotent.

Every command stands in a line: the messages to one conversation in the same line, every other command in a line of its own.
A refusal with a `scope` (slow mode, for example) holds back its line only, and the others go on. From then on the messages of
that line go one at a time until none waits, so that none overtakes another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from suhbat.protocol.commands import (
    Append,
    ChangeThread,
    Delete,
    Edit,
    Finish,
    History,
    Join,
    Leave,
    MarkUnread,
    React,
    Read,
    Save,
    Send,
    SetNotify,
)
from suhbat.protocol.replies import Error, Ok

from .errors import WAIT_AND_REPEAT, ClientError, Refused

WINDOW = 64
"""Commands that may be in flight at once."""
GROWTH = 0.25
"""By how much each reply widens the window again, after `rate_limited` or `busy` has set it to one."""
LIMIT = 10_000
"""Commands that may await their reply, sent or not. They are kept in memory, and the server may be away for days."""
FULL = "outbox_full"
"""The error code when the outbox is full. It is the SDK's own; the server has no such code."""
WAIT_SECONDS = 1.0
"""The wait after an error that names none."""
LONGEST_SECONDS = 60.0
"""The longest wait after which a command is repeated. If the server asks for more (a limit of new directs a day), the command
is refused, and the others go on. Only a conversation may ask for more: slow mode can be a day."""

Asked = (
    Send
    | Append
    | Finish
    | Edit
    | Delete
    | React
    | History
    | Read
    | MarkUnread
    | ChangeThread
    | SetNotify
    | Save
    | Join
    | Leave
)
"""The commands of the outbox. Their `id` is an ascending integer."""


@dataclass(slots=True)
class _Ask:
    command: Asked
    answer: type[Ok]
    done: Callable[[Ok | ClientError], None]
    line: _Line


@dataclass(slots=True)
class _Line:
    """Commands that wait for each other while the line is held back: in their order, those in flight too. `until`: when the
    first may be sent."""

    name: str
    asks: dict[int, _Ask] = field(default_factory=dict)
    until: float = -math.inf


class Outbox:
    """Calls each command's `done` once: with its reply, a `Refused`, or the `ChatClosed` that ended the chat."""

    def __init__(self) -> None:
        self._asks: dict[int, _Ask] = {}  # in the order they were asked
        self._flying: set[int] = set()
        self._window = float(WINDOW)
        self._not_before = 0.0
        self._lines: dict[str, _Line] = {}
        self._free: dict[int, None] = {}  # the commands of lines that are not held back, in their order
        self._held: dict[str, _Line] = {}
        self._due = math.inf  # no command of a line in `_held` may be sent before this time

    def __len__(self) -> int:
        """How many commands await their reply, sent or not."""
        return len(self._asks)

    def add(self, command: Asked, answer: type[Ok], done: Callable[[Ok | ClientError], None]) -> None:
        """Add a command. Raises Refused if the outbox is full; the command is not kept then."""
        if len(self._asks) >= LIMIT:
            raise Refused(FULL, f"{LIMIT:,} commands await an answer; wait for some before you ask more")
        id, name = _number(command.id), _line(command)
        line = self._lines.setdefault(name, _Line(name))
        self._asks[id] = line.asks[id] = _Ask(command, answer, done, line)
        if name not in self._held:
            self._free[id] = None

    def forget(self, id: int) -> None:
        """Nobody awaits this reply any more. A command that was not sent yet is dropped."""
        self._take(id)

    def next(self, now: float) -> Asked | None:
        """The command to send now, if any. It counts as sent from then on."""
        if self.wait(now) or len(self._flying) >= int(self._window):
            return None
        free = next((id for id in self._free if id not in self._flying), math.inf)
        id = min(free, self._first_due(now) if now >= self._due else math.inf)
        if not isinstance(id, int):
            return None
        self._flying.add(id)
        return self._asks[id].command

    def wait(self, now: float) -> float:
        """Seconds during which nothing may be sent."""
        return max(self._not_before - now, 0.0)

    @property
    def holding(self) -> bool:
        """Whether a line is held back, so that a command may become due by the passing of time."""
        return bool(self._held)

    def held(self, conversation: str, now: float) -> float:
        """Seconds during which no message to this conversation is sent."""
        line = self._held.get(conversation)
        return max(self.wait(now), 0.0 if line is None else line.until - now)

    def release(self, conversation: str) -> None:
        """The reason to hold back this conversation may be gone: try again now."""
        if line := self._held.get(conversation):
            line.until = self._due = -math.inf

    def cut(self) -> None:
        """The connection is lost: all commands without a reply must be sent again, in their order."""
        self._flying.clear()
        for name in self._held:
            self.release(name)  # what held it back may have changed meanwhile

    def answered(self, ok: Ok, data: str | bytes) -> None:
        """A reply came. `data`: its frame, decoded again as the reply that the command expects. Raises ValueError."""
        ask = self._take(ok.id)
        if ask is not None:
            self._window = min(self._window + GROWTH, WINDOW)
            ask.done(ask.answer.model_validate_json(data))

    def refused(self, error: Error, now: float) -> None:
        """An error came. A `busy` or `rate_limited` without `id` may concern any command, so all in flight are sent again."""
        wait = error.retry_after or WAIT_SECONDS
        short = wait <= LONGEST_SECONDS or error.id is None or error.scope == "conversation"
        if error.code not in WAIT_AND_REPEAT or not short:
            if ask := self._take(error.id):
                ask.done(Refused(error.code, error.message, error.retry_after, error.offset))
        elif error.scope is None:
            self._not_before = max(self._not_before, now + min(wait, LONGEST_SECONDS))
            self._window = 1.0
            self._flying -= self._flying if error.id is None else {error.id}
            self._due = -math.inf  # one of them may be the first of its line
        elif isinstance(error.id, int) and (held := self._asks.get(error.id)):
            self._hold(held.line, now + wait)
            self._flying.discard(error.id)

    def close(self, error: ClientError) -> None:
        """No more replies will come: every command fails with `error`."""
        asks, self._asks = self._asks, {}
        for kept in (self._flying, self._lines, self._free, self._held):
            kept.clear()
        for ask in asks.values():
            ask.done(error)

    def _hold(self, line: _Line, until: float) -> None:
        line.until = max(line.until, until)
        self._due = min(self._due, line.until)
        if line.name not in self._held:
            self._held[line.name] = line
            for id in line.asks:
                del self._free[id]

    def _first_due(self, now: float) -> float:
        """The id of a command in `_held` that may be sent now; infinity for none. Finds out when that changes."""
        self._due = math.inf
        for line in self._held.values():
            id = next(iter(line.asks))
            if id in self._flying:
                continue
            self._due = min(self._due, line.until)
            if line.until <= now:
                return id
        return math.inf

    def _take(self, id: int | str | None) -> _Ask | None:
        if not isinstance(id, int) or (ask := self._asks.pop(id, None)) is None:
            return None
        line = ask.line
        del line.asks[id]
        self._flying.discard(id)
        self._free.pop(id, None)
        if not line.asks:
            del self._lines[line.name]
            self._held.pop(line.name, None)
        elif line.name in self._held:
            self._due = min(self._due, line.until)  # the next one may be sent then
        return ask


def _line(command: Asked) -> str:
    """The line of a command: the target of a message. A conversation's id has no space and no `@`."""
    if isinstance(command, Send):
        return command.conversation or f"@{command.to_user}"
    return f"{command.type} {command.id}"


def _number(id: int | str | None) -> int:
    assert isinstance(id, int)
    return id
