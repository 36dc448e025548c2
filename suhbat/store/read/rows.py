"""Turns rows of `events` into messages and events of the protocol, with texts as they are now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, column, select, table

from suhbat.chat.conversations import direct_title
from suhbat.chat.notify import DEFAULTS
from suhbat.protocol.event_marks import mark_grown, veil
from suhbat.protocol.events import EVENT, LoggedEvent, MessageCreated, own_log
from suhbat.protocol.extras import FIELDS, Extra, extra_of
from suhbat.protocol.files import File, kept, restored
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.objects import Message, Profile, Reaction, Replies, User, UserKind
from suhbat.protocol.types import ME, format_time
from suhbat.store.dialect import find_rows, select_for
from suhbat.store.tables import IS_MESSAGE, accounts, conversations, drafts, events, members, users

from . import invitations, reactions, unread
from .notify import quiet_of
from .summaries import summaries

AnyRow = Row[*tuple[Any, ...]]
LogRow = Any
"""A row about a log, of SQLAlchemy or a named tuple. Its columns are those that the module selects."""

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
LOGS = table("wanted", column("id", BigInteger))
"""The logs of a statement: see `dialect.select_for`."""
_NAMES_OF_MEMBERS = select(LOGS.c.id, users.c.uid, users.c.user_id).select_from(
    LOGS.outerjoin(members, members.c.conversation_id == LOGS.c.id).outerjoin(users, users.c.uid == members.c.uid)
)
EVENT_ROW = (*MESSAGE, events.c.type, events.c.target, events.c.conversation_id)
"""The columns that `entries` takes, in this order."""


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
        rare |= _stored_fields(json.loads(data), is_deleted=bool(deleted))
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


def _stored_fields(known: Mapping[str, Any], *, is_deleted: bool) -> dict[str, Any]:
    """The fields of a message that are stored in its `data`."""
    fields: dict[str, Any] = {"from_thread": known.get("from_thread")}
    if not is_deleted:
        fields["mentions_all"] = known.get("mentions_all", False)
        fields["files"] = tuple(map(restored, known.get("files", ())))
        if (extra := extra_of(known)) is not None:
            fields |= extra.shown()
    return fields


def is_root(row: Sequence[Any]) -> bool:
    """Whether a message has a thread. The row begins with MESSAGE."""
    return bool(row[0] == row[_THREAD])


_THREAD = [column.name for column in MESSAGE].index("thread")


def thread_of(row: AnyRow) -> int | None:
    """The root of the thread in which a message is a reply; None for other messages."""
    root: int | None = None if row.thread_ordinal is None else row.thread
    return root


def message_json(
    everyone: int,
    mentions_all: bool,
    from_thread: int | None = None,
    files: Sequence[File] = (),
    extra: Extra | None = None,
) -> str | None:
    """The `data` of a message's row: `everyone` of its `message.created`, whether it mentions everybody now, its `from_thread`,
    its files, and its rare fields. (The records in `tables.files` have more; a message is shown without reading them.)"""
    if not everyone and not mentions_all and from_thread is None and not files and extra is None:
        return None
    fields: dict[str, Any] = {"everyone": everyone, "mentions_all": mentions_all}
    if from_thread is not None:
        fields["from_thread"] = from_thread
    if files:
        fields["files"] = [kept(file) for file in files]
    if extra is not None:
        fields |= extra.plain()
        if extra.streaming:
            fields["grew"] = True  # for ever: see `has_grown`
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def changed_json(data: str | None, **changed: Any) -> str | None:
    """The `data` of a message's row with some of its fields changed; None removes a field."""
    known = ({} if data is None else json.loads(data)) | changed
    left = {name: value for name, value in known.items() if value is not None}
    return json.dumps(left, separators=(",", ":"), ensure_ascii=False) if any(left.values()) else None


def without_content(data: str | None) -> str | None:
    """The `data` of a message that is being deleted: without everything that its sender said."""
    return changed_json(data, **dict.fromkeys(("files", *FIELDS)))


def is_streaming(data: str | None) -> bool:
    """Whether a message with this `data` is still growing."""
    return data is not None and bool(json.loads(data).get("streaming"))


def has_grown(data: str | None) -> bool:
    """Whether a message with this `data` is growing, or has grown. Then those who want whole messages only find it where it was
    finished."""
    return data is not None and "grew" in json.loads(data)


def says_something(text: str | None, data: str | None) -> bool:
    """Whether a message has a text or files. One that grew has none if it was cut before."""
    return bool((text or "").strip()) or has_files(data)


def has_files(data: str | None) -> bool:
    """Whether a message with this `data` has files."""
    return data is not None and "files" in json.loads(data)


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


