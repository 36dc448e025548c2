"""One socket as the hub sees it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple, Protocol

from suhbat.chat.model import Actor
from suhbat.errors import Unauthenticated
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.texts import Language

from .frames import Frames


class FrameFormat(IntEnum):
    """How a connection reads its frames: the dialect that it speaks, as a number. See `counting.DIALECTS`."""

    SIMPLE = 0
    V1 = 1


class Wire(Protocol):
    """How bytes reach a connection. Everything but `drained` is synchronous and never raises."""

    congested: bool
    """More is unsent than the high-water mark: write nothing but replies until `drained`."""
    closed: bool

    def write(self, frames: Frames) -> None:
        """Write at once what many may share."""
        ...

    def reply(self, payload: bytes) -> None:
        """Write what is for this connection alone: before the next `write`, at the latest at the end of the turn."""
        ...

    def unsent(self) -> int:
        """Bytes accepted but not yet taken by the socket; for the bound on replies and for seeing progress."""
        ...

    async def drained(self) -> None:
        """Return when no longer congested, or closed."""
        ...

    def confirm(self, done: Callable[[], None]) -> None:
        """Call `done` when the peer has taken everything written until now: when it answers a ping; where the server gives
        none, when the server has taken it. Never, if the connection ends before. One at a time."""
        ...

    def close(self, code: Close, reason: str = "") -> None:
        """Close after what was written; abort if the peer does not take it within a few seconds. Idempotent."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...

    def probe(self, patience: float) -> None:
        """Ping; abort if nothing at all arrives within `patience` seconds. Nothing where the server gives no ping."""
        ...


_numbers = itertools.count(1)


class Target(NamedTuple):
    """The heads that a connection must have reached before it is told `caught_up`; `presence`: tell it first who is here."""

    heads: dict[str, int]
    presence: bool


class Connection:
    """A connection in the hub.

    Its position is written by the hub alone; everybody else asks for `follow`, `sync`, `catch_up` and `position`:

    `logs`: the keys of the logs that it follows. `live`: it gets each channel's frames as they come. Otherwise it is behind
    (or has not caught up yet): `lag` holds, for each log in which it may miss something, the last `seq` written to it; in a
    log that is not in `lag` it is where the channel is. `targets`: the heads after which it is told `caught_up`.
    `floors`: for each log, where not 0, the `seq` at which or below which events about messages are hidden from it.

    `session`: the id of the login session that it belongs to; None for a guest's.
    """

    __slots__ = (
        "actor",
        "announced",
        "feeding",
        "floors",
        "format",
        "id",
        "lag",
        "language",
        "live",
        "logs",
        "missed_presence",
        "ponged",
        "session",
        "targets",
        "wire",
    )

    def __init__(
        self, wire: Wire, format: FrameFormat, actor: Actor, language: Language, session: str | None = None
    ) -> None:
        self.id = f"n{next(_numbers)}"
        self.wire = wire
        self.format = format
        self.actor = actor
        self.language = language
        self.session = session
        self.live = False
        self.lag: dict[str, int] = {}
        self.logs: set[str] = set()
        self.floors: dict[str, int] = {}
        self.ponged = 0
        self.announced = 0
        self.missed_presence = False
        self.feeding = False
        self.targets: list[Target] = []

    def reply(self, payload: bytes) -> None:
        """Write an answer; answers are never dropped, also not while behind."""
        self.wire.reply(payload)

    def revoke(self) -> None:
        """The login session is over: an error frame, so that Postman shows why, then the close (4505: do not come back)."""
        self.wire.reply(simple.refusal(Unauthenticated("unauthenticated.revoked"), self.language))
        self.wire.close(Close.SESSION_REVOKED, "session_revoked")
