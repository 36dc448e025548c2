"""Connections to a SQLite file: their pragmas, and the statement that begins a transaction."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from . import values

_PRAGMAS = ("busy_timeout = 5000", "foreign_keys = ON", "temp_store = MEMORY", "synchronous = FULL")
# Checkpoints run inside a COMMIT: small ones keep every one of them short (with 2,000 pages some took 50 ms).
_WRITER = ("journal_mode = WAL", "cache_size = -32768", "wal_autocheckpoint = 500", "journal_size_limit = 67108864")
_READER = ("cache_size = -8192", "wal_autocheckpoint = 0", "query_only = ON")
_MAC = ("fullfsync = ON", "checkpoint_fullfsync = ON")
# On macOS fsync alone leaves the data in the cache of the drive.


def writing(file: Path) -> Engine:
    """An engine for one connection at a time that writes and checkpoints. Its transactions take the write lock at once."""
    made = create_engine(_url(file), poolclass=NullPool, connect_args=_ARGUMENTS, hide_parameters=True)
    return _prepared(made, values.BEGIN, _WRITER)


def reading(file: Path, connections: int) -> Engine:
    """An engine for this many connections that only read and never checkpoint."""
    made = create_engine(
        _url(file),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args=_ARGUMENTS,
        hide_parameters=True,
    )
    return _prepared(made, "BEGIN", _READER)


def read_only(file: Path) -> Engine:
    """An engine for one connection at a time to a file that no other process has open. The file is not changed by a single
    byte; another engine would write the WAL into it at its end."""
    url = URL.create("sqlite", database=file.absolute().as_uri(), query={"mode": "ro", "uri": "true"})
    return _prepared(
        create_engine(url, poolclass=NullPool, connect_args=_ARGUMENTS, hide_parameters=True), "BEGIN", _READER
    )


_ARGUMENTS = {"check_same_thread": False, "cached_statements": 256}


def _url(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))


def _prepared(made: Engine, begin: str, pragmas: Sequence[str]) -> Engine:
    @event.listens_for(made, "connect")
    def on_connect(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # sqlite3 must not begin transactions by itself
        for pragma in (*_PRAGMAS, *pragmas, *(_MAC if sys.platform == "darwin" else ())):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def on_begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:  # otherwise the writer has begun it without SQLAlchemy
            values.begin(connection, begin)

    return made
