"""What can go wrong for a program that uses the SDK.

ClientError
├── Refused      the server (or the SDK, before sending) said no to one thing that was asked
└── ChatClosed   the chat is over and will not come back by itself
"""

from __future__ import annotations

from suhbat.errors import Busy, RateLimited, StorageUnavailable


class ClientError(Exception):
    """Base of both."""


class Refused(ClientError):
    """One thing that was asked was refused; the chat goes on.

    `code`: stable, for programs (see `suhbat.errors`). `message`: for people. `retry_after`: seconds, or None.
    """

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after


class ChatClosed(ClientError):
    """The chat has ended. `code`: the close code (PROTOCOL §3), 1000 where the program itself left."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


WAIT_AND_REPEAT = frozenset({Busy.code, StorageUnavailable.code, RateLimited.code})
"""Refusals that the SDK repeats by itself. `name_in_use` is retryable too, but a person should choose."""
