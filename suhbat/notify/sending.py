"""Sends one push to one browser, and says what its answer means: RFC 8030, sections 5 to 8."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Literal

import structlog

from suhbat.chat.model import PushSubscription
from suhbat.chat.ports import Clock

from .ports import NoAnswer, PushCarrier, PushRequest, ServiceAnswer

log = structlog.get_logger("suhbat.notify")

Urgency = Literal["very-low", "low", "normal", "high"]
RETRY_SECONDS, MOST_RETRY_SECONDS = 30.0, 3600.0
"""The pause before a push is tried again, doubled each time up to the second; Retry-After may ask for a longer one."""


@dataclass(frozen=True, slots=True)
class Push:
    """`body`: at most `encryption.MOST_PLAIN` bytes. `topic`: of the pushes with the same one that wait at the push service,
    the browser gets only the last. `ttl`: seconds that the push service keeps it for a browser that is not connected."""

    body: bytes
    topic: str
    ttl: int
    urgency: Urgency = "normal"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The push service has it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The subscription does not exist any more, so delete it."""


@dataclass(frozen=True, slots=True)
class Later:
    """Try again after so many seconds, unless the TTL is over by then."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """This push cannot be delivered. The subscription stays: the fault may be ours."""


Result = Delivered | Ended | Later | Dropped


def topic_of(uid: str, conversation: str, key: bytes) -> str:
    """The topic of a user's conversation: 32 characters of base64url, the most that RFC 8030 allows. `key`: a secret of the
    server. So the push service learns neither the id, nor which users are in the same conversation."""
    return urlsafe_b64encode(sha256(key + f"{uid} {conversation}".encode()).digest()[:24]).decode()


def retry_seconds(attempt: int) -> float:
    """The pause after a push was tried in vain. `attempt`: how often it was tried before."""
    seconds: float = min(RETRY_SECONDS * 2 ** min(attempt, 10), MOST_RETRY_SECONDS)
    return seconds


class PushSender:
    """Has pushes carried, and reads the answers."""

    def __init__(self, carrier: PushCarrier, clock: Clock) -> None:
        self._carrier = carrier
        self._clock = clock
        self._refusing: set[str] = set()
        """The push services that refuse this server, of which the log knows already."""

    async def send(self, push: Push, to: PushSubscription, attempt: int = 0) -> Result:
        """Send a push once. `attempt`: how often it was tried before. Raises nothing but a cancellation."""
        request = PushRequest(
            to.endpoint, to.public_key, to.auth, to.uid, push.body, push.topic, push.ttl, push.urgency
        )
        answer = await self._carrier.carry(request)
        result = self._result(answer, attempt)
        if isinstance(answer, ServiceAnswer):
            self._log(to.endpoint, answer.status, result)
        return result

    def _result(self, answer: ServiceAnswer | NoAnswer, attempt: int) -> Result:
        pause = retry_seconds(attempt)
        if isinstance(answer, str):
            return Later(pause) if answer == "unreachable" else Dropped()
        if 200 <= answer.status < 300:
            return Delivered()
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return Ended()
        if answer.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or answer.status >= 500:
            told = self._retry_after(answer.retry_after)
            return Later(pause if told is None else max(told, min(pause, 2.0 ** min(attempt, 12))))
        return Dropped()

    def _retry_after(self, value: str | None) -> float | None:
        """The header Retry-After in seconds: a number, or a date (RFC 9110 section 10.2.3); None if it cannot be read. It may
        be shorter than our own pause, but a service that always asks for less is asked less often all the same."""
        text = (value or "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._clock.wall() / 1000)
        except (TypeError, ValueError, OverflowError):
            return None

    def _log(self, endpoint: str, status: int, result: Result) -> None:
        if isinstance(result, Delivered) and not self._refusing:
            return
        origin = "/".join(endpoint.split("/", 3)[:3])  # it has no user and no password: it was checked
        if isinstance(result, Delivered):
            self._refusing.discard(origin)
        elif isinstance(result, Dropped) and origin not in self._refusing and len(self._refusing) < 100:
            # Once for each service. Nobody's subscription is deleted: a bad key would otherwise end them all.
            self._refusing.add(origin)
            advice = "set public_url to the https address of this server, and check the clock of this machine"
            log.warning("push: service refuses this server", service=origin, status=status, advice=advice)
