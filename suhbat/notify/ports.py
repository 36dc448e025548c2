"""What notifying needs from outside: the requests to push services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A push to one browser. `body`: not encrypted yet, at most `encryption.MOST_PLAIN` bytes. `public_key` and `auth`: of the
    subscription, checked. `owner`: who gave the endpoint; a few requests for one owner run at a time. `topic`, `ttl` and
    `urgency`: see `sending.Push`."""

    endpoint: str = field(repr=False)
    public_key: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    owner: str
    body: bytes = field(repr=False)
    topic: str
    ttl: int
    urgency: str


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """The answer of a push service. `retry_after`: its header Retry-After as it is; None without one."""

    status: int
    retry_after: str | None = None


NoAnswer = Literal["refused", "unreachable"]
"""The address may never be reached; or there was no answer in time, and there may be one later."""


class PushServices(Protocol):
    """The push services of browsers, behind the guarded client for addresses that users give."""

    def origin(self, endpoint: str) -> str | None:
        """The origin of an endpoint, such as https://push.example.org; None if this server may never reach it, as far as the
        text says so."""
        ...

    async def post(
        self, endpoint: str, headers: Mapping[str, str], body: bytes, owner: str
    ) -> ServiceAnswer | NoAnswer:
        """Send a push. `owner`: who gave the endpoint; a few requests for one owner run at a time. Raises nothing but a
        cancellation."""
        ...


class PushCarrier(Protocol):
    """Takes pushes to push services."""

    async def carry(self, request: PushRequest) -> ServiceAnswer | NoAnswer:
        """Encrypt, sign and send a push. Raises nothing but a cancellation."""
        ...
