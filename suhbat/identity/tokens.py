"""Random tokens and ids, and the hashes of tokens that are stored."""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256
from secrets import token_urlsafe


def random_token() -> str:
    """256 random bits as text that fits into a header and a URL."""
    return token_urlsafe(32)


OF_SESSION, OF_GUEST = "ss_", "sg_"
"""Prefixes of the tokens of sessions and of guests. They tell people, secret scanners and this server where a token is from."""


_OF_BOT = re.compile(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]{35,128}")
"""The form of Telegram's tokens, which libraries for its interface check: the number of the bot, then a secret."""


def is_of_session(token: str) -> bool:
    """Whether this has the form of the token of a login session, which that of a bot is, too."""
    return token.startswith(OF_SESSION) or _OF_BOT.fullmatch(token) is not None


def is_ours(token: str) -> bool:
    """Whether Suhbat may have made this token."""
    return token.startswith((OF_SESSION, OF_GUEST)) or _OF_BOT.fullmatch(token) is not None


def digest(token: str) -> bytes:
    """The stored form of a token."""
    # The token is 256 random bits: a plain fast hash is as good as a slow one (unlike for passwords).
    return sha256(token.encode(errors="replace")).digest()


def short_id(prefix: str, randomness: str) -> str:
    """An id of 104 bits, made from a fresh random token: unique and unguessable."""
    return prefix + b32encode(digest(randomness)[:13]).decode().rstrip("=").lower()
