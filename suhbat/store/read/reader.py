"""Reading in threads: what is asked in one moment shares a transaction and a hop between threads."""

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
"""Reads of one transaction: the last of them waits for all before it."""
LONGEST_REST = 0.5
"""Seconds."""
SLOW_SECONDS = 0.02
"""When a turn takes longer, another thread serves those who wait."""

_Question = tuple[Callable[[Connection], Any], "asyncio.Future[Any]"]


class Reader:
    """Up to `threads` threads, each with a connection of its own, and the reads that wait for one.

    A read takes 50 to 200 us of the interpreter. With a thread's turn for each it cost three times that: a transaction, the
    way there and back, and the competition of the threads for the interpreter's lock. So one thread does it all, and the
    others are for the time when that one waits for the disk. What takes longer (searches, exports) has a reader of its own,
    whose reads do not go `together`, so that what is interactive passes it. Its threads pause after each read for as long as
    the read took (`rests`): the event loop keeps half of its core, however many searches wait.
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
        self._given: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._hands: list[threading.Thread] = []
        self._waiting: deque[_Question] = deque()
        self._busy = 0
        self._turns = 0
        self._look: asyncio.TimerHandle | None = None
        self._idle: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Reads that no thread has begun yet."""
        return len(self._waiting)

    async def read(self, run: Callable[[Connection], T]) -> T:
        """What `run` returns or raises. It sees everything that was committed when this was called."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((run, answer))
        if self._busy == 0:
            self._busy = 1
            asyncio.get_running_loop().call_soon(self._start)
        elif self._look is None:
            self._look = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._help, self._turns)
        return await answer

    async def close(self) -> None:
        """Answer what was asked, then let the threads go. Nothing may be asked any more."""
        if self._busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        if self._look is not None:
            self._look.cancel()
        for _ in self._hands:
            self._given.put(None)
        for hand in self._hands:
            hand.join()

    def _help(self, turns: int) -> None:
        """Somebody has waited; with another thread, if none was done with anything meanwhile."""
        self._look = None
        if not self._waiting:
            return
        if self._turns == turns and self._busy < self._threads:
            self._busy += 1
            self._start()
        self._look = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._help, self._turns)

    def _start(self) -> None:
        """Give a free thread what waits. Taken before its transaction begins, which so sees what they must see."""
        questions = [self._waiting.popleft() for _ in range(min(self._together, len(self._waiting)))]
        if not questions:
            self._busy -= 1
            if self._busy == 0 and self._idle is not None:
                self._idle.set_result(None)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()

        def work() -> None:
            found = self._ask(questions)
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._tell, questions, found, began)

        if len(self._hands) < self._busy:
            # A daemon, as the writer is: a database that never answers must not keep the process from ending.
            hand = threading.Thread(target=self._serve, name=f"suhbat-{self._name}-{len(self._hands)}", daemon=True)
            self._hands.append(hand)
            hand.start()
        self._given.put(work)

    def _serve(self) -> None:
        while (work := self._given.get()) is not None:
            began = perf_counter()
            work()
            if self._rests:
                sleep(min(perf_counter() - began, LONGEST_REST))

    def _ask(self, questions: Sequence[_Question]) -> list[tuple[Any, Exception | None]]:
        found: list[tuple[Any, Exception | None]] = []
        try:
            while len(found) < len(questions):
                with self._engine.connect() as connection, connection.begin() as transaction:
                    if self._go_on(connection, questions, found):
                        transaction.rollback()
        except Exception as error:
            # To the connection it happened, so to all of them; what was read already is as good as before.
            found += [(None, error)] * (len(questions) - len(found))
        return found

    def _go_on(
        self, connection: Connection, questions: Sequence[_Question], found: list[tuple[Any, Exception | None]]
    ) -> bool:
        """The next questions. Whether one spoilt the transaction, as each error of PostgreSQL does; then the rest is left."""
        for run, _ in questions[len(found) :]:
            try:
                found.append((run(connection), None))
            except Exception as error:
                found.append((None, error))
                if isinstance(error, DBAPIError):
                    return True
        return False

    def _tell(
        self, questions: Sequence[_Question], found: Sequence[tuple[Any, Exception | None]], began: float
    ) -> None:
        self._turns += 1
        self._counts.reads.add(asyncio.get_running_loop().time() - began)
        if self._busy > 1 and asyncio.get_running_loop().time() - began > SLOW_SECONDS:
            self._busy -= 1  # another came for those who waited
        else:
            self._start()
        for (_, answer), (result, error) in zip(questions, found, strict=True):
            if answer.done():
                continue  # whoever asked is gone
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)
