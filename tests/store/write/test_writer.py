"""The group-commit writer: while one batch commits the next one collects, and every item gets an answer, whatever breaks."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from suhbat.chat.model import Outcome, PostResult
from suhbat.errors import Busy, Internal, NotFound, StorageUnavailable
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import insert_new
from suhbat.store.errors import UnusableStore
from suhbat.store.sqlite import connect
from suhbat.store.tables import conversations
from suhbat.store.write import committer
from suhbat.store.write.batch import Unit
from suhbat.store.write.committer import Committer
from suhbat.store.write.logs import new_log
from suhbat.store.write.transaction import WriterTransaction
from suhbat.store.write.writer import LARGEST_BATCH, Writer
from suhbat.store.write.writer_cache import WriterCache
from tests.servers import PATIENCE
from tests.store.old import new_database
from tests.store.parts import ALI, BARE, VALI, Listener, everything, logged, make_post, met, opened, sqlite


class Gate:
    """Holds transactions at their COMMIT until it is opened; counts them. Make it before the writer connects."""

    def __init__(self, engine: Engine) -> None:
        self.commits = 0
        self._entered = threading.Semaphore(0)
        self._leave = threading.Semaphore(0)
        event.listen(engine, "connect", self._on_connect)

    def _on_connect(self, connection: sqlite3.Connection, record: object) -> None:
        connection.set_trace_callback(self._on_statement)

    def _on_statement(self, statement: str) -> None:
        if statement != "COMMIT":
            return
        self.commits += 1
        self._entered.release()
        assert self._leave.acquire(timeout=PATIENCE)

    async def reached(self) -> None:
        """Return when a transaction waits before its COMMIT."""
        assert await asyncio.to_thread(self._entered.acquire, timeout=PATIENCE)

    def open(self, transactions: int = 1_000_000) -> None:
        self._leave.release(transactions)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine over a file with the tables and the lobby."""
    new_database(file := tmp_path / "suhbat.db")
    engine = connect.writing(file)
    with engine.connect() as connection, connection.begin():
        insert_new(connection, conversations, [new_log(LOBBY, "lobby", 1)])
    yield engine
    engine.dispose()


@pytest.fixture
async def writer(engine: Engine, listener: Listener) -> AsyncIterator[Writer]:
    """A started writer, which takes 3,000 posts at a time."""
    writer = Writer(Committer(engine, WriterCache()), listener.committed, limit=3_000)
    writer.start()
    yield writer
    await writer.close()


def trouble(code: int = sqlite3.SQLITE_IOERR) -> OperationalError:
    """The error that a failing disk raises through SQLAlchemy."""
    original = sqlite3.OperationalError("disk I/O error")
    original.sqlite_errorcode = code
    return OperationalError("COMMIT", None, original)


class Once:
    """Raises at the first commit, or until told otherwise."""

    def __init__(self, engine: Engine, error: Exception, *, after: bool = False) -> None:
        self.times = 1
        self._commit = engine.dialect.do_commit
        self._error = error
        self._after = after
        engine.dialect.do_commit = self._do_commit

    def _do_commit(self, connection: object) -> None:
        if self.times > 0:
            self.times -= 1
            if self._after:
                self._commit(connection)
            raise self._error
        self._commit(connection)


def noting(done: list[int], number: int) -> Unit[None]:
    """Work that records when it runs."""

    def run(transaction: WriterTransaction) -> None:
        done.append(number)

    return run


