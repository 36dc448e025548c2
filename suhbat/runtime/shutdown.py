"""How a node stops: it hands its connections over to other nodes, then runs its last steps, none of which may keep the
process alive because another machine does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from suhbat.errors import SuhbatError
from suhbat.hub.connection import Connection
from suhbat.protocol.closes import Close

NOTICE_SECONDS = 1.0
"""How long a node that is about to stop still accepts requests, until the load balancer has noticed that it drains."""
SPREAD_SECONDS, SPREAD_STEPS = 3.0, 30
"""The time over which it then closes its connections, and in how many steps."""
LAST_WORDS_SECONDS = 1.0
"""From the first step: the deadline for telling the other nodes and for saving when sessions were last used."""
CLOSE_SECONDS = 3.0
"""From the first step: the deadline for the store to write what it has accepted. Together with what comes before
(`ServerApp.drain`, `UvicornServer.shutdown`) this is within the promised 10 s after SIGTERM."""

log = structlog.get_logger("suhbat")


async def close_gradually(connections: Iterable[Connection]) -> None:
    """Close these connections with 1012 (reconnect) over SPREAD_SECONDS, so that not all of them reconnect to the other
    nodes at once. Waits NOTICE_SECONDS before."""
    await asyncio.sleep(NOTICE_SECONDS)
    leaving = list(connections)
    for number, connection in enumerate(leaving, 1):
        connection.wire.close(Close.RESTART, "restart")
        if number % (len(leaving) // SPREAD_STEPS + 1) == 0:
            await asyncio.sleep(SPREAD_SECONDS / SPREAD_STEPS)


class ShutdownSteps:
    """Runs the last steps of a node.

    `limited`: the store is on another machine, so each step has a deadline. A store in this node's own files has none,
    however slow the disk is: only a complete close leaves a complete file.
    """

    def __init__(self, *, limited: bool) -> None:
        self._limited = limited
        self._began: float | None = None

    async def run(self, do: Callable[[], Awaitable[None]], seconds: float, consequence: str) -> None:
        """Run a step, at most until `seconds` after the first step began. If it fails or is late, log the `consequence`
        and return."""
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now
        try:
            async with asyncio.timeout_at(self._began + seconds if self._limited else None):
                await do()
        except TimeoutError:
            log.error(consequence, reason="the database did not answer in time")
        except SuhbatError as error:
            log.error(consequence, reason=str(error))
