"""A v1 client as light as Python allows, for thousands of them on one core. It resumes, and checks what it receives.

It follows the client's rule of v1: the event with `seq` = cursor + 1 is applied, and a lower one is dropped. A higher
one is a fault here, because a server must not skip an event silently.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable
from typing import Any

LOBBY = "lobby"
PATIENCE = 60.0
"""Seconds from connecting to `caught_up`, after which a client tries again."""
_EVENT = re.compile(rb'"seq":(\d+),.*?"text":"([^"]*)"')
_NO_PORT_YET = 24
"""IP_BIND_ADDRESS_NO_PORT (Linux): the port is chosen when connecting, so it need not be unique for the address."""


class Refused(Exception):
    """The server does not accept the connection now. `retry_after`: the seconds it asked for, or None."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Record:
    """What all clients of a run have received: the text of each event of the lobby, which must be the same for
    everybody. `known`: the `seq` of each frame of an event that was parsed before, because most clients get the same."""

    def __init__(self) -> None:
        self.texts: dict[int, bytes] = {}
        self.known: dict[bytes, int] = {}
        self.faults: list[str] = []

    def fault(self, what: str) -> None:
        self.faults.append(what)


class Client(asyncio.Protocol):
    """One user. `cursors` and `epoch` outlive a connection; `enter` connects again with them."""

    def __init__(self, number: int, token: str, record: Record) -> None:
        self.number = number
        self.token = token
        self.epoch = ""
        self.cursors: dict[str, int] = {}
        self.resumed = False
        self.answers: dict[int, int] = {}
        """Replies to `send`: the id and the seq that it got."""
        self.lost: Callable[[Client], None] = lambda client: None
        """Called when a connection that had caught up is lost."""
        self._record = record
        self._transport: asyncio.Transport | None = None
        self._ready: asyncio.Future[None] | None = None
        self._upgraded = False
        self._buffer = b""
        self._refusal: Refused | None = None

    async def enter(self, port: int) -> None:
        """Connect, send hello with the cursors, and return when caught up. Raises Refused, OSError or TimeoutError."""
        loop = asyncio.get_running_loop()
        self._upgraded, self._buffer, self._refusal = False, b"", None
        self._ready = loop.create_future()
        unconnected = socket.socket()
        unconnected.setblocking(False)
        unconnected.setsockopt(socket.IPPROTO_IP, _NO_PORT_YET, 1)
        unconnected.bind((f"127.0.0.{2 + self.number % 16}", 0))
        try:
            async with asyncio.timeout(PATIENCE):
                try:
                    unconnected.connect(("127.0.0.1", port))  # over loopback usually at once
                except BlockingIOError:
                    await loop.sock_connect(unconnected, ("127.0.0.1", port))
                self._transport, _ = await loop.create_connection(lambda: self, sock=unconnected)
                self._transport.write(
                    f"GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
                )
                await self._ready
        except BaseException:
            if self._transport is not None:
                self._transport.abort()
            unconnected.close()
            raise

    def leave(self) -> None:
        self.lost = lambda client: None
        if self._transport is not None:
            self._transport.abort()

    def send(self, id: int, text: str, client_id: str) -> None:
        self._say({"type": "send", "id": id, "client_id": client_id, "conversation": LOBBY, "text": text})

    # Called by the event loop

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        start = 0
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            start = end + 4
            if not self._accepted(buffer[:end]):
                return
        total, known = len(buffer), self._record.known
        while start + 2 <= total:
            length, body = buffer[start + 1], start + 2
            if length == 126:
                length, body = int.from_bytes(buffer[start + 2 : start + 4], "big"), start + 4
            elif length == 127:
                length, body = int.from_bytes(buffer[start + 2 : start + 10], "big"), start + 10
            if total < body + length:
                break
            payload = buffer[body : body + length]
            seq = known.get(payload)
            if seq is None:
                self._frame(buffer[start], payload)
            else:
                self._applied(seq)
            start = body + length
        self._buffer = buffer[start:]

    def connection_lost(self, error: Exception | None) -> None:
        assert self._ready is not None
        if self._ready.done():
            self.lost(self)
        else:
            why = "the connection was lost" if error is None else f"the connection was lost ({error})"
            self._ready.set_exception(self._refusal or Refused(why))

    # Frames of the server

    def _accepted(self, head: bytes) -> bool:
        status = head.split(b" ", 2)[1]
        if status == b"101":
            self._upgraded = True
            hello: dict[str, Any] = {"type": "hello", "id": 0, "token": self.token}
            if self.epoch:
                hello["resume"] = {"epoch": self.epoch, "cursors": self.cursors}
            self._say(hello)
            return True
        wait = re.search(rb"(?i)\r\nretry-after: *(\d+)", head)
        self._refusal = Refused(f"HTTP {status.decode()}", float(wait[1]) if wait else None)
        assert self._transport is not None
        self._transport.close()
        return False

    def _frame(self, first: int, payload: bytes) -> None:
        if first == 0x81:
            self._text(payload)
        elif first == 0x89:
            assert self._transport is not None
            self._transport.write(_masked(0x8A, payload))
        elif first == 0x88:
            assert self._transport is not None
            self._refusal = self._refusal or Refused(f"close {int.from_bytes(payload[:2], 'big')}")
            self._transport.write(_masked(0x88, payload[:2]))  # otherwise the server would wait for it
            self._transport.close()

    def _text(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"message.created"'):
            self._event(payload)
        elif not payload.startswith(b'{"type":"presence"'):
            self._other(json.loads(payload))

    def _event(self, payload: bytes) -> None:
        found = _EVENT.search(payload)
        assert found, payload
        seq = int(found[1])
        if self._record.texts.setdefault(seq, found[2]) != found[2]:
            self._record.fault(f"client {self.number}: another text at seq {seq}")
        self._record.known[payload] = seq
        self._applied(seq)

    def _applied(self, seq: int) -> None:
        cursor = self.cursors[LOBBY]
        if seq > cursor + 1:
            self._record.fault(f"client {self.number}: seq {seq} after {cursor}")
        if seq > cursor:
            self.cursors[LOBBY] = seq

    def _other(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self.epoch, self.resumed = frame["epoch"], frame["resumed"]
            case "snapshot":
                if self.cursors:
                    self._record.fault(f"client {self.number}: a snapshot instead of a resume")
                self.cursors = frame["cursors"]
            case "caught_up":
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(None)
            case "ok":
                self.answers[frame["id"]] = frame["seq"]
            case "error":
                self._refusal = Refused(frame["code"], frame.get("retry_after"))
                if frame["code"] not in ("busy", "rate_limited"):
                    self._record.fault(f"client {self.number}: {frame}")
            case "reset":
                self._record.fault(f"client {self.number}: {frame}")

    def _say(self, frame: dict[str, Any]) -> None:
        assert self._transport is not None
        self._transport.write(_masked(0x81, json.dumps(frame).encode()))


def _masked(first: int, payload: bytes) -> bytes:
    """A frame with a mask of zeros. RFC 6455 requires a mask, and this one costs nothing."""
    length = len(payload)
    head = bytes([first, 0x80 | length]) if length < 126 else bytes([first, 0xFE]) + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload
