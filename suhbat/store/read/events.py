"""The events of a log, with texts as they are now, and the heads of logs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from suhbat.protocol.event_marks import mark_grown, veil
from suhbat.protocol.events import EVENT, MessageCreated
from suhbat.protocol.extras import extra_of
from suhbat.protocol.files import restored
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent, own_log
from suhbat.protocol.objects import Message
from suhbat.protocol.types import ME, format_time
from suhbat.store.dialect import AnyRow, find_rows
from suhbat.store.tables import conversations, events

from .messages import MESSAGE, message, shown_to_all
from .own_events import as_now

EVENT_ROW = (*MESSAGE, events.c.type, events.c.target, events.c.conversation_id)
"""The columns that `entries` takes, in this order."""
_EVENTS = (
    select(*EVENT_ROW)
    .where(
        events.c.conversation_id
        == select(conversations.c.id).where(conversations.c.name == bindparam("log")).scalar_subquery(),
        events.c.seq > bindparam("after"),
    )
    .order_by(events.c.seq)
    .limit(bindparam("count"))
)


def event_page(connection: Connection, log: str, after: int, limit: int) -> list[LoggedEvent]:
    """See `chat.ports.Store.events`."""
    rows = connection.execute(_EVENTS, {"log": log, "after": after, "count": limit})
    return entries(connection, log, rows.all())


def entries(connection: Connection, log: str, rows: Sequence[AnyRow]) -> list[LoggedEvent]:
    """The events of these rows of one log. In a user's own log the conversation on the wire is `@me`."""
    if not rows:
        return []
    if log.startswith(ME):
        uid = log.removeprefix(own_log(""))
        stored = [as_now(connection, uid, _fields(ME, row)) for row in rows]
        return [LoggedEvent(log, EVENT.validate_json(json.dumps(fields))) for fields in stored]
    log_id = rows[0].conversation_id
    present = _present(connection, log_id, log, _targets(rows, *_WITH_MESSAGE, "conversation.updated"))
    deleted = _deleted(connection, log_id, _targets(rows, "message.deleted"))
    is_for_everybody = all(row.target is None and row.thread is None for row in rows) or _shows_all_history(
        connection, log_id
    )
    found: list[LoggedEvent] = []
    for row in rows:
        if row.type == "message.created":
            found.append(LoggedEvent(log, _created(log, row, is_veiled=not is_for_everybody)))
            continue
        fields = _fields(log, row)
        if row.type in _WITH_MESSAGE and row.target in present:
            fields["message"] = json.loads(present[row.target].model_dump_json())
        elif row.type in _WITH_MESSAGE:
            # Retention deleted the message; the event keeps its `seq`.
            fields |= {"type": "message.deleted", "target": row.target}
        elif row.type == "conversation.updated":
            if row.target in present and is_for_everybody:
                fields["last_message"] = json.loads(present[row.target].model_dump_json())
        elif row.target is not None:
            fields |= {"target": row.target} | (deleted.get(row.target, {}) if row.type == "message.deleted" else {})
        # As JSON, because strict validation accepts a list for a tuple only in JSON.
        event = EVENT.validate_json(json.dumps(fields))
        if not is_for_everybody:
            veil(event, row.thread)
        found.append(LoggedEvent(log, event))
    return found


_WITH_MESSAGE = ("message.edited", "message.finished")
"""The events about a message that carry its new state."""


def _created(name: str, row: AnyRow, *, is_veiled: bool) -> LiveMessage | MessageCreated:
    """The event of a new message, without reactions and replies, because the events that add them follow in the log. A model
    only if the message has changed since: most of a replay are such events, and a model takes ten times as long."""
    seq, ordinal, actor, actor_uid, text, client_id, reply_to, at, edited_at, deleted, data, thread, reply, *_ = row
    known = {} if data is None else json.loads(data)
    everyone, mentions_all = bool(known.get("everyone")), bool(known.get("mentions_all"))
    root = None if reply is None else thread
    if not deleted and edited_at is None and everyone == mentions_all and "grew" not in known:
        from_thread, veiled = known.get("from_thread"), root if is_veiled else None
        return LiveMessage(
            name,
            seq,
            ordinal,
            at,
            actor,
            actor_uid,
            text,
            client_id,
            reply_to,
            everyone,
            root,
            reply,
            from_thread,
            veiled,
            tuple(map(restored, known.get("files", ()))),
            extra_of(known),
        )
    created = MessageCreated(
        conversation=name,
        seq=seq,
        at=at,
        actor=actor,
        actor_uid=actor_uid,
        message=message(name, row),
        everyone=known.get("everyone", 0),
    )
    if "grew" in known:
        mark_grown(created)
    if is_veiled:
        veil(created)
    return created


def _fields(name: str, row: AnyRow) -> dict[str, Any]:
    return (json.loads(row.data) if row.data else {}) | {
        "type": row.type,
        "conversation": name,
        "seq": row.seq,
        "at": format_time(row.at),
        "actor": row.actor,
        "actor_uid": row.actor_uid,
    }


def _targets(rows: Sequence[AnyRow], *types: str) -> list[int]:
    return sorted({row.target for row in rows if row.type in types} - {None})


def _present(connection: Connection, log_id: int, name: str, seqs: Sequence[int]) -> dict[int, Message]:
    """These messages as they are now, by `seq`."""
    columns = tuple(column.name for column in MESSAGE)
    found = find_rows(connection, events, ("conversation_id", "seq"), columns, [(log_id, seq) for seq in seqs])
    if not found:
        return {}
    head = connection.execute(select(conversations.c.head).where(conversations.c.id == log_id)).scalar_one()
    return {one.seq: one for one in shown_to_all(connection, log_id, name, found, head)}


def _deleted(connection: Connection, log_id: int, seqs: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The fields that `message.deleted` takes from these messages, by `seq`."""
    columns = ("seq", "ordinal", "actor_uid")
    found = find_rows(connection, events, ("conversation_id", "seq"), columns, [(log_id, seq) for seq in seqs])
    return {seq: {"ordinal": ordinal, "sender_uid": uid} for seq, ordinal, uid in found}


def _shows_all_history(connection: Connection, log_id: int) -> bool:
    """Whether members may read what was written before they joined."""
    found = select(conversations.c.kind, conversations.c.history).where(conversations.c.id == log_id)
    return tuple(connection.execute(found).one()) in (("room", "all"), ("direct", "all"))


_HEADS = select(conversations.c.name, conversations.c.head)


def log_heads(connection: Connection, logs: Collection[str] | None) -> Mapping[str, int]:
    """See `chat.ports.Store.heads`. None: the heads of all logs."""
    if logs is None:
        return {row[0]: row[1] for row in connection.execute(_HEADS)}
    heads = dict.fromkeys(logs, 0)
    heads.update(find_rows(connection, conversations, ("name",), ("name", "head"), [(name,) for name in heads]))
    return heads
