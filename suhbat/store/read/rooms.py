"""Reads about conversations: one state, members, pins, reactions, and the lists of rooms."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, select

from suhbat.chat.model import Actor, MemberPage, Milliseconds, ReactionPage, RoomLine
from suhbat.errors import NotFound
from suhbat.protocol.objects import ConversationSettings, ConversationState, Member, Message, User
from suhbat.protocol.types import LOBBY, MAX_READERS_SHOWN
from suhbat.store.dialect import AnyRow
from suhbat.store.tables import IS_MESSAGE, VISIBLE_ABOVE, conversations, events, members, pins, reads, sanctions, users

from . import reactions
from .floor import LobbyHistory, floor_of, visible
from .messages import MESSAGE, messages
from .states import state_of, states_of


def state(connection: Connection, actor: Actor, conversation: str, lobby_history: LobbyHistory) -> ConversationState:
    """See `chat.ports.Store.state`."""
    if conversation == LOBBY:
        return states_of(connection, actor, lobby_history, (LOBBY,)).states[0]
    row = visible(connection, actor, conversation, "see")
    if row.role is not None:
        return state_of(connection, actor.uid, row.id)
    return _outside(row, _count_members(connection, row.id))


def members_page(
    connection: Connection, actor: Actor, conversation: str, at: Milliseconds, after: str, limit: int
) -> MemberPage:
    """See `chat.ports.Store.members`."""
    row = visible(connection, actor, conversation, "read")
    muted = and_(
        sanctions.c.conversation_id == members.c.conversation_id,
        sanctions.c.uid == members.c.uid,
        sanctions.c.kind == "mute",
    )
    marked = and_(reads.c.conversation_id == members.c.conversation_id, reads.c.uid == members.c.uid)
    shows_marks = _count_members(connection, row.id) <= MAX_READERS_SHOWN
    rows = connection.execute(
        select(
            members.c.uid, members.c.role, members.c.joined_at, users.c.user_id, users.c.kind,
            sanctions.c.kind.label("muted"), sanctions.c.until, reads.c.read_ordinal, reads.c.furthest,
        )
        .select_from(
            members.join(users, users.c.uid == members.c.uid).outerjoin(sanctions, muted).outerjoin(reads, marked)
        )
        .where(members.c.conversation_id == row.id, members.c.uid > after)
        .order_by(members.c.uid)
        .limit(limit + 1)
    ).all()  # fmt: skip
    found = tuple(
        Member(
            user=User(uid=one.uid, user_id=one.user_id, kind=one.kind),
            role=one.role,
            joined_at=one.joined_at,
            muted=one.muted is not None and (one.until is None or one.until > at),
            muted_until=one.until,
            read_ordinal=max(one.read_ordinal or 0, one.furthest or 0) if shows_marks else None,
        )
        for one in rows[:limit]
    )
    return MemberPage(found, rows[limit - 1].uid if len(rows) > limit else None)


def senior(connection: Connection, conversation: str) -> Actor | None:
    """See `chat.ports.ModerationReader.senior`."""
    row = connection.execute(
        select(users.c.uid, users.c.user_id, users.c.kind)
        .select_from(members.join(users, users.c.uid == members.c.uid))
        .join(conversations, conversations.c.id == members.c.conversation_id)
        .where(conversations.c.name == conversation, conversations.c.kind.in_(("direct", "room")))
        .order_by(_rank(members.c.role), members.c.joined_at, members.c.uid)
        .limit(1)
    ).one_or_none()
    return None if row is None else Actor(uid=row.uid, user_id=row.user_id, kind=row.kind)


def every(connection: Connection) -> tuple[RoomLine, ...]:
    """See `chat.ports.Store.every_room`."""
    inside = members.alias()
    first = (
        select(inside.c.uid)
        .where(inside.c.conversation_id == conversations.c.id)
        .order_by(_rank(inside.c.role), inside.c.joined_at, inside.c.uid)
        .limit(1)
        .correlate(conversations)
        .scalar_subquery()
    )
    is_senior = and_(members.c.conversation_id == conversations.c.id, members.c.uid == first)
    rows = connection.execute(
        select(conversations, _member_counts().label("member_count"), members.c.role, users.c.user_id)
        .select_from(conversations.outerjoin(members, is_senior).outerjoin(users, users.c.uid == members.c.uid))
        .where(conversations.c.kind == "room")
        .order_by(conversations.c.name)
    )
    return tuple(
        RoomLine(
            conversation=row.name,
            title=row.title,
            member_count=row.member_count,
            retention=row.retention or 0,
            senior=row.user_id,
            role=row.role,
        )
        for row in rows
    )


def _rank(role: ColumnElement[str]) -> ColumnElement[int]:
    """0 for owners, 1 for moderators, 2 for members: the order of seniority."""
    return case({"owner": 0, "moderator": 1}, value=role, else_=2)


def public_rooms(connection: Connection, actor: Actor, after: str, limit: int) -> tuple[ConversationState, ...]:
    """See `chat.ports.Store.rooms`."""
    if not actor.lasting:
        return ()
    mine = and_(members.c.conversation_id == conversations.c.id, members.c.uid == actor.uid)
    rows = connection.execute(
        select(conversations, members.c.role, _member_counts().label("member_count"))
        .select_from(conversations.outerjoin(members, mine))
        .where(
            conversations.c.kind == "room",
            conversations.c.visibility == "public",
            conversations.c.archived.is_(False),
            conversations.c.name > after,
        )
        .order_by(conversations.c.name)
        .limit(limit)
    )
    return tuple(_outside(row, row.member_count) for row in rows)


def pinned(connection: Connection, actor: Actor, conversation: str, lobby_history: LobbyHistory) -> tuple[Message, ...]:
    """See `chat.ports.Store.pins`."""
    log = visible(connection, actor, conversation, "read")
    floor = floor_of(actor, log, lobby_history)
    rows = connection.execute(
        select(*MESSAGE)
        .join(pins, and_(pins.c.conversation_id == events.c.conversation_id, pins.c.target == events.c.seq))
        .where(events.c.conversation_id == log.id, floor < VISIBLE_ABOVE)
        .order_by(pins.c.at.desc(), pins.c.target.desc())
    ).all()
    return tuple(messages(connection, log.id, log.name, rows, actor.uid))


def reactions_page(
    connection: Connection,
    actor: Actor,
    conversation: str,
    lobby_history: LobbyHistory,
    seq: int,
    emoji: str,
    after: int,
    limit: int,
) -> ReactionPage:
    """See `chat.ports.Store.reactions`."""
    log = visible(connection, actor, conversation, "read")
    message = (events.c.conversation_id == log.id, events.c.seq == seq, IS_MESSAGE)
    row = connection.execute(select(events.c.deleted, VISIBLE_ABOVE.label("shown")).where(*message)).one_or_none()
    if row is None or row.deleted or row.shown <= floor_of(actor, log, lobby_history):
        raise NotFound("not_found.message")
    return reactions.page(connection, log.id, seq, emoji, actor.uid, after, limit)


def _member_counts() -> Any:
    """The number of members, as a column of a query of `conversations`."""
    counted = members.alias()
    return (
        select(func.count(literal(1)))
        .select_from(counted)
        .where(counted.c.conversation_id == conversations.c.id)
        .scalar_subquery()
    )


def _count_members(connection: Connection, log_id: int) -> int:
    counted = select(func.count()).select_from(members).where(members.c.conversation_id == log_id)
    return connection.execute(counted).scalar_one()


def _outside(row: AnyRow, member_count: int) -> ConversationState:
    """A public room as a user who is no member sees it: its settings, nothing about its messages."""
    settings = {name: getattr(row, name) for name in ConversationSettings.model_fields}
    return ConversationState(
        conversation=row.name, kind=row.kind, head=0, member_count=member_count, role=row.role, **settings
    )
