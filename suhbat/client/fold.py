"""A conversation's state after its next event. The result equals the state fetched afresh from the server. Pure."""

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
    MessageFinished,
    NotifyChanged,
    ReactionAdded,
    ReactionRemoved,
    ReadMarked,
    ThreadChanged,
)
from suhbat.protocol.extras import FIELDS
from suhbat.protocol.objects import ConversationSettings, ConversationState, Message, Notify, Reaction
from suhbat.protocol.types import MAX_REACTION_USERS, MAX_REACTIONS

from .frames import OtherEvent
from .tally import Tally
from .threads import is_about_reply, with_reply


def fold(
    state: ConversationState, event: Event | OtherEvent, uid: str, tally: Tally | None = None
) -> ConversationState:
    """The state after `event`, which must be the next one of the conversation's log. `uid`: the user whose state it is;
    `tally`: which messages its `unread` counts."""
    tally = tally or Tally(state.last_ordinal, state.head)
    changes = {"head": event.seq, **_changes(state, event, uid, tally)}
    last = changes.get("last_message", state.last_message)
    if last is not None and last.reactions_at is not None and last.reactions_at <= event.seq:
        changes["last_message"] = last.model_copy(update={"reactions_at": None})  # every event it counted has come
    return state.model_copy(update=changes)


def fold_own(
    state: ConversationState,
    event: ReadMarked | Mentioned | ThreadChanged | NotifyChanged | DraftChanged,
    uid: str,
    tally: Tally,
) -> ConversationState:
    """The state after `event`, which must be the next one of the own log of the user `uid` and concern this conversation."""
    match event:
        case ThreadChanged():
            return state.model_copy(update={"threads": tally.threads.told(state.threads, event, uid)})
        case ReadMarked():
            if tally.is_newer(event):
                return state
            # A mark of an older server has no `head`, and never went back.
            moves = event.ordinal != state.read_ordinal if event.head else event.ordinal > state.read_ordinal
            read = event.ordinal if moves else state.read_ordinal
            changes: dict[str, Any] = {"mentions": tally.named.told(event, state.mentions, read)}
            if moves:
                changes |= {"read_ordinal": read, "unread": tally.marked(event)}
            return state.model_copy(update=changes)
        case Mentioned():
            mentions = tally.named.told(event, state.mentions, state.read_ordinal)
            return state.model_copy(update={"mentions": mentions})
        case NotifyChanged():
            return state.model_copy(update={"notify": Notify(level=event.level, until=event.until)})
        case DraftChanged():
            return state.model_copy(update={"draft": event.text})


def _changes(state: ConversationState, event: Event | OtherEvent, uid: str, tally: Tally) -> dict[str, Any]:
    changes = _changed(state, event, uid, tally)
    if isinstance(event, MessageCreated | MessageEdited | MessageFinished | MessageDeleted) and event.everyone:
        changes["mentions"] = max(0, state.mentions + tally.named.changed(event, uid, state.read_ordinal))
    return changes


def _changed(state: ConversationState, event: Event | OtherEvent, uid: str, tally: Tally) -> dict[str, Any]:
    last = state.last_message
    match event:
        case MessageCreated() | MessageDeleted() if is_about_reply(event):
            changes: dict[str, Any] = {"threads": tally.threads.replied(state.threads, event, uid)}
            root = event.thread if isinstance(event, MessageDeleted) else event.message.thread
            return changes | ({"last_message": with_reply(last, event)} if last and last.seq == root else {})
        case MessageCreated():
            counts = event.message.sender_uid != uid and tally.is_new(event.message.ordinal or 0)
            return {
                "last_ordinal": event.message.ordinal,
                "last_message": event.message,
                "unread": state.unread + counts,
            }
        case MessageEdited() | MessageFinished() if last is not None and last.seq == event.message.seq:
            # Keep the reactions: those in the event have no `mine` for this user, and may be newer than the event.
            known = {"reactions": last.reactions, "reactions_at": last.reactions_at, "replies": last.replies}
            return {"last_message": event.message.model_copy(update=known)}
        case MessageDeleted():
            gone = event.sender_uid not in (None, uid) and tally.is_gone(event, state.read_ordinal)
            return {"unread": max(0, state.unread - gone), "last_message": _tombstone(last, event)}
        case ReactionAdded() | ReactionRemoved() if last is not None and last.seq == event.target:
            return {"last_message": _reacted(last, event, uid)}
        case MemberJoined():
            return {"member_count": state.member_count + 1}
        case MemberLeft():
            return {"member_count": max(state.member_count - 1, 0)}
        case MemberUpdated() if event.user.uid == uid:
            return {"role": event.role}
        case ConversationUpdated():
            return {name: getattr(event, name) for name in ConversationSettings.model_fields} | {
                "last_message": _still(state, event, uid)
            }
        case _:
            return {}


