"""Ctrl+C and the like, on every system."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Inside of the block the first signal that asks the process to end calls `stop` on the event loop; the next one does what
    it did before. Outside of the main thread there are no signals.

    `loop.add_signal_handler` does not exist on Windows; a handler of `signal` that wakes the loop works everywhere."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def asked(_number: int, _frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(stop)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is not None:
            before[number] = signal.signal(number, asked)
    try:
        yield
    finally:
        restore()
