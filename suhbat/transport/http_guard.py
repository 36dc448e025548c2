"""What uvicorn's HTTP protocol leaves open: a request may dribble in for ever, headers and trailers may be endless, an
answer that nobody takes is kept for ever, and requests without number may wait for theirs.

Given to `uvicorn.Config(http=…)` by `suhbat serve`; elsewhere a proxy has to do it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from .connection_limiter import ConnectionLimiter
from .ignored_upgrade import ignoring_upgrades
from .native import refusal

REQUEST_SECONDS = 10.0
"""From the first byte (or the connecting) to the end of the headers."""
STEP_SECONDS = 30.0
"""From there to the end of the connection: how often it is looked whether the peer sends or takes anything."""
STEP_BYTES = 1024
"""Of a body, in that time."""
HEADER_BYTES = 64 * 1024
"""Of headers, and of what is not the body in a body (RFC 9112 §7.1: chunk extensions, trailers)."""
WAITING = 32
"""Requests of one connection that may wait for the answers before theirs (RFC 9112 §9.3.2). Browsers send none."""
CLOSE_SECONDS = 5.0


def guarded(limiter: ConnectionLimiter | None = None, public_url: str | None = None) -> type[asyncio.Protocol]:
    """uvicorn's own HTTP protocol with these limits, and those of `limiter`.

    Written for uvicorn 0.54; tests/transport/test_http_guard.py."""
    from uvicorn.protocols.http import auto

    base: Any = auto.AutoHTTPProtocol
    if hasattr(base, "on_headers_complete"):
        base = _over_httptools(ignoring_upgrades(base))
    else:
        base = _over_h11(base)

    class Guarded(base):  # type: ignore[misc]
        _request: asyncio.TimerHandle | None = None
        """Runs while a request is awaited or its headers are coming."""
        _look: asyncio.TimerHandle | None = None
        """Runs from the first headers on, also when the answer is complete: its end may be unsent."""
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
            # Over a UNIX socket the peer is a text, and has no address.
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
            elif self.body_comes:  # of a request that was answered without it
                self._cancel_request()
            elif self._request is None:  # another request on a connection that was kept alive
                self._await_request()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._answering():  # the next of several requests that came at once
                self._watch()

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            # uvicorn would answer two requests at once, and close the socket when it is idle. And who has not taken the
            # last answer cannot have seen it: a refusal behind it would wait for ever to be taken.
            if self._answering() or self.transport.get_write_buffer_size():
                self.transport.abort()
                return
            self._upgraded = True
            self._cancel()
            self._leave()
            super().handle_websocket_upgrade(*arguments)

        def send_400_response(self, msg: str) -> None:
            """Refuse what cannot be a request, unless that would be taken for the answer to one before it."""
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
            if self._look is not None:
                self._look.cancel()
            self._unsent = self._received = 0
            self._look = self.loop.call_later(STEP_SECONDS, self._judge)

        def _cancel_request(self) -> None:
            if self._request is not None:
                self._request.cancel()
                self._request = None

        def _cancel(self) -> None:
            self._cancel_request()
            if self._look is not None:
                self._look.cancel()
                self._look = None

        def _judge(self) -> None:
            unsent = self.transport.get_write_buffer_size()
            takes_nothing = unsent and unsent == self._unsent
            sends_nothing = self.body_comes and not self.flow.read_paused and self._received < STEP_BYTES
            if takes_nothing or sends_nothing:
                self.transport.abort()
                return
            self._unsent, self._received = unsent, 0
            self._look = self.loop.call_later(STEP_SECONDS, self._judge)

    return Guarded


def _over_httptools(base: Any) -> Any:
    """Where in a request the peer is, told by the parser's callbacks."""

    class HttptoolsPosition(base):  # type: ignore[misc]
        headers_come = True
        body_comes = False
        header_bytes = 0

        def data_received(self, data: bytes) -> None:
            self.header_bytes += len(data)
            super().data_received(data)

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            super().handle_websocket_upgrade(*arguments)
            self.parser = None  # as uvicorn does when a connection is lost: they know each other

        def on_header(self, name: bytes, value: bytes) -> None:
            # A trailer is no header (RFC 9110 §6.5.1): it could say what a proxy has taken from the headers.
            if not self.body_comes:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if len(self.pipeline) >= WAITING:
                raise ValueError("too many requests wait")  # the parser stops: for uvicorn this is no valid request
            self.headers_come, self.body_comes, self.header_bytes = False, True, 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self.header_bytes = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self.headers_come, self.body_comes, self.header_bytes = True, False, 0
            super().on_message_complete()

    return HttptoolsPosition


def _over_h11(base: Any) -> Any:
    """The same, asked of h11, which limits headers to 64 KiB by itself."""
    import h11

    class H11Position(base):  # type: ignore[misc]
        header_bytes = 0

        @property
        def headers_come(self) -> bool:
            return self.conn.their_state is h11.IDLE

        @property
        def body_comes(self) -> bool:
            return self.conn.their_state is h11.SEND_BODY

    return H11Position
