"""The identity of a PostgreSQL database, and the epoch that belongs to it (see `sqlite.epoch` for SQLite).

The identity is the system identifier of the PostgreSQL cluster, its timeline and the OID of the database. It differs after a
dump was restored, a copy made or a standby promoted: the database may then lack events that clients have seen.
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
"""SQLSTATEs of a missing permission, and of a service that does not implement the function."""


def require_identity(connection: Connection, identity: str) -> None:
    """Raise AnotherDatabase if this database has another identity."""
    found = read_identity(connection)
    if found != identity:
        raise AnotherDatabase(f"the database is another one than before ({found}, it was {identity}); restart")


def read_identity(connection: Connection) -> str:
    """The identity of this database. Raises DBAPIError (trouble) on a standby, which has none of its own yet."""
    system, database = connection.execute(_SYSTEM).one()
    return f"{system}/{_timeline(connection)}/{database}"


def _timeline(connection: Connection) -> str:
    """The timeline of the present WAL. If the server withholds it, that of the last checkpoint, which lags behind a promotion
    by some minutes."""
    try:
        with connection.begin_nested():
            return str(connection.execute(_TIMELINE).scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _WITHHELD:
            raise
    return str(connection.execute(_LAST_TIMELINE).scalar_one())


def epoch_of(connection: Connection, identity: str) -> str:
    """The stored epoch; a new one if it was stored under another identity."""
    connection.exec_driver_sql(
        "INSERT INTO meta (key, value) VALUES ('place', ''), ('epoch', '') ON CONFLICT DO NOTHING"
    )
    rows = connection.exec_driver_sql(
        "SELECT key, value FROM meta WHERE key IN ('place', 'epoch') ORDER BY key FOR UPDATE"
    )
    known: dict[str, str] = {row.key: row.value for row in rows}
    if known["place"] == identity and known["epoch"]:
        return str(known["epoch"])
    fresh = token_hex(8)
    for key, value in (("place", identity), ("epoch", fresh)):
        connection.exec_driver_sql("UPDATE meta SET value = %s WHERE key = %s", (value, key))
    # Its transaction ids are those of the other database; here other transactions have them.
    connection.exec_driver_sql("DELETE FROM journal")
    connection.exec_driver_sql("DELETE FROM cursors")
    connection.exec_driver_sql("DELETE FROM meta WHERE key = 'pruned'")
    return fresh
