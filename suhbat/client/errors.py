"""The SDK's exceptions.

ClientError
├── Refused      the server (or the SDK, before sending) refused one command
├── Unreachable  no answer to a request that would happen twice if it were repeated
├── StreamStopped      somebody has stopped the message that the program was writing
└── ChatClosed   the chat has ended and will not reconnect
"""

from __future__ import annotations

from suhbat.errors import Busy, RateLimited, StorageUnavailable


class ClientError(Exception):
    """Base of the SDK's exceptions."""


class Refused(ClientError):
    """One command was refused. The chat goes on.

    `code`: stable, for programs (see `suhbat.errors`). `message`: for people. `retry_after`: seconds, or None. `offset`: of
    `wrong_offset`, where to continue.
    """

    def __init__(self, code: str, message: str, retry_after: float | None = None, offset: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.offset = offset


class Unreachable(ClientError):
    """No answer came, or that of a proxy or of a fault, to a request that the SDK does not repeat: it may have been carried
    out, and would then happen twice. Look before you repeat it. The chat goes on."""


class StreamStopped(ClientError):
    """Somebody has stopped the message that the program was writing, or it is gone."""


class ChatClosed(ClientError):
    """The chat has ended. `code`: the close code (see `protocol.closes`), 1000 if the program itself left."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


WAIT_AND_REPEAT = frozenset({Busy.code, StorageUnavailable.code, RateLimited.code})
"""Codes after which the SDK repeats the command by itself. `name_in_use` is retryable too, but a person should choose."""
