"""The only module that depends on uvicorn's internals: after the handshake a WebSocket is moved from uvicorn to `StreamWire`.

`suhbat serve` passes `Native` to `uvicorn.Config(ws=…)`. Such a connection costs no ASGI message and no task. With plain
`uvicorn main:app` the request comes through ASGI, and `take_over` moves the connection before it is accepted.

Written for uvicorn 0.54 (pinned). tests/transport/test_native.py checks that each dependency is needed and works. For
another server or version `uvicorn_protocol` returns None, and the connection stays with ASGI: slower, but with the same
behaviour.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Any, cast
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request as HandshakeRequest
from websockets.http11 import Response
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter

from suhbat.errors import SuhbatError
from suhbat.protocol.framing import WINDOW_BITS
from suhbat.protocol.headers import all_headers
from suhbat.protocol.problem import MEDIA_TYPE, problem_of
from suhbat.protocol.replies import encode
from suhbat.texts import choose

from .admission import Admission, Request, is_ours
from .frame_reader import quiet
from .plain_handshake import plain_handshake
from .stream_wire import CLOSE_SECONDS, StreamWire
from .upgrade import Upgrade

try:
    from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
except ImportError:  # another server, and uvicorn is not installed
    AutoWebSocketsProtocol = None  # only used under uvicorn
    WebSocketsSansIOProtocol = None  # type: ignore[assignment,misc]

ADMISSION = "suhbat_admission"
"""The key in the lifespan state under which `Native` finds the application's `Admission`."""
REACHED = ("transport", "request", "connections", "handshake_complete", "close_timer")
"""The attributes of uvicorn's protocol that `take_over` relies on."""


