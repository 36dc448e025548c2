"""The part of the store from which users read: see chat.ports.ConversationReader and ModerationReader. The work itself is in
`read`; this class runs it in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import (
    Actor,
    Audited,
    HistoryPage,
    MemberPage,
    Milliseconds,
    Places,
    ReactionPage,
    Reported,
    RoomLine,
    SearchPage,
    States,
    ThreadPage,
)
from suhbat.chat.ports import Clock
from suhbat.chat.search import Query
from suhbat.protocol.inbox import Mentions, SavedMessages
from suhbat.protocol.objects import ConversationState, Invitation, Message

from .read import history, inbox, invitations, moderation, positions, rooms, search, states, threads
from .read.few_logs import FEW
from .read.floor import LobbyHistory
from .read.joint import Joint
from .write import word_filter

K = TypeVar("K")
T = TypeVar("T")


class ReadingOverSQL:
    """Reads through `_read`, and what many users ask for when they connect through `_read_joint`."""

    _clock: Clock

    def __init__(self, lobby_history: LobbyHistory) -> None:
        self._lobby_history = lobby_history
        self._places = Joint[Actor, Places | None](lambda c, actors: positions.places_of_many(c, actors, lobby_history))
        self._states = Joint[Actor, States | None](lambda c, actors: states.states_of_many(c, actors, lobby_history))

    @abstractmethod
    async def _read(self, run: Callable[[Connection], T], *, aside: bool = False) -> T: ...

    @abstractmethod
    async def _read_joint(self, kind: Joint[K, T], key: K) -> T: ...

    @abstractmethod
    async def _index_reached(self) -> None: ...

    async def places(self, actor: Actor) -> Places:
        found = await self._read_joint(self._places, actor)
        if found is None:
            return await self._read(lambda c: positions.places(c, actor, self._lobby_history))
        return found

    async def states(self, actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        found = await self._read_joint(self._states, actor) if after is None and limit > FEW else None
        if found is None:
            return await self._read(lambda c: states.states(c, actor, self._lobby_history, after, limit))
        return found

    async def states_of(self, actor: Actor, conversations: Collection[str]) -> States:
        wanted = tuple(conversations)
        return await self._read(lambda c: states.states_of(c, actor, self._lobby_history, wanted))

    async def invitations(self, actor: Actor) -> tuple[Invitation, ...]:
        return await self._read(lambda c: invitations.open_for(c, actor))

    async def history(
        self,
        actor: Actor,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        around_ordinal: int | None = None,
        around_time: Milliseconds | None = None,
        thread: int | None = None,
        replies: bool = False,
        limit: int = 50,
        aside: bool = False,
    ) -> HistoryPage:
        return await self._read(
            lambda c: history.page(
                c, actor, conversation, before=before, after=after, around=around, around_ordinal=around_ordinal,
                around_time=around_time, thread=thread, replies=replies, limit=limit,
                lobby_history=self._lobby_history,
            ),
            aside=aside,
        )  # fmt: skip

    async def threads(
        self, actor: Actor, *, unread: bool = False, cursor: str | None = None, limit: int = 50
    ) -> ThreadPage:
        return await self._read(
            lambda c: threads.page(c, actor, self._lobby_history, unread=unread, cursor=cursor, limit=limit)
        )

    async def mentions(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Mentions:
        return await self._read(
            lambda c: inbox.mentions_page(c, actor, self._lobby_history, cursor=cursor, limit=limit)
        )

    async def saved(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> SavedMessages:
        return await self._read(lambda c: inbox.saved_page(c, actor, self._lobby_history, cursor=cursor, limit=limit))

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        return await self._read(lambda c: rooms.state(c, actor, conversation, self._lobby_history))

    async def search(
        self, actor: Actor, query: Query, sender: str | None, *, limit: int = 50, below: int | None = None
    ) -> SearchPage:
        await self._index_reached()
        return await self._read(
            lambda c: search.find(c, actor, query, sender, limit=limit, below=below, lobby_history=self._lobby_history),
            aside=True,
        )

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage:
        return await self._read(lambda c: rooms.members_page(c, actor, conversation, self._clock.wall(), after, limit))

    async def rooms(self, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[ConversationState, ...]:
        return await self._read(lambda c: rooms.public_rooms(c, actor, after, limit))

    async def senior(self, conversation: str) -> Actor | None:
        return await self._read(lambda c: rooms.senior(c, conversation))

    async def every_room(self) -> tuple[RoomLine, ...]:
        return await self._read(rooms.every)

    async def pins(self, actor: Actor, conversation: str) -> tuple[Message, ...]:
        return await self._read(lambda c: rooms.pinned(c, actor, conversation, self._lobby_history))

    async def reactions(
        self, actor: Actor, conversation: str, seq: int, emoji: str, *, after: int = 0, limit: int = 50
    ) -> ReactionPage:
        return await self._read(
            lambda c: rooms.reactions_page(c, actor, conversation, self._lobby_history, seq, emoji, after, limit)
        )

    async def reports(self, actor: Actor, *, after: int = 0, limit: int = 50) -> tuple[Reported, ...]:
        return await self._read(lambda c: moderation.reports_page(c, actor, after, limit, self._lobby_history))

    async def audit(self, *, before: int | None = None, limit: int = 50) -> tuple[Audited, ...]:
        return await self._read(lambda c: moderation.audit_page(c, before, limit))

    async def filtered(self) -> tuple[str, ...]:
        return await self._read(word_filter.words)

    async def bans(self) -> Mapping[str, int | None]:
        return await self._read(moderation.server_bans)
