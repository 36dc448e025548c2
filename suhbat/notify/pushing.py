"""What is pushed: the messages that notify people who are away, to each of their subscriptions.

A message is committed; `claim` finds out who may have to be told of it, `delay` after it was sent claims these rows, and asks
what there is still to tell; `carry_out` pushes that and settles the row. Where each of these steps may be interrupted, the next
node or process repeats it (see `dispatcher`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

import structlog

from suhbat.chat.model import DuePush, Milliseconds, PushFacts, PushSubscription, SettledPush
from suhbat.chat.ports import Clock, PushQueue, PushStore
from suhbat.chat.quiet import quiet_until
from suhbat.counting import PushCounts
from suhbat.errors import SuhbatError, log_text

from .bodies import body_of
from .dispatcher import LEASE_SECONDS, PER_PERSON
from .sending import Delivered, Ended, Later, Push, PushSender, Result, retry_seconds, topic_of

log = structlog.get_logger("suhbat.notify")

SHARED_SECONDS = 2.0
"""How often a node looks for what other nodes have left, perhaps because they died."""
ALONE_SECONDS = 60.0
"""The same without other nodes: everything that can become due is known then."""
GATHERED_SECONDS = 4.0
"""How often messages are gathered, at most. In a busy conversation each time writes a row for everybody in it."""
ANSWER_SECONDS = 20.0
"""How long a row waits for the answers of push services. Some requests wait for others before they begin."""
FACTS_AT_ONCE = 13
"""Rows whose facts are read at a time, a quarter of a claim. It keeps the interpreter from messages, for a millisecond."""
SETTLED_SECONDS = 1.0
"""For how long settled rows are collected."""
SETTLED_TOGETHER = 50
"""Rows of one transaction, for which messages wait: a millisecond with its commit."""
SET_BACK_SECONDS = 5.0
"""A clock that is set back by more than this was wrong."""
TOUCHED_SECONDS = 60.0
"""How often the times of the last pushes are saved."""
TOUCHED_TOGETHER = 100
"""Of so many subscriptions in one transaction: half a millisecond."""


EVER: Milliseconds = 1 << 62
"""Later than any time."""


class PushingStore(PushStore, PushQueue, Protocol):
    """The part of the store that pushing needs."""


IsActive = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Those of these users who are looking, at a connection to any node."""


