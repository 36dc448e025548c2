"""Waiting for what no `expect()` of Playwright can ask."""

from __future__ import annotations

import time
from collections.abc import Callable

from .person import PATIENCE


def eventually(probe: Callable[[], object], *, patience: float = PATIENCE / 1000) -> None:
    """Return when `probe` gives something true. A row may be drawn again between two questions, and a clipboard is written
    later than the key is pressed: what is asked once is a matter of luck. `patience`: seconds."""
    end = time.monotonic() + patience
    while not (found := probe()):
        assert time.monotonic() < end, found
        time.sleep(0.05)
