"""The index of the search over messages, written soon after the messages (see `indexer`), read by `read.search`.

The index holds words and their positions, not texts. Each message also has marks for its conversation, its sender, and a link
in it, so a query by a user who may see two conversations touches no other. The index is `fts5` on SQLite and `tsvector` on
PostgreSQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, func, select

from suhbat.chat.normalise import normalise
from suhbat.store.dialect import find_rows, is_postgres
from suhbat.store.tables import search_rows

from . import fts5, tsvector

_LINK = re.compile(r"https?://", re.IGNORECASE)

SearchEntry = tuple[int, int, str, str, int | None]
"""A message: log id, `seq`, the sender's uid, the text (see `searchable`), the root of the thread in which it is a reply."""


def create(connection: Connection) -> None:
    """Create the index. The table `search_rows` must exist. (A frozen migration calls this.)"""
    index_in(connection).create(connection)


def index(connection: Connection, entries: Sequence[SearchEntry]) -> None:
    """Add new messages. Those of a log come in the order of their `seq`."""
    if entries:
        new = [(log_id, seq, *terms_of(log_id, uid, words, thread)) for log_id, seq, uid, words, thread in entries]
        index_in(connection).append(connection, new)


def feed(connection: Connection, entries: Sequence[tuple[Any, ...]]) -> None:
    """Add messages that have rows in `search_rows`: id of the row, log id, sender's uid, text, and for replies the root of the
    thread. (Frozen migrations call this, without the last.)"""
    rows = [(id_, *terms_of(log_id, uid, words, *thread)) for id_, log_id, uid, words, *thread in entries]
    index_in(connection).add(connection, rows)


def forget(connection: Connection, entries: Iterable[SearchEntry]) -> None:
    """Remove messages, given with the texts that they had. Messages that are not in the index are skipped. Their rows in
    `events` must have been changed before, so that the indexer cannot add them meanwhile."""
    for log_id, seq, uid, words, thread in entries:
        id_ = _id_of(connection, log_id, seq)
        if id_ is not None:
            index_in(connection).remove(connection, id_, *terms_of(log_id, uid, words, thread))
            connection.execute(search_rows.delete().where(search_rows.c.id == id_))


def replace(connection: Connection, old: SearchEntry, words: str) -> None:
    """Change the text of a message, if it is in the index. Its row in `events` must have been changed before."""
    log_id, seq, uid, before, thread = old
    id_ = _id_of(connection, log_id, seq)
    if id_ is not None:
        index_in(connection).remove(connection, id_, *terms_of(log_id, uid, before, thread))
        feed(connection, [(id_, log_id, uid, words, thread)])


def _id_of(connection: Connection, log_id: int, seq: int) -> int | None:
    found = find_rows(connection, search_rows, ("conversation_id", "seq"), ("id",), [(log_id, seq)])
    return found[0][0] if found else None


def searchable(text: str, data: str | None) -> str:
    """What the index takes for the text of a message with this `data` in its row: also the names of its files, and their
    kinds; nothing while the message grows. Whoever adds, changes or removes a message in the index gives this."""
    known = {} if data is None else json.loads(data)
    if known.get("streaming"):
        return ""
    files = known.get("files")
    if not files:
        return text
    names = "\n".join(file["name"] for file in files)
    return f"{text}\n{names}{_KINDS}{' '.join(sorted({'file', *(file['kind'] for file in files)}))}"


_KINDS = "\0"
"""Stands before the kinds. No text has it."""


def terms_of(log_id: int, uid: str, words: str, thread: int | None = None) -> tuple[str, list[str]]:
    """The words and the marks of a message in the index. `words`: as `searchable` gives them."""
    text, _, kinds = words.partition(_KINDS)
    link = ["link"] if "://" in text and _LINK.search(text) else []
    reply = [] if thread is None else ["thread", thread_mark(thread)]
    return normalise(text), ["message", f"c{log_id}", sender_mark(uid), *link, *kinds.split(), *reply]


def thread_mark(root: int) -> str:
    """The mark of the replies to the message with this `seq`, in whatever conversation."""
    return f"t{root}"


def conversation_marks(logs: Iterable[int]) -> list[str]:
    return [f"c{log_id}" for log_id in logs]


@lru_cache(maxsize=4_096)
def sender_mark(uid: str) -> str:
    """The mark of a sender: one word for a uid."""
    return "s" + blake2b(uid.encode(), digest_size=8).hexdigest()


def last_id(connection: Connection) -> int:
    """The id of the newest message in the index; 0 if there is none."""
    return int(connection.execute(select(func.coalesce(func.max(search_rows.c.id), 0))).scalar_one())


def index_in(connection: Connection) -> Any:
    """The index itself, in this database."""
    return tsvector if is_postgres(connection) else fts5
