"""Reading: what a connection starts from, events of a log, members, heads. Each function is one read transaction's work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal, or_, select

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
from .rows import MESSAGE, AnyRow, message
from .titles import title_of
from .unread import count_deleted, select_first_ordinal, unread

_NAMED = (
    select(func.count())
    .select_from(mentions)
    .where(mentions.c.uid == bindparam("uid"), mentions.c.conversation_id == conversations.c.id)
    .scalar_subquery()
)
_NAMED_WITH_ALL = (
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
_MINE_THERE = (
    (_NAMED + _NAMED_WITH_ALL).label("mentions"),
    select(drafts.c.text)
    .where(drafts.c.uid == bindparam("uid"), drafts.c.conversation_id == conversations.c.id)
    .scalar_subquery()
    .label("draft"),
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
    count_deleted().label("gone"),
    select_first_ordinal(conversations.c.id).scalar_subquery().label("first"),
    *_MINE_THERE,
)
_PLACED = (*(column.name for column in MESSAGE), "conversation_id")
_MARK = and_(reads.c.conversation_id == conversations.c.id, reads.c.uid == bindparam("uid"))
_OWN = (
    select(*_COLUMNS, literal("member").label("role"), literal(0).label("since"))
    .select_from(conversations.outerjoin(reads, _MARK))
    .where(or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own")))
)
"""The lobby and the own log."""
_THEIRS = (
    select(*_COLUMNS, members.c.role, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id).outerjoin(reads, _MARK))
    .where(members.c.uid == bindparam("uid"), members.c.hidden.is_(False))
)
"""Directs and rooms."""
_MINE = (
    _THEIRS.where(members.c.conversation_id > bindparam("after"))
    .order_by(members.c.conversation_id)
    .limit(bindparam("count"))
)
_MINE_ONE = (
    select(*_COLUMNS, members.c.role, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id).outerjoin(reads, _MARK))
    .where(members.c.uid == bindparam("uid"), members.c.conversation_id == bindparam("id"))
)
"""One of them."""


def states(connection: Connection, actor: Actor, lobby_history: LobbyHistory, after: int | None, limit: int) -> States:
    """See `chat.ports.Store.states`. `after` is the id of the last conversation of the page before."""
    rows = list(connection.execute(_OWN, {"uid": actor.uid, "lobby": LOBBY, "own": own_log(actor.uid)}))
    if after is not None:
        rows = [row for row in rows if row.kind == "own"]
    mine = connection.execute(_MINE, {"uid": actor.uid, "after": after or 0, "count": limit}).all()
    asked = open_for(connection, actor.uid) if after is None else ()
    found = _shown(connection, actor, [*rows, *mine], lobby_history)
    return replace(found, invitations=asked, after=mine[-1].id if len(mine) == limit else None)


def states_of(connection: Connection, actor: Actor, lobby_history: LobbyHistory, names: Sequence[str]) -> States:
    """See `chat.ports.Store.states_of`."""
    rows = list(connection.execute(_OWN, {"uid": actor.uid, "lobby": LOBBY, "own": own_log(actor.uid)}))
    rows = [row for row in rows if row.kind == "own" or LOBBY in names]
    for part in parts(names):
        rows += connection.execute(_THEIRS.where(conversations.c.name.in_(part)), {"uid": actor.uid})
    return _shown(connection, actor, rows, lobby_history)


def _shown(connection: Connection, actor: Actor, rows: Sequence[AnyRow], lobby_history: LobbyHistory) -> States:
    """These rows as states; that of the own log only says where it stands."""
    shown = [row for row in rows if row.kind != "own"]
    floors = {row.id: floor_of(actor, row, lobby_history) for row in shown}
    states, people = _states(connection, actor.uid, shown, floors)
    states = [
        # In the lobby: what they are on the server.
        state.model_copy(update={"role": actor.role}) if state.kind == "lobby" else state
        for state in states
    ]
    for state in states:
        if state.last_message is not None:
            people[state.conversation].add(state.last_message.sender_uid)
    users = _users(connection, set().union(*people.values()))
    return States(tuple(states), places_from(connection, actor, rows, lobby_history), users, people)


def state_of(connection: Connection, uid: str, log_id: int) -> ConversationState:
    """A direct or a room as one of its members sees it. Raises NotFound for who is none."""
    row = connection.execute(_MINE_ONE, {"uid": uid, "id": log_id}).one_or_none()
    if row is None:
        raise NotFound()
    floors = {row.id: floor_of(Actor(uid, ""), row, "since_joined")}
    (state,), _ = _states(connection, uid, [row], floors)
    return state


def _states(
    connection: Connection, uid: str, rows: Sequence[AnyRow], floors: Mapping[int, int]
) -> tuple[list[ConversationState], dict[str, set[str]]]:
    """The states of these, the lobby first, and for each the uids of the people in a direct.

    `floors`: the `seq` above which a log may be read, where that is not all of it.
    """
    # Who may read nothing of the past, reads no last message either: a bare guest, or somebody at their joining.
    wanted = [row for row in rows if row.last_ordinal and floors.get(row.id, 0) < row.head]
    last = _messages(connection, uid, rows, [(row.id, row.last_ordinal) for row in wanted])
    last = {id_: found for id_, found in last.items() if found.seq > floors.get(id_, 0)}
    people = _people(connection, [row.id for row in rows if row.kind == "direct"])
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
            unread=unread(row.last_ordinal, row.first, _read(row), row.own_since or 0, row.gone),
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
    # Without a mark there is nothing to be unread: a bare guest sees only what is said from now on.
    return int(row.last_ordinal if row.read_ordinal is None else row.read_ordinal)


def _settings(row: AnyRow, uid: str, people: Mapping[str, str]) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in ConversationSettings.model_fields}
    if row.kind == "direct":
        found["title"] = title_of({other: name for other, name in people.items() if other != uid}) or people[uid]
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
    connection: Connection, reader: str, logs: Collection[AnyRow], places: list[tuple[int, int]]
) -> dict[int, Message]:
    """The message of each (log id, ordinal), by log id."""
    if not places:
        return {}
    names = {row.id: row.name for row in logs}
    rows = find_rows(connection, events, ("conversation_id", "ordinal"), _PLACED, places)
    chosen = reactions_shown(connection, [(log_id, row[0]) for *row, log_id in rows], reader)
    return {log_id: message(names[log_id], row, chosen.get((log_id, row[0]), ())) for *row, log_id in rows}


def _people(connection: Connection, ids: list[int]) -> dict[int, dict[str, str]]:
    """The members of each log: names by uid."""
    found: dict[int, dict[str, str]] = {}
    for part in parts(ids):
        named = (
            select(members.c.conversation_id, users.c.uid, users.c.user_id)
            .join(users, users.c.uid == members.c.uid)
            .where(members.c.conversation_id.in_(part))
        )
        for id_, uid, user_id in connection.execute(named):
            found.setdefault(id_, {})[uid] = user_id
    return found


def _users(connection: Connection, uids: Collection[str]) -> tuple[User, ...]:
    found = find_rows(connection, users, ("uid",), ("uid", "user_id", "kind"), [(uid,) for uid in sorted(uids)])
    return tuple(User(uid=uid, user_id=user_id, kind=kind) for uid, user_id, kind in sorted(found))
