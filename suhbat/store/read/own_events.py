"""The events of users' own logs, with texts as they are now: they are stored without those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from suhbat.chat.conversations import direct_title
from suhbat.chat.notify import DEFAULTS
from suhbat.protocol.objects import User
from suhbat.store.tables import conversations, drafts, events, members

from . import invitations, unread
from .members import names_of_members
from .messages import MESSAGE, messages
from .profiles import profile


def as_now(connection: Connection, uid: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event of a user's own log, given as they are stored."""
    kind = fields["type"]
    if kind == "read" and "head" not in fields:
        fields |= _counted(connection, uid, fields)
    elif kind == "draft":
        fields["text"] = _draft(connection, uid, fields["target"])
    elif kind == "conversation.added":
        fields["state"] |= _texts(connection, uid, fields["state"])
        fields["state"].setdefault("notify", DEFAULTS[fields["state"]["kind"]].model_dump(mode="json"))
    elif kind == "conversation.invited":
        fields["invitation"] |= invitations.present_texts(connection, uid, fields["invitation"])
    elif kind == "user.updated":
        shown = profile(connection, uid) or User(uid=uid, user_id=fields["actor"], kind="account")
        fields["user"] = shown.model_dump()
    return fields


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


def _draft(connection: Connection, uid: str, conversation: str) -> str:
    return (
        connection.execute(
            select(drafts.c.text)
            .join(conversations, conversations.c.id == drafts.c.conversation_id)
            .where(conversations.c.name == conversation, drafts.c.uid == uid)
        ).scalar()
        or ""
    )
