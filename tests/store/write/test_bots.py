"""Bots in rooms: they are there only together with their owner, and never above them; who adds them; what they may do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from suhbat.chat.bots import BOTS_OF_ONE
from suhbat.chat.bounds import DAY, INVITATIONS
from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import BadRequest, Forbidden, NotFound, TooManyInvitations, Unauthenticated, UserNotFound
from suhbat.protocol import commands
from suhbat.protocol.bots import BotCommand
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationInvited,
    ConversationRemoved,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
)
from suhbat.protocol.types import LOBBY
from tests.store.house import House
from tests.store.parts import Listener, everything
from tests.store.people.test_people import account, session

OWNER = Actor("u-ali", "ali", "account", 0)
OTHER = Actor("u-vali", "vali", "account", 0)
THIRD = Actor("u-soli", "soli", "account", 0)
BOT = Actor("u-bot", "bot", "bot", 0, owner="u-ali")
LONE = Actor("u-lone", "lone", "bot", 0, owner="u-soli")


@pytest.fixture
async def house(store: Store, listener: Listener) -> AsyncIterator[House]:
    for name in ("ali", "vali", "soli"):
        await store.add_account(account(name))
    await store.add_account(account("bot", owner_uid="u-ali", bot_api="native"))
    await store.add_account(account("lone", owner_uid="u-soli", bot_api="native"))
    yield House(store, listener)


async def with_bot(house: House, role: str = "member") -> str:
    """A room of OTHER in which OWNER has this role, with the bot and a message."""
    room = await house.room(OTHER, OWNER, title="Choyxona")
    await house.do(commands.Admit, OTHER, room, person=OWNER, role="moderator", exempt=True)
    await house.do(commands.Admit, OWNER, room, person=BOT, role="member")
    if role != "moderator":
        await house.do(commands.Admit, OTHER, room, person=OWNER, role=role, exempt=True)
    await house.write(OTHER, room, "maxfiy gap")
    return room


async def assert_outside(house: House, room: str, bot: Actor = BOT) -> None:
    """The bot sees nothing of the room, by whatever way, and can do nothing in it."""
    store = house.store
    assert room not in [state.conversation for state in (await everything(store, bot)).states]
    assert room not in (await store.places(bot)).heads
    for refused in (
        store.state(bot, room),
        store.history(bot, room),
        store.members(bot, room),
        store.pins(bot, room),
        store.commands_in(bot, room),
        store.shared_files(bot, room, kind=None, before=None, limit=10),
    ):
        with pytest.raises(NotFound):
            await refused
    assert not (await store.search(bot, parse("maxfiy"), None)).messages
    assert type(await house.cannot_write(bot, room)) is NotFound
    for kind, fields in (
        (commands.Edit, {"seq": 1, "text": "x"}),
        (commands.Delete, {"seq": 1}),
        (commands.React, {"seq": 1, "emoji": "👍", "on": True}),
        (commands.Read, {"ordinal": 1}),
        (commands.Draft, {"text": "x"}),
        (commands.Join, {}),
        (commands.Leave, {}),
        (commands.Update, {"title": "x"}),
        (commands.Admit, {"person": OTHER, "role": "member"}),
        (commands.Report, {"seq": 1, "reason": ""}),
    ):
        await house.refused(NotFound, None, kind, bot, room, **fields)


async def test_its_owner_adds_it_at_once(house: House) -> None:
    """It reads and writes from then on, and hears of the room in its own log."""
    room = await with_bot(house)
    assert await house.texts(BOT, room) == ["maxfiy gap"]
    await house.write(BOT, room, "javob")
    assert [type(event) for event in await house.own(BOT)] == [ConversationAdded]
    assert {"bot", "ali", "vali"} == set(await house.roles(BOT, room))


@pytest.mark.parametrize("way", ["leaves", "is removed", "is banned", "is erased"])
async def test_it_goes_with_its_owner(house: House, way: str) -> None:
    """In the transaction in which the owner goes: nothing after that reaches it, and it is outside like a stranger."""
    room = await with_bot(house)
    heard = len(house.listener.entries)
    match way:
        case "leaves":
            await house.do(commands.Leave, OWNER, room)
        case "is removed":
            await house.do(commands.Remove, OTHER, room, person=OWNER)
        case "is banned":
            await house.do(commands.Ban, OTHER, room, person=OWNER, on=True, until=None, reason="")
        case _:
            await house.store.erase(OWNER, house.at, with_messages=False)
    told = [entry.event for entry in house.listener.entries[heard:] if entry.log in (room, f"@me:{BOT.uid}")]
    left = [event.user.uid for event in told if isinstance(event, MemberLeft)]
    assert left == [BOT.uid, OWNER.uid]
    assert isinstance((await house.own(BOT))[-1], ConversationRemoved)
    await assert_outside(house, room)


async def test_the_last_member_leaves_with_bots(house: House) -> None:
    """No bot becomes the owner of a room, whoever goes."""
    room = await house.room(OWNER, OTHER)
    await house.do(commands.Admit, OWNER, room, person=BOT, role="owner")
    await house.do(commands.Leave, OWNER, room)
    assert await house.roles(OTHER, room) == {"vali": "owner"}


async def test_its_role_is_never_above_that_of_its_owner(house: House) -> None:
    """A higher one is refused; if the owner's falls, it falls with it in the same transaction, and does not come back."""
    room = await house.room(OTHER, OWNER)
    await house.admit(OTHER, room, OWNER, "moderator")
    await house.do(commands.Admit, OWNER, room, person=BOT, role="member")
    await house.refused(Forbidden, "forbidden.bots.role", commands.Admit, OTHER, room, person=BOT, role="owner")
    await house.do(commands.Admit, OTHER, room, person=BOT, role="moderator")
    seq = await house.write(OTHER, room)
    await house.do(commands.Pin, BOT, room, seq=seq, on=True)
    told = await house.told(commands.Admit, OTHER, room, person=OWNER, role="member")
    changed = [(event.user.uid, event.role) for event in told if isinstance(event, MemberUpdated)]
    assert changed == [(OWNER.uid, "member"), (BOT.uid, "member")]
    await house.refused(Forbidden, None, commands.Pin, BOT, room, seq=seq, on=False)
    await house.admit(OTHER, room, OWNER, "moderator")
    assert (await house.roles(OTHER, room))["bot"] == "member"