def _still(state: ConversationState, event: ConversationUpdated, uid: str) -> Message | None:
    """The last message that the user may see, after `history` may have changed."""
    last = state.last_message
    if event.history == "all":
        return last or (event.last_message and _theirs(event.last_message, uid))
    return last if last is not None and last.seq > state.since else None


def _theirs(message: Message, uid: str) -> Message:
    """The message of an event as this user sees it."""
    reactions = tuple(one.model_copy(update={"mine": uid in one.uids}) for one in message.reactions)
    return message.model_copy(update={"reactions": reactions})


def _tombstone(message: Message | None, event: MessageDeleted) -> Message | None:
    if message is None or message.seq != event.target:
        return message
    empty = Message.model_fields
    rest = {name: empty[name].default for name in ("reactions", "mentions_all", "files", *FIELDS)}
    return message.model_copy(update={"deleted": True, "text": ""} | rest)


def _reacted(message: Message, event: ReactionAdded | ReactionRemoved, uid: str) -> Message:
    """The message with the reaction counted. An emoji whose count is zero disappears."""
    reactions = {reaction.emoji: reaction for reaction in message.reactions}
    present = reactions.pop(event.emoji, None)
    if present is None and len(reactions) >= MAX_REACTIONS:
        return message  # an old message, from when more kinds were allowed than are shown
    changed = present or Reaction(emoji=event.emoji, count=0, mine=False)
    if message.reactions_at is None or event.seq > message.reactions_at:
        changed = _added(changed, event) if isinstance(event, ReactionAdded) else _removed(changed, event)
    if event.actor_uid == uid:
        changed = changed.model_copy(update={"mine": isinstance(event, ReactionAdded)})
    if changed.count:
        reactions[event.emoji] = changed
    return message.model_copy(update={"reactions": tuple(reactions[emoji] for emoji in sorted(reactions))})


def _added(reaction: Reaction, event: ReactionAdded) -> Reaction:
    """`users` lists the first people in the order of time. If some are not listed, a new one cannot be appended."""
    if event.actor_uid in reaction.uids:
        return reaction
    update: dict[str, Any] = {"count": reaction.count + 1}
    if len(reaction.uids) == reaction.count < MAX_REACTION_USERS:
        update |= {"users": (*reaction.users, event.actor), "uids": (*reaction.uids, event.actor_uid)}
    return reaction.model_copy(update=update)


def _removed(reaction: Reaction, event: ReactionRemoved) -> Reaction:
    if event.actor_uid not in reaction.uids:
        # Somebody who is not listed. If all are listed, the reaction was not counted.
        hidden = reaction.count - len(reaction.uids)
        return reaction.model_copy(update={"count": reaction.count - min(hidden, 1)})
    at = reaction.uids.index(event.actor_uid)
    users, uids = list(reaction.users), list(reaction.uids)
    del users[at], uids[at]
    return reaction.model_copy(update={"count": reaction.count - 1, "users": tuple(users), "uids": tuple(uids)})
