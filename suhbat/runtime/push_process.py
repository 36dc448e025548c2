"""The parent's side of the child process that carries pushes: two threads that write to it and read from it."""

from __future__ import annotations

import asyncio
import subprocess  # only the type  # nosec B404
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Protocol

from suhbat.children.starting import command_of, start_child

from .push_child import Answer, decoded_answers

MOST_LINE = 1 << 20
"""Bytes of a line of answers. A child that writes a longer one is ended."""
OVER_SECONDS = 2.0
"""How long a child that was killed may take to end."""
_INHERITED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "LOCALDOMAIN", "RES_OPTIONS")
"""Which certificates and names of hosts count: the same as in the server."""


class PushListener(Protocol):
    """What is told of a child process, on the event loop."""

    def heard(self, process: PushProcess, answers: Sequence[Answer]) -> None:
        """There are answers; none of them, when it has started."""
        ...

    def ended(self, process: PushProcess, *, was_ready: bool) -> None:
        """It has ended. `was_ready`: it had started before."""
        ...


class PushProcess:
    """One child process; it is started by a thread. Used on the event loop, which it never blocks."""

    def __init__(self, listener: PushListener, command: Sequence[str] | None = None) -> None:
        self._listener = listener
        self._command = command or command_of("suhbat.runtime.push_child")
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._is_killed = False
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(self._run)
        except RuntimeError:  # no more threads
            self._loop.call_soon(lambda: self._end(was_ready=False))

    @property
    def pid(self) -> int | None:
        """Of the process, when it was started."""
        return None if self._process is None else self._process.pid

    def tell(self, line: bytes) -> None:
        """Write a line to the child."""
        self._lines.put(line)

    def close(self) -> None:
        """End the child, which has nothing in progress. One that is stopped, and so does not end, is killed."""
        self._lines.put(None)
        self._loop.call_later(OVER_SECONDS, self.kill)

    def kill(self) -> None:
        """End the child now. May be called from anywhere."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    async def over(self) -> None:
        """Wait until it has ended, at most OVER_SECONDS."""
        await asyncio.wait([self._over], timeout=OVER_SECONDS)

    def _run(self) -> None:
        """Start the process, and write to it."""
        try:
            with self._lock:
                if self._is_killed:
                    raise OSError("it was ended")
                self._process = process = start_child(self._command, _INHERITED)
            self._start(lambda: self._read(process))
        except Exception:  # whatever it is, also that this program is no Python that could be started again
            self.kill()
            if self._process is not None:
                with suppress(OSError), self._process:  # closes the pipes, and waits
                    pass
            self._call(self._end, was_ready=False)
            return
        assert process.stdin
        with suppress(OSError), process.stdin as pipe:  # it ends when the pipe closes
            while (line := self._lines.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Read the answers, until the process ends or says what is none."""
        assert process.stdout
        was_ready = False
        with suppress(Exception), process.stdout as pipe:  # whatever it says, it ends
            while line := pipe.readline(MOST_LINE):
                answers = decoded_answers(line)
                was_ready = True
                self._call(self._listener.heard, self, answers)
        self.kill()
        process.wait()
        self._lines.put(None)
        self._call(self._end, was_ready=was_ready)

    def _end(self, *, was_ready: bool) -> None:
        self._over.set_result(None)
        self._listener.ended(self, was_ready=was_ready)

    def _call(self, function: Callable[..., object], *arguments: Any, **named: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(lambda: function(*arguments, **named))

    @staticmethod
    def _start(work: Callable[[], None]) -> None:
        # Daemons: neither delays the end of the process.
        threading.Thread(target=work, name="suhbat-push", daemon=True).start()
