"""Reading: what a connection starts from, events of a log, members, heads. Each function is one read transaction's work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy import Connection, and_, bindparam, literal, or_, select

from suhbat.chat.model import Actor, Opening
from suhbat.protocol.events import LogEntry, own_log
from suhbat.protocol.objects import ConversationState, Message, User
from suhbat.protocol.types import LOBBY, ME

from .dialect import find_rows
from .rows import EVENT_ROW, MESSAGE, AnyRow, entry, message
from .tables import conversations, events, members, reads, users

LobbyHistory = Literal["since_joined", "all"]
"""What token guests and accounts see of the lobby: since their identity exists, or everything."""

_IN = 1_000
"""Names of one IN list; more are asked for in several statements."""

_COLUMNS = (
    conversations.c.id,
    conversations.c.name,
    conversations.c.kind,
    conversations.c.title,
    conversations.c.head,
    conversations.c.last_ordinal,
    conversations.c.oldest,
    reads.c.read_ordinal,
    reads.c.own_since,
)
_PLACED = (*(column.name for column in MESSAGE), "conversation_id")
_MARK = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == bindparam("uid"))
_OWN = (
    select(*_COLUMNS, literal("member").label("role"))
    .select_from(conversations.outerjoin(reads, _MARK))
    .where(or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own")))
)
"""The lobby and the own log."""
_MINE = (
    select(*_COLUMNS, members.c.role)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id).outerjoin(reads, _MARK))
    .where(members.c.uid == bindparam("uid"))
    .order_by(conversations.c.id)
)
"""Directs and rooms."""
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


def lobby_floor(actor: Actor, lobby_history: LobbyHistory) -> int | None:
    """The `seq` above which the actor may read the lobby; None: nothing of it (a bare guest)."""
    if actor.lobby_from is None:
        return None
    return 0 if lobby_history == "all" else actor.lobby_from


def opening(connection: Connection, actor: Actor, lobby_history: LobbyHistory) -> Opening:
    """See `chat.ports.Store.opening`. The lobby's `oldest` is also what keeps a cursor of before one's time from it."""
    rows = list(connection.execute(_OWN, {"uid": actor.uid, "lobby": LOBBY, "own": own_log(actor.uid)}))
    rows += connection.execute(_MINE, {"uid": actor.uid})
    floor = lobby_floor(actor, lobby_history)
    wanted = [(row.id, row.last_ordinal) for row in rows if row.kind != "lobby" or floor is not None]
    last = _messages(connection, rows, [place for place in wanted if place[1] > 0])
    people = _people(connection, [row.id for row in rows if row.kind == "direct"])
    heads: dict[str, int] = {ME: 0}
    oldest: dict[str, int] = {ME: 0}
    states: list[ConversationState] = []
    uids = {uid for found in people.values() for uid in found}
    for row in rows:
        if row.kind == "own":
            heads[ME], oldest[ME] = row.head, row.oldest
            continue
        heads[row.name], oldest[row.name] = row.head, row.oldest
        shown = last.get(row.id)
        if row.kind == "lobby":
            oldest[row.name] = row.head if floor is None else max(row.oldest, floor)
            if shown is not None and shown.seq <= (floor or 0):
                shown = None
        if shown is not None:
            uids.add(shown.sender_uid)
        states.append(_state(row, actor, shown, people.get(row.id, {})))
    states.sort(key=lambda state: state.kind != "lobby")
    return Opening(tuple(states), heads, _users(connection, uids), oldest)


def event_page(connection: Connection, log: str, after: int, limit: int) -> list[LogEntry]:
    """See `chat.ports.Store.events`."""
    rows = connection.execute(_EVENTS, {"log": log, "after": after, "count": limit})
    return [entry(log, row) for row in rows]


def member_uids(connection: Connection, conversation: str) -> tuple[str, ...]:
    """See `chat.ports.Store.members`."""
    found = connection.execute(
        select(members.c.uid)
        .join(conversations, conversations.c.id == members.c.conversation_id)
        .where(conversations.c.name == conversation)
        .order_by(members.c.uid)
    )
    return tuple(found.scalars())


def log_heads(connection: Connection, logs: Collection[str] | None) -> Mapping[str, int]:
    """See `chat.ports.Store.heads`. Without names: every log that exists."""
    columns = select(conversations.c.name, conversations.c.head)
    if logs is None:
        return {row[0]: row[1] for row in connection.execute(columns)}
    names = list(logs)
    heads = dict.fromkeys(names, 0)
    for start in range(0, len(names), _IN):
        part = columns.where(conversations.c.name.in_(names[start : start + _IN]))
        heads.update((row[0], row[1]) for row in connection.execute(part))
    return heads


def _state(row: AnyRow, actor: Actor, last: Message | None, people: Mapping[str, str]) -> ConversationState:
    # Without a mark there is nothing to be unread: a bare guest sees only what is said from now on.
    read = row.last_ordinal if row.read_ordinal is None else row.read_ordinal
    title = row.title
    if row.kind == "direct":
        title = next((name for uid, name in people.items() if uid != actor.uid), actor.user_id)
    return ConversationState(
        conversation=row.name,
        kind=row.kind,
        title=title,
        head=row.head,
        last_ordinal=row.last_ordinal,
        read_ordinal=read,
        unread=max(0, row.last_ordinal - read - (row.own_since or 0)),
        last_message=last,
        member_count=len(people),
        role=row.role,
    )


def _messages(connection: Connection, logs: Collection[AnyRow], places: list[tuple[int, int]]) -> dict[int, Message]:
    """The message of each (log id, ordinal), by log id."""
    names = {row.id: row.name for row in logs}
    found: dict[int, Message] = {}
    for *row, log_id in find_rows(connection, events, ("conversation_id", "ordinal"), _PLACED, places):
        found[log_id] = message(names[log_id], row)
    return found


def _people(connection: Connection, ids: list[int]) -> dict[int, dict[str, str]]:
    """The members of each log: names by uid."""
    found: dict[int, dict[str, str]] = {}
    for start in range(0, len(ids), _IN):
        part = (
            select(members.c.conversation_id, users.c.uid, users.c.user_id)
            .join(users, users.c.uid == members.c.uid)
            .where(members.c.conversation_id.in_(ids[start : start + _IN]))
        )
        for id_, uid, user_id in connection.execute(part):
            found.setdefault(id_, {})[uid] = user_id
    return found


def _users(connection: Connection, uids: Collection[str]) -> tuple[User, ...]:
    found = find_rows(connection, users, ("uid",), ("uid", "user_id", "kind"), [(uid,) for uid in sorted(uids)])
    return tuple(User(uid=uid, user_id=user_id, kind=kind) for uid, user_id, kind in sorted(found))
