"""Being added (docs/reference/permissions.md): who becomes a member at once, who gets an invitation; the limits; directs that
appear when somebody writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.bounds import DAY, INVITATIONS, INVITED_A_DAY, INVITED_BY_ONE, Bounds
from suhbat.chat.model import Account, Actor, CommandResult
from suhbat.chat.ports import Store
from suhbat.errors import BadRequest, Forbidden, NotFound, RateLimited, TooManyConversations, TooManyInvitations
from suhbat.protocol import commands
from suhbat.protocol.events import ConversationAdded, ConversationInvited, ConversationRemoved
from suhbat.protocol.types import ME
from tests.client.parts import opened as following
from tests.store.house import LOLA, LORD, MODERATOR, SOLI, House
from tests.store.parts import ALI, VALI, Listener, everything, guest, opened

SMALL = Bounds(conversations=3, rooms=2, directs=2)


@pytest.fixture
async def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


@pytest.fixture
async def small(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> AsyncIterator[House]:
    """With limits that a test reaches."""
    async with opened(make(tmp_path / "small", bounds=SMALL), listener) as store:
        yield House(store, listener)


async def invite(house: House, actor: Actor, room: str, person: Actor, **fields: Any) -> CommandResult:
    return await house.do(commands.Admit, actor, room, person=person, role="member", **fields)


async def names(house: House, person: Actor) -> list[str]:
    """The conversations that somebody sees, but for the lobby."""
    return [state.conversation for state in (await everything(house.store, person)).states[1:]]


class TestAsking:
    async def test_a_stranger_is_asked(self, house: House) -> None:
        """Who does not know the one who adds them is no member: they are told the room's title and the inviter, nothing else,
        and nobody else hears of it."""
        room = await house.room(ALI, title="Choyxona")
        heard = len(house.listener.entries)
        done = await invite(house, ALI, room, VALI)
        assert done.invited and not done.created
        [entry] = house.listener.entries[heard:]
        assert isinstance(entry.event, ConversationInvited) and entry.log == "@me:u-vali"
        [invitation] = (await everything(house.store, VALI)).invitations
        assert invitation == entry.event.invitation == (await house.store.invitations(VALI))[0]
        assert (invitation.conversation, invitation.title, invitation.inviter) == (room, "Choyxona", "ali")
        assert await names(house, VALI) == [] and list(await house.roles(ALI, room)) == ["ali"]
        for refused in (
            house.store.state(VALI, room),
            house.store.history(VALI, room),
            house.store.members(VALI, room),
        ):
            with pytest.raises(NotFound):
                await refused
        assert (await house.own(VALI))[-1] == entry.event

    async def test_all_of_one_moment(self, house: House) -> None:
        """A client that was told of them in any order shows them in the order of a fresh state."""
        rooms = [await house.room(ALI), await house.room(SOLI), await house.room(ALI), await house.room(SOLI)]
        for opened_last, room in enumerate(reversed(rooms)):
            await invite(house, SOLI if opened_last % 2 == 0 else ALI, room, VALI)
        fresh = (await everything(house.store, VALI)).invitations
        state = following()
        for seq, event in enumerate(await house.own(VALI), start=1):
            assert isinstance(event, ConversationInvited)
            state.receive(event.model_copy(update={"seq": seq, "conversation": ME}), 0)
        assert tuple(state.invitations.values()) == fresh == await house.store.invitations(VALI) and len(fresh) == 4
        assert [one.conversation for one in fresh] == sorted(rooms)

    async def test_asking_again_writes_nothing(self, house: House) -> None:
        """The answer is the same, whoever repeats it."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, SOLI, "moderator")
        await invite(house, ALI, room, VALI)
        for actor in (ALI, SOLI):
            heard = len(house.listener.heard)
            assert (await invite(house, actor, room, VALI)).invited
            assert house.listener.heard[heard:] == []

    async def test_accepting(self, house: House) -> None:
        """`join` makes a member, also of a private room, once; the invitation is gone."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        assert (await house.do(commands.Join, VALI, room)).created
        assert isinstance((await house.own(VALI))[-1], ConversationAdded)
        assert (await everything(house.store, VALI)).invitations == ()
        await house.do(commands.Leave, VALI, room)
        await house.refused(NotFound, None, commands.Join, VALI, room)

    async def test_declining(self, house: House) -> None:
        """`leave` ends it: the one who declines is told on all devices, the room is not; it cannot be accepted any more."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        [told] = await house.told(commands.Leave, VALI, room)
        assert isinstance(told, ConversationRemoved) and told.removed == room
        await house.refused(NotFound, None, commands.Leave, VALI, room)
        await house.refused(NotFound, None, commands.Join, VALI, room)

    async def test_taking_back(self, house: House) -> None:
        """The inviter may, and who may put people out; nobody else. The person is told."""
        room = await house.room(ALI, SOLI, LOLA)
        for actor in (SOLI, ALI):
            await house.admit(ALI, room, SOLI, "moderator")
            await invite(house, SOLI, room, VALI)
            await house.refused(Forbidden, None, commands.Remove, LOLA, room, person=VALI)
            [told] = await house.told(commands.Remove, actor, room, person=VALI)
            assert isinstance(told, ConversationRemoved) and told.removed == room
        await house.admit(ALI, room, SOLI, "moderator")
        await invite(house, SOLI, room, VALI)
        await house.do(commands.Leave, SOLI, room)
        assert (await house.told(commands.Remove, SOLI, room, person=VALI))[0].type == "conversation.removed"

    @pytest.mark.parametrize("end", ["ban", "erase"])
    async def test_ends_of_the_room(self, house: House, end: str) -> None:
        """A ban, or the end of the room, ends the invitation."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        if end == "ban":
            told = await house.told(commands.Ban, ALI, room, person=VALI, on=True)
        else:
            told = await house.told(commands.Erase, ALI, room)
        assert [one for one in told if isinstance(one, ConversationRemoved) and one.removed == room]
        assert (await house.store.invitations(VALI)) == ()
        await house.refused(NotFound, None, commands.Join, VALI, room)

    async def test_an_archived_room_cannot_be_entered(self, house: House) -> None:
        """The invitation stays for the day when it is opened again."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        await house.do(commands.Update, ALI, room, archived=True)
        await house.refused(Forbidden, "forbidden.archived", commands.Join, VALI, room)
        await house.do(commands.Update, ALI, room, archived=False)
        assert (await house.do(commands.Join, VALI, room)).created

    async def test_who_is_gone_has_asked_nobody(self, house: House) -> None:
        """With an erased person their invitations go, both ways, and their name."""
        await house.store.save_guest(guest(ALI))
        room, other = await house.room(ALI), await house.room(SOLI)
        await invite(house, ALI, room, VALI)
        await invite(house, SOLI, other, ALI)
        await house.store.erase(ALI, house.at, with_messages=False)
        assert (await house.store.invitations(VALI)) == () == (await house.store.invitations(ALI))
        while await house.store.erase_more(house.at):
            pass
        invited, removed = await house.own(VALI)
        assert isinstance(invited, ConversationInvited) and isinstance(removed, ConversationRemoved)
        assert "ali" not in (invited.actor, invited.invitation.inviter) and invited.invitation.title == ""


