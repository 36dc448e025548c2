"""The summary of a thread that its root shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from suhbat.protocol.objects import Replier, Replies
from suhbat.store.dialect import find_rows
from suhbat.store.tables import threads, users

MessageKey = tuple[int, int]
"""A log id and the `seq` of a message."""

_KEYS = ("conversation_id", "root")
_COLUMNS = (*_KEYS, "replies", "last_seq", "last_at", "people")


def summaries(connection: Connection, roots: Collection[MessageKey]) -> dict[MessageKey, Replies]:
    """The summaries of these threads; those without replies are left out."""
    rows = [row for row in find_rows(connection, threads, _KEYS, _COLUMNS, sorted(roots)) if row[2]]
    names = names_of(connection, {uid for row in rows for uid in row[5].split()})
    return {
        (log_id, root): summary(count, last_seq, last_at, people.split(), names)
        for log_id, root, count, last_seq, last_at, people in rows
    }


def summary(count: int, last_seq: int, last_at: int, people: Collection[str], names: Mapping[str, str]) -> Replies:
    """A summary from the fields of a row of `tables.threads`, with the names of these people by uid."""
    repliers = tuple(Replier(uid=uid, user_id=names.get(uid, "")) for uid in people)
    return Replies(count=count, last_seq=last_seq, last_at=last_at, people=repliers)


def names_of(connection: Connection, uids: Collection[str]) -> dict[str, str]:
    """The names of these users, by uid."""
    return dict(find_rows(connection, users, ("uid",), ("uid", "user_id"), [(uid,) for uid in sorted(uids)]))
