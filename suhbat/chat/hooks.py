"""What webhooks are told. Pure."""

from __future__ import annotations

from suhbat.protocol.event_marks import has_grown
from suhbat.protocol.events import Event, MessageCreated, MessageFinished


def told_as(event: Event) -> str | None:
    """The type under which webhooks are told of an event; None if they are not.

    What webhooks have posted is not told: two that answer each other would never end. A message that grows is told when it is
    finished, as a new one."""
    if isinstance(event, MessageCreated):
        return None if event.message.hook is not None or has_grown(event) else event.type
    return "message.created" if isinstance(event, MessageFinished) else event.type
