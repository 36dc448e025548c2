"""From rows of `events` to what goes over the wire, rendered from the present."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from suhbat.protocol.events import EVENT, LogEntry, MessageCreated
from suhbat.protocol.objects import Message, Reaction
from suhbat.protocol.types import ME, format_time

from .dialect import find_rows
from .tables import conversations, drafts, events, members, reactions, users
from .titles import title_of

AnyRow = Row[*tuple[Any, ...]]

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
)
"""What `message` takes, in this order."""
EVENT_ROW = (*MESSAGE, events.c.type, events.c.target, events.c.data, events.c.conversation_id)
"""What `entries` takes, in this order."""

Place = tuple[int, int]
"""A log's id and a `seq` in it."""


def message(conversation: str, row: Sequence[Any], reactions: tuple[Reaction, ...] = ()) -> Message:
    """A message as it is now: a deleted one is a tombstone."""
    seq, ordinal, actor, actor_uid, text, client_id, reply_to, at, edited_at, deleted, *_ = row
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
    )


def messages(connection: Connection, log_id: int, conversation: str, rows: Sequence[Sequence[Any]]) -> list[Message]:
    """The same for several of one log, each a row that begins with MESSAGE, with their reactions."""
    chosen = reacted(connection, [(log_id, row[0]) for row in rows])
    return [message(conversation, row, chosen.get((log_id, row[0]), ())) for row in rows]


def reacted(connection: Connection, places: Sequence[Place]) -> Mapping[Place, tuple[Reaction, ...]]:
    """The reactions under these messages: by emoji, then by uid, so that the same choices always look the same."""
    if not places:
        return {}
    columns = ("conversation_id", "target", "emoji", "uid", "user_id")
    people: dict[Place, dict[str, list[tuple[str, str]]]] = {}
    for log_id, target, emoji, uid, user_id in sorted(find_rows(connection, reactions, columns[:2], columns, places)):
        people.setdefault((log_id, target), {}).setdefault(emoji, []).append((uid, user_id))
    return {
        place: tuple(
            Reaction(emoji=emoji, users=tuple(name for _, name in who), uids=tuple(uid for uid, _ in who))
            for emoji, who in emojis.items()
        )
        for place, emojis in people.items()
    }


def entries(connection: Connection, log: str, rows: Sequence[AnyRow]) -> list[LogEntry]:
    """Events of a log; in a user's own log the conversation on the wire is `@me`."""
    if not rows:
        return []
    if log.startswith(ME):
        return [LogEntry(log, EVENT.validate_json(json.dumps(_own(connection, log, row)))) for row in rows]
    log_id = rows[0].conversation_id
    chosen = reacted(connection, [(log_id, row.seq) for row in rows if row.type == "message.created"])
    edited = {row.target for row in rows if row.type == "message.edited"}
    present = {one.seq: one for one in _present(connection, log_id, log, edited)}
    found: list[LogEntry] = []
    for row in rows:
        if row.type == "message.created":
            found.append(LogEntry(log, _created(log, row, message(log, row, chosen.get((log_id, row.seq), ())))))
            continue
        fields = _fields(log, row)
        if row.type == "message.edited":
            fields["message"] = json.loads(present[row.target].model_dump_json())
        elif row.target is not None:
            fields["target"] = row.target
        # As JSON, not as objects: strict validation takes lists for tuples only there.
        found.append(LogEntry(log, EVENT.validate_json(json.dumps(fields))))
    return found


def _created(name: str, row: AnyRow, shown: Message) -> MessageCreated:
    return MessageCreated(
        conversation=name, seq=row.seq, at=row.at, actor=row.actor, actor_uid=row.actor_uid, message=shown
    )


def _fields(name: str, row: AnyRow) -> dict[str, Any]:
    return (json.loads(row.data) if row.data else {}) | {
        "type": row.type,
        "conversation": name,
        "seq": row.seq,
        "at": format_time(row.at),
        "actor": row.actor,
        "actor_uid": row.actor_uid,
    }


def _present(connection: Connection, log_id: int, name: str, seqs: set[int]) -> list[Message]:
    found = find_rows(
        connection,
        events,
        ("conversation_id", "seq"),
        tuple(column.name for column in MESSAGE),
        [(log_id, seq) for seq in sorted(seqs)],
    )
    return messages(connection, log_id, name, found)


def _own(connection: Connection, log: str, row: AnyRow) -> dict[str, Any]:
    """An event of somebody's own log, with the texts that it is about as they are now."""
    fields = _fields(ME, row)
    if row.type == "draft":
        fields["text"] = _draft(connection, log.removeprefix(f"{ME}:"), fields["target"])
    elif row.type == "conversation.added":
        state = fields["state"]
        state["last_message"] = _last_message(connection, state["conversation"], state["last_ordinal"], state)
        if state["kind"] == "direct":
            state["title"] = _title(connection, state["conversation"], log.removeprefix(f"{ME}:"))
    return fields


def _title(connection: Connection, conversation: str, uid: str) -> str:
    """What a direct is called now: somebody may have had their name taken out."""
    rows = connection.execute(
        select(members.c.uid, users.c.user_id)
        .join(conversations, conversations.c.id == members.c.conversation_id)
        .join(users, users.c.uid == members.c.uid)
        .where(conversations.c.name == conversation)
    )
    names = {row.uid: row.user_id for row in rows}
    return title_of({other: name for other, name in names.items() if other != uid}) or names.get(uid, "")


def _draft(connection: Connection, uid: str, conversation: str) -> str:
    return (
        connection.execute(
            select(drafts.c.text)
            .join(conversations, conversations.c.id == drafts.c.conversation_id)
            .where(conversations.c.name == conversation, drafts.c.uid == uid)
        ).scalar()
        or ""
    )


def _last_message(connection: Connection, conversation: str, ordinal: int, state: Mapping[str, Any]) -> Any:
    if not ordinal or state["history"] == "joined":
        return None
    row = connection.execute(
        select(*MESSAGE, events.c.conversation_id)
        .join(conversations, conversations.c.id == events.c.conversation_id)
        .where(conversations.c.name == conversation, events.c.ordinal == ordinal)
    ).one_or_none()
    if row is None:
        return None
    (shown,) = messages(connection, row.conversation_id, conversation, [row])
    return json.loads(shown.model_dump_json())