class Pushing:
    """Implements `dispatcher.DueQueue`.

    `written`: how much this process has written to the store; a change may be a message. A send is not told of anything here.
    `delay`: seconds between a message and its push. `address`: see `bodies.body_of`. `key`: gives that of `sending.topic_of`.
    `is_shared`: whether there may be other nodes.
    """

    def __init__(
        self,
        store: PushingStore,
        sender: PushSender,
        clock: Clock,
        active: IsActive,
        written: Callable[[], float],
        *,
        delay: float,
        address: str,
        key: Callable[[], bytes],
        is_shared: bool,
    ) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._active = active
        self._written = written
        self._delay = round(delay * 1000)
        self._address = address
        self._key = key
        self._is_shared = is_shared
        self._idle = SHARED_SECONDS if is_shared else ALONE_SECONDS
        self._look_at = -math.inf
        self._seen = -1.0
        """What was written before the last look."""
        self._singly = False
        self._gathered_at = -math.inf
        self._settled: list[SettledPush] = []
        self._settling: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._touched: dict[str, None] = {}
        self._touch_at = clock.steady() + TOUCHED_SECONDS
        self._clocks_differ = -math.inf
        """By how many seconds the wall clock is before the steady one, as of the last look."""
        self.counts = PushCounts()
        self.oldest: Milliseconds | None = None
        """When the next row is due, as of the last look."""

    async def open(self) -> None:
        """Call once, before the first claim. Alone, this node has all claims, and a process that was killed settles none of
        its own: they end now. What waits for another reason is asked once more, and put off again."""
        if not self._is_shared:
            now = self._clock.wall()
            await self._store.free_pushes(now + self._delay, now + round(LEASE_SECONDS * 1000))

    @property
    def lag(self) -> float:
        """For how many seconds the oldest row has been due."""
        return 0.0 if self.oldest is None else max(0.0, (self._clock.wall() - self.oldest) / 1000)

    async def claim(self, most: int, busy: Collection[str]) -> Sequence[PushFacts]:
        """Gather, claim, and return what is left to tell; see `DueQueue`."""
        await self._save_touched()
        await self._free_if_set_back()
        written = self._written()
        if written == self._seen and self._clock.steady() < self._look_at:
            return ()
        found = await self._claim(most, busy)
        self._seen = written
        return found

    async def _free_if_set_back(self) -> None:
        """Rows may be due at times that the clock showed by mistake, and each takes up the messages that follow. So what waits
        is asked once more, and put off again."""
        now = self._clock.wall()
        differ = now / 1000 - self._clock.steady()
        if differ < self._clocks_differ - SET_BACK_SECONDS:
            await self._store.free_pushes(now + self._delay, EVER)
            self._look_at = -math.inf
        self._clocks_differ = differ

    async def _claim(self, most: int, busy: Collection[str]) -> Sequence[PushFacts]:
        backlog = await self._store.push_backlog()
        seconds = min(GATHERED_SECONDS, self._delay / 2000)
        if backlog.is_behind and self._clock.steady() >= self._gathered_at + seconds:
            self._gathered_at = self._clock.steady()
            await self._gather()
            backlog = await self._store.push_backlog()
        self._look_again(backlog.due_at, self._gathered_at + seconds if backlog.is_behind else math.inf)
        found: list[PushFacts] = []
        while not found and backlog.due_at is not None and backlog.due_at <= self._clock.wall():
            until = self._clock.wall() + round(LEASE_SECONDS * 1000)
            claimed, expired = await self._store.claim_pushes(until, most, PER_PERSON, busy)
            self.counts.add("expired", expired)
            if not claimed:
                break
            found = await self._left_to_tell(claimed)
        return found

    async def _gather(self) -> None:
        try:
            while await self._store.gather_pushes(self._delay, singly=self._singly):
                pass
        except SuhbatError:
            raise
        except Exception:
            self._singly = True  # some message is the reason: the next round leaves it out
            raise
        self._singly = False

    def _look_again(self, due_at: Milliseconds | None, gather_at: float) -> None:
        self.oldest = due_at
        seconds = self._idle if due_at is None else min(self._idle, (due_at - self._clock.wall()) / 1000)
        self._look_at = min(self._clock.steady() + seconds, gather_at)

    async def _left_to_tell(self, claimed: Sequence[DuePush]) -> list[PushFacts]:
        """Settle the rows of which nothing is left to tell, or not now."""
        facts: list[PushFacts | None] = []
        for first in range(0, len(claimed), FACTS_AT_ONCE):
            facts += await self._store.push_facts(claimed[first : first + FACTS_AT_ONCE])
        active = await self._active({one.uid for one in claimed})
        now = self._clock.wall()
        found: list[PushFacts] = []
        for due, one in zip(claimed, facts, strict=True):
            if one is None or due.uid in active:
                self._settle(SettledPush(due, now + self._delay))
            elif (quiet := quiet_until(one.quiet, now)) is not None:
                self._settle(SettledPush(due, quiet, postponed=True))
            else:
                found.append(one)
        return found

    async def carry_out(self, item: PushFacts) -> None:
        """Push to each subscription, and have the row settled; see `DueQueue`."""
        now = self._clock.wall()
        push = Push(
            body_of(item, self._address),
            topic_of(item.uid, item.conversation, self._key()),
            max(1, (item.due.expires_at - now) // 1000),
            "high" if item.urgent else "normal",
        )
        reachable = [one for one in item.subscriptions if one.id not in item.waiting]
        results = await self._push_to_all(push, reachable, item.due)
        now = self._clock.wall()
        ended = [one.id for one, result in zip(reachable, results, strict=True) if isinstance(result, Ended)]
        later = {
            one.id: now + round(result.seconds * 1000)
            for one, result in zip(reachable, results, strict=True)
            if isinstance(result, Later)
        }
        later = {id: at for id, at in later.items() if at < item.due.expires_at}
        reached = tuple(one.id for one in reachable if one.id not in later)
        if ended:
            await self._store.end_pushes(ended)
        settled = SettledPush(item.due, now + self._delay, later=later, waiting=item.waiting, reached=reached)
        self._settle(settled)

    def _settle(self, settled: SettledPush) -> None:
        """Settle a row together with those that follow within SETTLED_SECONDS. If this process dies before that, or the store
        fails, the row is due again when its claim ends."""
        self._settled.append(settled)
        if self._settling is None:
            self._settling = asyncio.ensure_future(self._settle_soon())

    async def _settle_soon(self) -> None:
        await asyncio.sleep(SETTLED_SECONDS)
        self._settling = None
        try:
            await self.flush()
        except SuhbatError as error:
            log.warning("push: rows not settled, so they are repeated", error=log_text(error))
        except Exception:
            log.exception("push: rows not settled, so they are repeated")

    async def flush(self) -> None:
        """Settle now what was carried out. Durable on return, also what another task is settling."""
        async with self._flushing:
            settled, self._settled = self._settled, []
            for first in range(0, len(settled), SETTLED_TOGETHER):
                await self._store.settle_pushes(settled[first : first + SETTLED_TOGETHER])

    async def close(self) -> None:
        """The same, when nothing is carried out any more."""
        if self._settling is not None:
            self._settling.cancel()
        await self.flush()

    async def _push_to_all(self, push: Push, to: Sequence[PushSubscription], due: DuePush) -> list[Result]:
        """What became of each push. Those that take longer than ANSWER_SECONDS are tried again like others: if the row were not
        settled because of them, it would be carried out again and again."""
        tasks = [asyncio.ensure_future(self._push(push, one, due)) for one in to]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=ANSWER_SECONDS)
            late = Later(retry_seconds(due.attempts))
            self.counts.add("later", sum(not task.done() for task in tasks))
            return [task.result() if task.done() else late for task in tasks]
        finally:
            for task in tasks:
                task.cancel()

    async def _push(self, push: Push, to: PushSubscription, due: DuePush) -> Result:
        result = await self._sender.send(push, to, due.attempts)
        if isinstance(result, Delivered):
            self._touched[to.id] = None
        self.counts.add(type(result).__name__.lower())
        return result

    async def _save_touched(self) -> None:
        if self._touched and self._clock.steady() >= self._touch_at:
            touched, self._touched = self._touched, {}
            self._touch_at = self._clock.steady() + TOUCHED_SECONDS
            ids = list(touched)
            for first in range(0, len(ids), TOUCHED_TOGETHER):
                await self._store.touch_pushes(ids[first : first + TOUCHED_TOGETHER], self._clock.wall())
