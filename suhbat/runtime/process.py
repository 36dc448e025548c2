"""How a server process is set up: its threads, its garbage collector, its heaps and its open files."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

SWITCH_INTERVAL = 1e-4
"""Seconds. At Python's default of 5 ms a busy event loop keeps the interpreter from the writer's thread for too long."""
COLLECT = (20_000, 20, 50)
"""Thresholds of the garbage collector. At Python's default of 700 it scans the many long-lived objects of connections and
batches again and again, for a tenth of all time, although few of them form cycles."""
LARGE = 1 << 20
"""Bytes. A larger block is allocated by the system and returned when it is freed; a heap keeps at most so much free memory."""
ARENAS = 2
"""Heaps that threads share. Few threads allocate at once, because Python runs one at a time."""
FILES = 100_000
"""Open files asked for: two for each connection that the setting `connections` allows by default."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def shorten_switch_interval() -> None:
    """Let threads of the store run while the event loop is busy. Call before the store is opened."""
    sys.setswitchinterval(SWITCH_INTERVAL)


def limit_heaps() -> None:
    """Make glibc return freed memory to the system. Call before threads are started.

    By default glibc keeps as much free memory as the largest block that was ever freed (19 MB, of a password that was
    verified), in up to eight heaps for each processor (mallopt(3)).
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)
        mallopt(_TRIM_THRESHOLD, LARGE)
        mallopt(_ARENA_MAX, ARENAS)


def raise_file_limit() -> None:
    """Let this process have FILES open files, or as many as the system allows. The preset limit is often 1,024."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        # macOS reports that there is no limit, but refuses to set that.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES) if most > 0 else FILES, most))


def freeze_garbage_collector() -> None:
    """Exclude everything that start-up made from garbage collection. Call at the end of start-up. Otherwise each full
    collection scans it and delays all connections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
