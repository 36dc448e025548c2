"""Checks of the data directory: its file system, its free space, its lock, its clock, and the schema of its database."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from suhbat.store.errors import UnusableStore
from suhbat.store.lock import DirectoryLock
from suhbat.store.migrate import revision
from suhbat.store.migrations import HEAD
from suhbat.store.sqlite import connect

from .findings import Finding

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs"}
)
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
LOW_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
"""Free bytes below which the check warns, and below which it fails."""
DATABASE = "suhbat.db"
AHEAD_SECONDS = 60.0
"""How far in the future a file's time may be before the clock is considered wrong."""


def data_directory(data: Path) -> Iterator[Finding]:
    """Whether the directory exists or can be made, and is writable; its file system; its free space."""
    directory = data.absolute()
    if directory.exists() and not directory.is_dir():
        yield Finding("FAIL", f"{directory} is a file; choose a directory: --data DIRECTORY")
        return
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield Finding("FAIL", f"{existing} cannot be written: {error.strerror}; change its owner, or --data DIRECTORY")
        return
    yield Finding("ok", f"data directory {directory}" + ("" if directory.exists() else " (will be made)"))
    yield file_system(file_system_of(existing))
    yield free_space(shutil.disk_usage(existing).free)


def file_system(kind: str | None) -> Finding:
    if kind is None:
        return Finding("ok", "file system: not checked on this system; it must not be a network drive")
    if kind in NETWORK_FILE_SYSTEMS:
        return Finding(
            "FAIL", f"the data is on a network file system ({kind}), where SQLite loses data; use a local disk"
        )
    if kind in MEMORY_FILE_SYSTEMS:
        return Finding("warn", f"the data is in memory ({kind}) and gone after a restart of the machine; use a disk")
    return Finding("ok", f"file system {kind}")


def file_system_of(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The type of the file system of `path`. None if the system does not tell it (other than Linux)."""
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
        return Finding("FAIL", f"{text}: the disk is full; free some space before starting")
    return Finding("warn" if free < LOW_SPACE else "ok", text + (": free some space soon" if free < LOW_SPACE else ""))


def lock(data: Path) -> Finding:
    """Whether a server holds the lock. The process id in the lock's file is no proof: that process may have been killed, and
    the id may belong to another one by now."""
    if not DirectoryLock(data).is_held():
        return Finding("ok", "no server uses the data directory")
    pid = DirectoryLock(data).holder()
    return Finding(
        "warn", f"a server uses the data directory now (pid {pid or 'unknown'}); a second one would not start"
    )


def clock(data: Path, now: float | None = None) -> Finding:
    """Files dated in the future mean that the clock went back, or that a network drive has another clock."""
    now = time.time() if now is None else now
    latest = max((path.stat().st_mtime for path in (data / DATABASE, data / "instance") if path.exists()), default=now)
    if latest - now > AHEAD_SECONDS:
        return Finding(
            "FAIL",
            f"the data was written {latest - now:,.0f} s in the future: the clock of this machine is wrong; set it (NTP), "
            "because sessions and invitations expire by it",
        )
    return Finding("ok", "the clock is not behind the data")


def schema(data: Path) -> Iterator[Finding]:
    """Whether this version can use the SQLite file. Not checked while a server has it open."""
    file = data / DATABASE
    if not file.exists() or DirectoryLock(data).is_held():
        return
    engine = connect.read_only(file)
    try:
        with engine.connect() as connection, connection.begin():
            present = revision(connection)
    except UnusableStore as error:
        yield Finding("FAIL", str(error))
    except DBAPIError as error:
        yield Finding("FAIL", f"{file} cannot be read ({error.orig}); restore a backup")
    else:
        yield _schema(present)
    finally:
        engine.dispose()


def _schema(present: str | None) -> Finding:
    """Revisions are numbered, so they compare as text."""
    if present is None or present == HEAD:
        return Finding("ok", f"the database has the schema {HEAD}")
    if present < HEAD:
        return Finding(
            "ok",
            f"the database has the schema {present}; the server migrates it to {HEAD} at its start and keeps a copy",
        )
    return Finding(
        "FAIL", f"the database has the schema {present}, this version knows {HEAD}: install the newer version"
    )
