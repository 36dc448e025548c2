"""Databases as older versions left them, and new ones as the migrations make them."""

from __future__ import annotations

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from suhbat.store import connect
from suhbat.store.migrate import SCRIPTS, migrate

_UNDO = {
    "0003": "DROP TABLE search; DROP TABLE search_rows;",
    "0004": "",
    "0005": "DROP INDEX guests_skeleton;",
    "0006": "DROP VIEW reactions_shown; DROP TABLE reaction_counts; DROP INDEX reactions_emoji; "
    "ALTER TABLE reactions DROP COLUMN seq; DROP INDEX events_deleted;",
    "0007": "",
    "0008": "DROP TABLE everyone;",
    "0009": "DROP INDEX members_shown; DROP INDEX members_counted; ALTER TABLE members DROP COLUMN wrote; "
    "ALTER TABLE members DROP COLUMN counts; ALTER TABLE members DROP COLUMN hidden; "
    "ALTER TABLE conversations DROP COLUMN hidden; ALTER TABLE accounts DROP COLUMN added_by; "
    "DROP TABLE allowances; DROP TABLE invitations;",
}
"""What undoes each migration on SQLite. A new migration gets a line here."""


def take_back(file: Path, to: str) -> None:
    """Bring a database back to the schema of an older revision, its rows kept."""
    later = sorted(
        (script.name[:4] for script in (SCRIPTS / "versions").glob("*.py") if script.name[:4] > to), reverse=True
    )
    raw = sqlite3.connect(file)
    try:
        for number in later:
            raw.executescript(_UNDO[number])
        raw.execute("UPDATE alembic_version SET version_num = ?", (to,))
        raw.commit()
    finally:
        raw.close()


@cache
def _migrated() -> bytes:
    """A new database as the migrations make it, with what metadata does not know: views and the index of search."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "suhbat.db"
        engine = connect.writing(file)
        with engine.connect() as connection:
            migrate(connection, Path(place) / "backups", 1)
        engine.dispose()  # the last connection wrote the WAL into the file as it closed
        return file.read_bytes()


def new_database(file: Path) -> None:
    """Write a new database. Migrating takes long, so it is done once."""
    file.write_bytes(_migrated())
