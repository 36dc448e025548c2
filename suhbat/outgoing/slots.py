"""How many requests run at a time: in all, and to one host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .errors import Unreachable


class Slots:
    """A request holds a slot of its host and one of all. Requests wait in order; of one host no more than it has slots wait
    for those of all, so that a slow host does not hold up the others."""

    def __init__(self, total: int, per_host: int, most_waiting: int, waiting_per_host: int) -> None:
        self._all = asyncio.Semaphore(total)
        self._per_host = per_host
        self._most_waiting = most_waiting
        self._most_users = per_host + waiting_per_host
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}
        self._waiting = 0

    @asynccontextmanager
    async def hold(self, host: str) -> AsyncIterator[None]:
        """Hold a slot, after waiting for it. Raises Unreachable if too many wait already, in all or for this host."""
        slots, users = self._hosts.get(host) or (asyncio.Semaphore(self._per_host), 0)
        if self._waiting >= self._most_waiting or users >= self._most_users:
            raise Unreachable("too many outgoing requests are waiting")
        self._hosts[host] = (slots, users + 1)
        self._waiting += 1
        is_waiting = True
        try:
            async with slots, self._all:
                self._waiting -= 1
                is_waiting = False
                yield
        finally:
            self._waiting -= is_waiting
            slots, users = self._hosts[host]
            if users == 1:
                del self._hosts[host]
            else:
                self._hosts[host] = (slots, users - 1)
