"""The journal of the writers: what each transaction did, found by transaction id, so that no late commit is missed.

A time stamp or a sequence is taken before COMMIT: who looks for "all above the last" misses a transaction that took its
number early and committed late. Transaction ids have that problem too, but there PostgreSQL says which are still open: a look
begins at the oldest one that was open at the look before (`pg_snapshot_xmin`), and reading a row twice does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Change, Milliseconds, StoreDelta
from suhbat.protocol.events import LogEntry
from suhbat.store.read.events import log_heads

KEPT: Milliseconds = 10 * 60 * 1000
"""How long it is kept. Who looks after a longer pause compares everything."""

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The database's clock: those of the nodes may differ."""

_WRITE = text(
    "INSERT INTO journal (xid, at, body) "  # noqa: S608 (a constant)
    f"VALUES (pg_current_xact_id()::text::bigint, {NOW}, :body) RETURNING xid"
)
_MARK = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT value FROM meta WHERE key = 'pruned')")
_SINCE = text("SELECT body FROM journal WHERE xid >= :since ORDER BY xid")
# `now()` is the same all through a transaction, so that the index can be asked.
_PRUNE = text("DELETE FROM journal WHERE at < (extract(epoch FROM now()) * 1000)::bigint - :kept RETURNING xid")
_STATUS = text("SELECT pg_xact_status(CAST(CAST(:xid AS text) AS xid8))")
_LINE = text("SELECT body FROM journal WHERE xid = :xid")
_FUTURE = "22023"
"""The SQLSTATE where a transaction id is asked after that was not given out yet."""
_PRUNED = text(
    "INSERT INTO meta (key, value) VALUES ('pruned', :xid) ON CONFLICT (key) "
    "DO UPDATE SET value = GREATEST(meta.value::bigint, excluded.value::bigint)::text"
)


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one attempt to write: the transaction id, and what nobody else has written there.

    The id alone would not do: one that is not on the disk when PostgreSQL dies is given out again afterwards.
    """

    xid: int
    nonce: str


def write(connection: Connection, entries: Iterable[LogEntry], changes: Iterable[Change]) -> Line:
    """What the present transaction does, in its last statement."""
    heads: dict[str, int] = {}
    for name, event in entries:
        heads[name] = max(event.seq, heads.get(name, 0))
    nonce = token_hex(8)
    body = {"heads": heads, "changes": list(dict.fromkeys(changes)), "nonce": nonce}
    xid: int = connection.execute(_WRITE, {"body": json.dumps(body, separators=(",", ":"))}).scalar_one()
    return Line(xid, nonce)


def is_committed(connection: Connection, line: Line) -> bool | None:
    """Whether the transaction of this line is in the database; None: it is at work yet, or nobody can say any more.

    `connection` sees in each statement what was committed before it. Raises DBAPIError where it cannot be asked.
    """
    try:
        status = connection.execute(_STATUS, {"xid": line.xid}).scalar()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _FUTURE:
            raise
        return False  # the database died without knowing of it, and has not come as far again
    if status != "committed":
        return False if status == "aborted" else None
    # After the status, for only then is the line certainly there. Or it is that of another, who got the id after a crash.
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
        told = json.loads(body)
        for name, head in told["heads"].items():
            heads[name] = max(head, heads.get(name, 0))
        changes.update((Change(*change), None) for change in told["changes"])
    return StoreDelta(mark, heads, tuple(changes))


def prune(connection: Connection) -> int:
    """Delete what is too old; how many rows."""
    gone: Sequence[int] = connection.execute(_PRUNE, {"kept": KEPT}).scalars().all()
    if gone:
        connection.execute(_PRUNED, {"xid": str(max(gone))})
    return len(gone)
