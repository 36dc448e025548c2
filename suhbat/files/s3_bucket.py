"""A bucket of an S3 server. Only this module knows obstore, which needs the extra `suhbat[s3]`.

Credentials come from the environment (`AWS_ACCESS_KEY_ID` and the others that Amazon's own tools read), never from a setting: a
flag is seen by everybody on the machine. They are in the signatures of requests only, so no URL and no error has them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from suhbat.chat.model import Milliseconds

from .s3_unfinished import UnfinishedUploads, credentials_of
from .store import StoreUnreachable

PART = 8 * 1024 * 1024
"""Local files above this size are sent in several parts (multipart), which bounds the memory."""
PARALLEL = 2
"""Parts of one file that are sent at once."""
REQUEST_SECONDS, SILENT_SECONDS, CONNECT_SECONDS = "60s", "20s", "5s"
"""What one request may take, at most some megabytes each; how long a server may be silent in it; and until it accepts one."""
RETRIES, RETRY_SECONDS = 3, 10
"""A request that failed is repeated within this time. Longer outages are the client's to wait out."""
_METADATA = "169.254.169.254"
"""Where obstore asks for the credentials of a machine at Amazon if the environment has none."""


class Entry(NamedTuple):
    """An object: its name below the prefix, and its size in bytes."""

    name: str
    size: int


class S3Bucket:
    """Objects by name. The methods block. They raise FileNotFoundError for an object that is not there, and StoreUnreachable
    for everything else that fails. `endpoint`: the address of a server other than Amazon's."""

    def __init__(self, name: str, prefix: str, endpoint: str | None) -> None:
        endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        self._prefix = prefix
        self._region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        is_in_host = endpoint and os.environ.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "").lower() in ("true", "1")
        server = endpoint or f"https://s3.{self._region}.amazonaws.com"
        self._address = server if is_in_host else f"{server}/{name}"
        with _explained():  # it reads the environment, and may not understand it
            self._store = S3Store(
                name,
                prefix=prefix or None,
                config={"endpoint": endpoint} if endpoint else {},
                client_options={
                    "timeout": REQUEST_SECONDS,
                    "connect_timeout": CONNECT_SECONDS,
                    "read_timeout": SILENT_SECONDS,
                    "allow_http": endpoint is not None and endpoint.startswith("http://"),
                },
                retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            )

    def put(self, name: str, data: bytes) -> None:
        """Store a small object. It is durable afterwards, and nobody sees half of it."""
        with _explained():
            obstore.put(self._store, name, data, use_multipart=False)

    def send(self, name: str, path: Path) -> None:
        """Store a local file of any size, likewise."""
        with _explained():
            obstore.put(self._store, name, path, chunk_size=PART, max_concurrency=PARALLEL)

    def read(self, name: str, start: int, length: int) -> bytes:
        """`length` bytes (not 0) from `start` on, fewer at the end."""
        with _explained():
            return bytes(obstore.get_range(self._store, name, start=start, length=length))

    def size(self, name: str) -> int:
        with _explained():
            return obstore.head(self._store, name)["size"]

    def touched(self, name: str) -> Milliseconds:
        """When the object was stored, by the clock of the S3 server."""
        with _explained():
            return int(obstore.head(self._store, name)["last_modified"].timestamp() * 1000)

    def list(self, directory: str = "") -> Iterator[Entry]:
        """All objects whose names begin with `directory` and a slash; "": all. They come a page at a time."""
        with _explained():
            for page in obstore.list(self._store, prefix=directory or None):
                yield from (Entry(one["path"], one["size"]) for one in page)

    def abort_unfinished(self, before: Milliseconds) -> None:
        """Abort multipart uploads below the prefix that began before then."""
        credentials = credentials_of(os.environ)
        if credentials is None:
            return
        begin = f"{self._prefix}/" if self._prefix else ""
        uploads = UnfinishedUploads(self._address, self._region, credentials)
        for one in list(uploads.list(begin)):
            if one.since < before:
                uploads.abort(one)

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects. Those that are not there cost nothing."""
        if names:
            with _explained():
                obstore.delete(self._store, names)


@contextmanager
def _explained() -> Iterator[None]:
    """Errors of obstore become those that FileStore promises, with a text of one line."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StoreUnreachable(_reason(error)) from None
        raise FileNotFoundError(_reason(error)) from None
    except BaseError as error:
        raise StoreUnreachable(_reason(error)) from None


def _reason(error: Exception) -> str:
    text = str(error)
    if _METADATA in text:
        return "S3: no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of the server"
    code = re.search(r"<Code>(\w+)</Code>", text)
    line = re.split(r"\n|<\?xml|<Error", text, maxsplit=1)[0].strip(" :-")
    return f"S3: {line}" + (f" ({code[1]})" if code else "")
