"""A conversation's state after one more of its events: old state + events = state fetched afresh. Pure."""

from __future__ import annotations

from typing import Any

from suhbat.protocol.events import (
    ConversationUpdated,
    Event,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
)
from suhbat.protocol.objects import ConversationState, Message, Reaction, Settings

from .frames import OtherEvent


def fold(state: ConversationState, event: Event | OtherEvent, uid: str) -> ConversationState:
    """`event` is the next of the conversation's log; `uid` is whose state it is."""
    return state.model_copy(update={"head": event.seq, **_changes(state, event, uid)})


def _changes(state: ConversationState, event: Event | OtherEvent, uid: str) -> dict[str, Any]:
    last = state.last_message
    match event:
        case MessageCreated():
            own = event.message.sender_uid == uid
            unread = state.unread if own else state.unread + 1
            return {"last_ordinal": event.message.ordinal, "last_message": event.message, "unread": unread}
        case MessageEdited() if last is not None and last.seq == event.message.seq:
            return {"last_message": event.message}
        case MessageDeleted() if last is not None and last.seq == event.target:
            return {"last_message": last.model_copy(update={"deleted": True, "text": "", "reactions": ()})}
        case ReactionAdded() | ReactionRemoved() if last is not None and last.seq == event.target:
            return {"last_message": _reacted(last, event)}
        case MemberJoined():
            return {"member_count": state.member_count + 1}
        case MemberLeft():
            return {"member_count": max(state.member_count - 1, 0)}
        case MemberUpdated() if event.user.uid == uid:
            return {"role": event.role}
        case ConversationUpdated():
            return {name: getattr(event, name) for name in Settings.model_fields}
        case _:
            return {}


def _reacted(message: Message, event: ReactionAdded | ReactionRemoved) -> Message:
    """The message with the reaction's people changed; an emoji that nobody chose any more goes."""
    people: dict[str, dict[str, str]] = {
        reaction.emoji: dict(zip(reaction.uids, reaction.users, strict=False)) for reaction in message.reactions
    }
    chosen = people.setdefault(event.emoji, {})
    if isinstance(event, ReactionAdded):
        chosen[event.actor_uid] = event.actor
    else:
        chosen.pop(event.actor_uid, None)
    reactions = tuple(
        Reaction(emoji=emoji, users=tuple(who[uid] for uid in sorted(who)), uids=tuple(sorted(who)))
        for emoji, who in sorted(people.items())
        if who
    )
    return message.model_copy(update={"reactions": reactions})
