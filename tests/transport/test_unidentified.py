"""Connections without `hello` have a bound of their own, and their frames count for their address."""

from __future__ import annotations

import json

from suhbat.chat.rate import Rates
from suhbat.errors import RateLimited
from suhbat.hub.unidentified import PART
from suhbat.protocol.closes import Close
from suhbat.transport.v1 import V1Dialect
from tests.hub.parts import RecordingWire

from .test_admission import elsewhere, house, request

__all__ = ["elsewhere"]


async def test_the_oldest_unidentified_connection_is_closed() -> None:
    """Of a hundred possible connections a quarter may be without `hello`. Above that the oldest gets busy and is
    closed. A connection that has closed or has sent `hello` does not count."""
    admission = house(connections=100)
    dialects: list[tuple[V1Dialect, RecordingWire]] = []
    for _ in range(100 // PART):
        wire = RecordingWire()
        dialect = admission.enter(wire, admission.admit(request()))
        assert isinstance(dialect, V1Dialect)
        dialect.open()
        dialects.append((dialect, wire))
    dialects[1][0].closed()
    dialects[1][0].closed()
    for number in range(2):
        assert not dialects[0][1].closed
        wire = RecordingWire()
        admission.enter(wire, admission.admit(request())).open()
        assert dialects[0][1].closed is (number == 1)
    assert (dialects[0][1].frames[0]["code"], dialects[0][1].code) == ("busy", Close.BUSY)
    assert not dialects[2][1].closed
    dialect, wire = dialects[2]
    rest = dialect.receive(json.dumps({"type": "hello", "id": 1, "token": "nobody's"}))
    assert rest is not None
    await rest
    assert wire.frames[0]["code"] == "unauthenticated"
    waiting = len(dialect.services.limits.unidentified)
    dialect.closed()
    assert len(dialect.services.limits.unidentified) == waiting
    for dialect, _ in dialects:
        dialect.closed()


def test_unidentified_frames_count_for_the_address() -> None:
    """The first frame of each connection is free, because thousands may reconnect through one address. Further frames
    count, however often they connect. This machine is not limited."""
    rates = Rates(50, 2)
    for _ in range(1_000):
        assert rates.unidentified("192.0.2.1").take(0.0) == 0
    refused = 0
    for _ in range(30):
        meter = rates.unidentified("192.0.2.1")
        assert meter.take(0.0) == 0
        refused += meter.take(0.0) > 0
    assert refused == 20
    for address in ("192.0.2.2", ""):
        meter = rates.unidentified(address)
        assert meter.take(0.0) == meter.take(0.0) == 0


def test_attempts_of_one_address_have_a_rate() -> None:
    """An address that connects again and again is refused before the upgrade, with the time to wait. Others, and this
    machine, are not."""
    admission = house(connections_per_address=10)
    codes = []
    for _ in range(600):
        try:
            admission.admit(request())
            codes.append("")
        except RateLimited as error:
            assert error.retry_after
            codes.append(error.code)
    assert codes == [""] * 500 + ["rate_limited"] * 100
    admission.admit(request(peer="192.0.2.9"))
    for _ in range(600):
        admission.admit(request(peer="127.0.0.1"))
