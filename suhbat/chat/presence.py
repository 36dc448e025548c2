"""Presence: which users are online, counted once per user over all their connections and all nodes. Pure; the hub sends the
notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from suhbat.protocol.objects import Presence
from suhbat.protocol.types import Time

from .model import Actor

PresenceChange = tuple[Presence, tuple[str, ...]]
"""A user's new presence. For a user who went offline also the logs that their last connection followed."""

CROWD = 50
"""Users online above which `everybody` may be as old as the last `take_changes`. A new connection gets what is missing with the
next changes, so that a thousand new connections do not build a thousand snapshots of a thousand users."""
NOBODY: Mapping[str, Presence] = MappingProxyType({})
REMEMBERED = 10_000
"""Offline users whose `last_seen` is kept."""


class PresenceListener(Protocol):
    """Tells the other nodes which users are connected to this one."""

    def presence_changed(self) -> None:
        """A user connected to this process, or disconnected from it: see `PresenceTracker.take_local_changes`."""
        ...


class PresenceTracker:
    """The users connected to this process and to other nodes, and when other users were last seen."""

    def __init__(self, announce_limit: int, listener: PresenceListener) -> None:
        self._limit = announce_limit
        self._listener = listener
        self._connections: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self._remote: dict[str, dict[str, Actor]] = {}
        self._remote_nodes: Counter[str] = Counter()  # by uid: the number of other nodes that the user is connected to
        self._last_seen: dict[str, int] = {}
        self._changes: dict[str, PresenceChange] = {}
        self._local_changes: dict[str, tuple[Actor, bool]] = {}
        self._snapshot: dict[str, Presence] = {}
        self._outdated = True  # nobody may get `_snapshot`
        self._changed = False  # somebody went online or offline since `_snapshot` was made
        self.total = 0
        """Connections to this process."""

    @property
    def users(self) -> int:
        """The number of users connected to this process."""
        return len(self._actors)

    @property
    def announcing(self) -> bool:
        """Whether arrivals and departures are announced one by one: up to `announce_limit` connections (0: never)."""
        return self.total > 0 and self._all <= self._limit

    @property
    def local_users(self) -> Collection[Actor]:
        """The users connected to this process."""
        return self._actors.values()

    @property
    def nodes(self) -> set[str]:
        """The other nodes whose users are known."""
        return set(self._remote)

    def is_online(self, uid: str) -> bool:
        return uid in self._connections or uid in self._remote_nodes

    def enter(self, actor: Actor) -> bool:
        """Count a new connection. True if it is the user's first on any node."""
        self.total += 1
        count = self._connections.get(actor.uid, 0)
        self._connections[actor.uid] = count + 1
        if count:
            return False
        self._actors[actor.uid] = actor
        self._local_changes[actor.uid] = actor, True
        self._listener.presence_changed()
        if actor.uid in self._remote_nodes:
            return False
        self._went_online(actor)
        return True

    def leave(self, actor: Actor, at: Time, logs: Iterable[str] = ()) -> bool:
        """Remove a closed connection, which followed `logs`. True if it was the user's last on any node."""
        self.total -= 1
        count = self._connections[actor.uid] - 1
        if count:
            self._connections[actor.uid] = count
            return False
        del self._connections[actor.uid], self._actors[actor.uid]
        self._local_changes[actor.uid] = actor, False
        self._listener.presence_changed()
        if actor.uid in self._remote_nodes:
            return False
        self._went_offline(actor, at, tuple(logs))
        return True

    def update_node(
        self, node: str, entered: Iterable[Actor], left: Iterable[str], at: Time, *, whole: bool = False
    ) -> list[tuple[Actor, bool]]:
        """Apply what another node reports about its users; `whole`: `entered` is all of them. Returns the users who went online
        (True) or offline by that."""
        remote = self._remote.setdefault(node, {})
        present = {actor.uid: actor for actor in entered}
        if whole:
            gone = [actor for uid, actor in remote.items() if uid not in present]
        else:
            gone = [remote[uid] for uid in left if uid in remote]
        changed: list[tuple[Actor, bool]] = []
        for actor in present.values():
            if actor.uid not in remote:
                self._remote_nodes[actor.uid] += 1
                if self._remote_nodes[actor.uid] == 1 and actor.uid not in self._connections:
                    self._went_online(actor)
                    changed.append((actor, True))
            self._changed = self._changed or remote.get(actor.uid) != actor
            remote[actor.uid] = actor
        for actor in gone:
            del remote[actor.uid]
            self._remote_nodes[actor.uid] -= 1
            if self._remote_nodes[actor.uid] == 0:
                del self._remote_nodes[actor.uid]
                if actor.uid not in self._connections:
                    self._went_offline(actor, at, ())
                    changed.append((actor, False))
        return changed

    def remove_node(self, node: str, at: Time) -> list[tuple[Actor, bool]]:
        """Remove another node and its users. Returns the users who went offline by that (False)."""
        changed = self.update_node(node, (), (), at, whole=True)
        del self._remote[node]
        return changed

    def take_local_changes(self) -> tuple[list[Actor], list[Actor]]:
        """The users who connected to this process, and those who disconnected from it, since the last call: each user once,
        with the latest state."""
        changes, self._local_changes = self._local_changes, {}
        return [user for user, here in changes.values() if here], [user for user, here in changes.values() if not here]

    def take_changes(self) -> tuple[PresenceChange, ...]:
        """The users whose presence changed on any node since the last call: each user once, with the latest state."""
        changes, self._changes = self._changes, {}
        self._outdated = self._outdated or self._changed
        return tuple(changes.values())

    def snapshot(self, people: Iterable[Actor]) -> tuple[Presence, ...]:
        """The presence of `people` and of `everybody`."""
        return tuple((dict(self.everybody()) | {person.uid: self.of(person) for person in people}).values())

    def of(self, person: Actor) -> Presence:
        """The presence of a user."""
        if self.is_online(person.uid):
            return _online(person)
        return _offline(person, self._last_seen.get(person.uid))

    def everybody(self) -> Mapping[str, Presence]:
        """All users who are online, by uid, up to the announce limit; above it nobody. See CROWD for its age. While nobody
        comes or goes it is the same object."""
        if self._all > max(self._limit, 1):
            return NOBODY
        if self._outdated or (self._changed and len(self._actors) + len(self._remote_nodes) <= CROWD):
            users = [*self._actors.values(), *(actor for remote in self._remote.values() for actor in remote.values())]
            self._snapshot = {user.uid: _online(user) for user in users}
            self._outdated = self._changed = False
        return self._snapshot

    @property
    def _all(self) -> int:
        return self.total + len(self._remote_nodes)

    def _went_online(self, actor: Actor) -> None:
        self._changed = True
        self._last_seen.pop(actor.uid, None)
        self._changes[actor.uid] = _online(actor), ()

    def _went_offline(self, actor: Actor, at: Time, logs: tuple[str, ...]) -> None:
        self._changed = True
        self._last_seen[actor.uid] = at
        if len(self._last_seen) > REMEMBERED:
            del self._last_seen[next(iter(self._last_seen))]
        self._changes[actor.uid] = _offline(actor, at), logs


def _online(user: Actor) -> Presence:
    return Presence(user_id=user.user_id, uid=user.uid, state="online")


def _offline(user: Actor, last_seen: Time | None) -> Presence:
    return Presence(user_id=user.user_id, uid=user.uid, state="offline", last_seen=last_seen)
