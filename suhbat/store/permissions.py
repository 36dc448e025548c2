"""Permissions in the data directory: only the user of the server may read it (files 0600, directories 0700).

A restored copy, a file of an older version or one made under another umask may be readable by others. Files that Suhbat did not
make are left alone. Windows has no such modes; there the access rights of the directory count.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

OURS = ("suhbat.db*", "lock", "instance*", "control*", "secret*", "backups", "backups/*", "files", "files/**/*", "work")
"""Patterns of what Suhbat makes in a data directory."""
FILE, DIRECTORY = 0o600, 0o700

log = structlog.get_logger("suhbat.store")


class Exposed(NamedTuple):
    """A path whose mode gives other users any access."""

    path: Path
    mode: int
    wanted: int


def exposed(data: Path) -> Iterator[Exposed]:
    """The exposed paths: the directory itself, and OURS in it. Links are not followed."""
    if os.name == "nt":
        return
    for path in (data, *(path for pattern in OURS for path in sorted(data.glob(pattern)))):
        try:
            found = path.lstat().st_mode
        except OSError:
            continue  # SQLite deleted the file meanwhile
        wanted = DIRECTORY if stat.S_ISDIR(found) else FILE
        if (stat.S_ISDIR(found) or stat.S_ISREG(found)) and stat.S_IMODE(found) & ~wanted:
            yield Exposed(path, stat.S_IMODE(found), wanted)


def restrict(data: Path) -> None:
    """Remove other users' access to exposed paths. A failure is logged only, because a file system may have no modes."""
    for path, _, wanted in list(exposed(data)):
        try:
            path.chmod(wanted)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("data directory: others may access a file", path=str(path), error=error.strerror)


def create_file(path: Path) -> None:
    """Make an empty file with mode 0600, whatever the umask. Raises FileExistsError."""
    path.touch(mode=FILE, exist_ok=False)
    if os.name != "nt":
        path.chmod(FILE)


def findings(data: Path) -> Iterator[tuple[Literal["ok", "warn"], str]]:
    """Level and text of each finding for `suhbat doctor`."""
    if os.name == "nt" or not data.is_dir():
        return
    found = list(exposed(data))
    for path, mode, wanted in found:
        yield (
            "warn",
            f"{path} has mode {mode:04o}, so others may get at it: chmod {wanted:04o} (the server does so at start)",
        )
    if not found:
        yield "ok", f"{data} is for its owner only"
