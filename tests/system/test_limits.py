"""The limits of one client: time, number and identity."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.servers import BUSY, PATIENCE, Server, running

from .raw import CLOSE, Raw, simple


class Late:
    """A connection that never sends hello, and when it was closed."""

    def __init__(self, port: int) -> None:
        with Raw(port, "/api/v1/ws") as raw:
            began = time.monotonic()
            self.error = raw.hear()
            self.code = raw.closed()
            self.seconds = time.monotonic() - began


@pytest.fixture(scope="module")
def late(limited: Server) -> Iterator[Future[Late]]:
    """Waits for its ten seconds while other tests run."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(Late, limited.port)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with low limits on connections and announcements."""
    data = tmp_path_factory.mktemp("limited") / "data"
    with running("uvicorn", data, connections_per_address="5", announce_limit="2") as server:
        yield server


def test_a_silent_holder_loses_its_name(limited: Server, late: Future[Late]) -> None:
    """When another client asks for a name, its holder is pinged. If nothing arrives from it for 10 s it is dropped, and
    the name is free. A holder that answers keeps it."""
    with (
        Raw(limited.port, "/ws/silent") as silent,  # a raw client would have to answer pings by hand
        connect(f"{limited.ws}/ws/alive", compression=None, proxy=None),
    ):
        silent.until("joined", user_id="silent")
        began = time.monotonic()
        while True:
            assert time.monotonic() - began < PATIENCE, "the name was not freed"
            if _may_have(limited, "silent"):
                break
            assert not _may_have(limited, "alive")
            time.sleep(0.25)
        assert 9.5 < time.monotonic() - began < 12 + BUSY
        assert silent.closed() == 1006, "aborted without a closing handshake, which it would not answer"
        assert not _may_have(limited, "alive")


def _may_have(server: Server, wanted: str) -> bool:
    with Raw(server.port, f"/ws/{wanted}") as raw:
        frame = raw.hear()
        if frame["type"] == "joined":
            return True
        assert (frame["code"], frame["retry_after"]) == ("name_in_use", 10)
        assert raw.closed() == 4509
        return False


def test_connections_of_one_address(limited: Server, late: Future[Late]) -> None:
    """The sixth connection of five gets the reason and the close 4029, in both dialects; when one leaves there is room
    again."""
    late.result(PATIENCE)
    with simple(limited.port, "first"), Raw(limited.port, "/ws/second") as second:
        others = [Raw(limited.port, "/api/v1/ws") for _ in range(3)]
        for path in ("/ws/sixth", "/api/v1/ws"):
            with Raw(limited.port, path) as sixth:
                error = sixth.hear()
                assert (error["type"], error["code"]) == ("error", "rate_limited") and error["retry_after"] > 0
                assert sixth.closed() == 4029
        second.frame(CLOSE, struct.pack("!H", 1000))
        assert second.closed() == 1000
        with simple(limited.port, "third"):
            pass
        for other in others:
            other.close()


def test_a_crowd_is_not_announced(limited: Server, late: Future[Late]) -> None:
    """Up to `announce_limit` connections joins and leaves are announced one by one; above it they are not."""
    late.result(PATIENCE)
    _wait(lambda: "suhbat_connections 0.0" in limited.request("GET", "/metrics")[1])
    with simple(limited.port, "anna") as anna:
        with simple(limited.port, "bobur"):
            assert anna.hear()["user_id"] == "bobur"
            with Raw(limited.port, "/ws/vali") as third:
                third.say({"message": "salom"})
                assert third.hear()["message"] == "salom", "not even its own joined"
                assert anna.hear()["message"] == "salom"
            _wait(lambda: "suhbat_connections 2.0" in limited.request("GET", "/metrics")[1])
        left = anna.hear()
        assert (left["type"], left["user_id"]) == ("left", "bobur")


def test_hello_has_ten_seconds(late: Future[Late]) -> None:
    """A v1 connection without hello is closed after 10 s with the reason and 4501."""
    closed = late.result(PATIENCE)
    assert closed.code == 4501 and closed.error["code"] == "unauthenticated"
    assert 9.5 < closed.seconds < 12 + BUSY


def _wait(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_access_closed(tmp_path: Path) -> None:
    """With access = closed a bare name is refused with a sentence, whatever the name; so are v1 without a token, and
    new guests."""
    with running("suhbat", tmp_path / "data", access="closed") as server:
        for path in ("/ws/user1", "/ws/%20"):
            with Raw(server.port, path) as raw:
                assert raw.hear()["code"] == "unauthenticated"
                assert raw.closed() == 4501
        with Raw(server.port, "/api/v1/ws") as raw:
            raw.say({"type": "hello", "id": 1})
            assert raw.hear()["code"] == "unauthenticated"
            assert raw.closed() == 4501
        status, answer = server.request("POST", "/api/v1/guests", {"user_id": "user1"})
        assert (status, answer["code"]) == (403, "forbidden")
