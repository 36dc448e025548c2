"""The last steps of a node, none of which may keep its process from ending because another machine does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from suhbat.errors import SuhbatError

LAST_WORDS_SECONDS = 1.0
"""From the first step on: until when the others are told, and is written down who was here."""
CLOSE_SECONDS = 3.0
"""Until when the store may write what it has accepted. With what comes before (`Suhbat.drain`, `UvicornServer.shutdown`)
this is within the 10 s after SIGTERM that are promised."""

log = structlog.get_logger("suhbat")


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
