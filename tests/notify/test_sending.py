"""One push to one browser, and what the answers of push services mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from suhbat.chat.model import PushSubscription
from suhbat.http.push import AUTH, P256DH
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.encoding import decode
from suhbat.notify.ports import NoAnswer, PushCarrier, ServiceAnswer
from suhbat.notify.sending import Delivered, Dropped, Ended, Later, Push, PushSender, Result, topic_of
from suhbat.notify.vapid import PushKey, Vapid, make_key
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import OutgoingClient
from suhbat.runtime.adapters import SystemClock
from suhbat.runtime.push_carrier import ChildCarrier
from suhbat.runtime.push_child import PushSetup
from suhbat.runtime.push_services import OutgoingPushServices
from tests.fakes import FakeClock, FakePushServices

from .push_service import browser
from .test_vapid import claims_of

PUSH = Push(b"{}", topic_of("u1", "lobby", b"key"), 3600, "high")


class Scene:
    """A sender, and the subscription of a browser."""

    def __init__(self, endpoint: str = "https://push.example.org/secret") -> None:
        self.clock, self.services = FakeClock(), FakePushServices()
        vapid = Vapid(make_key(), "https://chat.example.org", self.clock)
        self.sender = PushSender(DirectCarrier(self.services, lambda: vapid), self.clock)
        self.browser = PushSubscription("p1", "u1", "s1", endpoint, decode(P256DH), decode(AUTH), "Firefox", 0, 0)

    async def send(self, answer: ServiceAnswer | NoAnswer, attempt: int = 0) -> Result:
        self.services.answers.append(answer)
        return await self.sender.send(PUSH, self.browser, attempt)


async def test_the_request() -> None:
    """The headers of RFC 8030, 8188 and 8292; the body is not readable on the way."""
    scene = Scene()
    assert await scene.send(ServiceAnswer(201)) == Delivered()
    ((endpoint, headers, body),) = scene.services.pushed
    assert endpoint == scene.browser.endpoint and body[21:22] == b"\x04" and PUSH.body not in body
    assert {name: headers[name] for name in ("ttl", "urgency", "content-encoding")} == {
        "ttl": "3600", "urgency": "high", "content-encoding": "aes128gcm"
    }  # fmt: skip
    assert claims_of(headers["authorization"], "https://push.example.org")[0]["sub"] == "https://chat.example.org"


def test_the_topic() -> None:
    """At most 32 characters of base64url, the same for a conversation of a user, and without its id. Another user's differs: a
    push service must not learn who is in one conversation."""
    topic = topic_of("u1", "rqegnj7zdywrwkkgt34yyk", b"key")
    assert len(topic) == 32 and decode(topic) and topic == topic_of("u1", "rqegnj7zdywrwkkgt34yyk", b"key")
    others = [
        ("u1", "lobby", b"key"),
        ("u1", "rqegnj7zdywrwkkgt34yyk", b"other"),
        ("u2", "rqegnj7zdywrwkkgt34yyk", b"key"),
    ]
    assert len({topic, *(topic_of(*one) for one in others)}) == 4


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (ServiceAnswer(200), Delivered()),
        (ServiceAnswer(202), Delivered()),
        (ServiceAnswer(404), Ended()),
        (ServiceAnswer(410), Ended()),
        (ServiceAnswer(301), Dropped()),
        (ServiceAnswer(400), Dropped()),
        (ServiceAnswer(401), Dropped()),
        (ServiceAnswer(403), Dropped()),
        (ServiceAnswer(413), Dropped()),
        (ServiceAnswer(429), Later(30)),
        (ServiceAnswer(429, "120"), Later(120)),
        (ServiceAnswer(503, "1"), Later(1)),
        (ServiceAnswer(429, "0"), Later(1)),
        (ServiceAnswer(500, "soon"), Later(30)),
        (ServiceAnswer(503, "²"), Later(30)),
        (ServiceAnswer(503, "Wed, 18 Nov 2026 11:26:40 GMT"), Later(400)),
        (ServiceAnswer(503, "Sat, 01 Jan 2000 00:00:00 GMT"), Later(1)),
        ("unreachable", Later(30)),
        ("refused", Dropped()),
    ],
)
async def test_what_an_answer_means(answer: ServiceAnswer | NoAnswer, result: Result) -> None:
    """Only 404 and 410 end a subscription. What can succeed later is tried again, when Retry-After says so."""
    scene = Scene()
    scene.clock.now = 1_795_000_800.0  # Wed, 18 Nov 2026 11:20:00 GMT
    assert await scene.send(answer) == result


async def test_the_pauses_grow() -> None:
    """Twice as long each time, up to an hour."""
    scene = Scene()
    found = [await scene.send(ServiceAnswer(503), attempt) for attempt in (0, 1, 2, 9, 1000)]
    assert found == [Later(30), Later(60), Later(120), Later(3600), Later(3600)]


async def test_a_service_that_is_always_soon_back() -> None:
    """Its Retry-After counts at first, and then is no reason to ask it every second for days."""
    scene = Scene()
    found = [await scene.send(ServiceAnswer(503, "3"), attempt) for attempt in (0, 1, 2, 5, 9, 1000)]
    assert found == [Later(3), Later(3), Later(4), Later(32), Later(512), Later(3600)]


async def test_a_refusal_of_this_server_is_logged_once() -> None:
    """401 and 403 are about our key: the log says once what to do, until the service takes a push. It names no endpoint."""
    scene = Scene()
    with capture_logs() as logged:
        for status in (403, 403, 401, 201, 403):
            await scene.send(ServiceAnswer(status))
    assert [line["status"] for line in logged] == [403, 403]
    assert "public_url" in logged[0]["advice"] and "secret" not in str(logged)


async def test_an_endpoint_that_may_not_be_reached_any_more() -> None:
    """If `outgoing_allow` was changed, nothing is sent and nothing deleted."""
    scene = Scene("http://push.example.org/secret")
    assert await scene.send(ServiceAnswer(201)) == Dropped()
    assert scene.services.pushed == []


def in_this_process(key: PushKey, *allow: str) -> DirectCarrier:
    vapid = Vapid(key, None, SystemClock())
    return DirectCarrier(OutgoingPushServices(OutgoingClient(AllowedAddresses(allow))), lambda: vapid)


def in_a_child(key: PushKey, *allow: str) -> ChildCarrier:
    return ChildCarrier(lambda: PushSetup(key.public, key.private, None, allow), in_this_process(key))


@pytest.mark.parametrize("carrier", [in_this_process, in_a_child])
async def test_a_push_arrives(carrier: Callable[..., PushCarrier]) -> None:
    """Over a real connection, through the guarded client, the browser reads what was sent; and the service's answer counts."""
    key, clock = make_key(), FakeClock()
    carriers = carrier(key, "127.0.0.0/8"), carrier(key)
    sender, closed = (PushSender(one, clock) for one in carriers)
    push = Push("Salom 👋".encode(), topic_of("u1", "lobby", b"key"), 60)
    async with browser() as one:
        assert await sender.send(push, one.subscription) == Delivered()
        one.status = "429 Too Many Requests"
        assert await sender.send(push, one.subscription) == Later(90)
        one.status = "410 Gone"
        assert await sender.send(push, one.subscription) == Ended()
        assert await closed.send(push, one.subscription) == Dropped()
        gone = one.subscription
    assert await sender.send(push, gone) == Later(30)
    assert one.messages == [push.body] * 3
    sent = one.headers[0]
    assert (sent["ttl"], sent["urgency"], sent["topic"]) == ("60", "normal", push.topic)
    claims_of(sent["authorization"], f"http://127.0.0.1:{one.port}")
    for open_one in carriers:
        if isinstance(open_one, ChildCarrier):
            await open_one.close()
