"""A SQLite file that the migrations made and nobody used. To migrate takes longer than most tests do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection

from suhbat.store.migrate import SCRIPTS, migrate
from suhbat.store.migrations import HEAD
from suhbat.store.sqlite import connect


@cache
def migrated() -> bytes:
    """The content of the file."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "suhbat.db"
        engine = connect.writing(file)
        with engine.connect() as connection:
            migrate(connection, Path(directory) / "backups", 0)
        engine.dispose()
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()


def at_once(upgrade: Callable[..., None]) -> Callable[..., None]:
    """As `upgrade`, the function of suhbat.store.migrate, but a new SQLite database becomes a copy of `migrated` at once.
    All others are migrated."""
    image = bytearray(migrated())
    image[18:20] = b"\x01\x01"  # a database in memory cannot have a WAL; the copy keeps its own mode

    def copy(connection: Connection, present: str | None, scripts: Path, head: str, *others: Any) -> None:
        if present is not None or (scripts, head) != (SCRIPTS, HEAD) or connection.dialect.name != "sqlite":
            return upgrade(connection, present, scripts, head, *others)
        raw: Any = connection.connection.driver_connection
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(bytes(image))
            source.backup(raw)

    return copy
