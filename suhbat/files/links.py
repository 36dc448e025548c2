"""Signed links to files, for the simple dialect, whose readers have no token. Whoever has a link may download the file for a
day. A file that is deleted is gone all the same."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from suhbat.chat.ports import Clock, FileRecords
from suhbat.protocol.files import File

LASTS_SECONDS = 24 * 3600
STEP_SECONDS = 600
"""Links end at multiples of this, so that all readers of a moment get the same one."""


class FileLinks:
    """`root`: the address of the server, or its path below the host."""

    def __init__(self, clock: Clock, root: str) -> None:
        self._clock = clock
        self._root = root
        self._secret: bytes | None = None

    async def load(self, records: FileRecords) -> None:
        """Read the secret, which all nodes share. Call once, when the store is open."""
        self._secret = await records.link_secret()

    def sign(self, file: File) -> str:
        """A link to a file that a message shows."""
        until = (self._clock.wall() // 1000 + LASTS_SECONDS) // STEP_SECONDS * STEP_SECONDS + STEP_SECONDS
        return f"{self._root}{file.url}?until={until}&signature={self._signature(file.id, until)}"

    def allows(self, id: str, until: str, signature: str) -> bool:
        """Whether these parameters of a link are genuine and have not expired."""
        if not (until.isascii() and until.isdecimal() and len(until) <= 12):
            return False
        is_genuine = hmac.compare_digest(self._signature(id, int(until)).encode(), signature.encode())
        return is_genuine and self._clock.wall() < int(until) * 1000

    def _signature(self, id: str, until: int) -> str:
        assert self._secret is not None, "the secret is not loaded"
        made = hmac.new(self._secret, f"{id} {until}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(made[:18]).decode()
