"""From what the chat tells to updates for handlers: which events are for the bot, and in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from suhbat.client.chat import Suhbat
from suhbat.client.frames import Happening, OtherEvent
from suhbat.client.replay import Missed
from suhbat.protocol.events import Event, EventBase
from suhbat.protocol.objects import Message
from suhbat.protocol.types import ME

from .progress import LogProgress

PAGE = 200
MESSAGES = {"message.created": "message", "message.finished": "message", "message.edited": "edited_message"}
"""What the handlers of an event with a message are called. A message that grows is handled when it is finished."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be handled, and where to note that it is done."""

    event: Event | OtherEvent | Missed
    seq: int
    progress: LogProgress


def as_event(happening: Happening) -> Event | OtherEvent | None:
    """The happening, if it is a durable event."""
    return happening if isinstance(happening, EventBase | OtherEvent) else None


def conversation_of(event: Event | OtherEvent | Missed) -> str:
    """Where it happened: events of the bot's own log say so in `target`, or in the state that they carry."""
    if event.conversation != ME:
        return event.conversation
    state = getattr(event, "state", None) or getattr(event, "invitation", None)
    return str(getattr(event, "target", None) or getattr(event, "removed", None) or getattr(state, "conversation", ME))


def kind_of(event: Event | OtherEvent) -> str:
    """The handlers that it is for, as `BotRouter` names them."""
    match event.type:
        case "command.invoked":
            return f"command {field(event, 'name')}"
        case "action.pressed":
            return "action"
        case type:
            return MESSAGES.get(type, f"event {type}")


def message_of(event: Event | OtherEvent) -> Message:
    """The message of an event that has one."""
    message = field(event, "message")
    return message if isinstance(message, Message) else Message.model_validate(message, strict=False)


def is_heard(event: Event | OtherEvent, uid: str) -> bool:
    """Whether the event is for handlers. What the bot itself did is not, nor a message that is deleted by now or
    still grows."""
    if event.type in MESSAGES:
        message = message_of(event)
        return message.sender_uid != uid and not message.deleted and not message.streaming
    actor: str | None = field(event, "actor_uid")
    return actor != uid


def field(event: Event | OtherEvent, name: str) -> Any:
    return getattr(event, name, None)


async def messages_of(chat: Suhbat, missed: Missed) -> AsyncIterator[Message]:
    """The messages among events that were too many to be replayed, in order, with those in threads left out."""
    after = missed.after
    while after < missed.up_to:
        page = await chat.history(missed.conversation, after=after, limit=PAGE)
        for message in page.messages:
            if message.seq > missed.up_to:
                return
            yield message
        if not page.messages or not page.has_after:
            return
        after = page.messages[-1].seq
