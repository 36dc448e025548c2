"""Several attacks at once, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence

import psutil

from tests.servers import ROOT

Process = subprocess.Popen[bytes]
ENDS_WITHIN = 60.0
"""Seconds in which an attack that is told to end has stopped its servers."""


def stops_at_sigterm() -> None:
    """From now on SIGTERM raises SystemExit, so that this process ends those that it has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def run_together(commands: Sequence[Sequence[str]], beside: Sequence[Sequence[str]], at_once: int) -> bool:
    """Run all commands, `at_once` at a time and in this order; and those `beside` them from the beginning, with lower
    priority. Returns whether all have ended with 0. When one has not, it is named and the others are told to end."""
    waiting, running, low = deque(commands), list[Process](), list[Process]()
    try:
        for command in beside:
            low.append(_start(command))
            _lower(low[-1])
        while waiting or running or low:
            while waiting and len(running) < at_once:
                running.append(_start(waiting.popleft()))
            time.sleep(0.1)
            # Each is asked once: it may end, and fail, at any moment.
            codes = [(one, one.poll()) for one in running + low]
            for one, code in codes:
                if code:
                    print(f"ended with {code}: {one.args!r}", flush=True)  # one that was killed has printed nothing
                    return False
            done = [one for one, code in codes if code is not None]
            running, low = ([one for one in some if one not in done] for some in (running, low))
        return True
    finally:
        _end(running + low)


def lower_priority() -> int:
    """A priority below that of this process (nice(1), or a class of Windows)."""
    if sys.platform == "win32":
        return int(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    return min(psutil.Process().nice() + 10, 19)


def _lower(process: Process) -> None:
    psutil.Process(process.pid).nice(lower_priority())


def _start(command: Sequence[str]) -> Process:
    return subprocess.Popen(command, cwd=ROOT)


def _end(processes: Sequence[Process]) -> None:
    for one in processes:
        one.terminate()
    for one in processes:
        try:
            one.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()
