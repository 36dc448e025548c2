"""Lower priority for threads that compute for a long time, so that the event loop gets its core at once when it needs it."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

NICE = 19


def lower_priority() -> None:
    """Lower the priority of the calling thread. Does nothing except on Linux, where threads have priorities of their own.

    Not for threads that hold the interpreter lock while they compute: everybody would wait for a thread of low priority.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
