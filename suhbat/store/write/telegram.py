"""Writes which events a bot was told of, which it has confirmed, and its webhook."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from suhbat.chat.model import OutgoingHook, UnnumberedEvents
from suhbat.errors import Unauthenticated
from suhbat.store.dialect import insert_new, insert_rows, put_rows
from suhbat.store.read.telegram import unread_logs
from suhbat.store.tables import (
    accounts,
    conversations,
    directs,
    hook_cursors,
    hook_deliveries,
    outgoing_hooks,
    sessions,
    telegram_bots,
    telegram_cursors,
    telegram_updates,
)

from .directs import pair_key
from .outgoing_hooks import hook_of, insert_hook
from .transaction import WriterTransaction

_FIRST = 1


def begin_poll(connection: Connection, uid: str, offset: int, poller: str) -> bool:
    """See `chat.ports.UpdateStore`."""
    _require(connection, uid)
    _set_poller(connection, uid, poller)
    hook = webhook_of(connection, uid)  # after the row was locked, which `set_webhook` locks as well
    if hook is not None and hook.is_on:
        _set_poller(connection, uid, "")
        return False
    confirm(connection, uid, offset)
    return True


def _require(connection: Connection, uid: str) -> None:
    if not _begin(connection, uid):
        raise Unauthenticated()


def _begin(connection: Connection, uid: str) -> bool:
    """Make the row of a bot, if it has none. Returns False for one that is erased. The lock keeps another node from erasing it
    before this is committed."""
    account = select(accounts.c.uid).where(accounts.c.uid == uid)
    if connection.execute(account.with_for_update(read=True, key_share=True)).first() is None:
        return False
    insert_new(connection, telegram_bots, [{"uid": uid, "last": _FIRST - 1, "poller": ""}])
    return True


def _set_poller(connection: Connection, uid: str, poller: str) -> None:
    connection.execute(update(telegram_bots).where(telegram_bots.c.uid == uid).values(poller=poller))


def confirm(connection: Connection, uid: str, offset: int) -> None:
    """See `chat.ports.UpdateStore.confirm_updates`."""
    if not _begin(connection, uid):
        return
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
    if found.last is None or connection.execute(last).scalar() != found.last:
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


def drop(connection: Connection, uid: str) -> None:
    """Confirm everything, what is not numbered included. Takes as long as the bot has logs, however much happened in them."""
    if not _begin(connection, uid):
        return
    moved = update(telegram_bots).where(telegram_bots.c.uid == uid)
    connection.execute(moved.values(last=telegram_bots.c.last + 1))  # whoever numbers events at this moment looks again
    passed = [(uid, log.id, log.head) for log in unread_logs(connection, uid)]
    put_rows(connection, telegram_cursors, ("uid", "conversation_id"), ("seq",), sorted(passed))
    connection.execute(delete(telegram_updates).where(telegram_updates.c.uid == uid))


def _cursors(uid: str, found: UnnumberedEvents) -> list[tuple[str, int, int]]:
    return [(uid, id_, seq) for id_, seq in sorted(found.cursors.items())]


def webhook_of(connection: Connection, uid: str) -> OutgoingHook | None:
    """See `chat.ports.UpdateStore.webhook`."""
    row = connection.execute(select(outgoing_hooks).where(outgoing_hooks.c.bot_uid == uid)).one_or_none()
    return None if row is None else hook_of(row)


def direct_of(connection: Connection, uid: str, peer: str) -> str | None:
    """See `chat.ports.UpdateStore`."""
    found = select(conversations.c.name).join(directs, directs.c.conversation_id == conversations.c.id)
    name: str | None = connection.execute(found.where(directs.c.pair == pair_key(uid, peer))).scalar()
    return name


def set_webhook(transaction: WriterTransaction, hook: OutgoingHook, session: str | None, *, to_drop: bool) -> None:
    """See `chat.ports.UpdateStore`. A bot keeps its row, so that a claim of it holds whatever becomes of the webhook."""
    connection, uid, at = transaction.connection, hook.uid, hook.created_at
    _require(connection, uid)
    if session is not None:
        of_session = select(sessions.c.id).where(sessions.c.id == session)
        if connection.execute(of_session.with_for_update(read=True, key_share=True)).first() is None:
            raise Unauthenticated()
    if to_drop:
        drop(connection, uid)
    _set_poller(connection, uid, "")
    known = webhook_of(connection, uid)
    if known is None:
        transaction.cache.load_own(connection, (uid,), at)
        insert_hook(connection, hook, [(transaction.cache.own[uid].id, 0)])
        known = hook
    _change(
        connection, known.id, url=hook.url, secret=hook.secret, types=" ".join(hook.types), created_at=at, is_on=True,
        failures=0, pause_until=0, failed_at=None, failed_status=None,
    )  # fmt: skip
    connection.execute(delete(hook_deliveries).where(hook_deliveries.c.hook_id == known.id))
    begun = {"upto": hook_cursors.c.upto + 1, "due_at": at, "attempts": 0, "failing_since": None, "n": None}
    connection.execute(update(hook_cursors).where(hook_cursors.c.hook_id == known.id).values(begun))


def end_webhook(connection: Connection, uid: str, *, to_drop: bool) -> None:
    """See `chat.ports.UpdateStore`."""
    if to_drop:
        drop(connection, uid)
    if (known := webhook_of(connection, uid)) is not None:
        _change(connection, known.id, is_on=False, url="", secret="")  # (removed)  # nosec B106


def _change(connection: Connection, id: str, **values: object) -> None:
    connection.execute(update(outgoing_hooks).where(outgoing_hooks.c.id == id).values(values))
