"""The journal on PostgreSQL: what each transaction changed, by transaction id, so that readers miss no late commit.

A timestamp or a sequence number is taken before COMMIT, so a reader that asks for everything above the last one misses a
transaction that took its number early and committed late. Transaction ids have the same problem, but PostgreSQL knows which
are still open. `changes_since` begins each read at the oldest id that was open at the read before (`pg_snapshot_xmin`), because
reading a row twice does no harm. A durable cursor stores the whole snapshot: what is visible in a later snapshot and was not
visible in the stored one has been committed between the two.

Transaction ids do not give the order within a log: a transaction that has its id may wait for the lock of a log that a later id
holds. So rows are numbered as well. A row is written when its transaction has all locks, so within a log the numbers ascend.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Change, Milliseconds, StoreDelta
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.store.journal import MOST, Cursor, JournalRow, NoCursor, Range, together
from suhbat.store.read.events import log_heads

from .pipeline import Statement, of

KEPT: Milliseconds = 10 * 60 * 1000
"""How long journal rows are kept for `changes_since`. After a longer pause a node compares all heads."""

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The database's clock in milliseconds; the clocks of nodes may differ."""

_WRITE = (
    "INSERT INTO journal (xid, at, body) "  # noqa: S608 (a constant)
    f"VALUES (pg_current_xact_id()::text::bigint, {NOW}, {{}}) RETURNING xid"
)
_WRITE_QUEUED = Statement(_WRITE.format("$1"))
_MARK = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT value FROM meta WHERE key = 'pruned')")
_SINCE = text("SELECT body FROM journal WHERE xid >= :since ORDER BY xid")
_XID = "CAST(CAST(xid AS text) AS xid8)"
# A cursor's position begins with the snapshot of which it has passed everything.
_SEEN = "CAST(CAST(position AS json) ->> 0 AS pg_snapshot)"
# `now()` is constant within a transaction, so PostgreSQL can use the index.
_PRUNE = text(
    "DELETE FROM journal WHERE at < (extract(epoch FROM now()) * 1000)::bigint - :kept "  # noqa: S608 (constants)
    f"AND NOT EXISTS (SELECT FROM cursors WHERE NOT pg_visible_in_snapshot({_XID}, {_SEEN})) RETURNING xid"
)
_LOST = text(
    f"DELETE FROM cursors WHERE (SELECT count(*) FROM journal WHERE NOT pg_visible_in_snapshot({_XID}, {_SEEN})) > :most"  # noqa: S608 (constants)
)
_LOCK = "SELECT position FROM cursors WHERE name = :name FOR UPDATE"
_MAKING = "hashtext('suhbat cursor ' || :name)"
_FOREIGN = text(
    "SELECT pg_snapshot_xmax(CAST(:seen AS pg_snapshot)) > pg_snapshot_xmax(pg_current_snapshot()) "
    "OR NOT EXISTS (SELECT FROM cursors WHERE name = :name)"
)
_PLACE = text("SELECT position FROM cursors WHERE name = :name")
_LEFT = text(
    "SELECT EXISTS (SELECT FROM journal "  # noqa: S608 (constants)
    "WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(:seen AS pg_snapshot)) AS text) AS bigint) "
    f"AND NOT pg_visible_in_snapshot({_XID}, CAST(:seen AS pg_snapshot)) "
    f"AND NOT (pg_visible_in_snapshot({_XID}, CAST(:upto AS pg_snapshot)) AND id <= :after) "
    """AND body LIKE '%"events":[[%')"""
)
_SNAPSHOT = text("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text")
_BETWEEN = text(
    "SELECT id, body FROM journal WHERE xid >= CAST(CAST(pg_snapshot_xmin(CAST(:seen AS pg_snapshot)) AS text) AS bigint) "  # noqa: S608 (constants)
    f"AND NOT pg_visible_in_snapshot({_XID}, CAST(:seen AS pg_snapshot)) "
    f"AND pg_visible_in_snapshot({_XID}, CAST(:upto AS pg_snapshot)) AND id > :after ORDER BY id LIMIT :count"
)
_STATUS = text("SELECT pg_xact_status(CAST(CAST(:xid AS text) AS xid8))")
_LINE = text("SELECT body FROM journal WHERE xid = :xid")
_FUTURE = "22023"
"""SQLSTATE of a question about a transaction id that was not assigned yet."""
_PRUNED = text(
    "INSERT INTO meta (key, value) VALUES ('pruned', :xid) ON CONFLICT (key) "
    "DO UPDATE SET value = GREATEST(meta.value::bigint, excluded.value::bigint)::text"
)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """The journal row of one attempt to write: the transaction id and a random nonce.

    The id alone is not enough: PostgreSQL assigns an id again if it crashes before the id is on disk.
    """

    xid: int
    nonce: str


def write(
    connection: Connection, entries: Iterable[LoggedEvent], changes: Iterable[Change], ranges: Iterable[Range] = ()
) -> JournalLine:
    """Write what the present transaction changed. Must be its last statement; what is queued is
    sent with it. `ranges`: the events of `entries`."""
    heads: dict[str, int] = {}
    for name, event in entries:
        heads[name] = max(event.seq, heads.get(name, 0))
    nonce = token_hex(8)
    body = {"heads": heads, "changes": list(dict.fromkeys(changes)), "events": together(ranges), "nonce": nonce}
    written = json.dumps(body, separators=(",", ":"))
    pipeline = of(connection)
    if pipeline is None:
        return JournalLine(connection.exec_driver_sql(_WRITE.format("%s"), (written,)).scalar_one(), nonce)
    pipeline.add(_WRITE_QUEUED, written.encode())
    ((xid,),) = pipeline.run()[-1]
    return JournalLine(xid, nonce)


