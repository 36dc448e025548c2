"""Which conversations a user may read, and above which `seq`. Everything that shows, names or changes a message asks here.

The floor is a `seq`. Messages and events at the floor or below it are answered like ones that do not exist. This holds for
pages, search, events, replies, reports, reactions and pins.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, case, literal, select

from suhbat.chat.model import Actor, ConversationFacts
from suhbat.chat.policy import Action, decide
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import AnyRow
from suhbat.store.tables import conversations, members

LobbyHistory = Literal["since_joined", "all"]
"""How much of the lobby token guests and accounts see: from the time of their registration on, or everything."""


def visible(connection: Connection, actor: Actor, conversation: str, action: Action) -> AnyRow:
    """The row of a conversation in which the actor may do this, with their `role` and `since` (None for a user who is no
    member).

    Raises the refusal; for own logs, which are no conversations, NotFound.
    """
    mine = and_(members.c.conversation_id == conversations.c.id, members.c.uid == actor.uid)
    row = connection.execute(
        select(conversations, members.c.role, members.c.since)
        .select_from(conversations.outerjoin(members, mine))
        .where(conversations.c.name == conversation, conversations.c.kind.in_(("lobby", "direct", "room")))
    ).one_or_none()
    facts = None if row is None else ConversationFacts(row.name, row.kind, row.role, row.visibility, row.archived)
    refusal = decide(actor, action, facts)
    if refusal is not None:
        raise refusal
    assert row is not None  # the policy refuses what does not exist
    return row


def floor_of(actor: Actor, row: Any, lobby_history: LobbyHistory) -> int:
    """The actor's floor in a conversation. The row has its `kind`, `head` and `history`, and the actor's `since`. Whether they
    may read it at all is not asked."""
    if row.kind == "lobby":
        above = lobby_floor(actor, lobby_history)
        return int(row.head) if above is None else above
    return int(row.since or 0) if row.history == "joined" else 0


def lobby_floor(actor: Actor, lobby_history: LobbyHistory) -> int | None:
    """The actor's floor in the lobby; None for a bare guest, who may read none of its past."""
    if actor.lobby_from is None:
        return None
    return 0 if lobby_history == "all" else actor.lobby_from


def member_floor() -> ColumnElement[int]:
    """The floor of a member, for a query that joins `conversations` and `members`."""
    return case((conversations.c.history == "joined", members.c.since), else_=literal(0))


def any_floor(actor: Actor, lobby_history: LobbyHistory) -> ColumnElement[int]:
    """The floor of the actor in any conversation, for the same query."""
    above = lobby_floor(actor, lobby_history)
    lobby = conversations.c.head if above is None else literal(above)
    return case((conversations.c.name == LOBBY, lobby), else_=member_floor())
