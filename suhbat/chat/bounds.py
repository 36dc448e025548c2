"""Limits for conversations and invitations of one user, so that strangers cannot make them grow without end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from suhbat.errors import RateLimited, SuhbatError, TooManyConversations

from .model import Milliseconds

DAY = 24 * 3600 * 1000
"""Milliseconds. A day begins with the first item that is counted in it."""
INVITATIONS = 50
"""Open invitations that a user can have."""
INVITED_BY_ONE = 10
"""Open invitations of other users that a user can have made."""
INVITED_A_DAY = 100
"""Invitations that a user can make in a day, including those that are declined or withdrawn meanwhile."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings `conversations_per_person`, `rooms_per_day` and `directs_per_day`; 0: no limit.

    `team`: all accounts of this server know each other, so that members are added without asking them.
    """

    conversations: int = 2_000
    rooms: int = 100
    directs: int = 200
    team: bool = False


PROGRAMS_A_DAY = 50
"""Bots, and webhooks, that an account can make in a day, including those that are removed meanwhile: each leaves a user
behind."""

Made = Literal["rooms", "directs", "invitations", "mails", "resets", "mailed_invites", "bots", "hooks"]


class Allowance(NamedTuple):
    """How many items of a kind a user has made in the day that began at `since`."""

    since: Milliseconds
    used: int


def conversations_refusal(count: int, limit: int, *, of: str | None = None) -> SuhbatError | None:
    """The refusal of one more conversation for a user who is in `count`. `limit`: 0 for none. `of`: the name of the user, if
    somebody else adds them."""
    if not limit or count < limit:
        return None
    if of is None:
        return TooManyConversations(limit=limit)
    return TooManyConversations("too_many_conversations.person", user_id=of)


def spend(what: Made, allowance: Allowance | None, limit: int, at: Milliseconds) -> Allowance | RateLimited:
    """The allowance after one more item; or the refusal, if there were `limit` items within the day."""
    if allowance is None or not allowance.since <= at < allowance.since + DAY:
        return Allowance(at, 1)
    if allowance.used >= limit:
        wait = (allowance.since + DAY - at) / 1000
        return RateLimited(f"rate_limited.{what}", retry_after=wait, scope="command", limit=limit)
    return allowance._replace(used=allowance.used + 1)
