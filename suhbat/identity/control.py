"""How the command line finds the server that runs on a data directory, and proves that it may give it commands.

The server writes its address and a secret into a file that only its user can read, and removes the file at the end. A killed
server leaves the file behind, which does no harm: the lock shows whether a server runs. With several workers, their parent
writes the file and gives each worker the secret. Each of them accepts commands, and none removes the file when it ends.
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
    """The file `data/control`. `secret`: given if another process owns the file; commands to this process must carry it."""

    def __init__(self, data: Path, secret: str | None = None) -> None:
        self._path = data / FILE
        self.secret = secret

    def begin(self, url: str) -> str:
        """Make a secret and write it to the file, with the server's address on this machine; gives the secret. The directory
        must exist. Raises OSError."""
        secret = token_urlsafe(32)
        self.end()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"url": url, "secret": secret}, file)
        self.secret = secret
        return secret

    def end(self) -> None:
        """Remove the file, because the server stops. Idempotent."""
        self.secret = None
        with suppress(OSError):
            self._path.unlink()

    def is_shown(self, secret: str) -> bool:
        """Whether this is the secret. A process without one compares with the file: workers started by another program
        (uvicorn, hypercorn) share one directory, and the first of them has written the file."""
        if not secret:
            return False
        known = self.secret
        if known is None:
            told = self.read()
            known = None if told is None else told[1]
        return known is not None and compare_digest(known.encode(), secret.encode())

    def read(self) -> tuple[str, str] | None:
        """Address and secret of the running server; None if the file does not exist or cannot be read."""
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
            return str(written["url"]), str(written["secret"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
