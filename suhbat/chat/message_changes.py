"""What can be done with a message after it was sent, and how soon the next may follow. Pure: the store gives the facts.

A function that gives a refusal gives None where there is no objection.
"""

from __future__ import annotations

from math import ceil

from suhbat.errors import BadRequest, Forbidden, RateLimited, SuhbatError

from .model import Actor, Milliseconds
from .policy import Rank

PINS = 50
"""Pinned messages of one conversation."""


def edit_refusal(actor: Actor, author_uid: str) -> SuhbatError | None:
    """Of changing a message: only its author does."""
    return None if author_uid == actor.uid else Forbidden("forbidden.author")


def pin_refusal(pinned: int) -> SuhbatError | None:
    """Of one more pin in a conversation that has so many."""
    return None if pinned < PINS else BadRequest(reason=f"at most {PINS} messages can be pinned; unpin one")


def is_slowed(rank: Rank) -> bool:
    """Whether slow mode holds for somebody: moderators and owners do not wait."""
    return rank == "member"


def slow_mode_refusal(seconds: int, last: Milliseconds, at: Milliseconds) -> SuhbatError | None:
    """Of a message so soon after the last stored one of the same person."""
    wait = seconds - (at - last) / 1000
    return None if wait <= 0 else RateLimited("rate_limited.slow", retry_after=wait, seconds=ceil(wait))
