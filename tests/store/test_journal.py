"""The journal and its durable cursors, the same on both stores: every event once, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text

from suhbat.chat.ports import Store
from suhbat.errors import NotFound
from suhbat.protocol.commands import React
from suhbat.protocol.types import LOBBY
from suhbat.store import cursors
from suhbat.store import journal as journals
from suhbat.store.journal import NoCursor, Range
from suhbat.store.postgres import journal as on_postgres
from suhbat.store.tables import conversations, events, journal
from tests import engines
from tests.commands import execute
from tests.servers import PATIENCE

from .parts import ALI, VALI, Listener, opened, postgres

T = TypeVar("T")

NAME = "test"


async def write(store: Any, run: Callable[[Connection], T]) -> T:
    """Run this in a transaction of the writer."""
    return await store._write(run)


def begin_in(connection: Connection, name: str = NAME, *missed: Range) -> None:
    cursors.begin(connection, name, connection.execute(select(cursors.end(connection))).scalar_one(), missed)


async def begin(store: Store, *missed: Range) -> None:
    await write(store, lambda c: begin_in(c, NAME, *missed))


async def take(store: Store, most: int = 1_000) -> list[Range]:
    """Take events and save the cursor, in one transaction."""

    def read(connection: Connection) -> list[Range]:
        cursor = cursors.open_cursor(connection, NAME)
        assert cursor is not None
        taken = cursor.take(most)
        cursor.save()
        return taken

    return await write(store, read)


async def take_all(store: Store, most: int) -> list[tuple[int, int]]:
    """Take everything that there is now, in transactions of `most` events: pairs of log id and `seq`."""
    found: list[tuple[int, int]] = []
    while taken := await take(store, most):
        keys = [(log_id, seq) for log_id, first, last in taken for seq in range(first, last + 1)]
        assert len(keys) <= most
        found += keys
    return found


async def stored(store: Store) -> list[tuple[int, int]]:
    """Every event that the tables have."""
    query = select(events.c.conversation_id, events.c.seq).order_by(events.c.conversation_id, events.c.seq)
    return await write(store, lambda c: [(row[0], row[1]) for row in c.execute(query)])


async def rows(store: Store) -> int:
    return await write(store, lambda c: c.execute(select(func.count()).select_from(journal)).scalar_one())


@pytest.mark.parametrize("most", [1, 3, 1_000])
async def test_every_event_once_and_in_order(store: Store, listener: Listener, most: int) -> None:
    """A cursor gives every event of every log exactly once, those of a log in the order of `seq`, and also when a transaction
    has more events than are taken at once."""
    await begin(store)
    for turn in range(3):
        answers = [listener.ask(store, ALI, f"{turn} {n}") for n in range(5)]
        answers += [listener.ask(store, VALI, "salom", peer=ALI) for _ in range(2)]
        for answer in answers:
            await answer
        await execute(store, React, VALI, 5, conversation=LOBBY, seq=turn + 1, emoji="👍")
    found = await take_all(store, most)
    assert sorted(found) == await stored(store)
    for log_id in {key[0] for key in found}:
        mine = [seq for log, seq in found if log == log_id]
        assert mine == sorted(mine)
    assert await take(store) == []


async def test_what_was_rolled_back_is_not_there(store: Store, listener: Listener) -> None:
    """A command that fails after it has appended leaves no event in the journal, although the rest of its batch is written."""
    await begin(store)
    await listener.send(store, ALI, "bir")

    def fail(transaction: Any) -> None:
        transaction.cache.load_own(transaction.connection, ("u-ali",), 5)
        from suhbat.protocol.events import DraftChanged

        transaction.appender.append(transaction.cache.own["u-ali"], DraftChanged, ALI, 5, target=LOBBY, text="x")
        transaction.appender.flush()
        raise NotFound()

    failing = store._open_writer().work(fail)
    last = listener.ask(store, ALI, "ikki")
    with pytest.raises(NotFound):
        await failing
    await last
    assert await take_all(store, 10) == await stored(store)


async def test_the_work_and_the_place_are_committed_together(store: Store, listener: Listener) -> None:
    """After a reader has failed, its next transaction gets the same events."""
    await begin(store)
    await listener.send(store, ALI)

    def fail(connection: Connection) -> None:
        cursor = cursors.open_cursor(connection, NAME)
        assert cursor is not None and cursor.take(10)
        cursor.save()
        raise NotFound()

    for _ in range(2):
        with pytest.raises(NotFound):
            await write(store, fail)
    assert await take(store) == [(await lobby(store), 1, 1)]


async def lobby(store: Store) -> int:
    query = select(conversations.c.id).where(conversations.c.name == LOBBY)
    return await write(store, lambda c: c.execute(query).scalar_one())


async def test_after_a_start(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
    """A cursor goes on where it was, in the middle of a transaction too; numbers of rows are not used again."""
    place = tmp_path / "data"
    async with opened(make(place), listener) as store:
        await begin(store)
        for answer in [listener.ask(store, ALI, str(n)) for n in range(5)]:
            await answer
        assert len(await take(store, 2)) == 1
    async with opened(make(place), Listener()) as store:
        assert [seq for _, seq in await take_all(store, 2)] == [3, 4, 5]
        await write(store, cursors.prune)
    async with opened(make(place), listener := Listener()) as store:
        await listener.send(store, VALI, "yana")
        assert [seq for _, seq in await take_all(store, 2)] == [6]


async def test_without_a_cursor(store: Store, listener: Listener) -> None:
    """A reader without a cursor is told so. A new cursor begins at the end, with what its reader has missed."""
    await listener.send(store, ALI, "bir")
    await listener.send(store, ALI, "ikki")
    with pytest.raises(NoCursor):
        await take(store)
    await begin(store, (await lobby(store), 2, 2))
    await listener.send(store, ALI, "uch")
    assert [seq for _, seq in await take_all(store, 10)] == [2, 3]


async def shortened(store: Store) -> int:
    """How many rows are left after a few calls of `prune`. On PostgreSQL these and the test itself write rows too."""
    for _ in range(4):
        await write(store, cursors.prune)
    return await rows(store)


async def drop_others(store: Store) -> None:
    await write(store, lambda c: c.execute(text("DELETE FROM cursors WHERE name <> 'test'")) and None)


async def few_are_left(store: Store) -> None:
    """Wait until the indexer of the search has passed the rows too."""
    async with asyncio.timeout(PATIENCE):
        while await shortened(store) > FEW:
            await asyncio.sleep(0.02)


FEW = 12


async def test_the_journal_does_not_grow(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that every cursor has passed are deleted (on PostgreSQL after some minutes), and no others."""
    monkeypatch.setattr(on_postgres, "KEPT", -1_000)
    await begin(store)
    await write(store, lambda c: begin_in(c, "another"))
    for n in range(30):
        await listener.send(store, ALI, str(n))
    await take(store)
    assert await shortened(store) >= 30, "another has not passed them"
    await drop_others(store)
    await few_are_left(store)
    await listener.send(store, ALI, "yana")
    assert [seq for _, seq in await take_all(store, 10)] == [31]


