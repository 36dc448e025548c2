"""Writing beside other writers (PostgreSQL): rows are locked, in one order, and what is cached is what they say now.

Each transaction first locks every log that it is likely to touch, in the order of their ids, so that two nodes do not wait
for each other. A log that another holds for longer than `lock_timeout` (its node is paused, say) is split off: what is for
it waits in its place, everything else commits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from suhbat.protocol.events import own_log
from suhbat.store.dialect import is_contended
from suhbat.store.tables import conversations, directs
from suhbat.store.write.batch import Batch, Item, busy, direct_of, logs_of
from suhbat.store.write.committer import Committer, InDoubt
from suhbat.store.write.logs import LOG
from suhbat.store.write.transaction import WriterRules

from . import journal
from .database_identity import require
from .shared_cache import SharedCache

HELD_SECONDS = 5.0
"""How long an item waits for a log that another node holds, until it is refused as Busy."""
DOUBT_SECONDS = 30.0
"""How long it is asked what became of a COMMIT that broke off."""
ASK_SECONDS = 0.1
"""From one such question to the next."""


class SharedCommitter(Committer):
    """See `write.committer.Committer`; beside other nodes, in the database `here`."""

    _cache: SharedCache

    def __init__(self, engine: Engine, here: str, rules: WriterRules | None = None) -> None:
        super().__init__(engine, SharedCache(), rules)
        self._here = here
        self._wary = False
        self._line: journal.Line | None = None
        self._waits: dict[int, float] = {}

    def write(self, items: Sequence[Item]) -> Batch:
        """See there. What must wait for another node is `left`. Raises AnotherDatabase: nothing may be written any more."""
        batch = super().write(items)
        self._age(batch)
        return batch

    def _together(self, items: Sequence[Item]) -> Batch:
        try:
            return self._attempt(items, again=False)
        except Exception as error:
            if is_contended(error) and not self._wary:
                self._wary = True
                return self._attempt(items, again=True)
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                # The database was restarted since the last time: nothing was written, and a new connection may work.
                return self._attempt(items, again=True)
            raise

    def _connect(self) -> Connection:
        """Each new connection may lead to another server: a standby that was promoted, a dump that was put back."""
        connection = super()._connect()
        try:
            require(connection, self._here)
            connection.rollback()  # nothing was written
        except BaseException:
            connection.close()
            raise
        return connection

    def _fill(self, connection: Connection, made: Batch, items: Sequence[Item], again: bool) -> None:
        self._cache.begin()
        free = self._lock(connection, made, items)
        super()._fill(connection, made, free, again)
        self._line = journal.write(connection, made.entries, made.changes) if free else None

    def _lock(self, connection: Connection, made: Batch, items: Sequence[Item]) -> Sequence[Item]:
        """Lock what the items are likely to touch. Gives those that can be carried out now; the others are `left`."""
        names: set[str] = set().union(*map(logs_of, items))
        pairs = {pair for item in items if (pair := direct_of(item)) is not None}
        by_id: dict[int, str] = {}
        if pairs:
            found = select(directs.c.conversation_id, directs.c.pair).where(directs.c.pair.in_(sorted(pairs)))
            by_id = {row[0]: row[1] for row in connection.execute(found)}
            for new in pairs - set(by_id.values()):
                names |= {own_log(uid) for uid in new.split("|")}  # who learn of the direct that will be made
        wanted = conversations.c.name.in_(sorted(names)) | conversations.c.id.in_(sorted(by_id))
        asked = LOG.where(wanted, conversations.c.kind != "erased").order_by(conversations.c.id)
        asked = asked.with_for_update(skip_locked=self._wary)
        rows = connection.execute(asked).all() if names or by_id else []
        held: set[str] = set()
        if self._wary:
            everything = select(conversations.c.name, conversations.c.id).where(
                wanted, conversations.c.kind != "erased"
            )
            locked = {row.id for row in rows}
            for name, id_ in connection.execute(everything):
                if id_ not in locked:
                    held |= {name, by_id.get(id_, name)}
            self._wary = bool(held)
        self._cache.remember(connection, [row for row in rows if row.kind != "own"], by_id)
        self._cache.remember_own([row for row in rows if row.kind == "own"])
        if not held:
            return items
        free: list[Item] = []
        for item in items:
            mine = logs_of(item) | {direct_of(item) or ""}
            if mine & held:
                made.left.append(item)
                held |= mine - {""}  # what comes later to the same place stays behind it
            else:
                free.append(item)
        return free

    def _age(self, batch: Batch) -> None:
        """Refuse what has waited for too long."""
        now = time.monotonic()
        waits = {id(item): self._waits.get(id(item), now) for item in batch.left}
        late = {key for key, since in waits.items() if now - since > HELD_SECONDS}
        batch.told += [(item, busy()) for item in batch.left if id(item) in late]
        batch.left = [item for item in batch.left if id(item) not in late]
        self._waits = {id(item): waits[id(item)] for item in batch.left}

    def _is_committed(self, made: Batch) -> bool:
        """What the database says of the transaction, which may still be at work though its connection is gone."""
        if self._line is None:
            return False
        limit = time.monotonic() + DOUBT_SECONDS
        while True:
            committed = self._ask(self._line)
            if committed is not None:
                return committed
            if time.monotonic() > limit or self.closing.wait(ASK_SECONDS):
                raise InDoubt()

    def _ask(self, line: journal.Line) -> bool | None:
        """None: that cannot be said yet."""
        try:
            with self._connect() as connection, connection.begin():
                return journal.is_committed(connection, line)
        except DBAPIError:
            return None

    def _attempt(self, items: Sequence[Item], *, again: bool) -> Batch:
        made = super()._attempt(items, again=again)
        self._cache.keep()
        return made
