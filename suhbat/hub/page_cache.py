"""A cache of log pages: when thousands of clients reconnect at once, most of them need the same pages."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from suhbat.chat.ports import LogReader
from suhbat.protocol.events import MemberLeft
from suhbat.protocol.logged_events import LiveEvent

from .views import Views

PAGE = 100
"""Events in a page. With texts of 4,000 characters a page takes a few hundred KB."""
CACHE_BYTES = 8 * 1024 * 1024
"""The size of the cache over all logs, in bytes of encoded frames."""


class LogPage:
    """Up to PAGE events above a cursor, ascending by `seq`.

    `views`: the events encoded for the v1 dialect. `left`: the uids of members who left in one of these events.
    """

    def __init__(self, events: list[LiveEvent]) -> None:
        self.events = events
        self.left = frozenset(event.user.uid for event in events if isinstance(event, MemberLeft))
        self.views = Views(events)


class PageCache:
    """Reads each page once for all connections that need it.

    A cached page stays valid, because a log only grows at its end. Code that changes the text of older events must call
    `forget`.
    """

    def __init__(self, store: LogReader) -> None:
        self._store = store
        self._pages: OrderedDict[tuple[str, int], asyncio.Future[LogPage]] = OrderedDict()
        self._bytes = 0

    async def above(self, log: str, cursor: int) -> LogPage:
        """Return the page above `cursor`; at the head it has no events. Concurrent callers share one read. Raises Busy."""
        key = (log, cursor)
        found = self._pages.get(key)
        if found is None:
            found = asyncio.ensure_future(self._read(log, cursor))
            self._pages[key] = found
            found.add_done_callback(lambda done: self._keep(key, done))
        else:
            self._pages.move_to_end(key)
        return await asyncio.shield(found)

    def forget(self, log: str) -> None:
        """Drop the pages of a log. A page that is being read is returned to its callers, but not kept."""
        for key in [key for key in self._pages if key[0] == log]:
            self._drop(key)

    def clear(self) -> None:
        """Drop the pages of all logs, as `forget` does."""
        for key in list(self._pages):
            self._drop(key)

    async def _read(self, log: str, cursor: int) -> LogPage:
        return LogPage([event for _, event in await self._store.events(log, cursor, PAGE)])

    def _keep(self, key: tuple[str, int], done: asyncio.Future[LogPage]) -> None:
        if self._pages.get(key) is not done:
            return  # `forget` was called during the read
        if done.cancelled() or done.exception() is not None or not done.result().events:
            del self._pages[key]
            return
        self._bytes += done.result().views.whole.size
        while self._bytes > CACHE_BYTES and len(self._pages) > 1:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: tuple[str, int]) -> None:
        page = self._pages.pop(key)
        if page.done() and not page.cancelled() and page.exception() is None:
            self._bytes -= page.result().views.whole.size
