"""Which PostgreSQL database this is, and the epoch that goes with it (see `epoch` for SQLite's).

The place is the identifier of the cluster, its timeline and the number of the database: another one where a dump was put
back, a copy made, a standby promoted. Then the database may have gone back behind what clients have seen.
"""

from __future__ import annotations

from secrets import token_hex

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from suhbat.store.errors import AnotherDatabase

_SYSTEM = text(
    "SELECT (SELECT system_identifier FROM pg_control_system())::text, "
    "(SELECT oid FROM pg_database WHERE datname = current_database())::text"
)
_TIMELINE = text("SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int::text")
_LAST_TIMELINE = text("SELECT timeline_id::text FROM pg_control_checkpoint()")
_WITHHELD = {"42501", "0A000"}
"""No right to ask, or a service that is not quite PostgreSQL."""


def require(connection: Connection, here: str) -> None:
    """Raises AnotherDatabase where this is not that place."""
    found = place(connection)
    if found != here:
        raise AnotherDatabase(f"the database is another one than before ({found}, it was {here}); restart")


def place(connection: Connection) -> str:
    """Which database this is. Raises DBAPIError (trouble) on a standby, which is none of its own yet."""
    system, database = connection.execute(_SYSTEM).one()
    return f"{system}/{_timeline(connection)}/{database}"


def _timeline(connection: Connection) -> str:
    """That on which is written now. Where this is not told, that of the last checkpoint, which after a promotion is that
    of before for some minutes."""
    try:
        with connection.begin_nested():
            return str(connection.execute(_TIMELINE).scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _WITHHELD:
            raise
    return str(connection.execute(_LAST_TIMELINE).scalar_one())


def epoch_at(connection: Connection, here: str) -> str:
    """The epoch at this place; a new one where the database was at another when it gave the last."""
    connection.exec_driver_sql(
        "INSERT INTO meta (key, value) VALUES ('place', ''), ('epoch', '') ON CONFLICT DO NOTHING"
    )
    rows = connection.exec_driver_sql(
        "SELECT key, value FROM meta WHERE key IN ('place', 'epoch') ORDER BY key FOR UPDATE"
    )
    known: dict[str, str] = {row.key: row.value for row in rows}
    if known["place"] == here and known["epoch"]:
        return str(known["epoch"])
    fresh = token_hex(8)
    for key, value in (("place", here), ("epoch", fresh)):
        connection.exec_driver_sql("UPDATE meta SET value = %s WHERE key = %s", (value, key))
    # Their transaction ids are those of the other place. Here others have them, or will.
    connection.exec_driver_sql("DELETE FROM journal")
    connection.exec_driver_sql("DELETE FROM meta WHERE key = 'pruned'")
    return fresh
