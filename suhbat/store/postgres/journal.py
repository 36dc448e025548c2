"""The journal of the writers: what each transaction changed, by transaction id, so that readers miss no late commit.

A timestamp or a sequence number is taken before COMMIT, so a reader that asks for everything above the last one misses a
transaction that took its number early and committed late. Transaction ids have the same problem, but PostgreSQL knows which
are still open: each read begins at the oldest id that was open at the read before (`pg_snapshot_xmin`). Reading a row twice
does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Change, Milliseconds, StoreDelta
from suhbat.protocol.events import LoggedEvent
from suhbat.store.read.events import log_heads

KEPT: Milliseconds = 10 * 60 * 1000
"""How long journal rows are kept. After a longer pause a reader compares all heads."""

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The database's clock in milliseconds; the clocks of nodes may differ."""

_WRITE = text(
    "INSERT INTO journal (xid, at, body) "  # noqa: S608 (a constant)
    f"VALUES (pg_current_xact_id()::text::bigint, {NOW}, :body) RETURNING xid"
)
_MARK = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT value FROM meta WHERE key = 'pruned')")
_SINCE = text("SELECT body FROM journal WHERE xid >= :since ORDER BY xid")
# `now()` is constant within a transaction, so PostgreSQL can use the index.
_PRUNE = text("DELETE FROM journal WHERE at < (extract(epoch FROM now()) * 1000)::bigint - :kept RETURNING xid")
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


def write(connection: Connection, entries: Iterable[LoggedEvent], changes: Iterable[Change]) -> JournalLine:
    """Write what the present transaction changed. Must be its last statement."""
    heads: dict[str, int] = {}
    for name, event in entries:
        heads[name] = max(event.seq, heads.get(name, 0))
    nonce = token_hex(8)
    body = {"heads": heads, "changes": list(dict.fromkeys(changes)), "nonce": nonce}
    xid: int = connection.execute(_WRITE, {"body": json.dumps(body, separators=(",", ":"))}).scalar_one()
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
    """Delete journal rows older than KEPT; returns how many."""
    pruned: Sequence[int] = connection.execute(_PRUNE, {"kept": KEPT}).scalars().all()
    if pruned:
        connection.execute(_PRUNED, {"xid": str(max(pruned))})
    return len(pruned)
