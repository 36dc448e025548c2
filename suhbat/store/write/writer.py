"""The group-commit writer: one thread that writes everything queued in one transaction.

While one transaction commits, the next batch collects in the queue; a lone message does not wait for others. An accepted item
is never cancelled, although its waiter may be. Listeners are called on the event loop, once per batch.
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
from .indexing import IndexingBetweenBatches

log = structlog.get_logger("suhbat.store")

T = TypeVar("T")

LARGEST_BATCH = 1_024
"""Posts per transaction, at most."""
LARGEST_WORK = 64
"""Items of other work per transaction, at most. The logs of all of them are locked, also of those that are then deferred."""
QUEUE_LIMIT = 10_000
"""Posts that may wait; further ones are refused as Busy."""
PAUSE_SECONDS = 0.01
"""The pause after a batch in which every item was blocked by another node."""


class Writer:
    """The thread that writes. Call its methods on the event loop on which it was made; call `start` once.

    `committed` receives the events of each batch, in log order, before the posts' `done` are called. `changed` receives the
    other changes that nodes must know. `indexes`: this thread also feeds the index of the search.
    """

    def __init__(
        self,
        transactions: Committer,
        committed: Committed,
        changed: Changed | None = None,
        *,
        limit: int = QUEUE_LIMIT,
        counts: StoreCounts | None = None,
        indexes: bool = False,
    ) -> None:
        self._counts = counts or StoreCounts()
        self._transactions = transactions
        self._committed = committed
        self._changed = changed
        self._limit = limit
        self._turn: list[Item] = []
        self._queue: SimpleQueue[list[Item] | None] = SimpleQueue()
        # Taken from the queue for the next batches; two queues, so that posts do not wait behind a surplus of other work.
        self._posts: deque[Item] = deque()
        self._works: deque[Item] = deque()
        self._is_queue_ended = False
        self._in_progress: list[Item] = []
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, name="suhbat-writer", daemon=True)
        self.waiting = 0
        """Posts accepted and not answered yet."""
        self._closing = False
        self._failure: BaseException | None = None
        self._indexing = IndexingBetweenBatches(transactions, self._wake_thread) if indexes else None

    def start(self) -> None:
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        """Whether the thread has died. Nothing is written any more; the process should end, so that another replaces it."""
        return self._failure is not None

    def check(self) -> None:
        """Raise UnusableStore if the writer has failed or is closing."""
        if self._failure is not None:
            raise UnusableStore("the writer of the database has died, see the log; restart Suhbat") from self._failure
        if self._closing:
            raise UnusableStore("the store is closed")

    def post(self, post: Post) -> None:
        """Queue a post. Its `done` is always called in a later turn of the loop."""
        if self._failure is not None:
            self._loop.call_soon(post.done, Internal())
        elif self._closing or self.waiting >= self._limit:
            self._loop.call_soon(post.done, busy())
        else:
            self.waiting += 1
            self._put(post)

    def work(self, run: Unit[T], logs: frozenset[str] = frozenset(), quota: str | None = None) -> Awaitable[T]:
        """Run a unit of work in the writer's thread, in a savepoint of the batch's transaction; returns its result after
        COMMIT.

        `logs`, `quota`: see `Work`. Cancelling the caller does not cancel the work. Raises what `run` raised, Busy, Internal,
        StorageUnavailable; UnusableStore at once if the writer has failed or is closing.
        """
        self.check()
        answer: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(_retrieve)
        self._put(Work(run, answer, logs, quota))
        return asyncio.shield(answer)

    async def index_reached(self) -> None:
        """See `Indexing.reached`."""
        if self._indexing is not None and not self._closing:
            await self._indexing.reached()

    @property
    def index_lag(self) -> float:
        """See `IndexSchedule.lag`."""
        return 0.0 if self._indexing is None else self._indexing.schedule.lag

    async def close(self) -> None:
        """Write everything accepted, publish it, then stop. Idempotent. Leaves the engine open."""
        if not self._closing:
            self._closing = True
            self._transactions.closing.set()
            self._hand_over()
            self._queue.put(None)
        await asyncio.shield(self._ended)

    def _put(self, item: Item) -> None:
        """Add an item to this turn's list. The list is queued at the end of the turn, so that posts of many sockets form one
        batch."""
        if not self._turn:
            self._loop.call_soon(self._hand_over)
        self._turn.append(item)

    def _hand_over(self) -> None:
        if self._turn:
            items, self._turn = self._turn, []
            self._queue.put(items)
            if any(isinstance(item, Post) for item in items):
                self._transactions.more = True

    def _wake_thread(self) -> None:
        self._queue.put([])

    # In the writer's thread:

    def _main(self) -> None:
        failure: BaseException | None = None
        try:
            while self._step():
                pass
        except BaseException as error:  # whatever it is: waiters must get an answer
            failure = error
        self._transactions.drop()
        self._on_loop(self._end, failure)

    def _step(self) -> bool:
        """Write one batch and schedule its publication. False when it is time to stop."""
        self._transactions.more = False  # before the queue is read, so that a later post sets it again
        items = self._next_batch()
        if not items:
            return self._rest()
        self._in_progress = items
        began = perf_counter()
        batch = self._transactions.write(items)
        took = perf_counter() - began
        self._in_progress = []
        if self._indexing is not None and batch.row is not None:
            self._indexing.committed(batch.row)  # before anybody is told
        if self._indexing is not None and self._transactions.had_doubt:
            self._transactions.had_doubt = False
            self._indexing.schedule.hurry()  # look whether there is something of which this thread does not know
        self._on_loop(self._publish, batch)
        # Counted after the hand-over: the senders wait for that.
        self._counts.commits.add(took)
        self._counts.batches.add(len(items))
        self._requeue([*batch.blocked, *batch.deferred])
        if self._indexing is not None:
            self._indexing.between(took)
        if batch.blocked and not batch.outcomes:
            sleep(PAUSE_SECONDS)
        return True

    def _rest(self) -> bool:
        """There is no batch. Index what is due. False when it is time to stop."""
        if self._indexing is not None:
            if self._is_queue_ended:
                self._indexing.finish()
            else:
                self._indexing.idle()
        return not self._is_queue_ended

    def _next_batch(self) -> list[Item]:
        """The next batch: posts before other work, requeued items first. [] when it is time to stop, or to feed the index."""
        delay = None if self._indexing is None else self._indexing.schedule.delay()
        while not self._is_queue_ended:
            if (self._posts or self._works) and self._queue.empty():
                break
            try:
                turn = self._queue.get(timeout=delay)
            except Empty:
                break
            if turn is None:
                self._is_queue_ended = True  # the sentinel is the last item of the queue
                break
            for item in turn:
                (self._posts if isinstance(item, Post) else self._works).append(item)
            if not turn:
                break  # woken for the index
        return [*_first(self._posts, LARGEST_BATCH), *_first(self._works, LARGEST_WORK)]

    def _requeue(self, items: Sequence[Item]) -> None:
        """Put these items before all that are waiting."""
        for item in reversed(items):
            (self._posts if isinstance(item, Post) else self._works).appendleft(item)

    def _on_loop(self, call: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            log.warning("writer: event loop closed first; accepted items are stored")

    # On the event loop:

    def _publish(self, batch: Batch) -> None:
        afterwards: Callable[[], None] | None = None
        try:
            if batch.entries:
                afterwards = self._committed(batch.entries)
            if batch.changes and self._changed is not None:
                self._changed(batch.changes)
        except Exception:
            log.exception("writer: committed events not published")
        try:
            for item, outcome in batch.outcomes:
                self._answer(item, outcome)
        finally:
            if afterwards is not None:
                afterwards()

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
        """The thread has ended. After a failure, refuse everything that still waits."""
        self._failure = failure
        if failure is not None:
            log.critical("writer: thread died", exc_info=failure)
            waiting = [*self._in_progress, *self._posts, *self._works]
            while not self._queue.empty():
                waiting += self._queue.get_nowait() or ()
            waiting += self._turn
            self._turn = []
            for item in waiting:
                self._answer(item, Internal())
        self._ended.set_result(None)


def _first(items: deque[Item], most: int) -> list[Item]:
    """Take up to `most` items from the left."""
    return [items.popleft() for _ in range(min(most, len(items)))]


def _call(done: Callable[[Outcome], None], outcome: Outcome) -> None:
    """Call `done`. An exception in one must not keep the others from being called."""
    try:
        done(outcome)
    except Exception:
        log.exception("writer: answer not delivered")


def _retrieve(answer: asyncio.Future[Any]) -> None:
    """Mark the exception as retrieved: without a waiter asyncio would log it."""
    if not answer.cancelled():
        answer.exception()
