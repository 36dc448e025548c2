"""The messages that concern a user: those that mention or quote them, and those that they saved. Rights are asked when a list
is read, so it never has what the user may no longer read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, literal, null, select, tuple_

from suhbat.chat.model import Actor
from suhbat.protocol.inbox import Mention, Mentions, SavedMessage, SavedMessages
from suhbat.store.tables import (
    VISIBLE_ABOVE,
    conversations,
    events,
    everyone,
    members,
    named,
    reads,
    saved,
    thread_marks,
)

from .floor import LobbyHistory, any_floor
from .several_logs import IS_LISTED, Position, cursor_after, membership, messages_of, position_of


def mentions_page(
    connection: Connection, actor: Actor, lobby_history: LobbyHistory, *, cursor: str | None, limit: int
) -> Mentions:
    """See `chat.ports.ConversationReader.mentions`."""
    below = None if cursor is None else position_of(cursor)
    found: dict[Position, Any] = {}
    for wanted, key in ((_to_everybody(actor), _SENT), (_named(actor, lobby_history), _NAMED)):
        query = wanted if below is None else wanted.where(tuple_(*key) < tuple_(*below))
        newest = query.order_by(*(column.desc() for column in key)).limit(limit + 1)
        found.update(((row.at, row.conversation_id, row.seq), row) for row in connection.execute(newest))
    positions = sorted(found, reverse=True)
    rows = [found[position] for position in positions[:limit]]
    messages = messages_of(connection, actor, [(row.conversation_id, row.name, row.seq) for row in rows])
    return Mentions(
        mentions=tuple(
            Mention(
                message=messages[row.conversation_id, row.seq],
                reason="mention" if row.mentioned else "reply",
                unread=_is_unread(row),
            )
            for row in rows
        ),
        cursor=cursor_after(positions[limit - 1]) if len(positions) > limit else None,
    )


_SENT = (events.c.at, events.c.conversation_id, events.c.seq)
_NAMED = (named.c.at, named.c.conversation_id, named.c.seq)
_SHOWN = (conversations.c.name, events.c.ordinal, events.c.thread_ordinal, reads.c.read_ordinal)


def _named(actor: Actor, lobby_history: LobbyHistory) -> Select[Any]:
    """The messages that mention or quote the actor."""
    same = and_(events.c.conversation_id == named.c.conversation_id, events.c.seq == named.c.seq)
    mark = and_(reads.c.conversation_id == named.c.conversation_id, reads.c.uid == actor.uid)
    followed = and_(
        thread_marks.c.conversation_id == named.c.conversation_id,
        thread_marks.c.root == events.c.thread,
        thread_marks.c.uid == actor.uid,
    )
    return (
        select(*_NAMED, *_SHOWN, named.c.mentioned, thread_marks.c.read_ordinal.label("thread_read"))
        .select_from(
            named.join(events, same)
            .join(conversations, conversations.c.id == named.c.conversation_id)
            .outerjoin(members, membership(actor, named.c.conversation_id))
            .outerjoin(reads, mark)
            .outerjoin(thread_marks, followed)
        )
        .where(named.c.uid == actor.uid, IS_LISTED, _is_readable(actor, lobby_history))
    )


def _to_everybody(actor: Actor) -> Select[Any]:
    """The messages that mention everybody, since the actor is a member. There are none in the lobby."""
    same = and_(events.c.conversation_id == everyone.c.conversation_id, events.c.ordinal == everyone.c.ordinal)
    mark = and_(reads.c.conversation_id == members.c.conversation_id, reads.c.uid == actor.uid)
    return (
        select(*_SENT, *_SHOWN, literal(True).label("mentioned"), null().label("thread_read"))
        .select_from(
            members.join(conversations, conversations.c.id == members.c.conversation_id)
            .join(everyone, everyone.c.conversation_id == members.c.conversation_id)
            .join(events, same)
            .outerjoin(reads, mark)
        )
        .where(
            members.c.uid == actor.uid,
            everyone.c.uid != actor.uid,
            events.c.seq > members.c.since,
            IS_LISTED,
            _is_readable(actor, "all"),
        )
    )


def _is_readable(actor: Actor, lobby_history: LobbyHistory) -> Any:
    """Whether the actor may read a message of a conversation that they have in their list. A thread ends with its root."""
    return and_(
        events.c.deleted.is_(False),
        any_floor(actor, lobby_history) < VISIBLE_ABOVE,
        conversations.c.oldest < VISIBLE_ABOVE,
    )


def _is_unread(row: Any) -> bool:
    if row.ordinal is None:
        return row.thread_read is not None and row.thread_ordinal > row.thread_read
    return row.read_ordinal is not None and row.ordinal > row.read_ordinal


def saved_page(
    connection: Connection, actor: Actor, lobby_history: LobbyHistory, *, cursor: str | None, limit: int
) -> SavedMessages:
    """See `chat.ports.ConversationReader.saved`."""
    key = (saved.c.at, saved.c.conversation_id, saved.c.seq)
    same = and_(events.c.conversation_id == saved.c.conversation_id, events.c.seq == saved.c.seq)
    wanted = (
        select(*key, conversations.c.name)
        .select_from(
            saved.join(events, same)
            .join(conversations, conversations.c.id == saved.c.conversation_id)
            .outerjoin(members, membership(actor, saved.c.conversation_id))
        )
        .where(saved.c.uid == actor.uid, IS_LISTED, _is_readable(actor, lobby_history))
        .order_by(*(column.desc() for column in key))
        .limit(limit + 1)
    )
    if cursor is not None:
        wanted = wanted.where(tuple_(*key) < tuple_(*position_of(cursor)))
    rows = connection.execute(wanted).all()
    messages = messages_of(connection, actor, [(row.conversation_id, row.name, row.seq) for row in rows[:limit]])
    last = rows[limit - 1] if len(rows) > limit else None
    return SavedMessages(
        saved=tuple(
            SavedMessage(message=messages[row.conversation_id, row.seq], saved_at=row.at) for row in rows[:limit]
        ),
        cursor=None if last is None else cursor_after((last.at, last.conversation_id, last.seq)),
    )
