"""Errors in the form of Telegram's Bot API: `{"ok": false, "error_code", "description", "parameters"}`."""

from __future__ import annotations

from math import ceil
from typing import Any

from suhbat.errors import (
    BadRequest,
    Busy,
    Forbidden,
    Internal,
    NotFound,
    RateLimited,
    StorageUnavailable,
    SuhbatError,
    TooLarge,
    Unauthenticated,
)
from suhbat.protocol.characters import cut


class TelegramError(Exception):
    """A refusal with the words of Telegram, on which bots rely. `code`: the status, too."""

    def __init__(self, description: str, code: int = 400) -> None:
        description = cut(description, MOST_DESCRIPTION)
        super().__init__(description)
        self.description = f"Bad Request: {description}" if code == 400 else description
        self.code = code


MOST_DESCRIPTION = 300
"""Characters. Some descriptions quote what was sent, such as the name of a tag."""
CHAT_NOT_FOUND = "chat not found"
EMPTY_TEXT = "message text is empty"
LONG_TEXT = "message is too long"
SAME_TEXT = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
ENDED_BY_WEBHOOK = "Conflict: terminated by setWebhook request"
WEBHOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
MISSING = {
    "editMessageText": "message to edit not found",
    "editMessageReplyMarkup": "message to edit not found",
    "deleteMessage": "message to delete not found",
    "getFile": "wrong file_id or the file is temporarily unavailable",
    "answerCallbackQuery": "query is too old and response timeout expired or query ID is invalid",
}
"""What is told of something that does not exist, by method. Otherwise it is the chat."""


def answer(error: SuhbatError | TelegramError, method: str = "") -> tuple[int, dict[str, Any]]:
    """The status and the body of an error."""
    if isinstance(error, TelegramError):
        return _body(error.code, error.description)
    if error.retry_after is not None and isinstance(error, RateLimited | Busy):
        seconds = max(1, ceil(error.retry_after))
        return _body(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
    match error:
        case Unauthenticated():
            return _body(401, "Unauthorized")
        case TooLarge():
            return _body(413, "Request Entity Too Large")
        case NotFound():
            return _body(400, f"Bad Request: {MISSING.get(method, CHAT_NOT_FOUND)}")
        case BadRequest():
            return _body(400, f"Bad Request: {error.message('en')}")
        case Forbidden():
            return _body(403, f"Forbidden: {error.message('en')}")
        case Internal() | StorageUnavailable() | Busy():
            return _body(500, "Internal Server Error")
    return _body(400 if error.status < 500 else 500, f"Bad Request: {error.message('en')}")


def _body(code: int, description: str, parameters: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return code, body | ({} if parameters is None else {"parameters": parameters})
