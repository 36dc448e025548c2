"""`joined` and `left` frames of the simple dialect, in order with the lobby's messages. They are not stored."""

from __future__ import annotations

from collections import deque

from suhbat.protocol.types import LOBBY

from .channels import Channels
from .connection import Connection, FrameFormat
from .frames import Frames

KEPT = 1_000
"""Announcements kept in memory for connections that are behind; older ones are dropped."""


class Announcements:
    """Sends announcements and keeps the last KEPT, so that a connection that was behind gets them too."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)

    def announce(self, frame: bytes) -> None:
        """Send a frame to all live connections, in one write with the lobby's next messages."""
        lobby = self._channels.by_log[LOBBY]
        lobby.announce(frame)
        self._kept.append((lobby.announced + sum(isinstance(item, bytes) for item in lobby.pending), frame))
        self._channels.flush_later(lobby)

    def send_missed(self, connection: Connection) -> None:
        """Send a connection of the simple dialect the announcements it has missed, as far as they are kept.

        Does nothing for the v1 dialect, or while the connection is congested.
        """
        if connection.format is not FrameFormat.SIMPLE or connection.wire.congested:
            return
        missed = [frame for number, frame in self._kept if number > connection.announced]
        if missed:
            connection.wire.write(Frames(missed))
        connection.announced = self._channels.by_log[LOBBY].announced
