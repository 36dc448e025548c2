"""How much one person may make, and may be given by others: what would otherwise grow for as long as a stranger likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from suhbat.errors import RateLimited, SuhbatError, TooManyConversations

from .model import Milliseconds

DAY = 24 * 3600 * 1000
"""Milliseconds. A day begins with the first thing that is counted in it."""
INVITATIONS = 50
"""Open invitations that one person can have."""
INVITED_BY_ONE = 10
"""Open invitations that one person can have made."""
INVITED_A_DAY = 100
"""Invitations that one person can make within a day, also where others are declined or taken back meanwhile."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings `conversations_per_person`, `rooms_per_day` and `directs_per_day`; 0: no limit.

    `team`: all accounts of this server know each other, so that nobody has to be asked before they are added.
    """

    conversations: int = 2_000
    rooms: int = 100
    directs: int = 200
    team: bool = False


Made = Literal["rooms", "directs", "invitations"]


class Allowance(NamedTuple):
    """How many of something a person has made in the day that began `since` then."""

    since: Milliseconds
    used: int


def conversations_refusal(count: int, limit: int, *, of: str | None = None) -> SuhbatError | None:
    """Of one more conversation for somebody who is in so many; `of`: their name, where somebody else would add them. A limit of
    0 is none."""
    if not limit or count < limit:
        return None
    if of is None:
        return TooManyConversations(limit=limit)
    return TooManyConversations("too_many_conversations.person", user_id=of)


def spend(what: Made, allowance: Allowance | None, limit: int, at: Milliseconds) -> Allowance | RateLimited:
    """The allowance after one more of these; or the refusal, when there were `limit` of them within the day."""
    if allowance is None or not allowance.since <= at < allowance.since + DAY:
        return Allowance(at, 1)
    if allowance.used >= limit:
        wait = (allowance.since + DAY - at) / 1000
        return RateLimited(f"rate_limited.{what}", retry_after=wait, limit=limit)
    return allowance._replace(used=allowance.used + 1)
