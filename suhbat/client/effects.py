"""What a frame, or the passing of time, leads to. `state` decides, `connection` carries out."""

from __future__ import annotations

from dataclasses import dataclass

from suhbat.protocol.commands import Ping, Sync

from .frames import Happening


@dataclass(frozen=True, slots=True)
class Deliver:
    """The application gets this, once."""

    happening: Happening


@dataclass(frozen=True, slots=True)
class Say:
    """The server gets this."""

    command: Ping | Sync


@dataclass(frozen=True, slots=True)
class Live:
    """The opening is over: all that was missed is here."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The server does not answer any more: drop the connection and come back."""


Effect = Deliver | Say | Live | Dead
