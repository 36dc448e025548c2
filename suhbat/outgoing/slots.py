"""How many requests run at a time: in all, to one host, and for one owner.

Users choose the hosts, and some of them never answer. So there are two lanes. A host that answered quickly when it was last
asked is in the first; all others share the second, and cannot hold up those in the first, however many they are. A host that
answers quickly once and then hangs holds up the first for QUICK_SECONDS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal, NamedTuple

from .errors import NotReached

QUICK_SECONDS = 3.0
"""A host that takes longer for an answer is no quick one."""
MOST_QUICK = 1000
"""Hosts that are known as quick."""


class SlotLimits(NamedTuple):
    """Requests in progress: to quick hosts, to others, to one host, for one owner. And how many wait: in all, for one host, for
    one owner."""

    quick: int
    others: int
    per_host: int
    per_owner: int
    waiting: int
    waiting_per_host: int
    waiting_per_owner: int


class Slots:
    """A request holds a slot of its owner, one of its host, and one of its lane. Requests wait for them in order, so of one
    owner, or for one host, no more than have its slots wait for those of a lane."""

    def __init__(self, limits: SlotLimits) -> None:
        self._quick, self._others = asyncio.Semaphore(limits.quick), asyncio.Semaphore(limits.others)
        self._hosts = _Slots(limits.per_host, limits.waiting_per_host)
        self._owners = _Slots(limits.per_owner, limits.waiting_per_owner)
        self._most_waiting = limits.waiting
        self._waiting = 0
        self._quick_hosts: dict[str, None] = {}

    def is_quick(self, host: str) -> bool:
        """Whether a host answered quickly when it was last asked."""
        return host in self._quick_hosts

    @asynccontextmanager
    async def hold(self, host: str, owner: str | None = None) -> AsyncIterator[None]:
        """Hold slots, after waiting for them; whether that ends well and soon decides the next lane of the host. `owner`: who
        gave the address, None without a limit. Raises NotReached if too many wait already."""
        if self._waiting >= self._most_waiting:
            raise NotReached("too many outgoing requests are waiting", "busy")
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as held:
            self._waiting += 1
            try:
                if owner is not None:
                    await held.enter_async_context(self._owners.hold(owner))
                await held.enter_async_context(self._hosts.hold(host))
                await held.enter_async_context(self._lane(host))
            finally:
                self._waiting -= 1
            begun, is_answered = loop.time(), False
            try:
                yield
                is_answered = True
            finally:
                self._quick_hosts.pop(host, None)
                if is_answered and loop.time() - begun < QUICK_SECONDS:
                    self._quick_hosts[host] = None
                    if len(self._quick_hosts) > MOST_QUICK:
                        del self._quick_hosts[next(iter(self._quick_hosts))]

    @asynccontextmanager
    async def _lane(self, host: str) -> AsyncIterator[None]:
        if host not in self._quick_hosts:
            async with self._others:
                yield
            return
        slow: asyncio.Task[Literal[True]] | None = None

        def move() -> None:
            # From now on it takes its turn in the other lane, with those of its further requests.
            nonlocal slow
            self._quick.release()
            self._quick_hosts.pop(host, None)
            slow = asyncio.ensure_future(self._others.acquire())

        await self._quick.acquire()
        timer = asyncio.get_running_loop().call_later(QUICK_SECONDS, move)
        try:
            yield
        finally:
            timer.cancel()
            if slow is None:
                self._quick.release()
            elif slow.done():
                self._others.release()
            else:
                slow.cancel()


class _Slots:
    """Slots for each of many keys; of a key without users nothing is kept."""

    def __init__(self, each: int, waiting: int) -> None:
        self._each = each
        self._most_users = each + waiting
        self._users: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        slots, users = self._users.get(key) or (asyncio.Semaphore(self._each), 0)
        if users >= self._most_users:
            raise NotReached("too many outgoing requests are waiting", "busy")
        self._users[key] = (slots, users + 1)
        try:
            async with slots:
                yield
        finally:
            slots, users = self._users[key]
            if users == 1:
                del self._users[key]
            else:
                self._users[key] = (slots, users - 1)
