"""From rows of `events` to what goes over the wire, rendered from the present."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from suhbat.protocol.events import EVENT, LogEntry, MessageCreated, own_log, veil
from suhbat.protocol.objects import Message, Profile, Reaction, User
from suhbat.protocol.types import ME, format_time
from suhbat.store.dialect import find_rows
from suhbat.store.tables import accounts, conversations, drafts, events, members, users

from . import invitations, reactions, unread
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
    events.c.data,
)
"""What `message` takes, in this order."""
EVENT_ROW = (*MESSAGE, events.c.type, events.c.target, events.c.conversation_id)
"""What `entries` takes, in this order."""


def message(conversation: str, row: Sequence[Any], reactions: tuple[Reaction, ...] = ()) -> Message:
    """A message as it is now: a deleted one is a tombstone."""
    seq, ordinal, actor, actor_uid, text, client_id, reply_to, at, edited_at, deleted, data, *_ = row
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
        mentions_all=not deleted and data is not None and json.loads(data).get("mentions_all", False),
    )


def mentions_json(everyone: int, mentions_all: bool) -> str | None:
    """What `data` of a message's row says: what its `message.created` said of everybody, and whether it names them now."""
    if not everyone and not mentions_all:
        return None
    return json.dumps({"everyone": everyone, "mentions_all": mentions_all}, separators=(",", ":"))


def messages(
    connection: Connection, log_id: int, conversation: str, rows: Sequence[Sequence[Any]], reader: str | None
) -> list[Message]:
    """The same for several of one log, each a row that begins with MESSAGE, with their reactions, as `reader` (a uid) sees
    them; None: as everybody does."""
    chosen = reactions.shown(connection, [(log_id, row[0]) for row in rows], reader)
    return [message(conversation, row, chosen.get((log_id, row[0]), ())) for row in rows]


def shown_to_all(
    connection: Connection, log_id: int, conversation: str, rows: Sequence[Sequence[Any]], head: int
) -> list[Message]:
    """The same for events, which are the same for everybody and may be read later than they happened. `head`: that of the
    log now, up to which their reactions are counted."""
    shown = messages(connection, log_id, conversation, rows, None)
    return [one.model_copy(update={"reactions_at": head}) if one.reactions else one for one in shown]


def entries(connection: Connection, log: str, rows: Sequence[AnyRow]) -> list[LogEntry]:
    """Events of a log; in a user's own log the conversation on the wire is `@me`."""
    if not rows:
        return []
    if log.startswith(ME):
        return [LogEntry(log, EVENT.validate_json(json.dumps(_own(connection, log, row)))) for row in rows]
    log_id = rows[0].conversation_id
    present = _present(connection, log_id, log, _targets(rows, "message.edited", "conversation.updated"))
    gone = _deleted(connection, log_id, _targets(rows, "message.deleted"))
    is_for_all = all(row.target is None for row in rows) or _is_for_all(connection, log_id)
    found: list[LogEntry] = []
    for row in rows:
        if row.type == "message.created":
            # Without reactions: the events that put them there follow in the log.
            found.append(LogEntry(log, _created(log, row, message(log, row))))
            continue
        fields = _fields(log, row)
        if row.type == "message.edited" and row.target in present:
            fields["message"] = json.loads(present[row.target].model_dump_json())
        elif row.type == "message.edited":
            # Its message was past keeping; the edit has its place in the log all the same.
            fields |= {"type": "message.deleted", "target": row.target}
        elif row.type == "conversation.updated":
            if row.target in present and is_for_all:
                fields["last_message"] = json.loads(present[row.target].model_dump_json())
        elif row.target is not None:
            fields |= {"target": row.target} | (gone.get(row.target, {}) if row.type == "message.deleted" else {})
        # As JSON, not as objects: strict validation takes lists for tuples only there.
        event = EVENT.validate_json(json.dumps(fields))
        if not is_for_all:
            veil(event)
        found.append(LogEntry(log, event))
    return found


