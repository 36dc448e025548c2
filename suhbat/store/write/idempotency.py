"""Idempotency keys: a post that is repeated is answered as it was the first time, and written once."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, select

from suhbat.chat.model import Milliseconds, Post, PostResult
from suhbat.errors import IdempotencyConflict
from suhbat.protocol.objects import Message
from suhbat.store.dialect import find_rows, insert_rows
from suhbat.store.tables import conversations, idempotency

from .logs import Log


class KeyRow(NamedTuple):
    """A row of `tables.idempotency`: a key, and how it was answered first."""

    key: str
    uid: str
    conversation_id: int
    seq: int
    ordinal: int
    sent_at: Milliseconds
    digest: bytes


class IdempotencyKeys:
    """The keys of one run of posts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._firsts: dict[tuple[str, str], KeyRow] = {}
        self._rows: list[KeyRow] = []

    def look_up(self, posts: Sequence[Post], again: bool) -> None:
        """Read those that were answered before, in one query. `again`: also those that the server made."""
        keys = [(post.key, post.actor.uid) for post in posts if again or post.client_id is not None]
        for row in find_rows(self._connection, idempotency, KeyRow._fields[:2], KeyRow._fields, keys):
            first = KeyRow(*row)
            self._firsts[first.uid, first.key] = first

    def answer(self, post: Post, log: Log | None) -> PostResult | IdempotencyConflict | None:
        """What a post to this log is told whose key was seen before; None for a new key."""
        first = self._firsts.get((post.actor.uid, post.key))
        if first is None:
            return None
        if (
            log is None
            or first.conversation_id != log.id
            or first.digest != _digest(post.client_id, post.text, post.reply_to)
        ):
            return IdempotencyConflict()
        return PostResult(log.name, first.seq, first.ordinal, first.sent_at, duplicate=True)

    def note(self, post: Post, log: Log, message: Message) -> None:
        """The post became this message."""
        digest = _digest(post.client_id, post.text, post.reply_to)
        row = KeyRow(post.key, post.actor.uid, log.id, message.seq, message.ordinal, post.at, digest)
        self._rows.append(row)
        self._firsts[row.uid, row.key] = row

    def flush(self) -> None:
        """Write those that were noted."""
        insert_rows(self._connection, idempotency, self._rows)


def answered(
    connection: Connection, uid: str, client_id: str, text: str, reply_to: int | None
) -> PostResult | IdempotencyConflict | None:
    """What a repeated post of this key is told, wherever it went; None for one that was not stored."""
    asked = select(conversations.c.name, *(idempotency.c[name] for name in KeyRow._fields[3:])).join(
        conversations, conversations.c.id == idempotency.c.conversation_id
    )
    row = connection.execute(asked.where(idempotency.c.uid == uid, idempotency.c.key == client_id)).first()
    if row is None:
        return None
    name, seq, ordinal, sent_at, digest = row
    if digest != _digest(client_id, text, reply_to):
        return IdempotencyConflict()
    return PostResult(name, seq, ordinal, sent_at, duplicate=True)


def is_written(connection: Connection, post: Post) -> bool:
    """Whether the key of this post is in the tables."""
    own = (idempotency.c.uid == post.actor.uid, idempotency.c.key == post.key)
    return connection.execute(select(idempotency.c.seq).where(*own)).first() is not None


def _digest(client_id: str | None, text: str, reply_to: int | None) -> bytes:
    """A hash of what was asked, but for the conversation. Nobody repeats a key that the server made, so that has none."""
    if client_id is None:
        return b""
    return blake2b(f"{reply_to or ''}\0{text}".encode(), digest_size=16).digest()
