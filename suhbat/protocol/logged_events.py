"""Events inside the server: each with the log that it belongs to, and new messages without a model."""

from __future__ import annotations

from typing import NamedTuple

from .events import Event, MessageCreated
from .live_message import LiveMessage
from .objects import Message

LiveEvent = Event | LiveMessage
"""An event as the writer publishes it, as other nodes receive it, and as a replay reads it from the store."""


class LoggedEvent(NamedTuple):
    """An event and the log it belongs to: a conversation id, or `@me:` + uid for a user's own log.

    The log key stays inside the server; on the wire a user's own log is always `@me`.
    """

    log: str
    event: LiveEvent


def own_log(uid: str) -> str:
    """The key of a user's own log."""
    return f"@me:{uid}"


def model_of(event: LiveEvent) -> Event:
    """The event as a model."""
    if not isinstance(event, LiveMessage):
        return event
    message = Message(
        conversation=event.conversation,
        seq=event.seq,
        ordinal=event.ordinal,
        sender=event.actor,
        sender_uid=event.actor_uid,
        text=event.text,
        client_id=event.client_id,
        reply_to=event.reply_to,
        sent_at=event.at,
        mentions_all=event.everyone,
        thread=event.thread,
        thread_ordinal=event.thread_ordinal,
        from_thread=event.from_thread,
        files=event.files,
        **({} if event.extra is None else event.extra.shown()),
    )
    created = MessageCreated(
        conversation=event.conversation,
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        actor_uid=event.actor_uid,
        message=message,
        everyone=1 if event.everyone else 0,
    )
    created._veil = event.veil
    return created
