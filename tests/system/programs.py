"""Runs programs as a user does: by the lines they print, by typed input, and by Ctrl+C."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers import PATIENCE


class Program:
    """A program in a process group of its own. Leaving the `with` block ends it, whatever happened."""

    def __init__(self, *command: str | Path, cwd: Path, env: Mapping[str, str]) -> None:
        self._name = " ".join(map(str, command))
        self._process = subprocess.Popen(
            list(map(str, command)),
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.printed: list[str] = []
        """All lines that the test has looked at."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self._signal(signal.SIGKILL)  # child processes that outlived it, such as those of make
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def end_input(self) -> None:
        """Ctrl+D: end the input."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def line(self, patience: float = PATIENCE) -> str:
        """The next printed line."""
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"{self._name} is silent after:\n" + "\n".join(self.printed)) from None
        assert line is not None, f"{self._name} ended with {self._process.wait(10)}:\n" + "\n".join(self.printed)
        self.printed.append(line)
        return line

    def until(self, text: str, patience: float = PATIENCE) -> list[str]:
        """The printed lines up to the one that contains this text."""
        limit = time.monotonic() + patience
        lines = [self.line(patience)]
        while text not in lines[-1]:
            lines.append(self.line(max(0.1, limit - time.monotonic())))
        return lines

    def interrupt(self) -> int:
        """Press Ctrl+C, which reaches the whole process group. Returns the exit status; the rest of the output is in
        `printed`."""
        self._signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """Wait until the program ends by itself; returns its exit status."""
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self._name} does not end:\n" + "\n".join(self.printed)) from None
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.printed.append(line)
        return status

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)
