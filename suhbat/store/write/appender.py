"""The one way to write an event: give it a `seq`, insert its row, and collect it for publication.

Posts and all other commands append here. Nothing is written before `flush`, which needs one statement for all rows and one for
all heads, whatever the number of logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from suhbat.chat.model import Actor, Milliseconds, Post
from suhbat.protocol.event_marks import veil
from suhbat.protocol.events import ConversationAdded, ConversationInvited, Stored
from suhbat.protocol.files import File
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.types import ME
from suhbat.store.dialect import insert_new, insert_rows, pipelined, update_rows
from suhbat.store.journal import Range
from suhbat.store.message_data import message_json
from suhbat.store.tables import conversations, events, users

from .logs import Log, hides_past
from .writer_cache import WriterCache

E = TypeVar("E", bound=Stored)

STORED: dict[str, set[str]] = {
    "message.edited": {"everyone"},
    "message.finished": {"everyone"},
    "message.deleted": {"everyone", "thread", "thread_ordinal", "replies"},
    "reaction.added": {"emoji"},
    "reaction.removed": {"emoji"},
    "member.joined": {"user", "role"},
    "member.left": {"user"},
    "member.updated": {"user", "role"},
    "member.muted": {"user", "on", "until"},
    "command.invoked": {"target", "name", "args", "key", "thread"},
    "action.pressed": {"target", "message", "action", "key"},
    "conversation.updated": {
        "title",
        "topic",
        "visibility",
        "history",
        "archived",
        "slow_mode",
        "retention",
        "files",
        "picture",
    },
    "conversation.added": {"state"},
    "conversation.invited": {"invitation"},
    "conversation.removed": {"removed"},
    "read": {"target", "ordinal", "last_ordinal", "head", "unread", "mentions"},
    "mentioned": {"target", "message", "mentions", "head"},
    "thread": {"target", "head", "follow", "thread"},
    "notify": {"target", "level", "until"},
    "draft": {"target"},
    "saved": {"target", "message", "on"},
    "user.updated": set(),
    "hook.stopped": {"hook", "name", "reason"},
}
"""By type: the fields of an event that are stored in `data`. Texts are not among them. A replay reads them from the present
rows, so a deleted text is gone from old events too."""


class EventRow(NamedTuple):
    """A row of `tables.events`, its fields in the order of the columns."""

    conversation_id: int
    seq: int
    type: str
    at: Milliseconds
    actor: str
    actor_uid: str
    ordinal: int | None = None
    text: str | None = None
    client_id: str | None = None
    reply_to: int | None = None
    edited_at: Milliseconds | None = None
    deleted: bool = False
    target: int | None = None
    data: str | None = None
    thread: int | None = None
    thread_ordinal: int | None = None


class Appender:
    """Appends events to logs, which must be loaded and locked. One appender per transaction.

    After an exception the caller must roll back and clear the cache, because heads have moved in memory.
    """

    def __init__(self, connection: Connection, cache: WriterCache) -> None:
        self.entries: list[LoggedEvent] = []
        """Everything appended, to be published after COMMIT; in order within each log."""
        self.ranges: list[Range] = []
        """The events of `entries`, for the journal."""
        self._connection = connection
        self._cache = cache
        self._rows: list[EventRow] = []
        self._messages: list[tuple[object, ...]] = []
        """Rows of messages, with the columns _OF_MESSAGES."""
        self._replies: list[tuple[object, ...]] = []
        """Rows of messages that belong to threads, with the columns _OF_REPLIES."""
        self._touched: dict[int, Log] = {}
        self._users: dict[str, tuple[Actor, Milliseconds]] = {}

    def append(
        self,
        log: Log,
        kind: type[E],
        actor: Actor,
        at: Milliseconds,
        *,
        about: int | None = None,
        within: int | None = None,
        **fields: Any,
    ) -> E:
        """Append the next event of a log. `about`: the `seq` of the message that the event is about; most types carry it as
        `target`. `within`: the root of the thread, if that message is a reply."""
        log.head += 1
        event = kind(
            conversation=ME if log.kind == "own" else log.name,
            seq=log.head,
            at=at,
            actor=actor.user_id,
            actor_uid=actor.uid,
            **fields,
        )
        if hides_past(log):
            veil(event, within)
        row = EventRow(
            log.id, log.head, event.type, at, actor.user_id, actor.uid, target=about, data=_stored(event), thread=within
        )
        self._rows.append(row)
        self.entries.append(LoggedEvent(log.name, event))
        self._touched[log.id] = log
        return event

    def message(self, log: Log, post: Post, *, everyone: bool, files: tuple[File, ...] = ()) -> LiveMessage:
        """Append the next message of a log. `everyone`: it mentions everybody there. `files`: those of the post, as the message
        shows them. Also adds the sender to `users`."""
        actor = post.actor
        log.head = seq = log.head + 1
        log.ordinal = ordinal = log.ordinal + 1
        message = LiveMessage(
            log.name,
            seq,
            ordinal,
            post.at,
            actor.user_id,
            actor.uid,
            post.text,
            post.client_id,
            post.reply_to,
            everyone,
        )
        data = _MENTIONS_EVERYBODY if everyone else None
        if files or post.extra is not None:
            message.files, message.extra = files, post.extra
            data = message_json(int(everyone), everyone, files=files, extra=post.extra)
            if post.extra is not None and post.extra.streaming and hides_past(log):
                message.veil = seq  # nor may later readers see what it grows by
        self._messages.append(
            (log.id, seq, post.at, actor.user_id, actor.uid, ordinal, post.text, post.client_id, post.reply_to, data)
        )
        self.entries.append(LoggedEvent(log.name, message))
        self._touched[log.id] = log
        if actor.uid not in self._cache.users:
            self.add_users((actor,), post.at)
        return message

    def reply(self, log: Log, post: Post, thread_ordinal: int | None, files: tuple[File, ...] = ()) -> LiveMessage:
        """Append a reply to the thread of the post; without a `thread_ordinal`, the message that quotes the reply before it.
        `files`: as for `message`. Also adds the sender to `users`."""
        actor, thread = post.actor, post.thread
        log.head = seq = log.head + 1
        ordinal: int | None = None
        client_id, reply_to = post.client_id, post.reply_to
        if thread_ordinal is None:
            log.ordinal = ordinal = log.ordinal + 1
            client_id, reply_to = None, seq - 1
        is_reply = thread_ordinal is not None
        message = LiveMessage(
            log.name,
            seq,
            ordinal,
            post.at,
            actor.user_id,
            actor.uid,
            post.text,
            client_id,
            reply_to,
            thread=thread if is_reply else None,
            thread_ordinal=thread_ordinal,
            from_thread=None if is_reply else thread,
            veil=thread if is_reply and hides_past(log) else None,
            files=files,
            extra=post.extra,
        )
        self._replies.append(
            (log.id, seq, post.at, actor.user_id, actor.uid, ordinal, post.text, client_id, reply_to,
             message_json(0, False, message.from_thread, files, post.extra), message.thread, thread_ordinal)
        )  # fmt: skip
        self.entries.append(LoggedEvent(log.name, message))
        self._touched[log.id] = log
        self.add_users((actor,), post.at)
        return message

    def appended(self, log: Log, seq: int) -> LiveMessage | None:
        """The message that this transaction appended to a log as this `seq` since the last `flush`; None if there is none."""
        if log.base < seq <= log.head:
            for name, event in reversed(self.entries):
                if name == log.name and event.seq == seq and isinstance(event, LiveMessage):
                    return event
        return None

    def add_users(self, people: Iterable[Actor], at: Milliseconds) -> None:
        """Give these people rows in `users` with the next `flush`, as durable events refer to them."""
        for person in people:
            if person.uid not in self._cache.users:
                self._users.setdefault(person.uid, (person, at))

    def flush(self, *beside: Callable[[], None]) -> None:
        """Write what was appended and move the heads; later reads of this transaction see it. `beside`: statements without
        results that are sent between the rows and the heads (see `dialect.pipelined`)."""
        new_users = [_user_row(actor, at) for actor, at in self._users.values()]
        rows, messages, replies = self._rows, self._messages, self._replies
        heads = [(log.id, log.head, log.ordinal) for log in self._touched.values()]
        if new_users or rows or messages or replies or beside:
            pipelined(
                self._connection,
                lambda: insert_new(self._connection, users, new_users),
                lambda: insert_rows(self._connection, events, rows),
                lambda: insert_rows(self._connection, events, messages, _OF_MESSAGES, _SAME_IN_MESSAGES),
                lambda: insert_rows(self._connection, events, replies, _OF_REPLIES, _SAME_IN_MESSAGES),
                *beside,
                lambda: update_rows(
                    self._connection, conversations, ("id",), ("head", "last_ordinal"), heads, add=False
                ),
            )
        self._cache.users.update(self._users)
        for log in self._touched.values():
            self.ranges.append((log.id, log.base + 1, log.head))
            log.base = log.head
        self._forget()

    def truncate(self, entries: int, ranges: int) -> None:
        """Keep this number of entries and ranges; the others were rolled back."""
        del self.entries[entries:]
        del self.ranges[ranges:]
        self._forget()

    def _forget(self) -> None:
        self._rows, self._messages, self._replies, self._touched, self._users = [], [], [], {}, {}


_OF_MESSAGES = (
    "conversation_id", "seq", "at", "actor", "actor_uid", "ordinal", "text", "client_id", "reply_to", "data",
)  # fmt: skip
_OF_REPLIES = (*_OF_MESSAGES, "thread", "thread_ordinal")
_SAME_IN_MESSAGES = (("type", "'message.created'"), ("deleted", "FALSE"))
"""Messages have a statement of their own: with all columns, most of them empty, it took nearly twice as long."""
_MENTIONS_EVERYBODY = message_json(1, True)


def _stored(event: Stored) -> str | None:
    fields = STORED.get(event.type)
    if fields is None:
        return None
    include: Any = dict.fromkeys(fields, True)
    if isinstance(event, ConversationAdded):
        include = {
            "state": set(type(event.state).model_fields) - {"title", "topic", "picture", "last_message", "draft"}
        }
    if isinstance(event, ConversationInvited):
        include = {"invitation": {"conversation", "inviter_uid", "invited_at", "bot"}}
    written = event.model_dump_json(include=include)
    return None if written == "{}" else written


def _user_row(actor: Actor, at: Milliseconds) -> dict[str, object]:
    return {"uid": actor.uid, "user_id": actor.user_id, "kind": actor.kind, "created_at": at}
