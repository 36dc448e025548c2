"""The threads that a user follows, after each event. Pure.

Replies are in the conversation's log, and `thread` is in the user's own log. As with read marks, either may come first. So
`thread` says up to where it counted, and the replies above that are counted again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from suhbat.protocol.events import MessageCreated, MessageDeleted, ThreadChanged
from suhbat.protocol.objects import Message, Replier, Replies, Thread
from suhbat.protocol.types import MAX_REPLIERS

KEPT = 1_000
"""Replies and deletions remembered for one conversation. More do not come between a `thread` and what it counted."""

ReplyEvent = MessageCreated | MessageDeleted


class ThreadTally:
    """Which replies the threads of one conversation already count. `head`: that of the state it starts from."""

    def __init__(self, head: int) -> None:
        self._began = head
        self._counted: dict[int, int] = {}
        """By root: up to which `seq` its state counts."""
        self._recent: deque[tuple[int, ReplyEvent]] = deque(maxlen=KEPT)

    def replied(self, threads: tuple[Thread, ...], event: ReplyEvent, uid: str) -> tuple[Thread, ...]:
        """The threads after the next event of the conversation, which is about a reply."""
        root = _root(event)
        self._recent.append((root, event))
        if event.seq <= self._counted.get(root, self._began):
            return threads
        return tuple(_counting(thread, event, uid) if thread.root == root else thread for thread in threads)

    def told(self, threads: Sequence[Thread], event: ThreadChanged, uid: str) -> tuple[Thread, ...]:
        """The threads after the next event of the user's own log."""
        if event.head < self._began:
            return tuple(threads)  # the state is newer
        root = event.thread.root
        self._counted[root] = event.head
        others = {thread.root: thread for thread in threads if thread.root != root}
        if event.follow:
            thread = event.thread
            for about, later in self._recent:
                if about == root and later.seq > event.head:
                    thread = _counting(thread, later, uid)
            others[root] = thread
        return tuple(others[one] for one in sorted(others))


def with_reply(message: Message, event: ReplyEvent) -> Message:
    """The root of a thread after an event about a reply in it."""
    if isinstance(event, MessageDeleted):
        return message.model_copy(update={"replies": event.replies})
    known, reply = message.replies, event.message
    if reply.deleted or (known is not None and known.last_seq >= reply.seq):
        return message  # its deletion follows in the log, or the summary is newer
    others = () if known is None else tuple(one for one in known.people if one.uid != reply.sender_uid)
    latest = Replier(uid=reply.sender_uid, user_id=reply.sender)
    replies = Replies(
        count=1 if known is None else known.count + 1,
        last_seq=reply.seq,
        last_at=reply.sent_at,
        people=(latest, *others)[:MAX_REPLIERS],
    )
    return message.model_copy(update={"replies": replies})


def is_about_reply(event: object) -> bool:
    """Whether an event creates or deletes a reply in a thread."""
    if isinstance(event, MessageCreated):
        return event.message.thread is not None
    return isinstance(event, MessageDeleted) and event.thread is not None


def _root(event: ReplyEvent) -> int:
    root = event.thread if isinstance(event, MessageDeleted) else event.message.thread
    assert root is not None, "it is about a reply"
    return root


def _counting(thread: Thread, event: ReplyEvent, uid: str) -> Thread:
    if isinstance(event, MessageDeleted):
        unread = (event.thread_ordinal or 0) > thread.read_ordinal and event.sender_uid != uid
        count = 0 if event.replies is None else event.replies.count
        return thread.model_copy(update={"count": count, "unread": max(0, thread.unread - unread)})
    ordinal = event.message.thread_ordinal or 0
    update = {"thread_ordinal": ordinal, "count": thread.count + (not event.message.deleted)}
    if event.message.sender_uid == uid:
        update |= {"read_ordinal": ordinal, "unread": 0, "mentions": 0}
    else:
        update["unread"] = thread.unread + 1
    return thread.model_copy(update=update)
