"""Rooms in which many people want to be told of everything, over every store. Their rows are written in parts; here each has
one row."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete

from suhbat.protocol import commands
from suhbat.store.tables import conversations
from suhbat.store.write import push_queue, push_rooms

from .parts import ALI, VALI
from .test_pushes import DELAY, HOUR, LEASE, LOLA, SOLI, Town, town

__all__ = ["town"]
ALL = {"u-ali", "u-vali", "u-soli"}


@pytest.fixture(autouse=True)
def parts_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_rooms, "PART", 1)
    monkeypatch.setattr(push_rooms, "ROOM_COSTS", 0)


@pytest.fixture
async def room(town: Town) -> str:
    return await loud_room(town)


async def loud_room(town: Town) -> str:
    """A room of everybody; all who have a subscription want to be told of everything."""
    made = await town.house.room(LOLA, ALI, VALI, SOLI)
    for person in (ALI, VALI, SOLI):
        await town.house.do(commands.SetNotify, person, made, level="all", until=None)
    await town.gather()
    return made


async def one_part(town: Town, seconds: float = 8.0) -> None:
    """The first transaction of a claim after these seconds."""
    await town.gather()
    town.clock.advance(seconds)
    now = town.house.at = town.clock.wall()
    store: Any = town.store
    assert await store._write(lambda c: push_queue.claim(c, now, now + LEASE, 50, 2, ())) is None


async def test_all_are_told_once(town: Town, room: str) -> None:
    """Of many messages, of the last; and the queue is empty then."""
    await town.house.write(LOLA, room, "bir")
    await town.gather()
    await town.house.write(LOLA, room, "ikki")
    assert await town.told() == dict.fromkeys(ALL, "ikki")
    assert await town.told() == {}
    assert (await town.store.push_backlog()).due_at is None


async def test_it_goes_on_where_it_was(town: Town, room: str) -> None:
    """What is written is in the store with how far it is; and messages that come meanwhile are told later, to all."""
    await town.house.write(LOLA, room, "bir")
    await one_part(town)
    await town.house.write(LOLA, room, "ikki")
    await town.gather()
    due = await town.claim()
    facts = await town.store.push_facts(due)
    assert {one.uid: one.text for one in facts if one is not None} == dict.fromkeys(ALL, "bir")
    await town.settle(due)
    assert await town.told() == dict.fromkeys(ALL, "ikki")
    assert await town.told() == {}


async def test_a_mention_meanwhile(town: Town, room: str) -> None:
    """In a thread, of which the rows of rooms know nothing: it is not forgotten because of the messages before it."""
    root = await town.house.write(LOLA, room, "bir")
    await one_part(town)
    await town.house.write(LOLA, room, "@vali", thread=root, named=("u-vali",))
    await town.gather()
    await town.settle(await town.claim())
    assert (await town.told()) == {"u-vali": "@vali"}


async def test_a_mention_meanwhile_that_is_deleted(town: Town, room: str) -> None:
    """Its row was there before that of the message, which is older. It is told of that."""
    root = await town.house.write(LOLA, room, "bir")
    await one_part(town)
    seq = await town.house.write(LOLA, room, "@vali", thread=root, named=("u-vali",))
    await town.gather()
    await town.house.do(commands.Delete, LOLA, room, seq=seq)
    assert await town.told(0) == dict.fromkeys(ALL - {"u-vali"}, "bir")
    assert await town.told() == {"u-vali": "bir"}


async def test_those_who_left_or_want_less_meanwhile(town: Town, room: str) -> None:
    """Who leaves, or chooses another level, before the room is due has no row of their own and is told nothing."""
    await town.house.write(LOLA, room, "bir")
    await town.gather()
    await town.house.do(commands.Remove, LOLA, room, person=VALI)
    await town.house.do(commands.SetNotify, SOLI, room, level="none", until=None)
    assert await town.told() == {"u-ali": "bir"}
    assert (await town.store.push_backlog()).due_at is None


async def test_a_room_that_is_deleted(town: Town, room: str) -> None:
    """What waits for it is deleted with it."""
    store: Any = town.store
    await town.house.write(LOLA, room, "bir")
    await town.gather()
    assert (await store.push_backlog()).due_at is not None
    await store._write(lambda c: c.execute(delete(conversations).where(conversations.c.name == room)) and None)
    assert (await store.push_backlog()).due_at is None


async def test_old_messages_of_rooms_expire(town: Town, room: str) -> None:
    """If nobody claims for a day, nobody is told of them any more."""
    await town.house.write(LOLA, room, "bir")
    await town.gather()
    town.clock.advance(24 * 3600)
    assert await town.store.claim_pushes(town.clock.wall() + LEASE, 50, 2, ()) == ([], 3)
    assert (await town.store.push_backlog()).due_at is None


async def test_two_rooms(town: Town, room: str) -> None:
    """All that is due is written before a claim, also if one room has nobody any more who wants it."""
    other = await town.house.room(LOLA, VALI)
    await town.house.do(commands.SetNotify, VALI, other, level="all", until=None)
    for one in (other, room):
        await town.house.write(LOLA, one, one)
    await town.gather()
    await town.house.do(commands.SetNotify, VALI, other, level="none", until=None)
    assert await town.told() == dict.fromkeys(ALL, room)


async def test_nobody_wants_it(town: Town) -> None:
    """A room in which only its writer wants everything, and has a subscription, costs nothing."""
    made = await town.house.room(ALI, VALI, LOLA)
    for person in (ALI, LOLA):
        await town.house.do(commands.SetNotify, person, made, level="all", until=None)
    await town.house.write(ALI, made, "salom")
    await town.gather()
    assert (await town.store.push_backlog()).due_at is None


async def test_a_clock_that_was_ahead(town: Town, room: str) -> None:
    """A room that waits for a time of such a clock is due when it is set back."""
    town.house.at += 5 * HOUR
    await town.house.write(LOLA, room, "ertaga")
    await town.gather()
    assert (await town.store.push_backlog()).due_at == town.house.at + DELAY
    await town.store.free_pushes(town.clock.wall() + DELAY, 1 << 62)
    assert (await town.store.push_backlog()).due_at == town.clock.wall()
    assert await town.told(0) == dict.fromkeys(ALL, "ertaga")
