"""The indexer, the same on both stores: what was acknowledged is found, what was deleted is not, whenever it is indexed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Actor, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import Internal
from suhbat.protocol import commands
from suhbat.protocol.types import LOBBY
from suhbat.store import indexer, search
from suhbat.store.dialect import is_contended
from suhbat.store.postgres import shared_indexing
from suhbat.store.postgres.store import PostgresStore
from suhbat.store.sqlite import journal as on_sqlite
from suhbat.store.tables import search_rows
from suhbat.store.write import indexing
from suhbat.store.write.committer import Committer
from suhbat.store.write.index_schedule import FAILED_SECONDS, IDLE_SECONDS, LATE_SECONDS, IndexSchedule
from suhbat.store.write.transaction import WriterTransaction
from tests import engines
from tests.commands import execute
from tests.servers import PATIENCE

from .parts import ALI, VALI, Listener, opened, postgres, sqlite, values

NOW = 1_795_000_000_000
DAY = 24 * 3600 * 1000


async def found(store: Store, actor: Actor, query: str) -> list[str]:
    page = await store.search(actor, parse(query), None, limit=50)
    return [message.text for message in page.messages]


async def indexed(store: Any) -> int:
    count: int = await store._read(lambda c: c.execute(select(func.count()).select_from(search_rows)).scalar_one())
    return count


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is indexed inside, on either store."""
    # Until the test ends: an attempt that fails while this block ends must not be followed by a pause.
    monkeypatch.setattr("suhbat.store.write.index_schedule.FAILED_SECONDS", 0.0)
    with monkeypatch.context() as patch:

        def fail(*_: object, **__: object) -> bool:
            raise OSError("held by a test")

        patch.setattr(indexer, "feed", fail)
        patch.setattr(indexing, "REACHED_SECONDS", 0.01)
        yield


