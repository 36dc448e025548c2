"""Presence notices to v1 connections, collected over COLLECT_SECONDS (docs/reference/events.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from suhbat.chat.model import Actor
from suhbat.chat.presence import PresenceChange, PresenceTracker
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.notices import PresenceNotice, whole_presence
from suhbat.protocol.objects import Presence
from suhbat.protocol.replies import encode
from suhbat.protocol.types import LOBBY

from .channels import Channels
from .connection import Connection, FrameFormat
from .notices import Notices

COLLECT_SECONDS = 1.0

log = structlog.get_logger("suhbat.hub")


class PresenceBroadcast:
    """Sends the changes that `PresenceTracker` has collected as notices."""

    def __init__(self, channels: Channels, notices: Notices, presence: PresenceTracker) -> None:
        self._channels = channels
        self._notices = notices
        self._presence = presence
        self._everybody: Mapping[str, Presence] = {}
        self._encoded = b""  # of `_everybody`

    async def run(self) -> None:
        """Every COLLECT_SECONDS send the arrivals and departures. All v1 connections get them; above the announce limit only
        those that share a log other than the lobby with the user. Runs until cancelled."""
        while True:
            await asyncio.sleep(COLLECT_SECONDS)
            try:
                self._send(self._presence.take_changes())
            except Exception:
                log.exception("presence: notices not sent")  # the next round continues

    def full_notice(self, connection: Connection) -> bytes:
        """Return an encoded notice with the presence of all users that concern a connection: those who listen to its logs
        other than the lobby, and, up to the announce limit, everybody."""
        people: dict[str, Actor] = {}
        for key in connection.logs:
            channel = self._channels.by_log.get(key)
            if key == LOBBY or channel is None:
                continue
            for listener in channel.all_listeners():
                people[listener.actor.uid] = listener.actor
        everybody = self._presence.everybody()
        if everybody is not self._everybody:
            # Encoded once for all who connect before somebody else comes or goes.
            self._everybody, self._encoded = everybody, b",".join(map(encode, everybody.values()))
        others: list[bytes] = []
        for uid, person in people.items():
            presence = self._presence.of(person)
            if uid not in everybody:
                others.append(encode(presence))
            elif everybody[uid] != presence:
                return encode(PresenceNotice(users=self._presence.snapshot(people.values()), whole=True))
        return whole_presence([self._encoded, *others] if everybody else others)

    def _send(self, changes: tuple[PresenceChange, ...]) -> None:
        if not changes:
            return
        if self._presence.announcing or self._presence.total == 0:
            self._notices.deliver(LOBBY, encode(PresenceNotice(users=tuple(presence for presence, _ in changes))))
            return
        for presence, logs in changes:
            payload = encode(PresenceNotice(users=(presence,)))
            for key in logs or self._logs(presence.uid):
                if key != LOBBY and key != own_log(presence.uid):
                    self._notices.deliver(key, payload, but=presence.uid)

    def _logs(self, uid: str) -> set[str]:
        """The logs that a connected user follows."""
        channel = self._channels.by_log.get(own_log(uid))
        if channel is None:
            return set()
        return {key for listener in channel.listeners[FrameFormat.V1] for key in listener.logs}
