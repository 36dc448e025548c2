"""Rows of push subscriptions."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import Connection, bindparam, delete, select, update

from suhbat.chat.model import Milliseconds, PushSubscription
from suhbat.errors import EndpointInUse, Unauthenticated
from suhbat.store import cursors
from suhbat.store.dialect import insert_new
from suhbat.store.tables import push_subscriptions, sessions
from suhbat.store.write import push_recipients

KEY = "push_key"
"""The key in `meta` of the server's key pair. A move takes it along: without it, every subscription would be lost."""

_FIELDS = tuple(PushSubscription.__slots__)
_COLUMNS = tuple(push_subscriptions.c[name] for name in _FIELDS)


def save(connection: Connection, subscription: PushSubscription, most: int) -> tuple[str, bool]:
    """See `chat.ports.PushStore.save_push`."""
    of_session = select(sessions.c.id).where(sessions.c.id == subscription.session_id)
    # The lock keeps another node from ending the session before this is committed.
    if connection.execute(of_session.with_for_update(read=True, key_share=True)).first() is None:
        raise Unauthenticated()
    hashed = sha256(subscription.endpoint.encode()).digest()
    row = {name: getattr(subscription, name) for name in _FIELDS} | {"endpoint_hash": hashed}
    insert_new(connection, push_subscriptions, [row])
    same = push_subscriptions.c.endpoint_hash == hashed
    stored = PushSubscription(*connection.execute(select(*_COLUMNS).where(same).with_for_update()).one())
    if stored.id != subscription.id:
        is_theirs = stored.uid == subscription.uid
        keys, known = (one.public_key + one.auth for one in (subscription, stored))
        if not is_theirs and not compare_digest(keys, known):
            raise EndpointInUse()
        if is_theirs:
            row |= {"id": stored.id, "created_at": stored.created_at}
        connection.execute(update(push_subscriptions).where(same).values(row))
    cursors.begin_if_new(connection, push_recipients.NAME)
    id = str(row["id"])
    mine = select(push_subscriptions.c.id).where(push_subscriptions.c.uid == subscription.uid)
    unused_last = (push_subscriptions.c.last_used_at.desc(), push_subscriptions.c.created_at.desc())
    others = mine.where(push_subscriptions.c.id != id).order_by(*unused_last)
    end(connection, connection.execute(others).scalars().all()[most - 1 :])
    return id, stored.id != subscription.id


def of(connection: Connection, uid: str) -> list[PushSubscription]:
    """See `chat.ports.PushStore.pushes_of`."""
    query = select(*_COLUMNS).where(push_subscriptions.c.uid == uid)
    rows = connection.execute(query.order_by(push_subscriptions.c.created_at, push_subscriptions.c.id))
    return [PushSubscription(*row) for row in rows]


def end_one(connection: Connection, uid: str, id: str) -> bool:
    """See `chat.ports.PushStore.end_push`."""
    mine = (push_subscriptions.c.uid == uid, push_subscriptions.c.id == id)
    return connection.execute(delete(push_subscriptions).where(*mine)).rowcount > 0


def end(connection: Connection, ids: Collection[str]) -> None:
    """Delete these subscriptions."""
    if ids:
        one = delete(push_subscriptions).where(push_subscriptions.c.id == bindparam("of"))
        connection.execute(one, [{"of": id} for id in ids])


_TOUCH = (
    update(push_subscriptions)
    .where(
        push_subscriptions.c.id.in_(bindparam("ids", expanding=True)),
        push_subscriptions.c.last_used_at < bindparam("at"),
    )
    .values(last_used_at=bindparam("at"))
)


def touch(connection: Connection, ids: Collection[str], at: Milliseconds) -> None:
    """See `chat.ports.PushStore.touch_pushes`."""
    if ids:
        connection.execute(_TOUCH, {"ids": sorted(ids), "at": at})
