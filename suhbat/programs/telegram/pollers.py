"""Who asks for the updates of a bot. There is one at a time, as with Telegram: a second one ends the first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from secrets import token_hex


class Poll:
    """A request that waits for updates. `nonce`: marks it in the store, for other nodes."""

    def __init__(self) -> None:
        self.nonce = token_hex(8)
        self.is_replaced = False
        self.is_over = False
        """Answer now, with nothing if need be: the server stops, or the client has gone."""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have happened."""
        self._woken.set()

    def replace(self) -> None:
        """Another request asks now."""
        self.is_replaced = True
        self.wake()

    def end(self) -> None:
        self.is_over = True
        self.wake()

    async def wait(self, seconds: float) -> None:
        """Wait until it is woken, but not longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()


class Pollers:
    """The polls of this node, one for each bot."""

    def __init__(self) -> None:
        self._polls: dict[str, Poll] = {}
        self._is_closed = False

    @property
    def bots(self) -> Set[str]:
        """The uids of the bots that wait for updates now."""
        return self._polls.keys()

    def close(self) -> None:
        """End all polls, because the server waits for open requests before it stops. Later ones do not wait."""
        self._is_closed = True
        for poll in self._polls.values():
            poll.end()

    @contextmanager
    def polling(self, uid: str) -> Iterator[Poll]:
        """The poll of a request. The one that waits for the same bot here is ended."""
        poll = Poll()
        poll.is_over = self._is_closed
        if (earlier := self._polls.get(uid)) is not None:
            earlier.replace()
        self._polls[uid] = poll
        try:
            yield poll
        finally:
            if self._polls.get(uid) is poll:
                del self._polls[uid]
