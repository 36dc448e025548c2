"""Changed display names reach the connections: once a second, many in several notices."""

from __future__ import annotations

import pytest

from suhbat.hub import profiles
from suhbat.hub.connection import FrameFormat
from suhbat.protocol.objects import Person

from .parts import Log, connect, running, settle


def person(n: int, name: str = "") -> Person:
    return Person(uid=f"u{n}", user_id=f"n{n}", kind="account", display_name=name or f"Name {n}")


async def test_a_changed_name_reaches_everybody_once() -> None:
    """Changes are collected: a person who changes the name twice is sent once, with the last one. The simple dialect has no
    display names."""
    async with running(Log()) as hub:
        (_, told), (_, simple) = connect(hub, "ua"), connect(hub, "ub", FrameFormat.SIMPLE)
        for one in (person(1), person(2), person(1, "Ali aka")):
            hub.connections.change_profile(one)
        await settle()
        assert told.frames == []
        hub._profiles.send()
        assert [frame["type"] for frame in told.frames] == ["users"]
        assert {user["uid"]: user["display_name"] for user in told.frames[0]["users"]} == {
            "u1": "Ali aka",
            "u2": "Name 2",
        }
        assert simple.frames == []
        hub._profiles.send()
        assert len(told.frames) == 1


async def test_many_changes_cost_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice has at most MOST people; the others come with the next ones, without another change."""
    monkeypatch.setattr(profiles, "COLLECT_SECONDS", 0.0)
    async with running(Log()) as hub:
        _, told = connect(hub, "ua")
        for n in range(2 * profiles.MOST + 1):
            hub.connections.change_profile(person(n))
        while len(told.frames) < 3:
            await settle()
        assert [len(frame["users"]) for frame in told.frames] == [profiles.MOST, profiles.MOST, 1]
