"""`suhbat`, whose clocks are ahead by the seconds in a file, which a test moves on: hours pass in which a process starts, works
and is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from suhbat.cli import main
from suhbat.runtime import app
from suhbat.runtime.adapters import SystemClock

FILE = "TESTS_CLOCK_AHEAD"
"""The variable of the environment with the path of the file."""


class ClockAhead(SystemClock):
    """Reads the file again every 20 ms."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0.0
        self._ahead = 0.0

    def wall(self) -> int:
        return super().wall() + round(self._seconds() * 1000)

    def steady(self) -> float:
        return super().steady() + self._seconds()

    def _seconds(self) -> float:
        if time.monotonic() >= self._read_at:
            self._read_at = time.monotonic() + 0.02
            self._ahead = max(self._ahead, float(self._file.read_text(encoding="utf-8") or 0))
        return self._ahead


if __name__ == "__main__":
    app.SystemClock = lambda: ClockAhead(Path(os.environ[FILE]))
    main()
