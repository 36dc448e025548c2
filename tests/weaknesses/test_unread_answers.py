"""HTTP answers that nobody takes: they may not stay in the memory for ever."""

from __future__ import annotations

import pytest

from tests.servers import Server

from .hasty import SECOND
from .parts import FILE, NOT_IN_SERVE, Everywhere, Found, asking, connected, kept


@pytest.fixture(scope="module")
def found(everywhere: Everywhere) -> Found:
    """What the probes of this file find, which all wait at the same time."""
    return everywhere.at_once(keeps_an_unread_answer)


def keeps_an_unread_answer(server: Server) -> bool:
    """Is a client still there long after its request, if it reads nothing of a large file?"""
    with connected(server, deaf=True) as peer:
        peer.sendall(asking(FILE))
        return kept(server, peer, 3 * SECOND + 1.5)


def test_an_unread_answer_has_a_deadline(found: Found) -> None:
    """An HTTP answer of which nothing is taken for a while ends with its connection. uvicorn waits for ever."""
    assert found[keeps_an_unread_answer] == NOT_IN_SERVE
