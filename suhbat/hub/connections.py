"""The connections that have said who they are: what becomes of them when a login, a guest or an account does not last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from suhbat.chat.model import Actor
from suhbat.protocol.closes import Close
from suhbat.protocol.events import own_log

from .channels import Channels
from .connection import Connection

MOVE_SECONDS = 1.0
"""How long the connection of a guest who has become an account may be without a session."""


class Connections:
    """All of this process."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._all: set[Connection] = set()

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        self._all.add(connection)

    def discard(self, connection: Connection) -> None:
        """Idempotent."""
        self._all.discard(connection)

    def close_banned(self, uid: str) -> None:
        """Close every connection of a user who was banned."""
        for connection in self._of(uid):
            connection.wire.close(Close.FORBIDDEN, "banned")

    def end_session(self, session: str) -> None:
        """Close every connection of a login session that was revoked (4505: do not come back)."""
        for connection in list(self._all):
            if connection.session == session:
                connection.revoke()

    def end_user(self, uid: str) -> None:
        """Close every connection of somebody who is gone: a guest who left for good, whose name may be somebody else's at
        once; an account that was erased, or is disabled."""
        for connection in self._of(uid):
            connection.revoke()

    def change_actor(self, actor: Actor, session: str | None = None) -> None:
        """Let the connections of this uid know what has become of it; with `session` they belong to that from now on.

        A guest may have become an account on another node, which alone knows the session that began there: no revocation
        of it would find their connections here. So they are told to come back, by what they have now; not at once, for
        the browser that asked for the account has no answer yet.
        """
        for connection in self._of(actor.uid):
            was = connection.actor.kind
            connection.actor = actor
            connection.session = session or connection.session
            if (was, actor.kind) == ("guest", "account") and connection.session is None:
                asyncio.get_running_loop().call_later(MOVE_SECONDS, self._require_session, connection)

    def _require_session(self, connection: Connection) -> None:
        if connection.session is None:
            connection.wire.close(Close.RESTART, "come back as the account")

    def _of(self, uid: str) -> list[Connection]:
        # Everybody follows their own log. Most users whom another node tells of have no connection here, and that should
        # cost nothing.
        if own_log(uid) not in self._channels.by_log:
            return []
        return [connection for connection in self._all if connection.actor.uid == uid]
