"""One address makes guests without end."""

from __future__ import annotations

import pytest

from tests.servers import Server, running
from tests.system.raw import Raw

from .siege import Siege, name

A_DAY = 20
FLOOD = 60
ADDRESS, OTHER = "2001:db8:1:2", "2001:db8:1:3"
"""Two networks of /64, each of which is one address."""


def test_guests_of_one_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One address can make only so many guests a day, of either kind and from any address of its network; then it is told
    to return another day. Other addresses and this machine are not affected."""
    place = tmp_path_factory.mktemp("guests") / "data"
    with running("suhbat", place, trusted_proxies="127.0.0.1", guests_per_address=str(A_DAY)) as server:
        siege = Siege(server)
        with siege.attack():
            statuses = [_guest(server, f"{ADDRESS}::{number:x}") for number in range(1, FLOOD)]
            assert statuses == [201] * A_DAY + [429] * (FLOOD - 1 - A_DAY)
            with Raw(server.port, f"/ws/{name('bare')}", headers={"X-Forwarded-For": f"{ADDRESS}::ffff"}) as raw:
                raw.until("joined")
                raw.say({"message": "salom"})
                refused = raw.until("error")
                assert refused["code"] == "rate_limited" and refused["retry_after"] > 3600
            assert _guest(server, f"{OTHER}::1") == 201
            with Raw(server.port, f"/ws/{name('bare')}", headers={"X-Forwarded-For": f"{OTHER}::2"}) as raw:
                raw.until("joined")
                raw.say({"message": "salom"})
                raw.until("message", message="salom")
            for _ in range(A_DAY + 1):
                siege.guest(name("here"))


def _guest(server: Server, address: str) -> int:
    status, answer = server.request(
        "POST", "/api/v1/guests", {"user_id": name("flood")}, **{"X-Forwarded-For": address}
    )
    assert status == 201 or (answer["code"], answer["retry_after"] > 3600) == ("rate_limited", True)
    return status
