"""The authenticated connections of this process: they end or change with the session, guest or account they belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from suhbat.chat.model import Actor
from suhbat.protocol.closes import Close
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import Person

from .channels import Channels
from .connection import Connection
from .profiles import ProfileBroadcast

MOVE_SECONDS = 1.0
"""How long the connection of a guest who became an account may stay without a session."""


class Connections:
    """All of this process. Implements `identity.listeners.IdentityListener`."""

    def __init__(self, channels: Channels, profiles: ProfileBroadcast) -> None:
        self._channels = channels
        self._profiles = profiles
        self._all: dict[Connection, None] = {}
        """In the order in which they came: in it they are closed, also when a simulated history is repeated."""

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        self._all[connection] = None

    def discard(self, connection: Connection) -> None:
        """Idempotent."""
        self._all.pop(connection, None)

    def close_banned(self, uid: str) -> None:
        """Close every connection of a banned user, and of their bots."""
        for connection in [one for one in self._all if uid in (one.actor.uid, one.actor.owner)]:
            connection.ban()

    def end_session(self, session: str) -> None:
        """Close every connection of a revoked login session (4505: the client must not reconnect)."""
        for connection in list(self._all):
            if connection.session == session:
                connection.revoke()

    def end_user(self, uid: str) -> None:
        """Close every connection of a guest who left for good (the name may be taken again at once), or of an account that
        was erased or disabled. The client must not reconnect (4505)."""
        for connection in self._of(uid):
            connection.revoke()

    def change_actor(self, actor: Actor, session: str | None = None) -> None:
        """Replace the actor of all connections of its uid; with `session`, move them to that login session.

        A guest may have become an account on another node, and only that node knows the new session. Its revocation would
        not find the connections here, so they are closed and the client reconnects with its new session. This waits for
        MOVE_SECONDS, because the client has not yet received the response that carries the session.
        """
        for connection in self._of(actor.uid):
            was = connection.actor.kind
            connection.actor = actor
            connection.session = session or connection.session
            if (was, actor.kind) == ("guest", "account") and connection.session is None:
                asyncio.get_running_loop().call_later(MOVE_SECONDS, self._require_session, connection)

    def change_profile(self, person: Person) -> None:
        """Tell everybody who is connected."""
        self._profiles.changed(person)

    def _require_session(self, connection: Connection) -> None:
        if connection.session is None:
            connection.wire.close(Close.RESTART, "come back as the account")

    def _of(self, uid: str) -> list[Connection]:
        # Every user follows their own log. Most users in another node's changes have no connection here, so this look-up
        # saves most scans.
        if own_log(uid) not in self._channels.by_log:
            return []
        return [connection for connection in self._all if connection.actor.uid == uid]
