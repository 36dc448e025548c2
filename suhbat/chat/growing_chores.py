"""What a node does for messages that grow: it stores their texts, and finishes what was left behind.

A message whose sender is gone is finished by the node that takes its appends; if that node is gone, by another one (`cut`).
"""

from __future__ import annotations

import asyncio

import structlog

from suhbat.errors import SuhbatError, log_text

from .growing_messages import GrowingMessages, Key, Taken
from .model import Actor
from .ports import Clock, GrowingStore, GrowingTexts
from .presence import PresenceTracker

ROUND_SECONDS = 1.0
"""How often a node looks after its messages."""
TOGETHER = 32
"""How many it looks after together. Their texts are stored in one transaction: each has a flush, for which messages wait. A
message that arrives before that only waits for one text (see `Committer`)."""
SAVE_SECONDS = 2.0
"""How much of a growing text may be lost if the node dies, in time."""
SHOWN_SECONDS = 4.0
"""How often a node shows that it is alive, by writing to the row of each message that it has taken."""
IDLE_SECONDS = 60.0
"""A message that does not grow for so long is finished."""
GONE_SECONDS = 10.0
"""How long a sender may be without a connection, and a message without a node, before it is finished."""
SWEEP_SECONDS = 2.0

log = structlog.get_logger("suhbat")


class GrowingChores:
    """Used on the event loop only."""

    def __init__(
        self,
        growing: GrowingMessages,
        store: GrowingStore,
        texts: GrowingTexts,
        presence: PresenceTracker,
        clock: Clock,
    ) -> None:
        self._growing = growing
        self._store = store
        self._texts = texts
        self._presence = presence
        self._clock = clock
        self._seen: dict[Key, tuple[int, float]] = {}
        """The versions of messages of other nodes, and since when they are the same."""
        self._swept_at = 0.0

    async def run(self) -> None:
        """Store texts, and finish what was left behind, until cancelled."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self.look_after()
            except SuhbatError as error:
                log.warning("growing: store not reached, trying again", error=log_text(error))
            except Exception:
                log.exception("growing: failed; the next round continues")

    async def look_after(self) -> None:
        """One round of `run`. Raises Busy."""
        now = self._clock.steady()
        taken = list(self._growing.taken.values())
        for first in range(0, len(taken), TOGETHER):
            these = [one for one in taken[first : first + TOGETHER] if self._growing.taken.get(one.key) is one]
            await asyncio.gather(*(self._look_after(one, now) for one in these))
        if now - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = now
            await self._sweep(now)
            self._texts.drop_idle(2 * IDLE_SECONDS)

    async def _look_after(self, taken: Taken, now: float) -> None:
        if not taken.is_ours:
            self._growing.release(taken)
        elif taken.closing:
            pass
        elif now - taken.grew_at >= IDLE_SECONDS or self._is_gone(taken, now):
            await self._growing.cut(taken.key, taken.actor, taken.text.text)
        elif now - taken.saved_at >= (SAVE_SECONDS if taken.unsaved else SHOWN_SECONDS):
            try:
                await self._growing.save(taken)
            except SuhbatError as error:
                log.debug("growing: text not stored", error=log_text(error))

    def _is_gone(self, taken: Taken, now: float) -> bool:
        if not taken.attended or self._presence.is_online(taken.actor.uid):
            taken.gone_since = None
            return False
        if taken.gone_since is None:
            taken.gone_since = now
        return now - taken.gone_since >= GONE_SECONDS

    async def _sweep(self, now: float) -> None:
        """Finish messages that no node looks after: their versions stay the same. Clocks of nodes are not compared."""
        seen: dict[Key, tuple[int, float]] = {}
        for row in await self._store.growing():
            key = row.conversation, row.seq
            if key in self._growing.taken:
                continue
            version, since = self._seen.get(key, (row.version, now))
            seen[key] = row.version, since if version == row.version else now
            if version == row.version and now - since >= GONE_SECONDS:
                known = self._texts.find(*key)
                await self._growing.cut(key, Actor(row.uid, row.user_id), row.text if known is None else known.text)
        self._seen = seen
