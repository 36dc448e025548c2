"""The one way to write an event: its numbers, its row, the heads, and the published entries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from suhbat.protocol.events import DraftChanged, MessagePinned
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.tables import conversations, events, idempotency, users
from suhbat.store.write.appender import EventRow
from suhbat.store.write.idempotency import KeyRow
from suhbat.store.write.transaction import WriterTransaction
from suhbat.store.write.writer_cache import WriterCache
from tests.store.parts import ALI, VALI, executed, make_post

from .test_posting import database


@pytest.fixture
def transaction() -> Iterator[WriterTransaction]:
    """An open transaction with the lobby and two own logs loaded."""
    with database() as connection, connection.begin():
        transaction = WriterTransaction(connection, WriterCache())
        transaction.cache.load(connection, (LOBBY,), {}, 1)
        transaction.cache.load_own(connection, (ALI.uid, VALI.uid), 1)
        yield transaction


def heads(connection: Connection) -> dict[str, tuple[int, int]]:
    columns = (conversations.c.name, conversations.c.head, conversations.c.last_ordinal)
    return {name: (head, ordinal) for name, head, ordinal in connection.execute(select(*columns))}


def test_rows_have_the_columns_of_their_tables() -> None:
    """The fields of a row are the columns of its table, in their order, because rows are inserted by position."""
    assert EventRow._fields == tuple(column.name for column in events.columns)
    assert KeyRow._fields == tuple(column.name for column in idempotency.columns)


def test_messages_and_other_events_are_numbered_together(transaction: WriterTransaction) -> None:
    """All events of a log share one `seq`, and messages alone have an `ordinal`. Nothing is written before `flush`."""
    appender, lobby = transaction.appender, transaction.cache.named[LOBBY]
    first = appender.message(lobby, make_post(ALI, "bir"), everyone=False)
    pinned = appender.append(lobby, MessagePinned, VALI, 5, about=1, target=1)
    second = appender.message(lobby, make_post(VALI, "ikki"), everyone=False)
    draft = appender.append(transaction.cache.own[ALI.uid], DraftChanged, ALI, 6, target=LOBBY, text="x")
    assert [(one.seq, one.ordinal) for one in (first, second)] == [(1, 1), (3, 2)]
    assert (pinned.seq, draft.seq, draft.conversation) == (2, 1, ME)
    assert heads(transaction.connection)[LOBBY] == (0, 0)
    appender.flush()
    assert heads(transaction.connection) == {LOBBY: (3, 2), f"@me:{ALI.uid}": (1, 0), f"@me:{VALI.uid}": (0, 0)}
    rows = transaction.connection.execute(select(events.c.seq, events.c.type, events.c.actor_uid, events.c.target))
    assert sorted(map(tuple, rows)) == [
        (1, "draft", ALI.uid, None),
        (1, "message.created", ALI.uid, None),
        (2, "message.pinned", VALI.uid, 1),
        (3, "message.created", VALI.uid, None),
    ]
    assert [(log, one.seq) for log, one in appender.entries] == [
        (LOBBY, 1),
        (LOBBY, 2),
        (LOBBY, 3),
        (f"@me:{ALI.uid}", 1),
    ]


def test_senders_have_a_row_once(transaction: WriterTransaction) -> None:
    """Senders and added users have one row in `users` after `flush`, and are then in the writer cache."""
    appender, lobby = transaction.appender, transaction.cache.named[LOBBY]
    for _ in range(3):
        appender.message(lobby, make_post(ALI), everyone=False)
    appender.add_users((ALI, VALI), 9)
    appender.flush()
    found = transaction.connection.execute(select(users.c.uid, users.c.created_at)).all()
    assert sorted(uid for uid, _ in found) == [ALI.uid, VALI.uid]
    assert transaction.cache.users == {ALI.uid, VALI.uid}


def test_a_flush_is_a_handful_of_statements(transaction: WriterTransaction) -> None:
    """A flush needs one statement each for users, messages and other events, and at most two for heads; none if nothing was
    appended."""
    statements = executed(transaction.connection)
    appender, cache = transaction.appender, transaction.cache
    appender.flush()
    assert statements == []
    for number in range(64):
        appender.message(cache.named[LOBBY], make_post(ALI), everyone=False)
        appender.append(cache.own[(ALI, VALI)[number % 2].uid], DraftChanged, ALI, 6, target=LOBBY, text="x")
    appender.flush()
    assert len([statement for statement in statements if "INTO events" in statement]) == 2
    assert len([statement for statement in statements if "INTO users" in statement]) == 1
    assert (
        len([statement for statement in statements if "UPDATE conversations" in statement]) <= 2
    )  # 3 heads: see `values.parts`


def test_a_rollback_drops_entries(transaction: WriterTransaction) -> None:
    """After a rollback to a mark, later events are neither published nor written, and the cached logs are forgotten."""
    appender, lobby = transaction.appender, transaction.cache.named[LOBBY]
    appender.message(lobby, make_post(ALI, "bir"), everyone=False)
    appender.flush()
    mark = transaction.lengths()
    savepoint = transaction.connection.begin_nested()
    appender.message(lobby, make_post(ALI, "ikki"), everyone=False)
    savepoint.rollback()
    transaction.truncate(mark)
    appender.flush()
    assert [one.event.text for one in appender.entries if isinstance(one.event, LiveMessage)] == ["bir"]
    assert heads(transaction.connection)[LOBBY] == (1, 1)
    assert not transaction.cache.named
