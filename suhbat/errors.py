"""Every error that a client can get, as one tree.

SuhbatError
├── BadRequest            400  the request is invalid
│   └── TooLarge          413
│       └── FileTooLarge  413  the file is larger than allowed
├── UnknownCommand        400  the bot of a direct does not know this command
├── InvalidPayload        400  what was sent to an incoming webhook cannot be shown
├── Unauthenticated       401  no token, or an invalid one               close 4501
├── Forbidden             403  the user is known, but may not do this    close 4503
├── NotFound              404  does not exist, or may not be seen (one answer for both)
│   ├── UserNotFound      404
│   └── NoService         404  there is no incoming webhook at this address, or not any more
├── RequestTimeout        408  retryable; the body of the request stopped coming
├── NameInUse             409  somebody uses this name now               close 4509
├── NameTaken             409  the name belongs to an account
├── TooManyInvitations    409  the limit of open invitations is reached
├── TooManyConversations  409  a user is in as many conversations as allowed
├── IdempotencyConflict   409  the same client_id with other content
├── TooManyReactions      409  the message has as many different emoji as allowed
├── TooManyHooks          409  the conversation or the user has as many webhooks as allowed
├── TooManyStreams        409  as many messages are growing as allowed
├── StillGrowing          409  the message is still growing, so that it cannot be edited
├── Finished              409  the message does not grow any more
├── FileInUse             409  a message shows this file already, or it is a picture
├── FileNotReady          409  retryable; the server has not finished with the file
├── EndpointInUse         409  another account has this push endpoint
├── WrongOffset           409  the upload, or the growing message, continues at `offset`
├── UnknownVersion        412  of the protocol of uploads
├── PreconditionFailed    412  the content is another one by now
├── QuotaExceeded         413  the user's files take as much room as allowed
├── UnsupportedType       415  the body has another media type
├── OutOfRange            416  the file does not have these bytes
├── InvalidName           422                                            close 4510
├── ChecksumMismatch      460  the bytes of an upload were damaged on the way
├── RateLimited           429  retryable after `retry_after` seconds     close 4029
├── Busy                  503  retryable                                 close 1013
│   └── StorageUnavailable 503  the disk or the database fails
├── StorageFull           507  retryable; there is no room for files
└── Internal              500  a fault of the server; logged whole, sent without detail

Programs look at `code`, which never changes. The texts for people are in `suhbat.texts`, by language.
"""

from __future__ import annotations

import sqlite3
from math import ceil
from typing import ClassVar, Literal

from pydantic_core import ValidationError

from .texts import Language, say

Scope = Literal["conversation", "command"]
"""The commands that must wait for `retry_after`: further messages to the same conversation, or the refused command only."""


