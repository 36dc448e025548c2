"""Who is here: once per user, however many connections they have. Pure; the hub does the telling."""

from __future__ import annotations

from collections.abc import Iterable

from suhbat.protocol.objects import Presence
from suhbat.protocol.types import Time

from .model import Actor

Change = tuple[Presence, tuple[str, ...]]
"""Somebody came or went; for who went, the logs that their last connection followed."""

CROWD = 50
"""Users here above which the picture of everybody may be as old as the last `changes`: a newcomer hears what it lacks with
the next ones, and a thousand who come at once do not make a thousand pictures of a thousand."""
REMEMBERED = 10_000
"""Users who left whose `last_seen` is kept."""


class Here:
    """The users connected to this process, and when others were last seen."""

    def __init__(self, announce_limit: int) -> None:
        self._limit = announce_limit
        self._connections: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self._last_seen: dict[str, int] = {}
        self._changed: dict[str, Change] = {}
        self._picture: dict[str, Presence] | None = None
        self.total = 0

    @property
    def users(self) -> int:
        return len(self._actors)

    @property
    def announcing(self) -> bool:
        """Whether joins and leaves are told one by one: not above `announce_limit` connections (0: never)."""
        return 0 < self.total <= self._limit

    def is_online(self, uid: str) -> bool:
        return uid in self._connections

    def enter(self, actor: Actor) -> bool:
        """A connection opened. True if it is the user's first."""
        self.total += 1
        count = self._connections.get(actor.uid, 0)
        self._connections[actor.uid] = count + 1
        if count:
            return False
        self._actors[actor.uid] = actor
        self._last_seen.pop(actor.uid, None)
        self._changed[actor.uid] = (Presence(user_id=actor.user_id, uid=actor.uid, state="online"), ())
        return True

    def leave(self, actor: Actor, at: Time, logs: Iterable[str] = ()) -> bool:
        """A connection, which followed `logs`, is gone. True if it was the user's last."""
        self.total -= 1
        count = self._connections[actor.uid] - 1
        if count:
            self._connections[actor.uid] = count
            return False
        del self._connections[actor.uid], self._actors[actor.uid]
        self._last_seen[actor.uid] = at
        if len(self._last_seen) > REMEMBERED:
            del self._last_seen[next(iter(self._last_seen))]
        gone = Presence(user_id=actor.user_id, uid=actor.uid, state="offline", last_seen=at)
        self._changed[actor.uid] = (gone, tuple(logs))
        return True

    def changes(self) -> tuple[Change, ...]:
        """Who came and went since this was last asked; each user once, as they are now."""
        changed, self._changed = self._changed, {}
        self._picture = None
        return tuple(changed.values())

    def whole(self, people: Iterable[Actor]) -> tuple[Presence, ...]:
        """Everybody who matters to somebody: up to the announce limit all who are here, and `people` in any case."""
        seen = dict(self._everybody()) if self.total <= max(self._limit, 1) else {}
        for person in people:
            if person.uid in self._connections:
                seen[person.uid] = Presence(user_id=person.user_id, uid=person.uid, state="online")
            else:
                last_seen = self._last_seen.get(person.uid)
                seen[person.uid] = Presence(
                    user_id=person.user_id, uid=person.uid, state="offline", last_seen=last_seen
                )
        return tuple(seen.values())

    def _everybody(self) -> dict[str, Presence]:
        if self._picture is None or len(self._actors) <= CROWD:
            self._picture = {
                actor.uid: Presence(user_id=actor.user_id, uid=actor.uid, state="online")
                for actor in self._actors.values()
            }
        return self._picture
