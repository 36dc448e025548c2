"""An echo through Suhbat's own transports, so that what they make of bytes can be seen without a chat.

`python -m tests.echo --transport native --port 9001` answers every message under /ws/ with the same message: for
tests/conformance, and for Autobahn's fuzzing client (CONTRIBUTING.md).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
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

HUGE = 16 << 20
"""Bytes of the largest message that Autobahn sends (9.1.6); its smallest fragments have 64."""


class BinaryFrames(Frames):
    """The chat sends no binary, so `Frames` is text. Only for wires that take `encoded`: a `QueueWire` can't say it."""

    def __init__(self, payload: bytes) -> None:
        super().__init__([payload])
        # The same frame as one of text, but for the opcode (RFC 6455 §5.2).
        self.encoded = b"\x82" + text_frames([payload])[1:]
        compressed = compressed_frames([payload])
        self.compressed = bytes([compressed[0] + 1]) + compressed[1:]


class Echo:
    """A dialect: see `suhbat.transport.dialect.Dialect`. `compression`: replies are never compressed, so text is answered
    as the chat writes to many."""

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
    """Lets everybody in, to an echo."""

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


def application(compression: bool) -> WebSockets:
    """Nothing but the echo."""
    admission = Everybody(compression)

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        """What the layer of WebSockets leaves: the lifespan, in which `Native` finds its application."""
        assert scope["type"] == "lifespan", "there is only /ws/"
        while (await receive())["type"] != "lifespan.shutdown":
            scope.get("state", {})[ADMISSION] = admission
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    return WebSockets(inner, admission)


def native(app: WebSockets, port: int, limit: int) -> None:
    """As `suhbat serve`."""
    _uvicorn(app, port, http=guarded(), ws=Native)


def taken_over(app: WebSockets, port: int, limit: int) -> None:
    """As `uvicorn main:app`."""
    _uvicorn(app, port)


def _uvicorn(app: WebSockets, port: int, **options: Any) -> None:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="on", log_level="warning", **options)
    uvicorn.Server(config).run()


def asgi(app: Any, port: int, limit: int) -> None:
    """As any other ASGI server: here hypercorn, whose limits are its own, and its compression."""
    config = hypercorn.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.websocket_max_message_size = limit
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config))


TRANSPORTS: dict[str, Callable[[WebSockets, int, int], None]] = {"native": native, "uvicorn": taken_over, "asgi": asgi}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.echo", description="Echo through Suhbat's transports.")
    parser.add_argument("--transport", choices=TRANSPORTS, default="native")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--limits", choices=("off", "on"), default="off", help="those that the chat has, or huge ones")
    parser.add_argument(
        "--compression", choices=("off", "on"), default="off", help="permessage-deflate for who offers it"
    )
    asked = parser.parse_args()
    limit = MAX_FRAME
    if asked.limits == "off":
        limit = HUGE
        vars(incoming).update(FrameReader=partial(FrameReader, HUGE), CONTROL_FRAMES=HUGE, FRAGMENTS=HUGE)
    TRANSPORTS[asked.transport](application(asked.compression == "on"), asked.port, limit)


if __name__ == "__main__":
    main()
