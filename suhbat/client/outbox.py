"""Commands that await their reply: sent in order, repeated until answered, a limited number at a time. Pure.

A command may be sent several times, if the connection breaks before the reply or the server is busy. That is safe: a `send`
carries the same `client_id` each time, and the other commands are idempotent.

Every command stands in a line: the messages to one conversation in the same line, every other command in a line of its own.
A refusal with a `scope` (slow mode, for example) holds back its line only, and the others go on. From then on the messages of
that line go one at a time until none waits, so that none overtakes another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suhbat.protocol.commands import History, Join, Leave, Send
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

Asked = Send | History | Join | Leave
"""The commands of the outbox. Their `id` is an ascending integer."""


@dataclass(slots=True)
class _Ask:
    command: Asked
    answer: type[Ok]
    done: Callable[[Ok | ClientError], None]
    line: str


class Outbox:
    """Calls each command's `done` once: with its reply, a `Refused`, or the `ChatClosed` that ended the chat."""

    def __init__(self) -> None:
        self._asks: dict[int, _Ask] = {}  # in the order they were asked
        self._flying: set[int] = set()
        self._window = float(WINDOW)
        self._not_before = 0.0
        self._holds: dict[
            str, float
        ] = {}  # by line: its commands are not sent before this time, and then one at a time

    def __len__(self) -> int:
        """How many commands await their reply, sent or not."""
        return len(self._asks)

    def add(self, command: Asked, answer: type[Ok], done: Callable[[Ok | ClientError], None]) -> None:
        """Add a command. Raises Refused if the outbox is full; the command is not kept then."""
        if len(self._asks) >= LIMIT:
            raise Refused(FULL, f"{LIMIT:,} commands await an answer; wait for some before you ask more")
        self._asks[_number(command.id)] = _Ask(command, answer, done, _line(command))

    def forget(self, id: int) -> None:
        """Nobody awaits this reply any more. A command that was not sent yet is dropped."""
        self._take(id)

    def next(self, now: float) -> Asked | None:
        """The command to send now, if any. It counts as sent from then on."""
        if self.wait(now) or len(self._flying) >= int(self._window):
            return None
        behind: set[str] = set()  # held lines of which an earlier command is not answered yet
        for id, ask in self._asks.items():
            hold = self._holds.get(ask.line)
            if id not in self._flying and (hold is None or (hold <= now and ask.line not in behind)):
                self._flying.add(id)
                return ask.command
            if hold is not None:
                behind.add(ask.line)
        return None

    def wait(self, now: float) -> float:
        """Seconds during which nothing may be sent."""
        return max(self._not_before - now, 0.0)

    @property
    def holding(self) -> bool:
        """Whether a line is held back, so that a command may become due by the passing of time."""
        return bool(self._holds)

    def held(self, conversation: str, now: float) -> float:
        """Seconds during which no message to this conversation is sent."""
        return max(self.wait(now), self._holds.get(conversation, 0.0) - now)

    def release(self, conversation: str) -> None:
        """The reason to hold back this conversation may be gone: try again now."""
        if conversation in self._holds:
            self._holds[conversation] = 0.0

    def cut(self) -> None:
        """The connection is lost: all commands without a reply must be sent again, in their order."""
        self._flying.clear()
        self._holds = dict.fromkeys(self._holds, 0.0)  # what held them back may have changed meanwhile

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
                ask.done(Refused(error.code, error.message, error.retry_after))
        elif error.scope is None:
            self._not_before = max(self._not_before, now + min(wait, LONGEST_SECONDS))
            self._window = 1.0
            self._flying -= self._flying if error.id is None else {error.id}
        elif isinstance(error.id, int) and (held := self._asks.get(error.id)):
            self._holds[held.line] = max(self._holds.get(held.line, 0.0), now + wait)
            self._flying.discard(error.id)

    def close(self, error: ClientError) -> None:
        """No more replies will come: every command fails with `error`."""
        asks, self._asks = self._asks, {}
        self._flying.clear()
        self._holds.clear()
        for ask in asks.values():
            ask.done(error)

    def _take(self, id: int | str | None) -> _Ask | None:
        if not isinstance(id, int):
            return None
        self._flying.discard(id)
        ask = self._asks.pop(id, None)
        if ask is not None and ask.line in self._holds and all(one.line != ask.line for one in self._asks.values()):
            del self._holds[ask.line]
        return ask


def _line(command: Asked) -> str:
    """The line of a command: the target of a message. A conversation's id has no space and no `@`."""
    if isinstance(command, Send):
        return command.conversation or f"@{command.to_user}"
    return f"{command.type} {command.id}"


def _number(id: int | str | None) -> int:
    assert isinstance(id, int)
    return id
