"""The measures of sound and films."""

from __future__ import annotations

from typing import NamedTuple


class Measured(NamedTuple):
    """width, height: as displayed, in pixels; duration: in milliseconds."""

    type: str
    width: int | None = None
    height: int | None = None
    duration: int | None = None


def milliseconds(amount: float, rate: float) -> int | None:
    """`amount` units, `rate` of which are a second."""
    return round(1_000 * amount / rate) if rate > 0 and amount > 0 else None
