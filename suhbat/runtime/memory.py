"""What becomes of memory that was freed: with glibc, back to the system, and not kept for each thread for ever."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
LARGE = 1 << 20
"""Bytes. What is larger is asked of the system, and given back when it is freed; of what is smaller a heap keeps so much."""
ARENAS = 2
"""Heaps that threads share. Few of ours allocate at once: Python lets one run at a time."""


def give_back() -> None:
    """Call before threads are started.

    Left alone, glibc takes the largest block that was ever freed (19 MB, of a password that is verified) for the size of what
    it should keep, in as many as eight heaps a processor (mallopt(3)).
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)
        mallopt(_TRIM_THRESHOLD, LARGE)
        mallopt(_ARENA_MAX, ARENAS)
