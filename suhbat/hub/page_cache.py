"""Pages of logs that were read a moment ago: when thousands come back at once, most ask for the same page."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from suhbat.chat.ports import LogReader
from suhbat.protocol.events import Event, MemberLeft

from .views import Views

PAGE = 100
"""Events read at a time; with texts of 4,000 characters that is a few hundred KB at the most."""
CACHE_BYTES = 8 * 1024 * 1024
"""Of encoded frames, over all logs."""


class LogPage:
    """Up to PAGE events above a cursor, ascending. `views`: the same for the v1 dialect, encoded once for everybody.
    `left`: the uids of those whose leaving is among them."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.left = frozenset(event.user.uid for event in events if isinstance(event, MemberLeft))
        self.views = Views(events)


class PageCache:
    """Reads a page once for all who ask for it. What was read stays true: a log grows at its end, and whatever changes the
    text of older events must `forget` them."""

    def __init__(self, store: LogReader) -> None:
        self._store = store
        self._pages: OrderedDict[tuple[str, int], asyncio.Future[LogPage]] = OrderedDict()
        self._bytes = 0

    async def above(self, log: str, cursor: int) -> LogPage:
        """The page above `cursor`; without events at the head. All who wait for the same page share one read."""
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
        """Drop what is kept of a log, and do not keep what is being read."""
        for key in [key for key in self._pages if key[0] == log]:
            self._drop(key)

    def clear(self) -> None:
        """The same for all logs."""
        for key in list(self._pages):
            self._drop(key)

    async def _read(self, log: str, cursor: int) -> LogPage:
        return LogPage([event for _, event in await self._store.events(log, cursor, PAGE)])

    def _keep(self, key: tuple[str, int], done: asyncio.Future[LogPage]) -> None:
        if self._pages.get(key) is not done:
            return  # forgotten while it was read
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
