"""A push service on loopback (RFC 8030), and the browser behind it, which decrypts what arrives (RFC 8291)."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suhbat.chat.model import PushSubscription
from suhbat.notify.encoding import encode
from tests.servers import PATIENCE


class Browser:
    """The keys of a subscription, and what was pushed to it: the headers, the bodies decrypted, and the times of arrival.

    `status`: what the push service answers. `answers`: cleared, it answers nothing.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = bytes(range(16))
        self.port = 0
        self.status = "201 Created"
        self.headers: list[dict[str, str]] = []
        self.messages: list[bytes] = []
        self.times: list[float] = []
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self._arrived = asyncio.Condition()

    @property
    def subscription(self) -> PushSubscription:
        endpoint = f"http://127.0.0.1:{self.port}/push/1"
        return PushSubscription("p1", "u1", "s1", endpoint, self.public, self.auth, "Firefox", 0, 0)

    @property
    def json(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` gives it."""
        keys = {"p256dh": encode(self.public), "auth": encode(self.auth)}
        return {"endpoint": self.subscription.endpoint, "expirationTime": None, "keys": keys}

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """What was pushed, as the worker of a page gets it."""
        return [json.loads(message) for message in self.messages]

    async def arrived(self, count: int = 1) -> dict[str, Any]:
        """Wait until so many pushes have arrived; the last of these."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.messages) >= count)
        return self.notifications[count - 1]

    async def asked_for(self, count: int = 1) -> None:
        """Wait until so many requests have come, answered or not."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: self.asked >= count)

    def decrypt(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        extracted = hmac.digest(self.auth, shared, sha256)
        material = hmac.digest(extracted, b"WebPush: info\0" + self.public + theirs + b"\x01", sha256)
        extracted = hmac.digest(salt, material, sha256)
        key = hmac.digest(extracted, b"Content-Encoding: aes128gcm\0\x01", sha256)[:16]
        nonce = hmac.digest(extracted, b"Content-Encoding: nonce\0\x01", sha256)[:12]
        plain, delimiter, padding = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\x02")
        assert delimiter and not padding.strip(b"\0")
        return plain

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert lines[0] == "POST /push/1 HTTP/1.1"
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        body = self.decrypt(await reader.readexactly(int(headers["content-length"])))
        async with self._arrived:
            self.asked += 1
            self._arrived.notify_all()
        await self.answers.wait()
        self.headers.append(headers)
        self.messages.append(body)
        self.times.append(time.time())
        async with self._arrived:
            self._arrived.notify_all()
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nRetry-After: 90\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser with a push service of its own."""
    one = Browser()
    server = await asyncio.start_server(one._serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
