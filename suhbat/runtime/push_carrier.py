"""Has pushes carried by a child process of low priority, so that what they cost is not taken from the chat."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Sequence

import structlog

from suhbat.notify.ports import NoAnswer, PushCarrier, PushRequest, ServiceAnswer

from .push_child import BATCH_SECONDS, Answer, PushSetup, encoded_batch, encoded_setup
from .push_process import PushProcess

log = structlog.get_logger("suhbat.notify")

IDLE_SECONDS = 60.0
"""A child process without pushes ends after this time, which gives back its memory (some 37 MB)."""
SILENT_SECONDS = 60.0
"""A child that answers nothing for so long hangs: it answers each push within 15 seconds after its turn has come."""
AGAIN_SECONDS = 60.0
"""How long this process carries pushes itself after a child could not be started."""
MOST_REST_SECONDS = 60.0
"""The longest pause before another child is started after several, one after the other, have ended without an answer."""
MOST_WAITING = 2_400
"""Pushes that wait for their answer: 150 rows with 16 subscriptions each."""


class ChildCarrier:
    """Implements `PushCarrier`. Used on the event loop, which it never blocks. The child starts with the first push. What it
    has not answered when it ends is unreachable, so it is pushed again later, with the same topic.

    `setup`: for the child, when the key is loaded. `direct`: carries where no child can be started.
    """

    def __init__(
        self,
        setup: Callable[[], PushSetup],
        direct: PushCarrier,
        process: Callable[[ChildCarrier], PushProcess] = PushProcess,
        *,
        idle_seconds: float = IDLE_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._setup = setup
        self._direct = direct
        self._make = process
        self._idle_seconds, self._silent_seconds = idle_seconds, silent_seconds
        self._process: PushProcess | None = None
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[ServiceAnswer | NoAnswer | None]] = {}
        self._batch: list[tuple[int, PushRequest]] = []
        self._given_up: list[int] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        """Ends the child: one that is silent while pushes wait, or one without pushes."""
        self._is_silent = False
        """For which of these it runs."""
        self._again_at = -math.inf
        self._rests_until = -math.inf
        self._in_vain = 0
        """Children that ended without an answer, one after the other."""
        self._has_warned = False
        self._is_closed = False

    async def carry(self, request: PushRequest) -> ServiceAnswer | NoAnswer:
        loop = asyncio.get_running_loop()
        if self._is_closed or len(self._waiting) >= MOST_WAITING:
            return "unreachable"
        if loop.time() < self._again_at:
            return await self._direct.carry(request)
        if loop.time() < self._rests_until:
            return "unreachable"
        number = next(self._numbers)
        self._waiting[number] = waiting = loop.create_future()
        self._batch.append((number, request))
        self._flush_soon()
        try:
            answer = await waiting
        finally:
            if self._waiting.pop(number, None) is not None:
                self._give_up(number)
        return await self._direct.carry(request) if answer is None else answer

    async def close(self) -> None:
        """End the child. What waits is unreachable, and so is what comes later."""
        self._is_closed = True
        process, self._process = self._process, None
        self._forget("unreachable")
        if process is not None:
            process.kill()
            await process.over()

    def heard(self, process: PushProcess, answers: Sequence[Answer]) -> None:
        """See `PushListener`."""
        if process is not self._process:
            return
        if answers:
            self._in_vain = 0
        for number, found, retry_after in answers:
            waiting = self._waiting.pop(number, None)
            if waiting is None or waiting.done():
                continue
            if isinstance(found, int):
                waiting.set_result(ServiceAnswer(found, retry_after))
            elif found == "refused":
                waiting.set_result("refused")
            else:
                if found != "unreachable":
                    log.error("push: failed in the child process, trying again later", error=found[:60])
                waiting.set_result("unreachable")
        self._watch(silent=bool(self._waiting))

    def ended(self, process: PushProcess, *, was_ready: bool) -> None:
        """See `PushListener`."""
        if process is not self._process:
            return
        self._process = None
        if was_ready:
            # A push may be what ends them, so this process does not carry it. To start one after the other takes time
            # from the chat.
            self._in_vain += 1
            if self._in_vain > 1:
                rest = min(2.0 ** min(self._in_vain, 10), MOST_REST_SECONDS)
                self._rests_until = asyncio.get_running_loop().time() + rest
            log.warning("push: the child process has ended, trying again later", pushes=len(self._waiting))
            self._forget("unreachable")
            return
        self._again_at = asyncio.get_running_loop().time() + AGAIN_SECONDS
        if not self._has_warned:
            self._has_warned = True
            log.warning("push: the child process does not start, so pushes take time from the chat")
        self._forget(None)

    def _forget(self, answer: NoAnswer | None) -> None:
        """Answer all that wait. None: this process carries them."""
        for timer in (self._timer, self._flushing):
            if timer is not None:
                timer.cancel()
        self._timer = self._flushing = None
        self._batch.clear()
        self._given_up.clear()
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            if not one.done():
                one.set_result(answer)

    def _give_up(self, number: int) -> None:
        if self._batch and number >= self._batch[0][0]:
            return  # the child does not know it
        self._given_up.append(number)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        batch, self._batch = [one for one in self._batch if one[0] in self._waiting], []
        given_up, self._given_up = self._given_up, []
        if batch and self._process is None:
            self._process = self._make(self)
            self._process.tell(encoded_setup(self._setup()))
        if self._process is None or not (batch or given_up):
            return
        self._process.tell(encoded_batch(batch, given_up))
        if batch and not (self._timer is not None and self._is_silent):
            self._watch(silent=True)

    def _watch(self, *, silent: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._is_silent = silent
        loop = asyncio.get_running_loop()
        if silent:
            self._timer = loop.call_later(self._silent_seconds, self._end_silent)
        else:
            self._timer = loop.call_later(self._idle_seconds, self._end_idle)

    def _end_silent(self) -> None:
        self._timer = None
        if self._process is not None:
            self._process.kill()

    def _end_idle(self) -> None:
        self._timer = None
        process, self._process = self._process, None
        if process is not None:
            process.close()