def is_committed(connection: Connection, line: JournalLine) -> bool | None:
    """Whether the transaction of this line is committed; None while it is still running, or if that is no longer known.

    `connection` must use READ COMMITTED. Raises DBAPIError if the database cannot be asked.
    """
    try:
        status = connection.execute(_STATUS, {"xid": line.xid}).scalar()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _FUTURE:
            raise
        return False  # the database crashed before the id was on disk, and has not assigned it again
    if status != "committed":
        return False if status == "aborted" else None
    # Read after the status, as only then the row is certainly there. It may belong to a later transaction with the same id.
    body = connection.execute(_LINE, {"xid": line.xid}).scalar()
    if body is not None:
        return bool(json.loads(body).get("nonce") == line.nonce)
    pruned = connection.execute(_MARK).one()[1]
    return None if line.xid <= int(pruned or 0) else False


def changes_since(connection: Connection, logs: Collection[str], since: str | None) -> StoreDelta:
    """See `chat.ports.Store.changes_since`. In one snapshot."""
    mark, pruned = connection.execute(_MARK).one()
    if since is None or int(since) <= int(pruned or 0):
        return StoreDelta(mark, log_heads(connection, logs), whole=True)
    heads: dict[str, int] = {}
    changes: dict[Change, None] = {}
    for body in connection.execute(_SINCE, {"since": int(since)}).scalars():
        line = json.loads(body)
        for name, head in line["heads"].items():
            heads[name] = max(head, heads.get(name, 0))
        changes.update((Change(*change), None) for change in line["changes"])
    return StoreDelta(mark, heads, tuple(changes))


def prune(connection: Connection) -> int:
    """Delete journal rows older than KEPT that every cursor has passed, and cursors that are too far behind. Returns how many
    rows."""
    connection.execute(_LOST, {"most": MOST})
    pruned: Sequence[int] = connection.execute(_PRUNE, {"kept": KEPT}).scalars().all()
    if pruned:
        connection.execute(_PRUNED, {"xid": str(max(pruned))})
    return len(pruned)


def open_cursor(connection: Connection, name: str, *, waits: bool = False) -> PostgresCursor | None:
    """See `cursors.open_cursor`. `connection` must use READ COMMITTED."""
    found = connection.execute(text(_LOCK if waits else f"{_LOCK} SKIP LOCKED"), {"name": name}).scalar()
    position = json.loads(found) if found else ["1:1:"]
    # After a crash without this check, a cursor from another database would pass new rows that have lower ids.
    if connection.execute(_FOREIGN, {"name": name, "seen": position[0]}).scalar():
        raise NoCursor(name)
    return PostgresCursor(connection, name, *position) if found else None


def makes(connection: Connection, name: str, *, waits: bool) -> bool:
    """See `cursors.makes`."""
    if waits:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MAKING})"), {"name": name})
        return True
    return bool(connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_MAKING})"), {"name": name}).scalar())


def is_behind(connection: Connection, name: str) -> bool:
    """See `cursors.is_behind`."""
    found = connection.execute(_PLACE, {"name": name}).scalar()
    return found is not None and not _is_at_end(connection, found)


def has_passed_all(connection: Connection, name: str) -> bool:
    """Whether there is a cursor of this name, and it has passed every event that is committed."""
    found = connection.execute(_PLACE, {"name": name}).scalar()
    return found is not None and _is_at_end(connection, found)


def _is_at_end(connection: Connection, position: str) -> bool:
    seen, upto, after, _, missed = json.loads(position)
    if missed:
        return False
    left = connection.execute(_LEFT, {"seen": seen, "upto": upto or seen, "after": after}).scalar()
    return not left


def snapshot(connection: Connection) -> str:
    """The present snapshot, in which the transaction of this connection counts as open. PostgreSQL leaves it out of the list of
    open ones, so it would seem to have been passed: its row of the journal, which is written last, would never be read."""
    found, own = connection.execute(_SNAPSHOT).one()
    oldest, end, some = found.split(":")
    if own is None or int(own) >= int(end):
        return str(found)
    is_open = sorted({int(own), *map(int, filter(None, some.split(",")))})
    return f"{min(int(oldest), int(own))}:{end}:{','.join(map(str, is_open))}"


END: ColumnElement[str] = literal_column("CAST(pg_current_snapshot() AS text)")
"""See `cursors.end`."""


def new_cursor(connection: Connection, name: str, end: str, missed: Iterable[Range]) -> PostgresCursor:
    return PostgresCursor(connection, name, end, "", 0, 0, missed)


class PostgresCursor(Cursor):
    """Its position has two snapshots: it has passed everything visible in `seen`; of the rows between that and `upto` it has
    passed those up to the id `after`, and some events of the next row. Then what it has missed."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        seen: str,
        upto: str,
        after: int,
        passed: int,
        missed: Iterable[Iterable[int]],
    ) -> None:
        super().__init__(connection, name, after, passed, missed)
        self._seen = seen
        self._upto = upto
        self._is_read = False

    def _fetch(self, after: int, count: int) -> list[JournalRow]:
        self._upto = self._upto or snapshot(self._connection)
        between = {"seen": self._seen, "upto": self._upto, "after": after, "count": count}
        rows = self._connection.execute(_BETWEEN, between).all()
        self._is_read = not rows
        return [(id_, json.loads(body)) for id_, body in rows]

    def _position(self) -> list[Any]:
        if self._is_read and not self._rows:
            return [self._upto, "", 0, 0, []]
        return [self._seen, self._upto, self._after, self._passed, list(self._missed)]
