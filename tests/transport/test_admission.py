"""Admission: limits, headers, addresses, dialects. No socket."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.model import Actor
from suhbat.config import Settings
from suhbat.errors import Busy, Forbidden
from suhbat.hub.connection import Connection, FrameFormat, Target
from suhbat.protocol.closes import Close
from suhbat.protocol.types import LOBBY
from suhbat.services import Services
from suhbat.transport.admission import FULL_SECONDS, STARTING_SECONDS, V1_PATH, Admission, Request, is_ours
from suhbat.transport.dialect import SYNCS
from suhbat.transport.simple import SimpleDialect
from suhbat.transport.upgrade import QUERY_FIELDS, Upgrade
from suhbat.transport.v1 import V1Dialect
from tests.fakes import FakeClock, FakeStore
from tests.hub.parts import RecordingWire
from tests.services import services_over


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run in a directory without suhbat.toml."""
    monkeypatch.chdir(tmp_path)


def house(**settings: Any) -> Admission:
    """Admission to a server with these settings, in memory."""
    services = services_over(FakeStore(), FakeClock(), Settings(**settings))
    return Admission(lambda: services)


def request(*headers: tuple[str, str], path: str = V1_PATH, query: bytes = b"", peer: str = "192.0.2.1") -> Request:
    return Request(path, query, [("Host", "localhost:8000"), *headers], peer)


def enter(admission: Admission, upgrade: Upgrade) -> RecordingWire:
    wire = RecordingWire()
    admission.enter(wire, upgrade)
    return wire


def test_paths() -> None:
    """Two kinds of path are Suhbat's, and nothing that only looks like them."""
    assert is_ours("/ws/user1") and is_ours("/ws/") and is_ours("/api/v1/ws")
    assert not any(map(is_ours, ("/ws", "/api/v1/ws/", "/api/v1", "/", "/x/ws/user1", "/api/v2/ws")))


def test_before_start_up_and_after_the_end() -> None:
    """Busy, with a retry in a few seconds; nothing is counted."""
    services: list[Services | None] = [services_over(FakeStore(), FakeClock(), Settings())]
    admission = Admission(lambda: services[0])
    upgrade = admission.admit(request())
    services[0] = None
    with pytest.raises(Busy) as refused:
        admission.admit(request())
    assert refused.value.retry_after == STARTING_SECONDS
    with pytest.raises(Busy) as late:
        enter(admission, upgrade)
    assert late.value.retry_after == STARTING_SECONDS


def test_the_limit_of_all() -> None:
    """At most `connections` WebSockets may be open. The next one is refused with a time to retry; a close makes room."""
    admission = house(connections=2)
    upgrades = [admission.admit(request(peer=f"192.0.2.{n}")) for n in range(2)]
    for upgrade in upgrades:
        enter(admission, upgrade)
    with pytest.raises(Busy) as refused:
        admission.admit(request(peer="192.0.2.9"))
    assert refused.value.retry_after == FULL_SECONDS and refused.value.status == 503
    admission.leave(upgrades[0].address)
    admission.admit(request(peer="192.0.2.9"))


def test_no_limit() -> None:
    """0 means no limit, in all and for one address."""
    admission = house(connections=0, connections_per_address=0)
    wires = [enter(admission, admission.admit(request())) for _ in range(3_000)]
    assert not any(wire.closed for wire in wires)


@pytest.mark.parametrize("path", [V1_PATH, "/ws/user1"])
def test_the_limit_of_one_address(path: str) -> None:
    """One connection too many is accepted, told why, and closed. It counts until it leaves. Other addresses are not
    affected."""
    admission = house(connections_per_address=2)
    upgrade = admission.admit(request(path=path))
    first, second, third = (enter(admission, upgrade) for _ in range(3))
    assert not first.closed and not second.closed
    assert third.code is Close.RATE_LIMITED
    (error,) = third.frames
    assert (error["type"], error["code"], error["retry_after"]) == ("error", "rate_limited", FULL_SECONDS)
    assert not enter(admission, admission.admit(request(path=path, peer="192.0.2.2"))).closed
    admission.leave(upgrade.address)
    assert enter(admission, upgrade).closed, "two are still there, and one that was refused has not left"
    for _ in range(2):
        admission.leave(upgrade.address)
    assert not enter(admission, upgrade).closed


def test_an_address_without_connections_is_forgotten() -> None:
    """Addresses without connections take no memory."""
    admission = house()
    for number in range(100):
        upgrade = admission.admit(request(peer=f"192.0.2.{number}"))
        enter(admission, upgrade)
        admission.leave(upgrade.address)
    assert not admission._addresses and admission._open == 0


def test_an_ipv6_subnet_is_one_address() -> None:
    """One customer has 2^64 addresses (RFC 6177): they count as one."""
    admission = house(connections_per_address=1)
    enter(admission, admission.admit(request(peer="2001:db8:1:2::1")))
    assert enter(admission, admission.admit(request(peer="2001:db8:1:2:ffff::2"))).closed
    assert not enter(admission, admission.admit(request(peer="2001:db8:1:3::1"))).closed


