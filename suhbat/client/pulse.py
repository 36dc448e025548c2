"""Whether the server is still there: a ping each heartbeat, and an end to patience. Pure; time is steady seconds."""

from __future__ import annotations

from enum import Enum, auto

PATIENCE_SECONDS = 10.0
"""How long an answer to `hello` or `ping` may take."""


class Beat(Enum):
    REST = auto()
    PING = auto()
    """Say `ping` now."""
    SILENCE = auto()
    """No answer in time: this connection is dead, whatever its socket says."""


class Pulse:
    def __init__(self) -> None:
        self._heartbeat = 0.0
        self._awaiting = False
        self._at = 0.0

    def hello(self, now: float) -> None:
        """`hello` was said; `welcome` is awaited."""
        self._awaiting, self._at = True, now + PATIENCE_SECONDS

    def welcome(self, heartbeat: float, now: float) -> None:
        self._heartbeat = heartbeat
        self.pong(now)

    def pong(self, now: float) -> None:
        self._awaiting, self._at = False, now + self._heartbeat

    def refused(self, retry_after: float, now: float) -> None:
        """A ping may have been refused: that, too, is a sign of life. Ask again later."""
        if self._awaiting and self._heartbeat:
            self._awaiting, self._at = False, now + retry_after

    def excuse(self, now: float) -> None:
        """Until now nothing was read, so nothing could be heard."""
        if self._awaiting:
            self._at = now + PATIENCE_SECONDS

    def tick(self, now: float) -> Beat:
        if now < self._at:
            return Beat.REST
        if self._awaiting:
            return Beat.SILENCE
        self._awaiting, self._at = True, now + PATIENCE_SECONDS
        return Beat.PING
