"""How Python is set for a server."""

from __future__ import annotations

import gc
import sys

SWITCH_INTERVAL = 1e-4
"""Seconds. At Python's default of 5 ms a busy event loop keeps the writer's thread from the interpreter for too long."""
COLLECT = (20_000, 20, 50)
"""Thresholds of the garbage collector. Connections and batches are many objects that stay: at Python's default of 700 it
looks at them again and again, for a tenth of all time. What it is for, cycles, are few here."""


def let_threads_run() -> None:
    """Call before the store is opened."""
    sys.setswitchinterval(SWITCH_INTERVAL)


def collect_less() -> None:
    """Call when start-up is done: what it made stays. Without this each full collection walks it, and everybody waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
