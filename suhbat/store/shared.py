"""Writing beside other writers (PostgreSQL): rows are locked, in one order, and what is known is what they say now.

Each transaction first locks every log that it is likely to touch, in the order of their ids, so that two nodes do not wait
for each other. A log that another holds for longer than `lock_timeout` (its node is paused, say) is split off: what is for
it waits in its place, everything else commits.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Post
from suhbat.errors import Internal
from suhbat.protocol.events import own_log
from suhbat.protocol.objects import Role

from . import journal
from .dialect import is_contended, is_trouble
from .directs import pair_of
from .known import LOG, Known, LobbyHistory, log_of, read_people
from .place import AnotherDatabase, require
from .rows import AnyRow
from .tables import conversations, directs
from .transactions import Batch, Item, Transactions, busy, fault, refused

log = structlog.get_logger("suhbat.store")

HELD_SECONDS = 5.0
"""How long an item waits for a log that another node holds, until it is refused as Busy."""
DOUBT_SECONDS = 30.0
"""How long it is asked what became of a COMMIT that broke off."""
ASK_SECONDS = 0.1
"""From one such question to the next."""
WORDS_SECONDS = 1.0
"""How long the filtered words are taken for what they are."""
_BOUNDS = Bounds()
PEOPLE = 200_000
"""Memberships that are remembered."""

_NEWS = text(
    "SELECT DISTINCT v.id FROM unnest(CAST(:ids AS bigint[]), CAST(:heads AS bigint[])) AS v(id, head) "
    "JOIN events ON events.conversation_id = v.id AND events.seq > v.head "
    "WHERE events.type IN ('member.joined', 'member.left', 'member.updated')"
)


class SharedKnown(Known):
    """What is known within one transaction; and the members of logs, with the head at which they were read.

    Whoever comes or goes leaves an event in the log: while there is none above that head, nobody did.
    """

    def __init__(self, lobby_history: LobbyHistory = "since_joined", bounds: Bounds = _BOUNDS) -> None:
        super().__init__(lobby_history, bounds)
        self._people: dict[int, tuple[int, dict[str, Role]]] = {}
        self._count = 0
        self._words_at = 0.0

    def begin(self) -> None:
        """A transaction begins: nothing holds any more but who has a row, which nobody takes away."""
        for part in (self.named, self.pairs, self.own, self.readers, self.writers, self.last_posts):
            part.clear()
        now = time.monotonic()
        if now - self._words_at >= WORDS_SECONDS:
            self.words, self._words_at = None, now

    def keep(self) -> None:
        """It was committed: remember who is where."""
        for known in self.named.values():
            if known.people is not None:
                self._count += len(known.people) - len(self._people.get(known.id, (0, ()))[1])
                self._people[known.id] = (known.head, known.people)
        if self._count > PEOPLE or len(self.users) > PEOPLE:
            self.clear()

    def clear(self) -> None:
        super().clear()
        self._people = {}
        self._count = 0

    def people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        found: dict[int, dict[str, Role]] = {}
        doubtful: dict[int, int] = {}
        for row in rows:
            head, people = self._people.get(row.id, (-1, None))
            if people is not None and head <= row.head and row.oldest <= head:
                found[row.id] = people
                if head < row.head:
                    doubtful[row.id] = head
        if doubtful:
            for log_id in _with_news(connection, doubtful):
                del found[log_id]
        return found | read_people(connection, [row.id for row in rows if row.id not in found])


class SharedTransactions(Transactions):
    """See `transactions.Transactions`; beside other nodes, in the database at this place."""

    _known: SharedKnown

    def __init__(
        self, engine: Engine, here: str, lobby_history: LobbyHistory = "since_joined", bounds: Bounds = _BOUNDS
    ) -> None:
        super().__init__(engine, SharedKnown(lobby_history, bounds))
        self._here = here
        self._wary = False
        self._line: journal.Line | None = None
        self._waits: dict[int, float] = {}

    def write(self, items: Sequence[Item]) -> Batch:
        """See there. What must wait for another node is `left`. Raises AnotherDatabase: nothing may be written any more."""
        try:
            batch = self._try(items)
        except AnotherDatabase:
            raise
        except Exception as error:
            if is_trouble(error):
                batch = Batch(told=refused(items, error))
            elif isinstance(error, _InDoubt):
                batch = Batch(told=[(item, Internal()) for item in items])
            elif len(items) == 1 and not is_contended(error):
                batch = Batch(told=[(items[0], fault(error))])
            else:
                batch = self._one_by_one(items)
        self._age(batch)
        return batch

    def _try(self, items: Sequence[Item]) -> Batch:
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

    def _one_by_one(self, items: Sequence[Item]) -> Batch:
        batch = Batch()
        waiting: set[str] = set()
        for number, item in enumerate(items):
            if waiting & _logs(item):
                batch.left.append(item)  # not before those that came before it
                continue
            try:
                batch.add(self._attempt([item], again=True))
            except AnotherDatabase:
                raise
            except Exception as error:
                if is_contended(error):
                    batch.left.append(item)
                elif is_trouble(error):
                    batch.told += refused(items[number:], error)
                    break
                else:
                    batch.told.append((item, fault(error)))
            if batch.left:
                waiting = set().union(*map(_logs, batch.left))
        return batch

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
        self._known.begin()
        free = self._lock(connection, made, items)
        super()._fill(connection, made, free, again)
        self._line = journal.write(connection, made.entries, made.changes) if free else None

    def _lock(self, connection: Connection, made: Batch, items: Sequence[Item]) -> Sequence[Item]:
        """Lock what the items are likely to touch. Gives those that can be carried out now; the others are `left`."""
        names: set[str] = set().union(*map(_logs, items))
        pairs = {pair for item in items if (pair := _pair(item)) is not None}
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
        self._known.take(connection, [row for row in rows if row.kind != "own"], by_id)
        for row in rows:
            if row.kind == "own":
                self._known.own[row.name.removeprefix(own_log(""))] = log_of(row)
        if not held:
            return items
        free: list[Item] = []
        for item in items:
            mine = _logs(item) | {_pair(item) or ""}
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
                raise _InDoubt()

    def _ask(self, line: journal.Line) -> bool | None:
        """None: that cannot be said yet."""
        try:
            with self._connect() as connection, connection.begin():
                return journal.is_committed(connection, line)
        except DBAPIError:
            return None

    def _attempt(self, items: Sequence[Item], *, again: bool) -> Batch:
        made = super()._attempt(items, again=again)
        self._known.keep()
        return made


class _InDoubt(Exception):
    """Nobody knows whether it was written, or there is no time to wait for it. Whoever repeats it with the same key is safe."""


def _logs(item: Item) -> frozenset[str]:
    """The names of the logs that an item is likely to write to."""
    if not isinstance(item, Post):
        return item.logs
    names = map(own_log, item.named)
    return frozenset(names if item.conversation is None else (item.conversation, *names))


def _pair(item: Item) -> str | None:
    return pair_of(item.actor, item.peer) if isinstance(item, Post) and item.peer is not None else None


def _with_news(connection: Connection, heads: dict[int, int]) -> set[int]:
    """Those of these logs in which somebody came or went above that head."""
    found = connection.execute(_NEWS, {"ids": list(heads), "heads": list(heads.values())})
    return set(found.scalars())
