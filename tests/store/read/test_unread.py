"""The ordinal next to a `seq`, however many other events are around it."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, create_engine

from suhbat.store.read import unread
from suhbat.store.tables import conversations, events, metadata
from suhbat.store.write.logs import new_log


@pytest.fixture
def connection() -> Connection:
    """A log of messages at these `seq`s; the first have been deleted by retention."""
    connection = create_engine("sqlite://").connect()
    metadata.create_all(connection)
    connection.execute(conversations.insert(), new_log("lobby", "lobby", 0))
    same = {"conversation_id": 1, "at": 0, "actor": "ali", "actor_uid": "u", "deleted": False}
    rows = [
        same | {"seq": seq, "type": "message.created", "ordinal": ordinal}
        for ordinal, seq in enumerate((5, 6, 9, 30, 31, 90), 4)
    ]
    others = sorted(set(range(3, 101)) - {row["seq"] for row in rows})
    rows += [same | {"seq": seq, "type": "message.created", "ordinal": None} for seq in others]
    connection.execute(events.insert(), rows)
    return connection


@pytest.mark.parametrize("near", [0, 1, 5, unread.NEAR])
def test_the_ordinal_next_to_a_seq(connection: Connection, monkeypatch: pytest.MonkeyPatch, near: int) -> None:
    """The last message at a `seq` or below it, and the first one at it or above, whether they are near or far."""
    monkeypatch.setattr(unread, "NEAR", near)
    places = dict(enumerate((5, 6, 9, 30, 31, 90), 4))
    for seq in range(120):
        below = max((ordinal for ordinal, at in places.items() if at <= seq), default=0)
        above = min((ordinal for ordinal, at in places.items() if at >= seq), default=10)
        assert unread.ordinal_at(connection, 1, seq) == below, seq
        assert unread.next_ordinal(connection, 1, seq) == above or not below, seq
    assert unread.ordinal_at(connection, 2, 50) == 0
