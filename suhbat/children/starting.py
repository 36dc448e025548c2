"""The parent's side: starts a child process. Both sides then speak over its pipes, in lines of JSON."""

from __future__ import annotations

import os
import subprocess  # our own interpreter, no shell, nothing in the command comes from a client  # nosec B404
import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from {} import main; main()"
"""Finds the same packages as this process and runs nothing else at start: neither the application's main module, as
`multiprocessing` would, nor hooks of the environment."""
_ENVIRONMENT = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What a child inherits. Everything else may be a secret."""
_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
"""For Windows; elsewhere a child lowers its priority itself."""


def command_of(module: str, before: str = "") -> list[str]:
    """The command of a child that runs `main` of a module of ours. `before`: code that runs first, for tests."""
    code = before + _CODE.format(module)
    return [sys.executable, "-I", "-S", "-c", code, *map(os.path.abspath, filter(None, sys.path)), _ROOT]


def start_child(command: Sequence[str], inherited: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a child with pipes. `inherited`: names of further variables of the environment. Blocks for some milliseconds.
    Raises OSError."""
    names = (*_ENVIRONMENT, *inherited)
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.Popen(  # noqa: S603 (our own interpreter)  # nosec B603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment | {"MALLOC_ARENA_MAX": "1"},  # glibc: no address space for threads that allocate nothing
        creationflags=_FLAGS,
    )
