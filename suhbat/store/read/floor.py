"""From where on somebody may read a conversation. Everything that shows, names or changes a message asks here.

The floor is a `seq`: what lies at it or below answers like what does not exist. That holds for pages, search, events, replies,
reports, reactions, pins and whatever comes.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, case, literal

from suhbat.chat.model import Actor
from suhbat.protocol.types import LOBBY
from suhbat.store.tables import conversations, members

LobbyHistory = Literal["since_joined", "all"]
"""What token guests and accounts see of the lobby: since their identity exists, or everything."""


class Place(Protocol):
    """A conversation as somebody sees it. `since`: its head when they came; None for who is no member."""

    @property
    def kind(self) -> str: ...
    @property
    def head(self) -> int: ...
    @property
    def history(self) -> str: ...
    @property
    def since(self) -> int | None: ...


def floor_of(actor: Actor, place: Place | Any, lobby_history: LobbyHistory) -> int:
    """The floor of somebody who may read there. The policy is asked elsewhere."""
    if place.kind == "lobby":
        above = lobby_floor(actor, lobby_history)
        return int(place.head) if above is None else above
    return int(place.since or 0) if place.history == "joined" else 0


def lobby_floor(actor: Actor, lobby_history: LobbyHistory) -> int | None:
    """The same for the lobby; None: nothing of it (a bare guest)."""
    if actor.lobby_from is None:
        return None
    return 0 if lobby_history == "all" else actor.lobby_from


def member_floor() -> ColumnElement[int]:
    """The same for members, in a query of `conversations` and `members`."""
    return case((conversations.c.history == "joined", members.c.since), else_=literal(0))


def any_floor(actor: Actor, lobby_history: LobbyHistory) -> ColumnElement[int]:
    """The same, in a query that may also be about the lobby."""
    above = lobby_floor(actor, lobby_history)
    lobby = conversations.c.head if above is None else literal(above)
    return case((conversations.c.name == LOBBY, lobby), else_=member_floor())
