"""The usual handshake: what it accepts, `websockets` accepts with the same response; the rest is left to `websockets`."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from suhbat.transport.plain_handshake import LARGEST, MOST_HEADERS, plain_handshake

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
USUAL = [
    ("host", "chat.example"),
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("sec-websocket-key", KEY),
    ("sec-websocket-version", "13"),
]
NOW = 1_795_000_000.5


def request(headers: list[tuple[str, str]], line: str = "GET /ws/ali?lang=uz HTTP/1.1") -> bytes:
    """As uvicorn writes it again from what it has parsed."""
    return (f"{line}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode("latin-1")


def changed(**values: str | None) -> list[tuple[str, str]]:
    """The usual headers with other values, or without one (None)."""
    named = {name.replace("_", "-"): value for name, value in values.items()}
    kept = [(name, named.get(name, value)) for name, value in USUAL]
    added = [(name, value) for name, value in named.items() if name not in dict(USUAL)]
    return [(name, value) for name, value in [*kept, *added] if value is not None]


def by_websockets(data: bytes) -> tuple[Request, bytes] | None:
    """What `websockets` makes of it: the request and the response without its date; None if it does not accept."""
    conn = ServerProtocol()
    conn.receive_data(data)
    events = conn.events_received()
    if not events or not isinstance(events[0], Request):
        return None
    response = conn.accept(events[0])
    if response.status_code != 101:
        return None
    del response.headers["Date"]
    conn.send_response(response)
    return events[0], b"".join(conn.data_to_send())


LINES = ["GET / HTTP/1.1", "GET /ws/a%20b?x=1 HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/1.0", "GET  / HTTP/1.1"]
names = st.sampled_from([name for name, _ in USUAL] + ["origin", "cookie", "Upgrade", "sec-websocket-protocol", "x"])
values = st.one_of(
    st.sampled_from(
        [value for _, value in USUAL] + ["h2c", "keep-alive, Upgrade", "suhbat.v1", "a, b", "", "14", KEY[:-1]]
    ),
    st.text(st.characters(min_codepoint=9, max_codepoint=0xFF), max_size=12),
)


@given(
    extra=st.lists(st.tuples(names, values), max_size=3),
    without=st.sets(st.sampled_from([name for name, _ in USUAL]), max_size=1),
    line=st.sampled_from(LINES),
)
@example(extra=[("content-length", "0")], without=set(), line="GET / HTTP/1.1")
@example(extra=[("x", "a\r\nupgrade: h2c")], without=set(), line="GET / HTTP/1.1")
def test_what_it_accepts_is_accepted_by_websockets(extra: list[tuple[str, str]], without: set[str], line: str) -> None:
    """The path, the headers and the bytes of the response are equal, except for the date."""
    data = request([(name, value) for name, value in [*USUAL, *extra] if name not in without], line)
    plain = plain_handshake(data, extensions=False)
    if plain is None:
        return
    theirs = by_websockets(data)
    assert theirs is not None
    asked, response = theirs
    assert plain.target == asked.path and plain.headers == list(asked.headers.raw_items())
    head, _, rest = plain.response(NOW, None).partition(b"\r\nDate: ")
    date, _, rest = rest.partition(b"\r\n")
    assert head + b"\r\n" + rest == response
    assert parsedate_to_datetime(date.decode()).timestamp() == int(NOW)


@pytest.mark.parametrize(
    "headers",
    [
        USUAL,
        changed(connection="keep-alive, Upgrade", origin="https://chat.example", cookie="a=b"),
        changed(sec_websocket_protocol="suhbat.v1, other", authorization="Bearer x"),
        changed(sec_websocket_extensions="permessage-deflate; client_max_window_bits"),
        [(name.title(), value) for name, value in USUAL],
    ],
)
def test_usual_requests_are_accepted(headers: list[tuple[str, str]]) -> None:
    """Those of browsers and of programs; an offered extension is ignored where none may be accepted."""
    plain = plain_handshake(request(headers), extensions=False)
    assert plain is not None
    chosen = plain.response(NOW, "suhbat.v1")
    assert chosen.endswith(
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: suhbat.v1\r\n\r\n"
    )


@pytest.mark.parametrize(
    "headers",
    [
        *(changed(**{name.replace("-", "_"): None}) for name, _ in USUAL[1:]),
        *([*USUAL, (name, value)] for name, value in USUAL[1:]),
        changed(sec_websocket_key="short"),
        changed(sec_websocket_key=KEY[:-1] + "!"),
        changed(sec_websocket_version="8"),
        changed(upgrade="websocket, h2c"),
        changed(connection="close"),
        changed(transfer_encoding="chunked"),
        changed(content_length="5"),
        changed(cookie="\xfc"),
        changed(sec_websocket_extensions="permessage-deflate"),
        [*USUAL, ("origin", "a"), ("origin", "b")],
        [*USUAL, *[("x", "y")] * MOST_HEADERS],
        [*USUAL, ("x", "y" * LARGEST)],
    ],
)
def test_unusual_requests_are_left_to_websockets(headers: list[tuple[str, str]]) -> None:
    """Also an offered extension where one may be accepted."""
    assert plain_handshake(request(headers), extensions=True) is None


@pytest.mark.parametrize("tail", [b"x", b"\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_bytes_after_the_request_are_left_to_websockets(tail: bytes) -> None:
    """A client must wait for the response."""
    assert plain_handshake(request(USUAL) + tail, extensions=False) is None
