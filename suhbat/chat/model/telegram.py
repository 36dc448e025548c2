"""Updates of Telegram's Bot API."""

from __future__ import annotations

from dataclasses import dataclass

from suhbat.protocol.logged_events import LoggedEvent

from .people import Milliseconds


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event that a bot has not confirmed. `number`: the id of its update; `event`: None if the bot may not
    see it any more."""

    number: int
    event: LoggedEvent | None


@dataclass(frozen=True, slots=True)
class UnnumberedEvents:
    """Events that a bot is to be told of: each with the row id of its log, its `seq` and its time, in the order of time.
    `cursors`: by row id, how far logs were read. `last`: the last number of the bot when they were read; None if it is erased.
    `has_more`: there are more events. `passed`: by how much the cursors moved in all."""

    last: int | None
    events: tuple[tuple[int, int, Milliseconds], ...]
    cursors: dict[int, int]
    has_more: bool
    passed: int = 0
