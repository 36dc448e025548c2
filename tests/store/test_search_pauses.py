"""A search that finds little pauses, and its pages together have every match, whatever the index is like."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from suhbat.chat.model import Actor, SearchPage
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.protocol import commands
from suhbat.protocol.types import LOBBY
from suhbat.store import fts5
from suhbat.store.dialect import TookTooLong, insert_new
from suhbat.store.read import search as finding
from suhbat.store.sqlite import connect
from suhbat.store.sqlite.store import SQLiteStore
from suhbat.store.tables import conversations, search_rows
from suhbat.store.write import indexing
from suhbat.store.write.logs import new_log
from tests.commands import execute
from tests.servers import PATIENCE

from .old import new_database
from .parts import ALI, VALI, Listener, direct, opened, sqlite

WORDS = ("non", "choy", "nonvoy", "kitob")
QUERIES = ("non", "no*", '"non choy"', '"choy non"', '"non non non"', "non kitob", '"choy no"', "choy* kitob", "yoq")

TimeLimit = Callable[[Connection, float, float], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the index may be written later than a search waits for it."""
    monkeypatch.setattr(indexing, "REACHED_SECONDS", PATIENCE)


def in_steps(monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> None:
    """Every search goes on in steps, some after they have found something; and pauses wherever it can."""
    dice = random.Random(seed)

    @contextmanager
    def not_quick(connection: Connection, seconds: float, busy_seconds: float) -> Iterator[None]:
        late = dice.random() < 0.5
        if busy_seconds == finding.QUICK_SECONDS and not late:
            raise TookTooLong()
        yield
        if busy_seconds == finding.QUICK_SECONDS:
            raise TookTooLong()

    monkeypatch.setattr(finding, "time_limit", not_quick)
    monkeypatch.setattr(fts5, "STEP", 2)
    monkeypatch.setattr(fts5, "WIDE_STEP", 4)
    monkeypatch.setattr(finding, "_BATCH", 5)
    monkeypatch.setattr(finding, "PAUSE_SECONDS", 0)


async def pages(store: Store, actor: Actor, query: str, sender: str | None = None, limit: int = 4) -> list[list[str]]:
    """The texts on every page. Each page must begin below the one before."""
    found: list[list[str]] = []
    below: int | None = None
    while True:
        page = await store.search(actor, parse(query), sender, limit=limit, below=below)
        assert len(page.messages) <= limit
        found.append([message.text for message in page.messages])
        if page.cursor is None:
            return found
        assert below is None or page.cursor < below
        below = page.cursor


def together(found: list[list[str]]) -> list[str]:
    return [message for page in found for message in page]


def matches(query: str, said: str) -> bool:
    """What the query means, without an index."""
    parsed = parse(query)
    return all(f" {term}{'' if term in parsed.beginnings else ' '}" in f" {said} " for term in parsed.terms)


async def fill(
    store: Store, listener: Listener, dice: random.Random, count: int
) -> list[tuple[Actor, str | None, str]]:
    """Send messages, and delete some: the remaining ones with their senders and conversations, in order."""
    pair = await direct(store, ALI, VALI, 1)
    said: list[tuple[Actor, str | None, str]] = []
    for number in range(count):
        words = " ".join(dice.choices(WORDS, k=dice.randint(1, 6)))
        actor, conversation = dice.choice((ALI, VALI)), dice.choice((None, pair))
        sent = await listener.send(store, actor, words, conversation=conversation)
        if dice.random() < 0.2:
            await pages(store, ALI, "non")  # so that it is indexed
            where = conversation or LOBBY
            await execute(store, commands.Delete, actor, 10 + number, conversation=where, seq=sent.seq)
        else:
            said.append((actor, conversation, words))
    return said


@pytest.mark.parametrize("seed", range(4))
async def test_all_pages_have_all_matches(
    store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """With a pause wherever one can be, the pages have exactly the messages that match, newest first: words, phrases and
    beginnings, of everybody or of one sender, in one conversation or in all."""
    in_steps(monkeypatch, seed)
    said = await fill(store, listener, random.Random(seed), 40)
    for query in QUERIES:
        expected = [words for _, _, words in reversed(said) if matches(query, words)]
        assert together(await pages(store, ALI, query)) == expected, query
        theirs = [words for actor, _, words in reversed(said) if matches(query, words) and actor == VALI]
        assert together(await pages(store, ALI, query, VALI.uid)) == theirs, query
        lobby = [words for _, where, words in reversed(said) if matches(query, words) and where is None]
        assert together(await pages(store, ALI, f"{query} in:lobby")) == lobby, query


@pytest.mark.parametrize("seed", range(4))
async def test_an_index_of_an_older_version(
    make: Callable[..., Store], tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The same holds for an index that was made without ticks, or with fewer. They are added when the store opens, once. A
    message with the id of a tick can be edited and deleted."""
    place = tmp_path / "data"
    dice = random.Random(seed)
    async with opened(make(place), listener) as store:
        said = await fill(store, listener, dice, 30)
        await pages(store, ALI, "non")
    in_steps(monkeypatch)
    for step in (4, 2):
        monkeypatch.setattr(fts5, "STEP", step)
        async with opened(make(place), listener) as store:
            await listener.send(store, ALI, "non choy")
            said.append((ALI, None, "non choy"))
            for query in QUERIES:
                expected = [words for _, _, words in reversed(said) if matches(query, words)]
                assert together(await pages(store, ALI, query)) == expected, query
    async with opened(make(place), listener) as store:
        timeline = await store.history(ALI, LOBBY, limit=100)
        for number, message in enumerate(timeline.messages):
            if message.sender == ALI.user_id and not message.deleted:
                edited = {"conversation": LOBBY, "seq": message.seq, "text": "boshqa"}
                await execute(store, commands.Edit, ALI, 1_000 + number, **edited)
        lobby = [words for actor, where, words in said if where is None and actor == ALI]
        assert together(await pages(store, ALI, "in:lobby boshqa")) == ["boshqa"] * len(lobby)
        for query in QUERIES:
            assert together(await pages(store, ALI, f"in:lobby {query}", ALI.uid)) == [], query


async def test_nothing_below_the_floor(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer's pages end where their messages begin."""
    in_steps(monkeypatch)
    for number in range(20):
        sent = await listener.send(store, ALI, f"gap {number}")
    late = replace(VALI, lobby_from=sent.seq)
    for number in range(20, 30):
        await listener.send(store, ALI, f"gap {number}")
    assert together(await pages(store, late, "gap")) == [f"gap {number}" for number in reversed(range(20, 30))]
    assert len(await pages(store, late, '"gap gap"')) <= 1 + 10


async def test_a_search_does_not_pause_early(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that may still look for matches does not end its page at a tick."""
    in_steps(monkeypatch)
    monkeypatch.setattr(finding, "PAUSE_SECONDS", 60)
    monkeypatch.setattr(finding, "SECONDS", 60)
    await listener.send(store, ALI, "choy non")
    for _ in range(20):
        await listener.send(store, ALI, "non choy")
    assert await pages(store, ALI, '"choy non"') == [["choy non"]]
    assert await pages(store, ALI, "yoq") == [[]]


async def test_a_page_after_a_pause_goes_in_steps(
    store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search that paused did not find enough in QUICK_SECONDS, so the next pages do not spend them once more."""
    in_steps(monkeypatch)
    if not isinstance(store, SQLiteStore):
        return
    limited: list[float] = []
    quick: TimeLimit = vars(finding)["time_limit"]

    def counting(connection: Connection, seconds: float, busy_seconds: float) -> AbstractContextManager[None]:
        limited.append(busy_seconds)
        return quick(connection, seconds, busy_seconds)

    monkeypatch.setattr(finding, "time_limit", counting)
    for _ in range(20):
        await listener.send(store, ALI, "non choy")
    assert len(await pages(store, ALI, '"choy non"')) > 3
    assert limited.count(finding.QUICK_SECONDS) == 1


async def test_waiting_is_no_work(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search pauses by the processor time that it has used: on a busy machine its page has what it has on an idle one."""
    in_steps(monkeypatch)
    monkeypatch.setattr(finding, "PAUSE_SECONDS", 1)
    await listener.send(store, ALI, "choy non")
    for _ in range(20):
        await listener.send(store, ALI, "non choy")
    await pages(store, ALI, "non")  # so that it is indexed
    clock = count()

    def find(connection: Connection) -> SearchPage:
        return finding.find(
            connection, ALI, parse('"choy non"'), None, limit=4, below=None, lobby_history="all",
            steady=lambda: next(clock) / 50, busy=lambda: 0,
        )  # fmt: skip

    page = await store._read(find)  # of both stores
    assert [message.text for message in page.messages] == ["choy non"]


async def test_a_page_ends_after_a_batch(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matches that the user may not read take time as well: their batches end a page like a tick, and the pages together have
    every message."""
    monkeypatch.setattr(finding, "_BATCH", 5)
    monkeypatch.setattr(finding, "FEW", 0)
    monkeypatch.setattr(finding, "MANY", 0)  # conversations are not named, so that all matches are scanned
    pair = await direct(store, ALI, VALI, 1)
    await listener.send(store, ALI, "choy", conversation=pair)
    for _ in range(30):
        sent = await listener.send(store, ALI, "choy")
    late = replace(VALI, lobby_from=sent.seq)
    assert together(await pages(store, late, "choy")) == ["choy"]
    clock, found, below = count(), [], None

    def find(connection: Connection) -> SearchPage:
        return finding.find(
            connection, late, parse("choy"), None, limit=4, below=below, lobby_history="since_joined",
            busy=lambda: next(clock) * finding.PAUSE_SECONDS / 2,
        )  # fmt: skip

    while True:
        page = await store._read(find)  # of both stores
        found.append([message.text for message in page.messages])
        if (below := page.cursor) is None:
            break
    assert together(found) == ["choy"]
    assert len(found) > 2


def test_many_words_come_to_all_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word takes time from one tick to the next, so a search for many words can pause more often than one for few."""
    monkeypatch.setattr(fts5, "STEP", 2)
    monkeypatch.setattr(fts5, "WIDE_STEP", 4)
    new_database(tmp_path / "suhbat.db")
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection, connection.begin():
        insert_new(connection, conversations, [new_log(LOBBY, "lobby", 1)])
        fts5.append(connection, [(1, seq, "gap", ["message"]) for seq in range(1, 9)])

        def ticks(query: str) -> list[int]:
            found = fts5.find(connection, parse(query), [], [], 99, 0, 99, in_steps=True)
            return [id_ for id_, log_id, _ in found if log_id is None]

        assert ticks("non choy kitob") == [12, 8, 4]
        assert ticks("non choy kitob gap") == ticks('"non choy"') == [14, 12, 10, 8, 6, 4, 2]
    engine.dispose()


async def test_a_damaged_index_costs_the_search_only(tmp_path: Path, listener: Listener) -> None:
    """The store opens, and messages are sent and read."""
    async with opened(sqlite(tmp_path / "data"), listener) as store:
        await listener.send(store, ALI, "choy")
        await pages(store, ALI, "choy")
    with closing(sqlite3.connect(tmp_path / "data" / "suhbat.db")) as raw:
        raw.execute("DELETE FROM search_data WHERE id > 10")
        raw.commit()
    async with opened(sqlite(tmp_path / "data"), listener) as store:
        await listener.send(store, ALI, "non")
        assert [message.text for message in (await store.history(ALI, LOBBY)).messages] == ["choy", "non"]


async def test_ticks_are_no_messages(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick has an id that no new message gets, and somebody who wrote nothing has not written."""
    monkeypatch.setattr(fts5, "STEP", 2)
    for _ in range(5):
        await listener.send(store, ALI, "gap")
    assert len(together(await pages(store, ALI, "gap"))) == 5

    if isinstance(store, SQLiteStore):
        found = await store._read(
            lambda c: c.execute(select(search_rows.c.id).order_by(search_rows.c.id)).scalars().all()
        )
        assert found == [1, 3, 5, 7, 9]
    assert not await store._read(lambda c: finding.has_written(c, VALI.uid))
    assert await store._read(lambda c: finding.has_written(c, ALI.uid))
