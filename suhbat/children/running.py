"""The child's side: what each child process does first. It ends when its parent does, because the pipe closes then."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO


def begin(take: Callable[[bytes], object]) -> BinaryIO:
    """Give each line of the parent to `take`, in a thread of its own, until the parent is gone; then this process ends at once,
    even in the middle of work. Returns where to write the answers."""
    answers = _own_output()
    for name in ("SIGINT", "SIGTERM"):  # Ctrl-C and the end of a service reach this process as well: the parent decides
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)  # the chat goes first
    threading.Thread(target=_read, args=(take,), daemon=True).start()
    return answers


def _own_output() -> BinaryIO:
    """The pipe to the parent, under another number than 1, so that nothing which a library prints gets into it."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _read(take: Callable[[bytes], object]) -> None:
    try:
        for line in sys.stdin.buffer:
            take(line)
    finally:
        os._exit(0)
