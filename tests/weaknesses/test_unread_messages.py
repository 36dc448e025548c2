"""WebSockets whose peer reads nothing: neither the connection nor its unsent bytes may stay."""

from __future__ import annotations

import time
from contextlib import suppress
from socket import SHUT_WR

from tests.servers import Server
from tests.system.raw import BINARY, PING, TEXT, Raw, framed

from .hasty import SECOND, SILENCE_SECONDS
from .parts import NOWHERE, TUTORIAL_ALONE, Everywhere, kept, name, reading_nothing, resident

MEGABYTE = 1 << 20


def keeps_a_peer_that_reads_nothing(server: Server) -> bool:
    """Is a peer that reads nothing, and so answers no ping, still there long after that was noticed?"""
    with reading_nothing(server) as deaf:
        return kept(server, deaf.socket, SILENCE_SECONDS + 2, TUTORIAL_ALONE)


def test_a_client_that_reads_nothing_is_aborted(everywhere: Everywhere) -> None:
    """A peer that answers no ping is aborted. uvicorn notices too, but then calls transport.close(), which waits for
    ever for unsent bytes."""
    assert everywhere.shown(keeps_a_peer_that_reads_nothing, TUTORIAL_ALONE) == TUTORIAL_ALONE


def keeps_unread_pongs(server: Server) -> bool:
    """Does the memory grow with pongs that a peer does not read?"""
    pings = framed(PING, b"x" * 125) * 2_000
    with Raw(server.port, f"/ws/{name('pinger')}", deaf=True) as raw:
        raw.socket.settimeout(1.0)
        before = resident(server)
        until = time.monotonic() + 3
        with suppress(OSError):  # it stopped reading, or ended the connection: both are right
            while time.monotonic() < until and resident(server) - before < 16 * MEGABYTE:
                raw.socket.sendall(pings)
        return resident(server) - before > 8 * MEGABYTE


def test_unread_pongs_take_no_memory(everywhere: Everywhere) -> None:
    """Pongs that a client does not read take no memory. uvicorn answers each ping, however much is unsent."""
    assert everywhere.shown(keeps_unread_pongs, TUTORIAL_ALONE) == TUTORIAL_ALONE


def keeps_a_peer_that_reads_no_close(server: Server) -> bool:
    """Is a peer that reads nothing still there long after it was closed?"""
    with reading_nothing(server) as deaf:
        deaf.frame(TEXT, b"{}", mask=False)  # a protocol error (RFC 6455 §5.1), which every server answers with a close
        return kept(server, deaf.socket, SECOND + 1.5, TUTORIAL_ALONE)


def test_a_close_that_is_not_read_has_a_deadline(everywhere: Everywhere) -> None:
    """A client that does not read its close is aborted soon. uvicorn calls transport.close(), which waits for ever."""
    assert everywhere.shown(keeps_a_peer_that_reads_no_close, TUTORIAL_ALONE) == TUTORIAL_ALONE


def keeps_a_peer_that_answers_no_close(server: Server) -> bool:
    """Is a peer still there long after a close that it has read, but does not answer?"""
    with Raw(server.port, f"/ws/{name('rude')}") as raw:
        raw.frame(BINARY, b"not expected here")
        with suppress(OSError):
            while raw.socket.recv(4096):
                pass
        return kept(server, raw.socket, SECOND + 1.5, NOWHERE)


def test_a_close_that_is_not_answered_has_a_deadline(everywhere: Everywhere) -> None:
    """A client that reads a close and does not answer it is dropped too; so does uvicorn."""
    assert everywhere(keeps_a_peer_that_answers_no_close) == NOWHERE


def keeps_a_half_closed_peer(server: Server) -> bool:
    """Is a peer that reads nothing still there long after it ended its side (FIN)?"""
    with reading_nothing(server) as deaf:
        deaf.socket.shutdown(SHUT_WR)
        return kept(server, deaf.socket, SILENCE_SECONDS + 1, TUTORIAL_ALONE)


def test_half_a_connection_has_a_deadline(everywhere: Everywhere) -> None:
    """A peer that closed only its side cannot keep the other open. asyncio then calls transport.close() by itself."""
    assert everywhere.shown(keeps_a_half_closed_peer, TUTORIAL_ALONE) == TUTORIAL_ALONE
