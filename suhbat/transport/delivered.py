"""What of its directs an account was shown in the simple dialect, which has no cursors: so that what is written to it while it
is away comes at the next connect, once (PROTOCOL §1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from suhbat.chat.ports import DeliveryMarks
from suhbat.hub.connection import Connection
from suhbat.hub.hub import Hub
from suhbat.tasks import Tasks

LOOK_SECONDS = 0.25
"""How often it is looked whether something was written. Only for accounts in this dialect: there are few."""

log = structlog.get_logger("suhbat.transport")


class Delivered:
    """Follows one connection: what was written to it counts as shown when a ping sent after that is answered."""

    def __init__(
        self, hub: Hub, store: DeliveryMarks, tasks: Tasks, connection: Connection, seen: Mapping[str, int]
    ) -> None:
        self._hub = hub
        self._store = store
        self._tasks = tasks
        self._connection = connection
        self._seen = dict(seen)
        """Known in the store, or on the way there."""
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False
        self._look()

    def stop(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        if self._asked or self._connection.wire.closed:
            return
        written = {key: seq for key, seq in self._written().items() if seq > self._seen.get(key, 0)}
        if written:
            self._asked = True
            self._connection.wire.confirm(lambda: self._confirmed(written))

    def _written(self) -> dict[str, int]:
        """The directs that this connection follows, and how far each was written to it."""
        return {key: seq for key, seq in self._hub.position(self._connection).items() if key.startswith("d")}

    def _confirmed(self, written: Mapping[str, int]) -> None:
        self._asked = False
        self._seen.update(written)
        self._tasks.start(self._keep(dict(written)))

    async def _keep(self, written: Mapping[str, int]) -> None:
        try:
            await self._store.delivered_to(self._connection.actor.uid, written)
        except Exception:
            # It will be shown once more; better than not at all.
            log.exception("it could not be written down what an account was shown")
