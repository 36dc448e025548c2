"""Limits that uvicorn's HTTP protocol lacks: on slow requests, on the size of headers and trailers, on responses that the
client does not read, and on pipelined requests.

`suhbat serve` passes it to `uvicorn.Config(http=…)`. Under other servers a proxy has to set these limits.
"""

from __future__ import annotations

import asyncio
from typing import Any

from suhbat.files.direct import DIRECT

from .connection_limiter import ConnectionLimiter
from .ignored_upgrade import ignoring_upgrades
from .native import refusal

REQUEST_SECONDS = 10.0
"""The longest time from the first byte of a request (for the first one: from the connect) to the end of its headers."""
STEP_SECONDS = 30.0
"""After the headers: how often the connection is checked for progress."""
STEP_BYTES = 1024
"""The bytes of a body that a client must send in STEP_SECONDS."""
HEADER_BYTES = 64 * 1024
"""The largest size of the headers, and of chunk extensions and trailers (RFC 9112 §7.1), in bytes."""
WAITING = 32
"""Pipelined requests of one connection that may wait for a response (RFC 9112 §9.3.2). Browsers do not pipeline."""
CLOSE_SECONDS = 5.0
"""How long a refused client has to read the response."""


def guarded(limiter: ConnectionLimiter | None = None, public_url: str | None = None) -> type[asyncio.Protocol]:
    """A subclass of uvicorn's HTTP protocol with these limits and those of `limiter`.

    Written for uvicorn 0.54; tests/transport/test_http_guard.py checks what it relies on.
    """
    from uvicorn.protocols.http import auto

    base: Any = auto.AutoHTTPProtocol
    if hasattr(base, "on_headers_complete"):
        base = _over_httptools(ignoring_upgrades(base))
    else:
        base = _over_h11(base)

    class Guarded(base):  # type: ignore[misc]  # uvicorn chooses the base at run time
        _request: asyncio.TimerHandle | None = None
        """Runs while a request or the rest of its headers is awaited."""
        _progress_check: asyncio.TimerHandle | None = None
        """Runs after the first headers, also when the response is complete, because its end may be unsent."""
        _received = 0
        _unsent = 0
        _upgraded = False
        _entered: tuple[str | None] | None = None
        """The peer, for as long as `limiter` counts it."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._await_request()
            if limiter is None:
                return
            peer, socket = transport.get_extra_info("peername"), transport.get_extra_info("socket")
            # For a UNIX socket the peer name is a string, not an address.
            self._entered = (peer[0] if isinstance(peer, tuple) else None,)
            error = limiter.enter(self._entered[0], -1 if socket is None else socket.fileno())
            if error is not None:
                self._cancel()
                transport.write(refusal(error, "", public_url).serialize())
                transport.close()
                self.loop.call_later(CLOSE_SECONDS, transport.abort)

        def _leave(self) -> None:
            entered, self._entered = self._entered, None
            if entered is not None and limiter is not None:
                limiter.leave(entered[0])

        def data_received(self, data: bytes) -> None:
            was_answering = self._answering()
            self._received += len(data)
            super().data_received(data)
            if self._upgraded or self.transport.is_closing():
                return
            if self.header_bytes > HEADER_BYTES:
                self.send_400_response("The headers are too large.")
            elif self._answering():
                self._cancel_request()
                if not was_answering:
                    self._watch()
            elif self.body_comes:  # the response was sent before the whole body arrived
                self._cancel_request()
            elif self._request is None:  # the next request of a kept-alive connection
                self._await_request()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._answering():  # the next pipelined request
                self._watch()

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            # uvicorn would answer two requests at once, and close the socket when it is idle. A client that has not read the
            # last response cannot have meant this request, and might never read the answer to it.
            if self._answering() or self.transport.get_write_buffer_size():
                self.transport.abort()
                return
            self._upgraded = True
            self._cancel()
            self._leave()
            super().handle_websocket_upgrade(*arguments)

        def send_400_response(self, msg: str) -> None:
            """Refuse an invalid request. If a response is in progress, abort instead: the client would take the refusal for
            a part of it."""
            if self.transport.is_closing() or self._answering():
                self.transport.abort()
                return
            super().send_400_response(msg)
            self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

        def connection_lost(self, error: Exception | None) -> None:
            self._cancel()
            self._leave()
            super().connection_lost(error)

        def _answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _await_request(self) -> None:
            self._cancel_request()
            self._request = self.loop.call_later(REQUEST_SECONDS, self.send_400_response, "The request took too long.")

        def _watch(self) -> None:
            if self._progress_check is not None:
                self._progress_check.cancel()
            self._unsent = self._received = 0
            self._progress_check = self.loop.call_later(STEP_SECONDS, self._check_progress)

        def _cancel_request(self) -> None:
            if self._request is not None:
                self._request.cancel()
                self._request = None

        def _cancel(self) -> None:
            self._cancel_request()
            if self._progress_check is not None:
                self._progress_check.cancel()
                self._progress_check = None

        def _check_progress(self) -> None:
            unsent = self.transport.get_write_buffer_size()
            takes_nothing = unsent and unsent == self._unsent
            sends_nothing = self.body_comes and not self.flow.read_paused and self._received < STEP_BYTES
            if takes_nothing or sends_nothing:
                self.transport.abort()
                return
            self._unsent, self._received = unsent, 0
            self._progress_check = self.loop.call_later(STEP_SECONDS, self._check_progress)

    return Guarded


def _over_httptools(base: Any) -> Any:
    """Add `body_comes` and `header_bytes`, kept by the callbacks of httptools."""

    class HttptoolsPosition(base):  # type: ignore[misc]  # uvicorn chooses the base at run time
        body_comes = False
        header_bytes = 0
        _running: Any = None
        """uvicorn's cycle of the request that is being answered."""

        def data_received(self, data: bytes) -> None:
            self.header_bytes += len(data)
            super().data_received(data)

        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            self._running = cycle
            super()._start_asgi_task(cycle, app)

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            # Of pipelined requests uvicorn tells the last one only, not the one that is being answered. Its application could
            # wait for ever for the end of the connection, with a file open.
            if (running := self._running) is not None and not running.response_complete:
                running.disconnected = True
                running.message_event.set()

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            super().handle_websocket_upgrade(*arguments)
            self.parser = None  # breaks a reference cycle, as uvicorn does when a connection is lost

        def on_header(self, name: bytes, value: bytes) -> None:
            # A trailer must not be merged into the headers (RFC 9110 §6.5.1): it could add one that a proxy has removed.
            if not self.body_comes:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if len(self.pipeline) >= WAITING:
                raise ValueError(
                    "too many requests wait"
                )  # stops the parser; uvicorn then refuses the request as invalid
            self.body_comes, self.header_bytes = True, 0
            super().on_headers_complete()
            if self.cycle is not None and self.cycle.scope is self.scope:  # it was no upgrade
                self.scope[DIRECT] = _Direct(self.transport, self.cycle)

        def on_body(self, body: bytes) -> None:
            self.header_bytes = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self.body_comes, self.header_bytes = False, 0
            super().on_message_complete()

    return HttptoolsPosition


class _Direct:
    """Implements `files.direct.DirectConnection`. `cycle`: uvicorn's, which counts the bytes of the response."""

    def __init__(self, transport: asyncio.Transport, cycle: Any) -> None:
        self._transport = transport
        self._cycle = cycle

    def socket(self) -> int | None:
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() or transport.get_extra_info("sslcontext"):
            return None
        socket = transport.get_extra_info("socket")
        return None if socket is None else int(socket.fileno())

    def sent(self, count: int) -> None:
        self._cycle.expected_content_length -= count

    def abort(self) -> None:
        self._transport.abort()


def _over_h11(base: Any) -> Any:
    """The same attributes, from the state of h11, which limits headers to 64 KiB by itself."""
    import h11

    class H11Position(base):  # type: ignore[misc]  # uvicorn chooses the base at run time
        header_bytes = 0

        @property
        def body_comes(self) -> bool:
            return self.conn.their_state is h11.SEND_BODY

    return H11Position
