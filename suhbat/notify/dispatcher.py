"""The loop that carries out what is due: pushes, mails. One task on each node owns it.

The queue is stored. A node claims items for LEASE_SECONDS, and settles each of them when it is carried out: deletes it, or puts
it off. An item that is not settled by then, because its node died or the store failed, is due again. So nothing is lost, and an
item may be carried out twice. Nothing of the queue is kept in memory but the items in progress.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import structlog

from suhbat.errors import SuhbatError, log_text
from suhbat.tasks import Tasks

log = structlog.get_logger("suhbat.notify")

LEASE_SECONDS = 60.0
"""How long a claim holds."""
CARRY_OUT_SECONDS = 45.0
"""How long an item may be in progress: its claim must hold until it is settled."""
ROUND_SECONDS = 0.5
"""How often the loop looks for what is due."""
START_SECONDS = 0.002
"""Between the beginnings of two items. Each takes up to half a millisecond; messages that come meanwhile go first. With 5 ms
the p50 and the p95 of a chat on a disk were worse: its messages meet pushes for a longer part of the time."""
MOST = 150
"""Items in progress, at most."""
CLAIMED = 50
"""Items of one claim, at most. Fewer are not asked for: each claim is a commit, for which messages wait."""
PER_PERSON = 2
"""Items of one person in progress, at most: a push service that one person runs and that never answers delays nobody else."""


class DueItem(Protocol):
    """`uid`: the person for whom it is."""

    @property
    def uid(self) -> str: ...


T = TypeVar("T", bound=DueItem)


class DueQueue(Protocol[T]):
    """A stored queue, and the way in which its items are carried out."""

    async def claim(self, most: int, busy: Collection[str]) -> Sequence[T]:
        """Claim items that are due for LEASE_SECONDS: at most `most`, at most PER_PERSON of a person, none of `busy` people.
        Returns nothing if nothing is due. May raise; the next round tries again."""
        ...

    async def carry_out(self, item: T) -> None:
        """Carry out a claimed item, and have it settled soon. If it raises, or takes longer than CARRY_OUT_SECONDS, the item is
        due again when its claim ends."""
        ...


class Dispatcher(Generic[T]):
    """`name`: of what it carries out, for the log. `together`: how many items begin at a time."""

    def __init__(self, name: str, queue: DueQueue[T], tasks: Tasks, together: int = 1) -> None:
        self._name = name
        self._queue = queue
        self._tasks = tasks
        self._together = together
        self._woken = asyncio.Event()
        self._in_progress: Counter[str] = Counter()
        """How many items of each person are in progress."""

    @property
    def in_progress(self) -> int:
        """Items in progress."""
        return self._in_progress.total()

    def wake(self) -> None:
        """Look now for what is due."""
        self._woken.set()

    async def run(self) -> None:
        """Carry out what is due until cancelled. The items in progress belong to `tasks`."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.round()
            except SuhbatError as error:
                log.warning(f"{self._name}: queue not read, trying again", error=log_text(error))
                await asyncio.sleep(ROUND_SECONDS)
            except Exception:
                log.exception(f"{self._name}: queue not read, trying again")
                await asyncio.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Claim what is due, and begin to carry it out, until nothing is due or there is no room for another claim."""
        while self.in_progress <= MOST - CLAIMED:
            busy = [uid for uid, count in self._in_progress.items() if count >= PER_PERSON]
            items = await self._queue.claim(CLAIMED, busy)
            if not items:
                return
            for n, item in enumerate(items, 1):
                self._in_progress[item.uid] += 1
                self._tasks.start(self._carry_out(item))
                if n % self._together == 0 or n == len(items):
                    await asyncio.sleep(START_SECONDS * self._together)

    async def _carry_out(self, item: T) -> None:
        try:
            async with asyncio.timeout(CARRY_OUT_SECONDS):
                await self._queue.carry_out(item)
        except TimeoutError:
            log.warning(f"{self._name}: took too long, trying again later")
        except SuhbatError as error:
            log.warning(f"{self._name}: not settled, trying again later", error=log_text(error))
        except Exception:
            log.exception(f"{self._name}: failed, trying again later")
        finally:
            is_one_of_many = self._in_progress[item.uid] >= PER_PERSON
            self._in_progress[item.uid] -= 1
            if not self._in_progress[item.uid]:
                del self._in_progress[item.uid]
            if is_one_of_many or self.in_progress == MOST - CLAIMED:
                self._woken.set()  # the loop may have left something because of this one
