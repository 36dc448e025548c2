"""Saves how far a bot is and what it remembers, together and at most once in a while."""

from __future__ import annotations

import asyncio
import logging

from .progress import BotProgress
from .states import ChatStates
from .stores import BotStorage

log = logging.getLogger("suhbat.bot")

KEY = "progress"
SECONDS = 1.0
"""The time between two writes. What was handled since the last one is handled again after a kill -9."""


class Keeper:
    """One `put` has both, so that they fit together after any crash."""

    def __init__(self, store: BotStorage, progress: BotProgress, states: ChatStates) -> None:
        self._store = store
        self._progress = progress
        self._states = states

    async def run(self) -> None:
        """Save regularly until cancelled. A store that fails is tried again."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await self.save()
            except Exception:
                log.exception("bot: the store failed, and is tried again")

    async def save(self) -> None:
        """Raises what the store raises."""
        if not (self._progress.changed or self._states.changed):
            return
        self._progress.changed = False
        items = {KEY: self._progress.encode(), **self._states.take()}
        try:
            await self._store.put(items)
        except BaseException:
            self._progress.changed = True
            raise
        self._states.saved()
