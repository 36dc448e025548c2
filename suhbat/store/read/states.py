"""The states of conversations as one user sees them: settings, unread counts, the last message."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal, or_, select

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Actor, States
from suhbat.errors import NotFound
from suhbat.protocol.events import own_log
from suhbat.protocol.objects import ConversationSettings, ConversationState, Message, User
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import find_rows
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import conversations, drafts, events, everyone, members, mentions, reads, users

from .floor import LobbyHistory, floor_of
from .invitations import open_for
from .positions import places_from
from .reactions import shown as reactions_shown
from .rows import MESSAGE, AnyRow, message, names_of_members
from .unread import count_unread, deleted_column, select_first_ordinal

_MENTIONS = (
    select(func.count())
    .select_from(mentions)
    .where(mentions.c.uid == bindparam("uid"), mentions.c.conversation_id == conversations.c.id)
    .scalar_subquery()
)
_EVERYBODY_MENTIONS = (
    select(func.count())
    .select_from(everyone)
    .where(
        everyone.c.conversation_id == conversations.c.id,
        everyone.c.ordinal > reads.c.read_ordinal,
        everyone.c.uid != bindparam("uid"),
    )
    .correlate(conversations, reads)
    .scalar_subquery()
)
_DRAFT = (
    select(drafts.c.text)
    .where(drafts.c.uid == bindparam("uid"), drafts.c.conversation_id == conversations.c.id)
    .scalar_subquery()
)
_COLUMNS = (
    conversations.c.id,
    conversations.c.name,
    conversations.c.kind,
    conversations.c.title,
    conversations.c.head,
    conversations.c.last_ordinal,
    conversations.c.oldest,
    *(conversations.c[name] for name in ConversationSettings.model_fields if name != "title"),
    reads.c.read_ordinal,
    reads.c.own_since,
    deleted_column().label("deleted"),
    select_first_ordinal(conversations.c.id).scalar_subquery().label("first"),
    (_MENTIONS + _EVERYBODY_MENTIONS).label("mentions"),
    _DRAFT.label("draft"),
)
_MESSAGE_COLUMNS = (*(column.name for column in MESSAGE), "conversation_id")
_MARK = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == bindparam("uid"))
_OWN = (
    select(*_COLUMNS, literal("member").label("role"), literal(0).label("since"))
    .select_from(conversations.outerjoin(reads, _MARK))
    .where(or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own")))
)
"""The lobby and the own log."""
_MEMBERSHIPS = (
    select(*_COLUMNS, members.c.role, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id).outerjoin(reads, _MARK))
    .where(members.c.uid == bindparam("uid"))
)
_SHOWN = _MEMBERSHIPS.where(members.c.hidden.is_(False))
"""The directs and rooms that the user sees."""
_PAGE = (
    _SHOWN.where(members.c.conversation_id > bindparam("after"))
    .order_by(members.c.conversation_id)
    .limit(bindparam("count"))
)
_ONE = _MEMBERSHIPS.where(members.c.conversation_id == bindparam("id"))
"""A direct or room of which the user is a member."""


def states(connection: Connection, actor: Actor, lobby_history: LobbyHistory, after: int | None, limit: int) -> States:
    """See `chat.ports.Store.states`. `after` is the id of the last conversation of the page before."""
    rows = _lobby_and_own(connection, actor)
    if after is not None:
        rows = [row for row in rows if row.kind == "own"]
    mine = connection.execute(_PAGE, {"uid": actor.uid, "after": after or 0, "count": limit}).all()
    invitations = open_for(connection, actor.uid) if after is None else ()
    found = _shown(connection, actor, [*rows, *mine], lobby_history)
    return replace(found, invitations=invitations, after=mine[-1].id if len(mine) == limit else None)


def states_of(connection: Connection, actor: Actor, lobby_history: LobbyHistory, names: Sequence[str]) -> States:
    """See `chat.ports.Store.states_of`."""
    rows = _lobby_and_own(connection, actor)
    rows = [row for row in rows if row.kind == "own" or LOBBY in names]
    for part in parts(names):
        rows += connection.execute(_SHOWN.where(conversations.c.name.in_(part)), {"uid": actor.uid})
    return _shown(connection, actor, rows, lobby_history)


def _lobby_and_own(connection: Connection, actor: Actor) -> list[AnyRow]:
    return list(connection.execute(_OWN, {"uid": actor.uid, "lobby": LOBBY, "own": own_log(actor.uid)}))


def _shown(connection: Connection, actor: Actor, rows: Sequence[AnyRow], lobby_history: LobbyHistory) -> States:
    """The states of these rows. The row of the own log only counts for the positions."""
    shown = [row for row in rows if row.kind != "own"]
    floors = {row.id: floor_of(actor, row, lobby_history) for row in shown}
    states, people = _states(connection, actor.uid, shown, floors)
    states = [
        # The role in the lobby is the role on the server.
        state.model_copy(update={"role": actor.role}) if state.kind == "lobby" else state
        for state in states
    ]
    for state in states:
        if state.last_message is not None:
            people[state.conversation].add(state.last_message.sender_uid)
    users = _users(connection, set().union(*people.values()))
    return States(tuple(states), places_from(connection, actor, rows, lobby_history), users, people)


def state_of(connection: Connection, uid: str, log_id: int) -> ConversationState:
    """The state of a direct or room as one of its members sees it. Raises NotFound if the user is no member."""
    row = connection.execute(_ONE, {"uid": uid, "id": log_id}).one_or_none()
    if row is None:
        raise NotFound()
    floors = {row.id: floor_of(Actor(uid, ""), row, "since_joined")}
    (state,), _ = _states(connection, uid, [row], floors)
    return state


def _states(
    connection: Connection, uid: str, rows: Sequence[AnyRow], floors: Mapping[int, int]
) -> tuple[list[ConversationState], dict[str, set[str]]]:
    """The states of these rows, the lobby first; and by name the uids of the people in directs. `floors`: by log id."""
    # No last message for a user whose floor is the head: a bare guest, or a member who has just joined.
    wanted = [row for row in rows if row.last_ordinal and floors.get(row.id, 0) < row.head]
    last = _messages(connection, uid, rows, [(row.id, row.last_ordinal) for row in wanted])
    last = {id_: found for id_, found in last.items() if found.seq > floors.get(id_, 0)}
    people = names_of_members(connection, [row.id for row in rows if row.kind == "direct"])
    ids = [row.id for row in rows if row.kind == "room"]
    counts = {id_: len(found) for id_, found in people.items()} | _count_members(connection, ids)
    states = [
        ConversationState(
            conversation=row.name,
            kind=row.kind,
            head=row.head,
            since=row.since,
            last_ordinal=row.last_ordinal,
            read_ordinal=_read(row),
            unread=count_unread(row.last_ordinal, row.first, _read(row), row.own_since or 0, row.deleted),
            mentions=row.mentions,
            last_message=last.get(row.id),
            member_count=counts.get(row.id, 0),
            role=row.role,
            draft=row.draft or "",
            **_settings(row, uid, people.get(row.id, {})),
        )
        for row in rows
    ]
    states.sort(key=lambda state: state.kind != "lobby")
    return states, {row.name: set(people.get(row.id, ())) for row in rows}


def _read(row: AnyRow) -> int:
    # A user without a mark (a bare guest) sees only later messages, so nothing is unread.
    return int(row.last_ordinal if row.read_ordinal is None else row.read_ordinal)


def _settings(row: AnyRow, uid: str, people: Mapping[str, str]) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in ConversationSettings.model_fields}
    if row.kind == "direct":
        found["title"] = direct_title(people, uid)
    return found


def _count_members(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for part in parts(ids):
        counted = (
            select(members.c.conversation_id, func.count())
            .where(members.c.conversation_id.in_(part))
            .group_by(members.c.conversation_id)
        )
        counts.update((id_, count) for id_, count in connection.execute(counted))
    return counts


def _messages(
    connection: Connection, reader: str, logs: Collection[AnyRow], keys: list[tuple[int, int]]
) -> dict[int, Message]:
    """The messages with these (log id, ordinal), by log id."""
    if not keys:
        return {}
    names = {row.id: row.name for row in logs}
    rows = find_rows(connection, events, ("conversation_id", "ordinal"), _MESSAGE_COLUMNS, keys)
    chosen = reactions_shown(connection, [(log_id, row[0]) for *row, log_id in rows], reader)
    return {log_id: message(names[log_id], row, chosen.get((log_id, row[0]), ())) for *row, log_id in rows}


def _users(connection: Connection, uids: Collection[str]) -> tuple[User, ...]:
    found = find_rows(connection, users, ("uid",), ("uid", "user_id", "kind"), [(uid,) for uid in sorted(uids)])
    return tuple(User(uid=uid, user_id=user_id, kind=kind) for uid, user_id, kind in sorted(found))
