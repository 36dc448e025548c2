"""Bans from the server, in memory because every request and connection checks them."""

from __future__ import annotations

from typing import Protocol

from suhbat.errors import Forbidden

from .model import Actor, Milliseconds
from .ports import Clock, ModerationReader


class BanListener(Protocol):
    """Implemented by the live connections of this process (`hub.Connections`)."""

    def close_banned(self, uid: str) -> None:
        """This user was banned from the server: close their connections."""
        ...


class Bans:
    """`load` them before use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, Milliseconds | None] = {}

    async def load(self, store: ModerationReader) -> None:
        """Read all bans, also again after another node changed one."""
        self._until = dict(await store.bans())

    def put(self, uid: str, until: Milliseconds | None, *, on: bool) -> None:
        """Add a ban, or with `on=False` remove it. `until`: None for ever."""
        self._until.pop(uid, None)
        if on:
            self._until[uid] = until

    def check(self, actor: Actor) -> None:
        """Raise Forbidden if the user is banned now, or, of a bot, its owner."""
        self._check(actor.uid)
        if actor.owner is not None:
            self._check(actor.owner)

    def _check(self, uid: str) -> None:
        if uid not in self._until:
            return
        until = self._until[uid]
        if until is None or until > self._clock.wall():
            raise Forbidden("forbidden.banned")
        del self._until[uid]
