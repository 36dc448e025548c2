"""The rules of threads. Pure."""

from __future__ import annotations

from suhbat.errors import BadRequest, NotFound, SuhbatError


def thread_refusal(*, is_direct_of_two: bool, exists: bool, is_reply: bool) -> SuhbatError | None:
    """Why a message has no thread in which somebody may write, or None. `exists`: the message exists, the user may read it, and
    it is not deleted."""
    if is_direct_of_two:
        return BadRequest(reason="thread.direct")
    if not exists:
        return NotFound("not_found.message")
    return BadRequest(reason="thread.nested") if is_reply else None


def mark_refusal(read_ordinal: int, last_ordinal: int) -> SuhbatError | None:
    """Why a thread cannot be marked as read up to this ordinal, or None."""
    return BadRequest(reason="thread.ahead") if read_ordinal > last_ordinal else None
