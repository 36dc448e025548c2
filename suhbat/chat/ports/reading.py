"""Reads for a user. They see every acknowledged commit. Texts are as they are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

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
from suhbat.chat.search import Query
from suhbat.protocol.inbox import Mentions, SavedMessages
from suhbat.protocol.objects import ConversationState, Invitation, Message


class ConversationReader(Protocol):
    """Conversations and messages, as a user may see them."""

    async def places(self, actor: Actor) -> Places:
        """The positions of all logs that a user may read, from one short transaction."""
        ...

    async def states(self, actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        """A page of the conversations that a user may see. The first page also has the lobby and the invitations. `after`: from
        the previous page."""
        ...

    async def states_of(self, actor: Actor, conversations: Collection[str]) -> States:
        """Those of these conversations that a user may see. At most some hundreds."""
        ...

    async def invitations(self, actor: Actor) -> tuple[Invitation, ...]:
        """The invitations of a user, the oldest first."""
        ...

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        """A conversation as the actor may see it. `role` is None if they are no member of a public room. Raises NotFound."""
        ...

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
        """A page of messages that the actor may read. `around_time`: the first message at this time or later, or else the last
        one, is the middle of the page. Replies in threads are left out; `thread`: only those in the thread of
        this message; `replies`: they are in the page, too, which has the messages `after` a `seq`. `aside`: with low
        priority, after reads for which a user waits. Raises NotFound, Forbidden, BadRequest."""
        ...

    async def threads(
        self, actor: Actor, *, unread: bool = False, cursor: str | None = None, limit: int = 50
    ) -> ThreadPage:
        """The threads that the actor follows, those with the latest replies first; with `unread`, those with unread replies.
        Raises BadRequest for a `cursor` that is none."""
        ...

    async def mentions(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Mentions:
        """The messages that mention the actor or quote a message of theirs and that they may read now, newest first. Raises
        BadRequest for a `cursor` that is none."""
        ...

    async def saved(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> SavedMessages:
        """The messages that the actor saved and that they may read now, the last saved one first. Raises BadRequest for a
        `cursor` that is none."""
        ...

    async def search(
        self, actor: Actor, query: Query, sender: str | None, *, limit: int = 50, below: int | None = None
    ) -> SearchPage:
        """Messages that the actor may read now, newest first. `sender`: a uid; `below`: the cursor of the previous page.

        Has the low priority of `aside`, and a time limit: the page has the messages found until then. Raises BadRequest if
        there are none."""
        ...

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage:
        """The members of a direct or a room with uids above `after`; none in the lobby. Raises NotFound, Forbidden."""
        ...

    async def rooms(self, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[ConversationState, ...]:
        """The public rooms with ids above `after`; none for a bare guest."""
        ...

    async def pins(self, actor: Actor, conversation: str) -> tuple[Message, ...]:
        """The pinned messages that the actor may read, the latest pin first. Raises NotFound, Forbidden."""
        ...

    async def reactions(
        self, actor: Actor, conversation: str, seq: int, emoji: str, *, after: int = 0, limit: int = 50
    ) -> ReactionPage:
        """The users who reacted with this emoji. `after`: the cursor of the previous page. Raises NotFound, Forbidden."""
        ...


class ModerationReader(Protocol):
    """Moderation data, and data for the owner of the machine."""

    async def reports(self, actor: Actor, *, after: int = 0, limit: int = 50) -> tuple[Reported, ...]:
        """Open reports from conversations that the actor moderates, oldest first."""
        ...

    async def audit(self, *, before: int | None = None, limit: int = 50) -> tuple[Audited, ...]:
        """Entries of the audit log, newest first. The caller checks the permission."""
        ...

    async def filtered(self) -> tuple[str, ...]:
        """The words of the word filter, normalised."""
        ...

    async def bans(self) -> Mapping[str, int | None]:
        """The bans from the server: until when (None: for ever), by uid."""
        ...

    async def senior(self, conversation: str) -> Actor | None:
        """The highest-ranking member of a room or a direct: its owner, else a moderator, else a member. None if it is empty."""
        ...

    async def every_room(self) -> tuple[RoomLine, ...]:
        """All rooms, by id, for the owner of the machine."""
        ...


class StoreReader(ConversationReader, ModerationReader, Protocol):
    """All reads for users, moderators and the owner of the machine."""
