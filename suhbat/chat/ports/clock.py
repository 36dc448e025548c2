"""Time, given from outside."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time, injected: `wall` in milliseconds since 1970 (display only), `steady` in seconds (never goes back)."""

    def wall(self) -> int: ...
    def steady(self) -> float: ...
