"""Makes messages of rows of `events`, as they are now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from suhbat.protocol.objects import Message, Reaction, Replies
from suhbat.store.dialect import AnyRow
from suhbat.store.message_data import stored_fields
from suhbat.store.tables import IS_MESSAGE, events

from . import reactions
from .summaries import summaries

MESSAGE = (
    events.c.seq,
    events.c.ordinal,
    events.c.actor,
    events.c.actor_uid,
    events.c.text,
    events.c.client_id,
    events.c.reply_to,
    events.c.at,
    events.c.edited_at,
    events.c.deleted,
    events.c.data,
    events.c.thread,
    events.c.thread_ordinal,
)
"""The columns that `message` takes, in this order."""
MESSAGE_AT = select(*MESSAGE).where(
    events.c.conversation_id == bindparam("log_id"), events.c.seq == bindparam("seq"), IS_MESSAGE
)
"""One message. Made once: to make it takes as long as to run it."""


def message(
    conversation: str, row: Sequence[Any], reactions: tuple[Reaction, ...] = (), replies: Replies | None = None
) -> Message:
    """A message as it is now; a deleted message is a tombstone."""
    seq, ordinal, actor, actor_uid, text, client_id, reply_to, at, edited_at, deleted, data, thread, reply, *_ = row
    # Few messages have these fields, and each takes time to validate.
    rare: dict[str, Any] = {}
    if reply is not None:
        rare = {"thread": thread, "thread_ordinal": reply}
    if replies is not None:
        rare["replies"] = replies
    if data is not None:
        rare |= stored_fields(json.loads(data), is_deleted=bool(deleted))
    return Message(
        conversation=conversation,
        seq=seq,
        ordinal=ordinal,
        sender=actor,
        sender_uid=actor_uid,
        text="" if deleted else text,
        client_id=client_id,
        reply_to=reply_to,
        sent_at=at,
        edited_at=edited_at,
        deleted=bool(deleted),
        reactions=reactions,
        **rare,
    )


def is_root(row: Sequence[Any]) -> bool:
    """Whether a message has a thread. The row begins with MESSAGE."""
    return bool(row[0] == row[_THREAD])


_THREAD = [column.name for column in MESSAGE].index("thread")


def thread_of(row: AnyRow) -> int | None:
    """The root of the thread in which a message is a reply; None for other messages."""
    root: int | None = None if row.thread_ordinal is None else row.thread
    return root


def messages(
    connection: Connection, log_id: int, conversation: str, rows: Sequence[Sequence[Any]], reader: str | None
) -> list[Message]:
    """Messages of one log with their reactions and replies, from rows that begin with MESSAGE. `reader`: the uid whose own
    reactions are marked; None for messages that are the same for everybody."""
    chosen = reactions.shown(connection, [(log_id, row[0]) for row in rows], reader)
    roots = [(log_id, row[0]) for row in rows if is_root(row)]
    replies = summaries(connection, roots) if roots else {}
    return [message(conversation, row, chosen.get((log_id, row[0]), ()), replies.get((log_id, row[0]))) for row in rows]


def shown_to_all(
    connection: Connection, log_id: int, conversation: str, rows: Sequence[Sequence[Any]], head: int
) -> list[Message]:
    """The same messages for use in events, which are the same for everybody and may be read late. `head`: the present head of
    the log, up to which reactions are counted."""
    shown = messages(connection, log_id, conversation, rows, None)
    return [one.model_copy(update={"reactions_at": head}) if one.reactions else one for one in shown]
