"""A conversation's state after one more of its events: old state + events = state fetched afresh. Pure."""

from __future__ import annotations

from typing import Any

from suhbat.protocol.events import (
    ConversationUpdated,
    DraftChanged,
    Event,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    Mentioned,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    ReadMarked,
)
from suhbat.protocol.objects import ConversationState, Message, Reaction, Settings

from .frames import OtherEvent
from .tally import Tally


def fold(
    state: ConversationState, event: Event | OtherEvent, uid: str, tally: Tally | None = None
) -> ConversationState:
    """`event` is the next of the conversation's log; `uid` is whose state it is; `tally` what its `unread` has in it."""
    return state.model_copy(
        update={"head": event.seq, **_changes(state, event, uid, tally or Tally(state.last_ordinal))}
    )


def fold_own(state: ConversationState, event: ReadMarked | Mentioned | DraftChanged, tally: Tally) -> ConversationState:
    """`event` is the next of one's own log, and about this conversation."""
    match event:
        case ReadMarked():
            read = {"read_ordinal": event.ordinal, "unread": tally.marked(event)}
            # A mark never goes back: where the state is newer than this old event, it knows better.
            return state.model_copy(
                update={"mentions": event.mentions} | (read if event.ordinal > state.read_ordinal else {})
            )
        case Mentioned():
            return state.model_copy(update={"mentions": event.mentions})
        case DraftChanged():
            return state.model_copy(update={"draft": event.text})


def _changes(state: ConversationState, event: Event | OtherEvent, uid: str, tally: Tally) -> dict[str, Any]:
    last = state.last_message
    match event:
        case MessageCreated():
            counts = event.message.sender_uid != uid and tally.is_new(event.message.ordinal)
            return {
                "last_ordinal": event.message.ordinal,
                "last_message": event.message,
                "unread": state.unread + counts,
            }
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
            return {name: getattr(event, name) for name in Settings.model_fields} | {
                "last_message": _still(state, event)
            }
        case _:
            return {}


def _still(state: ConversationState, event: ConversationUpdated) -> Message | None:
    """The last message that the reader may see, now that `history` may be another."""
    last = state.last_message
    if event.history == "all":
        return last or event.last_message
    return last if last is not None and last.seq > state.since else None


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