def _created(name: str, row: AnyRow, shown: Message) -> MessageCreated:
    return MessageCreated(
        conversation=name,
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        actor_uid=row.actor_uid,
        message=shown,
        everyone=json.loads(row.data).get("everyone", 0) if row.data else 0,
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
    """What the events of their deletion say of these messages, by `seq`."""
    columns = ("seq", "ordinal", "actor_uid")
    found = find_rows(connection, events, ("conversation_id", "seq"), columns, [(log_id, seq) for seq in seqs])
    return {seq: {"ordinal": ordinal, "sender_uid": uid} for seq, ordinal, uid in found}


def _is_for_all(connection: Connection, log_id: int) -> bool:
    """Whether whoever is in a conversation reads what was said before their time."""
    found = select(conversations.c.kind, conversations.c.history).where(conversations.c.id == log_id)
    return tuple(connection.execute(found).one()) in (("room", "all"), ("direct", "all"))


def _own(connection: Connection, log: str, row: AnyRow) -> dict[str, Any]:
    """An event of somebody's own log, with the texts that it is about as they are now."""
    fields, uid = _fields(ME, row), log.removeprefix(own_log(""))
    if row.type == "read" and "head" not in fields:
        fields |= _counted(connection, uid, fields)
    elif row.type == "draft":
        fields["text"] = _draft(connection, uid, fields["target"])
    elif row.type == "conversation.added":
        fields["state"] |= _texts(connection, uid, fields["state"])
    elif row.type == "conversation.invited":
        fields["invitation"] |= invitations.shown(connection, uid, fields["invitation"])
    elif row.type == "user.updated":
        shown = profile(connection, uid) or User(uid=uid, user_id=row.actor, kind="account")
        fields["user"] = shown.model_dump()
    return fields


def profile(connection: Connection, uid: str) -> Profile | None:
    """An account as its owner sees it, now; None for one that is gone."""
    row = connection.execute(
        select(
            accounts.c.uid, accounts.c.user_id, accounts.c.display_name, accounts.c.role, accounts.c.locale,
            accounts.c.added_by,
        ).where(accounts.c.uid == uid)
    ).one_or_none()  # fmt: skip
    return None if row is None else Profile(kind="account", **row._asdict())


def _texts(connection: Connection, uid: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """What a conversation is called now, and what was the last message of then: for who is there now, and may read it."""
    there = connection.execute(
        select(
            conversations.c.id,
            conversations.c.title,
            conversations.c.topic,
            conversations.c.history,
            conversations.c.head,
            members.c.since,
        )
        .join(members, members.c.conversation_id == conversations.c.id)
        .where(conversations.c.name == state["conversation"], members.c.uid == uid)
    ).one_or_none()
    if there is None:
        return {}
    title = _title(connection, there.id, uid) if state["kind"] == "direct" else there.title
    floor = there.since if there.history == "joined" else 0
    place = (events.c.conversation_id == there.id, events.c.ordinal == state["last_ordinal"], events.c.seq > floor)
    rows = connection.execute(select(*MESSAGE).where(*place)).all()
    last = None
    for shown in messages(connection, there.id, state["conversation"], rows, uid):
        later = shown.reactions and there.head > state["head"]
        last = json.loads(shown.model_copy(update={"reactions_at": there.head if later else None}).model_dump_json())
    draft = _draft(connection, uid, state["conversation"])
    return {"title": title, "topic": there.topic, "last_message": last, "draft": draft}


def _counted(connection: Connection, uid: str, read: Mapping[str, Any]) -> dict[str, int]:
    """What a mark of before deletions were counted says now: what was deleted since is not unread."""
    log = connection.execute(
        select(conversations.c.id, conversations.c.head).where(conversations.c.name == read["target"])
    ).one_or_none()
    if log is None:
        return {"head": 0}
    gone = unread.deleted(connection, log.id, uid, read["ordinal"], read["last_ordinal"])
    return {"unread": max(0, read["unread"] - gone), "head": log.head}


def _title(connection: Connection, log_id: int, uid: str) -> str:
    """What a direct is called now: somebody may have had their name taken out."""
    rows = connection.execute(
        select(members.c.uid, users.c.user_id)
        .join(users, users.c.uid == members.c.uid)
        .where(members.c.conversation_id == log_id)
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
