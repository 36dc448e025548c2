"""Where a user's conversations stand: heads, floors, the lowest cursors that can be replayed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, literal, or_, select

from suhbat.chat.model import Actor, Places
from suhbat.protocol.events import own_log
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.tables import conversations, directs, members

from .floor import LobbyHistory, floor_of
from .rows import AnyRow

_COLUMNS = (
    conversations.c.name,
    conversations.c.kind,
    conversations.c.head,
    conversations.c.oldest,
    conversations.c.history,
)
_OWN = select(*_COLUMNS, literal(0).label("since")).where(
    or_(conversations.c.name == bindparam("lobby"), conversations.c.name == bindparam("own"))
)
"""The lobby and the own log."""
_SHOWN = (
    select(*_COLUMNS, members.c.since)
    .select_from(members.join(conversations, conversations.c.id == members.c.conversation_id))
    .where(members.c.uid == bindparam("uid"), members.c.hidden.is_(False))
    .order_by(members.c.conversation_id)
)
"""The directs and rooms that the user sees."""


def places(connection: Connection, actor: Actor, lobby_history: LobbyHistory) -> Places:
    """See `chat.ports.Store.places`. In the lobby `oldest` is at least the floor, so that no older cursor is replayed."""
    rows = list(connection.execute(_OWN, {"lobby": LOBBY, "own": own_log(actor.uid)}))
    rows += connection.execute(_SHOWN, {"uid": actor.uid})
    return places_from(connection, actor, rows, lobby_history)


def places_from(connection: Connection, actor: Actor, rows: Sequence[AnyRow], lobby_history: LobbyHistory) -> Places:
    """The positions from rows of the user's logs, each with the columns selected here."""
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
    alone = _self_direct(connection, actor.uid)
    return Places(
        heads=heads,
        since=since,
        oldest=oldest,
        floors=floors,
        directs=frozenset(row.name for row in rows if row.kind == "direct"),
        alone=frozenset({alone} & heads.keys()) if alone else frozenset(),
    )


def _self_direct(connection: Connection, uid: str) -> str | None:
    """The name of the user's direct with themselves; None if they have none."""
    found: str | None = connection.execute(
        select(conversations.c.name)
        .join(directs, directs.c.conversation_id == conversations.c.id)
        .where(directs.c.pair == f"{uid}|{uid}")
    ).scalar()
    return found
