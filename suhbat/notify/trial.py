"""A push that its owner asks for, to see whether pushes reach a device."""

from __future__ import annotations

import json
from typing import Literal

from suhbat.chat.ports import PushStore
from suhbat.errors import NotFound
from suhbat.texts import Language, say_in_push

from .sending import Delivered, Dropped, Ended, Later, Push, PushSender, Result

TTL_SECONDS = 60
"""Nobody waits longer for it in front of the device."""
TOPIC = "trial"

Outcome = Literal["sent", "ended", "later", "refused"]
"""The push service has it; it does not know the device any more, so the subscription is deleted; it does not answer now; or it
refuses this server."""
_OUTCOMES: dict[type[Result], Outcome] = {Delivered: "sent", Ended: "ended", Later: "later", Dropped: "refused"}


class PushTrial:
    """`address`: of the page, or its path, without a slash at its end."""

    def __init__(self, store: PushStore, sender: PushSender, address: str) -> None:
        self._store = store
        self._sender = sender
        self._address = address

    async def send(self, uid: str, id: str, language: Language) -> Outcome:
        """Send it, once. Raises NotFound, also for a subscription of another account."""
        to = next((one for one in await self._store.pushes_of(uid) if one.id == id), None)
        if to is None:
            raise NotFound()
        push = Push(self._body(language), TOPIC, TTL_SECONDS, "high")
        result = await self._sender.send(push, to)
        if isinstance(result, Ended):
            await self._store.end_pushes([id])
        return _OUTCOMES[type(result)]

    def _body(self, language: Language) -> bytes:
        """A declarative push (see docs/reference/http.md)."""
        notification = {
            "title": say_in_push("trial.title", language),
            "body": say_in_push("trial.body", language),
            "navigate": f"{self._address}/#/settings/notifications",
            "tag": TOPIC,
            "lang": language,
            "dir": "ltr",
        }
        return json.dumps({"web_push": 8030, "notification": notification}, ensure_ascii=False).encode()
