"""How the command line finds the server that owns a data directory, and shows that it may give it orders.

The server writes an address and a secret into a file that only its user can read, and removes it at the end. What is left
of one that was killed is worth nothing: whether a server runs is told by the lock. Of several workers the parent does that,
and gives each of them the secret: whichever of them is asked obeys, and none takes it away when it ends.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe

HEADER = "x-suhbat-control"
FILE = "control"


class Control:
    """The file `data/control`. `secret`: what the orders to this process carry, of which another one looks after the file."""

    def __init__(self, data: Path, secret: str | None = None) -> None:
        self._path = data / FILE
        self.secret = secret

    def begin(self, url: str) -> str:
        """Make a secret, and write it with the server's address on this machine; gives the secret. The directory must be
        there. Raises OSError."""
        secret = token_urlsafe(32)
        self.end()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"url": url, "secret": secret}, file)
        self.secret = secret
        return secret

    def end(self) -> None:
        """The server stops. Idempotent."""
        self.secret = None
        with suppress(OSError):
            self._path.unlink()

    def is_shown(self, secret: str) -> bool:
        """Whether this is the secret. A process that was given none takes that of the file: workers that another program
        started (uvicorn, hypercorn) share one directory, of which the first of them looks after."""
        if not secret:
            return False
        known = self.secret
        if known is None:
            told = self.read()
            known = None if told is None else told[1]
        return known is not None and compare_digest(known.encode(), secret.encode())

    def read(self) -> tuple[str, str] | None:
        """Address and secret of the running server; None when the file is not there or cannot be read."""
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
            return str(written["url"]), str(written["secret"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
