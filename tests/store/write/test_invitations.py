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
    """A store with limits that a test can reach."""
    async with opened(make(tmp_path / "small", bounds=SMALL), listener) as store:
        yield House(store, listener)


async def invite(house: House, actor: Actor, room: str, person: Actor, **fields: Any) -> CommandResult:
    return await house.do(commands.Admit, actor, room, person=person, role="member", **fields)


async def names(house: House, person: Actor) -> list[str]:
    """The conversations that a user sees, except the lobby."""
    return [state.conversation for state in (await everything(house.store, person)).states[1:]]


class TestAsking:
    async def test_a_stranger_gets_an_invitation(self, house: House) -> None:
        """A user who does not know the inviter becomes no member. They get the room's title and the inviter's name and
        nothing else of the room, and nobody else gets an event."""
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
        """A client that got several invitations in any order shows them in the order of a new snapshot."""
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
        """Inviting a person again changes nothing, whoever does it."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, SOLI, "moderator")
        await invite(house, ALI, room, VALI)
        for actor in (ALI, SOLI):
            heard = len(house.listener.heard)
            assert (await invite(house, actor, room, VALI)).invited
            assert house.listener.heard[heard:] == []

    async def test_accepting(self, house: House) -> None:
        """`join` accepts an invitation once, also to a private room."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        assert (await house.do(commands.Join, VALI, room)).created
        assert isinstance((await house.own(VALI))[-1], ConversationAdded)
        assert (await everything(house.store, VALI)).invitations == ()
        await house.do(commands.Leave, VALI, room)
        await house.refused(NotFound, None, commands.Join, VALI, room)

    async def test_declining(self, house: House) -> None:
        """`leave` declines an invitation: it cannot be accepted afterwards, and the room gets no event."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        [told] = await house.told(commands.Leave, VALI, room)
        assert isinstance(told, ConversationRemoved) and told.removed == room
        await house.refused(NotFound, None, commands.Leave, VALI, room)
        await house.refused(NotFound, None, commands.Join, VALI, room)

    async def test_taking_back(self, house: House) -> None:
        """The inviter and the room's moderators may take an invitation back, and nobody else. The person gets an event."""
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
        """A ban of the person and the erasure of the room end the invitation."""
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
        """An invitation to an archived room can be accepted after the room was opened again."""
        room = await house.room(ALI)
        await invite(house, ALI, room, VALI)
        await house.do(commands.Update, ALI, room, archived=True)
        await house.refused(Forbidden, "forbidden.archived", commands.Join, VALI, room)
        await house.do(commands.Update, ALI, room, archived=False)
        assert (await house.do(commands.Join, VALI, room)).created

    async def test_who_is_gone_has_asked_nobody(self, house: House) -> None:
        """The erasure of a person removes the invitations that they made and got, and their name from the events."""
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
        """Two users who share a room know each other. The lobby does not count, nor a room that one of them has left."""
        together = await house.room(SOLI, ALI, VALI)
        assert (await invite(house, ALI, await house.room(ALI), VALI)).created
        await house.do(commands.Leave, VALI, together)
        last = (await names(house, VALI))[-1]
        await house.do(commands.Leave, VALI, last)
        assert (await invite(house, ALI, await house.room(ALI), VALI)).invited

    async def test_an_answer_is_enough(self, house: House) -> None:
        """A person knows a user to whom they have written in a direct. Messages that they only received do not count."""
        await house.listener.send(house.store, ALI, peer=VALI)
        room = await house.room(ALI)
        assert (await invite(house, ALI, room, VALI)).invited
        await house.listener.send(house.store, VALI, peer=ALI)
        assert (await invite(house, ALI, room, VALI)).created

    async def test_a_team_knows_each_other(
        self, make: Callable[..., Store], tmp_path: Path, listener: Listener
    ) -> None:
        """On a server that nobody joins without an invite, accounts are added at once, guests are not."""
        async with opened(make(tmp_path / "team", bounds=Bounds(team=True)), listener) as store:
            house = House(store, listener)
            one, two = replace(ALI, kind="account"), replace(VALI, kind="account")
            room = await house.room(one)
            assert (await invite(house, one, room, two)).created
            assert (await invite(house, one, room, SOLI)).invited

    @pytest.mark.parametrize(("choice", "known", "stranger"), [("everyone", True, True), ("nobody", False, False)])
    async def test_the_choice(self, house: House, choice: Any, known: bool, stranger: bool) -> None:
        """With `added_by` = everyone anybody adds the user at once; with nobody, even a known user only invites."""
        account = Account("u-vali", "vali", "vali", "Vali", None, "member", None, False, 0, 1, choice)
        await house.store.add_account(account)
        person = account.actor
        await house.room(LOLA, SOLI, person)
        assert (await invite(house, SOLI, await house.room(SOLI), person)).created == known
        assert (await invite(house, ALI, await house.room(ALI), person)).created == stranger

    async def test_a_command_of_the_operator(self, house: House) -> None:
        """A command of the server's operator or of the embedding application needs no consent."""
        assert (await invite(house, ALI, await house.room(ALI), VALI, exempt=True)).created


class TestLimits:
    async def test_invitations_of_one_inviter(self, house: House) -> None:
        """An inviter has at most INVITED_BY_ONE open invitations; each answered one makes room for another."""
        room = await house.room(ALI)
        people = [Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(INVITED_BY_ONE + 1)]
        for person in people[:-1]:
            await invite(house, ALI, room, person)
        await house.refused(TooManyInvitations, None, commands.Admit, ALI, room, person=people[-1], role="member")
        await house.do(commands.Leave, people[0], room)
        assert (await invite(house, ALI, room, people[-1])).invited

    async def test_invitations_of_one_person(self, house: House) -> None:
        """A person has at most INVITATIONS open invitations, whoever made them."""
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
        """Inviting and taking back again and again is limited to INVITED_A_DAY, so that nobody fills another user's log."""
        room = await house.room(ALI)
        for _ in range(INVITED_A_DAY):
            await invite(house, ALI, room, VALI)
            await house.do(commands.Remove, ALI, room, person=VALI)
        refusal = await house.refused(RateLimited, None, commands.Admit, ALI, room, person=VALI, role="member")
        assert refusal.retry_after == DAY / 1000
        house.at += DAY
        assert (await invite(house, ALI, room, VALI)).invited

    async def test_rooms_of_a_day(self, small: House) -> None:
        """The rooms that a user makes in a day are limited, erased ones included; the refusal has the time until the next
        one."""
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
        """The number of a user's conversations is limited, whether they make, join or accept them or are added; leaving one
        makes room for another."""
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
        """A direct counts towards the limit only for users who have written in it; the others see it all the same."""
        people = [Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(SMALL.conversations + 2)]
        for person in people:
            await small.listener.send(small.store, person, peer=ALI, at=small.at)
        assert len(await names(small, ALI)) == len(people)
        for person in people[: SMALL.conversations]:
            await small.listener.send(small.store, ALI, peer=person, at=small.at)
        refusal = await small.listener.refused(small.store, ALI, peer=people[-1], at=small.at)
        assert isinstance(refusal, TooManyConversations)

    async def test_directs_of_a_day(self, make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
        """New directs are limited per day, however they are made. A direct with oneself, or one that exists, does not
        count."""
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
        """The person who opens a direct sees it at once, the others after the first message, which is unread."""
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
        """Leaving a direct hides it and deletes the draft until somebody writes there. The other person keeps it, and all
        messages stay."""
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
        """A direct comes back for the one who left when they open it again or write there."""
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
        """The pages of a snapshot have the lobby first and then each conversation once, and say where the next page
        begins."""
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
