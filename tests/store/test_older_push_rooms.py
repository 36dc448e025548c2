"""A rolling update: rooms that wait for pushes as rows of the version before, over every store. Each person is told of each
message once, whichever node goes on. Their rows are written in parts; here each has one row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from suhbat.chat.ports import Store
from suhbat.store.postgres.store import PostgresStore, prepare
from suhbat.store.write import push_queue
from tests import engines
from tests.fakes import FakeClock

from .house import AT, LOLA, House
from .old import back_to, take_back
from .older_push_rooms import older_node
from .parts import Listener, opened
from .test_push_rooms import ALL, loud_room, parts_of_one, room
from .test_pushes import LEASE, Town, populate, town

__all__ = ["parts_of_one", "room", "town"]

OLDER = "SELECT count(*) FROM push_due WHERE uid = ''"
ROOMS = "SELECT count(*) FROM push_due_rooms"


async def count(store: Any, query: str) -> int:
    return int(await store._read(lambda c: c.execute(text(query)).scalar_one()))


async def part(town: Town) -> None:
    """One transaction of a claim."""
    now = town.clock.wall()
    store: Any = town.store
    assert await store._write(lambda c: push_queue.claim(c, now, now + LEASE, 50, 2, ())) is None


async def told(town: Town, found: dict[str, list[str]]) -> None:
    """Look, claim and settle as a node of this version does; and note who is told what."""
    await town.store.push_backlog()
    due = await town.claim()
    for one in await town.store.push_facts(due):
        if one is not None:
            found[one.uid].append(one.text)
    await town.settle(due)


async def gathered(town: Town, room: str, words: str, *, older: bool = False) -> None:
    """A message, which a node gathers."""
    town.house.at = town.clock.wall()
    await town.house.write(LOLA, room, words)
    if older:
        with older_node():
            await town.gather()
    else:
        await town.store.push_backlog()
        await town.gather()


async def test_a_row_of_the_older_form(town: Town, room: str) -> None:
    """A look adopts it, and says when it is due; then all are told once, and the queue is empty."""
    await gathered(town, room, "bir", older=True)
    assert await count(town.store, OLDER) == 1
    assert (await town.store.push_backlog()).due_at == AT + 8_000
    assert (await count(town.store, OLDER), await count(town.store, ROOMS)) == (0, 1)
    assert await town.told() == dict.fromkeys(ALL, "bir")
    assert await town.told() == {}
    assert (await town.store.push_backlog()).due_at is None


async def test_an_older_node_that_is_gone(town: Town, room: str) -> None:
    """It had written the rows of some people. The others are told, and they not again."""
    await gathered(town, room, "bir", older=True)
    town.clock.advance(8)
    with older_node():
        await part(town)
    found: dict[str, list[str]] = defaultdict(list)
    for _ in range(3):
        await told(town, found)
        town.clock.advance(8)
    assert found == {uid: ["bir"] for uid in ALL}


async def test_rows_of_both(town: Town, room: str) -> None:
    """Messages that different nodes gathered, one after another, are due together: of them all people are told once."""
    await gathered(town, room, "bir", older=True)
    await gathered(town, room, "ikki")
    await gathered(town, room, "uch", older=True)
    await gathered(town, room, "toʻrt", older=True)
    await gathered(town, room, "besh")
    found: dict[str, list[str]] = defaultdict(list)
    town.clock.advance(8)
    for _ in range(3):
        await told(town, found)
        town.clock.advance(8)
    assert found == {uid: ["besh"] for uid in ALL}
    assert (await count(town.store, OLDER), await count(town.store, ROOMS)) == (0, 0)


async def test_both_go_on(town: Town, room: str) -> None:
    """Parts of a room are written by nodes of either version, while both gather more messages."""
    found: dict[str, list[str]] = defaultdict(list)
    for number in range(4):
        await gathered(town, room, f"eski {number}", older=True)
        town.clock.advance(8)
        with older_node():
            await part(town)
        await gathered(town, room, f"yangi {number}")
        if number % 2:
            await told(town, found)
    for _ in range(3):
        town.clock.advance(8)
        await told(town, found)
    assert found.keys() == ALL
    for texts in found.values():
        assert len(texts) == len(set(texts)) and texts[-1] == "yangi 3", found
    assert (await count(town.store, OLDER), await count(town.store, ROOMS)) == (0, 0)


async def test_a_row_that_an_older_node_has_locked(town: Town, room: str) -> None:
    """It is not waited for: posts would wait, too. The next look adopts it."""
    if not isinstance(town.store, PostgresStore):
        pytest.skip("one process at a time writes to SQLite")
    await gathered(town, room, "bir", older=True)
    with psycopg.connect(town.store._url) as other:
        assert other.execute("SELECT 1 FROM push_due WHERE uid = '' FOR UPDATE").fetchone()
        assert (await town.store.push_backlog()).due_at is None
        assert await count(town.store, OLDER) == 1
    assert (await town.store.push_backlog()).due_at == AT + 8_000
    assert await count(town.store, OLDER) == 0


@pytest.mark.parametrize("begun", [False, True])
async def test_over_the_migration(make: Callable[..., Store], tmp_path: Path, begun: bool) -> None:
    """Rooms that wait at an update are told by the new version, on SQLite and on PostgreSQL."""
    place, clock, listener = tmp_path / "data", FakeClock(), Listener()
    async with opened(make(place, clock=clock), listener) as store:
        await populate(store)
        town = Town(store, House(store, listener), clock)
        made = await loud_room(town)
        await gathered(town, made, "bir", older=True)
        if begun:
            town.clock.advance(8)
            with older_node():
                await part(town)
            await gathered(town, made, "ikki", older=True)
    older = migrated(place)
    async with opened(make(place, clock=clock), listener) as store:
        town.store = town.house.store = store
        assert await count(store, OLDER) == older
        await gathered(town, made, "uch")
        found: dict[str, list[str]] = defaultdict(list)
        for _ in range(4):
            await told(town, found)
            town.clock.advance(8)
        texts = [["bir", "uch"]] if begun else [["uch"]]
        assert found.keys() == ALL and all(one in texts for one in found.values()), found
        assert await count(store, OLDER) == await count(store, ROOMS) == 0


def migrated(place: Path) -> int:
    """Bring the database back to the schema before, with the rows that are there, and migrate it. Returns how many rows of the
    older form it has then, before a server opens it: none on SQLite, where no older node takes part in an update."""
    if (place / "suhbat.db").exists():
        take_back(place / "suhbat.db", "0030")
        return 0
    with psycopg.connect(engines.database_of(place), autocommit=True) as database:
        database.execute(back_to("0030", postgres=True))
    assert prepare(engines.database_of(place)) == "0030"
    with psycopg.connect(engines.database_of(place)) as database:
        (found,) = database.execute(OLDER).fetchall()
    assert found[0] > 0
    return int(found[0])
