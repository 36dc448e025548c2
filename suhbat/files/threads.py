"""The threads in which bytes of files are read and written, so that a slow disk delays nobody who chats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8


class FileThreads:
    """Runs blocking functions. It belongs to files alone: what other parts run in threads does not wait for a disk."""

    def __init__(self, threads: int = THREADS, initializer: Callable[[], None] | None = None) -> None:
        """`initializer`: runs first in each thread."""
        self._executor = ThreadPoolExecutor(threads, "suhbat-files", initializer)

    async def run(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """The result of the function. If the caller is cancelled, the function still ends."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._executor, lambda: function(*arguments, **keywords)))

    def close(self) -> None:
        """Do not wait for functions that are running."""
        self._executor.shutdown(wait=False, cancel_futures=True)
