"""Runs a server whose wall clock is wrong by what a file says: `python -m tests.proof.attacks.wrong_clock FILE suhbat serve …`.

The file has seconds in it, and is read again at each SIGUSR1. Steady time (`time.monotonic`) is right, as it would be.
"""

from __future__ import annotations

import runpy
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    file = Path(sys.argv[1])
    right, right_ns = time.time, time.time_ns
    wrong = [0.0]

    def read(*_: object) -> None:
        wrong[0] = float(file.read_text(encoding="utf-8"))

    read()
    signal.signal(signal.SIGUSR1, read)
    time.time = lambda: right() + wrong[0]
    time.time_ns = lambda: right_ns() + int(wrong[0] * 1e9)
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
