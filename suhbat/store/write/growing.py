"""The rows of growing messages: see `tables.growing`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from suhbat.chat.growing import growth_refusal
from suhbat.chat.model import Post
from suhbat.errors import SuhbatError, TooManyStreams
from suhbat.store.dialect import Question, find_rows, insert_rows, update_rows
from suhbat.store.tables import conversations, events, growing

PER_PERSON = 20
PER_CONVERSATION = 50
"""Messages that may grow at once: of one sender, and in one conversation."""

FIRST_VERSION = 1

_KEYS = ("conversation_id", "seq")
VERSIONS = Question(growing, _KEYS, ("version",))
_FORGET = delete(growing).where(growing.c.conversation_id == bindparam("log_id"), growing.c.seq == bindparam("at"))


class GrowingPosts:
    """The growing messages of one run of posts. Nothing is written before `flush`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[int, int, str, int]] = []
        self._characters: Counter[int] = Counter()
        """Of the texts of these posts, by log id."""

    def refusal(self, post: Post, log_id: int | None) -> SuhbatError | None:
        """Why one more message may not grow. `log_id`: None if the conversation does not exist yet."""
        uid = post.actor.uid
        theirs = self._count(growing.c.uid == uid) + sum(1 for row in self._rows if row[2] == uid)
        if theirs >= PER_PERSON:
            return TooManyStreams(limit=PER_PERSON)
        if log_id is None:
            return None
        here = self._count(growing.c.conversation_id == log_id) + sum(1 for row in self._rows if row[0] == log_id)
        if here >= PER_CONVERSATION:
            return TooManyStreams("too_many_streams.conversation", limit=PER_CONVERSATION)
        return growth_refusal(self._count_characters(post, log_id) + len(post.text)) if post.text else None

    def take(self, post: Post, log_id: int, seq: int) -> None:
        self._rows.append((log_id, seq, post.actor.uid, FIRST_VERSION))
        self._characters[log_id] += len(post.text)

    def flush(self) -> None:
        insert_rows(self._connection, growing, self._rows)

    def _count_characters(self, post: Post, log_id: int) -> int:
        """As many as are stored, or as the post's node knows: it may not have stored all of them yet."""
        joined = growing.join(
            events, (events.c.conversation_id == growing.c.conversation_id) & (events.c.seq == growing.c.seq)
        ).join(conversations, conversations.c.id == growing.c.conversation_id)
        found = select(conversations.c.name, growing.c.seq, func.length(events.c.text)).select_from(joined)
        stored = self._connection.execute(found.where(growing.c.conversation_id == log_id))
        known = post.growing or {}
        total = sum(max(int(length), known.get((name, int(seq)), 0)) for name, seq, length in stored)
        return total + self._characters[log_id]

    def _count(self, condition: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(growing).where(condition)
        return int(self._connection.execute(counted).scalar_one())


def forget(connection: Connection, log_id: int, seq: int) -> None:
    """The message has stopped growing."""
    connection.execute(_FORGET, {"log_id": log_id, "at": seq})


def forget_up_to(connection: Connection, log_id: int, last: int) -> None:
    """Retention has deleted the messages up to this `seq`."""
    connection.execute(delete(growing).where(growing.c.conversation_id == log_id, growing.c.seq <= last))


def take_over(connection: Connection, log_id: int, seq: int) -> int | None:
    """Make this node the one that takes the appends. Returns the new version; None if the message does not grow."""
    place = (growing.c.conversation_id == log_id, growing.c.seq == seq)
    version = connection.execute(select(growing.c.version).where(*place).with_for_update()).scalar()
    if version is None:
        return None
    connection.execute(update(growing).where(*place).values(version=version + 1))
    return int(version) + 1


def move_on(connection: Connection, log_id: int, seq: int, version: int) -> bool:
    """Raise the version of a message from this one. False if it is another one, or the message does not grow. The log must be
    locked: no other node takes over meanwhile."""
    if [found for (found,) in find_rows(connection, *VERSIONS, [(log_id, seq)])] != [version]:
        return False
    update_rows(connection, growing, _KEYS, ("version",), [(log_id, seq, version + 1)], add=False)
    return True


def store_text(connection: Connection, log_id: int, seq: int, text: str) -> None:
    """Write the text so far of a message that grows. Not through SQLAlchemy, which takes ten times as long: texts are written
    again and again."""
    update_rows(connection, events, _KEYS, ("text",), [(log_id, seq, text)], add=False)


def rows(connection: Connection, limit: int) -> Sequence[tuple[int, int, str, int]]:
    """Log id, `seq`, sender and version of growing messages."""
    found = select(growing.c.conversation_id, growing.c.seq, growing.c.uid, growing.c.version)
    return [tuple(row) for row in connection.execute(found.order_by(*growing.primary_key).limit(limit))]
