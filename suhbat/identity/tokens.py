"""What is random and unguessable here, and what is kept of it."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from secrets import token_urlsafe


def random_token() -> str:
    """256 random bits, fit for a header and a URL."""
    return token_urlsafe(32)


OF_SESSION, OF_GUEST = "ss_", "sg_"
"""What tokens begin with: sessions' and guests'. For people and secret scanners, and to know them from others' tokens."""


def is_ours(token: str) -> bool:
    """Whether Suhbat may have made this token."""
    return token.startswith((OF_SESSION, OF_GUEST))


def digest(token: str) -> bytes:
    """What is stored of a token."""
    # The token is 256 random bits: a plain fast hash is as good as a slow one (unlike for passwords).
    return sha256(token.encode(errors="replace")).digest()


def short_id(prefix: str, randomness: str) -> str:
    """An id of 104 bits made of a fresh random token: nobody meets one twice, and nobody guesses one."""
    return prefix + b32encode(digest(randomness)[:13]).decode().rstrip("=").lower()
