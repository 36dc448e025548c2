"""Writes which events a bot was told of, and which it has confirmed."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from suhbat.chat.model import UnnumberedEvents
from suhbat.store.dialect import insert_new, insert_rows, put_rows
from suhbat.store.tables import telegram_bots, telegram_cursors, telegram_updates

_FIRST = 1


def begin_poll(connection: Connection, uid: str, offset: int, poller: str) -> None:
    """See `chat.ports.UpdateStore`."""
    insert_new(connection, telegram_bots, [{"uid": uid, "last": _FIRST - 1, "poller": poller}])
    connection.execute(update(telegram_bots).where(telegram_bots.c.uid == uid).values(poller=poller))
    mine = telegram_updates.c.uid == uid
    if offset < 0:
        kept = select(telegram_updates.c.number).where(mine).order_by(telegram_updates.c.number.desc()).limit(-offset)
        offset = min(connection.execute(kept).scalars(), default=0)
    if offset > 0:
        connection.execute(delete(telegram_updates).where(mine, telegram_updates.c.number < offset))


def keep(connection: Connection, uid: str, found: UnnumberedEvents, before: int) -> bool:
    """Number these events, in their order. False, without a change, if events were numbered since they were read. Also deletes
    the updates from before the time `before`."""
    last = select(telegram_bots.c.last).where(telegram_bots.c.uid == uid).with_for_update()
    if connection.execute(last).scalar() != found.last:
        return False
    rows = [(uid, found.last + n, *event) for n, event in enumerate(found.events, start=1)]
    put_rows(connection, telegram_cursors, ("uid", "conversation_id"), ("seq",), _cursors(uid, found))
    old = (telegram_updates.c.uid == uid, telegram_updates.c.at < before)
    connection.execute(delete(telegram_updates).where(*old))
    if rows:
        insert_rows(connection, telegram_updates, rows)
        moved = update(telegram_bots).where(telegram_bots.c.uid == uid)
        connection.execute(moved.values(last=found.last + len(rows)))
    return True


def _cursors(uid: str, found: UnnumberedEvents) -> list[tuple[str, int, int]]:
    return [(uid, id_, seq) for id_, seq in sorted(found.cursors.items())]