class TestGroupCommit:
    async def test_the_next_batch_collects_while_one_commits(
        self, writer: Writer, engine: Engine, listener: Listener
    ) -> None:
        """The first post is written at once and alone; posts that arrive during its COMMIT share the next transaction."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI, f"{i}") for i in range(100)]
        assert not first.done()
        gate.open()
        assert [getattr(outcome, "seq", None) for outcome in await asyncio.gather(first, *rest)] == list(range(1, 102))
        assert gate.commits == 2

    async def test_nothing_is_told_before_commit_returns(
        self, writer: Writer, engine: Engine, listener: Listener
    ) -> None:
        """Neither the event nor the answer comes before the end of the COMMIT."""
        gate = Gate(engine)
        answer = listener.ask(writer, ALI)
        await gate.reached()
        assert listener.heard == []
        gate.open()
        outcome = await answer
        assert [type(item) for item in listener.heard] == [LoggedEvent, PostResult]
        assert outcome == PostResult(LOBBY, 1, 1, 1_795_000_000_000)

    async def test_a_batch_has_a_largest_size(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """A flood is written in several transactions, so that nobody waits for all of it."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI) for _ in range(LARGEST_BATCH + 1)]
        gate.open()
        await asyncio.gather(first, *rest)
        assert gate.commits == 3

    async def test_a_full_queue_is_busy(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """Above the limit posts are refused at once as retryable; when there is room again they are accepted."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI) for _ in range(2_999)]
        refusal = await listener.ask(writer, ALI)
        assert isinstance(refusal, Busy)
        assert (refusal.retry_after, refusal.retryable) == (1, True)
        gate.open()
        assert all(isinstance(outcome, PostResult) for outcome in await asyncio.gather(first, *rest))
        assert (await listener.send(writer, ALI)).seq == 3_001

    async def test_posts_go_before_other_work(
        self, writer: Writer, engine: Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One transaction writes first the posts and then the other work, each in its order."""
        monkeypatch.setattr(committer, "WORK_SECONDS", math.inf)  # on a busy machine the time would be used up
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        seen = []

        def look(transaction: WriterTransaction) -> None:
            seen.append(transaction.connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())

        everything: list[asyncio.Future[Outcome]] = [first]
        works = []
        for _ in range(3):
            everything.append(listener.ask(writer, ALI))
            works.append(asyncio.ensure_future(writer.work(look)))
        gate.open()
        await asyncio.gather(*everything, *works)
        assert seen == [4, 4, 4]
        assert gate.commits == 2

    async def test_posts_wait_for_little_other_work(
        self, writer: Writer, engine: Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After WORK_SECONDS a transaction with posts does no further work; the rest follows in order in the next one."""
        monkeypatch.setattr(committer, "WORK_SECONDS", -1.0)
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        done: list[int] = []
        second = listener.ask(writer, ALI)
        works = [asyncio.ensure_future(writer.work(noting(done, number))) for number in range(4)]
        await asyncio.sleep(0)
        gate.open()
        await asyncio.gather(first, second, *works)
        assert done == [0, 1, 2, 3]
        assert gate.commits == 3, "the first post, the second with one work, the others"

    async def test_a_post_that_comes_meanwhile_is_next(self, writer: Writer, listener: Listener) -> None:
        """A post that arrives during a batch of other work ends that batch after the present item; the rest follows after
        the post."""
        loop = asyncio.get_running_loop()
        seen: list[int] = []
        asked: list[asyncio.Future[Outcome]] = []

        async def post() -> None:
            asked.append(listener.ask(writer, ALI))
            await asyncio.sleep(0)  # it is handed over at the end of the turn

        def slow(transaction: WriterTransaction) -> None:
            asyncio.run_coroutine_threadsafe(post(), loop).result(60)

        def look(transaction: WriterTransaction) -> None:
            seen.append(transaction.connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())

        await asyncio.gather(*(writer.work(work) for work in (slow, look, look, look)))
        await asyncio.gather(*asked)
        assert seen == [1, 1, 1]


class TestFailures:
    async def test_a_bad_item_fails_alone(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """A post that no table can store gets Internal; the others are written in order, and `seq` has no gaps."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI, "\ud800" if i == 3 else f"{i}", client_id=f"k{i}") for i in range(6)]
        gate.open()
        outcomes = await asyncio.gather(first, *rest)
        assert [getattr(o, "seq", type(o)) for o in outcomes] == [1, 2, 3, 4, Internal, 5, 6]
        assert [entry.event.seq for entry in listener.entries] == [1, 2, 3, 4, 5, 6]
        assert not any(o.duplicate for o in outcomes if isinstance(o, PostResult))

    async def test_a_fault_is_told_without_detail(self, writer: Writer, listener: Listener) -> None:
        """A bad post in a batch of its own gets Internal without detail, and the writer continues."""
        refusal = await listener.refused(writer, ALI, "\ud800")
        assert isinstance(refusal, Internal)
        assert "surrogate" not in str(refusal)
        assert (await listener.send(writer, ALI)).seq == 1

    async def test_a_full_disk(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """On a full disk every post is refused as retryable and nothing is half-written; when there is room again, posts
        are written."""
        pages = [20]

        @event.listens_for(engine, "connect")
        def limit(connection: sqlite3.Connection, record: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages[0]}")

        sent = [0]
        while isinstance(outcome := await listener.ask(writer, ALI, "x" * 4_000), PostResult):
            sent.append(outcome.seq)
        assert isinstance(outcome, Busy)
        pages[0] = 10_000
        assert (await listener.send(writer, ALI, "x" * 4_000)).seq == sent[-1] + 1
        assert sent == list(range(len(sent)))

    async def test_a_commit_that_fails(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """If a COMMIT fails, all posts of the batch are refused as retryable, and the heads in memory are forgotten."""
        Once(engine, trouble())
        assert isinstance(await listener.refused(writer, ALI, peer=VALI, client_id="k"), Busy)
        assert listener.entries == []
        again = await listener.send(writer, ALI, peer=VALI, client_id="k")
        assert (again.seq, again.duplicate) == (1, False)
        assert len(listener.entries) == 3

    async def test_a_commit_of_unknown_outcome(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """If a COMMIT raised but took effect, the journal tells it: the first answer and the events are sent, and nothing is
        stored twice."""
        Once(engine, trouble(), after=True)
        sent = await listener.send(writer, ALI)
        assert (sent.seq, sent.duplicate) == (1, False)
        assert [entry.event.seq for entry in listener.entries] == [1]
        assert (await listener.send(writer, ALI)).seq == 2

    async def test_an_outcome_that_cannot_be_found_out(
        self, writer: Writer, engine: Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then nobody is acknowledged, and no post is tried again: those without a `client_id` could be stored twice."""
        Once(engine, RuntimeError("odd"), after=True)
        with monkeypatch.context() as patch:
            patch.setattr(committer.journal, "last_id", lambda connection: 1 / 0)
            answers = [listener.ask(writer, ALI, said) for said in ("bir", "ikki")]
            assert [type(await answer) for answer in answers] == [Internal, Internal]
        assert listener.entries == []
        assert (await listener.send(writer, ALI, "uch")).seq == 3

    async def test_work_after_a_failed_commit_of_unknown_outcome(
        self, writer: Writer, engine: Engine, listener: Listener
    ) -> None:
        """If a COMMIT of other work raised but took effect, the journal tells it: the work does not run again."""
        Once(engine, RuntimeError("odd"), after=True)
        name = await writer.work(lambda transaction: met(transaction, ALI, VALI, 1))
        assert len(listener.entries) == 2
        assert name == await writer.work(lambda transaction: met(transaction, VALI, ALI, 1))

    async def test_trouble_while_trying_one_by_one(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """If the disk fails while the items are tried one by one, the written ones stay and the rest is refused as
        retryable."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI, "\ud800" if i == 1 else f"{i}") for i in range(5)]
        failing = Once(engine, trouble())
        failing.times = 0
        gate.open(1)
        await first
        # Next commit: of the first item of the batch, alone, for the batch itself failed before its COMMIT.
        await gate.reached()
        failing.times = 10
        gate.open()
        outcomes = await asyncio.gather(*rest)
        assert [getattr(o, "seq", type(o)) for o in outcomes] == [
            2,
            Internal,
            StorageUnavailable,
            StorageUnavailable,
            StorageUnavailable,
        ]
        failing.times = 0
        assert (await listener.send(writer, ALI)).seq == 3

    async def test_a_listener_that_raises_harms_nobody(self, engine: Engine) -> None:
        """An exception in `committed` or in one `done` does not keep the other callers from their answers."""

        def broken(entries: list[LoggedEvent]) -> None:
            raise RuntimeError("committed")

        writer, listener = Writer(Committer(engine, WriterCache()), broken), Listener()
        writer.start()
        cancelled = listener.ask(writer, ALI)
        cancelled.cancel()  # its done will raise InvalidStateError or fail its assertion
        assert (await listener.send(writer, ALI)).seq == 2
        await writer.close()

    async def test_a_batch_is_told_before_it_is_written_out(self, engine: Engine) -> None:
        """The call that `committed` returns is made once for a batch, after its outcomes were told; also if a `done`
        raises."""
        told: list[object] = []

        def committed(entries: list[LoggedEvent]) -> Callable[[], None]:
            told.append(len(entries))
            return lambda: told.append("written")

        writer = Writer(Committer(engine, WriterCache()), committed)
        for _ in range(3):
            writer.post(make_post(ALI, done=lambda outcome: told.append(type(outcome))))
        writer.post(make_post(ALI, done=lambda outcome: 1 / 0))
        writer.start()
        await writer.close()
        assert told == [4, PostResult, PostResult, PostResult, "written"]

    async def test_work_that_fails_is_undone_alone(self, writer: Writer, engine: Engine, listener: Listener) -> None:
        """The savepoint of failed work is rolled back and its caller gets the exception; the rest of the batch is
        written."""
        gate = Gate(engine)
        first = listener.ask(writer, ALI)
        await gate.reached()

        def fail(transaction: WriterTransaction) -> None:
            met(transaction, ALI, BARE, 1)
            raise NotFound

        before = listener.ask(writer, ALI, peer=VALI)
        work = asyncio.ensure_future(writer.work(fail))
        after = listener.ask(writer, ALI, peer=VALI)
        gate.open()
        with pytest.raises(NotFound):
            await work
        outcomes = await asyncio.gather(first, before, after)
        assert [getattr(o, "seq", o) for o in outcomes] == [1, 1, 2]
        assert {entry.log for entry in listener.entries} & {"@me:u-bare"} == set()
        made = await listener.send(writer, BARE, peer=ALI)
        assert made.seq == 1
        assert [entry.event.seq for entry in listener.entries if entry.log == "@me:u-ali"] == [1, 2]

    async def test_its_death_is_noticed(
        self, engine: Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If the thread ends for any reason, every waiting caller gets an answer, and `check` raises from then on."""
        cache = WriterCache()
        writer = Writer(Committer(engine, cache), listener.committed)
        gate = Gate(engine)
        writer.start()
        first = listener.ask(writer, ALI)
        await gate.reached()
        rest = [listener.ask(writer, ALI) for _ in range(LARGEST_BATCH + 10)]
        work = asyncio.ensure_future(writer.work(lambda c, k: (None, [])))
        await asyncio.sleep(0)

        def die(self: WriterCache) -> None:
            raise SystemExit

        monkeypatch.setattr(WriterCache, "trim", die)
        gate.open()
        assert isinstance(await first, PostResult)
        assert {type(outcome) for outcome in await asyncio.gather(*rest)} == {Internal}
        with pytest.raises(Internal):
            await work
        assert isinstance(await listener.refused(writer, ALI), Internal)
        with pytest.raises(UnusableStore, match="restart"):
            writer.check()
        with pytest.raises(UnusableStore):
            await writer.work(lambda c, k: (None, []))
        await writer.close()


class TestDurability:
    async def test_how_it_is_written(self, tmp_path: Path) -> None:
        """The writer uses WAL with synchronous=FULL, without which an acknowledgement would promise nothing. Readers
        neither write nor checkpoint."""
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "query_only")
        found = []
        for engine in (connect.writing(tmp_path / "a.db"), connect.reading(tmp_path / "a.db", 1)):
            with engine.connect() as connection, connection.begin():
                found.append([connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas])
                found[-1].append(connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() > 0)
            engine.dispose()
        assert found == [["wal", 2, 1, 0, True], ["wal", 2, 1, 1, False]]

    async def test_after_close_one_whole_file(self, tmp_path: Path) -> None:
        """After a close the database is one file that can be copied."""
        async with opened(sqlite(tmp_path), listener := Listener()) as store:
            await asyncio.gather(*(listener.ask(store, ALI) for _ in range(100)))
            await everything(store, ALI)
        assert sorted(file.name for file in tmp_path.iterdir()) == ["instance", "lock", "suhbat.db"]

    async def test_killed_under_load(self, tmp_path: Path) -> None:
        """After kill -9 every acknowledged post is stored once, `seq` has no gaps, and the epoch is the same."""
        program = KILLED.format(place=str(tmp_path))
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            epoch = process.stdout.readline().strip()
            answered = [process.stdout.readline() for _ in range(3_000)]
            process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
            with contextlib.suppress(ValueError):
                answered += process.stdout.readlines()
        async with opened(sqlite(tmp_path), listener := Listener()) as store:
            assert store.epoch == epoch
            head = (await store.heads([LOBBY]))[LOBBY]
            log = await logged(store, LOBBY, 0, 1_000_000)
            assert [entry.event.seq for entry in log] == list(range(1, head + 1))
            keys = {entry.event.message.client_id: entry.event.seq for entry in log}
            assert len(keys) == head
            for line in answered:
                if line.endswith("\n"):
                    key, seq = line.split()
                    assert keys[key] == int(seq)
            assert (await listener.send(store, ALI)).seq == head + 1


KILLED = """
import asyncio
from itertools import count
from pathlib import Path
from tests.store.parts import ALI, Listener, make_post, sqlite

async def main():
    store, keys = sqlite(Path({place!r})), count()
    await store.open(lambda entries: None)
    print(store.epoch, flush=True)
    def go():
        key = f"k{{next(keys)}}"
        def done(sent):
            print(key, sent.seq, flush=True)
            go()
        store.post(make_post(ALI, "salom", done, client_id=key))
    for _ in range(32):
        go()
    await asyncio.Event().wait()

asyncio.run(main())
"""
