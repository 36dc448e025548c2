"""The writer cache beside other writers (PostgreSQL): it keeps logs for one transaction, their members for longer."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Milliseconds
from suhbat.protocol.objects import Role
from suhbat.store.dialect import AnyRow, is_contended
from suhbat.store.errors import LogsHeld
from suhbat.store.write.logs import Log, apply_sanctions, read_people
from suhbat.store.write.writer_cache import WriterCache

from .pipeline import forget_read_ahead

WORDS_SECONDS = 1.0
"""How long the cached word filter is trusted, in seconds."""
PEOPLE = 200_000
"""Memberships kept in memory. Above this number the cache is cleared."""


class KnownLog(NamedTuple):
    """What never changes about a log."""

    id: int
    kind: str


class SharedCache(WriterCache):
    """Caches logs within one transaction, and the members of logs with the head at which they were read.

    Each change of membership is an event in the log. While there is none above that head, the members are the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, KnownLog] = {}
        """Conversations by name, and directs also by pair key, so that reads about them can be sent with the lock."""
        self.waits = False
        """Whether a transaction waits for logs that were not among its first ones."""
        self._people: dict[int, tuple[int, dict[str, Role]]] = {}
        self._count = 0
        self._words_at = 0.0
        self._compared: dict[int, int] = {}
        self._changed: set[int] = set()
        self._sanctions: dict[int, list[tuple[Any, ...]]] = {}

    def begin(self) -> None:
        """Call when a transaction begins. Only `users` is kept, because rows of `users` are never deleted."""
        for part in (self.named, self.pairs, self.own, self.readers, self.writers, self.last_posts):
            part.clear()
        self._forget_reads()
        now = time.monotonic()
        if now - self._words_at >= WORDS_SECONDS:
            self.words, self._words_at = None, now

    def load_own(self, connection: Connection, uids: Collection[str], at: Milliseconds) -> None:
        """See `WriterCache`. If it has to lock a log, it may wait for a transaction that changed what was read ahead."""
        if any(uid not in self.own for uid in uids):
            super().load_own(connection, uids, at)
            forget_read_ahead(connection)

    def _load(self, connection: Connection, names: Collection[str], pairs: Collection[str]) -> None:
        super()._load(connection, names, pairs)
        forget_read_ahead(connection)

    def _lock(
        self,
        connection: Connection,
        names: Collection[str],
        ids: Collection[int] = (),
        pairs: Collection[str] = (),
        *,
        wait: bool = True,
    ) -> Sequence[AnyRow]:
        """See `WriterCache`. These logs are not among the first ones of the transaction, which were locked in one order, so it
        does not wait for them. Raises LogsHeld."""
        try:
            return super()._lock(connection, names, ids, pairs, wait=self.waits)
        except DBAPIError as error:
            if is_contended(error) and not self.waits:
                raise LogsHeld(names, pairs) from error
            raise

    def keep(self) -> None:
        """Call after COMMIT: keep the members and the ids of the logs."""
        for log in self.named.values():
            self.ids[log.name] = KnownLog(log.id, log.kind)
            if log.people is not None:
                self._count += len(log.people) - len(self._people.get(log.id, (0, ()))[1])
                self._people[log.id] = (log.head, log.people)
        for pair, log in self.pairs.items():
            self.ids[pair] = KnownLog(log.id, log.kind)
        if self._count > PEOPLE or len(self.users) > PEOPLE or len(self.ids) > PEOPLE:
            self.clear()

    def clear(self) -> None:
        super().clear()
        self._forget_reads()
        self.ids = {}
        self._people = {}
        self._count = 0

    # What was read with the locks (see `locking`)

    def heads_of_people(self, ids: Iterable[int]) -> dict[int, int]:
        """The heads at which the members of these logs were read, by id, for logs whose members are in memory."""
        return {id_: self._people[id_][0] for id_ in ids if id_ in self._people}

    def know_changed(self, heads: Mapping[int, int], changed: Collection[int]) -> None:
        """Of the logs in `heads`, these have a change of membership above their head."""
        self._compared, self._changed = dict(heads), set(changed)

    def know_sanctions(self, ids: Iterable[int], rows: Iterable[tuple[Any, ...]]) -> None:
        """These are the sanctions of these logs: log id, uid, kind, until."""
        self._sanctions = {id_: [] for id_ in ids}
        for row in rows:
            self._sanctions[row[0]].append(row)

    def know_words(self, words: Iterable[str]) -> None:
        """This is the word filter."""
        self.words = tuple(words)

    def _forget_reads(self) -> None:
        self._compared, self._changed, self._sanctions = {}, set(), {}

    def _people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        found: dict[int, dict[str, Role]] = {}
        for row in rows:
            head, people = self._people.get(row.id, (-1, None))
            if people is None or head > row.head or row.oldest > head or row.id in self._changed:
                continue
            if head == row.head or self._compared.get(row.id) == head:
                found[row.id] = people
        missing = [row.id for row in rows if row.id not in found]
        return found | read_people(connection, missing) if missing else found

    def _read_sanctions(self, connection: Connection, logs: Sequence[Log]) -> None:
        known = [log for log in logs if log.id in self._sanctions]
        apply_sanctions(known, [row for log in known for row in self._sanctions[log.id]])
        super()._read_sanctions(connection, [log for log in logs if log.id not in self._sanctions])
