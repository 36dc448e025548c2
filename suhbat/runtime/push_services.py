"""The requests to push services, through the guarded client."""

from __future__ import annotations

from collections.abc import Mapping

from suhbat.notify.ports import NoAnswer, ServiceAnswer
from suhbat.outgoing.client import OutgoingClient, OutgoingLimits
from suhbat.outgoing.errors import AddressRefused, NotReached

LIMITS = OutgoingLimits(seconds=15.0, most=0, reuse=True)
"""The body of the answer is of no use. A push that arrives twice has the same topic."""


class OutgoingPushServices:
    """Implements `notify.ports.PushServices`."""

    def __init__(self, client: OutgoingClient) -> None:
        self._client = client

    def origin(self, endpoint: str) -> str | None:
        try:
            return self._client.check(endpoint).origin
        except AddressRefused:
            return None

    async def post(
        self, endpoint: str, headers: Mapping[str, str], body: bytes, owner: str
    ) -> ServiceAnswer | NoAnswer:
        try:
            answer = await self._client.request("POST", endpoint, headers, body, LIMITS, owner=owner)
        except AddressRefused:
            return "refused"
        except NotReached:
            return "unreachable"
        return ServiceAnswer(answer.status, answer.headers.get("retry-after"))
