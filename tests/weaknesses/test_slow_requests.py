"""Requests that never end, or never begin: each holds a connection, and some hold memory."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.servers import PATIENCE, Server

from .hasty import SECOND
from .parts import FILE, NOT_IN_SERVE, Everywhere, Found, asking, connected, deadline, holds, kept, resident

MEGABYTE = 1 << 20
UNFINISHED = asking("/readyz").removesuffix(b"\r\n") + b"X-Long: "


def _dribbled(server: Server, peer: socket.socket) -> bool:
    """Whether the server accepts a byte now and then for longer than it should."""
    limit = deadline(server, SECOND + 1.5, NOT_IN_SERVE)
    with suppress(OSError):
        while time.monotonic() < limit:
            peer.sendall(b"x")
            time.sleep(SECOND / 5)
            if not holds(server, peer):
                return False
    return holds(server, peer)


@pytest.fixture(scope="module")
def found(everywhere: Everywhere) -> Found:
    """The results of the probes that wait for a deadline, all at the same time."""
    return everywhere.at_once(waits_for_a_request, waits_for_headers, waits_for_more_headers, waits_for_a_body)


def waits_for_a_request(server: Server) -> bool:
    """Does a connection stay on which nothing is ever sent?"""
    with connected(server) as peer:
        return kept(server, peer, SECOND + 1.5, NOT_IN_SERVE)


def test_a_silent_connection_has_a_deadline(found: Found) -> None:
    """A connection that never sends a byte is closed after the time allowed for a request (10 s)."""
    assert found[waits_for_a_request] == NOT_IN_SERVE


def waits_for_headers(server: Server) -> bool:
    """Does a connection stay whose headers arrive byte by byte?"""
    with connected(server) as peer:
        peer.sendall(UNFINISHED)
        return _dribbled(server, peer)


def test_headers_have_a_deadline(found: Found) -> None:
    """From the first byte to the end of the headers a request has 10 s; here one. uvicorn waits for ever."""
    assert found[waits_for_headers] == NOT_IN_SERVE


@contextmanager
def _answered(server: Server) -> Iterator[socket.socket]:
    """A connection whose first request was answered. On a busy machine the request may miss its second; then another
    one is tried."""
    limit = time.monotonic() + PATIENCE
    while True:
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as peer:
            try:
                peer.sendall(asking("/readyz"))
                answer = http.client.HTTPResponse(peer)
                answer.begin()
                answer.read()
                answered = answer.status == 200
            except (OSError, http.client.HTTPException):
                answered = False
            if answered:
                yield peer
                return
        assert time.monotonic() < limit, "no request was answered"


def waits_for_more_headers(server: Server) -> bool:
    """The same with the second request of a connection."""
    with _answered(server) as peer:
        time.sleep(SECOND / 2)
        peer.sendall(UNFINISHED)
        return _dribbled(server, peer)


def test_headers_of_a_second_request_have_a_deadline(found: Found) -> None:
    """A kept-alive connection has no more time for its next request than for the first."""
    assert found[waits_for_more_headers] == NOT_IN_SERVE


def waits_for_a_body(server: Server) -> bool:
    """Does a connection stay whose headers announce a body that then arrives byte by byte?"""
    with connected(server) as peer:
        peer.sendall(asking("/api/v1/guests", "Content-Type: application/json", "Content-Length: 60000", method="POST"))
        return _dribbled(server, peer)


def test_a_body_has_a_slowest_pace(found: Found) -> None:
    """A body that arrives too slowly ends with its connection. uvicorn and Starlette wait for ever."""
    assert found[waits_for_a_body] == NOT_IN_SERVE


def _grows_with(server: Server, peer: socket.socket, data: bytes) -> bool:
    """Whether the server's memory grows with what this connection sends."""
    before = resident(server)
    with suppress(OSError):  # it stopped reading, or ended the connection: both are right
        peer.sendall(data)
        for _ in range(16):
            peer.sendall(b"x" * MEGABYTE)
    return resident(server) - before > 8 * MEGABYTE


def takes_endless_headers(server: Server) -> bool:
    """Does the memory grow with a header without end?"""
    with connected(server) as peer:
        return _grows_with(server, peer, UNFINISHED)


def test_headers_have_an_end(everywhere: Everywhere) -> None:
    """Headers above 64 KiB are refused, also while they arrive fast. uvicorn over httptools keeps them all."""
    assert everywhere.shown(takes_endless_headers, NOT_IN_SERVE) == NOT_IN_SERVE


def takes_endless_headers_behind_an_answer(server: Server) -> bool:
    """The same, while the response to the request before is not read."""
    with connected(server, deaf=True) as peer:
        peer.sendall(asking(FILE))
        time.sleep(0.3)
        return _grows_with(server, peer, UNFINISHED)


def test_headers_behind_an_answer_have_an_end(everywhere: Everywhere) -> None:
    """They are bounded while the connection is busy with another request, too."""
    assert everywhere.shown(takes_endless_headers_behind_an_answer, NOT_IN_SERVE) == NOT_IN_SERVE


def upload(server: Server) -> list[int]:
    """The statuses of an upload that is too large, and of the next request on the same connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        statuses = []
        for method, path, body in [("POST", "/api/v1/guests", b"x" * 5 * MEGABYTE), ("GET", "/readyz", None)]:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        return statuses
    finally:
        connection.close()


def test_a_large_upload_gets_its_answer(everywhere: Everywhere) -> None:
    """With all these bounds, a client that sends too much and then reads still gets its answer: 413, and may go on."""
    assert everywhere(upload) == {"suhbat serve": [413, 200], "uvicorn main:app": [413, 200], "tutorial": [200, 200]}
