"""Feeds the index of the search over PostgreSQL, in a thread with a connection of its own: the writer should not wait for it.

Each node has this thread, and one at a time feeds the index. It holds the lock of the cursor for one short transaction only, so
any node can go on at any time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import Connection

from suhbat.store import indexer
from suhbat.store.dialect import is_contended
from suhbat.store.write.indexing import LAST_SECONDS, Indexing

log = structlog.get_logger("suhbat.store")

POLL_SECONDS = 1.0
"""How often a node looks for messages that another node has left, perhaps because it died."""
SLICE_SECONDS = 0.05
"""Time limit of a transaction. A deletion of a message in it waits for its end."""
AGAIN_SECONDS = 0.05
"""The pause while another node is the indexer, or holds a message that is to be indexed."""


class SharedIndexing(Indexing):
    """Begins with `start`. `connect`: opens a connection that writes."""

    def __init__(self, connect: Callable[[], Connection], steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        self._connect = connect
        self._connection: Connection | None = None
        self._woken = threading.Event()
        self._closing = False
        self._number = 0
        self._polled = steady()
        self._thread = threading.Thread(target=self._main, name="suhbat-indexer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def told(self) -> None:
        """This node has committed messages. On the event loop, before they are acknowledged."""
        is_first = self.schedule.delay() is None
        self._number += 1
        self.schedule.committed(self._number)
        if is_first:
            self._woken.set()

    async def close(self) -> None:
        """Index what is left, for a short time, and end the thread."""
        self._closing = True
        self._woken.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def _wanted(self) -> int:
        # Other nodes may have committed since the last time: this number is not indexed before the thread has looked.
        self._number += 1
        return self._number

    def _wake(self) -> None:
        self._woken.set()

    # In the thread:

    def _main(self) -> None:
        while not self._closing:
            poll = max(self._polled + POLL_SECONDS - self._steady(), 0.0)
            delay = self.schedule.delay()
            if self._woken.wait(poll if delay is None else delay):
                self._woken.clear()  # something has changed: look at the schedule again
            else:
                self._look(SLICE_SECONDS)
        self._look(LAST_SECONDS)
        self._drop()

    def _look(self, seconds: float) -> None:
        """Index for at most this time."""
        number, until = self._number, self._steady() + seconds
        self._polled = self._steady()
        try:
            is_done = self._feed(lambda: self._steady() < until)
        except Exception as error:
            self._drop()
            if is_contended(error):
                self.schedule.failed(AGAIN_SECONDS)
            else:
                self._failed(error)
        else:
            self._fed(number, is_done=bool(is_done))
            if is_done is None:
                self.schedule.failed(AGAIN_SECONDS)

    def _feed(self, goes_on: Callable[[], bool]) -> bool | None:
        if self._connection is None:
            self._connection = self._connect()
        with self._connection.begin():
            # It need not wait for the disk: what a crash takes back is done again. A later commit flushes it.
            self._connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            return indexer.feed(self._connection, goes_on, singly=self._singly)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
                connection.close()
