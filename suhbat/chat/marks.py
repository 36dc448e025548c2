"""The rules of marking messages as unread, and of saving them. Pure."""

from __future__ import annotations

from suhbat.errors import BadRequest, NotFound, SuhbatError, TooManySaved
from suhbat.protocol.types import MAX_MARKED_UNREAD, MAX_SAVED


def unread_refusal(ordinal: int, last_ordinal: int, *, exists: bool) -> SuhbatError | None:
    """Why a conversation cannot be marked as unread from the message with this ordinal on, or None. `exists`: there is such a
    message, and the user may read it. It may be deleted."""
    if not exists:
        return NotFound("not_found.message")
    # The messages of the user above the mark are counted, and the writer waits for that.
    return BadRequest(reason="unread.far") if last_ordinal - ordinal >= MAX_MARKED_UNREAD else None


def saved_refusal(saved: int) -> SuhbatError | None:
    """Why a user who has saved so many messages cannot save another one, or None."""
    return TooManySaved(limit=MAX_SAVED) if saved >= MAX_SAVED else None
