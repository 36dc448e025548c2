"""The group-commit writer: one thread, one transaction for everything that is queued.

While one transaction commits the next batch gathers; a lone message waits for nobody. What was accepted is never
cancelled; who waits for it may be. Everything that is told is told on the event loop, once a batch.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from queue import Empty, SimpleQueue
from time import perf_counter, sleep
from typing import Any, TypeVar

import structlog

from suhbat.chat.model import Changed, Committed, Outcome, Post
from suhbat.counting import StoreCounts
from suhbat.errors import Internal
from suhbat.store.errors import UnusableStore

from .batch import Batch, Item, Unit, Work, busy
from .committer import Committer

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

LARGEST_BATCH = 1_024
"""Posts of one transaction."""
LARGEST_WORK = 64
"""Items of other work of one: what they touch is locked for all of them, also for those that are left for later."""
QUEUE_LIMIT = 10_000
"""Posts that may wait; above it they are refused as Busy."""
PAUSE_SECONDS = 0.01


class Writer:
    """One thread that writes. Its methods belong to the event loop on which it was made; `start` it once.

    `committed` is told the events of each batch, in log order, before the `done`s of its posts; `changed` what else it did
    that other nodes must know.
    """

    def __init__(
        self,
        transactions: Committer,
        committed: Committed,
        changed: Changed | None = None,
        *,
        limit: int = QUEUE_LIMIT,
        counts: StoreCounts | None = None,
    ) -> None:
        self._counts = counts or StoreCounts()
        self._transactions = transactions
        self._committed = committed
        self._changed = changed
        self._limit = limit
        self._turn: list[Item] = []
        self._queue: SimpleQueue[list[Item] | None] = SimpleQueue()
        # Gathered, for the next batches: apart, or posts would wait behind other work that is more than a batch.
        self._posts: deque[Item] = deque()
        self._works: deque[Item] = deque()
        self._is_last = False  # nothing more comes from the queue
        self._in_hand: list[Item] = []
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, name="suhbat-writer", daemon=True)
        self.waiting = 0
        """Posts accepted and not answered yet."""
        self._closing = False
        self._failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        """Nothing is written any more, and never will be again: the process should end, for another to take its place."""
        return self._failure is not None

    def check(self) -> None:
        """Raise UnusableStore if nothing is written any more."""
        if self._failure is not None:
            raise UnusableStore("the writer of the database has died, see the log; restart Suhbat") from self._failure
        if self._closing:
            raise UnusableStore("the store is closed")

    def post(self, post: Post) -> None:
        """Queue a post. Its `done` is always called later, never from here."""
        if self._failure is not None:
            self._loop.call_soon(post.done, Internal())
        elif self._closing or self.waiting >= self._limit:
            self._loop.call_soon(post.done, busy())
        else:
            self.waiting += 1
            self._put(post)

    def work(self, run: Unit[T], logs: frozenset[str] = frozenset()) -> Awaitable[T]:
        """Run something in the writer's thread, in a savepoint of the batch's transaction. Done when committed.

        `logs`: see `Work`. Cancelling who waits does not cancel it. Raises what `run` raised, Busy, Internal,
        UnusableStore.
        """
        self.check()
        answer: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(_seen)
        self._put(Work(run, answer, logs))
        return asyncio.shield(answer)

    async def close(self) -> None:
        """Write what was accepted and tell about it, then stop. Idempotent. Leaves the engine open."""
        if not self._closing:
            self._closing = True
            self._transactions.closing.set()
            self._hand_over()
            self._queue.put(None)
        await asyncio.shield(self._ended)

    def _put(self, item: Item) -> None:
        """Hand over everything of this turn of the loop at its end: what many sockets brought at once is one batch."""
        if not self._turn:
            self._loop.call_soon(self._hand_over)
        self._turn.append(item)

    def _hand_over(self) -> None:
        if self._turn:
            items, self._turn = self._turn, []
            self._queue.put(items)
            if any(isinstance(item, Post) for item in items):
                self._transactions.more.set()

    # In the thread.

    def _main(self) -> None:
        failure: BaseException | None = None
        try:
            while self._step():
                pass
        except BaseException as error:  # whoever waits must hear of it, whatever it is
            failure = error
        self._transactions.drop()
        self._on_loop(self._end, failure)

    def _step(self) -> bool:
        """Write one batch, and have it told. False when it is time to stop."""
        self._transactions.more.clear()  # before it is looked at what there is: whatever comes after that sets it again
        items = self._gather()
        if not items:
            return False
        self._in_hand = items
        began = perf_counter()
        batch = self._transactions.write(items)
        self._counts.commits.add(perf_counter() - began)
        self._counts.batches.add(len(items))
        self._in_hand = []
        self._on_loop(self._tell, batch)
        self._put_back([*batch.left, *batch.later])
        if batch.left and not batch.told:
            sleep(PAUSE_SECONDS)  # nothing could be done: somebody else holds it all
        return True

    def _gather(self) -> list[Item]:
        """The first of what is queued, posts before other work, at least one; [] when it is time to stop. What was left comes
        first."""
        while not self._is_last:
            try:
                turn = self._queue.get(block=not (self._posts or self._works))
            except Empty:
                break
            if turn is None:
                self._is_last = True  # the sign to stop is the last that was queued
                break
            for item in turn:
                (self._posts if isinstance(item, Post) else self._works).append(item)
        return [*_first(self._posts, LARGEST_BATCH), *_first(self._works, LARGEST_WORK)]

    def _put_back(self, left: Sequence[Item]) -> None:
        """Before all that came later."""
        for item in reversed(left):
            (self._posts if isinstance(item, Post) else self._works).appendleft(item)

    def _on_loop(self, tell: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(tell, *arguments)
        except RuntimeError:
            log.warning("the event loop was closed before the writer; what was accepted is written")

    # On the event loop.

    def _tell(self, batch: Batch) -> None:
        try:
            if batch.entries:
                self._committed(batch.entries)
            if batch.changes and self._changed is not None:
                self._changed(batch.changes)
        except Exception:
            log.exception("events are stored but could not be published")
        for item, outcome in batch.told:
            self._answer(item, outcome)

    def _answer(self, item: Item, outcome: Any) -> None:
        if isinstance(item, Post):
            self.waiting -= 1
            _call(item.done, outcome)
        elif item.answer.done():
            pass
        elif isinstance(outcome, Exception):
            item.answer.set_exception(outcome)
        else:
            item.answer.set_result(outcome)

    def _end(self, failure: BaseException | None) -> None:
        """The thread is gone. Nobody may wait for ever: after a failure what was left is refused here."""
        self._failure = failure
        if failure is not None:
            log.critical("the writer of the database has died", exc_info=failure)
            left = [*self._in_hand, *self._posts, *self._works]
            while not self._queue.empty():
                left += self._queue.get_nowait() or ()
            left += self._turn
            self._turn = []
            for item in left:
                self._answer(item, Internal())
        self._ended.set_result(None)


def _first(items: deque[Item], most: int) -> list[Item]:
    """Taken from the left."""
    return [items.popleft() for _ in range(min(most, len(items)))]


def _call(done: Callable[[Outcome], None], outcome: Outcome) -> None:
    """One `done` that fails must not keep the others from theirs."""
    try:
        done(outcome)
    except Exception:
        log.exception("an answer could not be delivered")


def _seen(answer: asyncio.Future[Any]) -> None:
    """An exception that nobody waits for any more is no news."""
    if not answer.cancelled():
        answer.exception()
