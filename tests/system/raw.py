"""A WebSocket client that works on bytes: it can send what no library would send, and reads only when told to."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.servers import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

SMALL = 4096
"""A receive buffer (bytes) that is full at once; the kernel doubles it."""
SEGMENT = 1400
"""Loopback has segments of 64 KB, ten of which may be in flight. With segments of this size the sender's buffer stays
small."""

Frame = dict[str, Any]


class Ended(Exception):
    """The server ended the connection without a close frame."""


class Raw:
    """One socket. After its opening every wait ends after `patience` seconds with TimeoutError. `deaf`: the buffers between
    server and client are so small that the server notices after about 100 KB that the client does not read."""

    def __init__(
        self,
        port: int,
        path: str,
        *,
        deaf: bool = False,
        patience: float = PATIENCE,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._buffer = b""
        self.socket = socket.socket()
        try:
            if deaf:
                deafen(self.socket)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(("127.0.0.1", port))
            self._upgrade(port, path, headers or {})
            self.socket.settimeout(patience)
        except BaseException:
            self.socket.close()
            raise

    def _upgrade(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        asked = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(self.head.split()[1])

    # Sending

    def frame(self, opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True) -> None:
        """Send one frame, valid or not. `rsv`: the three reserved bits, 0 to 7."""
        self.socket.sendall(framed(opcode, payload, fin=fin, rsv=rsv, mask=mask))

    def say(self, value: object) -> None:
        self.frame(TEXT, json.dumps(value).encode())

    def hello(self, token: str) -> None:
        """Become a v1 client; frames up to `caught_up` are skipped."""
        self.say({"type": "hello", "id": 0, "token": token})
        self.until("caught_up")

    # Receiving

    def read(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises Ended, TimeoutError."""
        head, payload = self.read_frame()
        return head & 0x0F, payload

    def read_frame(self) -> tuple[int, bytes]:
        """The next frame: its first octet (FIN, three reserved bits, opcode) and payload. Raises as `read`."""
        while (found := unframed(self._buffer)) is None:
            self._more()
        head, payload, self._buffer = found
        return head, payload

    def hear(self) -> Frame:
        """The next JSON message; control frames are skipped."""
        while True:
            opcode, payload = self.read()
            if opcode == TEXT:
                frame: Frame = json.loads(payload)
                return frame
            assert opcode in (PING, PONG), f"closed while waiting for a frame: {payload!r}"

    def until(self, type: str, **fields: object) -> Frame:
        """Skip to the next message of this type with these fields."""
        while True:
            frame = self.hear()
            if frame["type"] == type and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    def closed(self) -> int:
        """Answer the server's close and return its code; frames before it are skipped. 1006 if there is none."""
        try:
            while True:
                opcode, payload = self.read()
                if opcode == CLOSE:
                    self.frame(CLOSE, payload[:2])
                    return int(struct.unpack("!H", payload[:2])[0])
        except (Ended, ConnectionError):
            return 1006

    def is_gone(self, within: float) -> float | None:
        """Watch, without reading, until the server has dropped the connection. Returns the seconds that took, or None."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            # Unread bytes hide a FIN from recv. An abort (RST) shows at the first or second write.
            try:
                self.frame(PONG)
            except (BrokenPipeError, ConnectionResetError):
                return time.monotonic() - began
            time.sleep(0.05)
        return None

    def _more(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise Ended
        self._buffer += data

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def deafen(unconnected: socket.socket) -> None:
    """Make the buffers between a server and this socket small: see `Raw`."""
    unconnected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    if hasattr(socket, "TCP_MAXSEG"):
        unconnected.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)


def framed(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bool = True) -> bytes:
    """A client's frame (RFC 6455 §5.2)."""
    length = len(payload)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if length < 126:
        head += bytes([mask << 7 | length])
    elif length < 1 << 16:
        head += struct.pack("!BH", mask << 7 | 126, length)
    else:
        head += struct.pack("!BQ", mask << 7 | 127, length)
    if not mask:
        return head + payload
    key = os.urandom(4)
    pad = (key * (length // 4 + 1))[:length]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")
    return head + key + masked


def unframed(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """The first of a server's frames: first octet, payload, and the rest of the bytes; None while the frame is
    incomplete."""
    if len(buffer) < 2:
        return None
    assert not buffer[1] & 0x80, "a server does not mask"
    length, start = buffer[1] & 0x7F, 2
    if length == 126:
        length, start = int.from_bytes(buffer[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(buffer[2:10], "big"), 10
    if len(buffer) < start or len(buffer) < start + length:
        return None
    return buffer[0], buffer[start : start + length], buffer[start + length :]


@contextmanager
def simple(port: int, name: str, *, patience: float = PATIENCE, **options: Any) -> Iterator[Raw]:
    """An open connection of the simple dialect; its own `joined` is read."""
    with Raw(port, f"/ws/{name}", **options) as raw:
        raw.until("joined", user_id=name)
        raw.socket.settimeout(patience)
        yield raw
