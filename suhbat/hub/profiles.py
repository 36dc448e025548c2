"""Tells v1 connections of changed display names and pictures, collected over COLLECT_SECONDS (docs/reference/events.md)."""

from __future__ import annotations

import asyncio
from itertools import islice

from suhbat.protocol.notices import UsersNotice
from suhbat.protocol.objects import Person
from suhbat.protocol.replies import encode
from suhbat.protocol.types import LOBBY

from .notices import Notices

COLLECT_SECONDS = 1.0
MOST = 50
"""People in one notice. More wait for the next, so that many changes cost the connections no more than this a second."""


class ProfileBroadcast:
    """Sends changed profiles as notices to all v1 connections of this process: everybody may know anybody's name. Changes that
    another node made are reported here too (`identity.listeners`), so nothing goes over the bus."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._changed: dict[str, Person] = {}
        self._timer: asyncio.TimerHandle | None = None

    def changed(self, person: Person) -> None:
        """Send this profile within COLLECT_SECONDS, or later if there are many."""
        self._changed[person.uid] = person
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COLLECT_SECONDS, self.send)

    def send(self) -> None:
        """Send the first MOST of the collected profiles now."""
        self.close()
        some = [self._changed.pop(uid) for uid in list(islice(self._changed, MOST))]
        if some:
            self._notices.deliver(LOBBY, encode(UsersNotice(users=tuple(some))))
        if self._changed:
            self._timer = asyncio.get_running_loop().call_later(COLLECT_SECONDS, self.send)

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
