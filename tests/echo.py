"""An echo server on Suhbat's own transports, to test how they handle bytes without the chat.

`python -m tests.echo --transport native --port 9001` answers every message under /ws/ with the same message. It is used
by tests/conformance and by Autobahn's fuzzing client (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import hypercorn
import uvicorn
from hypercorn.asyncio import serve

from suhbat.hub.connection import Wire
from suhbat.hub.frames import Frames
from suhbat.protocol.framing import compressed_frames, text_frames
from suhbat.protocol.types import MAX_FRAME
from suhbat.transport import incoming
from suhbat.transport.admission import Admission, Request
from suhbat.transport.asgi import Receive, Scope, Send, WebSockets
from suhbat.transport.dialect import REPLY_BYTES
from suhbat.transport.frame_reader import FrameReader
from suhbat.transport.http_guard import guarded
from suhbat.transport.native import ADMISSION, Native
from suhbat.transport.upgrade import Upgrade

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HUGE = 16 << 20
"""Bytes of the largest message that Autobahn sends (9.1.6). Its smallest fragments have 64."""


class BinaryFrames(Frames):
    """Binary frames. `Frames` is text only, since the chat sends no binary. Only for wires that take `encoded`; a
    `QueueWire` cannot send them."""

    def __init__(self, payload: bytes) -> None:
        super().__init__([payload])
        # The same frame as for text except for the opcode (RFC 6455 §5.2).
        self._encoded = b"\x82" + text_frames([payload])[1:]
        compressed = compressed_frames([payload])
        self._compressed = bytes([compressed[0] + 1]) + compressed[1:]


class Echo:
    """A dialect; see `suhbat.transport.dialect.Dialect`. Replies are never compressed, so with `compression` text is
    sent as a broadcast."""

    def __init__(self, wire: Wire, compression: bool) -> None:
        self._wire = wire
        self._compression = compression

    @property
    def crowded(self) -> bool:
        return self._wire.unsent() > REPLY_BYTES

    def open(self) -> None: ...

    def receive(self, data: str | bytes) -> None:
        if isinstance(data, str) and self._compression:
            self._wire.write(Frames([data.encode()]))
        elif isinstance(data, str):
            self._wire.reply(data.encode())
        else:
            self._wire.write(BinaryFrames(data))

    def closed(self) -> None: ...


class Everybody(Admission):
    """Admits everybody to the echo."""

    def __init__(self, compression: bool) -> None:
        super().__init__(lambda: None)
        self._compression = compression

    @property
    def compression(self) -> bool:
        return self._compression

    def admit(self, request: Request) -> Upgrade:
        return Upgrade(request.path, dict(request.headers), {}, request.peer or "")

    def enter(self, wire: Wire, upgrade: Upgrade) -> Echo:
        return Echo(wire, self._compression)

    def leave(self, address: str) -> None: ...


def application(compression: bool) -> Application:
    """The application with nothing but the echo."""
    admission = Everybody(compression)
    sockets = WebSockets(admission)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Handles the lifespan, in which `Native` finds its application, and WebSockets."""
        if scope["type"] == "websocket":
            await sockets(scope, receive, send)
            return
        assert scope["type"] == "lifespan", "there is only /ws/"
        while (await receive())["type"] != "lifespan.shutdown":
            scope.get("state", {})[ADMISSION] = admission
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    return app


def native(app: Application, port: int, limit: int) -> None:
    """As in `suhbat serve`."""
    _uvicorn(app, port, http=guarded(), ws=Native)


def taken_over(app: Application, port: int, limit: int) -> None:
    """As in `uvicorn main:app`."""
    _uvicorn(app, port)


def _uvicorn(app: Application, port: int, **options: Any) -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="on", log_level="warning", **options)
    uvicorn.Server(config).run()


def asgi(app: Any, port: int, limit: int) -> None:
    """As on any other ASGI server: hypercorn, with its own limits and compression."""
    config = hypercorn.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.websocket_max_message_size = limit
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config))


TRANSPORTS: dict[str, Callable[[Application, int, int], None]] = {"native": native, "uvicorn": taken_over, "asgi": asgi}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.echo", description="Echo through Suhbat's transports.")
    parser.add_argument("--transport", choices=TRANSPORTS, default="native")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--limits", choices=("off", "on"), default="off", help="those that the chat has, or huge ones")
    parser.add_argument(
        "--compression", choices=("off", "on"), default="off", help="permessage-deflate for clients that offer it"
    )
    asked = parser.parse_args()
    limit = MAX_FRAME
    if asked.limits == "off":
        limit = HUGE
        vars(incoming).update(FrameReader=partial(FrameReader, HUGE), CONTROL_FRAMES=HUGE, FRAGMENTS=HUGE)
    TRANSPORTS[asked.transport](application(asked.compression == "on"), asked.port, limit)


if __name__ == "__main__":
    main()