async def test_a_reader_that_fails_for_ever(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that is too far behind is deleted with its rows: the disk must not become full."""
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"suhbat.store.{module}.journal.MOST", 40)
    monkeypatch.setattr(on_postgres, "KEPT", -1_000)
    await begin(store)
    await drop_others(store)
    for turn in range(2):
        for n in range(25):
            await listener.send(store, ALI, f"{turn} {n}")
        await shortened(store)
        if turn == 0:
            assert await take(store, 1)
    with pytest.raises(NoCursor):
        await take(store)
    await few_are_left(store)


async def test_prune_deletes_little_at_once(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends wait for each call, so on SQLite it deletes only some rows."""
    monkeypatch.setattr("suhbat.store.sqlite.journal.PRUNED", 2)
    await begin(store)
    for n in range(6):
        await listener.send(store, ALI, str(n))
    await take(store)
    await drop_others(store)
    before = await rows(store)
    await write(store, cursors.prune)
    assert await rows(store) >= before - 2


class TestOnPostgreSQL:
    @pytest.fixture
    def make(self) -> Callable[..., Store]:
        return postgres

    @pytest.fixture
    def url(self, store: Store, tmp_path: Path) -> str:
        return engines.database_of(tmp_path / "data")

    async def test_one_reader_at_a_time(self, store: Store, listener: Listener, url: str) -> None:
        """While one node reads with a cursor, the others learn that at once. Then any of them goes on."""
        await begin(store)
        await listener.send(store, ALI)
        with psycopg.connect(url) as other:
            other.execute("SELECT FROM cursors WHERE name = 'test' FOR UPDATE")
            assert await write(store, lambda c: cursors.open_cursor(c, NAME)) is None
        assert len(await take(store)) == 1

    async def test_a_late_commit(self, store: Store, listener: Listener, url: str) -> None:
        """A transaction with a low id that commits late is not missed, and holds nothing back while it is open."""
        await begin(store)
        with psycopg.connect(url) as late:
            late.execute(
                "INSERT INTO journal (xid, at, body) VALUES (pg_current_xact_id()::text::bigint, 0, "
                """'{"heads":{},"changes":[],"events":[[7,1,2]]}')"""
            )
            await listener.send(store, ALI)
            assert await take(store) == [(await lobby(store), 1, 1)]
            await listener.send(store, ALI)
        assert Counter(await take(store)) == Counter([(await lobby(store), 2, 2), (7, 1, 2)])
        assert await take(store) == []

    async def test_the_order_within_a_log(self, store: Store, url: str) -> None:
        """A transaction that has its id before another, but waits for a log that the other holds, is read after it."""
        await begin(store)
        insert = "INSERT INTO journal (xid, at, body) VALUES (pg_current_xact_id()::text::bigint, 0, %s)"
        with psycopg.connect(url) as one, psycopg.connect(url) as two:
            one.execute("SELECT pg_current_xact_id()")
            two.execute(insert, ('{"heads":{},"changes":[],"events":[[7,1,1]]}',))
            two.commit()
            one.execute(insert, ('{"heads":{},"changes":[],"events":[[7,2,2]]}',))
        assert await take_all(store, 1) == [(7, 1), (7, 2)]

    async def test_rows_of_older_nodes(self, store: Store, url: str) -> None:
        """They name no events, and are passed."""
        await begin(store)
        with psycopg.connect(url) as old:
            old.execute(
                "INSERT INTO journal (xid, at, body) VALUES (pg_current_xact_id()::text::bigint, 0, "
                """'{"heads":{"lobby":1},"changes":[],"nonce":""}')"""
            )
        assert await take(store) == []

    async def test_a_cursor_of_another_database(self, store: Store, url: str) -> None:
        """A restored dump may have lower transaction ids than the cursor in it. The cursor is not used."""
        await begin(store)
        with psycopg.connect(url) as restored:
            restored.execute("""UPDATE cursors SET position = '["1000000000:1000000000:", "", 0, 0, []]'""")
        with pytest.raises(NoCursor):
            await take(store)


def test_ranges_that_continue_are_joined() -> None:
    """A transaction with many commands in one log has one range of it, if nothing came in between."""
    assert journals.together([(1, 1, 1), (1, 2, 4), (2, 1, 1), (1, 5, 5)]) == [[1, 1, 4], [2, 1, 1], [1, 5, 5]]


class Counted(journals.Cursor):
    """A cursor over rows in memory, which counts the rows that it reads."""

    def __init__(self, rows: list[journals.JournalRow]) -> None:
        super().__init__(None, NAME, 0, 0, ())  # it reads no database
        self._all = rows
        self.read = 0

    def _fetch(self, after: int, count: int) -> list[journals.JournalRow]:
        found = [row for row in self._all if row[0] > after][:count]
        self.read += len(found)
        return found

    def _position(self) -> list[Any]:
        return []


@pytest.mark.parametrize(("events_of_row", "most_rows"), [(512, 1), (1, 128)])
def test_a_cursor_reads_little_more_than_it_takes(events_of_row: int, most_rows: int) -> None:
    """Rows of many events are not read far ahead: a reader with short transactions would read them again and again. (With 64
    rows at once, indexing a message of a full batch of directs took 70 us instead of 10.)"""
    row = [[log_id, 1, 1] for log_id in range(events_of_row)]
    cursor = Counted([(id_, {"events": row}) for id_ in range(1, 1_000)])
    assert len(cursor.take(100)) == 100
    assert cursor.read <= most_rows
