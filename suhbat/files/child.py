"""The child process that decodes pictures, in which a decoder may crash, hang or run out of memory without harm to the server.

It has no sockets, no database and no secrets: only pipes to the parent, from which it reads jobs and to which it answers, as
lines of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from suhbat.children.running import begin

from .pictures import examine

MEMORY_BYTES = 1 << 30
"""The address space of this process, on systems that limit it (Linux)."""
CPU_SECONDS = 10
"""Processor time of one job, on systems that limit it (not Windows)."""
OUTPUT_BYTES = 64 << 20
"""What a job may write beyond the length of its source."""


@dataclass(frozen=True)
class Job:
    """cleaned: where to write the picture without metadata, None if it is not wanted. sides: of the thumbnails, in pixels; they
    are written into `work`."""

    source: str
    type: str
    work: str
    cleaned: str | None
    sides: tuple[int, ...]
    is_square: bool = False


def main() -> None:
    jobs: SimpleQueue[bytes] = SimpleQueue()
    answers = begin(jobs.put)  # decoders run without the lock of the interpreter, so its thread can end the process
    decoders, draw = _decoders()
    _limit_process()
    _tell(answers, {"decoders": list(decoders)})
    while True:
        job = Job(**json.loads(jobs.get()))
        _limit_job(job)
        try:
            examined = examine(Path(job.source), job.type, Path(job.cleaned) if job.cleaned else None)
            _tell(answers, {"examined": asdict(examined)})
            if draw is None or job.type not in decoders or not examined.pixels:
                raise ValueError("not to be decoded")
            source = Path(job.cleaned if job.cleaned and examined.is_cleaned else job.source)
            drawn = draw(
                source, decoders[job.type], examined.pixels, job.sides, Path(job.work), is_square=job.is_square
            )
            answer: dict[str, Any] = {"drawn": asdict(drawn)}
        except Exception as error:  # a decoder raises anything, from SyntaxError to MemoryError
            answer = {"failed": type(error).__name__}
        _tell(answers, answer | {"memory": _memory()})


def _decoders() -> tuple[dict[str, str], Callable[..., Any] | None]:
    """The decoders by type, and the function that draws. Without Pillow pictures are cleaned all the same."""
    try:
        from . import drawing
    except ImportError:
        return {}, None
    return drawing.decoders(), drawing.draw


def _tell(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def _limit_process() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 32)):
        with suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(limit, (value, value))


def _limit_job(job: Job) -> None:
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        written = Path(job.source).stat().st_size + OUTPUT_BYTES
        resource.setrlimit(resource.RLIMIT_FSIZE, (written, resource.RLIM_INFINITY))


def _memory() -> int:
    """The memory of this process in bytes; 0 where the system has no such file. (`getrusage` knows the most it ever had, but on
    Linux it counts that of the parent as well, from before the child ran its own program.)"""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
