"""An event loop in simulated time: the clock moves when nothing is ready, and a process can die at any step."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
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
    """Deterministic: ready callbacks run in the order in which they became ready; if there are none, the clock moves on."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self
        self._clock_resolution = 1e-9
        self.steps = 0
        self.set_task_factory(_of_process)

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Implements the selector; there is no input from outside."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self._now += timeout
        return []

    def _check_closed(self) -> None:
        """A buried process may still call the loop; that is ignored."""

    def run_in_executor(self, *_: object) -> Any:
        """A real thread takes real time, for which simulated time does not wait: what it does would never come to an end."""
        raise AssertionError("a real thread in a simulation")

    def _process_events(self, events: list[Any]) -> None: ...
    def _write_to_self(self) -> None: ...

    def _call_soon(self, callback: Any, args: Any, context: contextvars.Context | None) -> asyncio.Handle:
        handle: asyncio.Handle = super()._call_soon(callback, args, context)  # type: ignore[misc]
        self.steps += 1
        process: Process | None = handle._context.get(PROCESS)  # type: ignore[attr-defined]
        if process is not None:
            if process.fuse is not None:
                process.fuse -= 1
                if process.fuse <= 0:
                    process.kill()
            if process.dead:
                handle.cancel()
        return handle

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when, _if_alive, callback, args, context=context)


def _if_alive(callback: Callable[..., object], args: tuple[Any, ...]) -> None:
    process = PROCESS.get()
    if process is None or not process.dead:
        callback(*args)


def _of_process(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    if (process := PROCESS.get()) is not None:
        process.tasks.append(task)
    return task


ENDS = 50
"""`await`s in a row within `finally`s, at most."""


@contextmanager
def graveyard() -> Iterator[None]:
    """Use it around simulations. Coroutines of dead processes are garbage-collected within an `await`, which is expected; and
    only after this block, so that none of them runs during another simulation."""
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
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        work: Any = task.get_coro()
        for _ in range(ENDS):
            try:
                work.close()
                break
            except BaseException:  # it wants to await something more: not that either
                continue
    process.tasks.clear()
