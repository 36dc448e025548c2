"""What is read from the store for somebody. Reads see every commit that was acknowledged; a text is read as it is now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from suhbat.chat.model import (
    Actor,
    Audited,
    HistoryPage,
    MemberPage,
    Places,
    ReactionPage,
    Reported,
    RoomLine,
    SearchPage,
    States,
)
from suhbat.chat.search import Query
from suhbat.protocol.objects import ConversationState, Invitation, Message


class ConversationReader(Protocol):
    """Conversations and messages, as one user may see them."""

    async def places(self, actor: Actor) -> Places:
        """Where everything stands that one user may see, in one short read transaction."""
        ...

    async def states(self, actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        """What one user may see, in pages: first the lobby, the invitations and `limit` of their conversations; with what
        `after` of that page says, the next ones."""
        ...

    async def states_of(self, actor: Actor, conversations: Collection[str]) -> States:
        """Those of these conversations that one user may see. Some hundreds at the most."""
        ...

    async def invitations(self, actor: Actor) -> tuple[Invitation, ...]:
        """The memberships that are offered to one user, the oldest first."""
        ...

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        """A conversation as the actor may see it: as a member, or a public room from outside (`role` None). Raises NotFound."""
        ...

    async def history(
        self,
        actor: Actor,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
        aside: bool = False,
    ) -> HistoryPage:
        """A page of messages that `actor` may see; NotFound for a conversation that may not be seen. `aside`: nobody waits for
        it by the second, and what somebody waits for goes first."""
        ...

    async def search(
        self, actor: Actor, query: Query, sender: str | None, *, limit: int = 50, below: int | None = None
    ) -> SearchPage:
        """Messages that the actor may read now, newest first. `sender`: the uid of who wrote; `below`: a page's cursor.

        Reads as `history` does `aside`, for a bounded time: a page then has what was found by then. Raises BadRequest where
        that is nothing."""
        ...

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage:
        """Who is in a direct or a room, by uid above `after`; nobody in the lobby. Raises NotFound, Forbidden."""
        ...

    async def rooms(self, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[ConversationState, ...]:
        """The public rooms there are, by id above `after`; nothing for a bare guest."""
        ...

    async def pins(self, actor: Actor, conversation: str) -> tuple[Message, ...]:
        """The pinned messages that the actor may read, the latest pin first. Raises NotFound, Forbidden."""
        ...

    async def reactions(
        self, actor: Actor, conversation: str, seq: int, emoji: str, *, after: int = 0, limit: int = 50
    ) -> ReactionPage:
        """Who put this emoji under a message; `after` is the cursor of the page before. Raises NotFound, Forbidden."""
        ...


class ModerationReader(Protocol):
    """What moderators and the owner of the machine look at."""

    async def reports(self, actor: Actor, *, after: int = 0, limit: int = 50) -> tuple[Reported, ...]:
        """Open reports from where the actor keeps order, oldest first."""
        ...

    async def audit(self, *, before: int | None = None, limit: int = 50) -> tuple[Audited, ...]:
        """What those who keep order did, newest first. Who may read it is the caller's question."""
        ...

    async def filtered(self) -> tuple[str, ...]:
        """The words that no message may have, in their one form."""
        ...

    async def bans(self) -> Mapping[str, int | None]:
        """Who is banned from the server, and until when (None: for good)."""
        ...

    async def senior(self, conversation: str) -> Actor | None:
        """The highest-ranking member of a room or a direct: its owner, else a moderator, else a member. None if it is empty."""
        ...

    async def every_room(self) -> tuple[RoomLine, ...]:
        """All rooms, by id, for the owner of the machine."""
        ...


class StoreReader(ConversationReader, ModerationReader, Protocol):
    """Both."""
