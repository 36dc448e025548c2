"""Rules for edits, pins and slow mode. Pure: the store passes the facts of its transaction.

A function `…_refusal` returns the error with which to refuse, or None.
"""

from __future__ import annotations

from math import ceil

from suhbat.errors import BadRequest, Forbidden, RateLimited, SuhbatError

from .model import Actor, Milliseconds
from .policy import Rank

PINS = 50
"""Pinned messages of a conversation."""


def edit_refusal(actor: Actor, author_uid: str, text: str, *, has_files: bool) -> SuhbatError | None:
    """Of editing a message: only its author may. Beside files its text may be empty."""
    if author_uid != actor.uid:
        return Forbidden("forbidden.author")
    return None if has_files or text.strip() else BadRequest(reason="empty_text")


def pin_refusal(pinned: int) -> SuhbatError | None:
    """Of one more pin in a conversation that has `pinned`."""
    return None if pinned < PINS else BadRequest(reason=f"at most {PINS} messages can be pinned; unpin one")


def is_slowed(rank: Rank) -> bool:
    """Whether slow mode applies to this rank: not to moderators and owners."""
    return rank == "member"


def slow_mode_refusal(seconds: int, last: Milliseconds, at: Milliseconds) -> SuhbatError | None:
    """Of a message at `at`, after the last stored one of the same user at `last`. `seconds`: the setting."""
    wait = seconds - (at - last) / 1000
    if wait <= 0:
        return None
    return RateLimited("rate_limited.slow", retry_after=wait, scope="conversation", seconds=ceil(wait))