class Native(asyncio.Protocol):
    """The protocol that uvicorn creates for each WebSocket request. Paths that are not Suhbat's are left to uvicorn's own
    protocol."""

    def __init__(
        self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._arguments = (config, server_state, app_state)
        self._siblings: set[Any] = server_state.connections
        self._admission: Admission | None = app_state.get(ADMISSION)
        self._asked = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Handle the request. uvicorn has parsed it already and passes it again in one piece; more data is a violation,
        because the client must wait for the response."""
        if self._asked or self._admission is None:
            self._transport.abort()
            return
        self._asked = True
        self._admission.handshakes.run(partial(self._shake, data))

    def _shake(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        assert self._admission is not None
        try:
            self._answer_request(data, self._admission)
        except BaseException:
            self._transport.abort()
            raise

    def _answer_request(self, data: bytes, admission: Admission) -> None:
        plain = plain_handshake(data, extensions=admission.compression)
        if plain is None:
            self._negotiate(data, admission)
            return
        path, _, query = plain.target.partition("?")
        path = unquote(path)
        if not is_ours(path):
            self._delegate(data)
            return
        asked = self._request(path, query, plain.headers)
        try:
            upgrade = admission.admit(asked)
            answer = plain.response(time.time(), admission.subprotocol(upgrade))
            wire = start_wire(self._transport, answer, (), admission, upgrade, self._siblings)
        except SuhbatError as error:
            self._refuse(error, asked, admission)
            return
        self._transport.set_protocol(wire)

    def _request(self, path: str, query: str, headers: list[tuple[str, str]]) -> Request:
        peer = self._transport.get_extra_info("peername")
        return Request(path, query.encode(), headers, peer[0] if peer else None)

    def _negotiate(self, data: bytes, admission: Admission) -> None:
        """Answer a request that is not a plain one: with the parser of `websockets`."""
        conn = handshake(admission)
        conn.receive_data(data)
        events = conn.events_received()
        request = events[0] if events else None
        if not isinstance(request, HandshakeRequest):
            self._answer(conn, None)
            return
        path, _, query = request.path.partition("?")
        path = unquote(path)
        if not is_ours(path):
            self._delegate(data)
            return
        response = conn.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers.update(all_headers(admission.public_url))
            self._answer(conn, response)
            return
        asked = self._request(path, query, list(request.headers.raw_items()))
        try:
            upgrade = admission.admit(asked)
            wire = open_wire(self._transport, conn, response, admission, upgrade, self._siblings)
        except SuhbatError as error:
            self._refuse(error, asked, admission)
            return
        self._transport.set_protocol(wire)

    def _delegate(self, data: bytes) -> None:
        config, server_state, app_state = self._arguments
        assert AutoWebSocketsProtocol is not None
        delegate = AutoWebSocketsProtocol(config=config, server_state=server_state, app_state=app_state)
        delegate.connection_made(self._transport)
        delegate.data_received(data)
        self._transport.set_protocol(delegate)

    def _answer(self, conn: ServerProtocol, response: Response | None) -> None:
        if response is not None:
            conn.send_response(response)
        self._end(b"".join(conn.data_to_send()))

    def _refuse(self, error: SuhbatError, asked: Request, admission: Admission) -> None:
        languages = [value for name, value in asked.headers if name.lower() == "accept-language"]
        self._end(refusal(error, ", ".join(languages), admission.public_url).serialize())

    def _end(self, data: bytes) -> None:
        self._transport.write(data)
        self._transport.close()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)


def handshake(admission: Admission) -> ServerProtocol:
    """Make the protocol object that answers one upgrade request."""
    return ServerProtocol(extensions=[_COMPRESSION] if admission.compression else None, logger=quiet)


class _SharedDeflate(ServerPerMessageDeflateFactory):
    """Negotiates permessage-deflate without context takeover, so that one compressed frame serves all connections and no
    connection keeps a window. An offer with a smaller window than the shared frames have is declined; a further offer of
    the client may still be accepted."""

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        answer, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError("the window is too small")
        return answer, extension


_COMPRESSION = _SharedDeflate(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=WINDOW_BITS,
    client_max_window_bits=WINDOW_BITS,
    compress_settings={"memLevel": 5},
)


def open_wire(
    transport: asyncio.Transport,
    conn: ServerProtocol,
    response: Response,
    admission: Admission,
    upgrade: Upgrade,
    siblings: set[Any],
) -> StreamWire:
    """Accept the connection and start its dialect. The caller must make the wire the transport's protocol. Raises Busy."""
    if subprotocol := admission.subprotocol(upgrade):
        response.headers["Sec-WebSocket-Protocol"] = subprotocol
    conn.send_response(response)
    answer = b"".join(conn.data_to_send())
    return start_wire(transport, answer, conn.extensions, admission, upgrade, siblings)


def start_wire(
    transport: asyncio.Transport,
    answer: bytes,
    extensions: Sequence[Extension],
    admission: Admission,
    upgrade: Upgrade,
    siblings: set[Any],
) -> StreamWire:
    """The same with the encoded response."""
    wire = StreamWire(transport, admission, siblings, extensions)
    wire.send(answer)
    wire.start(upgrade)
    return wire


def refusal(error: SuhbatError, accept_language: str, public_url: str | None) -> Response:
    """An error as an HTTP response: a problem document (RFC 9457), with Retry-After (RFC 9110 §10.2.3) where known."""
    body = encode(problem_of(error, choose(accept_language)))
    headers = Headers({"Connection": "close", "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))})
    headers.update(all_headers(public_url))
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, ceil(error.retry_after)))
    return Response(error.status, HTTPStatus(error.status).phrase, headers, body)


def uvicorn_protocol(send: Callable[..., Any]) -> WebSocketsSansIOProtocol | None:
    """The uvicorn protocol behind an ASGI `send`, or None if it is not the one this module was written for. Call it before
    the connection is accepted."""
    protocol = getattr(send, "__self__", None)
    if WebSocketsSansIOProtocol is None or not isinstance(protocol, WebSocketsSansIOProtocol):
        return None
    if not all(hasattr(protocol, name) for name in REACHED):
        return None
    return protocol


def uvicorn_stops() -> bool:
    """Whether uvicorn has got a signal to stop. It tells WebSockets, but it waits for ever for responses that do not end. It
    can be asked in the main thread only, where it handles the signals."""
    return bool(getattr(_uvicorn_server(), "should_exit", False))


def uvicorn_address() -> tuple[str, int] | None:
    """Host and port that uvicorn was told to listen on, also by a program that calls `uvicorn.run`; None under another server.
    It can be asked in the main thread only."""
    config = getattr(_uvicorn_server(), "config", None)
    host, port = getattr(config, "host", None), getattr(config, "port", None)
    return (host, port) if isinstance(host, str) and isinstance(port, int) else None


def _uvicorn_server() -> object:
    """The server to which signals go."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return getattr(signal.getsignal(signal.SIGTERM), "__self__", None)


class _ClosedTransport:
    """Replaces the transport in uvicorn's protocol after the connection was taken over."""

    def close(self) -> None: ...
    def is_closing(self) -> bool:
        return True


def take_over(protocol: WebSocketsSansIOProtocol, admission: Admission, upgrade: Upgrade) -> None:
    """Accept a connection that came through uvicorn's ASGI protocol, and let that protocol end without it. Raises Busy."""
    transport = protocol.transport
    conn = handshake(admission)  # uvicorn's own handshake has already negotiated its extensions, so a new one is needed
    wire = open_wire(transport, conn, conn.accept(protocol.request), admission, upgrade, protocol.connections)
    protocol.handshake_complete = True
    protocol.connections.discard(protocol)
    protocol.transport = _ClosedTransport()  # type: ignore[assignment]
    transport.set_protocol(wire)
