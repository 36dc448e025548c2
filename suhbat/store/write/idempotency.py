"""Idempotency keys: a repeated post is written once and gets its first answer again (docs/reference/v1.md, "Sending")."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from suhbat.chat.model import Milliseconds, Post, PostResult
from suhbat.errors import IdempotencyConflict
from suhbat.protocol.extras import Extra
from suhbat.protocol.live_message import LiveMessage
from suhbat.store.dialect import Question, find_rows, insert_rows
from suhbat.store.tables import conversations, idempotency

from .logs import Log


class KeyRow(NamedTuple):
    """A row of `tables.idempotency`, its fields in the order of the columns: a key, and its first answer."""

    key: str
    uid: str
    conversation_id: int
    seq: int
    ordinal: int
    """For a reply: its `thread_ordinal` with a minus. For a command this and `seq` are 0."""
    sent_at: Milliseconds
    digest: bytes


KEYS = Question(idempotency, KeyRow._fields[:2], KeyRow._fields)
"""By key and uid."""


class IdempotencyKeys:
    """The keys of one run of posts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answers: dict[tuple[str, str], tuple[Any, ...]] = {}
        """The fields of a KeyRow by uid and key. Making a KeyRow takes longer than a tuple, and few keys are repeated."""
        self._rows: list[tuple[Any, ...]] = []

    def load(self, posts: Sequence[Post]) -> None:
        """Read the keys that are stored already, in one query."""
        keys = [(post.client_id, post.actor.uid) for post in posts if post.client_id is not None]
        for row in find_rows(self._connection, *KEYS, keys):
            self._answers[row[1], row[0]] = row

    def answer(self, post: Post, log: Log | None) -> PostResult | IdempotencyConflict | None:
        """The answer to a post whose key is known; None for a new key. Another text or log under the same key is a conflict."""
        if post.client_id is None or (found := self._answers.get((post.actor.uid, post.client_id))) is None:
            return None
        first = KeyRow(*found)
        if log is None or first.conversation_id != log.id or first.digest != digest_of(post):
            return IdempotencyConflict()
        return _first_answer(log.name, first.seq, first.ordinal, first.sent_at)

    def add_command(self, post: Post, log: Log) -> None:
        """Remember that a bot got the post as a command, if it has a key."""
        self._add(post, log, 0, 0)

    def add(self, post: Post, log: Log, message: LiveMessage) -> None:
        """Remember that the post became this message, if it has a key."""
        if post.client_id is None:
            return
        place = -(message.thread_ordinal or 0) if message.ordinal is None else message.ordinal
        self._add(post, log, message.seq, place)

    def _add(self, post: Post, log: Log, seq: int, place: int) -> None:
        if post.client_id is None:
            return
        key, uid = post.client_id, post.actor.uid
        row = (key, uid, log.id, seq, place, post.at, digest_of(post))
        self._rows.append(row)
        self._answers[uid, key] = row

    def flush(self) -> None:
        """Write the new keys."""
        insert_rows(self._connection, idempotency, self._rows)


def answered(
    connection: Connection,
    uid: str,
    client_id: str,
    text: str,
    reply_to: int | None,
    files: Sequence[str] = (),
    extra: Extra | None = None,
) -> PostResult | IdempotencyConflict | None:
    """The answer to a repeated post with this key, in whatever conversation; None if the key is not stored."""
    found = select(conversations.c.name, *(idempotency.c[name] for name in KeyRow._fields[3:])).join(
        conversations, conversations.c.id == idempotency.c.conversation_id
    )
    row = connection.execute(found.where(idempotency.c.uid == uid, idempotency.c.key == client_id)).first()
    if row is None:
        return None
    name, seq, ordinal, sent_at, digest = row
    if digest != _digest(text, reply_to, files=files, extra=extra):
        return IdempotencyConflict()
    return _first_answer(name, seq, ordinal, sent_at)


def _first_answer(conversation: str, seq: int, ordinal: int, sent_at: Milliseconds) -> PostResult:
    if seq == 0:
        return PostResult(conversation, 0, None, sent_at, duplicate=True, command=True)
    is_reply = ordinal < 0
    return PostResult(
        conversation,
        seq,
        None if is_reply else ordinal,
        sent_at,
        duplicate=True,
        thread_ordinal=-ordinal if is_reply else None,
    )


def digest_of(post: Post) -> bytes:
    """A hash of what was asked for, without the conversation."""
    text = post.typed or post.text
    if post.thread is None and not post.files and post.extra is None:  # nearly every post
        return blake2b(f"{post.reply_to or ''}\0{text}".encode(), digest_size=16).digest()
    return _digest(text, post.reply_to, post.thread, post.also, post.files, post.extra)


def _digest(
    text: str,
    reply_to: int | None,
    thread: int | None = None,
    also: bool = False,
    files: Sequence[str] = (),
    extra: Extra | None = None,
) -> bytes:
    """A hash of the post without its conversation. What a post does not have must not change it: a repetition may come after
    an upgrade."""
    place = str(reply_to or "")
    if thread is not None:
        place += f" {thread}{' also' if also else ''}"
    if files:
        place += f" files {','.join(files)}"  # ids have neither spaces nor commas
    if extra is not None:
        place += extra.asked()
    return blake2b(f"{place}\0{text}".encode(), digest_size=16).digest()
