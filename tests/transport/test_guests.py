"""Bare guests get a new uid with each connect, so their limits must outlive their connections."""

from __future__ import annotations

import json

import pytest

from suhbat.protocol.types import LOBBY
from suhbat.transport.admission import Admission
from tests.hub.parts import RecordingWire

from .test_admission import elsewhere, house, request

__all__ = ["elsewhere"]


class Guest:
    """A connection of the simple dialect from a remote address, or from `peer`."""

    def __init__(self, admission: Admission, name: str, peer: str = "192.0.2.1") -> None:
        self.admission = admission
        self.upgrade = admission.admit(request(path=f"/ws/{name}", peer=peer))
        self.wire = RecordingWire()
        services = admission._services()
        assert services is not None
        services.hub.channels.open(LOBBY)
        self.dialect = admission.enter(self.wire, self.upgrade)
        self.dialect.open()

    def say(self, text: str = "salom") -> None:
        self.dialect.receive(json.dumps({"message": text}))

    def codes(self) -> list[str]:
        return [frame["code"] for frame in self.wire.frames if frame["type"] == "error"]

    def leave(self) -> None:
        self.dialect.closed()
        self.admission.leave(self.upgrade.address)


@pytest.fixture
def admission() -> Admission:
    return house(guests_per_address=3, send_rate=2)


async def test_a_guest_who_sends_counts_for_the_address(admission: Admission) -> None:
    """So many bare guests of one address may send in a day, each as much as they like; connecting costs nothing. The
    next guest gets an error for each message and stays connected. Other addresses are not affected."""
    for number in range(20):
        Guest(admission, f"quiet{number}").leave()
    for number in range(3):
        guest = Guest(admission, f"loud{number}")
        guest.say()
        guest.say()
        assert guest.codes() == []
        guest.leave()
    late = Guest(admission, "late")
    late.say()
    late.say()
    assert late.codes() == ["rate_limited"] * 2 and not late.wire.closed
    other = Guest(admission, "other", "192.0.2.2")
    other.say()
    assert other.codes() == []


async def test_a_reconnect_does_not_reset_the_rate() -> None:
    """A guest who floods and reconnects under the same name continues with the same meter: refused, and closed in the
    end."""
    admission = house(send_rate=2, guests_per_address=0)
    refused = 0
    for _ in range(40):
        guest = Guest(admission, "flood")
        guest.say()
        refused += guest.codes() == ["rate_limited"]
        guest.leave()
    assert refused >= 29
    assert guest.wire.closed
