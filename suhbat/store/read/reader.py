"""Reads in threads. Reads that are requested at the same time share a transaction and a change of threads; reads of one kind
(`Joint`) also share their statements."""

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

from .joint import ALONE, Joint, ReadJob, ReadRequest

K = TypeVar("K")
T = TypeVar("T")

TOGETHER = 16
"""Reads per transaction, at most. The last of them waits for all others."""
JOINED = 64
"""Requests that one call of a joint read answers, at most. The call counts as one read of TOGETHER."""
LONGEST_PAUSE = 0.5
"""Seconds that a thread pauses after a read, at most (see `Reader`)."""
SLOW_SECONDS = 0.02
"""If a batch of reads takes longer than this, another thread takes the waiting ones."""


_Found = list[tuple[ReadJob, Sequence[Any] | Exception]]
"""Jobs that are done, each with its results or its error."""


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
        self._waiting: deque[ReadRequest] = deque()
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
        found: T = await self._request(ALONE, run)
        return found

    async def read_joint(self, kind: Joint[K, T], key: K) -> T:
        """The same for one key of a joint read, which shares its statements with the waiting requests of this kind."""
        found: T = await self._request(kind, key)
        return found

    def _request(self, kind: Joint[Any, Any], key: Any) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(ReadRequest(kind, key, answer))
        if self._busy == 0:
            self._busy = 1
            loop.call_soon(self._start)
        elif self._check is None:
            self._check = loop.call_later(SLOW_SECONDS, self._help, self._batches_done)
        return answer

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
        jobs = self._take()
        if not jobs:
            self._busy -= 1
            if self._busy == 0 and self._idle is not None:
                self._idle.set_result(None)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()

        def work() -> None:
            found = self._run_all(jobs)
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._deliver, found, began)

        if len(self._workers) < self._busy:
            # A daemon like the writer: a database that never answers must not keep the process from ending.
            worker = threading.Thread(target=self._serve, name=f"suhbat-{self._name}-{len(self._workers)}", daemon=True)
            self._workers.append(worker)
            worker.start()
        self._jobs.put(work)

    def _take(self) -> list[ReadJob]:
        """Take the waiting requests that the next transaction answers, as up to `together` jobs."""
        jobs: list[ReadJob] = []
        joint: dict[Joint[Any, Any], ReadJob] = {}
        while self._waiting:
            request = self._waiting[0]
            job = joint.get(request.kind)
            if job is None or len(job.requests) == JOINED:
                if len(jobs) == self._together:
                    break
                job = ReadJob(request.kind, [])
                jobs.append(job)
                if request.kind is not ALONE:
                    joint[request.kind] = job
            job.requests.append(self._waiting.popleft())
        return jobs

    def _serve(self) -> None:
        while (work := self._jobs.get()) is not None:
            began = perf_counter()
            work()
            if self._rests:
                sleep(min(perf_counter() - began, LONGEST_PAUSE))

    def _run_all(self, jobs: Sequence[ReadJob]) -> _Found:
        found: _Found = []
        left = deque(jobs)
        try:
            while left:
                with self._engine.connect() as connection, connection.begin() as transaction:
                    if self._run(connection, left, found):
                        transaction.rollback()
        except Exception as error:
            # The connection failed, so all remaining reads fail. Results that were read before are valid.
            found += [(job, error) for job in left]
        return found

    def _run(self, connection: Connection, left: deque[ReadJob], found: _Found) -> bool:
        """Run the remaining jobs. True if a database error ended the transaction (PostgreSQL aborts it); the rest is left."""
        while left:
            job = left[0]
            try:
                results = job.run(connection)
            except Exception as error:
                left.popleft()
                if len(job.requests) == 1:
                    found.append((job, error))
                else:
                    # One of the keys may be the reason, and the others must not fail with it.
                    left.extendleft(ReadJob(job.kind, [request]) for request in reversed(job.requests))
                if isinstance(error, DBAPIError):
                    return True
            else:
                left.popleft()
                found.append((job, results))
        return False

    def _deliver(self, found: _Found, began: float) -> None:
        self._batches_done += 1
        took = asyncio.get_running_loop().time() - began
        self._counts.reads.add(took)
        if self._busy > 1 and took > SLOW_SECONDS:
            self._busy -= 1  # another thread has taken the waiting reads
        else:
            self._start()
        for job, results in found:
            if isinstance(results, Exception):
                for request in job.requests:
                    _answer(request, None, results)
                continue
            for request, result in zip(job.requests, results, strict=True):
                _answer(request, result, None)


def _answer(request: ReadRequest, result: object, error: Exception | None) -> None:
    if request.answer.done():
        return  # the caller was cancelled
    if error is None:
        request.answer.set_result(result)
    else:
        request.answer.set_exception(error)
