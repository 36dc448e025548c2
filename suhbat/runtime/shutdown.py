"""How a node stops: others take its connections over, and then none of its last steps may keep the process from ending
because another machine does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from suhbat.errors import SuhbatError
from suhbat.hub.connection import Connection
from suhbat.protocol.closes import Close

NOTICE_SECONDS = 1.0
"""How long a node that will stop still takes requests, until who balances between the nodes has noticed."""
SPREAD_SECONDS, SPREAD_STEPS = 3.0, 30
"""Over how long it then closes its connections."""
LAST_WORDS_SECONDS = 1.0
"""From the first step on: until when the others are told, and is written down who was here."""
CLOSE_SECONDS = 3.0
"""Until when the store may write what it has accepted. With what comes before (`ServerApp.drain`, `UvicornServer.shutdown`)
this is within the 10 s after SIGTERM that are promised."""

log = structlog.get_logger("suhbat")


async def hand_over(connections: Iterable[Connection]) -> None:
    """Where others can take over, and nobody is sent here any more: connections are closed (1012: come back) one after
    another, so that they do not all come to the others at once."""
    await asyncio.sleep(NOTICE_SECONDS)
    leaving = list(connections)
    for number, connection in enumerate(leaving, 1):
        connection.wire.close(Close.RESTART, "restart")
        if number % (len(leaving) // SPREAD_STEPS + 1) == 0:
            await asyncio.sleep(SPREAD_SECONDS / SPREAD_STEPS)


class Stopping:
    """`limited`: the store is on another machine. One in files of this node's own is waited for, however long that takes: only
    so it ends as one whole file."""

    def __init__(self, *, limited: bool) -> None:
        self._limited = limited
        self._began: float | None = None

    async def step(self, do: Callable[[], Awaitable[None]], seconds: float, given_up: str) -> None:
        """Carry it out. Where that fails, or is not done in time, it is said what was `given_up`, and the next one follows."""
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now
        try:
            async with asyncio.timeout_at(self._began + seconds if self._limited else None):
                await do()
        except TimeoutError:
            log.error(given_up, reason="the database did not answer in time")
        except SuhbatError as error:
            log.error(given_up, reason=str(error))
