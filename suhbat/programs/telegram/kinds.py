"""The kinds of updates that bots get here, and the events from which they are made. Pure."""

from __future__ import annotations

from collections.abc import Iterable

EVENTS = {
    "message": ("message.created", "message.finished", "member.joined", "member.left"),
    "edited_message": ("message.edited",),
    "callback_query": ("action.pressed",),
}
ALL_KINDS = tuple(EVENTS)


def kinds_of(allowed: object) -> tuple[str, ...]:
    """The kinds that a bot asks for with `allowed_updates`: all of them if it gives no list, or an empty one."""
    if not isinstance(allowed, list) or not allowed:
        return ALL_KINDS
    return tuple(kind for kind in EVENTS if kind in allowed)


def events_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """The types of the events of these kinds."""
    return tuple(type_ for kind in kinds for type_ in EVENTS[kind])
