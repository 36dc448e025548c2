"""Where a user's conversations stand: heads, floors, the lowest cursors that can be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, literal, or_, select

from suhbat.chat.model import Actor, Places
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.dialect import find_rows, select_for
from suhbat.store.tables import IS_SHOWN, conversations, directs, members

from .few_logs import WANTED, own_logs
from .floor import LobbyHistory, floor_of

_COLUMNS = (
    conversations.c.id,
    conversations.c.name,
    conversations.c.kind,
    conversations.c.head,
    conversations.c.oldest,
    conversations.c.history,
)

LogRow = Any
"""A row about a log, of SQLAlchemy or a named tuple. Its columns are those that the module selects."""


class _Log(NamedTuple):
    id: int
    name: str
    kind: str
    head: int
    oldest: int
    history: str
    since: int


_OWN = select(*_COLUMNS, literal(0).label("since")).where(
    or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own"))
)
"""The lobby and the own log."""
_SHOWN = (
    select(*_COLUMNS, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id))
    .where(members.c.uid == bindparam("uid"), IS_SHOWN)
    .order_by(members.c.conversation_id)
)
"""The directs and rooms that the user sees."""
_SHOWN_TO_MANY = select(*_COLUMNS, members.c.since, WANTED.c.uid).select_from(
    WANTED.outerjoin(members, (members.c.uid == WANTED.c.uid) & IS_SHOWN).outerjoin(
        conversations, conversations.c.id == members.c.conversation_id
    )
)
"""The same for many users."""


def places(connection: Connection, actor: Actor, lobby_history: LobbyHistory) -> Places:
    """See `chat.ports.Store.places`. In the lobby `oldest` is at least the floor, so that no older cursor is replayed."""
    rows = list(connection.execute(_OWN, {"lobby": LOBBY, "own": own_log(actor.uid)}))
    rows += connection.execute(_SHOWN, {"uid": actor.uid})
    return places_from(actor, rows, lobby_history, self_directs(connection, {actor.uid: rows}).get(actor.uid))


def places_of_many(connection: Connection, actors: Sequence[Actor], lobby_history: LobbyHistory) -> list[Places | None]:
    """The same for many users; None for those with many conversations."""
    own = own_logs(connection, [actor.uid for actor in actors])
    lobby = [_Log._make((*row, 0)) for row in find_rows(connection, conversations, ("name",), _NAMES, [(LOBBY,)])]
    logs = {uid: [*lobby, _Log(0, own_log(uid), "own", one.head, one.oldest, "", 0)] for uid, one in own.items()}
    some = [(uid,) for uid, one in own.items() if one.conversations]
    for row in sorted(row for row in select_for(connection, _SHOWN_TO_MANY, WANTED, some) if row[0]):
        logs[row[-1]].append(_Log._make(row[:-1]))
    alone = self_directs(connection, {uid: logs[uid] for (uid,) in some})
    return [
        places_from(actor, logs[actor.uid], lobby_history, alone.get(actor.uid)) if actor.uid in logs else None
        for actor in actors
    ]


_NAMES = tuple(column.name for column in _COLUMNS)


def places_from(actor: Actor, rows: Sequence[LogRow], lobby_history: LobbyHistory, alone: str | None) -> Places:
    """The positions from rows of the user's logs, each with the columns selected here. `alone`: see `self_directs`."""
    heads: dict[str, int] = {ME: 0}
    oldest: dict[str, int] = {ME: 0}
    floors = {row.name: row.since for row in rows if row.since}
    since = dict(floors)
    for row in sorted(rows, key=lambda row: row.kind != "lobby"):
        key = ME if row.kind == "own" else row.name
        heads[key], oldest[key] = row.head, row.oldest
        if row.kind == "lobby":
            floors[key] = floor_of(actor, row, lobby_history)
            oldest[key] = max(row.oldest, floors[key])
    return Places(
        heads=heads,
        since=since,
        oldest=oldest,
        floors=floors,
        directs=frozenset(row.name for row in rows if row.kind == "direct"),
        alone=frozenset({alone}) if alone else frozenset(),
    )


def self_directs(connection: Connection, rows: Mapping[str, Iterable[LogRow]]) -> dict[str, str]:
    """By uid, the direct of a user with themselves, where it is among these rows of theirs."""
    names = {uid: {row.id: row.name for row in mine if row.kind == "direct"} for uid, mine in rows.items()}
    pairs = {f"{uid}|{uid}": uid for uid, mine in names.items() if mine}
    found = find_rows(connection, directs, ("pair",), ("pair", "conversation_id"), [(pair,) for pair in pairs])
    return {pairs[pair]: names[pairs[pair]][id_] for pair, id_ in found if id_ in names[pairs[pair]]}
