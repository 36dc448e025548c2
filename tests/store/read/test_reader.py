"""The reader: concurrent reads share a transaction, a slow read delays no other for long, and each caller gets its own
result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from queue import SimpleQueue

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from suhbat.store.read import reader as reading
from suhbat.store.read.joint import Joint
from suhbat.store.read.reader import JOINED, TOGETHER, Reader
from suhbat.store.sqlite import connect
from tests.servers import PATIENCE

THREADS = 3


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine over a file with one row."""
    file = tmp_path / "suhbat.db"
    writing = connect.writing(file)
    with writing.connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    writing.dispose()
    engine = connect.reading(file, THREADS)
    yield engine
    engine.dispose()


@pytest.fixture
async def reader(engine: Engine) -> AsyncIterator[Reader]:
    reader = Reader(engine, THREADS)
    yield reader
    await reader.close()


def number(connection: Connection) -> int:
    return int(connection.execute(text("SELECT max(n) FROM t")).scalar_one())


async def test_reads_of_one_moment_share_a_transaction(engine: Engine, reader: Reader) -> None:
    """Twice TOGETHER concurrent reads take two transactions."""
    begun: list[str] = []
    event.listen(engine, "begin", lambda _: begun.append(""))
    assert await asyncio.gather(*(reader.read(number) for _ in range(2 * TOGETHER))) == [1] * 2 * TOGETHER
    assert len(begun) == 2


async def test_a_failed_read_fails_alone(reader: Reader) -> None:
    """The other reads of the same turn get their results."""

    def fail(connection: Connection) -> int:
        raise ValueError("no")

    first, wrong, last = await asyncio.gather(
        reader.read(number), reader.read(fail), reader.read(number), return_exceptions=True
    )
    assert (first, last) == (1, 1)
    assert isinstance(wrong, ValueError)


async def test_a_slow_read_delays_no_other(reader: Reader) -> None:
    """While a slow read occupies one thread, another thread serves all other reads."""
    held, entered = threading.Event(), threading.Event()

    def wait(connection: Connection) -> int:
        entered.set()
        assert held.wait(timeout=PATIENCE)
        return 0

    slow = asyncio.ensure_future(reader.read(wait))
    assert await asyncio.to_thread(entered.wait, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            assert await asyncio.gather(*(reader.read(number) for _ in range(40))) == [1] * 40
    assert not slow.done()
    held.set()
    assert await slow == 0
    async with asyncio.timeout(PATIENCE):
        assert await reader.read(number) == 1


async def test_a_read_sees_earlier_commits(engine: Engine, reader: Reader, tmp_path: Path) -> None:
    """A read sees every commit before its call, even if an older transaction of the reader is still open."""
    held, entered = threading.Event(), threading.Event()

    def wait(connection: Connection) -> int:
        found = number(connection)
        entered.set()
        assert held.wait(timeout=PATIENCE)
        return found

    older = asyncio.ensure_future(reader.read(wait))
    assert await asyncio.to_thread(entered.wait, PATIENCE)
    writing = connect.writing(tmp_path / "suhbat.db")
    with writing.connect() as connection, connection.begin():
        connection.execute(text("INSERT INTO t VALUES (2)"))
    writing.dispose()
    newer = asyncio.ensure_future(reader.read(number))
    await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(older, newer) == [1, 2]


async def test_a_cancelled_read_disturbs_no_other(reader: Reader) -> None:
    """After a cancelled read the next one gets its result."""
    gone = asyncio.ensure_future(reader.read(number))
    await asyncio.sleep(0)
    gone.cancel()
    assert await reader.read(number) == 1


async def test_closing_answers_waiting_reads(engine: Engine) -> None:
    """`close` returns after all waiting reads have their results."""
    reader = Reader(engine, THREADS)
    asked = [asyncio.ensure_future(reader.read(number)) for _ in range(3 * TOGETHER)]
    await asyncio.sleep(0)
    await reader.close()
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*asked) == [1] * 3 * TOGETHER


async def test_slow_reads_are_followed_by_a_pause(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader for slow reads pauses after each for as long as it took, at most half a second. The caller does not wait for
    the pause."""
    clock = iter((10.0, 10.2, 20.0, 29.0))
    rested: SimpleQueue[float] = SimpleQueue()
    monkeypatch.setattr(reading, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(reading, "sleep", rested.put)
    reader = Reader(engine, 1, together=1, rests=True)
    for _ in range(2):
        assert await reader.read(lambda connection: 5) == 5
    await reader.close()
    assert [rested.get_nowait() for _ in range(2)] == [pytest.approx(0.2), 0.5]


class Doubling:
    """A joint read that doubles its keys, and fails for a negative one. `calls`: the keys of each call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.kind = Joint(self._run)

    def _run(self, connection: Connection, keys: Sequence[int]) -> list[int]:
        self.calls.append(list(keys))
        if min(keys) < -1:
            connection.execute(text("SELECT no_such_function()"))
        if min(keys) < 0:
            raise ValueError("no")
        return [2 * key for key in keys]


async def test_joint_reads_of_one_moment_are_one_call(engine: Engine, reader: Reader) -> None:
    """Up to JOINED keys are read in one call. More take another call, which needs no further transaction."""
    begun: list[str] = []
    event.listen(engine, "begin", lambda _: begun.append(""))
    doubling = Doubling()
    asked = range(2 * JOINED + 1)
    assert await asyncio.gather(*(reader.read_joint(doubling.kind, key) for key in asked)) == [2 * key for key in asked]
    assert [len(keys) for keys in doubling.calls] == [JOINED, JOINED, 1]
    assert len(begun) == 1


async def test_joint_reads_of_different_kinds_are_separate_calls(reader: Reader) -> None:
    """Requests of two kinds and reads of their own may alternate; each gets its own result."""
    one, two = Doubling(), Doubling()
    found = await asyncio.gather(
        *(
            read
            for key in range(3)
            for read in (reader.read_joint(one.kind, key), reader.read(number), reader.read_joint(two.kind, key + 10))
        )
    )
    assert found == [0, 1, 20, 2, 1, 22, 4, 1, 24]
    assert (one.calls, two.calls) == ([[0, 1, 2]], [[10, 11, 12]])


@pytest.mark.parametrize(("wrong", "error"), [(-1, ValueError), (-2, DBAPIError)])
async def test_a_key_that_fails_fails_alone(reader: Reader, wrong: int, error: type[Exception]) -> None:
    """The other keys of the call are read again without it, also after an error of the database."""
    doubling = Doubling()
    keys = [1, wrong, 3]
    first, failed, last = await asyncio.gather(
        *(reader.read_joint(doubling.kind, key) for key in keys), return_exceptions=True
    )
    assert (first, last) == (2, 6)
    assert isinstance(failed, error)
    assert await reader.read(number) == 1
