"""Messages that are too large, of the wrong kind, or harmful to their recipients."""

from __future__ import annotations

import time

from tests.servers import Server
from tests.system.raw import BINARY, TEXT, Ended, Raw

from .hasty import FLAW
from .parts import TUTORIAL_ALONE, Everywhere, asking, connected, name

MEGABYTE = 1 << 20
CLOSED_WITHOUT_A_CODE = 1006
"""What a client makes of a connection that just ends (RFC 6455 §7.1.5)."""


def after_a_megabyte(server: Server) -> int | None:
    """The close code after a client sends a megabyte; None if it is passed on."""
    with Raw(server.port, f"/ws/{name('wordy')}") as raw:
        raw.frame(TEXT, b'{"message":"' + b"x" * MEGABYTE + b'"}')
        while True:
            opcode, payload = raw.read()
            if opcode == TEXT and len(payload) > MEGABYTE:
                return None
            if opcode == 8:
                return int.from_bytes(payload[:2], "big")


def test_a_message_has_a_size(everywhere: Everywhere) -> None:
    """A frame above 64 KiB is not even read: 1009. uvicorn accepts 16 MiB, and passes it on to everybody."""
    assert everywhere(after_a_megabyte) == {"suhbat serve": 1009, "uvicorn main:app": 1009, "tutorial": None}


def agrees_to_deflate(server: Server) -> bool:
    """Is compression negotiated, so that a kilobyte can become a megabyte?"""
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    with Raw(server.port, f"/ws/{name('packer')}", headers=offer) as raw:
        assert raw.status == 101
        return "permessage-deflate" in raw.head


def test_deflate_is_not_agreed_to(everywhere: Everywhere) -> None:
    """Compression costs memory for each connection and helps short messages little. uvicorn negotiates it."""
    assert everywhere.shown(agrees_to_deflate, TUTORIAL_ALONE) == TUTORIAL_ALONE


def after_a_binary_frame(server: Server) -> int:
    """The close code after a client sends a binary frame where text is expected."""
    with Raw(server.port, f"/ws/{name('binary')}") as raw:
        raw.frame(BINARY, b'{"message":"salom"}')
        return raw.closed()


def test_a_binary_frame_is_refused_by_its_code(everywhere: Everywhere) -> None:
    """1003 says that text is expected. Starlette's receive_text() raises KeyError, and the client sees the connection
    end without a close."""
    assert everywhere(after_a_binary_frame) == {
        "suhbat serve": 1003,
        "uvicorn main:app": 1003,
        "tutorial": CLOSED_WITHOUT_A_CODE,
    }


def after_an_exception(server: Server) -> int:
    """The close code after a frame that makes the application raise."""
    with Raw(server.port, f"/ws/{name('unlucky')}") as raw:
        raw.frame(TEXT, FLAW.encode())
        return raw.closed()


def test_an_exception_has_a_code(everywhere: Everywhere) -> None:
    """1011 says that the server failed and the client may reconnect. On uvicorn the connection ends without a close."""
    assert everywhere(after_an_exception) == {
        "suhbat serve": 1011,
        "uvicorn main:app": 1011,
        "tutorial": CLOSED_WITHOUT_A_CODE,
    }


def breaks_on_a_lone_surrogate(server: Server) -> bool:
    """Does half a character (valid JSON, but not encodable as UTF-8) end a connection or reach anybody?"""
    witness, speaker = name("witness"), name("speaker")
    with Raw(server.port, f"/ws/{witness}") as one, Raw(server.port, f"/ws/{speaker}") as two:
        two.frame(TEXT, rb'{"message":"\ud800"}')
        try:
            two.say({"message": "still here"})
            told = [two.until("error")["code"], two.until("message")["message"], one.until("message")["message"]]
            return told != ["bad_request", "still here", "still here"]
        except (Ended, ConnectionError):
            return True


def test_a_lone_surrogate_is_refused(everywhere: Everywhere) -> None:
    """The sender gets bad_request, and nobody else gets anything. json.loads() accepts it, and then every encoder on
    the way to a recipient raises."""
    assert everywhere.shown(breaks_on_a_lone_surrogate, TUTORIAL_ALONE) == TUTORIAL_ALONE


def logs_a_ticket(server: Server) -> bool:
    """Is the query string of an address logged?"""
    ticket = name("ticket")
    with connected(server) as peer:
        peer.sendall(asking(f"/api/v1/ws?ticket={ticket}", "Connection: close"))
        while peer.recv(4096):
            pass
    for path, headers in [
        (f"/ws/{name('logged')}", {}),
        ("/api/v1/ws", {}),
        ("/ws/foreign", {"Origin": "https://evil.example"}),
        ("/nowhere", {}),
    ]:
        Raw(server.port, f"{path}?ticket={ticket}", headers=headers).close()
    time.sleep(0.2)
    return ticket in server.printed()


def test_tickets_are_not_logged(everywhere: Everywhere) -> None:
    """A query string may hold a ticket for one use, and is in no log. uvicorn logs every address whole."""
    assert everywhere.shown(logs_a_ticket, TUTORIAL_ALONE) == TUTORIAL_ALONE
