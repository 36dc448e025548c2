"""Whether the server still answers: a ping each heartbeat, and a time limit for the pong. Pure; times are monotonic seconds."""

from __future__ import annotations

from enum import Enum, auto

PATIENCE_SECONDS = 10.0
"""How long the reply to `hello` or `ping` may take."""


class Beat(Enum):
    REST = auto()
    PING = auto()
    """Send `ping` now."""
    SILENCE = auto()
    """No reply in time: the connection is dead, whatever its socket says."""


class Pulse:
    """The pings of one connection at a time."""

    def __init__(self) -> None:
        self._heartbeat = 0.0
        self._awaiting = False
        self._at = 0.0

    def hello(self, now: float) -> None:
        """`hello` was sent; `welcome` must follow."""
        self._awaiting, self._at = True, now + PATIENCE_SECONDS

    def welcome(self, heartbeat: float, now: float) -> None:
        self._heartbeat = heartbeat
        self.pong(now)

    def pong(self, now: float) -> None:
        self._awaiting, self._at = False, now + self._heartbeat

    def refused(self, retry_after: float, now: float) -> None:
        """The refused command may have been a ping. An error is a sign of life too, so ping again later."""
        if self._awaiting and self._heartbeat:
            self._awaiting, self._at = False, now + retry_after

    def excuse(self, now: float) -> None:
        """The socket was not read until now, so a pong is not late."""
        if self._awaiting:
            self._at = now + PATIENCE_SECONDS

    def tick(self, now: float) -> Beat:
        if now < self._at:
            return Beat.REST
        if self._awaiting:
            return Beat.SILENCE
        self._awaiting, self._at = True, now + PATIENCE_SECONDS
        return Beat.PING
