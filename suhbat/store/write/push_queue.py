"""The queue of pushes: rows are claimed for a time, and settled when the push services have answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain

from sqlalchemy import Connection, bindparam, select, update

from suhbat.chat.model import DuePush, Milliseconds, SettledPush
from suhbat.store.dialect import delete_rows, put_rows, update_rows
from suhbat.store.tables import push_due

from . import push_rooms

SCANNED = 100
"""Due rows among which those to claim are chosen: some people have many, of which few are claimed at once."""

_CLAIMED = 60_000
"""Milliseconds: what is due later than this waits for the end of quiet hours; no claim and no first delay is as long."""

_KEYS = ("uid", "conversation_id", "subscription_id")
Key = tuple[str, int, str]
_COLUMNS = tuple(push_due.c[name] for name in (*_KEYS, "first", "seq", "attempts", "expires_at"))
# Built once: building it takes longer than executing it.
_DUE = (
    select(*_COLUMNS)
    .where(push_due.c.due_at <= bindparam("now"), push_due.c.uid.not_in(bindparam("busy", expanding=True)))
    .order_by(push_due.c.due_at)
    .limit(SCANNED)
    .with_for_update(skip_locked=True)
)


def claim(
    connection: Connection, now: Milliseconds, until: Milliseconds, most: int, per_person: int, busy: Collection[str]
) -> tuple[list[DuePush], int] | None:
    """See `chat.ports.PushQueue.claim_pushes`. None if this transaction has done enough without a claim."""
    if push_rooms.spread(connection, now):
        return None
    rows = [DuePush(*row) for row in connection.execute(_DUE, {"now": now, "busy": list(busy)})]
    expired = [_key(one) for one in rows if one.expires_at <= now]
    delete_rows(connection, push_due, _KEYS, expired)
    per_uid: Counter[str] = Counter()
    claimed: list[DuePush] = []
    for one in rows:
        if one.expires_at > now and len(claimed) < most and per_uid[one.uid] < per_person:
            per_uid[one.uid] += 1
            claimed.append(one)
    keys = sorted(map(_key, claimed))
    update_rows(connection, push_due, _KEYS, ("due_at",), [(*key, until) for key in keys], add=False)
    return claimed, len(expired)


def free(connection: Connection, now: Milliseconds, after: Milliseconds, until: Milliseconds) -> None:
    """See `chat.ports.PushQueue.free_pushes`."""
    waiting = (push_due.c.due_at > after, push_due.c.due_at <= until)
    connection.execute(update(push_due).where(*waiting).values(due_at=now))
    push_rooms.free(connection, now, after, until)


def end_quiet(connection: Connection, uid: str, now: Milliseconds) -> None:
    """The quiet hours of this person have changed: what waits for their end is due, and is put off again if it still has to be.
    Each such row takes up the messages that follow, so without this nobody would be told of them either."""
    waiting = (push_due.c.uid == uid, push_due.c.subscription_id == "", push_due.c.due_at > now + _CLAIMED)
    connection.execute(update(push_due).where(*waiting).values(due_at=now))


def settle(connection: Connection, settled: Sequence[SettledPush]) -> None:
    """See `chat.ports.PushQueue.settle_pushes`."""
    ordered = sorted(settled, key=lambda one: _key(one.due))
    postponed = [(*_key(one.due), one.again_at) for one in ordered if one.postponed]
    update_rows(connection, push_due, _KEYS, ("due_at",), postponed, add=False)
    rest = [one for one in ordered if not one.postponed]
    delete_rows(connection, push_due, _KEYS, sorted(chain.from_iterable(map(_reached, rest))))
    for one in rest:
        _repeat(connection, one)
    ended = [one for one in rest if one.due.subscription not in one.later]
    delete_rows(connection, push_due, _KEYS, [(*_key(one.due), one.due.seq) for one in ended], upto="seq")
    # Those that are left have messages that came meanwhile.
    anew = [(*_key(one.due), one.due.seq + 1, one.again_at, 0) for one in ended]
    update_rows(connection, push_due, _KEYS, ("first", "due_at", "attempts"), anew, add=False)


def _repeat(connection: Connection, one: SettledPush) -> None:
    due = one.due
    for repeated, changed in ((one.later, ("seq", "due_at", "attempts")), (one.waiting, ("seq",))):
        rows = [
            (due.uid, due.log_id, id, due.first, due.seq, at, due.expires_at, due.attempts + 1)
            for id, at in sorted(repeated.items())
        ]
        put_rows(connection, push_due, _KEYS, changed, rows)


def _reached(one: SettledPush) -> list[Key]:
    """The rows that would repeat the push to somebody who has it."""
    return [(one.due.uid, one.due.log_id, id) for id in one.reached if id != one.due.subscription]


def _key(due: DuePush) -> Key:
    return due.uid, due.log_id, due.subscription
