"""SQLite's write-ahead log after a process that did not end well: nothing in it is trusted to be on the disk."""

from __future__ import annotations

import os
from pathlib import Path

CHUNK = 256 * 1024


def flush_again(file: Path) -> None:
    """Write the log of this database once more, as it reads, and flush it; before anything opens the database.

    A flush that failed (EIO) leaves pages that read as if they were on the disk, and that no later flush will write: the
    system takes them for clean. The process that saw it refused the batch, and writes over it. But if that process dies
    first, the next one would find the batch complete, tell people that it is stored, and build on it, and after a power cut
    the log would end before it. Written again, the pages are flushed, or the flush fails again. Raises OSError.
    """
    log = file.with_name(f"{file.name}-wal")
    if not log.exists():
        return
    with log.open("r+b", buffering=0) as opened:
        while data := opened.read(CHUNK):
            opened.seek(-len(data), os.SEEK_CUR)
            opened.write(data)
        os.fsync(opened.fileno())