def entries(connection: Connection, log: str, rows: Sequence[AnyRow]) -> list[LoggedEvent]:
    """The events of these rows of one log. In a user's own log the conversation on the wire is `@me`."""
    if not rows:
        return []
    if log.startswith(ME):
        return [LoggedEvent(log, EVENT.validate_json(json.dumps(_own_fields(connection, log, row)))) for row in rows]
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


def _own_fields(connection: Connection, log: str, row: AnyRow) -> dict[str, Any]:
    """The fields of an event of a user's own log, with texts as they are now."""
    fields, uid = _fields(ME, row), log.removeprefix(own_log(""))
    if row.type == "read" and "head" not in fields:
        fields |= _counted(connection, uid, fields)
    elif row.type == "draft":
        fields["text"] = _draft(connection, uid, fields["target"])
    elif row.type == "conversation.added":
        fields["state"] |= _texts(connection, uid, fields["state"])
        fields["state"].setdefault("notify", DEFAULTS[fields["state"]["kind"]].model_dump(mode="json"))
    elif row.type == "conversation.invited":
        fields["invitation"] |= invitations.present_texts(connection, uid, fields["invitation"])
    elif row.type == "user.updated":
        shown = profile(connection, uid) or User(uid=uid, user_id=row.actor, kind="account")
        fields["user"] = shown.model_dump()
    return fields


def profile(connection: Connection, uid: str) -> Profile | None:
    """The profile of an account as its owner sees it; None if the account does not exist."""
    row = connection.execute(
        select(
            accounts.c.uid, accounts.c.user_id, accounts.c.display_name, accounts.c.role, accounts.c.locale,
            accounts.c.added_by, accounts.c.picture, accounts.c.quiet, accounts.c.push_text,
            accounts.c.owner_uid,
        ).where(accounts.c.uid == uid)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    fields = row._asdict()
    kind: UserKind = "account" if fields.pop("owner_uid") is None else "bot"
    return Profile(kind=kind, **fields | {"quiet": quiet_of(fields["quiet"])})


def _texts(connection: Connection, uid: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The present title, topic, picture and draft of a conversation, and the message that was the last one in `state`; nothing
    for a user who is no longer a member."""
    conversation = connection.execute(
        select(
            conversations.c.id,
            conversations.c.title,
            conversations.c.topic,
            conversations.c.picture,
            conversations.c.history,
            conversations.c.head,
            members.c.since,
        )
        .join(members, members.c.conversation_id == conversations.c.id)
        .where(conversations.c.name == state["conversation"], members.c.uid == uid)
    ).one_or_none()
    if conversation is None:
        return {}
    title = (
        direct_title(names_of_members(connection, [conversation.id])[conversation.id], uid)
        if state["kind"] == "direct"
        else conversation.title
    )
    floor = conversation.since if conversation.history == "joined" else 0
    condition = (
        events.c.conversation_id == conversation.id,
        events.c.ordinal == state["last_ordinal"],
        events.c.seq > floor,
    )
    rows = connection.execute(select(*MESSAGE).where(*condition)).all()
    last = None
    for shown in messages(connection, conversation.id, state["conversation"], rows, uid):
        later = shown.reactions and conversation.head > state["head"]
        last = json.loads(
            shown.model_copy(update={"reactions_at": conversation.head if later else None}).model_dump_json()
        )
    draft = _draft(connection, uid, state["conversation"])
    texts = {"title": title, "topic": conversation.topic, "picture": conversation.picture}
    return texts | {"last_message": last, "draft": draft}


def _counted(connection: Connection, uid: str, read: Mapping[str, Any]) -> dict[str, int]:
    """The missing fields of an old read mark, written before deletions were counted."""
    log = connection.execute(
        select(conversations.c.id, conversations.c.head).where(conversations.c.name == read["target"])
    ).one_or_none()
    if log is None:
        return {"head": 0}
    deleted = unread.count_deleted(connection, log.id, uid, read["ordinal"], read["last_ordinal"])
    return {"unread": max(0, read["unread"] - deleted), "head": log.head}


def names_of_members(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The names of the members of these logs, by log id and uid."""
    found: dict[int, dict[str, str]] = {}
    for id_, uid, user_id in select_for(connection, _NAMES_OF_MEMBERS, LOGS, [(id_,) for id_ in ids]):
        if uid is not None:
            found.setdefault(id_, {})[uid] = user_id
    return found


def _draft(connection: Connection, uid: str, conversation: str) -> str:
    return (
        connection.execute(
            select(drafts.c.text)
            .join(conversations, conversations.c.id == drafts.c.conversation_id)
            .where(conversations.c.name == conversation, drafts.c.uid == uid)
        ).scalar()
        or ""
    )
