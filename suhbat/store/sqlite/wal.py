"""Flushes SQLite's write-ahead log again after a crash, because its pages may not be on the disk."""

from __future__ import annotations

import os
from pathlib import Path

CHUNK = 256 * 1024


def flush_again(file: Path) -> None:
    """Write the WAL of this database again, unchanged, and flush it. Must be called before anything opens the database.

    After a failed flush (EIO) the pages read as if they were on the disk, but no later flush writes them, because the system
    marks them as clean. The process that saw the error refuses the batch and overwrites it. If that process dies first, the
    next one finds a complete batch, serves it and builds on it; after a power cut the WAL would end before it. Writing the
    pages again makes them dirty, so that they are flushed, or the flush fails again. Raises OSError.
    """
    log = file.with_name(f"{file.name}-wal")
    if not log.exists():
        return
    with log.open("r+b", buffering=0) as opened:
        while data := opened.read(CHUNK):
            opened.seek(-len(data), os.SEEK_CUR)
            opened.write(data)
        os.fsync(opened.fileno())
