"""Compiles the bench's C sources when they are needed, with gcc or else with the ziglang wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

BENCH = Path(__file__).resolve().parent
CACHE = BENCH / ".cache"


@cache
def load() -> Path:
    """The load generator."""
    folder = BENCH / "load"
    return _compiled("load", sorted(folder.glob("*.c")), sorted(folder.glob("*.h")))


@cache
def c_server() -> Path:
    """The competing server in C."""
    return _compiled("c_server", [BENCH / "rivals" / "c_server.c"])


def _compiled(name: str, sources: list[Path], headers: list[Path] | None = None) -> Path:
    """Compile once for each state of the sources. Exits with a hint if there is no compiler."""
    target = CACHE / f"{name}-{state_of([*sources, *(headers or [])])}"
    if not target.exists():
        gcc = shutil.which("gcc")
        if not gcc and not importlib.util.find_spec("ziglang"):
            sys.exit("bench: a C compiler is needed: install gcc, or `pip install ziglang`")
        compiler = [gcc] if gcc else [sys.executable, "-m", "ziglang", "cc"]
        CACHE.mkdir(exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}")  # another process may be compiling the same sources
        subprocess.run([*compiler, "-O2", "-o", str(unfinished), *map(str, sources)], check=True)
        unfinished.replace(target)
    return target


def state_of(sources: list[Path]) -> str:
    """Twelve characters that change with the content of the files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