class SuhbatError(Exception):
    """An error that is sent to the client.

    `code`: stable, for programs. `status`: for HTTP (RFC 9110). `retryable`: the same request can succeed later, unchanged.
    `close`: the WebSocket close code, if the error ends a connection. `retry_after`: seconds, or None. `scope`: None if
    every command of the user must wait. `params`: values for the placeholders of the text; `{seconds}` defaults to
    `retry_after`.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    close: ClassVar[int] = 1011

    def __init__(
        self,
        text: str | None = None,
        *,
        retry_after: float | None = None,
        scope: Scope | None = None,
        **params: object,
    ) -> None:
        self.text = text or self.code
        self.scope = scope
        # Both values are rounded up, that for programs and that for people: a client that retries too early is refused again.
        self.retry_after = None if retry_after is None else _rounded_up(retry_after, 1_000)
        if retry_after is not None:
            params.setdefault("seconds", _rounded_up(retry_after, 10))
        self.params = params
        super().__init__(self.message("en"))

    @property
    def offset(self) -> int | None:
        """Where to continue, in characters; only of a `WrongOffset` about a message."""
        offset = self.params.get("offset")
        return offset if isinstance(offset, int) else None

    def message(self, language: Language) -> str:
        """The text for people: what happened and what to do next."""
        return say(self.text, language, **self.params)


def _rounded_up(seconds: float, parts: int) -> float:
    return ceil(round(seconds * parts, 6)) / parts


class BadRequest(SuhbatError):
    code, status, close = "bad_request", 400, 1008


class TooLarge(BadRequest):
    code, status, close = "too_large", 413, 1009


class FileTooLarge(TooLarge):
    code = "file_too_large"


class UnknownCommand(SuhbatError):
    code, status = "unknown_command", 400


class InvalidPayload(SuhbatError):
    code, status = "invalid_payload", 400


class Unauthenticated(SuhbatError):
    code, status, close = "unauthenticated", 401, 4501


class Forbidden(SuhbatError):
    code, status, close = "forbidden", 403, 4503


class NotFound(SuhbatError):
    code, status = "not_found", 404


class UserNotFound(NotFound):
    code = "user_not_found"


class NoService(NotFound):
    code = "no_service"


class RequestTimeout(SuhbatError):
    code, status, retryable = "request_timeout", 408, True


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


class TooManyStreams(SuhbatError):
    code, status = "too_many_streams", 409


class StillGrowing(SuhbatError):
    code, status = "still_growing", 409


class Finished(SuhbatError):
    code, status = "finished", 409


class TooManySaved(SuhbatError):
    code, status = "too_many_saved", 409


class TooManyHooks(SuhbatError):
    code, status = "too_many_hooks", 409


class FileInUse(SuhbatError):
    code, status = "file_in_use", 409


class FileNotReady(SuhbatError):
    code, status, retryable = "file_not_ready", 409, True


class EndpointInUse(SuhbatError):
    code, status = "endpoint_in_use", 409


class WrongOffset(SuhbatError):
    code, status = "wrong_offset", 409


class UnknownVersion(SuhbatError):
    code, status = "unknown_version", 412


class PreconditionFailed(SuhbatError):
    code, status = "precondition_failed", 412


class UnsupportedType(SuhbatError):
    code, status = "unsupported_type", 415


class OutOfRange(SuhbatError):
    code, status = "out_of_range", 416


class QuotaExceeded(SuhbatError):
    code, status = "quota_exceeded", 413


class InvalidName(SuhbatError):
    code, status, close = "invalid_name", 422, 4510


class ChecksumMismatch(SuhbatError):
    """The status is that of tus (https://tus.io/protocols/resumable-upload#checksum)."""

    code, status = "checksum_mismatch", 460


class RateLimited(SuhbatError):
    code, status, retryable, close = "rate_limited", 429, True, 4029


class Busy(SuhbatError):
    code, status, retryable, close = "busy", 503, True, 1013


class StorageUnavailable(Busy):
    code, close = "storage_unavailable", 1013


class StorageFull(SuhbatError):
    code, status, retryable = "storage_full", 507, True


class Internal(SuhbatError):
    code, status = "internal", 500


ERRORS: tuple[type[SuhbatError], ...] = (
    BadRequest,
    TooLarge,
    FileTooLarge,
    UnknownCommand,
    InvalidPayload,
    Unauthenticated,
    Forbidden,
    NotFound,
    UserNotFound,
    NoService,
    RequestTimeout,
    NameInUse,
    NameTaken,
    TooManyInvitations,
    TooManyConversations,
    IdempotencyConflict,
    TooManyReactions,
    TooManyStreams,
    StillGrowing,
    Finished,
    TooManySaved,
    TooManyHooks,
    FileInUse,
    FileNotReady,
    EndpointInUse,
    WrongOffset,
    UnknownVersion,
    PreconditionFailed,
    UnsupportedType,
    OutOfRange,
    QuotaExceeded,
    InvalidName,
    ChecksumMismatch,
    RateLimited,
    Busy,
    StorageUnavailable,
    StorageFull,
    Internal,
)
"""All errors, for the reference, the HTTP descriptions and the tests."""


def log_text(error: BaseException) -> str:
    """What a log may say about any exception: nothing that a user has written, and no secret. Errors of a database and of
    validation repeat the values that they are about; of those only the kind and the place are kept."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        # The last part of a place may be a key of the input.
        return f"{len(found)} errors in {error.title}: {', '.join(sorted({one['type'] for one in found}))}"
    origin = getattr(error, "orig", None)  # SQLAlchemy's errors have that of the driver
    if isinstance(origin, BaseException):
        return f"{type(origin).__name__}: {log_text(origin)}"
    if isinstance(error, sqlite3.Error):
        # Without a code it is an error of the module, such as a text that is no UTF-8, which it repeats.
        return str(error) if getattr(error, "sqlite_errorcode", None) is not None else type(error).__name__
    state, diagnosis = getattr(error, "sqlstate", None), getattr(error, "diag", None)
    if state is not None and diagnosis is not None:
        # The details of PostgreSQL's errors repeat rows, and the messages of class 22 (data) repeat values.
        return f"SQLSTATE {state}" + (f", {diagnosis.message_primary}" if state[:2] != "22" else "")
    return str(error)
