"""Telling v1 connections who came and went, gathered over up to a second (PROTOCOL §2, notices)."""

from __future__ import annotations

import asyncio

import structlog

from suhbat.chat.model import Actor
from suhbat.chat.presence import Change, Here
from suhbat.protocol.events import own_log
from suhbat.protocol.notices import PresenceNotice
from suhbat.protocol.replies import encode
from suhbat.protocol.types import LOBBY

from .connection import Connection, Dialect
from .hub import Hub

GATHER_SECONDS = 1.0

log = structlog.get_logger("suhbat.hub")


async def tell_changes(hub: Hub, here: Here) -> None:
    """Every second, who came and went since: to everybody, or in a crowd only to those who share a direct with them."""
    while True:
        await asyncio.sleep(GATHER_SECONDS)
        try:
            _tell(hub, here, here.changes())
        except Exception:
            log.exception("presence could not be told")  # the next second tries again


def _tell(hub: Hub, here: Here, changes: tuple[Change, ...]) -> None:
    if not changes:
        return
    if here.announcing or here.total == 0:
        hub.notice(LOBBY, encode(PresenceNotice(users=tuple(presence for presence, _ in changes))))
        return
    for presence, logs in changes:
        payload = encode(PresenceNotice(users=(presence,)))
        for key in logs or _logs(hub, presence.uid):
            if key != LOBBY and key != own_log(presence.uid):
                hub.notice(key, payload, but=presence.uid)


def whole(hub: Hub, here: Here, connection: Connection) -> bytes:
    """Everybody who matters to a connection, as one notice: those in its directs, and all while it is no crowd."""
    people: dict[str, Actor] = {}
    for key in connection.logs:
        room = hub.rooms.get(key)
        if key == LOBBY or room is None:
            continue
        for listener in [*room.listeners[Dialect.SIMPLE], *room.listeners[Dialect.V1]]:
            people[listener.actor.uid] = listener.actor
    return encode(PresenceNotice(users=here.whole(people.values()), whole=True))


def _logs(hub: Hub, uid: str) -> set[str]:
    """The logs that a user who is here follows."""
    room = hub.rooms.get(own_log(uid))
    if room is None:
        return set()
    return {key for listener in room.listeners[Dialect.V1] for key in listener.logs}
