"""Bringing a database to the present schema; a SQLite file after a copy of it was put aside."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from suhbat.chat.model import Milliseconds
from suhbat.protocol.types import LOBBY

from . import private
from .dialect import insert_new
from .directory import sync_directory
from .errors import UnusableStore
from .migrations import HEAD
from .tables import conversations, meta
from .write.logs import new_log


def revision(connection: Connection) -> str | None:
    """The revision of the schema; None for a new, empty database. Raises UnusableStore for somebody else's."""
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
"""The row of `meta` that is there while a move into this database is not finished (see `moving`)."""
KEPT_COPIES = 3
"""Copies from before migrations that stay in `backups`; each is as large as the database."""
SCRIPTS = Path(__file__).parent / "migrations"
_COPY = re.compile(r"suhbat-\w+-\d{8}T\d{6}\.db")


def serves(connection: Connection, head: str) -> bool:
    """Whether a schema that is newer than this code (which knows revisions up to `head`) lets it work all the same.

    So several nodes of neighbouring versions work at once while they are replaced one after another: a migration only adds,
    and what an older version wrote no more is taken away by the one after it. (PostgreSQL; a SQLite file has one process.)
    """
    oldest = connection.execute(select(meta.c.value).where(meta.c.key == "serves")).scalar()
    return oldest is not None and oldest <= head


def is_moving(connection: Connection) -> bool:
    """Whether only a part of what is being moved into this database is there."""
    return connection.execute(select(meta.c.key).where(meta.c.key == MOVING)).first() is not None


def migrate_shared(connection: Connection, *, scripts: Path = SCRIPTS, head: str = HEAD) -> str | None:
    """Migrate a PostgreSQL database, the lobby included, while nodes may be working with it; gives the revision before.

    `connection` has no transaction open. Of two that migrate at once the second waits. Raises UnusableStore for a schema
    that is newer than this code.
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
    """Migrate if there is something to migrate, each revision in a transaction of its own.

    `connection` has no transaction open. An existing database is first copied to `backups`
    (`suhbat-<from>-<UTC time>.db`). Raises UnusableStore for a schema that is newer than this code, and when the
    copy cannot be written.
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
    """Run what is missing. `before`: what must happen first, where something is there already."""
    # Imported late: only a new version of Suhbat needs Alembic, and it takes a fifth of a second to start.
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
        private.make(copy)  # SQLite takes an empty file for it
        # Not a copy of the file: that would miss what is in the WAL, and drop the locks on it (sqlite.org/howtocorrupt).
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
    """Delete all but the newest copies that a migration made; what an owner put there under another name stays."""
    copies = [path for path in backups.iterdir() if _COPY.fullmatch(path.name)]
    for path in sorted(copies, key=lambda path: path.stem.rpartition("-")[2])[:-KEPT_COPIES]:
        # Somebody may have it open (Windows): the next migration tries again.
        with suppress(OSError):
            path.unlink()
