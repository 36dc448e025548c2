"""An event loop in simulated time: the clock moves when nothing is ready, and a process can die at any step."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import math
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import Any


class Process:
    """Everything that runs in one of these dies with it: after `kill` nothing of it runs, not even a `finally`. `fuse`: kill it
    after this many more scheduled steps, so that a crash can happen at any `await`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.fuse: int | None = None
        self.died: Callable[[], None] = lambda: None
        """Called once, at that moment."""
        self.tasks: list[asyncio.Task[Any]] = []
        self._context = contextvars.copy_context()
        self._context.run(PROCESS.set, self)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in this process."""
        return self._context.run(asyncio.get_running_loop().create_task, work)

    def call(self, run: Callable[..., None], *arguments: object) -> None:
        """Call a function in this process. Does nothing if it is dead."""
        if not self.dead:
            self._context.copy().run(run, *arguments)

    def kill(self) -> None:
        if not self.dead:
            self.dead = True
            self.died()


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class SimulatedLoop(asyncio.BaseEventLoop):
    """Deterministic: ready callbacks run in the order in which they became ready; if there are none, the clock moves on.

    It does only what a simulation needs of `BaseEventLoop`, because a history takes a thousand turns of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        """A heap of times and callbacks. The number in the middle makes those of one time run in the order of the calls."""
        self._count, self.tasks = itertools.count(), itertools.count()
        self.set_task_factory(_of_process)

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *arguments: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, arguments, self, context)
        process = _process_of(handle)
        if process is not None:
            if process.fuse is not None:
                process.fuse -= 1
                if process.fuse <= 0:
                    process.kill()
            if process.dead:
                handle.cancel()
                return handle
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *arguments: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *arguments, context=context)

    def call_later(
        self, delay: float, callback: Callable[..., object], *arguments: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *arguments, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *arguments: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, arguments, self, context)
        heappush(self._timers, (when, next(self._count), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays in the heap until its time comes."""

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready:
            if (then := self._next()) == math.inf:
                raise RuntimeError("everybody waits, and nothing will ever happen")
            self._now = max(self._now, then)
        while timers and timers[0][0] <= self._now:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled() and ((process := _process_of(handle)) is None or not process.dead):
                handle._run()

    def _next(self) -> float:
        """When the next timer is due."""
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
        return timers[0][0] if timers else math.inf

    def pass_time(self, seconds: float) -> None:
        """Run everything that happens within this time."""
        until = self._now + seconds
        with self._running():
            while self._ready or self._next() <= until:
                self._run_once()
        self._now = until

    def within(self, call: Callable[..., object], *arguments: Any, **named: Any) -> None:
        """Call a function as a callback would be, and then those that are ready."""
        with self._running():
            call(*arguments, **named)
            if self._ready:
                self._run_once()

    @contextmanager
    def _running(self) -> Iterator[None]:
        asyncio._set_running_loop(self)
        try:
            yield
        finally:
            asyncio._set_running_loop(None)

    def _check_closed(self) -> None:
        """A buried process may still call the loop; that is ignored."""

    def run_in_executor(self, *_: object) -> Any:
        """A real thread takes real time, for which simulated time does not wait: what it does would never come to an end."""
        raise AssertionError("a real thread in a simulation")


def _process_of(handle: asyncio.Handle) -> Process | None:
    context: contextvars.Context = handle._context
    return context.get(PROCESS)


class _Task(asyncio.Task[Any]):
    """Its hash is a number, not its place in memory: so that a set of tasks, which a TaskGroup has, is in the same order when
    a history is repeated."""

    def __init__(self, work: Any, loop: Any, **options: Any) -> None:
        self._number = next(loop.tasks)
        super().__init__(work, loop=loop, **options)

    def __hash__(self) -> int:
        return self._number


def _of_process(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    task = _Task(work, loop, **options)
    if (process := PROCESS.get()) is not None:
        process.tasks.append(task)
    return task


ENDS = 50
"""`await`s in a row within `finally`s, at most."""


@contextmanager
def graveyard() -> Iterator[None]:
    """Use it around simulations. Coroutines of dead processes are garbage-collected within an `await`, which is expected; and
    never during another simulation, because that is done only between two of them and after this block."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
        gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
        sys.unraisablehook = hook


def bury(process: Process) -> None:
    """Release the coroutines of a dead process. Their `finally`s run now and have no effect."""
    for task in process.tasks:
        task._log_destroy_pending = False
        work: Any = task.get_coro()
        for _ in range(ENDS):
            try:
                work.close()
                break
            except BaseException:  # it wants to await something more: not that either
                continue
    process.tasks.clear()
