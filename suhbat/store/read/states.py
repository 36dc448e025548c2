"""The states of conversations as one user sees them: settings, unread counts, the last message."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from suhbat.chat.conversations import direct_title
from suhbat.chat.model import Actor, States
from suhbat.chat.notify import DEFAULTS
from suhbat.errors import NotFound
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import ConversationSettings, ConversationState, Message, Thread, User
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import find_rows, select_for
from suhbat.store.sqlite.values import parts
from suhbat.store.tables import conversations, events, users

from .few_logs import WANTED, own_logs
from .floor import LobbyHistory, floor_of
from .invitations import open_for, open_for_many
from .members import count_members, names_of_members
from .messages import MESSAGE, is_root, message
from .notify import chosen_levels
from .positions import LogRow, places_from, self_directs
from .reactions import shown_to
from .state_rows import LOBBY_OF_MANY, MEMBER, OF_MEMBERS, ONE, OWN, PAGE, SHOWN, SHOWN_TO_MANY, StateRow, own_row
from .summaries import summaries
from .threads import followed
from .unread import count_unread

_MESSAGE_COLUMNS = (*(column.name for column in MESSAGE), "conversation_id")

Member = tuple[str, int]
"""A uid and the id of a direct or room."""


class _Viewed(NamedTuple):
    """What one user sees: rows of `StateRow`, or with its columns. The row of the own log only counts for the positions."""

    actor: Actor
    rows: Sequence[LogRow]


def states(connection: Connection, actor: Actor, lobby_history: LobbyHistory, after: int | None, limit: int) -> States:
    """See `chat.ports.Store.states`. `after` is the id of the last conversation of the page before."""
    rows = _lobby_and_own(connection, actor)
    if after is not None:
        rows = [row for row in rows if row.kind == "own"]
    mine = connection.execute(PAGE, {"uid": actor.uid, "after": after or 0, "count": limit}).all()
    invitations = open_for(connection, actor) if after is None else ()
    (found,) = _shown(connection, [_Viewed(actor, [*rows, *mine])], lobby_history)
    return replace(found, invitations=invitations, after=mine[-1].id if len(mine) == limit else None)


def states_of_many(connection: Connection, actors: Sequence[Actor], lobby_history: LobbyHistory) -> list[States | None]:
    """The first page for many users; None for those with many conversations."""
    own = own_logs(connection, [actor.uid for actor in actors])
    wanted = [(uid,) for uid in own]
    rows: dict[str, list[LogRow]] = {uid: [] for uid in own}
    some = [(uid,) for uid, log in own.items() if log.conversations]
    found = select_for(connection, LOBBY_OF_MANY, WANTED, wanted) + select_for(connection, SHOWN_TO_MANY, WANTED, some)
    # The lobby has the lowest id.
    for uid, *fields in sorted((row for row in found if None not in row[:2]), key=itemgetter(1)):
        rows[uid].append(StateRow(*fields))
    for uid, log in own.items():
        rows[uid].append(own_row(uid, log))
    invitations = open_for_many(connection, {actor for actor in actors if actor.uid in own})
    # By the whole actor: another request for the same user may be made with another role or place in the lobby.
    viewed = {actor: _Viewed(actor, rows[actor.uid]) for actor in actors if actor.uid in own}
    shown = dict(zip(viewed, _shown(connection, list(viewed.values()), lobby_history), strict=True))
    return [
        replace(shown[actor], invitations=invitations.get(actor.uid, ())) if actor in shown else None
        for actor in actors
    ]


def states_of(connection: Connection, actor: Actor, lobby_history: LobbyHistory, names: Sequence[str]) -> States:
    """See `chat.ports.Store.states_of`."""
    rows = _lobby_and_own(connection, actor)
    rows = [row for row in rows if row.kind == "own" or LOBBY in names]
    for part in parts(names):
        rows += connection.execute(SHOWN.where(conversations.c.name.in_(part)), {"uid": actor.uid})
    (found,) = _shown(connection, [_Viewed(actor, rows)], lobby_history)
    return found


def _lobby_and_own(connection: Connection, actor: Actor) -> list[LogRow]:
    return list(connection.execute(OWN, {"uid": actor.uid, "lobby": LOBBY, "own": own_log(actor.uid)}))


def _shown(connection: Connection, viewed: Sequence[_Viewed], lobby_history: LobbyHistory) -> list[States]:
    """What each of these users sees."""
    alone = self_directs(connection, {actor.uid: rows for actor, rows in viewed})
    conversations = [_Viewed(actor, [row for row in rows if row.kind != "own"]) for actor, rows in viewed]
    found = _states(connection, conversations, lobby_history)
    for states, people in found:
        for state in states:
            if state.last_message is not None:
                people[state.conversation].add(state.last_message.sender_uid)
    known = _users(connection, set().union(*(uids for _, people in found for uids in people.values())))
    shown: list[States] = []
    for (actor, rows), (states, people) in zip(viewed, found, strict=True):
        places = places_from(actor, rows, lobby_history, alone.get(actor.uid))
        users = sorted(set().union(*people.values()) & known.keys())
        shown.append(States(tuple(states), places, tuple(known[uid] for uid in users), people))
    return shown


def state_of(connection: Connection, uid: str, log_id: int) -> ConversationState:
    """The state of a direct or room as one of its members sees it. Raises NotFound if the user is no member."""
    row = connection.execute(ONE, {"uid": uid, "id": log_id}).one_or_none()
    if row is None:
        raise NotFound()
    (((state,), _),) = _states(connection, [_Viewed(Actor(uid, ""), [row])], "since_joined")
    return state


def states_of_members(connection: Connection, wanted: Sequence[Member]) -> dict[Member, ConversationState]:
    """The same for many members; those who are none are left out."""
    rows: dict[str, list[LogRow]] = {}
    for uid, *fields in select_for(connection, OF_MEMBERS, MEMBER, wanted):
        if fields[0] is not None:
            rows.setdefault(uid, []).append(StateRow(*fields))
    viewed = [_Viewed(Actor(uid, ""), mine) for uid, mine in rows.items()]
    found: dict[Member, ConversationState] = {}
    for (actor, mine), (states, _) in zip(viewed, _states(connection, viewed, "since_joined"), strict=True):
        ids = {row.name: row.id for row in mine}
        found.update(((actor.uid, ids[state.conversation]), state) for state in states)
    return found


def _states(
    connection: Connection, viewed: Sequence[_Viewed], lobby_history: LobbyHistory
) -> list[tuple[list[ConversationState], dict[str, set[str]]]]:
    """For each user the states of these conversations, the lobby first; and by name the uids of the people in directs."""
    last = _last_messages(connection, viewed, lobby_history)
    uids = {actor.uid for actor, _ in viewed}
    threads, levels = followed(connection, uids), chosen_levels(connection, uids)
    logs = {row.id: row.kind for _, rows in viewed for row in rows}
    people = names_of_members(connection, [id_ for id_, kind in logs.items() if kind == "direct"])
    counts = {id_: len(found) for id_, found in people.items()}
    counts |= count_members(connection, [id_ for id_, kind in logs.items() if kind == "room"])
    found = []
    for (actor, rows), mine in zip(viewed, last, strict=True):
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
                last_message=mine.get(row.id),
                member_count=counts.get(row.id, 0),
                # The role in the lobby is the role on the server.
                role=actor.role if row.kind == "lobby" else row.role,
                draft=row.draft or "",
                threads=_above(threads.get(actor.uid, {}).get(row.id, ()), floor_of(actor, row, lobby_history)),
                notify=levels.get(actor.uid, {}).get(row.id, DEFAULTS[row.kind]),
                **_settings(row, actor.uid, people.get(row.id, {})),
            )
            for row in rows
        ]
        states.sort(key=lambda state: state.kind != "lobby")
        found.append((states, {row.name: set(people.get(row.id, ())) for row in rows}))
    return found


def _above(threads: tuple[Thread, ...], floor: int) -> tuple[Thread, ...]:
    """Those of these threads that the user may read."""
    return tuple(thread for thread in threads if thread.root > floor)


def _read(row: LogRow) -> int:
    # A user without a mark (a bare guest) sees only later messages, so nothing is unread.
    return int(row.last_ordinal if row.read_ordinal is None else row.read_ordinal)


def _settings(row: LogRow, uid: str, people: Mapping[str, str]) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in ConversationSettings.model_fields}
    found["archived"] = bool(row.archived)
    if row.kind == "direct":
        found["title"] = direct_title(people, uid)
    return found


def _last_messages(
    connection: Connection, viewed: Sequence[_Viewed], lobby_history: LobbyHistory
) -> list[dict[int, Message]]:
    """For each user the last message of each conversation, by log id, where it is above their floor."""
    floors = [{row.id: floor_of(actor, row, lobby_history) for row in rows} for actor, rows in viewed]
    # No last message for a user whose floor is the head: a bare guest, or a member who has just joined.
    wanted = [
        [row for row in rows if row.last_ordinal and above[row.id] < row.head]
        for (_, rows), above in zip(viewed, floors, strict=True)
    ]
    keys = {(row.id, row.last_ordinal): row.name for rows in wanted for row in rows}
    found = find_rows(connection, events, ("conversation_id", "ordinal"), _MESSAGE_COLUMNS, list(keys))
    by_key = {(row[-1], row[1]): row for row in found}
    chosen = shown_to(
        connection,
        [
            (actor.uid, (row.id, by_key[row.id, row.last_ordinal][0]))
            for (actor, _), rows in zip(viewed, wanted, strict=True)
            for row in rows
            if (row.id, row.last_ordinal) in by_key
        ],
    )
    roots = {(row[-1], row[0]) for row in found if is_root(row)}
    replies = summaries(connection, roots) if roots else {}
    plain = {key: message(keys[key], row, (), replies.get((key[0], row[0]))) for key, row in by_key.items()}
    messages: list[dict[int, Message]] = []
    for (actor, _), rows, above in zip(viewed, wanted, floors, strict=True):
        mine: dict[int, Message] = {}
        for row in rows:
            one = plain.get((row.id, row.last_ordinal))
            if one is None or one.seq <= above[row.id]:
                continue
            if reactions := chosen.get((actor.uid, (row.id, one.seq))):
                one = one.model_copy(update={"reactions": reactions})
            mine[row.id] = one
        messages.append(mine)
    return messages


def _users(connection: Connection, uids: Collection[str]) -> dict[str, User]:
    found = find_rows(connection, users, ("uid",), ("uid", "user_id", "kind"), [(uid,) for uid in sorted(uids)])
    return {uid: User(uid=uid, user_id=user_id, kind=kind) for uid, user_id, kind in found}
