"""The position of a connection in its logs: the hub returns it, and only the hub changes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from suhbat.chat.model import Places
from tests.servers import ROOT

from .parts import Log, connect, running, settle

POSITION = {
    "announced", "echo", "feeding", "floors", "flushed", "head", "held", "lag", "listeners", "live", "logs",
    "missed_presence", "pending", "pong_tick", "targets", "advanced_tick",
}  # fmt: skip
"""The attributes of a connection and of a channel that say where it is."""
CHANGES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}


def changed(source: str) -> Iterator[str]:
    """The attributes of other objects that this code assigns, deletes or changes in place."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            attribute: ast.expr = node
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            attribute = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            attribute = node.func.value
        else:
            continue
        if isinstance(attribute, ast.Attribute) and not (
            isinstance(attribute.value, ast.Name) and attribute.value.id == "self"
        ):
            yield attribute.attr


@pytest.mark.parametrize(
    "line",
    ["one.live = False", "one.lag[key] = 1", "del one.lag[key]", "self.one.targets.append(x)", "room.echo |= True"],
)
def test_a_change_is_noticed(line: str) -> None:
    """The check finds each way to write a change."""
    assert set(changed(line)) & POSITION


def test_only_the_hub_changes_a_position() -> None:
    """No module outside of the hub assigns or changes a part of a position."""
    for path in sorted((ROOT / "suhbat").rglob("*.py")):
        place = path.relative_to(ROOT / "suhbat").parts[0]
        if place not in ("hub", "client", "store"):  # the other modules have no connections
            assert not set(changed(path.read_text(encoding="utf-8"))) & POSITION, path


async def test_the_position_is_the_last_write() -> None:
    """The position of a live connection moves with each write; that of one behind stays at the last event written to
    it."""
    log = Log()
    async with running(log) as hub:
        (one, _), (slow, wire) = connect(hub, "ua"), connect(hub, "ub")
        hub.apply([log.write()])
        assert hub.position(one) == {"lobby": 0, "@me:ua": 0}, "nothing was written yet"
        await settle()
        wire.congested = True
        hub.apply([log.write()])
        await settle()
        assert (hub.position(one)["lobby"], hub.position(slow)["lobby"]) == (2, 1)
        wire.drain()
        await settle()
        assert hub.position(slow) == {"lobby": 2, "@me:ub": 0}


async def test_sync_takes_a_connection_back() -> None:
    """It goes back in the logs that it follows, and in no other. Then it gets the events above again."""
    log = Log()
    async with running(log) as hub:
        connection, wire = connect(hub, "ua")
        hub.apply([log.write(), log.write(), log.write()])
        hub.sync(connection, {"lobby": 1, "elsewhere": 7})
        assert not connection.live and hub.position(connection) == {"lobby": 1, "@me:ua": 0}
        assert wire.seqs() == [1, 2, 3], "pending frames were written before"
        hub.catch_up(connection, None)
        await settle()
        assert wire.seqs() == [1, 2, 3, 2, 3] and connection.live


async def test_following_again_moves_the_cursor() -> None:
    """`follow` on a log that the connection follows already replaces the cursor and takes what the store read."""
    log = Log()
    for _ in range(3):
        log.write("d1")
    async with running(log) as hub:
        connection, wire = connect(hub, "ua", live=False)
        hub.follow(connection, {"d1": 0})
        hub.follow(connection, {"d1": 2}, Places({"d1": 3}, alone=frozenset({"d1"})))
        assert hub.channels.by_log["d1"].echo
        hub.catch_up(connection, None)
        await settle()
        assert wire.seqs("d1") == [3] and connection.live
