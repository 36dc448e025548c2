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
    priority. Returns whether all have ended with 0. When one has not, the others are told to end."""
    waiting = deque(commands)
    low = [_start(command) for command in beside]
    for one in low:
        psutil.Process(one.pid).nice(10 if sys.platform != "win32" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
    running: list[Process] = []
    try:
        while waiting or running or low:
            while waiting and len(running) < at_once:
                running.append(_start(waiting.popleft()))
            if any(one.poll() for one in running + low):
                return False
            running, low = ([one for one in some if one.poll() is None] for some in (running, low))
            time.sleep(0.1)
        return True
    finally:
        _end(running + low)


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
