"""Time as a dependency."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """`wall`: milliseconds since 1970, for display only. `steady`: seconds that never go back."""

    def wall(self) -> int: ...
    def steady(self) -> float: ...
