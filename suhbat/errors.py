"""Every failure that a client is told about, as one tree.

SuhbatError
├── BadRequest            400  what was sent cannot be understood
│   └── TooLarge          413
├── Unauthenticated       401  who are you?                              close 4501
├── Forbidden             403  we know who you are, and no               close 4503
├── NotFound              404  does not exist, or may not be seen (one answer for both)
│   └── UserNotFound      404
├── NameInUse             409  somebody holds this name now              close 4509
├── NameTaken             409  the name belongs to an account
├── TooManyInvitations    409  so many are open already
├── TooManyConversations  409  somebody is in as many as anybody may be in
├── IdempotencyConflict   409  the same client_id with other content
├── TooManyReactions      409  this message has as many different emoji as it can have
├── InvalidName           422                                            close 4510
├── RateLimited           429  retryable after `retry_after` seconds     close 4029
├── Unsupported           501  part of the contract that this version does not serve yet
├── Busy                  503  retryable                                 close 1013
│   └── StorageUnavailable 503  the disk or the database gives trouble
└── Internal              500  our fault; logged whole, told without detail

`code` never changes and is what programs look at. What people read is in `texts.py`, by language.
"""

from __future__ import annotations

from math import ceil
from typing import ClassVar

from .texts import Language, say


class SuhbatError(Exception):
    """A failure with an answer.

    `code`: stable, for programs. `status`: for HTTP (RFC 9110). `retryable`: the same request can succeed later
    unchanged. `close`: the WebSocket close code where the failure ends a connection. `retry_after`: seconds, or None.
    `params` fill the placeholders of the text; where it has `{seconds}` and they do not, it is `retry_after`.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    close: ClassVar[int] = 1011

    def __init__(self, text: str | None = None, *, retry_after: float | None = None, **params: object) -> None:
        self.text = text or self.code
        # Rounded up, what programs are told and what people read: who comes back too early is only refused again.
        self.retry_after = None if retry_after is None else _rounded_up(retry_after, 1_000)
        if retry_after is not None:
            params.setdefault("seconds", _rounded_up(retry_after, 10))
        self.params = params
        super().__init__(self.message("en"))

    def message(self, language: Language) -> str:
        """What a person should read, in their language: what happened and what to do next."""
        return say(self.text, language, **self.params)


def _rounded_up(seconds: float, parts: int) -> float:
    return ceil(round(seconds * parts, 6)) / parts


class BadRequest(SuhbatError):
    code, status, close = "bad_request", 400, 1008


class TooLarge(BadRequest):
    code, status, close = "too_large", 413, 1009


class Unauthenticated(SuhbatError):
    code, status, close = "unauthenticated", 401, 4501


class Forbidden(SuhbatError):
    code, status, close = "forbidden", 403, 4503


class NotFound(SuhbatError):
    code, status = "not_found", 404


class UserNotFound(NotFound):
    code = "user_not_found"


class NameInUse(SuhbatError):
    code, status, retryable, close = "name_in_use", 409, True, 4509


class NameTaken(SuhbatError):
    code, status = "name_taken", 409


class TooManyInvitations(SuhbatError):
    code, status = "too_many_invitations", 409


class TooManyConversations(SuhbatError):
    code, status = "too_many_conversations", 409


class IdempotencyConflict(SuhbatError):
    code, status = "idempotency_conflict", 409


class TooManyReactions(SuhbatError):
    code, status = "too_many_reactions", 409


class InvalidName(SuhbatError):
    code, status, close = "invalid_name", 422, 4510


class RateLimited(SuhbatError):
    code, status, retryable, close = "rate_limited", 429, True, 4029


class Unsupported(SuhbatError):
    code, status = "unsupported", 501


class Busy(SuhbatError):
    code, status, retryable, close = "busy", 503, True, 1013


class StorageUnavailable(Busy):
    code, close = "storage_unavailable", 1013


class Internal(SuhbatError):
    code, status = "internal", 500


ERRORS: tuple[type[SuhbatError], ...] = (
    BadRequest,
    TooLarge,
    Unauthenticated,
    Forbidden,
    NotFound,
    UserNotFound,
    NameInUse,
    NameTaken,
    TooManyInvitations,
    TooManyConversations,
    IdempotencyConflict,
    TooManyReactions,
    InvalidName,
    RateLimited,
    Unsupported,
    Busy,
    StorageUnavailable,
    Internal,
)
"""All of them, for the reference, the HTTP descriptions and the tests."""
