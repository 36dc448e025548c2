"""Who is here: once per user, however many connections they have and on whichever nodes. Pure; the hub does the telling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Protocol

from suhbat.protocol.objects import Presence
from suhbat.protocol.types import Time

from .model import Actor

Change = tuple[Presence, tuple[str, ...]]
"""Somebody came or went; for who went, the logs that their last connection followed."""
News = tuple[list[Actor], list[Actor]]
"""Those who came to this node, and those who went from it."""

CROWD = 50
"""Users here above which the picture of everybody may be as old as the last `changes`: a newcomer hears what it lacks with
the next ones, and a thousand who come at once do not make a thousand pictures of a thousand."""
REMEMBERED = 10_000
"""Users who left whose `last_seen` is kept."""


class PresenceListener(Protocol):
    """Tells the other nodes who is connected to this one."""

    def moved(self) -> None:
        """A user came to this process, or went from it: see `Here.news`."""
        ...


class Here:
    """The users connected to this process, those connected to other nodes, and when others were last seen."""

    def __init__(self, announce_limit: int, listener: PresenceListener) -> None:
        self._limit = announce_limit
        self._listener = listener
        self._connections: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self._far: dict[str, dict[str, Actor]] = {}
        self._nodes: Counter[str] = Counter()  # of those who are far: on how many other nodes
        self._last_seen: dict[str, int] = {}
        self._changed: dict[str, Change] = {}
        self._news: dict[str, tuple[Actor, bool]] = {}
        self._picture: dict[str, Presence] | None = None
        self.total = 0
        """Connections to this process."""

    @property
    def users(self) -> int:
        return len(self._actors)

    @property
    def announcing(self) -> bool:
        """Whether joins and leaves are told one by one: not above `announce_limit` connections (0: never)."""
        return self.total > 0 and self._all <= self._limit

    @property
    def people(self) -> Collection[Actor]:
        """The users connected to this process."""
        return self._actors.values()

    @property
    def nodes(self) -> set[str]:
        """The other nodes that have said who is with them."""
        return set(self._far)

    def is_online(self, uid: str) -> bool:
        return uid in self._connections or uid in self._nodes

    def enter(self, actor: Actor) -> bool:
        """A connection opened. True if it is the user's first anywhere."""
        self.total += 1
        count = self._connections.get(actor.uid, 0)
        self._connections[actor.uid] = count + 1
        if count:
            return False
        self._actors[actor.uid] = actor
        self._news[actor.uid] = actor, True
        self._listener.moved()
        if actor.uid in self._nodes:
            return False
        self._came(actor)
        return True

    def leave(self, actor: Actor, at: Time, logs: Iterable[str] = ()) -> bool:
        """A connection, which followed `logs`, is gone. True if it was the user's last anywhere."""
        self.total -= 1
        count = self._connections[actor.uid] - 1
        if count:
            self._connections[actor.uid] = count
            return False
        del self._connections[actor.uid], self._actors[actor.uid]
        self._news[actor.uid] = actor, False
        self._listener.moved()
        if actor.uid in self._nodes:
            return False
        self._went(actor, at, tuple(logs))
        return True

    def meet(
        self, node: str, entered: Iterable[Actor], left: Iterable[str], at: Time, *, whole: bool = False
    ) -> list[tuple[Actor, bool]]:
        """What another node says of those who are connected to it; `whole`: these are all. Gives those who so came
        (True) or went."""
        far = self._far.setdefault(node, {})
        came = {actor.uid: actor for actor in entered}
        gone = [actor for uid, actor in far.items() if uid not in came] if whole else [
            far[uid] for uid in left if uid in far
        ]  # fmt: skip
        moved: list[tuple[Actor, bool]] = []
        for actor in came.values():
            if actor.uid not in far:
                self._nodes[actor.uid] += 1
                if self._nodes[actor.uid] == 1 and actor.uid not in self._connections:
                    self._came(actor)
                    moved.append((actor, True))
            far[actor.uid] = actor
        for actor in gone:
            del far[actor.uid]
            self._nodes[actor.uid] -= 1
            if self._nodes[actor.uid] == 0:
                del self._nodes[actor.uid]
                if actor.uid not in self._connections:
                    self._went(actor, at, ())
                    moved.append((actor, False))
        return moved

    def lose(self, node: str, at: Time) -> list[tuple[Actor, bool]]:
        """Another node is gone, and all who were connected to it."""
        moved = self.meet(node, (), (), at, whole=True)
        del self._far[node]
        return moved

    def news(self) -> News:
        """Who came to this process and went from it since this was last asked; each once, as they are now."""
        news, self._news = self._news, {}
        return [one for one, here in news.values() if here], [one for one, here in news.values() if not here]

    def changes(self) -> tuple[Change, ...]:
        """Who came and went anywhere since this was last asked; each user once, as they are now."""
        changed, self._changed = self._changed, {}
        self._picture = None
        return tuple(changed.values())

    def whole(self, people: Iterable[Actor]) -> tuple[Presence, ...]:
        """Everybody who matters to somebody: up to the announce limit all who are here, and `people` in any case."""
        seen = dict(self._everybody()) if self._all <= max(self._limit, 1) else {}
        for person in people:
            if self.is_online(person.uid):
                seen[person.uid] = Presence(user_id=person.user_id, uid=person.uid, state="online")
            else:
                last_seen = self._last_seen.get(person.uid)
                seen[person.uid] = Presence(
                    user_id=person.user_id, uid=person.uid, state="offline", last_seen=last_seen
                )
        return tuple(seen.values())

    @property
    def _all(self) -> int:
        return self.total + len(self._nodes)

    def _came(self, actor: Actor) -> None:
        self._last_seen.pop(actor.uid, None)
        self._changed[actor.uid] = (Presence(user_id=actor.user_id, uid=actor.uid, state="online"), ())

    def _went(self, actor: Actor, at: Time, logs: tuple[str, ...]) -> None:
        self._last_seen[actor.uid] = at
        if len(self._last_seen) > REMEMBERED:
            del self._last_seen[next(iter(self._last_seen))]
        gone = Presence(user_id=actor.user_id, uid=actor.uid, state="offline", last_seen=at)
        self._changed[actor.uid] = (gone, logs)

    def _everybody(self) -> dict[str, Presence]:
        if self._picture is None or len(self._actors) + len(self._nodes) <= CROWD:
            everybody = [*self._actors.values(), *(actor for far in self._far.values() for actor in far.values())]
            self._picture = {
                actor.uid: Presence(user_id=actor.user_id, uid=actor.uid, state="online") for actor in everybody
            }
        return self._picture
