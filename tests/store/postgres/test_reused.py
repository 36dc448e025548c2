"""A database that is used again is like one that nobody used."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests import engines
from tests.reused import alike, model
from tests.store.house import House
from tests.store.parts import ALI, VALI, Listener, opened, postgres


async def test_it_is_as_new(tmp_path: Path) -> None:
    """Rows, sequences and what stands in the database from the beginning; a connection that is left is ended."""
    empty = engines.postgres().url("empty")
    url = engines.database_of(tmp_path / "data")
    async with opened(postgres(tmp_path / "data"), listener := Listener()) as store:
        await House(store, listener).room(ALI, VALI, title="Choyxona")
    with psycopg.connect(url) as left:
        left.execute("SELECT 1")
        left.execute("LOCK TABLE events")
        assert alike(url, empty)
        assert model.__wrapped__(url) == model(empty)
        left.close()


def test_other_tables_are_not_taken(tmp_path: Path) -> None:
    """A test that changed the schema takes its database along."""
    url = engines.database_of(tmp_path)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE events ADD COLUMN more integer")
    assert not alike(url, engines.postgres().url("empty"))
    engines.give_back(tmp_path)
    assert engines.database_of(tmp_path / "another") != url
