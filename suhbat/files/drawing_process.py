"""The parent's side of a child process: starts it, gives it jobs, and ends it."""

from __future__ import annotations

import json
import subprocess  # only the type  # nosec B404
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from suhbat.children.starting import command_of, start_child

from .child import Job

JOBS = 200
"""After so many jobs a process is replaced: libraries keep some memory."""
KEPT_BYTES = 150 << 20
"""A process that has more memory after a job is replaced."""
_LINE = 65_536


class DrawingProcess:
    """One child process. `start` and `ask` block and belong into a thread; `kill` may be called from anywhere, at any time.

    decoders: the types of pictures that the child can decode, once it has started. is_started: whether it has. is_fit: whether
    it can take another job."""

    def __init__(self) -> None:
        self.decoders: frozenset[str] = frozenset()
        self.is_started = False
        self.is_fit = True
        self._jobs = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the child and wait until it is ready. Raises OSError if it does not become so."""
        with self._lock:
            if not self.is_fit:
                raise OSError("it was ended")
            self._process = start_child(self._command())
        try:
            self.decoders = frozenset(self._answer()["decoders"])
        except (ValueError, TypeError, KeyError) as error:
            self.is_fit = False
            raise OSError("it ended, or did not say what it can decode") from error
        self.is_started = True

    def ask(self, job: Job) -> dict[str, Any]:
        """What the child answers, put together: `examined`, then `drawn` or `failed`. What is missing was not reached before
        the child ended."""
        answers: dict[str, Any] = {}
        try:
            assert self._process and self._process.stdin
            self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self._process.stdin.flush()
            while not answers.keys() & {"drawn", "failed"}:
                answers |= self._answer()
        except (OSError, ValueError, TypeError):  # it was killed, it crashed, or it does not speak JSON any more
            self.is_fit = False
        self._jobs += 1
        kept = answers.get("memory")
        if self._jobs >= JOBS or not isinstance(kept, int) or kept > KEPT_BYTES:
            self.is_fit = False
        return answers

    def kill(self) -> None:
        """End the child now. A running `start` or `ask` returns."""
        with self._lock:
            self.is_fit = False
            if self._process:
                self._process.kill()

    def close(self) -> None:
        """End the child and wait for it."""
        self.kill()
        if self._process:
            with suppress(OSError), self._process:  # closes the pipes; what was not written yet is lost with the child
                pass

    def _command(self) -> list[str]:
        return command_of("suhbat.files.child")

    def _answer(self) -> Any:
        assert self._process and self._process.stdout
        return json.loads(self._process.stdout.readline(_LINE))
