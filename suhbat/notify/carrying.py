"""Encrypts, signs and sends a push: RFC 8030, section 5. It runs in a child process (`runtime.push_child`), so this module
imports little."""

from __future__ import annotations

from collections.abc import Callable

from .encryption import encrypt
from .ports import NoAnswer, PushRequest, PushServices, ServiceAnswer
from .vapid import Vapid


class DirectCarrier:
    """Implements `ports.PushCarrier` in this process. `vapid`: makes the authorization, when the key is loaded."""

    def __init__(self, services: PushServices, vapid: Callable[[], Vapid]) -> None:
        self._services = services
        self._vapid = vapid

    async def carry(self, request: PushRequest) -> ServiceAnswer | NoAnswer:
        origin = self._services.origin(request.endpoint)
        if origin is None:
            return "refused"  # outgoing_allow was changed
        headers = {
            "authorization": self._vapid().authorization(origin),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(request.ttl),
            "urgency": request.urgency,
            "topic": request.topic,
        }
        body = encrypt(request.body, request.public_key, request.auth)
        return await self._services.post(request.endpoint, headers, body, request.owner)