async def test_muted_and_banned_with_its_owner(house: House) -> None:
    """A mute of the owner, in the room or on the server, holds for the bot; so does a ban from the server."""
    room = await with_bot(house)
    await house.do(commands.Mute, OTHER, room, person=OWNER, on=True, until=None, reason="")
    assert (await house.cannot_write(BOT, room)).text == "forbidden.muted"
    await house.do(commands.Mute, OTHER, room, person=OWNER, on=False, until=None, reason="")
    await house.write(BOT, room)
    lord = Actor("u-lord", "ega", "account", 0, "owner")
    for kind, text in ((commands.Mute, "forbidden.muted"), (commands.Ban, "forbidden.banned")):
        await house.do(kind, lord, LOBBY, person=OWNER, on=True, until=None, reason="")
        assert (await house.cannot_write(BOT, LOBBY)).text == text
        await house.do(kind, lord, LOBBY, person=OWNER, on=False, until=None, reason="")


class TestInvited:
    async def test_the_owner_brings_it(self, house: House) -> None:
        """Somebody else's request becomes an invitation to the owner, which names the bot; accepting makes both members."""
        room = await house.room(OTHER, title="Choyxona")
        done = await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
        assert done.invited
        [event] = await house.own(OWNER)
        assert isinstance(event, ConversationInvited) and event.invitation.bot == BOT.user
        assert (event.invitation.title, event.invitation.inviter) == ("Choyxona", "vali")
        assert (await everything(house.store, OWNER)).invitations == (event.invitation,)
        assert await house.store.invitations(OWNER) == (event.invitation,)
        assert await house.store.invitations(BOT) == ()
        await assert_outside(house, room)
        await house.do(commands.Join, OWNER, room)
        assert set(await house.roles(BOT, room)) == {"vali", "ali", "bot"}
        assert await house.store.invitations(OWNER) == ()

    async def test_an_owner_who_is_there_already(self, house: House) -> None:
        """They are asked all the same. Whether they accept or decline, their clients drop the invitation and keep the room."""
        room = await house.room(OTHER, OWNER)
        for accepts in (False, True):
            await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
            assert "bot" not in await house.roles(OTHER, room)
            if accepts:
                await house.do(commands.Admit, OWNER, room, person=BOT, role="member")
            else:
                await house.do(commands.Remove, OWNER, room, person=BOT)
            assert await house.store.invitations(OWNER) == ()
            last = (await house.own(OWNER))[-1]
            assert isinstance(last, ConversationAdded) and last.state.conversation == room
        assert "bot" in await house.roles(OTHER, room)

    async def test_joining_again_accepts(self, house: House) -> None:
        """`join` by an owner who is a member accepts for the bot."""
        room = await house.room(OTHER, OWNER)
        await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
        told = await house.told(commands.Join, OWNER, room)
        assert any(isinstance(event, MemberJoined) and event.user == BOT.user for event in told)

    async def test_declined(self, house: House) -> None:
        """An owner who is no member declines with `leave`; the room may be offered again."""
        room = await house.room(OTHER)
        for _ in range(2):
            await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
            await house.do(commands.Leave, OWNER, room)
            assert isinstance((await house.own(OWNER))[-1], ConversationRemoved)
        assert await house.store.invitations(OWNER) == ()

    async def test_a_bot_does_not_accept_for_its_owner(self, house: House) -> None:
        """The invitation is not the bot's."""
        room = await house.room(OTHER)
        await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
        await assert_outside(house, room)

    async def test_withdrawn(self, house: House) -> None:
        """By the inviter, with the room, and with the bot."""
        for way in ("inviter", "room", "bot"):
            room = await house.room(OTHER)
            await house.do(commands.Admit, OTHER, room, person=BOT, role="member")
            if way == "inviter":
                await house.do(commands.Remove, OTHER, room, person=BOT)
            elif way == "room":
                await house.do(commands.Erase, OTHER, room)
            else:
                await house.store.erase(BOT, house.at, with_messages=False)
            assert await house.store.invitations(OWNER) == (), way
            assert isinstance((await house.own(OWNER))[-1], ConversationRemoved), way

    async def test_the_limit_is_the_owners(self, house: House) -> None:
        """Invitations of their bots count for the owner."""
        inviters = [Actor(f"u-i{number}", f"i{number}", "account", 0) for number in range(INVITATIONS // 5 + 1)]
        for number in range(INVITATIONS):
            room = await house.room(inviters[number // 5])
            await house.do(commands.Admit, inviters[number // 5], room, person=BOT, role="member")
        room = await house.room(inviters[-1])
        for person in (BOT, OWNER):
            await house.refused(
                TooManyInvitations, None, commands.Admit, inviters[-1], room, person=person, role="member"
            )


async def test_it_is_nowhere_without_its_owner(house: House) -> None:
    """It joins no public room and makes none; in a public room of its owner it may join by itself."""
    room = await house.room(OTHER, title="Bozor", visibility="public")
    await assert_outside(house, room)
    await house.refused(Forbidden, "forbidden.bots.room", commands.Create, BOT, title="Xona")
    await house.do(commands.Join, OWNER, room)
    await house.do(commands.Join, BOT, room)
    assert set(await house.roles(BOT, room)) == {"vali", "ali", "bot"}


async def test_its_owner_takes_it_away(house: House) -> None:
    """A plain member may remove their own bot, and no other one."""
    room = await with_bot(house)
    await house.do(commands.Admit, OTHER, room, person=THIRD, role="member", exempt=True)
    await house.refused(Forbidden, None, commands.Remove, THIRD, room, person=BOT)
    await house.do(commands.Remove, OWNER, room, person=BOT)
    await assert_outside(house, room)
    await house.refused(UserNotFound, None, commands.Remove, OWNER, room, person=BOT)


async def test_a_direct_needs_no_owner(house: House) -> None:
    """It is between the person and the bot."""
    direct = (await house.do(commands.Meet, OTHER, people=(BOT,))).conversation
    await house.write(OTHER, direct, "salom")
    await house.write(BOT, direct, "va alaykum")
    assert await house.texts(BOT, direct) == ["salom", "va alaykum"]
    with pytest.raises(NotFound):
        await house.store.history(OWNER, direct)


async def test_offered_commands(house: House) -> None:
    """Who may read in a conversation is told the commands of its bots, each bot's in its own order."""
    room = await with_bot(house)
    for bot, names in ((BOT, ("ob_havo", "eslat")), (LONE, ("yolgiz",))):
        kept = [BotCommand(name=name, description=f"{name} nima qiladi", usage="<kun>") for name in names]
        await house.store.set_bot_commands(bot.uid, kept)
        assert await house.store.bot_commands(bot.uid) == tuple(kept)
    offered = await house.store.commands_in(OTHER, room)
    assert [(one.name, one.bot, one.native) for one in offered] == [("ob_havo", "bot", True), ("eslat", "bot", True)]
    with pytest.raises(NotFound):
        await house.store.commands_in(THIRD, room)
    assert await house.store.commands_in(THIRD, LOBBY) == ()


async def test_numbers(house: House) -> None:
    """Each has one number, which leads back to it, and no number leads to nothing."""
    store = house.store
    numbers = [await store.number_of(ref) for ref in ("u-bot", "u-ali", "lobby", "u-bot")]
    assert numbers[0] == numbers[3] and len(set(numbers)) == 3 and all(0 < number < 2**52 for number in numbers)
    assert await store.ref_of(numbers[1]) == "u-ali"
    assert await store.ref_of(1) is None


async def test_numbers_go_with_what_they_mean(house: House) -> None:
    """With an erased user, with their bots, and with an erased room."""
    room = await with_bot(house)
    numbers = {ref: await house.store.number_of(ref) for ref in (OWNER.uid, BOT.uid, OTHER.uid, room)}
    await house.store.erase(OWNER, house.at, with_messages=False)
    await house.do(commands.Erase, OTHER, room)
    left = [ref for ref, number in numbers.items() if await house.store.ref_of(number) is not None]
    assert left == [OTHER.uid]


async def test_its_owner_is_erased(house: House) -> None:
    """The bots go in the same transaction, also those that the node of the erasure does not know yet, and none can be made
    after it."""
    await house.store.add_session(session("s-bot", "u-bot"))
    assert list(await house.store.erase(OWNER, house.at, with_messages=False)) == [BOT.uid]
    assert {one.uid for one in await house.store.accounts()} == {"u-soli", "u-vali", "u-lone"}
    assert await house.store.sessions_of("u-bot") == []
    with pytest.raises(Unauthenticated):
        await house.store.add_account(account("late", owner_uid="u-ali", bot_api="native"))
    await house.store.save_account(account("vali", disabled=True))
    with pytest.raises(Unauthenticated):
        await house.store.add_account(account("late", owner_uid="u-vali", bot_api="native"))


async def test_most_bots_in_the_transaction(house: House) -> None:
    """The twenty-first is refused by the store, so that two nodes together make no more."""
    for number in range(BOTS_OF_ONE):
        bot = account(f"b{number}", owner_uid="u-vali", bot_api="native", created_at=number * DAY)
        await house.store.add_account(bot)
    with pytest.raises(BadRequest):
        await house.store.add_account(account("late", owner_uid="u-vali", bot_api="native", created_at=100 * DAY))
