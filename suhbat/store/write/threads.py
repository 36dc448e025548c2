"""The rows of threads, within the transaction of a write: how many replies a thread has, the last one, and the last people who
wrote there. Its followers are in `thread_followers`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from suhbat.chat.model import Milliseconds
from suhbat.protocol.types import MAX_REPLIERS
from suhbat.store.dialect import AnyRow, Question, find_rows, insert_rows, update_rows
from suhbat.store.tables import (
    events,
    threads,
)

from .logs import Log

SCANNED = 1_000
"""Replies among which the last people in a thread are looked for when one is deleted."""

_KEYS = ("conversation_id", "root")
_COLUMNS = ("last_ordinal", "replies", "last_seq", "last_at", "people")
THREADS = Question(threads, _KEYS, (*_KEYS, *_COLUMNS))
"""By log id and root."""


@dataclass(slots=True)
class ThreadRow:
    """A row of `tables.threads`. `people`: uids."""

    last_ordinal: int = 0
    replies: int = 0
    last_seq: int = 0
    last_at: Milliseconds = 0
    people: tuple[str, ...] = ()

    def add(self, seq: int, at: Milliseconds, uid: str) -> int:
        """Count a new reply. Returns its `thread_ordinal`."""
        self.last_ordinal += 1
        self.replies += 1
        self.last_seq, self.last_at = seq, at
        self.people = (uid, *(one for one in self.people if one != uid))[:MAX_REPLIERS]
        return self.last_ordinal


def is_direct_of_two(log: Log) -> bool:
    """Whether a log is a direct of two people, or of one with themselves. These have no threads."""
    return log.kind == "direct" and len(log.people or ()) <= 2


def read_threads(connection: Connection, keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], ThreadRow]:
    """The rows of those of these threads that exist, by log id and root."""
    found = find_rows(connection, *THREADS, sorted(keys))
    return {
        (log_id, root): ThreadRow(last, replies, last_seq, last_at, tuple(people.split()))
        for log_id, root, last, replies, last_seq, last_at, people in found
    }


def write_threads(
    connection: Connection, rows: Mapping[tuple[int, int], ThreadRow], new: Collection[tuple[int, int]] = ()
) -> None:
    """Write the rows of threads, by log id and root. `new`: those that have none yet."""
    written = {
        place: (*place, row.last_ordinal, row.replies, row.last_seq, row.last_at, " ".join(row.people))
        for place, row in sorted(rows.items())
    }
    insert_rows(connection, threads, [row for place, row in written.items() if place in new])
    changed = [row for place, row in written.items() if place not in new]
    update_rows(connection, threads, _KEYS, _COLUMNS, changed, add=False)


def recount(connection: Connection, log_id: int, root: int, row: ThreadRow) -> None:
    """Correct a thread after a reply of it was deleted: its last reply, and the last people who wrote. These are looked for
    among the last SCANNED replies only."""
    row.replies -= 1
    row.last_seq, row.last_at, row.people = 0, 0, ()
    lowest = 1
    while len(row.people) < MAX_REPLIERS and (last := _last_reply(connection, log_id, root, row.people, lowest)):
        if not row.people:
            row.last_seq, row.last_at, lowest = last.seq, last.at, last.thread_ordinal - SCANNED
        row.people = (*row.people, last.actor_uid)
    write_threads(connection, {(log_id, root): row})


def _last_reply(connection: Connection, log_id: int, root: int, but: Collection[str], lowest: int) -> AnyRow | None:
    """The last reply from this ordinal on that is not deleted and not by one of these people."""
    return connection.execute(
        select(events.c.seq, events.c.at, events.c.actor_uid, events.c.thread_ordinal)
        .where(
            events.c.conversation_id == log_id,
            events.c.thread == root,
            events.c.thread_ordinal >= lowest,
            events.c.deleted.is_(False),
            events.c.actor_uid.not_in(but),
        )
        .order_by(events.c.thread_ordinal.desc())
        .limit(1)
    ).first()
