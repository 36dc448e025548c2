"""The writer cache beside other writers (PostgreSQL): it keeps logs for one transaction, their members for longer."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, text

from suhbat.protocol.objects import Role
from suhbat.store.read.rows import AnyRow
from suhbat.store.write.logs import read_people
from suhbat.store.write.writer_cache import WriterCache

WORDS_SECONDS = 1.0
"""How long the cached word filter is trusted, in seconds."""
PEOPLE = 200_000
"""Memberships kept in memory. Above this number the cache is cleared."""

_CHANGED = text(
    "SELECT DISTINCT v.id FROM unnest(CAST(:ids AS bigint[]), CAST(:heads AS bigint[])) AS v(id, head) "
    "JOIN events ON events.conversation_id = v.id AND events.seq > v.head "
    "WHERE events.type IN ('member.joined', 'member.left', 'member.updated')"
)


class SharedCache(WriterCache):
    """Caches logs within one transaction, and the members of logs with the head at which they were read.

    Each change of membership is an event in the log. While there is none above that head, the members are the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self._people: dict[int, tuple[int, dict[str, Role]]] = {}
        self._count = 0
        self._words_at = 0.0

    def begin(self) -> None:
        """Call when a transaction begins. Only `users` is kept, because rows of `users` are never deleted."""
        for part in (self.named, self.pairs, self.own, self.readers, self.writers, self.last_posts):
            part.clear()
        now = time.monotonic()
        if now - self._words_at >= WORDS_SECONDS:
            self.words, self._words_at = None, now

    def keep(self) -> None:
        """Call after COMMIT: keep the members of the logs."""
        for log in self.named.values():
            if log.people is not None:
                self._count += len(log.people) - len(self._people.get(log.id, (0, ()))[1])
                self._people[log.id] = (log.head, log.people)
        if self._count > PEOPLE or len(self.users) > PEOPLE:
            self.clear()

    def clear(self) -> None:
        super().clear()
        self._people = {}
        self._count = 0

    def _people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        found: dict[int, dict[str, Role]] = {}
        unsure: dict[int, int] = {}
        for row in rows:
            head, people = self._people.get(row.id, (-1, None))
            if people is not None and head <= row.head and row.oldest <= head:
                found[row.id] = people
                if head < row.head:
                    unsure[row.id] = head
        if unsure:
            for log_id in _changed_since(connection, unsure):
                del found[log_id]
        return found | read_people(connection, [row.id for row in rows if row.id not in found])


def _changed_since(connection: Connection, heads: dict[int, int]) -> set[int]:
    """The ids of those logs whose members changed above the given head."""
    found = connection.execute(_CHANGED, {"ids": list(heads), "heads": list(heads.values())})
    return set(found.scalars())
