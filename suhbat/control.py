"""How the command line finds the server that owns a data directory, and shows that it may give it orders.

The server writes an address and a secret into a file that only its user can read, and removes it at the end. What is left
of one that was killed is worth nothing: whether a server runs is told by the lock.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe

HEADER = "x-suhbat-control"
FILE = "control"


class Control:
    """The file `data/control`. `secret` is None while no server runs here."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self.secret: str | None = None

    def begin(self, url: str) -> None:
        """Make a secret, and write it with the server's address on this machine. The directory must be there."""
        secret = token_urlsafe(32)
        self.end()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"url": url, "secret": secret}, file)
        self.secret = secret

    def end(self) -> None:
        """The server stops. Idempotent."""
        self.secret = None
        with suppress(OSError):
            self._path.unlink()

    def read(self) -> tuple[str, str] | None:
        """Address and secret of the running server; None when the file is not there or cannot be read."""
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
            return str(written["url"]), str(written["secret"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
