"""Makes sure that all nodes over one database store files in the same directory: otherwise a file would exist on one node only.

The directory has a marker, and the database has the same one. The first node that takes a file makes both.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import structlog

from suhbat.chat.ports import FileRecords
from suhbat.directories import make_directory
from suhbat.errors import StorageUnavailable

from .threads import FileThreads

log = structlog.get_logger("suhbat.files")

MARKER = "place"
LATER_SECONDS = 60


class SharedPlace:
    """`directory`: where this node stores files."""

    def __init__(self, records: FileRecords, directory: Path, threads: FileThreads) -> None:
        self._records = records
        self._marker = directory / MARKER
        self._threads = threads
        self._is_ours = False

    async def require(self) -> None:
        """Raise StorageUnavailable if the other nodes have another directory."""
        if self._is_ours:
            return
        mine = await self._threads.run(self._read)
        proposed = mine or secrets.token_hex(8)
        known = await self._records.file_place(proposed)
        if mine is None and known == proposed:
            await self._threads.run(self._write, proposed)
        elif mine != known:
            log.error(
                "files: this directory is not the one of the other nodes; the setting `files` must name a directory that all "
                "nodes share",
                directory=str(self._marker.parent),
            )
            raise StorageUnavailable(retry_after=LATER_SECONDS, seconds=LATER_SECONDS)
        self._is_ours = True

    def _read(self) -> str | None:
        try:
            return self._marker.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def _write(self, marker: str) -> None:
        make_directory(self._marker.parent)
        self._marker.write_text(marker, encoding="ascii")