class TestFinding:
    async def test_what_was_acknowledged_is_found(self, store: Store, listener: Listener) -> None:
        """A search finds every message that was acknowledged before it, although the index is written later."""
        for number in range(10):
            await listener.send(store, ALI, f"gap {number}")
            assert len(await found(store, VALI, "gap")) == number + 1

    async def test_many_at_once(self, store: Store, listener: Listener) -> None:
        """So it is after more messages than are indexed in one step, in many conversations."""
        answers = [listener.ask(store, ALI, f"gap {number}") for number in range(500)]
        answers += [listener.ask(store, ALI, "gap sizga", peer=Actor(f"u-{n}", f"dost{n}")) for n in range(20)]
        for answer in answers:
            assert isinstance(await answer, PostResult)
        assert await found(store, ALI, "gap 499") == ["gap 499"]
        assert len(await found(store, ALI, "sizga")) == 20
        assert await indexed(store) == 520

    async def test_a_search_waits_for_a_moment_only(
        self, store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If the index cannot be written, a search finds what is in it, and sends go on. Later everything is found."""
        await listener.send(store, ALI, "gap bir")
        assert len(await found(store, VALI, "gap")) == 1
        with held(monkeypatch):
            await listener.send(store, ALI, "gap ikki")
            assert await found(store, VALI, "gap") == ["gap bir"]
        assert len(await found(store, VALI, "gap")) == 2
        assert store.index_lag == 0

    async def test_after_a_start(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was committed and not indexed when the process ended is indexed by the next one, once."""
        place = tmp_path / "data"
        with held(monkeypatch):
            async with opened(make(place), listener) as store:
                for number in range(5):
                    await listener.send(store, ALI, f"gap {number}")
        async with opened(make(place), Listener()) as store:
            assert len(await found(store, VALI, "gap")) == 5
        async with opened(make(place), Listener()) as store:
            assert len(await found(store, VALI, "gap")) == 5
            assert await indexed(store) == 5

    async def test_without_a_cursor(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If the cursor is lost (a move, an older version, far behind), the indexer finds out what is missing."""
        place = tmp_path / "data"
        async with opened(make(place), listener) as store:
            for number in range(3):
                await listener.send(store, ALI, f"gap {number}")
            await found(store, VALI, "gap")
            with held(monkeypatch):
                await listener.send(store, ALI, "gap 3")
                await listener.send(store, ALI, "gap sizga", peer=VALI)
                forget = text("DELETE FROM cursors")
                await store._write(lambda c: c.execute(forget) and None)
        async with opened(make(place), Listener()) as store:
            assert await found(store, VALI, "gap") == ["gap sizga", "gap 3", "gap 2", "gap 1", "gap 0"]
            assert await indexed(store) == 5


class TestTrouble:
    async def test_a_message_that_cannot_be_indexed(
        self, store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It alone is not found. Those before and after it are, and later ones are indexed together again."""
        monkeypatch.setattr("suhbat.store.write.index_schedule.FAILED_SECONDS", 0.0)
        whole = search.index
        sizes: list[int] = []

        def index(connection: Connection, entries: Any) -> None:
            whole(connection, entries)
            sizes.append(len(entries))
            if any("zahar" in entry[3] for entry in entries):
                connection.execute(text("SELECT 1 FROM nowhere"))

        monkeypatch.setattr(search, "index", index)
        answers = [listener.ask(store, ALI, said) for said in ("gap bir", "gap zahar", "gap ikki")]
        for answer in answers:
            assert isinstance(await answer, PostResult)
        assert await found(store, VALI, "gap") == ["gap ikki", "gap bir"]
        sizes.clear()
        answers = [listener.ask(store, ALI, f"gap {number}") for number in range(5)]
        for answer in answers:
            await answer
        assert len(await found(store, VALI, "gap")) == 7
        assert max(sizes) == 5 and store.index_lag == 0

    async def test_searches_that_waited_in_vain_are_forgotten(
        self, store: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While the index cannot be written, searches cost no memory that stays."""
        with held(monkeypatch):
            await listener.send(store, ALI, "gap")
            for _ in range(10):
                await found(store, VALI, "gap")
            waiting = store._indexing if isinstance(store, PostgresStore) else store._writer._indexing
            assert len(waiting._waiters) == 0
        assert await found(store, VALI, "gap") == ["gap"]

    async def test_a_search_during_a_slice(self) -> None:
        """A search that comes while the thread is at work is not forgotten when the thread has done what was there before."""
        schedule = OfATest()
        asked = asyncio.ensure_future(schedule.reached())
        await asyncio.sleep(0)
        schedule._fed(4, is_done=True)
        assert schedule.schedule.delay() == 0 and not asked.done()
        schedule._fed(5, is_done=True)
        assert schedule.schedule.delay() is None
        await asked

    @pytest.mark.parametrize(("took", "most"), [(0.0005, 0.006), (0.009, 0.009), (3.0, 0.02)])
    async def test_posts_wait_for_a_slice_only(self, took: float, most: float) -> None:
        """However much is left to index, and even if a batch took seconds: posts that came meanwhile are next."""
        clock, slices = Clock(), []

        class Feeder(Committer):
            def __init__(self) -> None: ...

            def feed_index(self, goes_on: Callable[[], bool], *, singly: bool = False) -> bool:
                began = clock.now
                while goes_on():
                    clock.now += 0.0001
                slices.append(clock.now - began)
                return False

        feeding = indexing.IndexingBetweenBatches(Feeder(), lambda: None, clock)
        feeding.between(took)
        assert slices == [pytest.approx(most, abs=0.0005)]


class OfATest(indexing.Indexing):
    def _wanted(self) -> int:
        return 5

    def _wake(self) -> None: ...


class TestOnSQLite:
    @pytest.fixture
    def make(self) -> Callable[..., Store]:
        return sqlite

    async def test_the_journal_stays_bounded(
        self, store: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While the index cannot be written at all, the journal keeps the newest rows only. Then everything is indexed."""
        monkeypatch.setattr(on_sqlite, "MOST", 5)
        with held(monkeypatch):
            for number in range(30):
                await listener.send(store, ALI, f"gap {number}")
                await found(store, VALI, "gap")
            kept = await store._read(lambda c: c.execute(text("SELECT count(*) FROM journal")).scalar_one())
        assert kept <= 7
        assert len(await found(store, VALI, "gap")) == 30
        assert await indexed(store) == 30

    async def test_a_journal_that_somebody_emptied(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener
    ) -> None:
        """The ids of its rows begin again below the place of the cursor. What is said then is found."""
        async with opened(make(tmp_path / "again"), listener) as store:
            for number in range(5):
                await listener.send(store, ALI, f"gap {number}")
                await found(store, VALI, "gap")
            empty = text("DELETE FROM journal")
            await store._write(lambda c: c.execute(empty) and None)
        async with opened(make(tmp_path / "again"), listener) as store:
            await listener.send(store, ALI, "gap 5")
            assert len(await found(store, VALI, "gap")) == 6
            assert await indexed(store) == 6

    async def test_what_was_stored_and_refused(
        self, store: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If a COMMIT has effect, fails, and its outcome cannot be found out, the message is indexed without a further one."""
        engine = store._writes
        commit, left = engine.dialect.do_commit, [True]
        await listener.send(store, ALI, "gap bir")
        assert await found(store, VALI, "gap") == ["gap bir"]

        def fails(connection: Any) -> None:
            commit(connection)
            if left:
                left.clear()
                raise RuntimeError("odd")

        engine.dialect.do_commit = fails
        with monkeypatch.context() as patch:
            patch.setattr(on_sqlite, "last_id", lambda connection: 1 / 0)
            patch.setattr(indexer, "feed", lambda *_, **__: 1 / 0)
            assert isinstance(await listener.refused(store, ALI, "gap ikki"), Internal)
        async with asyncio.timeout(PATIENCE):
            while await indexed(store) < 2:
                await asyncio.sleep(0.02)

    async def test_every_commit_is_flushed(self, store: Any, listener: Listener) -> None:
        """Those of the index as well: the next batch follows it in the log, and a failed flush could lose both."""
        modes: list[int] = []

        def ask(transaction: WriterTransaction) -> None:
            modes.append(transaction.connection.execute(text("PRAGMA synchronous")).scalar_one())

        await listener.send(store, ALI, "gap")
        await store._writer.work(ask)
        with pytest.MonkeyPatch.context() as patch:
            whole = indexer.feed

            def feed(connection: Connection, *arguments: Any, **named: Any) -> bool | None:
                modes.append(connection.execute(text("PRAGMA synchronous")).scalar_one())
                return whole(connection, *arguments, **named)

            patch.setattr(indexer, "feed", feed)
            await found(store, VALI, "gap")
            await store._writer.work(ask)
        assert len(modes) >= 3 and set(modes) == {2}


class TestDeletion:
    @pytest.mark.parametrize("is_indexed", [False, True])
    @pytest.mark.parametrize("how", ["delete", "edit", "erase", "expire"])
    async def test_old_words_are_nowhere(
        self,
        store: Store,
        listener: Listener,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        how: str,
        is_indexed: bool,
    ) -> None:
        """Deleted, edited, erased and expired messages are not found by what they said, whether they were indexed before that
        or not, and the words are in no table."""
        with held(monkeypatch) if not is_indexed else monkeypatch.context():
            sent = await listener.send(store, ALI, "maxfiysoz", at=NOW - 31 * DAY)
            await listener.send(store, VALI, "qolgan", at=NOW)
            if is_indexed:
                assert await found(store, VALI, "maxfiysoz")
            if how == "delete":
                await execute(store, commands.Delete, ALI, 2, conversation=LOBBY, seq=sent.seq)
            elif how == "edit":
                await execute(store, commands.Edit, ALI, 2, conversation=LOBBY, seq=sent.seq, text="boshqa")
            elif how == "erase":
                await store.erase(ALI, 2, with_messages=True)
                while await store.erase_more(3):
                    pass
            else:
                await store.expire(30)
        assert await found(store, VALI, "maxfiysoz") == []
        assert await found(store, VALI, "qolgan") == ["qolgan"]
        assert await found(store, VALI, "boshqa") == (["boshqa"] if how == "edit" else [])
        await store.close()
        assert [name for name, value in values(tmp_path / "data") if b"maxfiysoz" in value] == []


class TestOnPostgreSQL:
    """A deletion on one node while another node indexes the message."""

    @pytest.fixture
    def make(self) -> Callable[..., Store]:
        return postgres

    @pytest.fixture
    def url(self, store: Store, tmp_path: Path) -> str:
        return engines.database_of(tmp_path / "data")

    async def test_the_indexer_reads_first(
        self, store: PostgresStore, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The deletion waits for the commit of the indexer, then finds the words in the index and removes them."""
        reading, gate = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        real = search.index

        def slow(connection: Connection, entries: Any) -> None:
            loop.call_soon_threadsafe(reading.set)
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(PATIENCE)
            real(connection, entries)

        monkeypatch.setattr(search, "index", slow)
        sent = await listener.send(store, ALI, "maxfiysoz")
        await asyncio.wait_for(reading.wait(), PATIENCE)
        deleting = asyncio.ensure_future(execute(store, commands.Delete, ALI, 2, conversation=LOBBY, seq=sent.seq))
        done, _ = await asyncio.wait([deleting], timeout=0.1)
        assert not done, "it must wait for the lock"
        gate.set()
        await asyncio.wait_for(deleting, PATIENCE)
        monkeypatch.setattr(search, "index", real)
        assert await found(store, VALI, "maxfiysoz") == []
        assert await indexed(store) == 0

    async def test_the_deletion_is_first(
        self, store: PostgresStore, listener: Listener, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While the row of a message is being changed, the indexer does not wait and indexes nothing; then it reads what the
        row has become."""
        feed = indexer.feed
        # Until the row is free: the node's own indexer must not come before the change.
        with held(monkeypatch), psycopg.connect(url) as other:
            await listener.send(store, ALI, "maxfiysoz")
            other.execute("UPDATE events SET text = '', deleted = true")
            assert store._writes is not None
            with store._writes.connect() as connection, pytest.raises(DBAPIError) as refused:
                while not feed(connection, lambda: True, waits=True):
                    pass
            assert is_contended(refused.value)
        assert await found(store, VALI, "maxfiysoz") == []
        assert await indexed(store) == 0

    async def test_another_node_goes_on(
        self, store: PostgresStore, listener: Listener, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a node has committed before it died is indexed by another one that nobody asks."""
        monkeypatch.setattr(shared_indexing, "POLL_SECONDS", 0.05)
        await listener.send(store, ALI, "gap")
        async with asyncio.timeout(PATIENCE):
            while await indexed(store) == 0:
                await asyncio.sleep(0.02)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class TestSchedule:
    def schedule(self) -> tuple[IndexSchedule, Clock]:
        clock = Clock()
        schedule = IndexSchedule(clock)
        schedule.fed(0, is_done=True)
        return schedule, clock

    def test_at_a_start(self) -> None:
        """It is not known whether anything is left, so the index is fed at once."""
        assert IndexSchedule(Clock()).delay() == 0

    def test_nothing_to_do(self) -> None:
        """Then the writer sleeps until it has work."""
        schedule, _ = self.schedule()
        assert schedule.delay() is None and not schedule.is_late() and schedule.lag == 0

    def test_a_pause_of_the_writer(self) -> None:
        """A lone message is indexed after a while, together with those that follow it until then."""
        schedule, clock = self.schedule()
        schedule.committed(1)
        assert schedule.delay() == pytest.approx(IDLE_SECONDS)
        clock.now += IDLE_SECONDS / 2
        schedule.committed(2)
        assert schedule.delay() == pytest.approx(IDLE_SECONDS / 2)
        clock.now += IDLE_SECONDS / 2
        assert schedule.delay() == pytest.approx(0) and not schedule.is_late()
        schedule.fed(2, is_done=True)
        assert schedule.delay() is None

    def test_under_load(self) -> None:
        """However busy the writer is, no message waits longer than LATE_SECONDS for its turn."""
        schedule, clock = self.schedule()
        for number in range(1, 100):
            schedule.committed(number)
            clock.now += 0.01
            if schedule.is_late():
                schedule.fed(number, is_done=number % 3 == 0)
            assert schedule.lag <= LATE_SECONDS + 0.05
        assert schedule.lag > 0

    def test_a_search_waits(self) -> None:
        """Then the index is fed at once, whether there is other work or not."""
        schedule, _ = self.schedule()
        schedule.committed(1)
        schedule.hurry()
        assert schedule.delay() == 0 and schedule.is_late()
        schedule.fed(1, is_done=True)
        assert schedule.indexed_upto == 1 and not schedule.is_late()

    def test_a_failure(self) -> None:
        """After a failure there is a pause, and the messages keep waiting."""
        schedule, clock = self.schedule()
        schedule.committed(1)
        clock.now += 1
        schedule.failed()
        assert schedule.delay() == pytest.approx(FAILED_SECONDS) and not schedule.is_late()
        clock.now += FAILED_SECONDS
        assert schedule.delay() == 0 and schedule.is_late() and schedule.lag > FAILED_SECONDS
