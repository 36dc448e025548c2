"""A connection as the hub sees it, and the interface (`Wire`) through which it writes to the socket."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import NamedTuple, Protocol

from suhbat.chat.model import Actor
from suhbat.errors import Forbidden, Unauthenticated
from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.texts import Language

from .frames import Frames

STALL_SECONDS = 30.0
"""A connection whose peer takes no bytes for this long, although some are unsent, is aborted."""


class FrameFormat(IntEnum):
    """The dialect of a connection as an index; see `counting.DIALECTS`."""

    SIMPLE = 0
    V1 = 1


class Wire(Protocol):
    """The outgoing side of a connection. All methods except `drained` are synchronous and never raise."""

    congested: bool
    """The unsent bytes exceed the high-water mark: write nothing but replies until `drained`."""
    closed: bool

    def write(self, frames: Frames) -> None:
        """Write frames that other connections may share, now."""
        ...

    def reply(self, payload: bytes) -> None:
        """Write a frame for this connection alone: before the next `write`, or else at the end of the loop turn."""
        ...

    def unsent(self) -> int:
        """Bytes accepted but not yet taken by the socket. Bounds the replies, and shows whether a slow peer makes
        progress."""
        ...

    async def drained(self) -> None:
        """Return when the connection is no longer congested, or is closed."""
        ...

    def confirm(self, done: Callable[[], None]) -> None:
        """Call `done` when the peer has received everything written until now, which its answer to a ping shows. Under an
        ASGI server, which offers no ping, call it when the server has taken everything. If the connection ends before,
        `done` is never called. Only one call may be waiting at a time."""
        ...

    def close(self, code: Close, reason: str = "") -> None:
        """Close after the frames already written; abort if the peer does not take them within a few seconds. Idempotent."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...

    def probe(self, patience: float) -> None:
        """Ping, and abort if nothing arrives within `patience` seconds. Does nothing under an ASGI server, which offers no
        ping."""
        ...


_numbers = itertools.count(1)


class Target(NamedTuple):
    """The heads (by log key) that a connection must have reached before it gets `caught_up`. With `presence`, a full
    presence notice goes before it."""

    heads: dict[str, int]
    presence: bool


class Connection:
    """A connection in the hub.

    Only the hub writes its position; other code calls `Hub.follow`, `sync`, `catch_up` and `position`. The position is:

    `logs`: the keys of the logs that it follows.
    `live`: it gets each channel's frames at every flush. Otherwise it is behind, or has not caught up yet, and is fed.
    `lag`: for each log in which it may miss events, the last `seq` written to it. In other logs it is at `flushed`.
    `targets`: the heads after which it gets `caught_up`.
    `floors`: for each log, events about messages with a `seq` at or below this number are hidden from it. 0 is left out.

    `announced`: how many announcements of the lobby it has got, or may skip. `pong_tick`: the hub's tick at its last `pong`.
    `missed_presence`: it missed presence notices while it was behind. `feeding`: a feed runs for it.
    `missed_growth`: by log key and `seq`, the growing messages of which it may lack something, each with how many characters of
    the text it has for sure. None: it lacks nothing.
    `session`: the id of its login session; None for a guest.
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
        "missed_growth",
        "missed_presence",
        "pong_tick",
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
        self.pong_tick = 0
        self.announced = 0
        self.missed_presence = False
        self.missed_growth: dict[tuple[str, int], int] | None = None
        self.feeding = False
        self.targets: list[Target] = []

    def stands_in(self, logs: Iterable[str]) -> None:
        """Nothing is fed to this connection; what is asked of it, whether it follows a log, holds for these."""
        self.logs = set(logs)

    def reply(self, payload: bytes) -> None:
        """Write a reply. Replies are never dropped, even while the connection is behind."""
        self.wire.reply(payload)

    def revoke(self) -> None:
        """End the connection because its login session ended: an error frame, which Postman shows, then close 4505 (the
        client must not reconnect)."""
        self.wire.reply(simple.refusal(Unauthenticated("unauthenticated.revoked"), self.language))
        self.wire.close(Close.SESSION_REVOKED, "session_revoked")

    def ban(self) -> None:
        """End the connection because its user was banned from the server: the same with close 4503."""
        self.wire.reply(simple.refusal(Forbidden("forbidden.banned"), self.language))
        self.wire.close(Close.FORBIDDEN, "banned")
