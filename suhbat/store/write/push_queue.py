"""The queue of pushes: rows are claimed for a time, and settled when the push services have answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from suhbat.chat.model import DuePush, Milliseconds, SettledPush
from suhbat.store.dialect import put_rows, update_rows
from suhbat.store.tables import push_due

SCANNED = 200
"""Due rows among which those to claim are chosen: some people have many, of which few are claimed at once."""

_KEYS = ("uid", "conversation_id", "subscription_id")
_COLUMNS = tuple(push_due.c[name] for name in (*_KEYS, "first", "seq", "attempts", "expires_at"))


def claim(
    connection: Connection, now: Milliseconds, until: Milliseconds, most: int, per_person: int, busy: Collection[str]
) -> tuple[list[DuePush], int]:
    """See `chat.ports.PushQueue.claim_pushes`."""
    due = select(*_COLUMNS).where(push_due.c.due_at <= now, push_due.c.uid.not_in(list(busy)))
    rows = connection.execute(due.order_by(push_due.c.due_at).limit(SCANNED).with_for_update(skip_locked=True)).all()
    found = [DuePush(*row) for row in rows]
    expired = [one for one in found if one.expires_at <= now]
    for one in expired:
        connection.execute(delete(push_due).where(_is(one)))
    per_uid: Counter[str] = Counter()
    claimed: list[DuePush] = []
    for one in found:
        if one.expires_at > now and len(claimed) < most and per_uid[one.uid] < per_person:
            per_uid[one.uid] += 1
            claimed.append(one)
    keys = sorted((one.uid, one.log_id, one.subscription) for one in claimed)
    update_rows(connection, push_due, _KEYS, ("due_at",), [(*key, until) for key in keys], add=False)
    return claimed, len(expired)


def settle(connection: Connection, settled: Sequence[SettledPush]) -> None:
    """See `chat.ports.PushQueue.settle_pushes`."""
    for one in sorted(settled, key=lambda one: (one.due.uid, one.due.log_id, one.due.subscription)):
        if one.postponed:
            connection.execute(update(push_due).where(_is(one.due)).values(due_at=one.again_at))
            continue
        _repeat(connection, one)
        if one.due.subscription in one.later:
            continue
        whole = connection.execute(delete(push_due).where(_is(one.due), push_due.c.seq <= one.due.seq))
        if whole.rowcount == 0:
            # Messages came meanwhile.
            anew = {"first": one.due.seq + 1, "due_at": one.again_at, "attempts": 0}
            connection.execute(update(push_due).where(_is(one.due)).values(anew))


def _repeat(connection: Connection, one: SettledPush) -> None:
    due = one.due
    for repeated, changed in ((one.later, ("seq", "due_at", "attempts")), (one.waiting, ("seq",))):
        rows = [
            (due.uid, due.log_id, id, due.first, due.seq, at, due.expires_at, due.attempts + 1)
            for id, at in sorted(repeated.items())
        ]
        put_rows(connection, push_due, _KEYS, changed, rows)
    place = (push_due.c.uid == due.uid, push_due.c.conversation_id == due.log_id)
    for id in sorted(one.reached):
        if id != due.subscription:
            connection.execute(delete(push_due).where(*place, push_due.c.subscription_id == id))


def _is(due: DuePush) -> ColumnElement[bool]:
    return and_(
        push_due.c.uid == due.uid,
        push_due.c.conversation_id == due.log_id,
        push_due.c.subscription_id == due.subscription,
    )
