"""HTTP responses that the client does not read: they may not stay in memory for ever."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests.servers import Server

from .hasty import SECOND
from .parts import FILE, NOT_IN_SERVE, Everywhere, Found, asking, connected, deadline, holds, kept


@pytest.fixture(scope="module")
def found(everywhere: Everywhere) -> Found:
    """The results of the probes of this file, all at the same time."""
    return everywhere.at_once(keeps_an_unread_answer, keeps_the_end_of_an_answer, keeps_unread_answers_in_a_row)


def keeps_an_unread_answer(server: Server) -> bool:
    """Is a client that reads nothing of a large file still there long after its request?"""
    with connected(server, deaf=True) as peer:
        peer.sendall(asking(FILE))
        return kept(server, peer, 3 * SECOND + 1.5, NOT_IN_SERVE)


def test_an_unread_answer_has_a_deadline(found: Found) -> None:
    """A response of which nothing is read for some time ends with its connection. uvicorn waits for ever."""
    assert found[keeps_an_unread_answer] == NOT_IN_SERVE


def keeps_the_end_of_an_answer(server: Server) -> bool:
    """The same with little unread: for uvicorn the response is complete when the transport has all of it."""
    with ExitStack() as stack:
        # More bytes than the kernel buffers, but few enough for uvicorn to hand all of them to the transport.
        peers = [stack.enter_context(connected(server, deaf=True)) for _ in range(80_000, 280_000, 20_000)]
        for peer, size in zip(peers, range(80_000, 280_000, 20_000), strict=True):
            peer.sendall(asking(FILE, "Connection: close", f"Range: bytes=0-{size}"))
        limit = deadline(server, 3 * SECOND + 1.5, NOT_IN_SERVE)
        while time.monotonic() < limit and any(holds(server, peer) for peer in peers):
            time.sleep(0.25)
        return any(holds(server, peer) for peer in peers)


def test_the_unread_end_of_an_answer_has_a_deadline(found: Found) -> None:
    """The end of a response may not wait for ever either, wherever in it the client stops reading."""
    assert found[keeps_the_end_of_an_answer] == NOT_IN_SERVE


def keeps_unread_answers_in_a_row(server: Server) -> bool:
    """The same with the second of two pipelined requests (RFC 9112 §9.3.2), after the first response was read."""
    with connected(server, deaf=True) as peer:
        peer.sendall(asking("/readyz") + asking(FILE))
        peer.recv(64)
        return kept(server, peer, 3 * SECOND + 1.5, NOT_IN_SERVE)


def test_unread_answers_in_a_row_have_a_deadline(found: Found) -> None:
    """Pipelining does not help a client that reads nothing."""
    assert found[keeps_unread_answers_in_a_row] == NOT_IN_SERVE