class TestKnowing:
    @pytest.mark.parametrize("staff", [MODERATOR, LORD])
    async def test_everybody_knows_the_staff(self, house: House, staff: Actor) -> None:
        """Everybody knows the server's owner and moderators."""
        room = await house.room(staff)
        assert (await invite(house, staff, room, VALI)).created

    async def test_one_room_is_enough(self, house: House) -> None:
        """Both in one room; the lobby, or a room that one has left, is none."""
        together = await house.room(SOLI, ALI, VALI)
        assert (await invite(house, ALI, await house.room(ALI), VALI)).created
        await house.do(commands.Leave, VALI, together)
        last = (await names(house, VALI))[-1]
        await house.do(commands.Leave, VALI, last)
        assert (await invite(house, ALI, await house.room(ALI), VALI)).invited

    async def test_an_answer_is_enough(self, house: House) -> None:
        """What the other wrote does not make one known; what the person wrote in a direct with them does."""
        await house.listener.send(house.store, ALI, peer=VALI)
        room = await house.room(ALI)
        assert (await invite(house, ALI, room, VALI)).invited
        await house.listener.send(house.store, VALI, peer=ALI)
        assert (await invite(house, ALI, room, VALI)).created

    async def test_a_team_knows_each_other(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener
    ) -> None:
        """Where nobody comes without an invitation, accounts are added at once; guests are not."""
        async with opened(make(tmp_path / "team", bounds=Bounds(team=True)), listener) as store:
            house = House(store, listener)
            one, two = replace(ALI, kind="account"), replace(VALI, kind="account")
            room = await house.room(one)
            assert (await invite(house, one, room, two)).created
            assert (await invite(house, one, room, SOLI)).invited

    @pytest.mark.parametrize(("choice", "known", "stranger"), [("everyone", True, True), ("nobody", False, False)])
    async def test_the_choice(self, house: House, choice: Any, known: bool, stranger: bool) -> None:
        """`added_by`: everyone adds at once; with nobody also who is known only asks."""
        account = Account("u-vali", "vali", "vali", "Vali", None, "member", None, False, 0, 1, choice)
        await house.store.add_account(account)
        person = account.actor
        await house.room(LOLA, SOLI, person)
        assert (await invite(house, SOLI, await house.room(SOLI), person)).created == known
        assert (await invite(house, ALI, await house.room(ALI), person)).created == stranger

    async def test_an_order_from_the_machine(self, house: House) -> None:
        """What the application around the server orders needs no consent."""
        assert (await invite(house, ALI, await house.room(ALI), VALI, exempt=True)).created


