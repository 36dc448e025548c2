"""A conversation's state after its next event."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.client.fold import fold
from suhbat.protocol import events
from suhbat.protocol.objects import ConversationState, Reaction

from .parts import ANNA, BOBUR, conversation, message

BY: dict[str, Any] = {"conversation": "lobby", "at": 0, "actor": "bobur", "actor_uid": "ub"}


def after(*happened: Any, state: ConversationState | None = None) -> ConversationState:
    state = state or conversation()
    for event in happened:
        state = fold(state, event, ANNA.uid)
    return state


def test_messages_count_what_is_unread() -> None:
    """Messages of others are unread, the user's own are not. The newest message is the last one."""
    state = after(message(1), message(2, by=ANNA), message(3))
    assert (state.head, state.last_ordinal, state.unread) == (3, 3, 2)
    assert state.last_message == message(3).message


def test_every_event_moves_the_head() -> None:
    """An event that changes nothing else moves the head too."""
    assert after(events.MessagePinned(seq=1, target=1, **BY)) == conversation(head=1)


def test_the_last_message_follows_its_edit_and_its_deletion() -> None:
    """An edit of another message changes nothing. A deleted message remains as a tombstone without text."""
    edited = message(2, text="edited").message
    state = after(message(1), message(2), events.MessageEdited(seq=3, message=edited, **BY))
    assert state.last_message == edited
    assert after(events.MessageEdited(seq=4, message=message(1).message, **BY), state=state).last_message == edited
    gone = after(events.MessageDeleted(seq=4, target=2, **BY), state=state).last_message
    assert gone is not None and gone.deleted and gone.text == "" and gone.seq == 2


def test_reactions_of_the_last_message() -> None:
    """Each person counts once. An emoji without people disappears."""
    on = events.ReactionAdded(seq=2, target=1, emoji="👍", **BY)
    state = after(message(1), on, on)
    assert state.last_message is not None
    assert state.last_message.reactions == (Reaction(emoji="👍", count=1, mine=False, users=("bobur",), uids=("ub",)),)
    state = after(events.ReactionRemoved(seq=3, target=1, emoji="👍", **BY), state=state)
    assert state.last_message is not None and state.last_message.reactions == ()


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (events.MemberJoined(seq=1, user=BOBUR, **BY), {"member_count": 3}),
        (events.MemberLeft(seq=1, user=BOBUR, **BY), {"member_count": 1}),
        (events.MemberUpdated(seq=1, user=ANNA, role="owner", **BY), {"role": "owner"}),
        (events.MemberUpdated(seq=1, user=BOBUR, role="owner", **BY), {}),
        (events.ConversationUpdated(seq=1, title="Choyxona", **BY), {"title": "Choyxona"}),
    ],
)
def test_members_and_title(event: Any, changed: dict[str, Any]) -> None:
    """Members are counted, and the user's own role and the title follow."""
    before = conversation(member_count=2)
    assert after(event, state=before) == before.model_copy(update={"head": 1, **changed})


def test_the_last_message_follows_what_may_be_read() -> None:
    """If `history` begins with joining, earlier messages are not shown. If it is for all, they are."""
    old, new = message(3).message, message(7).message
    joined = events.ConversationUpdated(seq=8, history="joined", **BY)
    for_all = events.ConversationUpdated(seq=8, history="all", last_message=old, **BY)
    for last, event, shown in (
        (old, joined, None), (new, joined, new), (None, joined, None), (None, for_all, old), (new, for_all, new),
    ):  # fmt: skip
        assert after(event, state=conversation(since=5, last_message=last)).last_message == shown
