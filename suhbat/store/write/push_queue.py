"""The queue of pushes: rows are claimed for a time, and settled when the push services have answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Delete, Update, and_, bindparam, delete, select, update

from suhbat.chat.model import DuePush, Milliseconds, SettledPush
from suhbat.store.dialect import put_rows, update_rows
from suhbat.store.tables import push_due

SCANNED = 100
"""Due rows among which those to claim are chosen: some people have many, of which few are claimed at once."""

_KEYS = ("uid", "conversation_id", "subscription_id")
_COLUMNS = tuple(push_due.c[name] for name in (*_KEYS, "first", "seq", "attempts", "expires_at"))
# Statements are built once: building one takes longer than executing it.
_THIS = and_(
    push_due.c.uid == bindparam("of"),
    push_due.c.conversation_id == bindparam("log"),
    push_due.c.subscription_id == bindparam("subscription"),
)
_DUE = (
    select(*_COLUMNS)
    .where(push_due.c.due_at <= bindparam("now"), push_due.c.uid.not_in(bindparam("busy", expanding=True)))
    .order_by(push_due.c.due_at)
    .limit(SCANNED)
    .with_for_update(skip_locked=True)
)
_DELETE = delete(push_due).where(_THIS)
_DELETE_UPTO = _DELETE.where(push_due.c.seq <= bindparam("upto"))
_POSTPONE = update(push_due).where(_THIS).values(due_at=bindparam("at"))
_ANEW = (
    update(push_due)
    .where(_THIS, push_due.c.seq > bindparam("upto"))
    .values(first=bindparam("upto") + 1, due_at=bindparam("at"), attempts=0)
)


def claim(
    connection: Connection, now: Milliseconds, until: Milliseconds, most: int, per_person: int, busy: Collection[str]
) -> tuple[list[DuePush], int]:
    """See `chat.ports.PushQueue.claim_pushes`."""
    rows = connection.execute(_DUE, {"now": now, "busy": list(busy)}).all()
    expired = [_place(DuePush(*row)) for row in rows if row.expires_at <= now]
    _execute(connection, _DELETE, expired)
    per_uid: Counter[str] = Counter()
    claimed: list[DuePush] = []
    for row in rows:
        if row.expires_at > now and len(claimed) < most and per_uid[row.uid] < per_person:
            per_uid[row.uid] += 1
            claimed.append(DuePush(*row))
    keys = sorted((one.uid, one.log_id, one.subscription) for one in claimed)
    update_rows(connection, push_due, _KEYS, ("due_at",), [(*key, until) for key in keys], add=False)
    return claimed, len(expired)


def free(connection: Connection, now: Milliseconds, after: Milliseconds, until: Milliseconds) -> None:
    """See `chat.ports.PushQueue.free_pushes`."""
    waiting = (push_due.c.due_at > after, push_due.c.due_at <= until)
    connection.execute(update(push_due).where(*waiting).values(due_at=now))


def settle(connection: Connection, settled: Sequence[SettledPush]) -> None:
    """See `chat.ports.PushQueue.settle_pushes`."""
    ordered = sorted(settled, key=lambda one: (one.due.uid, one.due.log_id, one.due.subscription))
    rest = [one for one in ordered if not one.postponed]
    _execute(connection, _POSTPONE, [_place(one.due) | {"at": one.again_at} for one in ordered if one.postponed])
    _execute(connection, _DELETE, list(chain.from_iterable(map(_reached, rest))))
    for one in rest:
        _repeat(connection, one)
    ended = [
        _place(one.due) | {"upto": one.due.seq, "at": one.again_at}
        for one in rest
        if one.due.subscription not in one.later
    ]
    _execute(connection, _DELETE_UPTO, [{name: row[name] for name in row if name != "at"} for row in ended])
    _execute(connection, _ANEW, ended)  # where messages came meanwhile


def _repeat(connection: Connection, one: SettledPush) -> None:
    due = one.due
    for repeated, changed in ((one.later, ("seq", "due_at", "attempts")), (one.waiting, ("seq",))):
        rows = [
            (due.uid, due.log_id, id, due.first, due.seq, at, due.expires_at, due.attempts + 1)
            for id, at in sorted(repeated.items())
        ]
        put_rows(connection, push_due, _KEYS, changed, rows)


def _reached(one: SettledPush) -> list[dict[str, Any]]:
    """The places of the rows that would repeat the push to somebody who has it."""
    return [_place(one.due) | {"subscription": id} for id in sorted(one.reached) if id != one.due.subscription]


def _execute(connection: Connection, statement: Delete | Update, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _place(due: DuePush) -> dict[str, Any]:
    return {"of": due.uid, "log": due.log_id, "subscription": due.subscription}
