"""Marks that an event carries inside the server and that no client gets: who may see it, and what it tells of."""

from __future__ import annotations

from .events import Event, Hidden, MessageChange, MessageCreated, MessageEdited, MessageFinished, ReadMarked
from .live_message import LiveMessage
from .logged_events import LiveEvent


def mark_grown(event: MessageCreated) -> None:
    """The message grows, or has grown: whoever wants whole messages only gets it with `MessageFinished`. The mark is not
    sent."""
    event._has_grown = True


def has_grown(event: MessageCreated) -> bool:
    """Whether the message grows, or has grown."""
    return event.message.streaming or event._has_grown


def withhold_receipt(event: ReadMarked) -> None:
    """Tell nobody else of this read mark, because others know that the user has read further. The mark is not sent."""
    event._is_receipt = False


def is_receipt(event: ReadMarked) -> bool:
    """Whether others are told of this read mark."""
    return event._is_receipt


def veil(event: Event, seq: int | None = None) -> None:
    """Hide the change of a message from readers who may not read the message; they get `Hidden` in its place. `seq`: that of
    the message, or of the root of its thread, if the event does not have it. Not needed in a log that all members may read
    from the beginning. The mark is not sent to clients."""
    if isinstance(event, MessageCreated):
        event._veil = event.message.thread
    elif isinstance(event, MessageChange):
        event._veil = seq or (event.message.seq if isinstance(event, MessageEdited | MessageFinished) else event.target)


def veil_of(event: LiveEvent) -> int | None:
    """The lowest floor (a `seq`, see `store.read.floor`) whose readers get `Hidden`; None: all readers get the event."""
    if isinstance(event, LiveMessage):
        return event.veil
    return event._veil if isinstance(event, MessageChange | MessageCreated) else None


def hidden(event: Event) -> Hidden:
    """The event that a reader who may not see `event` gets in its place."""
    return Hidden(conversation=event.conversation, seq=event.seq, at=event.at)
