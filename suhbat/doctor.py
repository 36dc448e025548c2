"""`suhbat doctor`: is everything here that a server needs, and if not, what to do. Changes nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from suhbat import fronting, listening
from suhbat.config import Settings, unknown_variables
from suhbat.store import private

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs"}
)
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
LOW_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
"""Bytes free below which the owner should know, and below which a server should not start."""


class Finding(NamedTuple):
    """One line: how it is, what was looked at, and what to do if it is not well."""

    level: Literal["ok", "warn", "FAIL"]
    text: str


def examine(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that is looked at, in order."""
    yield python_version(sys.version_info[:3])
    yield sqlite_version(sqlite3.sqlite_version_info)
    yield from data_directory(settings.data)
    yield from (Finding(*found) for found in private.findings(settings.data))
    server = lock_holder(settings.data)
    yield lock(server)
    yield port(settings.host, settings.port, server)
    yield from (Finding(*found) for found in fronting.findings(settings))
    yield event_loop(sys.platform, find_spec("uvloop") is not None)
    for variable, near in unknown_variables(environ).items():
        hint = f"did you mean {near}?" if near else "`suhbat config show` lists those that are"
        yield Finding("warn", f"the environment variable {variable} is no setting; {hint}")


def python_version(version: tuple[int, ...]) -> Finding:
    text = f"Python {'.'.join(map(str, version))}"
    if version < (3, 11):
        return Finding("FAIL", f"{text}: Suhbat needs 3.11 or newer; make a new virtual environment with one")
    return Finding("ok", text)


def sqlite_version(version: tuple[int, ...]) -> Finding:
    """RETURNING needs 3.35. The WAL-reset race (3.7.0 to 3.51.2) needs two connections that checkpoint."""
    text = f"SQLite {'.'.join(map(str, version))}"
    if version < (3, 35, 0):
        return Finding("FAIL", f"{text}: 3.35 or newer is needed; it comes with Python, take a newer one")
    if version <= (3, 51, 2):
        return Finding(
            "ok",
            f"{text} (it has the WAL-reset race of 3.7.0 to 3.51.2 between two checkpointing connections, "
            "which cannot happen here: one connection writes and checkpoints)",
        )
    return Finding("ok", text)


def data_directory(data: Path) -> Iterator[Finding]:
    """Is it there or can it be made, may we write, on what does it lie, and how much room is left?"""
    place = data.absolute()
    if place.exists() and not place.is_dir():
        yield Finding("FAIL", f"{place} is a file; choose a directory: --data DIRECTORY")
        return
    existing = next(parent for parent in (place, *place.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield Finding("FAIL", f"{existing} cannot be written: {error.strerror}; change its owner, or --data DIRECTORY")
        return
    yield Finding("ok", f"data directory {place}" + ("" if place.exists() else " (will be made)"))
    yield file_system(file_system_of(existing))
    yield free_space(shutil.disk_usage(existing).free)


def file_system(kind: str | None) -> Finding:
    if kind is None:
        return Finding("ok", "file system: not looked at on this system; it must not be a network drive")
    if kind in NETWORK_FILE_SYSTEMS:
        return Finding(
            "FAIL", f"the data is on a network file system ({kind}), where SQLite loses data; use a local disk"
        )
    if kind in MEMORY_FILE_SYSTEMS:
        return Finding("warn", f"the data is in memory ({kind}) and gone after a restart of the machine; use a disk")
    return Finding("ok", f"file system {kind}")


def file_system_of(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The type of the file system that `path` lies on; None where the system does not tell (not Linux)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    resolved = path.resolve()
    best, kind = -1, None
    for line in lines:
        _, mount, name, *_ = line.split(" ")
        point = Path(mount.replace("\\040", " "))
        if resolved.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), name
    return kind


def free_space(free: int) -> Finding:
    text = f"{free / 1024**3:.1f} GiB free"
    if free < NO_SPACE:
        return Finding("FAIL", f"{text}: the disk is full; make room before starting")
    return Finding("warn" if free < LOW_SPACE else "ok", text + (": make room soon" if free < LOW_SPACE else ""))


def lock(server: int | None) -> Finding:
    if server is None:
        return Finding("ok", "no server uses the data directory")
    return Finding("warn", f"a server uses the data directory now (pid {server}); a second one would be refused")


def lock_holder(data: Path) -> int | None:
    """The process that owns this data directory now, as far as its lock file tells."""
    try:
        words = (data / "lock").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return None
    pid = next((int(word) for word in words if word.isdecimal()), None)
    return pid if pid is not None and _is_running(pid) else None


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # asking there could end it (os.kill); the lock itself will tell
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def port(host: str, number: int, server: int | None) -> Finding:
    """Whether a server could listen there; that the one of this data directory does is no failure."""
    reason = listening.refusal(host, number)
    if reason is None:
        return Finding("ok", f"port {number} of {host} is free")
    return Finding("warn" if server is not None and f"(pid {server})" in reason else "FAIL", reason)


def event_loop(platform: str, installed: bool) -> Finding:
    """uvloop is faster; everything works without it."""
    if installed:
        return Finding("ok", "uvloop is installed")
    if platform == "win32":
        return Finding("ok", "uvloop does not exist for Windows; asyncio is used")
    return Finding("warn", "uvloop is not installed: everything works, more slowly; pip install uvloop")
