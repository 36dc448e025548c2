"""Where a bot keeps how far it is, and the state of its chats: in memory, in a file, or where the program wants."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from os import PathLike
from typing import Protocol


class BotStorage(Protocol):
    """Texts by key. A bot opens it before it reads, closes it at the end, and calls one method at a time."""

    async def open(self) -> None: ...

    async def get(self, key: str) -> str | None: ...

    async def put(self, items: Mapping[str, str | None]) -> None:
        """Write all of them or none; None deletes a key. When it returns they must survive the end of the process, or a bot
        that starts again begins before its last events."""

    async def close(self) -> None: ...


class BotMemoryStore:
    """For tests, and for bots that need not know what came while they were stopped."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}

    async def open(self) -> None:
        pass

    async def get(self, key: str) -> str | None:
        return self.items.get(key)

    async def put(self, items: Mapping[str, str | None]) -> None:
        for key, value in items.items():
            if value is None:
                self.items.pop(key, None)
            else:
                self.items[key] = value

    async def close(self) -> None:
        pass


class BotFileStore:
    """An SQLite file, which only one process can use at a time. Every `put` is a transaction that is on the disk when it
    returns. Raises OSError if another process has the file, or if it is none of a bot."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    async def open(self) -> None:
        await asyncio.to_thread(self._open)

    async def get(self, key: str) -> str | None:
        return await asyncio.to_thread(self._get, key)

    async def put(self, items: Mapping[str, str | None]) -> None:
        await asyncio.to_thread(self._put, dict(items))

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        # Calls come from any thread of the pool; the lock lets one in at a time.
        database: sqlite3.Connection | None = None
        try:
            database = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")  # from here on no other process can open it
            database.execute(
                "CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
            )
            database.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if database is not None:
                database.close()
            hint = "; does another process use it?" if "locked" in str(error) else ""
            raise OSError(f"{self._path}: {error}{hint}") from error
        self._database = database

    def _get(self, key: str) -> str | None:
        with self._lock:
            row = self._opened().execute("SELECT value FROM items WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _put(self, items: Mapping[str, str | None]) -> None:
        with self._lock:
            database = self._opened()
            database.execute("BEGIN IMMEDIATE")
            try:
                database.executemany("DELETE FROM items WHERE key = ?", [(key,) for key in items])
                kept = [(key, value) for key, value in items.items() if value is not None]
                database.executemany("INSERT INTO items (key, value) VALUES (?, ?)", kept)
                database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk may have rolled it back already
                    database.execute("ROLLBACK")
                raise

    def _close(self) -> None:
        with self._lock:
            database, self._database = self._database, None
            if database is not None:
                database.close()

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise RuntimeError("the store is not open")
        return self._database
