"""The events of one log as different readers see them. Each view is encoded once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence

from suhbat.protocol.event_marks import hidden, veil_of
from suhbat.protocol.logged_events import LiveEvent, model_of
from suhbat.protocol.replies import encode
from suhbat.protocol.v1 import encode_event

from .connection import Connection
from .frames import Frames


class Views:
    """Some events of one log, encoded for the v1 dialect.

    `whole` has all events; most readers get it. A reader who may not see a message (its `seq` is at or below the reader's
    floor, see `Connection.floors`) gets `event.hidden` in place of each event about it, so that no `seq` is missing.
    """

    def __init__(self, events: Sequence[LiveEvent]) -> None:
        self.whole = Frames([encode_event(event) for event in events])
        self._events = events
        self._veils = sorted({veil for event in events if (veil := veil_of(event)) is not None})
        self._last: tuple[int, Frames] = (0, self.whole)

    def above(self, floor: int) -> Frames:
        """The frames for a reader with this floor."""
        count = bisect_right(self._veils, floor)
        if not count:
            return self.whole
        if self._last[0] != count:
            # Only the last view is kept: a page may have a hundred.
            self._last = (count, self._encode(self._veils[count - 1]))
        return self._last[1]

    def groups(self, log: str, listeners: dict[Connection, None]) -> Iterable[tuple[Frames, Collection[Connection]]]:
        """Group the listeners of a log by the frames they get. Each listener is in one group."""
        if not self._veils:
            return [(self.whole, listeners)]
        by_count: dict[int, list[Connection]] = {}
        for connection in listeners:
            count = bisect_right(self._veils, connection.floors.get(log, 0))
            by_count.setdefault(count, []).append(connection)
        return [
            (self.above(self._veils[count - 1]) if count else self.whole, group) for count, group in by_count.items()
        ]

    def _encode(self, floor: int) -> Frames:
        return Frames(
            [
                frame if (veil := veil_of(event)) is None or veil > floor else encode(hidden(model_of(event)))
                for event, frame in zip(self._events, self.whole.payloads, strict=True)
            ]
        )
