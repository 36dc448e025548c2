"""Of which messages a member is notified. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from suhbat.protocol.objects import Level, Notify

from .model import Milliseconds

DEFAULTS: Mapping[str, Notify] = {
    "direct": Notify(level="all"),
    "room": Notify(level="mentions"),
    "lobby": Notify(level="mentions"),
}
"""By kind of conversation, for those who have chosen nothing, and after the time for which they chose."""


def chosen(kind: str, level: Level, until: Milliseconds | None, now: Milliseconds) -> Notify:
    """What to keep of a choice: the default of the kind, if it is over already or makes no difference."""
    default = DEFAULTS[kind]
    return default if level == default.level or is_over(until, now) else Notify(level=level, until=until)


def level_at(kind: str, notify: Notify | None, now: Milliseconds) -> Level:
    """The level that holds at this time. `notify`: None for those who have chosen nothing."""
    return DEFAULTS[kind].level if notify is None or is_over(notify.until, now) else notify.level


def is_over(until: Milliseconds | None, now: Milliseconds) -> bool:
    """Whether the time for which a level was chosen has passed."""
    return until is not None and until <= now


def notifies(level: Level, *, mentioned: bool, reply: bool = False, follows: bool = False) -> bool:
    """Whether a message notifies somebody with this level. `mentioned`: it mentions them, or everybody. `reply`: it is a reply
    in a thread; such a message notifies those who follow the thread as a mention does, and nobody else."""
    if level == "none":
        return False
    return mentioned or (follows if reply else level == "all")
