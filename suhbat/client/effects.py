"""The effects of a frame or of passing time. `state` decides on them, `connection` carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from suhbat.protocol.commands import Ping, Sync

from .frames import Happening


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give this to the application, once."""

    happening: Happening


@dataclass(frozen=True, slots=True)
class Say:
    """Send this to the server."""

    command: Ping | Sync


@dataclass(frozen=True, slots=True)
class Live:
    """The opening is complete: everything missed has arrived."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The server no longer answers: drop the connection and reconnect."""


Effect = Deliver | Say | Live | Dead
