"""Which cursors are below the head of their log, and when to ask for the missing events (`sync`). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BELOW_SECONDS = 2.0
"""If a cursor stays below the head for this long without an event, the missing events are asked for (again)."""


@dataclass(slots=True)
class _Gap:
    head: int
    quiet_since: float
    asked: bool


class Gaps:
    """The known heads of the logs whose cursor is below them."""

    def __init__(self) -> None:
        self._gaps: dict[str, _Gap] = {}

    def below(self, log: str, head: int, now: float) -> None:
        """The server's log goes up to `head`, above the cursor. The missing events may be on their way."""
        gap = self._gaps.setdefault(log, _Gap(head, now, asked=False))
        gap.head = max(gap.head, head)

    def skipped(self, log: str, seq: int, now: float) -> bool:
        """`seq` came while events before it are missing. True: ask for them now; they were not asked for yet."""
        self.below(log, seq, now)
        gap = self._gaps[log]
        if gap.asked:
            return False
        gap.asked, gap.quiet_since = True, now
        return True

    def moved(self, log: str, cursor: int, now: float) -> None:
        """The cursor of a log moved."""
        gap = self._gaps.get(log)
        if gap is None:
            return
        gap.quiet_since = now
        if cursor >= gap.head:
            del self._gaps[log]

    def due(self, now: float) -> list[str]:
        """The logs to ask for now, those without an event for the longest time first. They stay due until `asked`, since one
        frame may not hold all of them."""
        due = [log for log, gap in self._gaps.items() if now - gap.quiet_since >= BELOW_SECONDS]
        return sorted(due, key=lambda log: self._gaps[log].quiet_since)

    def below_head(self) -> list[str]:
        """The logs whose missing events were not asked for yet."""
        return [log for log, gap in self._gaps.items() if not gap.asked]

    def asked(self, logs: Iterable[str], now: float) -> None:
        """The missing events of these logs were asked for."""
        for log in logs:
            self._gaps[log].asked, self._gaps[log].quiet_since = True, now

    def excuse(self, now: float) -> None:
        """The socket was not read until now, so no log is late."""
        for gap in self._gaps.values():
            gap.quiet_since = now

    def forget(self, log: str) -> int:
        """The log is not followed any more. Gives the head that the cursor was below, or 0."""
        gap = self._gaps.pop(log, None)
        return 0 if gap is None else gap.head

    def clear(self) -> None:
        self._gaps.clear()
