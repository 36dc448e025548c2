"""Who is looking: connections whose clients say so, with the command `active`. Nobody is pushed to while one of theirs is.

It is no presence: it is shown to nobody. The other nodes know it too (`cluster.membership`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

ACTIVE_SECONDS = 60.0
"""For how long a connection is active after it said so last."""


def http_connection(uid: str, session: str | None) -> str:
    """The connection of those who say over HTTP that they are active: one for each login session."""
    return f"http {session or uid}"


class ActiveConnections:
    """The active connections of this process. `steady`: a clock in seconds that never goes back."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._until: dict[str, dict[str, float]] = {}
        """By uid and id of the connection, the time until which it is active. The last of a user may be over."""
        self._changed: dict[str, None] = {}

    def say(self, uid: str, connection: str, *, on: bool) -> None:
        """A connection is active for the next ACTIVE_SECONDS, or no longer."""
        if on:
            self._until.setdefault(uid, {})[connection] = self._steady() + ACTIVE_SECONDS
            self._changed[uid] = None
        else:
            self.end(uid, connection)

    def end(self, uid: str, connection: str) -> None:
        """A connection has closed. Does nothing for one that is not active."""
        mine = self._until.get(uid)
        if mine is not None and mine.pop(connection, None) is not None:
            self._changed[uid] = None
            if not mine:
                del self._until[uid]

    def is_active(self, uid: str) -> bool:
        """Whether a connection of this user is active now."""
        return self._left(uid) > 0

    def take_changes(self) -> Mapping[str, float]:
        """The users whose connections became active or not since the last call, each with the seconds that are left to the
        last of them; 0 without any. What ends by time is no change."""
        changed, self._changed = self._changed, {}
        return {uid: self._left(uid) for uid in changed}

    def put_back(self, changes: Mapping[str, float]) -> None:
        """The other nodes do not know these changes: `take_changes` returns them again, as they are by then."""
        self._changed.update(dict.fromkeys(changes))

    def put_all_back(self) -> None:
        """The other nodes know nothing any more."""
        self._changed.update(dict.fromkeys(self._until))

    def _left(self, uid: str) -> float:
        return max(0.0, max(self._until.get(uid, {}).values(), default=0.0) - self._steady())
