"""The headers of tus 1.0.0, the protocol of resumable uploads (https://tus.io/protocols/resumable-upload). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from suhbat.errors import BadRequest

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = ("sha256", "sha1")
"""Of checksums, the better one first."""
MEDIA_TYPE = "application/offset+octet-stream"
MOST_METADATA = 4_096
"""Characters of `Upload-Metadata`."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The checksum that the bytes of a request must have."""

    algorithm: str
    digest: bytes

    def new(self) -> Any:
        """A hash object of `hashlib`."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def parse_number(name: str, text: str | None) -> int:
    """The number in the header `name`. Raises BadRequest."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise BadRequest(
            reason=f"the header {name} is not a number of bytes" if text else f"the header {name} is missing"
        )
    return int(text)


def parse_metadata(text: str) -> Mapping[str, bytes]:
    """`Upload-Metadata`: pairs of a key and a value in base64, separated by commas. A value may be missing. Raises
    BadRequest."""
    found: dict[str, bytes] = {}
    if len(text) > MOST_METADATA:
        raise BadRequest(reason=f"Upload-Metadata is longer than {MOST_METADATA} characters")
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or key in found:
            raise BadRequest(reason="Upload-Metadata has a key that is empty, not ASCII, or there twice")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            raise BadRequest(reason="Upload-Metadata has a value that is not base64") from None
    return found


def text_of(value: bytes) -> str:
    """A value of the metadata that is a text. Raises BadRequest."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadRequest(reason="Upload-Metadata has a text that is not UTF-8") from None


def parse_checksum(text: str | None) -> Checksum | None:
    """`Upload-Checksum`: an algorithm and a digest in base64. Raises BadRequest."""
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadRequest(reason=f"Upload-Checksum needs one of {', '.join(ALGORITHMS)} and a digest in base64")
    return Checksum(algorithm, digest)


def expires(at: int) -> str:
    """The value of `Upload-Expires` for a time in milliseconds (RFC 9110 §5.6.7)."""
    return format_datetime(datetime.fromtimestamp(at // 1000, UTC), usegmt=True)
