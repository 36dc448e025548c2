"""Rows of token guests."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from suhbat.chat.model import Actor, Guest, Milliseconds
from suhbat.store.dialect import AnyRow
from suhbat.store.read.search import has_written
from suhbat.store.tables import guests, members, numbers, users
from suhbat.store.write.marks import add_user

_COLUMNS = tuple(guests.c[name] for name in Guest.__slots__)
_USED_SINCE = (
    select(*_COLUMNS).where(guests.c.last_used_at >= bindparam("since")).order_by(guests.c.last_used_at, guests.c.uid)
)


def save(connection: Connection, guest: Guest) -> None:
    """Insert a guest, or replace the row of this uid. For a new guest the present messages of the lobby count as read."""
    row = {name: getattr(guest, name) for name in Guest.__slots__}
    changed = connection.execute(update(guests).where(guests.c.uid == guest.uid).values(row))
    if changed.rowcount == 0:
        connection.execute(insert(guests), row)
    add_user(connection, Actor(guest.uid, guest.user_id, "guest"), guest.created_at, guest.lobby_from)


def of(connection: Connection, uids: Collection[str]) -> list[Guest]:
    """Those of these uids that are guests, however long unused."""
    return [_guest(row) for row in connection.execute(select(*_COLUMNS).where(guests.c.uid.in_(uids)))]


def users_of(connection: Connection, uids: Collection[str]) -> list[Actor]:
    """See `chat.ports.GuestStore.users`."""
    rows = connection.execute(select(users.c.uid, users.c.user_id, users.c.kind).where(users.c.uid.in_(uids)))
    return [Actor(*row) for row in rows]


def by_token(connection: Connection, token_hash: bytes) -> Guest | None:
    """The guest whose token has this SHA-256, however long unused; None if there is none."""
    row = connection.execute(select(*_COLUMNS).where(guests.c.token_hash == token_hash)).one_or_none()
    return None if row is None else _guest(row)


def used_since(connection: Connection, since: Milliseconds) -> list[Guest]:
    """The guests last used at or after `since`."""
    return [_guest(row) for row in connection.execute(_USED_SINCE, {"since": since})]


def touch(connection: Connection, used: Mapping[str, Milliseconds]) -> None:
    """Move `last_used_at` of these uids, never back."""
    if used:
        statement = (
            update(guests)
            .where(guests.c.uid == bindparam("of"), guests.c.last_used_at < bindparam("used_at"))
            .values(last_used_at=bindparam("used_at"))
        )
        connection.execute(statement, [{"of": uid, "used_at": at} for uid, at in used.items()])


def drop(connection: Connection, uid: str) -> None:
    """See `chat.ports.Store.drop_guest`. The row in `users` stays: messages and members refer to it."""
    _drop(connection, (uid,))


def drop_some(connection: Connection, before: Milliseconds) -> int:
    """See `chat.ports.Store.drop_guests`."""
    some = select(guests.c.uid).where(guests.c.last_used_at < before).limit(AT_ONCE)
    # Locked, so that nobody is dropped whom another node sees at this moment.
    return _drop(connection, connection.execute(some.with_for_update(skip_locked=True)).scalars().all())


def _drop(connection: Connection, uids: Collection[str]) -> int:
    """Delete these guests, and the numbers under which programs know them. Returns how many there were."""
    connection.execute(delete(numbers).where(numbers.c.ref.in_(uids)))
    return connection.execute(delete(guests).where(guests.c.uid.in_(uids))).rowcount


def silent(connection: Connection, uids: Collection[str], before: Milliseconds) -> list[str]:
    """Those of these guests who were last used before this time, are in no conversation, and have no stored message."""
    inside = select(members.c.uid).where(members.c.uid == guests.c.uid)
    idle = select(guests.c.uid).where(guests.c.uid.in_(uids), guests.c.last_used_at < before, ~inside.exists())
    return [uid for uid in connection.execute(idle).scalars() if not has_written(connection, uid)]


AT_ONCE = 500
"""Guests deleted in one transaction, at most."""


def _guest(row: AnyRow) -> Guest:
    return Guest(*row)
