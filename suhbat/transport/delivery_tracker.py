"""Records how much of its directs an account has received in the simple dialect.

This dialect has no cursors. With the record, messages sent to an account while it was away are delivered at its next
connect, and only once (docs/reference/simple.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from suhbat.chat.ports import DeliveryMarks
from suhbat.hub.connection import Connection
from suhbat.hub.hub import Hub
from suhbat.tasks import Tasks

POLL_SECONDS = 0.25
"""How often the tracker checks whether something was written. It polls because few accounts use this dialect."""

log = structlog.get_logger("suhbat.transport")


class DeliveryTracker:
    """Tracks one connection. An event counts as delivered when the peer answers a ping sent after it.

    `seen`: by log key, the last `seq` that the store has as delivered. Works from construction until `stop`.
    """

    def __init__(
        self, hub: Hub, store: DeliveryMarks, tasks: Tasks, connection: Connection, seen: Mapping[str, int]
    ) -> None:
        self._hub = hub
        self._store = store
        self._tasks = tasks
        self._connection = connection
        self._seen = dict(seen)  # stored, or being stored
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False  # a ping is out
        self._poll()

    def stop(self) -> None:
        """The connection is closed: record nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _poll(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(POLL_SECONDS, self._poll)
        if self._asked or self._connection.wire.closed:
            return
        written = {key: seq for key, seq in self._written().items() if seq > self._seen.get(key, 0)}
        if written:
            self._asked = True
            self._connection.wire.confirm(lambda: self._confirmed(written))

    def _written(self) -> dict[str, int]:
        """For each direct that the connection follows, the last `seq` written to it."""
        return {key: seq for key, seq in self._hub.position(self._connection).items() if key.startswith("d")}

    def _confirmed(self, written: Mapping[str, int]) -> None:
        self._asked = False
        self._seen.update(written)
        self._tasks.start(self._store_marks(dict(written)))

    async def _store_marks(self, written: Mapping[str, int]) -> None:
        try:
            await self._store.delivered_to(self._connection.actor.uid, written)
        except Exception:
            # These messages will be delivered a second time, which is better than not at all.
            log.exception("simple: delivery marks not stored")
