"""What was asked and awaits its answer: sent in order, sent again until answered, never too much at once. Pure.

A command may be sent many times: before an answer came the connection broke, or the server was busy. That is safe,
because a `send` carries the same `client_id` each time, and the other commands do nothing a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suhbat.protocol.commands import History, Join, Leave, Send
from suhbat.protocol.replies import Error, Ok

from .errors import WAIT_AND_REPEAT, ClientError, Refused

WINDOW = 64
"""Commands that may be on their way at once."""
GROWTH = 0.25
"""By how much an answer widens the window again, after a refusal for haste has closed it to one."""
LIMIT = 10_000
"""Commands that may await their answer, sent or not. The server may be away for days, and what was asked is kept in memory."""
FULL = "outbox_full"
"""The code of the refusal of one more: ours, the server has none like it."""
WAIT_SECONDS = 1.0
"""The wait after a refusal that names none."""
LONGEST_SECONDS = 60.0
"""The longest wait for which a command is kept back. What may be repeated only later (new directs: so many a day) is refused,
and everything else goes on."""

Asked = Send | History | Join | Leave
"""The commands that go through here; their `id` is an ascending integer."""


@dataclass(slots=True)
class _Ask:
    command: Asked
    answer: type[Ok]
    done: Callable[[Ok | ClientError], None]


class Outbox:
    """Each command's `done` is called once: with its answer, a `Refused`, or the `ChatClosed` that ended the chat."""

    def __init__(self) -> None:
        self._asks: dict[int, _Ask] = {}  # in the order they were asked
        self._flying: set[int] = set()
        self._window = float(WINDOW)
        self._not_before = 0.0

    def __len__(self) -> int:
        """How many await an answer, sent or not."""
        return len(self._asks)

    def add(self, command: Asked, answer: type[Ok], done: Callable[[Ok | ClientError], None]) -> None:
        """Raises Refused where too much waits already; nothing is kept of it then."""
        if len(self._asks) >= LIMIT:
            raise Refused(FULL, f"{LIMIT:,} commands await an answer; wait for some before you ask more")
        self._asks[_number(command.id)] = _Ask(command, answer, done)

    def forget(self, id: int) -> None:
        """Nobody waits for this answer any more. What was not sent yet never will be."""
        self._asks.pop(id, None)
        self._flying.discard(id)

    def next(self, now: float) -> Asked | None:
        """The command to send now, if any; it counts as sent."""
        if self.wait(now) or len(self._flying) >= int(self._window):
            return None
        for id, ask in self._asks.items():
            if id not in self._flying:
                self._flying.add(id)
                return ask.command
        return None

    def wait(self, now: float) -> float:
        """Seconds during which nothing may be sent."""
        return max(self._not_before - now, 0.0)

    def cut(self) -> None:
        """The connection is gone: whatever is unanswered has to be sent again, in the order it was asked."""
        self._flying.clear()

    def answered(self, ok: Ok, data: str | bytes) -> None:
        """`data` is the frame that `ok` was read from; it is read again as what was asked for. Raises ValueError."""
        ask = self._take(ok.id)
        if ask is not None:
            self._window = min(self._window + GROWTH, WINDOW)
            ask.done(ask.answer.model_validate_json(data))

    def refused(self, error: Error, now: float) -> None:
        """A refusal for haste without an `id` may be any command's: then all that are on their way are sent again."""
        wait = error.retry_after or WAIT_SECONDS
        if error.code in WAIT_AND_REPEAT and (wait <= LONGEST_SECONDS or error.id is None):
            self._not_before = max(self._not_before, now + min(wait, LONGEST_SECONDS))
            self._window = 1.0
            self._flying -= self._flying if error.id is None else {error.id}
        elif ask := self._take(error.id):
            ask.done(Refused(error.code, error.message, error.retry_after))

    def close(self, error: ClientError) -> None:
        """Nothing will be answered any more."""
        asks, self._asks = self._asks, {}
        self._flying.clear()
        for ask in asks.values():
            ask.done(error)

    def _take(self, id: int | str | None) -> _Ask | None:
        if not isinstance(id, int):
            return None
        self._flying.discard(id)
        return self._asks.pop(id, None)


def _number(id: int | str | None) -> int:
    assert isinstance(id, int)
    return id