class TestLimits:
    async def test_invitations_of_one_inviter(self, house: House) -> None:
        """So many are open at a time; one that is answered makes room."""
        room = await house.room(ALI)
        people = [Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(INVITED_BY_ONE + 1)]
        for person in people[:-1]:
            await invite(house, ALI, room, person)
        await house.refused(TooManyInvitations, None, commands.Admit, ALI, room, person=people[-1], role="member")
        await house.do(commands.Leave, people[0], room)
        assert (await invite(house, ALI, room, people[-1])).invited

    async def test_invitations_of_one_person(self, house: House) -> None:
        """So many are open, whoever made them."""
        inviters = [Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(INVITATIONS + 1)]
        rooms = [await house.room(inviter) for inviter in inviters]
        for inviter, room in list(zip(inviters, rooms, strict=True))[:-1]:
            await invite(house, inviter, room, VALI)
        text = "too_many_invitations.person"
        await house.refused(
            TooManyInvitations, text, commands.Admit, inviters[-1], rooms[-1], person=VALI, role="member"
        )
        assert len(await house.store.invitations(VALI)) == INVITATIONS

    async def test_asking_and_taking_back(self, house: House) -> None:
        """Nobody fills another's log by asking again and again."""
        room = await house.room(ALI)
        for _ in range(INVITED_A_DAY):
            await invite(house, ALI, room, VALI)
            await house.do(commands.Remove, ALI, room, person=VALI)
        refusal = await house.refused(RateLimited, None, commands.Admit, ALI, room, person=VALI, role="member")
        assert refusal.retry_after == DAY / 1000
        house.at += DAY
        assert (await invite(house, ALI, room, VALI)).invited

    async def test_rooms_of_a_day(self, small: House) -> None:
        """So many rooms a day; the refusal says when the next one can be made, and gone ones count."""
        first = await small.room(ALI)
        await small.do(commands.Erase, ALI, first)
        small.at += 1_000
        await small.room(ALI)
        refusal = await small.refused(RateLimited, "rate_limited.rooms", commands.Create, ALI, title="Xona")
        assert refusal.retry_after == DAY / 1000 - 1
        await small.do(commands.Create, ALI, title="Xona", exempt=True)
        small.at += DAY
        await small.room(ALI)

    async def test_conversations_of_one_person(self, small: House) -> None:
        """Nobody is in more than so many: not by making, joining, accepting, or being added; leaving makes room."""
        rooms = [await small.room(one, visibility="public") for one in (ALI, ALI, SOLI, LOLA)]
        await small.admit(SOLI, rooms[2], ALI)
        await small.refused(TooManyConversations, None, commands.Join, ALI, rooms[3])
        text = "too_many_conversations.person"
        await small.do(commands.Join, LOLA, rooms[2])
        await small.refused(TooManyConversations, text, commands.Admit, LOLA, rooms[3], person=ALI, role="member")
        await small.refused(TooManyConversations, None, commands.Meet, ALI, people=(VALI,))
        refusal = await small.listener.refused(small.store, ALI, peer=VALI, at=small.at)
        assert isinstance(refusal, TooManyConversations)
        await small.do(commands.Leave, ALI, rooms[2])
        assert (await small.do(commands.Join, ALI, rooms[3])).created

    async def test_directs_count_for_who_uses_them(self, small: House) -> None:
        """What others write to one is not counted, but shown; an answer is, and so there are not more of them."""
        people = [Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(SMALL.conversations + 2)]
        for person in people:
            await small.listener.send(small.store, person, peer=ALI, at=small.at)
        assert len(await names(small, ALI)) == len(people)
        for person in people[: SMALL.conversations]:
            await small.listener.send(small.store, ALI, peer=person, at=small.at)
        refusal = await small.listener.refused(small.store, ALI, peer=people[-1], at=small.at)
        assert isinstance(refusal, TooManyConversations)

    async def test_directs_of_a_day(self, make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
        """So many new ones a day, by whatever way; with oneself, and one that is there, is none."""
        async with opened(make(tmp_path / "few", bounds=Bounds(conversations=0, directs=2)), listener) as store:
            house = House(store, listener)
            for people in ((ALI,), (VALI,), (VALI,)):
                await house.do(commands.Meet, ALI, people=people)
            await listener.send(store, ALI, peer=SOLI, at=house.at)
            await house.do(commands.Meet, ALI, people=(SOLI,))
            await house.refused(RateLimited, "rate_limited.directs", commands.Meet, ALI, people=(LOLA,))
            refusal = await listener.refused(store, ALI, peer=LOLA, at=house.at)
            assert isinstance(refusal, RateLimited) and refusal.retry_after == DAY / 1000
            assert await names(house, LOLA) == []
            await listener.send(store, LOLA, peer=ALI, at=house.at)


class TestDirects:
    async def test_others_see_it_when_somebody_writes(self, house: House) -> None:
        """Opened, it is in the list of the one who opened it; with the first message in everybody's, with all unread."""
        theirs = (await house.do(commands.Meet, ALI, people=(VALI, SOLI))).conversation
        assert await names(house, ALI) == [theirs] and await names(house, VALI) == [] == await names(house, SOLI)
        assert await house.own(VALI) == []
        await house.write(ALI, theirs)
        for person in (VALI, SOLI):
            assert await names(house, person) == [theirs]
            [added] = await house.own(person)
            assert isinstance(added, ConversationAdded) and added.state.head == 0
            assert (await house.state(person, theirs)).unread == 1

    async def test_leaving(self, house: House) -> None:
        """It is gone from one's own list, with the draft, until somebody writes; the other keeps it, and nothing is lost."""
        await house.listener.send(house.store, ALI, "bir", peer=VALI)
        theirs = (await house.listener.send(house.store, VALI, "ikki", peer=ALI)).conversation
        await house.do(commands.Read, ALI, theirs, ordinal=2)
        await house.do(commands.Draft, ALI, theirs, text="begun")
        [removed] = await house.told(commands.Leave, ALI, theirs)
        assert isinstance(removed, ConversationRemoved)
        await house.quiet(commands.Leave, ALI, theirs)
        assert await names(house, ALI) == [] and await names(house, VALI) == [theirs]
        await house.write(VALI, theirs, "uch")
        state = await house.state(ALI, theirs)
        assert (state.unread, state.draft, state.read_ordinal) == (1, "", 2)
        assert await house.texts(ALI, theirs) == ["bir", "ikki", "uch"]

    async def test_writing_brings_it_back(self, house: House) -> None:
        """Also what the one who left writes, or that they open it again; then it counts for them."""
        theirs = (await house.listener.send(house.store, ALI, peer=VALI)).conversation
        await house.do(commands.Leave, ALI, theirs)
        again = await house.do(commands.Meet, ALI, people=(VALI,))
        assert (again.conversation, again.created) == (theirs, False) and await names(house, ALI) == [theirs]
        await house.do(commands.Leave, ALI, theirs)
        await house.listener.send(house.store, ALI, peer=VALI)
        assert await names(house, ALI) == [theirs]

    async def test_a_group_cannot_be_left_for_others(self, house: House) -> None:
        """In a direct nobody removes anybody."""
        theirs = (await house.do(commands.Meet, ALI, people=(VALI, SOLI))).conversation
        await house.refused(Forbidden, "forbidden.kind", commands.Remove, ALI, theirs, person=VALI)
        with pytest.raises(BadRequest):
            await house.do(commands.Meet, ALI, people=tuple(Actor(f"u{n}", f"o{n}") for n in range(30)))


class TestPages:
    async def test_every_conversation_once(self, house: House) -> None:
        """Pages of a snapshot have the lobby first, then each conversation once, and say where the next one begins."""
        rooms = [await house.room(ALI) for _ in range(5)]
        await house.do(commands.Meet, VALI, people=(ALI,))
        first = await house.store.states(ALI, limit=2)
        assert [state.kind for state in first.states] == ["lobby", "room", "room"] and first.after is not None
        found, after = [state.conversation for state in first.states[1:]], first.after
        while after is not None:
            page = await house.store.states(ALI, after=after, limit=2)
            found += [state.conversation for state in page.states]
            after = page.after
        assert found == rooms == list((await house.store.places(ALI)).heads)[1:][-5:]
        assert [s.conversation for s in (await house.store.states_of(ALI, [rooms[3], "lobby", "nothing"])).states] == [
            "lobby",
            rooms[3],
        ]
