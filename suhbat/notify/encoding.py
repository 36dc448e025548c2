"""base64url without padding, as all parts of Web Push write bytes."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Bytes as text."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Text as bytes, with or without padding. Raises ValueError."""
    bare = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", bare) or len(bare) % 4 == 1:
        raise ValueError("it is not base64url")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
