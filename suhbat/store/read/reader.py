"""Reads in threads. Reads that are requested at the same time share a transaction and a change of threads."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from time import perf_counter, sleep
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from suhbat.counting import StoreCounts

T = TypeVar("T")

TOGETHER = 16
"""Reads per transaction, at most. The last of them waits for all others."""
LONGEST_PAUSE = 0.5
"""Seconds that a thread pauses after a read, at most (see `Reader`)."""
SLOW_SECONDS = 0.02
"""If a batch of reads takes longer than this, another thread takes the waiting ones."""

_Request = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Reader:
    """Up to `threads` threads, each with its own connection, and a queue of reads.

    A read takes 50 to 200 us of interpreter time. In a thread and a transaction of its own it took three times that, because
    the threads compete for the interpreter's lock. So one thread does up to `together` reads in one transaction, and the
    others help while it waits for the disk.

    Slow reads (searches, exports) have a reader of their own, with `together` = 1, so that interactive reads overtake them.
    With `rests` its threads pause after each read for as long as the read took: the event loop keeps half of its core,
    however many searches wait.
    """

    def __init__(
        self,
        engine: Engine,
        threads: int,
        counts: StoreCounts | None = None,
        together: int = TOGETHER,
        name: str = "reader",
        rests: bool = False,
    ) -> None:
        self._counts = counts or StoreCounts()
        self._engine = engine
        self._threads = threads
        self._together = together
        self._name = name
        self._rests = rests
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._waiting: deque[_Request] = deque()
        self._busy = 0
        self._batches_done = 0
        self._check: asyncio.TimerHandle | None = None
        self._idle: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Reads that no thread has begun yet."""
        return len(self._waiting)

    async def read(self, run: Callable[[Connection], T]) -> T:
        """Run a read and return its result. It sees everything that was committed before this call. Raises what `run`
        raises."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((run, answer))
        if self._busy == 0:
            self._busy = 1
            asyncio.get_running_loop().call_soon(self._start)
        elif self._check is None:
            self._check = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._help, self._batches_done)
        return await answer

    async def close(self) -> None:
        """Finish the reads that were requested, then end the threads. No read may be requested after this."""
        if self._busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        if self._check is not None:
            self._check.cancel()
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()

    def _help(self, batches_done: int) -> None:
        """Start another thread if reads have been waiting and no batch was finished meanwhile."""
        self._check = None
        if not self._waiting:
            return
        if self._batches_done == batches_done and self._busy < self._threads:
            self._busy += 1
            self._start()
        self._check = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._help, self._batches_done)

    def _start(self) -> None:
        """Give the waiting reads to a free thread. Its transaction begins later, so it sees all commits before the requests."""
        requests = [self._waiting.popleft() for _ in range(min(self._together, len(self._waiting)))]
        if not requests:
            self._busy -= 1
            if self._busy == 0 and self._idle is not None:
                self._idle.set_result(None)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()

        def work() -> None:
            found = self._run_all(requests)
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._deliver, requests, found, began)

        if len(self._workers) < self._busy:
            # A daemon like the writer: a database that never answers must not keep the process from ending.
            worker = threading.Thread(target=self._serve, name=f"suhbat-{self._name}-{len(self._workers)}", daemon=True)
            self._workers.append(worker)
            worker.start()
        self._jobs.put(work)

    def _serve(self) -> None:
        while (work := self._jobs.get()) is not None:
            began = perf_counter()
            work()
            if self._rests:
                sleep(min(perf_counter() - began, LONGEST_PAUSE))

    def _run_all(self, requests: Sequence[_Request]) -> list[tuple[Any, Exception | None]]:
        found: list[tuple[Any, Exception | None]] = []
        try:
            while len(found) < len(requests):
                with self._engine.connect() as connection, connection.begin() as transaction:
                    if self._run(connection, requests, found):
                        transaction.rollback()
        except Exception as error:
            # The connection failed, so all remaining reads fail. Results that were read before are valid.
            found += [(None, error)] * (len(requests) - len(found))
        return found

    def _run(
        self, connection: Connection, requests: Sequence[_Request], found: list[tuple[Any, Exception | None]]
    ) -> bool:
        """Run the remaining reads. True if a database error ended the transaction (PostgreSQL aborts it); the rest is left."""
        for run, _ in requests[len(found) :]:
            try:
                found.append((run(connection), None))
            except Exception as error:
                found.append((None, error))
                if isinstance(error, DBAPIError):
                    return True
        return False

    def _deliver(
        self, requests: Sequence[_Request], found: Sequence[tuple[Any, Exception | None]], began: float
    ) -> None:
        self._batches_done += 1
        self._counts.reads.add(asyncio.get_running_loop().time() - began)
        if self._busy > 1 and asyncio.get_running_loop().time() - began > SLOW_SECONDS:
            self._busy -= 1  # another thread has taken the waiting reads
        else:
            self._start()
        for (_, answer), (result, error) in zip(requests, found, strict=True):
            if answer.done():
                continue  # the caller was cancelled
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)