def test_forwarded_addresses() -> None:
    """The forwarded address counts if the proxy is trusted; every header of that name is read."""
    told = [("X-Forwarded-For", "198.51.100.7"), ("x-forwarded-for", "203.0.113.9")]
    assert house().admit(request(*told)).address == "192.0.2.1"
    assert house(trusted_proxies="192.0.2.0/24").admit(request(*told)).address == "203.0.113.9"
    both = "192.0.2.0/24,203.0.113.9"
    assert house(trusted_proxies=both).admit(request(*told)).address == "198.51.100.7"


def test_without_an_address() -> None:
    """A UNIX socket has no peer address: all its connections count as one."""
    assert house().admit(replace(request(), peer=None)).address == ""


@pytest.mark.parametrize("header", ["Origin", "Host", "Authorization", "oRIGIN"])
def test_doubled_headers(header: str) -> None:
    """If one of these headers is repeated, the request is refused (RFC 9112 §3.2)."""
    once = ("Origin", "http://localhost:8000"), ("Authorization", "Bearer x")
    assert house().admit(request(*once)).headers["authorization"] == "Bearer x"
    with pytest.raises(Forbidden):
        house().admit(request(*once, (header, "localhost:8000")))


def test_foreign_origins() -> None:
    """A page of another origin is refused before anything is counted."""
    admission = house(connections=1)
    for origin in ("https://evil.example", "null", "http://localhost:8000.evil.example", "http://localhost:8001"):
        with pytest.raises(Forbidden):
            admission.admit(request(("Origin", origin)))
    admission.admit(request(("Origin", "http://localhost:8000")))


def test_headers_and_query_of_an_upgrade() -> None:
    """Header names are lower case, and the last value of a repeated one counts. Query values are decoded; a query with
    too many fields is ignored."""
    upgrade = house().admit(
        request(("Accept-Language", "uz"), ("X-Twice", "1"), ("x-twice", "2"), query=b"lang=ru&a=%41")
    )
    assert upgrade.headers["accept-language"] == "uz" and upgrade.headers["x-twice"] == "2"
    assert upgrade.query == {"lang": "ru", "a": "A"}
    assert house().admit(request(query=b"a=1&" * QUERY_FIELDS)).query == {}


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([], None),
        ([("Authorization", "Bearer abc")], "abc"),
        ([("Authorization", "bearer  abc"), ("Cookie", "suhbat_session=def")], "abc"),
        ([("Authorization", "Basic abc"), ("Cookie", "a=b;suhbat_session=def; c")], "def"),
        ([("Cookie", 'suhbat_session = "def"; x=suhbat_session=no')], "def"),
        ([("Cookie", "[some]{body}=else's; suhbat_session=def")], "def"),
        ([("Cookie", "x_suhbat_session=def; suhbat_session=")], None),
        ([("Cookie", ";;=;")], None),
    ],
)
def test_tokens(headers: list[tuple[str, str]], token: str | None) -> None:
    """A token comes in the Authorization header or in the session cookie, among other cookies (RFC 6265 §5.2)."""
    assert house().admit(request(*headers)).token == token


def test_a_cookie_is_parsed_fast() -> None:
    """Parsing a cookie must not block the loop: Python's own parser takes 0.1 s for 8 KB of backslashes (CVE-2024-7592),
    and 64 times as long for 64 KB."""
    upgrade = house().admit(request(("Cookie", 'a="' + "\\" * 64_000 + '"; suhbat_session=b')))
    began = time.process_time()
    assert upgrade.token == "b"
    assert time.process_time() - began < 1.0


async def test_unfinished_syncs_pause_reading() -> None:
    """A client that syncs again and again without reading is not read from, because each waiting sync takes memory."""
    wire = RecordingWire()
    dialect = house().enter(wire, house().admit(request()))
    assert isinstance(dialect, V1Dialect)
    dialect.connection = Connection(wire, FrameFormat.V1, Actor("u1", "ali"), "en")
    hub = dialect.services.hub
    hub.follow(dialect.connection, {LOBBY: 0})
    for _ in range(SYNCS):
        hub.catch_up(dialect.connection, Target({LOBBY: 1}, presence=False))
    assert not dialect.crowded
    hub.catch_up(dialect.connection, Target({LOBBY: 1}, presence=False))
    assert dialect.crowded
    await dialect.services.tasks.close()


def test_dialects() -> None:
    """The path chooses the dialect; the name is the rest of the path, unchanged."""
    admission = house()
    v1 = admission.enter(RecordingWire(), admission.admit(request()))
    simple = admission.enter(RecordingWire(), admission.admit(request(path="/ws/oʻktam/x")))
    assert isinstance(v1, V1Dialect)
    assert isinstance(simple, SimpleDialect) and simple.name == "oʻktam/x"


@pytest.mark.parametrize(
    ("path", "offered", "chosen"),
    [
        (V1_PATH, "suhbat.v1", "suhbat.v1"),
        (V1_PATH, "chat, suhbat.v1 ,x", "suhbat.v1"),
        (V1_PATH, "suhbat.v10, chat", None),
        (V1_PATH, "", None),
        ("/ws/user1", "suhbat.v1", None),
    ],
)
def test_subprotocol(path: str, offered: str, chosen: str | None) -> None:
    """The supported subprotocol is chosen if it is offered (RFC 6455 §4.2.2), and never another one."""
    admission = house()
    assert admission.subprotocol(admission.admit(request(("Sec-WebSocket-Protocol", offered), path=path))) == chosen
