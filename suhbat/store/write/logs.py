"""A log as the writer sees it: its row, members and sanctions, and the facts that the policy needs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from suhbat.chat.bots import lower_role
from suhbat.chat.model import Actor, ConversationFacts, Milliseconds
from suhbat.chat.policy import Until, in_force
from suhbat.protocol.objects import ConversationSettings, Role
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import AnyRow, find_rows
from suhbat.store.tables import conversations, members, sanctions

_NO_SETTINGS = ConversationSettings()


@dataclass(slots=True, eq=False)
class Log:
    """A log in the writer's transaction. `people`: members and their roles; None for the lobby and own logs.

    `base`: the head in the tables. Events above it have a `seq` and are not written yet (see `appender`).
    """

    id: int
    name: str
    kind: str
    head: int
    ordinal: int
    base: int
    people: dict[str, Role] | None = None
    settings: ConversationSettings = _NO_SETTINGS
    bans: dict[str, Until] = field(default_factory=dict)
    mutes: dict[str, Until] = field(default_factory=dict)
    hidden: int = 0
    """For a direct: how many of its people do not see it (see `tables.members`)."""


SETTINGS = tuple(conversations.c[name] for name in ConversationSettings.model_fields)
LOG = select(
    conversations.c.id,
    conversations.c.name,
    conversations.c.kind,
    conversations.c.head,
    conversations.c.last_ordinal,
    conversations.c.oldest,
    conversations.c.hidden,
    *SETTINGS,
)


def log_of(row: AnyRow, people: dict[str, Role] | None = None) -> Log:
    """A log from a row of LOG."""
    log = Log(row.id, row.name, row.kind, row.head, row.last_ordinal, row.head, people)
    log.hidden = row.hidden
    if row.kind in ("room", "lobby"):
        log.settings = settings_of(row)
    return log


def settings_of(row: AnyRow) -> ConversationSettings:
    """The settings of a conversation from a row that has SETTINGS."""
    return ConversationSettings(**{column.name: getattr(row, column.name) for column in SETTINGS})


def new_log(name: str, kind: str, at: Milliseconds, title: str = "") -> dict[str, object]:
    """The row of a new, empty log."""
    return {
        "name": name, "kind": kind, "title": title, "head": 0, "last_ordinal": 0, "oldest": 0, "created_at": at,
    }  # fmt: skip


def new_direct_id() -> str:
    """80 random bits: unique, and not to be guessed."""
    return "d" + secrets.token_hex(10)


def new_room_id() -> str:
    """80 random bits. Knowing the id of a private room gives no access; still it should not be guessed."""
    return "r" + secrets.token_hex(10)


def read_people(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Role]]:
    """The members of these logs with their roles, by log id."""
    found: dict[int, dict[str, Role]] = {id_: {} for id_ in ids}
    columns = ("conversation_id", "uid", "role")
    for id_, uid, role in find_rows(connection, members, ("conversation_id",), columns, [(id_,) for id_ in ids]):
        found[id_][uid] = role
    return found


def read_sanctions(connection: Connection, logs: Sequence[Log]) -> None:
    """Fill in the bans and mutes of these logs. A sanction in the lobby holds for the whole server."""
    ids = [(log.id,) for log in logs if log.kind in ("room", "lobby")]
    columns = ("conversation_id", "uid", "kind", "until")
    apply_sanctions(logs, find_rows(connection, sanctions, ("conversation_id",), columns, ids))


def apply_sanctions(logs: Iterable[Log], rows: Iterable[Sequence[Any]]) -> None:
    """Fill in the bans and mutes of these logs from rows: log id, uid, kind, until."""
    by_id = {log.id: log for log in logs}
    for id_, uid, kind, until in rows:
        (by_id[id_].bans if kind == "ban" else by_id[id_].mutes)[uid] = until


_LOBBY_FACTS = ConversationFacts(LOBBY, "lobby", "member")


def hides_past(log: Log) -> bool:
    """Whether messages of this log may be hidden from readers who came later."""
    return log.kind == "lobby" or log.settings.history == "joined"


def facts_of(log: Log, actor: Actor, at: Milliseconds) -> ConversationFacts | None:
    """The facts about a conversation and this user there, for the policy; None for an own log. A bot is what both it and its
    owner are: a member if both are, muted or banned if one of them is, and of the lower of their roles. A webhook may write
    where its maker may."""
    uid, owner = actor.uid, actor.owner
    if actor.kind == "hook" and owner is not None:
        uid, owner = owner, None
    if log.kind == "lobby":
        if not log.mutes and not log.bans and log.settings.files == "everyone":
            return _LOBBY_FACTS
        return ConversationFacts(
            LOBBY,
            "lobby",
            "member",
            banned=_is_held(log.bans, uid, owner, at),
            muted=_is_held(log.mutes, uid, owner, at),
            files=log.settings.files,
        )
    if log.kind == "own" or log.people is None:
        return None
    role = log.people.get(uid)
    if owner is not None and log.kind == "room" and role is not None:
        role = lower_role(role, log.people.get(owner))
    return ConversationFacts(
        log.name,
        "room" if log.kind == "room" else "direct",
        role,
        log.settings.visibility,
        log.settings.archived,
        banned=_is_held(log.bans, uid, owner, at),
        muted=_is_held(log.mutes, uid, owner, at),
        files=log.settings.files,
        has_owner=owner is None or owner in log.people,
    )


def _is_held(held: Mapping[str, Until], uid: str, owner: str | None, at: Milliseconds) -> bool:
    return in_force(held, uid, at) or (owner is not None and in_force(held, owner, at))
