"""Of which messages users are notified, over every store."""

from __future__ import annotations

import pytest

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.errors import NotFound
from suhbat.protocol import commands
from suhbat.protocol.events import NotifyChanged
from suhbat.protocol.objects import Notify
from suhbat.protocol.types import LOBBY
from tests.store.house import AT, LOLA, LORD, House
from tests.store.parts import ALI, VALI, Listener, direct

HOUR = 3_600_000


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


async def level(house: House, actor: Actor, conversation: str) -> Notify | None:
    return (await house.state(actor, conversation)).notify


async def test_defaults(house: House) -> None:
    """Directs notify of everything, other conversations of mentions; the state says so also in `conversation.added`."""
    room, of_two = await house.room(ALI, VALI), await direct(house.store, ALI, VALI, AT)
    assert [await level(house, VALI, one) for one in (LOBBY, room, of_two)] == [
        Notify(level="mentions"),
        Notify(level="mentions"),
        Notify(level="all"),
    ]


async def test_a_choice_is_the_users_own(house: House) -> None:
    """The user's devices get `notify`, others nothing. A repeat changes nothing."""
    room = await house.room(ALI, VALI)
    [event] = await house.told(commands.SetNotify, ALI, room, level="all", until=AT + HOUR)
    assert isinstance(event, NotifyChanged)
    assert (event.target, event.level, event.until) == (room, "all", AT + HOUR)
    assert await level(house, ALI, room) == Notify(level="all", until=AT + HOUR)
    assert await level(house, VALI, room) == Notify(level="mentions")
    await house.quiet(commands.SetNotify, ALI, room, level="all", until=AT + HOUR)


async def test_the_default_is_a_choice_too(house: House) -> None:
    """It replaces another choice, and so does a choice that is over already."""
    of_two = await direct(house.store, ALI, VALI, AT)
    for last in ({"level": "all"}, {"level": "mentions", "until": AT}):
        await house.do(commands.SetNotify, ALI, of_two, level="none")
        result = await house.do(commands.SetNotify, ALI, of_two, **last)
        assert result.notify == await level(house, ALI, of_two) == Notify(level="all")
    events = [e for e in await house.own(ALI) if isinstance(e, NotifyChanged)]
    assert [(e.level, e.until) for e in events] == [("none", None), ("all", None)] * 2


async def test_a_time_that_passes_needs_no_work(house: House) -> None:
    """After `until` the state still has the choice, which no longer holds; a new one replaces it."""
    await house.do(commands.SetNotify, ALI, LOBBY, level="none", until=AT + 5)
    house.at += 6
    assert await level(house, ALI, LOBBY) == Notify(level="none", until=AT + 5)
    await house.do(commands.SetNotify, ALI, LOBBY, level="mentions")
    assert await level(house, ALI, LOBBY) == Notify(level="mentions")


async def test_a_member_who_comes_back_begins_anew(house: House) -> None:
    """Leaving a room deletes the choice; hiding a direct keeps it."""
    room, of_two = await house.room(ALI, VALI), await direct(house.store, ALI, VALI, AT)
    for place in (room, of_two):
        await house.do(commands.SetNotify, VALI, place, level="none")
        await house.do(commands.Leave, VALI, place)
    await house.admit(ALI, room, VALI)
    await house.write(ALI, of_two)
    assert [await level(house, VALI, one) for one in (room, of_two)] == [Notify(level="mentions"), Notify(level="none")]


@pytest.mark.parametrize("who", [LOLA, LORD])
async def test_refusals(house: House, who: Actor) -> None:
    """A private room does not exist for those who are not in it."""
    room = await house.room(ALI, VALI)
    await house.refused(NotFound, None, commands.SetNotify, who, room, level="none")
