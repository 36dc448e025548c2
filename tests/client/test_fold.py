"""A conversation's state after its next event."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.client.fold import fold, fold_own
from suhbat.client.tally import Tally
from suhbat.protocol import events
from suhbat.protocol.objects import ConversationState, Reaction, Thread

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


def reply(seq: int, ordinal: int, thread: int = 1, by: Any = BOBUR, **fields: Any) -> events.MessageCreated:
    """A reply in a thread."""
    made = message(seq, by=by)
    place = {"ordinal": None, "thread": thread, "thread_ordinal": ordinal, **fields}
    return made.model_copy(update={"message": made.message.model_copy(update=place)})


def told(head: int, follow: bool = True, **fields: Any) -> events.ThreadChanged:
    """`thread` in the user's own log."""
    numbers = {"root": 1, "count": 0, "thread_ordinal": 0, "read_ordinal": 0, "unread": 0} | fields
    thread = Thread(**numbers)
    return events.ThreadChanged(
        **(BY | {"conversation": "@me"}), seq=1, target="lobby", head=head, follow=follow, thread=thread
    )


def test_a_reply_counts_in_its_thread_only() -> None:
    """The conversation stays as it was, but for its head and the thread of its last message."""
    state = after(message(1), reply(2, 1), reply(3, 2))
    assert (state.last_ordinal, state.unread, state.threads) == (1, 1, ())
    assert state.last_message is not None and state.last_message.seq == 1
    replies = state.last_message.replies
    assert replies is not None and (replies.count, replies.last_seq) == (2, 3)
    left = replies.model_copy(update={"count": 1, "last_seq": 2})
    gone = events.MessageDeleted(seq=4, target=3, sender_uid="ub", thread=1, thread_ordinal=2, replies=left, **BY)
    after_deletion = after(gone, state=state).last_message
    assert after_deletion is not None and after_deletion.replies == left
    last = after(gone.model_copy(update={"seq": 5, "replies": None}), state=state).last_message
    assert last is not None and last.replies is None


@pytest.mark.parametrize("order", ["replies first", "thread first"])
def test_a_thread_and_its_replies_in_any_order(order: str) -> None:
    """`thread` says up to where it counted. Replies above that are added, those up to it are not counted twice."""
    tally = Tally(1, 1)
    state = after(message(1))
    own = told(head=3, count=2, thread_ordinal=2, unread=1, read_ordinal=1)
    coming = [reply(2, 1), reply(3, 2), reply(4, 3), reply(5, 4)]
    if order == "thread first":
        state = fold_own(state, own, ANNA.uid, tally)
    for event in coming:
        state = fold(state, event, ANNA.uid, tally)
    if order == "replies first":
        state = fold_own(state, own, ANNA.uid, tally)
    (thread,) = state.threads
    assert (thread.count, thread.thread_ordinal, thread.unread) == (4, 4, 3)
    gone = events.MessageDeleted(seq=6, target=5, sender_uid="ub", thread=1, thread_ordinal=4, **BY)
    (thread,) = fold(state, gone, ANNA.uid, tally).threads
    assert (thread.count, thread.unread) == (0, 2)
    (thread,) = fold(state, reply(6, 5, by=ANNA), ANNA.uid, tally).threads
    assert (thread.read_ordinal, thread.unread) == (5, 0)
    assert fold_own(state, told(head=5, follow=False), ANNA.uid, tally).threads == ()


def test_an_old_event_about_a_thread_does_not_replace_a_newer_state() -> None:
    """A state that was read later than the event was written holds."""
    newer = conversation(head=9, threads=(told(9, count=3, thread_ordinal=3).thread,))
    assert fold_own(newer, told(head=5, unread=7), ANNA.uid, Tally(0, 9)) == newer
