"""Facts about this machine (Linux): cores, processor time and memory of a process, the disk, versions."""

from __future__ import annotations

import os
import platform
import resource
import socket
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


class Cores(NamedTuple):
    """The cores of the server and of the generator. None if there are not two."""

    server: int | None
    generator: int | None


def cores() -> Cores:
    """The first two cores that this process may use."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1]) if len(usable) > 1 else Cores(None, None)


def pin(core: int | None) -> Callable[[], None] | None:
    """A `preexec_fn` that binds the process to be started, with all its threads, to one core."""
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def allow_many_sockets() -> int:
    """Raise the soft limit of open files to the hard one, for this process and its children; gives it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def tree(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:  # the process has ended
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes, in steps of a clock tick (10 ms)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def rss_bytes(pids: list[int]) -> int:
    """Resident memory of the processes, without the kernel's memory for their sockets."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * PAGE for pid in pids)


def filesystem(path: Path) -> str:
    """The type of the file system of `path`, such as ext4."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mount, _, source = line.partition(" - ")
        point = mount.split()[4].replace("\\040", " ")
        if path.resolve().is_relative_to(point) and len(point) >= len(best):
            best, kind = point, source.split()[0]
    return kind


class Flush(NamedTuple):
    """How long `fdatasync` takes after an append of 4 KiB, in milliseconds."""

    p50: float
    p99: float


def flush_latency(directory: Path, times: int = 200) -> Flush:
    """Measure it in `directory`."""
    took: list[float] = []
    path = directory / "flush"
    with path.open("ab", buffering=0) as file:
        for _ in range(times):
            start = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1000)
    path.unlink()
    took.sort()
    return Flush(took[len(took) // 2], took[len(took) * 99 // 100])


def processor() -> str:
    """The processor's model and the number of cores."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} cores"


def python_versions() -> str:
    """The versions of Python and of the packages that affect the figures."""
    packages = ("uvicorn", "websockets", "fastapi", "uvloop")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])


def about_machine(placed: Cores) -> str:
    """The beginning of a report."""
    where = f"server on core {placed.server}, generator on core {placed.generator}"
    if placed.generator is None:
        where = "NOT PINNED: fewer than two cores"
    return f"- {processor()}; {where}\n- {python_versions()}"


def about_disk(directory: Path) -> str:
    flush = flush_latency(directory)
    kind = filesystem(directory)
    return f"- data on {kind}: append + fdatasync p50 {flush.p50:.2f} ms, p99 {flush.p99:.2f} ms (200 times 4 KiB)"


def require_disk(directory: Path) -> None:
    """Make the directory. Exits if a flush costs nothing there, because durability could not be measured."""
    directory.mkdir(parents=True, exist_ok=True)
    kind = filesystem(directory)
    if kind in ("tmpfs", "ramfs", "devtmpfs"):
        sys.exit(f"bench: {directory} is on {kind}, where a flush costs nothing; choose another --data-root")
