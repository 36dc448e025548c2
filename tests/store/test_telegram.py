"""Every sentence of chat.ports.UpdateStore, over every store: a bot is told of each event once, in order, and only of what it
may read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.model import HOOK_PREFIX, Actor, OutgoingHook
from suhbat.chat.ports import Store
from suhbat.errors import NotFound, Unauthenticated
from suhbat.protocol import commands
from suhbat.protocol.bots import BotCommand
from suhbat.protocol.logged_events import model_of
from suhbat.protocol.types import LOBBY
from suhbat.store import telegram
from suhbat.store.read.telegram import MOST_LOGS
from suhbat.store.write.telegram import keep
from tests.fakes import FakeClock

from .house import House
from .parts import ALI, VALI, Listener, direct, opened
from .people.test_people import account

BOT = Actor("u-bot", "bot", "bot", 0, owner="u-ali")
OTHER = Actor("u-other", "boshqa", "bot", 0, owner="u-ali")
MESSAGES = ("message.created",)
DAY = 24 * 3600.0
Told = list[tuple[int, str]]


@dataclass
class Town:
    """A store with two people and two bots."""

    store: Store
    house: House
    clock: FakeClock

    async def asks(self, offset: int = 0, types: tuple[str, ...] = MESSAGES, limit: int = 100) -> Told:
        """The number and the text (or the type) of each update that the bot gets."""
        await self.store.begin_poll(BOT.uid, offset, "n")
        found = await self.store.numbered_events(BOT, limit)
        if not found:
            await self.store.number_events(BOT, types, limit)
            found = await self.store.numbered_events(BOT, limit)
        events = [(one.number, model_of(one.event.event)) for one in found if one.event is not None]
        return [
            (number, event.message.text if event.type == "message.created" else event.type) for number, event in events
        ]

    def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.house.at = self.clock.wall()


@pytest.fixture
async def town(make: Callable[..., Store], tmp_path: Path) -> AsyncIterator[Town]:
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        for person in (ALI, VALI):
            await store.add_account(account(person.user_id))
        for bot in (BOT, OTHER):
            await store.add_account(account(bot.user_id, uid=bot.uid, owner_uid="u-ali", bot_api="telegram"))
        house = House(store, listener)
        house.at = clock.wall()
        yield Town(store, house, clock)


async def test_each_event_once(town: Town) -> None:
    """What is not confirmed comes again with the same number; what is confirmed never does."""
    await town.house.write(ALI, text="bir")
    await town.house.write(ALI, text="ikki")
    assert await town.asks() == [(1, "bir"), (2, "ikki")]
    assert await town.asks() == [(1, "bir"), (2, "ikki")]
    await town.house.write(VALI, text="uch")
    assert await town.asks(2) == [(2, "ikki")]
    assert await town.asks(3) == [(3, "uch")]
    assert await town.asks(4) == []
    await town.house.write(VALI, text="toʻrt")
    assert await town.asks() == [(4, "toʻrt")]


async def test_a_negative_offset(town: Town) -> None:
    """-1 confirms all but the last update."""
    for text in ("bir", "ikki", "uch"):
        await town.house.write(ALI, text=text)
    await town.asks()
    assert await town.asks(-1) == [(3, "uch")]


async def test_the_order_of_all_chats(town: Town) -> None:
    """Events of several chats come in the order of time, in pages, none twice."""
    room = await town.house.room(ALI, VALI, BOT)
    place = await direct(town.store, ALI, BOT, town.house.at)
    expected = []
    for number in range(12):
        town.later(1)
        text = f"m{number}"
        await town.house.write(ALI, (LOBBY, room, place)[number % 3], text)
        expected.append((number + 1, text))
    found: Told = []
    while page := await town.asks(found[-1][0] + 1 if found else 0, limit=5):
        found += page
    assert found == expected


async def test_more_chats_than_are_read_at_once(town: Town) -> None:
    """A bot in many rooms gets what happened in each of them, once."""
    rooms: list[str] = []
    while len(rooms) < MOST_LOGS + 5:
        rooms += [await town.house.room(ALI, BOT) for _ in range(41)]
        town.later(DAY / 2)  # nobody makes so many rooms in a day
    await town.asks()
    for n, room in enumerate(rooms):
        await town.house.write(ALI, room, f"m{n}")
    found: Told = []
    while page := await town.asks(found[-1][0] + 1 if found else 0):
        found += page
    assert sorted(text for _, text in found) == sorted(f"m{n}" for n in range(len(rooms)))
    assert [number for number, _ in found] == list(range(1, len(rooms) + 1))


async def test_what_it_may_not_read(town: Town) -> None:
    """Nothing of rooms in which it is not, of before it joined, nor of a room that it has left since the event was numbered;
    nor what bots write, itself included; nor what was deleted."""
    room = await town.house.room(ALI, VALI, history="joined")
    await town.house.write(ALI, room, "oldin")
    await town.house.admit(ALI, room, BOT)
    await town.house.admit(ALI, room, OTHER)
    await town.house.write(OTHER, room, "bot")
    await town.house.write(BOT, room, "oʻzim")
    gone = await town.house.write(ALI, room, "oʻchadi")
    await town.house.write(ALI, room, "keyin")
    await town.house.do(commands.Delete, ALI, room, seq=gone)
    assert await town.asks() == [(1, "keyin")]
    await town.house.do(commands.Remove, ALI, room, person=BOT)
    assert await town.asks() == []


async def test_the_present_text(town: Town) -> None:
    """An update that waits shows its message as it is now."""
    seq = await town.house.write(ALI, text="xato")
    assert await town.asks() == [(1, "xato")]
    await town.house.do(commands.Edit, ALI, LOBBY, seq=seq, text="toʻgʻri")
    assert await town.asks() == [(1, "toʻgʻri")]


async def test_the_chosen_types(town: Town) -> None:
    """Only events of the types that were asked for are numbered."""
    seq = await town.house.write(ALI, text="bir")
    await town.house.do(commands.Edit, ALI, LOBBY, seq=seq, text="ikki")
    await town.house.do(commands.React, ALI, LOBBY, seq=seq, emoji="👍", on=True)
    assert await town.asks(types=("message.edited",)) == [(1, "message.edited")]
    assert await town.asks(2) == []


async def test_a_day(town: Town) -> None:
    """What is older than a day is not told, whether it was numbered or not."""
    await town.house.write(ALI, text="eski")
    town.later(DAY + 1)
    await town.house.write(ALI, text="yangi")
    assert await town.asks() == [(1, "yangi")]
    town.later(DAY + 1)
    assert await town.asks() == []
    await town.house.write(ALI, text="yana")
    assert await town.asks() == [(2, "yana")]
    assert await town.store.count_updates(BOT.uid) == 1


async def test_nothing_to_tell(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a bot is not told of is not written down each time: a poll that waits looks whenever anything happens. After many
    such events the place is kept, so that they are not read for ever."""
    await town.asks()
    writes = 0
    write = type(town.store)._write

    async def counted(*args: Any, **named: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(*args, **named)

    monkeypatch.setattr(type(town.store), "_write", counted)
    monkeypatch.setattr(telegram, "PASSED", 5)
    for number in range(8):
        await town.house.write(OTHER, text=f"b{number}")
        assert not await town.store.number_events(BOT, MESSAGES, 100)
    assert writes == 1
    await town.house.write(ALI, text="bir")
    assert await town.asks() == [(1, "bir")]


async def test_webhooks(town: Town) -> None:
    """Bots are not told of what webhooks post, as of what bots do."""
    await town.house.write(Actor("u-hook", f"{HOOK_PREFIX}CI", "hook", 0, "member", "u-ali"), text="deploy")
    await town.house.write(ALI, text="bir")
    assert await town.asks() == [(1, "bir")]
    assert await town.store.count_updates(BOT.uid) == 1


async def test_two_nodes_number_at_once(town: Town) -> None:
    """Of two that number the same events, one is refused and looks again."""
    await town.house.write(ALI, text="bir")
    await town.store.begin_poll(BOT.uid, 0, "n")
    store = town.store
    after = town.clock.wall() - 1000

    def read_and_keep(connection: object) -> bool:
        from suhbat.store.read.telegram import unnumbered

        found = unnumbered(connection, BOT, MESSAGES, 100, after, "since_joined")
        first = keep(connection, BOT.uid, found, after)
        return first and not keep(connection, BOT.uid, found, after)

    assert await store._write(read_and_keep)
    assert await town.asks() == [(1, "bir")]


async def test_who_asks(town: Town) -> None:
    """A later poll takes the place of the one before, on any node."""
    await town.store.begin_poll(BOT.uid, 0, "a")
    assert await town.store.is_polling(BOT.uid, "a")
    await town.store.begin_poll(BOT.uid, 0, "b")
    assert not await town.store.is_polling(BOT.uid, "a")


async def test_erasure(town: Town) -> None:
    """Nothing of a bot stays when it is erased."""
    await town.house.write(ALI, text="bir")
    await town.asks()
    await town.store.erase(BOT, town.house.at, with_messages=False)
    assert await town.store.count_updates(BOT.uid) == 0
    assert not await town.store.is_polling(BOT.uid, "n")


async def test_a_call_of_a_bot_that_is_being_erased(town: Town) -> None:
    """Its login was checked a moment ago, at this node or another. It gets the answer of a wrong token, nothing is written, and
    a poll finds an end, whatever is there to tell."""
    await town.house.write(ALI, text="bir")
    await town.asks()
    await town.store.erase(BOT, town.house.at, with_messages=False)
    with pytest.raises(Unauthenticated):
        await town.store.begin_poll(BOT.uid, 0, "n")
    assert not await town.store.number_events(BOT, MESSAGES, 10)
    assert await town.store.numbered_events(BOT, 10) == []
    await town.store.confirm_updates(BOT.uid, 5)
    await town.store.end_webhook(BOT.uid, drop=True)
    with pytest.raises(NotFound):
        await town.store.set_bot_commands(BOT.uid, (BotCommand(name="ob_havo", description="Ob-havo"),))
    assert not await town.store.is_polling(BOT.uid, "n")


async def test_the_session_of_whoever_sets_a_webhook(town: Town) -> None:
    """It has to be there still: a token may have been replaced a moment ago."""
    hook = OutgoingHook("k1", BOT.uid, "u-ali", "bot", "https://b.example.org/", "", MESSAGES, (), 1, bot_uid=BOT.uid)
    with pytest.raises(Unauthenticated):
        await town.store.set_webhook(hook, "s-gone")
    assert await town.store.webhook(BOT.uid) is None
    await town.store.set_webhook(hook)
    assert (await town.store.webhook(BOT.uid) or hook).url == hook.url


async def test_the_direct_of_two(town: Town) -> None:
    """Whoever opened it; none is made by asking."""
    assert await town.store.direct_of(BOT.uid, "u-ali") is None
    place = await direct(town.store, ALI, BOT, town.house.at)
    assert await town.store.direct_of(BOT.uid, "u-ali") == await town.store.direct_of("u-ali", BOT.uid) == place
    assert await town.store.direct_of(OTHER.uid, "u-ali") is None
