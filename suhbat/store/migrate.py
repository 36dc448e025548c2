"""Migrates a database to the present schema. A SQLite file is copied first."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from suhbat.chat.model import Milliseconds
from suhbat.directories import sync_directory
from suhbat.protocol.types import LOBBY

from . import permissions
from .dialect import insert_new
from .errors import UnusableStore
from .migrations import HEAD
from .tables import conversations, meta
from .write.logs import new_log


def revision(connection: Connection) -> str | None:
    """The revision of the schema; None for a new, empty database. Raises UnusableStore if the tables are not Suhbat's."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" in tables:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
    raise UnusableStore(
        "the database holds tables that are not Suhbat's; move that file away, "
        "or use another data directory (--data, or SUHBAT_DATA)"
    )


MOVING = "moving"
"""The key in `meta` that exists while a move into this database is unfinished (see `moving`)."""
KEPT_COPIES = 3
"""How many copies from before migrations are kept in `backups`. Each is as large as the database."""
SCRIPTS = Path(__file__).parent / "migrations"
_COPY = re.compile(r"suhbat-\w+-\d{8}T\d{6}\.db")


def supports(connection: Connection, head: str) -> bool:
    """Whether a newer schema supports this code, which knows revisions up to `head`. Only for PostgreSQL.

    Nodes of neighbouring versions run at the same time during a rolling update, so a migration only adds; what a version no
    longer writes is removed by the migration of the version after it.
    """
    oldest = connection.execute(select(meta.c.value).where(meta.c.key == "serves")).scalar()
    return oldest is not None and oldest <= head


def is_moving(connection: Connection) -> bool:
    """Whether a move into this database is unfinished."""
    return connection.execute(select(meta.c.key).where(meta.c.key == MOVING)).first() is not None


def migrate_shared(connection: Connection, *, scripts: Path = SCRIPTS, head: str = HEAD) -> str | None:
    """Migrate a PostgreSQL database and make the lobby, while nodes may be using it. Returns the revision before.

    `connection` has no open transaction. A second migration at the same time waits. Raises UnusableStore if the schema is newer
    than this code.
    """
    with connection.begin():
        connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('suhbat migrate'))")
    try:
        with connection.begin():
            present = revision(connection)
        if present != head:
            _upgrade(connection, present, scripts, head, "")
        with connection.begin():
            at = connection.exec_driver_sql("SELECT (extract(epoch FROM now()) * 1000)::bigint").scalar_one()
            insert_new(connection, conversations, [new_log(LOBBY, "lobby", at)])
    finally:
        with connection.begin():
            connection.exec_driver_sql("SELECT pg_advisory_unlock(hashtext('suhbat migrate'))")
    return present


def migrate(
    connection: Connection, backups: Path, at: Milliseconds, *, scripts: Path = SCRIPTS, head: str = HEAD
) -> None:
    """Migrate a SQLite database if necessary, each revision in its own transaction.

    `connection` has no open transaction. An existing database is first copied to `backups` (`suhbat-<from>-<UTC time>.db`).
    Raises UnusableStore if the schema is newer than this code, or if the copy cannot be written.
    """
    with connection.begin():
        present = revision(connection)
    if present == head:
        return
    hint = f", or put back a copy from {backups}"
    _upgrade(connection, present, scripts, head, hint, lambda: _back_up(connection, backups, str(present), at))


def _upgrade(
    connection: Connection,
    present: str | None,
    scripts: Path,
    head: str,
    hint: str,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Run the missing migrations. `before`: called first if the database is not new. `hint`: ends the error about a newer
    schema."""
    # Imported late: only a new version of Suhbat needs Alembic, which takes 0.2 s to import.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise UnusableStore(
            f"the database was written by a newer version of Suhbat (schema {present}, this version knows up to {head}); "
            f"install that version again{hint}"
        )
    if present is not None:
        before()
    config.attributes["connection"] = connection
    command.upgrade(config, head)


def _back_up(connection: Connection, backups: Path, present: str, at: Milliseconds) -> None:
    time = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    copy = backups / f"suhbat-{present}-{time}.db"
    try:
        backups.mkdir(mode=0o700, exist_ok=True)
        copy.unlink(missing_ok=True)
        permissions.create_file(copy)  # SQLite accepts an empty file
        # Copying the file would miss the WAL, and closing the copy would drop the locks (sqlite.org/howtocorrupt).
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("VACUUM INTO ?", (str(copy),))
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        sync_directory(backups)
    except Exception as error:
        raise UnusableStore(
            f"the database must be migrated, but the copy to keep before that could not be written to {copy} ({error}); "
            "make room there and start again"
        ) from error
    _prune(backups)


def _prune(backups: Path) -> None:
    """Delete all but the newest copies that migrations made. Files with other names stay."""
    copies = [path for path in backups.iterdir() if _COPY.fullmatch(path.name)]
    for path in sorted(copies, key=lambda path: path.stem.rpartition("-")[2])[:-KEPT_COPIES]:
        # On Windows another process may have it open. The next migration tries again.
        with suppress(OSError):
            path.unlink()
