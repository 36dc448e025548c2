"""The connection limiter: idle connections count for their address, and the last descriptors are kept free."""

from __future__ import annotations

from collections import Counter

import pytest

from suhbat.errors import Busy, RateLimited
from suhbat.transport.connection_limiter import LARGEST, SMALLEST, SPARE, ConnectionLimiter

FEW = 5


def limiter(limit: int = FEW, descriptors: int | None = None, **sockets: int) -> ConnectionLimiter:
    have = Counter({name.replace("_", "."): count for name, count in sockets.items()})
    return ConnectionLimiter(limit, lambda address: have[address], lambda peer: peer == "10.0.0.1", lambda: descriptors)


def test_idle_connections_count_for_their_address() -> None:
    """Above the limit and the spare ones a connection is refused, until one leaves. Other addresses are not affected.
    The connections of a proxy are not counted, nor those of a UNIX socket, which has no address."""
    limited = limiter()
    for _ in range(FEW + SPARE):
        assert limited.enter("192.0.2.1", 9) is None
    refused = limited.enter("192.0.2.1", 9)
    assert isinstance(refused, RateLimited) and refused.retry_after == 30
    limited.leave("192.0.2.1")
    assert isinstance(limited.enter("192.0.2.1", 9), RateLimited)
    limited.leave("192.0.2.1")
    limited.leave("192.0.2.1")
    assert limited.enter("192.0.2.1", 9) is None
    for peer in ("192.0.2.2", "10.0.0.1", None):
        for _ in range(FEW + SPARE):
            assert limited.enter(peer, 9) is None
    assert limited.enter("10.0.0.1", 9) is None and limited.enter(None, 9) is None


def test_web_sockets_of_the_address_count_as_well() -> None:
    """HTTP connections and WebSockets count together. A limit of 0 means none, and a /64 is one address."""
    assert limiter(**{"192_0_2_1": FEW + SPARE - 1}).enter("192.0.2.1", 9) is None
    assert isinstance(limiter(**{"192_0_2_1": FEW + SPARE}).enter("192.0.2.1", 9), RateLimited)
    assert limiter(0, **{"192_0_2_1": 100_000}).enter("192.0.2.1", 9) is None
    limited = limiter()
    refusals = [limited.enter(f"2001:db8:1:2::{number:x}", 9) for number in range(FEW + SPARE + 1)]
    assert refusals[:-1] == [None] * (FEW + SPARE) and isinstance(refusals[-1], RateLimited)
    for number in range(FEW + SPARE + 1):
        limited.leave(f"2001:db8:1:2::{number:x}")
    assert not limited._open


@pytest.mark.parametrize(("all", "reserve"), [(64, SMALLEST), (1_024, 102), (100_000, LARGEST)])
def test_the_last_descriptors_are_not_for_connections(all: int, reserve: int) -> None:
    """A connection that gets one of them is refused with a time to retry, whatever its address."""
    limited = limiter(0, all)
    assert limited.enter("192.0.2.1", all - reserve - 1) is None
    for peer in ("192.0.2.1", "10.0.0.1", None):
        assert isinstance(limited.enter(peer, all - reserve), Busy)
