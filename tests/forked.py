"""Servers as forks of a process that has imported everything, built the page, and migrated a database: that is nine tenths of
the work of a first start.

They are real processes with the same arguments, environment and exit status as those of a new interpreter. On Linux only;
`SUHBAT_TESTS_FORK=0` starts a new interpreter for each.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

MODULES = (
    "suhbat.cli",
    "suhbat.runtime.app",
    "suhbat.runtime.serving",
    "alembic.command",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What every server imports."""
possible = sys.platform == "linux" and os.environ.get("SUHBAT_TESTS_FORK") != "0"
enabled = False
"""Set by tests/conftest.py. The proof, outside of pytest, starts new interpreters."""


def can(environment: Mapping[str, str], cwd: Path) -> bool:
    """Whether a fork would do the same. An interpreter reads PYTHON* when it starts."""
    return enabled and environment.get("PYTHONPATH") == str(cwd) and _special(environment) == _special(os.environ)


def _special(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key.startswith("PYTHON") and key != "PYTHONPATH"}


class Forked:
    """A process with the methods of `subprocess.Popen` that tests use. `status`: the end of a pipe where its exit status
    will be, as `Popen.returncode` has it."""

    def __init__(self, pid: int, status: int, command: Sequence[str]) -> None:
        self.pid = pid
        self.args = list(command)
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if (code := self._look(timeout)) is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(os.read(self._status, 16))
            os.close(self._status)
        return self.returncode


class _Template:
    """The process that is forked. It ends with the one that made it."""

    def __init__(self, root: Path) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=root,
                env={name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        atexit.register(self._end)

    def start(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int) -> Forked:
        ours, theirs = os.pipe()
        asked = json.dumps({"command": list(command), "cwd": str(cwd), "environment": dict(environment)}).encode()
        try:
            socket.send_fds(self._control, [len(asked).to_bytes(4, "big")], [output, theirs])
        finally:
            os.close(theirs)
        self._control.sendall(asked)
        return Forked(int.from_bytes(_exactly(self._control, 4), "big"), ours, command)

    def _end(self) -> None:
        self._control.close()
        self._process.wait(10)


_template: _Template | None = None
_lock = threading.Lock()
"""Tests start several nodes at once, from threads."""


def start(command: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int) -> Forked:
    """Start `python COMMAND`, whose first word is `-m`, in `cwd`. `output`: the descriptor that it prints to."""
    global _template
    sys.audit("subprocess.Popen", sys.executable, list(command), str(cwd), None)
    with _lock:
        if _template is None:
            _template = _Template(cwd)
        return _template.start(command, cwd, environment, output)


def _exactly(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := control.recv(size - len(data))):
            raise EOFError("the process that is forked has ended")
        data += more
    return data


# In the process that is forked


def serve(control: socket.socket) -> dict[str, Any]:
    """Fork when asked to, and tell how each fork ended. Returns in a fork, with what was asked."""
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    statuses: dict[int, int] = {}
    while True:
        ready = select.select([control, wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 4096)
            _reap(statuses)
        if control not in ready:
            continue
        head, descriptors, _, _ = socket.recv_fds(control, 4, 2)
        if not head:
            os._exit(0)
        output, status = descriptors
        asked: dict[str, Any] = json.loads(_exactly(control, int.from_bytes(head, "big")))
        if (pid := os.fork()) == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(output, 1)
            os.dup2(output, 2)
            control.detach()
            os.closerange(3, 1 << 16)
            return asked
        os.close(output)
        statuses[pid] = status
        control.sendall(pid.to_bytes(4, "big"))


def _reap(statuses: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = statuses.pop(ended[0])
            with suppress(BrokenPipeError):
                os.write(status, str(os.waitstatus_to_exitcode(ended[1])).encode())
            os.close(status)


def become(asked: dict[str, Any]) -> None:
    """Do what a new interpreter does with this command."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    _, module, *arguments = asked["command"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def prepare() -> None:
    """Do once what every server would do again, with the same result."""
    for name in MODULES:
        importlib.import_module(name)
    from suhbat.http import pages
    from suhbat.store import migrate
    from tests.migrated import at_once

    pages.built(pages.WEB)()
    migrate._upgrade = at_once(migrate._upgrade)


if __name__ == "__main__":
    gc.disable()
    prepare()
    gc.freeze()
    gc.enable()
    become(serve(socket.socket(fileno=int(sys.argv[1]))))
