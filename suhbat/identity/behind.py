"""Threads that compute for long: the event loop must not share its core with them as with equals."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

NICE = 19


def behind_others() -> None:
    """Let the calling thread give way to the others of this process, and of the machine. Only Linux has priorities of threads;
    elsewhere nothing happens. Not for threads that hold the interpreter: the others would wait for one that gives way."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
