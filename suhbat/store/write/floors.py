"""The floors of users who act: those of `read.floor`, from the logs in the writer's transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from suhbat.chat.model import Actor
from suhbat.protocol.types import LOBBY, MAX_INTEGER
from suhbat.store.dialect import Question, find_rows
from suhbat.store.read.floor import LobbyHistory, lobby_floor
from suhbat.store.tables import members

from .logs import Log

_KEYS = ("conversation_id", "uid")
SINCE = Question(members, _KEYS, (*_KEYS, "since"))
"""The heads when members joined, by log id and uid."""


def writer_floor(connection: Connection, lobby_history: LobbyHistory, actor: Actor, log: Log) -> int:
    """The floor of this user in this log."""
    return writer_floors(connection, lobby_history, [(actor, log)])[log.id, actor.uid]


def writer_floors(
    connection: Connection, lobby_history: LobbyHistory, wanted: Collection[tuple[Actor, Log]]
) -> dict[tuple[int, str], int]:
    """The floors of several users, by (log id, uid), with at most one query."""
    floors: dict[tuple[int, str], int] = {}
    keys: set[tuple[int, str]] = set()
    for actor, log in wanted:
        key = (log.id, actor.uid)
        floors[key] = 0
        if log.name == LOBBY:
            above = lobby_floor(actor, lobby_history)
            # Nobody knows when a bare guest arrived, so there is nothing on which they may act.
            floors[key] = MAX_INTEGER if above is None else above
        elif log.settings.history == "joined":
            keys.add(key)
    if keys:
        floors |= {(id_, uid): since for id_, uid, since in find_rows(connection, *SINCE, sorted(keys))}
    return floors
