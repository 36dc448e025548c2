"""The same events as different readers of a log get them, each view encoded once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence

from suhbat.protocol import v1
from suhbat.protocol.events import Event, hidden, veil_of

from .connection import Connection
from .frames import Frames


class Views:
    """Some events of one log for the v1 dialect.

    `whole`: as almost everybody gets them. Whoever may not read a message that one of them is about (their floor is at it or
    above) gets `event.hidden` in its place, so that no `seq` is missing. There are as many views as different floors matter.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.whole = Frames([v1.event_frame(event) for event in events])
        self._events = events
        self._veils = sorted({veil for event in events if (veil := veil_of(event)) is not None})
        self._last: tuple[int, Frames] = (0, self.whole)

    def above(self, floor: int) -> Frames:
        """For somebody with this floor."""
        count = bisect_right(self._veils, floor)
        if not count:
            return self.whole
        if self._last[0] != count:
            # Only the last one is kept: a page may have a hundred.
            self._last = (count, self._made(self._veils[count - 1]))
        return self._last[1]

    def groups(self, log: str, listeners: dict[Connection, None]) -> Iterable[tuple[Frames, Collection[Connection]]]:
        """Each listener once, with what they get."""
        if not self._veils:
            return [(self.whole, listeners)]
        by_count: dict[int, list[Connection]] = {}
        for connection in listeners:
            count = bisect_right(self._veils, connection.floors.get(log, 0))
            by_count.setdefault(count, []).append(connection)
        return [
            (self.above(self._veils[count - 1]) if count else self.whole, group) for count, group in by_count.items()
        ]

    def _made(self, floor: int) -> Frames:
        return Frames(
            [
                frame if (veil := veil_of(event)) is None or veil > floor else v1.event_frame(hidden(event))
                for event, frame in zip(self._events, self.whole.payloads, strict=True)
            ]
        )
