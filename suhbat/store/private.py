"""What lies in the data directory is for the user of the server only: files 0600, directories 0700, whoever made them.

A copy that was put back, a file of an older version or one that was made under another umask may be readable by all. What is
somebody else's file there is left alone. Windows has no such modes: there the directory's own rights count.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

OURS = ("suhbat.db*", "lock", "instance*", "control*", "secret*", "backups", "backups/*", "files", "files/**/*")
"""What Suhbat makes in a data directory."""
FILE, DIRECTORY = 0o600, 0o700

log = structlog.get_logger("suhbat.store")


class Exposed(NamedTuple):
    """A path that others may read, or write to, or at least look into."""

    path: Path
    mode: int
    wanted: int


def exposed(data: Path) -> Iterator[Exposed]:
    """The directory itself, and what is ours in it. Links are not followed."""
    if os.name == "nt":
        return
    for path in (data, *(path for pattern in OURS for path in sorted(data.glob(pattern)))):
        try:
            found = path.lstat().st_mode
        except OSError:
            continue  # gone meanwhile: SQLite makes and takes away files
        wanted = DIRECTORY if stat.S_ISDIR(found) else FILE
        if (stat.S_ISDIR(found) or stat.S_ISREG(found)) and stat.S_IMODE(found) & ~wanted:
            yield Exposed(path, stat.S_IMODE(found), wanted)


def keep(data: Path) -> None:
    """Take from others what they may do there. What cannot be changed is logged: a disk may know no modes."""
    for path, _, wanted in list(exposed(data)):
        try:
            path.chmod(wanted)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("a file of the data directory is open to others", path=str(path), error=error.strerror)


def make(path: Path) -> None:
    """Make an empty file, 0600 whatever the umask is. Raises FileExistsError."""
    path.touch(mode=FILE, exist_ok=False)
    if os.name != "nt":
        path.chmod(FILE)


def findings(data: Path) -> Iterator[tuple[Literal["ok", "warn"], str]]:
    """For `suhbat doctor`: level and text."""
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
