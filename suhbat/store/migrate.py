"""Bringing a SQLite database to the present schema, after a copy of it was put aside."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from suhbat.chat.model import Milliseconds

from .epoch import sync_directory
from .errors import StoreUnavailable
from .migrations import HEAD


def revision(connection: Connection) -> str | None:
    """The revision of the schema; None for a new, empty database. Raises StoreUnavailable for somebody else's."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" in tables:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
    raise StoreUnavailable(
        "the database holds tables that are not Suhbat's; move that file away, "
        "or use another data directory (--data, or SUHBAT_DATA)"
    )


SCRIPTS = Path(__file__).parent / "migrations"


def migrate(
    connection: Connection, backups: Path, at: Milliseconds, *, scripts: Path = SCRIPTS, head: str = HEAD
) -> None:
    """Migrate if there is something to migrate, each revision in a transaction of its own.

    `connection` has no transaction open. An existing database is first copied to `backups`
    (`suhbat-<from>-<UTC time>.db`). Raises StoreUnavailable for a schema that is newer than this code, and when the
    copy cannot be written.
    """
    with connection.begin():
        present = revision(connection)
    if present == head:
        return
    # Imported late: only a new version of Suhbat needs Alembic, and it takes a fifth of a second to start.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise StoreUnavailable(
            f"the database was written by a newer version of Suhbat (schema {present}, this version knows up to {head}); "
            f"install that version again, or put back a copy from {backups}"
        )
    if present is not None:
        _back_up(connection, backups, present, at)
    config.attributes["connection"] = connection
    command.upgrade(config, head)


def _back_up(connection: Connection, backups: Path, present: str, at: Milliseconds) -> None:
    time = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    copy = backups / f"suhbat-{present}-{time}.db"
    try:
        backups.mkdir(mode=0o700, exist_ok=True)
        copy.unlink(missing_ok=True)
        # Not a copy of the file: that would miss what is in the WAL, and drop the locks on it (sqlite.org/howtocorrupt).
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("VACUUM INTO ?", (str(copy),))
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        sync_directory(backups)
    except Exception as error:
        raise StoreUnavailable(
            f"the database must be migrated, but the copy to keep before that could not be written to {copy} ({error}); "
            "make room there and start again"
        ) from error
