"""One request and its answer over an open connection: HTTP/1.1, parsed by h11, within limits of size."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import h11

from .errors import NotReached

MOST_HEADER_BYTES = 32_768
"""Everything before the body of an answer, interim answers (1xx) included."""
_READ = 65_536


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """`target`: the path with the query. `headers`: complete, with Host; the names in lower case."""

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """`headers`: the names in lower case; values of the same name are joined by commas. `is_cut`: the body was longer, and what
    is here is its beginning. `url`: where the answer came from, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    url: str = field(repr=False)


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: OutgoingRequest, url: str, most: int
) -> tuple[OutgoingAnswer, bool]:
    """Send a request and read at most `most` bytes of the body of its answer; with 0 the body is not waited for. Returns also
    whether the connection, which is left open, can be used for another request.

    Sets no limit of time. Raises NotReached if the answer breaks the rules of HTTP, OSError if the connection breaks.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADER_BYTES)
    head = h11.Request(method=request.method, target=request.target, headers=list(request.headers.items()))
    parts = (connection.send(head), connection.send(h11.Data(request.body)), connection.send(h11.EndOfMessage()))
    # Not drained: the body is small, and a server may answer before it has read all of it.
    writer.write(b"".join(part for part in parts if part))
    response: h11.Response | None = None
    body = bytearray()
    received = 0
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise NotReached(f"the answer is no valid HTTP: {error}") from None
        if event is h11.NEED_DATA:
            data = await reader.read(_READ)
            received += len(data)
            if response is None and received > MOST_HEADER_BYTES + _READ:
                raise NotReached("the answer has too many headers")
            if response is not None and received > 2 * (most + MOST_HEADER_BYTES + _READ):
                # Many times as long as its body: chunks of a byte, or with long extensions.
                return _answer(response, bytes(body), url, is_cut=True), False
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            response = event
            if most == 0:
                return _answer(response, b"", url, is_cut=False), _has_no_body(connection)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > most and response is not None:
                return _answer(response, bytes(body[:most]), url, is_cut=True), False
        elif isinstance(event, h11.EndOfMessage) and response is not None:
            return _answer(response, bytes(body), url, is_cut=False), _is_done(connection)
        elif not isinstance(event, h11.InformationalResponse):
            raise NotReached("the connection was closed without an answer")


def _has_no_body(connection: h11.Connection) -> bool:
    """Whether the answer ends with its headers, and another request may follow."""
    try:
        return isinstance(connection.next_event(), h11.EndOfMessage) and _is_done(connection)
    except h11.RemoteProtocolError:
        return False


def _is_done(connection: h11.Connection) -> bool:
    """Whether both sides have said all, and neither wants to close."""
    return connection.our_state is connection.their_state is h11.DONE and connection.trailing_data == (b"", False)


def _answer(response: h11.Response, body: bytes, url: str, *, is_cut: bool) -> OutgoingAnswer:
    headers: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return OutgoingAnswer(response.status_code, headers, body, is_cut, url)
