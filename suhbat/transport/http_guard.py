"""What uvicorn's HTTP protocol leaves open: a request may dribble in for ever, headers may be endless, and an answer that
nobody takes is kept for ever. Given to `uvicorn.Config(http=…)` by `suhbat serve`; elsewhere a proxy has to do it.
"""

from __future__ import annotations

import asyncio
from typing import Any

REQUEST_SECONDS = 10.0
"""From the first byte (or the connecting) to the end of the headers."""
STEP_SECONDS = 30.0
"""From there to the end of the answer: how often it is looked whether the peer sends or takes anything."""
STEP_BYTES = 1024
"""Of a body, in that time."""
HEADER_BYTES = 64 * 1024
CLOSE_SECONDS = 5.0


def guarded() -> type[asyncio.Protocol]:
    """uvicorn's own HTTP protocol with these limits. Written for uvicorn 0.54; tests/transport/test_http_guard.py."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    base: Any = AutoHTTPProtocol

    class Guarded(base):  # type: ignore[misc]
        _timer: asyncio.TimerHandle | None = None
        _received = 0
        _unsent = 0
        _answering = False

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._within(REQUEST_SECONDS)

        def data_received(self, data: bytes) -> None:
            self._received += len(data)
            if self._timer is None:  # another request on a connection that was kept alive
                self._within(REQUEST_SECONDS)
            super().data_received(data)
            if self.transport.is_closing() or self._answering:
                return
            if self.cycle is not None and not self.cycle.response_complete:
                self._answering = True
                self._within(STEP_SECONDS)
            elif self._received > HEADER_BYTES:
                self._refuse("The headers are too large.")

        def on_response_complete(self) -> None:
            self._cancel()
            self._answering = False
            self._received = self._unsent = 0
            super().on_response_complete()

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            self._cancel()
            super().handle_websocket_upgrade(*arguments)

        def connection_lost(self, error: Exception | None) -> None:
            self._cancel()
            super().connection_lost(error)

        def _within(self, seconds: float) -> None:
            self._cancel()
            self._timer = self.loop.call_later(seconds, self._late)

        def _cancel(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _late(self) -> None:
            self._timer = None
            if not self._answering:
                self._refuse("The request took too long.")
                return
            unsent = self.transport.get_write_buffer_size()
            if (unsent and unsent == self._unsent) or (self.cycle.more_body and self._received < STEP_BYTES):
                self.transport.abort()
                return
            self._unsent, self._received = unsent, 0
            self._within(STEP_SECONDS)

        def _refuse(self, reason: str) -> None:
            if self.transport.is_closing():
                self.transport.abort()
                return
            self.send_400_response(reason)
            self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    return Guarded
