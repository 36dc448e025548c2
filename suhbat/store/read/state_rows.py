"""The rows from which `states` makes the states of conversations: settings, positions, marks and counts of one user."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    table,
)

from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import ConversationSettings
from suhbat.protocol.types import LOBBY
from suhbat.store.tables import IS_SHOWN, conversations, drafts, everyone, members, mentions, reads

from .few_logs import WANTED, OwnLog
from .unread import deleted_column, select_first_ordinal


def _columns(uid: ColumnElement[str], *outer: FromClause) -> tuple[ColumnElement[Any], ...]:
    """The columns of `StateRow` up to `draft`, for a query of `conversations`, `reads` and these other tables."""
    mine = (
        select(func.count())
        .select_from(mentions)
        .where(mentions.c.uid == uid, mentions.c.conversation_id == conversations.c.id)
        .correlate(conversations, *outer)
        .scalar_subquery()
    )
    everybodys = (
        select(func.count())
        .select_from(everyone)
        .where(
            everyone.c.conversation_id == conversations.c.id,
            everyone.c.ordinal > reads.c.read_ordinal,
            everyone.c.uid != uid,
        )
        .correlate(conversations, reads, *outer)
        .scalar_subquery()
    )
    draft = (
        select(drafts.c.text)
        .where(drafts.c.uid == uid, drafts.c.conversation_id == conversations.c.id)
        .correlate(conversations, *outer)
        .scalar_subquery()
    )
    return (
        conversations.c.id,
        conversations.c.name,
        conversations.c.kind,
        conversations.c.head,
        conversations.c.last_ordinal,
        conversations.c.oldest,
        *(conversations.c[name] for name in ConversationSettings.model_fields),
        reads.c.read_ordinal,
        reads.c.own_since,
        deleted_column(uid, *outer).label("deleted"),
        select_first_ordinal(conversations.c.id).correlate(conversations).scalar_subquery().label("first"),
        (mine + everybodys).label("mentions"),
        draft.label("draft"),
    )


class StateRow(NamedTuple):
    id: int
    name: str
    kind: str
    head: int
    last_ordinal: int
    oldest: int
    title: str
    topic: str
    visibility: str
    history: str
    archived: bool
    slow_mode: int
    retention: int
    files: str
    picture: str | None
    read_ordinal: int | None
    own_since: int | None
    deleted: int
    first: int | None
    mentions: int
    draft: str | None
    role: str
    since: int


_UID: ColumnElement[str] = bindparam("uid")
_COLUMNS = _columns(_UID)
_MARK = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == _UID)
OWN = (
    select(*_COLUMNS, literal("member").label("role"), literal(0).label("since"))
    .select_from(conversations.outerjoin(reads, _MARK))
    .where(or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own")))
)
"""The lobby and the own log."""
_MEMBERSHIPS = (
    select(*_COLUMNS, members.c.role, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id).outerjoin(reads, _MARK))
    .where(members.c.uid == _UID)
)
SHOWN = _MEMBERSHIPS.where(IS_SHOWN)
"""The directs and rooms that the user sees."""
PAGE = (
    SHOWN.where(members.c.conversation_id > bindparam("after"))
    .order_by(members.c.conversation_id)
    .limit(bindparam("count"))
)
ONE = _MEMBERSHIPS.where(members.c.conversation_id == bindparam("id"))
"""A direct or room of which the user is a member."""

_TO_MANY = _columns(WANTED.c.uid, WANTED)
_MARKS = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == WANTED.c.uid)
LOBBY_OF_MANY = select(WANTED.c.uid, *_TO_MANY, literal("member"), literal(0)).select_from(
    WANTED.outerjoin(conversations, conversations.c.name == literal(LOBBY)).outerjoin(reads, _MARKS)
)
"""The lobby as each of many users sees it."""
SHOWN_TO_MANY = select(WANTED.c.uid, *_TO_MANY, members.c.role, members.c.since).select_from(
    WANTED.outerjoin(members, and_(members.c.uid == WANTED.c.uid, IS_SHOWN))
    .outerjoin(conversations, conversations.c.id == members.c.conversation_id)
    .outerjoin(reads, _MARKS)
)
"""The directs and rooms that each of many users sees."""

MEMBER = table("wanted", column("uid", Text), column("id", BigInteger))
"""Pairs of a user and a direct or room of a statement: see `dialect.select_for`."""
_MARK_OF_MEMBER = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == MEMBER.c.uid)
OF_MEMBERS = select(MEMBER.c.uid, *_columns(MEMBER.c.uid, MEMBER), members.c.role, members.c.since).select_from(
    MEMBER.outerjoin(members, and_(members.c.uid == MEMBER.c.uid, members.c.conversation_id == MEMBER.c.id))
    .outerjoin(conversations, conversations.c.id == members.c.conversation_id)
    .outerjoin(reads, _MARK_OF_MEMBER)
)
"""The same as ONE for many pairs."""


def own_row(uid: str, log: OwnLog) -> StateRow:
    return StateRow(
        id=0, name=own_log(uid), kind="own", head=log.head, last_ordinal=0, oldest=log.oldest, title="", topic="",
        visibility="", history="", archived=False, slow_mode=0, retention=0, files="", picture=None, read_ordinal=None,
        own_since=None, deleted=0, first=None, mentions=0, draft=None, role="member", since=0,
    )  # fmt: skip
