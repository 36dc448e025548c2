"""Which number means which user or conversation, and what kind of chat a conversation is for Telegram."""

from __future__ import annotations

from typing import Protocol, TypeVar

from suhbat.chat.model import Actor, MemberPage
from suhbat.chat.ports import Clock
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import LOBBY

K = TypeVar("K")
V = TypeVar("V")

KEPT = 50_000
"""Numbers, and directs, that are kept in memory. They never change."""
TITLE_SECONDS = 30.0
"""How long a title is shown after it was read."""


def is_conversation(ref: str) -> bool:
    """Whether a number stands for a conversation, and not for a user. Users of an embedding application have uids that begin
    with another letter than those of accounts."""
    return ref == LOBBY or ref.startswith(("r", "d"))


class ChatStore(Protocol):
    """The parts of the store that this module uses."""

    async def number_of(self, ref: str) -> int: ...

    async def ref_of(self, number: int) -> str | None: ...

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage: ...

    async def state(self, actor: Actor, conversation: str) -> ConversationState: ...


class Chats:
    """Shared by all bots of this node. All methods raise Busy."""

    def __init__(self, store: ChatStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._numbers: dict[str, int] = {}
        self._refs: dict[int, str] = {}
        self._peers: dict[tuple[str, str], str] = {}
        self._directs: dict[tuple[str, str], str] = {}
        self._titles: dict[tuple[str, str], tuple[float, str]] = {}

    async def number(self, ref: str) -> int:
        """The number of a uid or of a conversation."""
        if ref not in self._numbers:
            number = await self._store.number_of(ref)
            _keep(self._numbers, ref, number)
            _keep(self._refs, number, ref)
        return self._numbers[ref]

    async def ref(self, number: int) -> str | None:
        """The uid or the conversation of a number; None if there is none."""
        if number not in self._refs:
            ref = await self._store.ref_of(number)
            if ref is None:
                return None
            _keep(self._refs, number, ref)
        return self._refs[number]

    async def peer(self, actor: Actor, conversation: str) -> str | None:
        """The uid of the only other person in a direct of the bot; None for every other conversation. Raises NotFound."""
        if not conversation.startswith("d"):
            return None
        key = (actor.uid, conversation)
        if key not in self._peers:
            page = await self._store.members(actor, conversation, limit=3)
            others = [one.user.uid for one in page.members if one.user.uid != actor.uid]
            peer = others[0] if len(others) == 1 else ""
            _keep(self._peers, key, peer)
            if peer:
                self.learn_direct(actor, peer, conversation)
        return self._peers[key] or None

    def direct(self, actor: Actor, peer: str) -> str | None:
        """The direct of the bot with this person, if it is known here."""
        return self._directs.get((actor.uid, peer))

    def learn_direct(self, actor: Actor, peer: str, conversation: str) -> None:
        _keep(self._directs, (actor.uid, peer), conversation)
        _keep(self._peers, (actor.uid, conversation), peer)

    async def title(self, actor: Actor, conversation: str) -> str:
        """The title of a room, of a direct of several people, or of the lobby. Raises NotFound."""
        key, now = (actor.uid, conversation), self._clock.steady()
        until, title = self._titles.get(key, (now, ""))
        if until <= now:
            title = (await self._store.state(actor, conversation)).title or (
                "Lobby" if conversation == LOBBY else conversation
            )
            _keep(self._titles, key, (now + TITLE_SECONDS, title))
        return title


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
