"""Frequent reads use the partial indexes that were made for them. SQLite uses one only for a condition in its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from suhbat.store.read import positions, states, unread
from suhbat.store.sqlite import connect
from suhbat.store.write import limits
from tests.store.parts import ALI, migrated

PAGE = 100
READS: list[tuple[str, Callable[[Connection], object]]] = [
    ("events_deleted", lambda connection: unread.count_deleted(connection, 1, ALI.uid, 0, 10)),
    ("events_deleted", lambda connection: states.states(connection, ALI, "all", None, PAGE)),
    ("events_deleted", lambda connection: states.states_of_many(connection, [ALI], "all")),
    ("members_shown", lambda connection: states.states(connection, ALI, "all", None, PAGE)),
    ("members_shown", lambda connection: states.states_of_many(connection, [ALI], "all")),
    ("members_shown", lambda connection: positions.places(connection, ALI, "all")),
    ("members_shown", lambda connection: positions.places_of_many(connection, [ALI], "all")),
    ("members_counted", lambda connection: limits.count_conversations(connection, ALI.uid)),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine over an empty database."""
    (tmp_path / "suhbat.db").write_bytes(migrated())
    engine = connect.writing(tmp_path / "suhbat.db")
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("index", "read"), READS)
def test_the_read_uses_its_index(engine: Engine, index: str, read: Callable[[Connection], object]) -> None:
    """The plan of one of its statements names the index."""
    run: list[tuple[str, object]] = []
    with engine.connect() as connection, connection.begin():
        event.listen(connection, "before_cursor_execute", lambda *of: run.append((of[2], of[3])))
        read(connection)
        plans = [
            step.detail
            for text, parameters in list(run)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
        ]
    assert any(index in step for step in plans), "\n".join(plans)
