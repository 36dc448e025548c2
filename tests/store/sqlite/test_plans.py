"""Frequent reads use the partial indexes that were made for them. SQLite uses one only for a condition in its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from suhbat.chat.slash import Slash
from suhbat.store import pushes
from suhbat.store.dialect import delete_rows
from suhbat.store.read import files, positions, states, unread
from suhbat.store.sqlite import connect
from suhbat.store.tables import push_due
from suhbat.store.write import limits, push_queue, slashes
from suhbat.store.write.logs import Log
from tests.store.parts import ALI, executed, make_post, migrated

PAGE = 100
LOG = Log(1, "r-choyxona", "room", 0, 0, 0, {ALI.uid: "member"})
COMMAND = make_post(ALI, "/eslat", conversation=LOG.name, slash=Slash("eslat", None, ""))
READS: list[tuple[str, Callable[[Connection], object]]] = [
    ("events_deleted", lambda connection: unread.count_deleted(connection, 1, ALI.uid, 0, 10)),
    ("events_deleted", lambda connection: states.states(connection, ALI, "all", None, PAGE)),
    ("events_deleted", lambda connection: states.states_of_many(connection, [ALI], "all")),
    ("members_shown", lambda connection: states.states(connection, ALI, "all", None, PAGE)),
    ("members_shown", lambda connection: states.states_of_many(connection, [ALI], "all")),
    ("members_shown", lambda connection: positions.places(connection, ALI, "all")),
    ("members_shown", lambda connection: positions.places_of_many(connection, [ALI], "all")),
    ("files_kind", lambda connection: connection.execute(files.shown_in(1, 0, "audio", None)).all()),
    ("files_loose", lambda connection: files.unfinished(connection, 1)),
    ("bot_commands_name", lambda connection: slashes.taker_of(connection, COMMAND, LOG)),
    ("members_counted", lambda connection: limits.count_conversations(connection, ALI.uid)),
    ("push_due_due_at", lambda connection: pushes._backlog(connection)),
    ("push_due_rooms_due_at", lambda connection: pushes._backlog(connection)),
    ("push_due_due_at", lambda connection: push_queue.claim(connection, 9, 9, 50, 2, ())),
    ("push_due_rooms_due_at", lambda connection: push_queue.claim(connection, 9, 9, 50, 2, ())),
]
KEY = ("uid", "conversation_id", "subscription_id")
DELETIONS: list[tuple[list[tuple[Any, ...]], str | None]] = [
    ([("u-ali", 1, "")], None),
    ([("u-ali", 1, ""), ("u-vali", 1, "")], None),
    ([("u-ali", 1, "", 7)], "seq"),
    ([("u-ali", 1, "", 7)] * 50, "seq"),
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
    run: list[str] = []
    with engine.connect() as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(run.append)  # not every read goes through SQLAlchemy
        read(connection)
        driver.set_trace_callback(None)
        plans = [step.detail for text in run for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any(index in step for step in plans), "\n".join(plans)


@pytest.mark.parametrize(("rows", "upto"), DELETIONS)
def test_many_rows_are_deleted_by_their_key(engine: Engine, rows: list[tuple[Any, ...]], upto: str | None) -> None:
    """SQLite looks each of them up: it never goes through the table."""
    run: list[str] = []
    with engine.connect() as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(run.append)
        delete_rows(connection, push_due, KEY, rows, upto=upto)
        driver.set_trace_callback(None)
        steps = [step.detail for text in run for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    steps = [step for step in steps if "push_due" in step]
    assert steps and all(step.startswith("SEARCH push_due") for step in steps), "\n".join(steps)


@pytest.mark.parametrize(
    ("look", "statements"),
    [(pushes._backlog, 1), (lambda connection: push_queue.claim(connection, 9, 9, 50, 2, ()), 2)],
)
def test_a_look_for_pushes(engine: Engine, look: Callable[[Connection], object], statements: int) -> None:
    """While nothing waits it asks for all rows of the queue together, and a claim for rooms and for people. Neither goes
    through a table."""
    with engine.connect() as connection, connection.begin():
        run = executed(connection)
        look(connection)
        asked = [text for text in run if "push_due" in text]
        assert len(asked) == statements, run
        steps = [step.detail for text in asked for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert not [step for step in steps if step.startswith("SCAN push_due")], steps
