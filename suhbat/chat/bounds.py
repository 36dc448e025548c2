"""How much one person may make, and may be given by others: what would otherwise grow for as long as a stranger likes."""

from __future__ import annotations

from dataclasses import dataclass

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
