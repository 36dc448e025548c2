"""Who is banned from the server: asked at every entrance, so kept in memory."""

from __future__ import annotations

from typing import Protocol

from suhbat.errors import Forbidden

from .model import Milliseconds
from .ports import Clock, ModerationReader


class BanListener(Protocol):
    """Holds the live connections of this process (`hub.Connections`)."""

    def close_banned(self, uid: str) -> None:
        """This user was banned from the server just now: their connections must be closed."""
        ...


class Bans:
    """`load` before use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, Milliseconds | None] = {}

    async def load(self, store: ModerationReader) -> None:
        self._until = dict(await store.bans())

    def put(self, uid: str, until: Milliseconds | None, *, on: bool) -> None:
        """A ban was made, or lifted."""
        self._until.pop(uid, None)
        if on:
            self._until[uid] = until

    def check(self, uid: str) -> None:
        """Raise Forbidden for who is banned at this moment."""
        if uid not in self._until:
            return
        until = self._until[uid]
        if until is None or until > self._clock.wall():
            raise Forbidden("forbidden.banned")
        del self._until[uid]
