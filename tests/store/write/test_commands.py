"""Every command that changes stored state, over every store: its effect, its refusals, and that a repeat changes
nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor, CommandResult, Invite, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.rate import NAMED_PER_SECOND
from suhbat.chat.sync import sync_plan
from suhbat.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    RateLimited,
    SuhbatError,
    TooManyReactions,
    UserNotFound,
)
from suhbat.protocol import commands, http_commands
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationRemoved,
    ConversationUpdated,
    DraftChanged,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    MemberUpdated,
    Mentioned,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
    ReadMarked,
)
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.objects import Reaction
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.write.commands import EXECUTORS
from tests.store.house import AT, LOLA, LORD, MODERATOR, PEOPLE, SOLI, House, holding
from tests.store.parts import ALI, BARE, VALI, Listener, direct, everything, guest, opened, uids
from tests.store.people.test_people import account


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


def test_every_command_can_be_carried_out() -> None:
    """Each command of the union has an executor."""
    assert set(EXECUTORS) == set(get_args(StateCommand))


class TestEdit:
    async def test_the_text_changes_everywhere(self, house: House) -> None:
        """The event, the replay of the old one, history and the state all show the new text, and when it changed."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room, "bir")
        house.at += 5
        [event] = await house.told(commands.Edit, ALI, room, seq=seq, text="ikki")
        assert isinstance(event, MessageEdited)
        assert (event.message.text, event.message.seq, event.message.edited_at) == ("ikki", seq, AT + 5)
        replayed = await house.log(room)
        assert [e.message for e in replayed if isinstance(e, MessageCreated | MessageEdited)] == [event.message] * 2
        assert await house.texts(VALI, room) == ["ikki"]
        assert (await house.state(VALI, room)).last_message == event.message

    async def test_done_is_the_place_of_the_event(self, house: House) -> None:
        """The result carries the `seq` of the event; if nothing changed, that of the head."""
        seq = await house.write(ALI, LOBBY, "bir")
        await house.write(ALI, LOBBY, "yana")
        assert await house.do(commands.Edit, ALI, LOBBY, seq=seq, text="ikki") == CommandResult(LOBBY, 3)
        await house.quiet(commands.Edit, ALI, LOBBY, seq=seq, text="ikki")

    async def test_nothing_else_of_it_changes(self, house: House) -> None:
        """An edit leaves the message's number, time, reply and reactions as they were."""
        first = await house.write(ALI, LOBBY)
        seq = await house.write(ALI, LOBBY, "bir", reply_to=first)
        await house.do(commands.React, VALI, LOBBY, seq=seq, emoji="👍", on=True)
        before = (await house.store.history(ALI, LOBBY)).messages[1]
        await house.do(commands.Edit, ALI, LOBBY, seq=seq, text="ikki")
        after = (await house.store.history(ALI, LOBBY)).messages[1]
        assert after == before.model_copy(update={"text": "ikki", "edited_at": AT})

    async def test_refusals(self, house: House) -> None:
        """Only the author may edit a message, only while it exists, and only where they may write."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room)
        for other in (VALI, LORD):
            wanted = Forbidden if other is VALI else NotFound
            await house.refused(wanted, None, commands.Edit, other, room, seq=seq, text="x")
        lobby = await house.write(ALI)
        await house.refused(Forbidden, "forbidden.author", commands.Edit, LORD, LOBBY, seq=lobby, text="x")
        for nothing in (1, seq + 1, 10**9):  # member.joined, above the head
            await house.refused(NotFound, "not_found.message", commands.Edit, ALI, room, seq=nothing, text="x")
        await house.do(commands.Delete, ALI, room, seq=seq)
        await house.refused(NotFound, "not_found.message", commands.Edit, ALI, room, seq=seq, text="x")
        for name in ("r404", "@me", f"@me:{ALI.uid}", ""):
            await house.refused(NotFound, "not_found", commands.Edit, ALI, name, seq=1, text="x")

    async def test_the_old_text_is_nowhere(self, house: House, tmp_path: Path) -> None:
        """No table holds the text from before an edit."""
        seq = await house.write(ALI, LOBBY, "maxfiyeski soz")
        await house.do(commands.Edit, ALI, LOBBY, seq=seq, text="yangi")
        assert holding(tmp_path / "data", "maxfiyeski") == []

    async def test_a_message_that_is_past_keeping_has_no_edit_to_show(self, house: House) -> None:
        """If retention removed a message but not its edit, the log can still be read; the edit shows a deleted message."""
        house.at = 1
        seq = await house.write(ALI, LOBBY, "eski")
        house.at = AT - 1_000
        await house.do(commands.Edit, ALI, LOBBY, seq=seq, text="eski, ammo tahrirlangan")
        assert await house.store.expire(1) == {LOBBY}
        [event] = [entry.event for entry in await house.store.events(LOBBY, seq, 10)]
        assert isinstance(event, MessageDeleted)
        assert (event.seq, event.target) == (2, seq)


class TestDelete:
    async def test_a_tombstone_stays(self, house: House) -> None:
        """A deleted message keeps its number, without text, reactions and pin; the replay of its creation shows the
        tombstone too."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room, "bir")
        await house.do(commands.React, VALI, room, seq=seq, emoji="👍", on=True)
        await house.do(commands.Pin, ALI, room, seq=seq, on=True)
        [event] = await house.told(commands.Delete, ALI, room, seq=seq)
        assert isinstance(event, MessageDeleted) and event.target == seq
        (shown,) = (await house.store.history(VALI, room)).messages
        assert (shown.text, shown.deleted, shown.reactions, shown.seq) == ("", True, (), seq)
        assert [e.message for e in await house.log(room) if isinstance(e, MessageCreated)] == [shown]
        assert await house.store.pins(VALI, room) == ()

    async def test_again_changes_nothing(self, house: House) -> None:
        """Deleting a deleted message changes nothing."""
        seq = await house.write(ALI)
        assert (await house.do(commands.Delete, ALI, LOBBY, seq=seq)).seq == 2
        await house.write(ALI)
        await house.quiet(commands.Delete, ALI, LOBBY, seq=seq)

    async def test_who_may(self, house: House) -> None:
        """The sender and the moderators of the place may; in private rooms and directs the server's owner may not."""
        room = await house.room(ALI, VALI, SOLI)
        theirs = await direct(house.store, VALI, ALI, AT)
        mine, other, private = [await house.write(VALI, place) for place in (room, room, theirs)]
        await house.refused(Forbidden, None, commands.Delete, SOLI, room, seq=mine)
        await house.do(commands.Delete, VALI, room, seq=mine)
        await house.do(commands.Delete, ALI, room, seq=other)
        await house.refused(Forbidden, "forbidden.kind", commands.Delete, ALI, theirs, seq=private)
        for place, seq in ((room, mine), (theirs, private)):
            await house.refused(NotFound, "not_found", commands.Delete, LORD, place, seq=seq)
        lobby = await house.write(VALI)
        await house.refused(Forbidden, None, commands.Delete, ALI, LOBBY, seq=lobby)
        await house.do(commands.Delete, MODERATOR, LOBBY, seq=lobby)
        assert [(one.action, one.actor_uid, one.subject) for one in await house.store.audit()][:1] == [
            ("message.delete", MODERATOR.uid, VALI.uid)
        ]

    async def test_who_deletes_their_own_is_not_written_down(self, house: House) -> None:
        """The audit log does not record that a user deletes their own message."""
        seq = await house.write(MODERATOR)
        await house.do(commands.Delete, MODERATOR, LOBBY, seq=seq)
        assert await house.store.audit() == ()

    async def test_muted_and_archived_people_may_delete_their_own(self, house: House) -> None:
        """A muted user, and a member of an archived room, may delete their own messages."""
        room = await house.room(ALI, VALI)
        first, second = await house.write(VALI, room), await house.write(VALI, room)
        await house.do(commands.Mute, ALI, room, person=VALI, on=True)
        await house.do(commands.Delete, VALI, room, seq=first)
        await house.do(commands.Update, ALI, room, archived=True)
        await house.do(commands.Delete, VALI, room, seq=second)

    async def test_what_was_deleted_is_nowhere(self, house: House, tmp_path: Path) -> None:
        """No column of any table holds the text of a deleted message: events, search, drafts, stored states."""
        secret = "maxfiyxabar"
        room = await house.room(ALI, VALI, history="all")
        theirs = (await house.listener.send(house.store, ALI, f"{secret} bu", peer=VALI)).conversation
        seqs = {place: await house.write(ALI, place, f"mana {secret}") for place in (LOBBY, room, theirs)}
        # Whoever comes now is told of a state whose last message this is.
        await house.admit(ALI, room, SOLI)
        for place, seq in seqs.items():
            await house.do(commands.Edit, ALI, place, seq=seq, text=f"yana {secret} boshqa")
            await house.do(commands.React, ALI, place, seq=seq, emoji="👍", on=True)
            await house.do(commands.Report, ALI, place, seq=seq, reason="")
        file = tmp_path / "data"
        assert "events.text" in holding(file, secret)
        for place, seq in {**seqs, theirs: 1}.items():
            await house.do(commands.Delete, ALI, place, seq=seq)
        await house.do(commands.Delete, ALI, theirs, seq=seqs[theirs])
        assert holding(file, secret) == []
        for person in (ALI, VALI, SOLI):
            for log in (LOBBY, room, theirs, f"@me:{person.uid}"):
                assert secret not in repr(await house.log(log))


class TestUnread:
    async def test_deleted_messages_are_not_unread(self, house: House) -> None:
        """Deleted messages above the read mark are not counted as unread, in the state, in the result of `read` and in its
        event; one's own never are. The deletion's event names the sender and the ordinal, live and in a replay."""
        room = await house.room(ALI, VALI)
        seqs = [await house.write(ALI, room) for _ in range(5)]
        own = await house.write(VALI, room)
        assert (await house.state(VALI, room)).unread == 5
        for seq in (seqs[0], seqs[3]):
            [event] = await house.told(commands.Delete, ALI, room, seq=seq)
            assert isinstance(event, MessageDeleted)
            assert (event.ordinal, event.sender_uid) == (seqs.index(seq) + 1, ALI.uid)
            assert (await house.log(room))[-1] == event
        await house.do(commands.Delete, VALI, room, seq=own)
        assert (await house.state(VALI, room)).unread == 3
        assert (await house.state(ALI, room)).unread == 0
        done = await house.do(commands.Read, VALI, room, ordinal=2)
        assert done.unread == 2 == (await house.state(VALI, room)).unread
        assert (await house.quiet(commands.Read, VALI, room, ordinal=1)).unread == 2
        mark = (await house.own(VALI))[-1]
        assert isinstance(mark, ReadMarked) and (mark.unread, mark.last_ordinal) == (2, 6)
        assert mark.head == (await house.store.heads([room]))[room]


class TestReact:
    async def test_put_and_taken_back(self, house: House) -> None:
        """A user can put each emoji once under a message. The events carry the emoji, and the message shows the users."""
        seq = await house.write(ALI)
        [event] = await house.told(commands.React, VALI, LOBBY, seq=seq, emoji="👍", on=True)
        assert isinstance(event, ReactionAdded) and (event.target, event.emoji) == (seq, "👍")
        await house.quiet(commands.React, VALI, LOBBY, seq=seq, emoji="👍", on=True)
        await house.do(commands.React, ALI, LOBBY, seq=seq, emoji="👍", on=True)
        await house.do(commands.React, VALI, LOBBY, seq=seq, emoji="🙂", on=True)
        (shown,) = (await house.store.history(ALI, LOBBY)).messages
        assert shown.reactions == (
            Reaction(emoji="👍", count=2, mine=True, users=("vali", "ali"), uids=(VALI.uid, ALI.uid)),
            Reaction(emoji="🙂", count=1, mine=False, users=("vali",), uids=(VALI.uid,)),
        )
        [gone] = await house.told(commands.React, VALI, LOBBY, seq=seq, emoji="👍", on=False)
        assert isinstance(gone, ReactionRemoved) and (gone.target, gone.emoji, gone.actor) == (seq, "👍", "vali")
        await house.quiet(commands.React, VALI, LOBBY, seq=seq, emoji="👍", on=False)

    async def test_refusals(self, house: House) -> None:
        """Only a message takes reactions: at most twenty different emoji in all. An emoji that is there already may still
        be chosen."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room)
        await house.refused(NotFound, "not_found.message", commands.React, ALI, room, seq=1, emoji="👍", on=True)
        await house.refused(NotFound, "not_found", commands.React, SOLI, room, seq=seq, emoji="👍", on=True)
        for number in range(20):
            await house.do(commands.React, ALI, room, seq=seq, emoji=chr(0x1F600 + number), on=True)
        for person in (ALI, VALI):
            await house.refused(TooManyReactions, None, commands.React, person, room, seq=seq, emoji="👍", on=True)
        await house.do(commands.React, VALI, room, seq=seq, emoji=chr(0x1F600), on=True)
        for person in (ALI, VALI):
            await house.do(commands.React, person, room, seq=seq, emoji=chr(0x1F600), on=False)
        await house.do(commands.React, VALI, room, seq=seq, emoji="👍", on=True)
        await house.do(commands.Delete, ALI, room, seq=seq)
        for on in (True, False):
            await house.refused(NotFound, "not_found.message", commands.React, ALI, room, seq=seq, emoji="👍", on=on)

    async def test_either_spelling(self, house: House) -> None:
        """An emoji with and without U+FE0F is one emoji: it counts once, and either spelling removes it."""
        seq = await house.write(ALI)
        await house.do(commands.React, VALI, LOBBY, seq=seq, emoji="\u2764", on=True)
        await house.quiet(commands.React, VALI, LOBBY, seq=seq, emoji="\u2764\ufe0f", on=True)
        [event] = await house.told(commands.React, ALI, LOBBY, seq=seq, emoji="\u2764\ufe0f", on=True)
        assert isinstance(event, ReactionAdded) and event.emoji == "\u2764"
        (shown,) = (await house.store.history(ALI, LOBBY)).messages
        assert [(one.emoji, one.count) for one in shown.reactions] == [("\u2764", 2)]
        [gone] = await house.told(commands.React, VALI, LOBBY, seq=seq, emoji="\u2764\ufe0f", on=False)
        assert isinstance(gone, ReactionRemoved) and gone.emoji == "\u2764"

    async def test_many_people(self, house: House) -> None:
        """A message shows the count and the first twenty users; when one leaves, the next takes the place. `mine` is right
        for every user, and further users come in pages. Events have no `mine`, and carry the `seq` up to which they
        counted."""
        people = [Actor(f"u-{n:02}", f"odam{n:02}", lobby_from=0) for n in range(30)]
        seq = await house.write(ALI)
        for person in people:
            await house.do(commands.React, person, LOBBY, seq=seq, emoji="👍", on=True)
        names = [person.user_id for person in people]

        async def shown(reader: Actor) -> Reaction:
            (message,) = (await house.store.history(reader, LOBBY)).messages
            assert (await house.state(reader, LOBBY)).last_message == message
            (reaction,) = message.reactions
            return reaction

        first = await shown(people[29])
        assert (first.count, first.mine, list(first.users)) == (30, True, names[:20])
        assert (await shown(ALI)).mine is False
        await house.do(commands.React, people[3], LOBBY, seq=seq, emoji="👍", on=False)
        await house.do(commands.React, people[27], LOBBY, seq=seq, emoji="👍", on=False)
        left = [name for name in names if name not in ("odam03", "odam27")]
        then = await shown(ALI)
        assert (then.count, list(then.users), len(then.uids)) == (28, left[:20], 20)
        found: list[str] = []
        cursor: int | None = 0
        while cursor is not None:
            page = await house.store.reactions(people[9], LOBBY, seq, "👍", after=cursor, limit=9)
            assert (page.reaction.count, page.reaction.mine) == (28, True)
            found += page.reaction.users
            cursor = page.cursor
        assert found == left
        with pytest.raises(NotFound):
            await house.store.reactions(ALI, LOBBY, seq + 1, "👍")
        await house.do(commands.Edit, ALI, LOBBY, seq=seq, text="yangi")
        created, *_, edited = await house.log(LOBBY)
        assert isinstance(created, MessageCreated) and created.message.reactions == ()
        assert isinstance(edited, MessageEdited) and edited.message.reactions_at == edited.seq
        assert house.listener.entries[-1].event == edited
        assert [(one.count, one.mine, len(one.uids)) for one in edited.message.reactions] == [(28, None, 20)]
        for person in people:
            await house.do(commands.React, person, LOBBY, seq=seq, emoji="👍", on=False)
        (message,) = (await house.store.history(ALI, LOBBY)).messages
        assert message.reactions == ()


class TestPin:
    async def test_pinned_and_unpinned(self, house: House) -> None:
        """The latest pin comes first. A repeat changes nothing."""
        theirs = await direct(house.store, ALI, VALI, AT)
        first, second = await house.write(ALI, theirs, "1"), await house.write(ALI, theirs, "2")
        [event] = await house.told(commands.Pin, VALI, theirs, seq=first, on=True)
        assert isinstance(event, MessagePinned) and event.target == first
        house.at += 1
        await house.do(commands.Pin, ALI, theirs, seq=second, on=True)
        assert [one.text for one in await house.store.pins(ALI, theirs)] == ["2", "1"]
        await house.quiet(commands.Pin, ALI, theirs, seq=first, on=True)
        [event] = await house.told(commands.Pin, VALI, theirs, seq=second, on=False)
        assert isinstance(event, MessageUnpinned) and event.target == second
        await house.quiet(commands.Pin, ALI, theirs, seq=second, on=False)

    async def test_refusals(self, house: House) -> None:
        """In rooms and in the lobby only moderators pin; at most fifty messages; a deleted message cannot be pinned."""
        room = await house.room(ALI, VALI)
        seqs = [await house.write(ALI, room) for _ in range(51)]
        await house.refused(Forbidden, None, commands.Pin, VALI, room, seq=seqs[0], on=True)
        for seq in seqs[:50]:
            await house.do(commands.Pin, ALI, room, seq=seq, on=True)
        await house.refused(BadRequest, None, commands.Pin, ALI, room, seq=seqs[50], on=True)
        lobby = await house.write(ALI)
        await house.refused(Forbidden, None, commands.Pin, ALI, LOBBY, seq=lobby, on=True)
        await house.do(commands.Pin, MODERATOR, LOBBY, seq=lobby, on=True)
        await house.do(commands.Delete, ALI, LOBBY, seq=lobby)
        await house.refused(NotFound, "not_found.message", commands.Pin, MODERATOR, LOBBY, seq=lobby, on=False)

    async def test_pins_of_before_ones_time_are_not_shown(self, house: House) -> None:
        """A member does not see pins of messages from before they joined (`history: joined`), nor a bare guest those of the
        lobby."""
        room = await house.room(ALI, history="joined")
        seq = await house.write(ALI, room)
        await house.do(commands.Pin, ALI, room, seq=seq, on=True)
        await house.admit(ALI, room, VALI)
        assert len(await house.store.pins(ALI, room)) == 1
        assert await house.store.pins(VALI, room) == ()
        lobby = await house.write(ALI)
        await house.do(commands.Pin, MODERATOR, LOBBY, seq=lobby, on=True)
        assert await house.store.pins(BARE, LOBBY) == ()


class TestReport:
    async def test_moderators_see_reports(self, house: House) -> None:
        """Reports in the lobby are shown to the server's moderators, those in a room to the room's. A repeated report
        counts once. A report makes no event."""
        room = await house.room(ALI, VALI)
        there = await house.write(ALI, room, "xonada")
        lobby = await house.write(ALI, LOBBY, "lobbyda")
        assert (await house.do(commands.Report, VALI, room, seq=there, reason="yomon")).created
        assert (await house.do(commands.Report, VALI, LOBBY, seq=lobby, reason="")).created
        assert not (await house.quiet(commands.Report, VALI, room, seq=there, reason="yana")).created
        [mine] = await house.store.reports(ALI)
        assert (mine.message.text, mine.by.user_id, mine.reason) == ("xonada", "vali", "yomon")
        assert [one.message.text for one in await house.store.reports(MODERATOR)] == ["lobbyda"]
        assert await house.store.reports(VALI) == ()

    async def test_also_from_who_never_did_anything_before(self, house: House) -> None:
        """A report is durable, so the person who made it gets a row in `users`."""
        seq = await house.write(ALI)
        await house.do(commands.Report, Actor("u-yangi", "yangi", lobby_from=0), LOBBY, seq=seq, reason="")
        assert [one.by.user_id for one in await house.store.reports(MODERATOR)] == ["yangi"]

    async def test_refusals(self, house: House) -> None:
        """A report needs a message that the reporter may see; a user may have a hundred open reports."""
        room = await house.room(ALI)
        seq = await house.write(ALI, room)
        await house.refused(NotFound, "not_found", commands.Report, VALI, room, seq=seq, reason="")
        await house.refused(NotFound, "not_found.message", commands.Report, ALI, room, seq=seq + 1, reason="")
        for _ in range(100):
            await house.do(commands.Report, ALI, room, seq=await house.write(ALI, room), reason="")
        last = await house.write(ALI, room)
        await house.refused(RateLimited, "rate_limited.reports", commands.Report, ALI, room, seq=last, reason="")


class TestMark:
    async def test_read_up_to_here(self, house: House) -> None:
        """The messages of others above the mark are unread; the result, the event and the state agree."""
        room = await house.room(ALI, VALI)
        for writer in (ALI, ALI, VALI, ALI, VALI):
            await house.write(writer, room)
        assert (await house.state(VALI, room)).unread == 3
        [event] = await house.told(commands.Read, VALI, room, ordinal=1)
        assert isinstance(event, ReadMarked) and event.conversation == ME
        assert (event.target, event.ordinal, event.unread, event.mentions) == (room, 1, 2, 0)
        state = await house.state(VALI, room)
        assert (state.read_ordinal, state.unread) == (1, 2)
        assert (await house.do(commands.Read, VALI, room, ordinal=5)).unread == 0
        await house.write(VALI, room)
        assert (await house.state(VALI, room)).unread == 0

    async def test_never_back(self, house: House) -> None:
        """A mark at or below the present one changes nothing; the result has the present unread count."""
        room = await house.room(ALI, VALI)
        for _ in range(4):
            await house.write(ALI, room)
        await house.do(commands.Read, VALI, room, ordinal=3)
        for ordinal in (3, 2, 0):
            assert (await house.quiet(commands.Read, VALI, room, ordinal=ordinal)).unread == 1
        assert (await house.state(VALI, room)).read_ordinal == 3

    async def test_never_beyond_the_last_message(self, house: House) -> None:
        """A mark above the last message is cut to it: later messages are unread."""
        theirs = await direct(house.store, ALI, VALI, AT)
        await house.write(ALI, theirs)
        assert await house.do(commands.Read, VALI, theirs, ordinal=2**53 - 1) == CommandResult(theirs, 1, unread=0)
        await house.write(ALI, theirs)
        assert (await house.state(VALI, theirs)).unread == 1

    async def test_the_lobby_begins_with_oneself(self, house: House) -> None:
        """In the lobby, messages from before a user's identity existed count as read, even if the user has written
        nothing."""
        for _ in range(3):
            await house.write(ALI)
        await house.store.save_guest(guest(Actor("u-late", "kech", lobby_from=3)))
        late = Actor("u-late", "kech", lobby_from=3)
        await house.write(ALI)
        assert (await house.quiet(commands.Read, late, LOBBY, ordinal=2)).unread == 1
        assert (await house.do(commands.Read, late, LOBBY, ordinal=4)).unread == 0

    async def test_without_a_mark_nothing_is_unread(self, house: House) -> None:
        """Without a mark nothing is unread, so a low first mark does not make messages unread."""
        for _ in range(3):
            await house.write(ALI)
        assert (await house.state(VALI, LOBBY)).unread == 0
        assert (await house.do(commands.Read, VALI, LOBBY, ordinal=1)).unread == 0
        assert (await house.state(VALI, LOBBY)).unread == 0

    async def test_strangers(self, house: House) -> None:
        """Only members may set a mark."""
        room = await house.room(ALI)
        public = await house.room(ALI, visibility="public")
        await house.refused(NotFound, "not_found", commands.Read, VALI, room, ordinal=1)
        await house.refused(Forbidden, "forbidden.member", commands.Read, VALI, public, ordinal=1)


class TestMentions:
    async def test_counted_until_read(self, house: House) -> None:
        """Each unread message that mentions a user counts once; a mark removes those below it."""
        room = await house.room(ALI, VALI, SOLI)
        for named in ((VALI.uid,), (VALI.uid, SOLI.uid, ALI.uid, "u-nobody"), ()):
            await house.write(ALI, room, named=named)
        assert [(await house.state(one, room)).mentions for one in (ALI, VALI, SOLI)] == [0, 2, 1]
        await house.do(commands.Read, VALI, room, ordinal=1)
        assert (await house.state(VALI, room)).mentions == 1
        await house.do(commands.Read, VALI, room, ordinal=3)
        assert (await house.state(VALI, room)).mentions == 0

    async def test_who_may_mention_everybody(self, house: House) -> None:
        """Only moderators may mention everybody in a room, both people in a direct, and nobody in the lobby."""
        room = await house.room(ALI, VALI)
        theirs = await direct(house.store, ALI, VALI, AT)
        for place, writer, count in ((room, VALI, 0), (room, ALI, 1), (theirs, ALI, 1), (LOBBY, LORD, 0)):
            reader = ALI if writer is VALI else VALI
            await house.write(writer, place, named=(EVERYBODY,))
            assert (await house.state(reader, place)).mentions == count, (place, writer)

    async def test_everybody_is_stored_once(self, house: House) -> None:
        """A mention of everybody is one event and no row or event for each person."""
        room = await house.room(ALI, VALI, SOLI)
        await house.write(ALI, room, "@all", named=(EVERYBODY, VALI.uid))
        assert [(await house.state(one, room)).mentions for one in (ALI, VALI, SOLI)] == [0, 1, 1]
        *_, created = await house.log(room)
        assert isinstance(created, MessageCreated) and (created.everyone, created.message.mentions_all) == (1, True)
        assert not [event for event in await house.own(VALI) if isinstance(event, Mentioned)]
        await house.do(commands.Read, VALI, room, ordinal=1)
        assert [(await house.state(one, room)).mentions for one in (VALI, SOLI)] == [0, 1]

    async def test_everybody_follows_the_text(self, house: House) -> None:
        """Edits and deletions carry in `everyone` by how much the count of mentions changes; in a replay the earlier events
        keep theirs."""
        room = await house.room(ALI, VALI, SOLI)
        seq = await house.write(ALI, room, "salom")
        await house.do(commands.Edit, ALI, room, seq=seq, text="salom @all", named=(EVERYBODY,))
        assert (await house.state(VALI, room)).mentions == 1
        await house.do(commands.Edit, ALI, room, seq=seq, text="salom, @hamma", named=(EVERYBODY,))
        await house.do(commands.Edit, ALI, room, seq=seq, text="salom", named=())
        assert (await house.state(VALI, room)).mentions == 0
        await house.do(commands.Edit, ALI, room, seq=seq, text="@all", named=(EVERYBODY,))
        await house.do(commands.Delete, ALI, room, seq=seq)
        assert (await house.state(VALI, room)).mentions == 0
        events = await house.log(room)
        said = (MessageCreated, MessageEdited, MessageDeleted)
        assert [event.everyone for event in events if isinstance(event, said)] == [0, 1, 0, -1, 1, -1]
        assert isinstance(events[-1], MessageDeleted)
        assert (events[-1].ordinal, events[-1].sender_uid) == (1, ALI.uid)

    async def test_naming_people_is_counted(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each mentioned person costs one. A message or edit above the limit gets `rate_limited` and is not stored; other
        senders are not affected."""
        monkeypatch.setattr("suhbat.chat.rate.NAMED_AT_ONCE", 7)
        room = await house.room(ALI, VALI, SOLI)
        for named in ((EVERYBODY,), (VALI.uid, SOLI.uid), (VALI.uid,)):
            await house.write(ALI, room, named=named)
        refused = await house.cannot_write(ALI, room, named=(EVERYBODY,))
        assert isinstance(refused, RateLimited) and (refused.text, refused.scope) == (
            "rate_limited.mentions",
            "command",
        )
        assert refused.retry_after == pytest.approx(2 / NAMED_PER_SECOND, abs=0.002)
        seq = await house.write(ALI, room, "hech kim")
        await house.write(VALI, room, named=(ALI.uid,))
        await house.refused(
            RateLimited, "rate_limited.mentions", commands.Edit, ALI, room, seq=seq, text="@all", named=(EVERYBODY,)
        )

    async def test_follow_the_text(self, house: House) -> None:
        """After an edit the mentions are those of the new text; after a deletion there are none."""
        room = await house.room(ALI, VALI, SOLI)
        seq = await house.write(ALI, room, "@vali", named=(VALI.uid,))
        await house.do(commands.Edit, ALI, room, seq=seq, text="@soli", named=(SOLI.uid,))
        assert [(await house.state(one, room)).mentions for one in (VALI, SOLI)] == [0, 1]
        await house.do(commands.Delete, ALI, room, seq=seq)
        assert (await house.state(SOLI, room)).mentions == 0

    async def test_told_in_ones_own_log(self, house: House) -> None:
        """Each change of a user's mentions is an event in their own log, with the new count; several in one batch make one
        event."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room, named=(VALI.uid,))
        await asyncio.gather(*(house.write(ALI, room, named=(VALI.uid,)) for _ in range(3)))
        await house.do(commands.Edit, ALI, room, seq=seq, text="hech kim")
        await house.do(commands.Delete, ALI, room, seq=seq + 1)
        told = [event for event in await house.own(VALI) if isinstance(event, Mentioned)]
        assert [(event.message, event.mentions) for event in told] == [
            (seq, 1), (seq + 3, 4), (seq, 3), (seq + 1, 2),
        ]  # fmt: skip
        assert {(event.target, event.actor) for event in told} == {(room, "ali")}
        assert not [event for event in await house.own(ALI) if isinstance(event, Mentioned)]

    async def test_what_was_read_names_nobody_later(self, house: House) -> None:
        """An edit does not mention a user who has already read the message, because no later mark would remove the
        mention."""
        room = await house.room(ALI, VALI)
        seq = await house.write(ALI, room)
        await house.do(commands.Read, VALI, room, ordinal=1)
        await house.do(commands.Edit, ALI, room, seq=seq, text="@vali", named=(VALI.uid,))
        assert (await house.state(VALI, room)).mentions == 0

    async def test_who_goes_takes_theirs_along(self, house: House) -> None:
        """A member who leaves and returns has no mentions."""
        room = await house.room(ALI, VALI)
        await house.write(ALI, room, named=(VALI.uid,))
        await house.do(commands.Leave, VALI, room)
        await house.admit(ALI, room, VALI)
        assert (await house.state(VALI, room)).mentions == 0


class TestDraft:
    async def test_kept_and_taken_away(self, house: House) -> None:
        """A draft is visible to its writer only. A repeat changes nothing."""
        room = await house.room(ALI, VALI)
        [event] = await house.told(commands.Draft, ALI, room, text="Salom, ")
        assert isinstance(event, DraftChanged) and (event.target, event.text) == (room, "Salom, ")
        assert ((await house.state(ALI, room)).draft, (await house.state(VALI, room)).draft) == ("Salom, ", "")
        await house.quiet(commands.Draft, ALI, room, text="Salom, ")
        await house.do(commands.Draft, ALI, room, text="Salom, Vali")
        assert [e.text for e in await house.own(ALI) if isinstance(e, DraftChanged)] == ["Salom, Vali"] * 2
        await house.do(commands.Draft, ALI, room, text="")
        assert (await house.state(ALI, room)).draft == ""
        await house.quiet(commands.Draft, ALI, room, text="")

    async def test_a_draft_that_is_gone_is_nowhere(self, house: House, tmp_path: Path) -> None:
        """No table holds a draft that was replaced, or whose writer was removed."""
        room = await house.room(ALI, VALI)
        for writer in (ALI, VALI):
            await house.do(commands.Draft, writer, room, text="maxfiyqoralama")
        await house.do(commands.Draft, ALI, room, text="boshqa")
        await house.do(commands.Remove, ALI, room, person=VALI)
        assert holding(tmp_path / "data", "maxfiyqoralama") == []

    async def test_refusals(self, house: House) -> None:
        """A user who may not write cannot begin a draft; a member can always remove one."""
        room = await house.room(ALI, VALI)
        await house.do(commands.Draft, VALI, room, text="salom")
        await house.do(commands.Mute, ALI, room, person=VALI, on=True)
        await house.refused(Forbidden, "forbidden.muted", commands.Draft, VALI, room, text="yana")
        await house.do(commands.Draft, VALI, room, text="")
        await house.refused(NotFound, "not_found", commands.Draft, SOLI, room, text="yana")
        await house.refused(NotFound, "not_found", commands.Draft, SOLI, room, text="")


class TestCreate:
    async def test_a_room_and_its_owner(self, house: House) -> None:
        """A new room has the given settings and its owner as the only member, who gets the state in their own log."""
        heard = len(house.listener.entries)
        done = await house.do(commands.Create, ALI, title="Choy", topic="xona", visibility="public", history="joined")
        assert (done.seq, done.created) == (0, True) and done.conversation.startswith("r")
        [(log, event)] = house.listener.entries[heard:]
        assert log == f"@me:{ALI.uid}" and isinstance(event, ConversationAdded)
        state = await house.state(ALI, done.conversation)
        assert event.state == state
        assert (state.kind, state.title, state.topic, state.visibility, state.history) == (
            "room", "Choy", "xona", "public", "joined",
        )  # fmt: skip
        assert (state.role, state.member_count, state.head, state.unread) == ("owner", 1, 0, 0)
        assert await house.roles(ALI, done.conversation) == {"ali": "owner"}

    async def test_each_is_another(self, house: House) -> None:
        """Two rooms may have the same title."""
        assert await house.room() != await house.room()

    async def test_bare_guests_make_none(self, house: House) -> None:
        """A bare guest makes no room, because they could not return to it."""
        await house.refused(Forbidden, "forbidden.bare", commands.Create, BARE, title="Xona")


class TestMeet:
    async def test_one_of_each_set(self, house: House) -> None:
        """The same people have one direct, in whatever order and by whomever they are named."""
        done = await house.do(commands.Meet, ALI, people=(VALI, SOLI))
        assert done.created
        for actor, people in ((ALI, (SOLI, VALI, SOLI)), (VALI, (ALI, SOLI)), (SOLI, (VALI, ALI, SOLI))):
            again = await house.do(commands.Meet, actor, people=people)
            assert (again.conversation, again.created) == (done.conversation, False)
        for people in ((VALI,), (VALI, SOLI, LOLA), (SOLI,)):
            assert (await house.do(commands.Meet, ALI, people=people)).conversation != done.conversation

    async def test_everybody_hears_of_it(self, house: House) -> None:
        """Each person gets the direct in their own log when they open it; its title is the names of the others."""
        done = await house.do(commands.Meet, ALI, people=(VALI, SOLI))
        await house.do(commands.Meet, VALI, people=(ALI, SOLI))
        await house.do(commands.Meet, SOLI, people=(ALI, VALI))
        for person, title in ((ALI, "soli, vali"), (VALI, "ali, soli"), (SOLI, "ali, vali")):
            [event] = await house.own(person)
            assert isinstance(event, ConversationAdded) and event.state == await house.state(person, done.conversation)
            assert (event.state.title, event.state.member_count) == (title, 3)
        assert sorted(await uids(house.store, ALI, done.conversation)) == [ALI.uid, SOLI.uid, VALI.uid]

    async def test_up_to_twenty(self, house: House) -> None:
        """A direct has at most twenty people, oneself included."""
        people = [Actor(f"u{n:02}", f"odam{n}", lobby_from=0) for n in range(20)]
        assert (await house.do(commands.Meet, ALI, people=tuple(people[:19]))).created
        await house.refused(BadRequest, None, commands.Meet, ALI, people=tuple(people))

    async def test_oneself(self, house: House) -> None:
        """The direct with oneself is the one that a post to oneself makes."""
        done = await house.do(commands.Meet, ALI, people=(ALI,))
        assert (await house.listener.send(house.store, ALI, peer=ALI)).conversation == done.conversation
        assert (await house.state(ALI, done.conversation)).member_count == 1

    async def test_a_post_finds_it(self, house: House) -> None:
        """A post to a person goes to the direct that exists."""
        done = await house.do(commands.Meet, ALI, people=(VALI,))
        assert (await house.listener.send(house.store, VALI, peer=ALI)).conversation == done.conversation

    async def test_strangers(self, house: House) -> None:
        """A direct does not exist for others, not even for the server's owner. Nobody is added to it or removed."""
        theirs = (await house.do(commands.Meet, ALI, people=(VALI, SOLI))).conversation
        for stranger in (LOLA, LORD, BARE):
            assert isinstance(await house.cannot_write(stranger, theirs), NotFound)
            await house.refused(NotFound, "not_found", commands.Join, stranger, theirs)
        await house.refused(Forbidden, "forbidden.kind", commands.Admit, ALI, theirs, person=LOLA, role="member")
        await house.refused(Forbidden, "forbidden.kind", commands.Remove, ALI, theirs, person=VALI)
        await house.refused(Forbidden, "forbidden.kind", commands.Ban, ALI, theirs, person=VALI, on=True)
        await house.refused(Forbidden, "forbidden.kind", commands.Mute, ALI, theirs, person=VALI, on=True)
        await house.refused(Forbidden, "forbidden.kind", commands.Update, ALI, theirs, title="x")
        await house.refused(Forbidden, "forbidden.kind", commands.Erase, ALI, theirs)


class TestUpdate:
    async def test_what_is_given_and_differs(self, house: House) -> None:
        """An update makes one event with all present settings; settings that were not given stay; a repeat changes
        nothing."""
        room = await house.room(ALI, title="Bir", topic="mavzu")
        [event] = await house.told(commands.Update, ALI, room, title="Ikki", slow_mode=30)
        assert isinstance(event, ConversationUpdated)
        assert (event.title, event.topic, event.slow_mode, event.visibility) == ("Ikki", "mavzu", 30, "private")
        state = await house.state(ALI, room)
        assert (state.title, state.topic, state.slow_mode) == ("Ikki", "mavzu", 30)
        await house.quiet(commands.Update, ALI, room, title="Ikki")
        await house.quiet(commands.Update, ALI, room, title="Ikki", topic="mavzu", archived=False)

    @pytest.mark.parametrize("archived", [True, False])
    async def test_archiving_twice_is_archiving_once(self, house: House, archived: bool) -> None:
        """Archiving an archived room, or opening an open one, changes nothing."""
        room = await house.room(ALI)
        await house.do(commands.Update, ALI, room, archived=True)
        await house.do(commands.Update, ALI, room, archived=archived)
        await house.quiet(commands.Update, ALI, room, archived=archived)

    async def test_an_archived_room(self, house: House) -> None:
        """An archived room can be read but not written or joined; its owner can open it again; members may leave."""
        room = await house.room(ALI, VALI, visibility="public")
        seq = await house.write(VALI, room)
        await house.do(commands.Update, ALI, room, archived=True)
        assert (await house.cannot_write(ALI, room)).text == "forbidden.archived"
        for kind, fields in (
            (commands.Edit, {"seq": seq, "text": "x"}),
            (commands.React, {"seq": seq, "emoji": "👍", "on": True}),
            (commands.Draft, {"text": "x"}),
        ):
            await house.refused(Forbidden, "forbidden.archived", kind, VALI, room, **fields)
        await house.refused(Forbidden, "forbidden.archived", commands.Join, SOLI, room)
        await house.refused(Forbidden, "forbidden.archived", commands.Admit, ALI, room, person=SOLI, role="member")
        await house.refused(Forbidden, "forbidden.archived", commands.Admit, ALI, room, person=VALI, role="moderator")
        await house.refused(Forbidden, "forbidden.archived", commands.Update, ALI, room, title="x")
        assert await house.texts(VALI, room) == ["salom"]
        assert room not in {state.conversation for state in await house.store.rooms(SOLI)}
        await house.do(commands.Read, VALI, room, ordinal=1)
        await house.refused(Forbidden, None, commands.Update, VALI, room, archived=False)
        await house.do(commands.Leave, VALI, room)
        await house.do(commands.Update, ALI, room, archived=False)
        await house.write(ALI, room)

    async def test_who_may(self, house: House) -> None:
        """Moderators may change the title, the topic and slow mode; only owners the rest; members nothing, not even to the
        present value."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, VALI, "moderator")
        for change in ({"title": "x"}, {"topic": "x"}, {"slow_mode": 5}, {"title": "Xona"}, {"archived": False}):
            await house.refused(Forbidden, None, commands.Update, SOLI, room, **change)
            await house.refused(NotFound, "not_found", commands.Update, LOLA, room, **change)
        await house.do(commands.Update, VALI, room, title="x", topic="y", slow_mode=5)
        for change in (
            {"visibility": "public"}, {"history": "joined"}, {"retention": 3}, {"archived": True},
            {"title": "z", "retention": 3}, {"archived": False}, {"retention": 0},
        ):  # fmt: skip
            await house.refused(Forbidden, None, commands.Update, VALI, room, **change)
        assert (await house.state(VALI, room)).title == "x"
        await house.refused(BadRequest, None, commands.Update, ALI, room)

    async def test_history_for_all(self, house: House) -> None:
        """When the history is opened to all, the event carries the last message for members who joined later; a replay does
        so only while they may read it."""
        room = await house.room(ALI, history="joined")
        seq = await house.write(ALI, room, "avval")
        await house.admit(ALI, room, VALI)
        [event] = await house.told(commands.Update, ALI, room, history="all")
        assert isinstance(event, ConversationUpdated) and event.last_message is not None
        assert event.last_message == (await house.state(VALI, room)).last_message
        assert (await house.log(room))[-1] == event
        await house.do(commands.Edit, ALI, room, seq=seq, text="avvalgi")
        replayed = [e for e in await house.log(room) if isinstance(e, ConversationUpdated)]
        assert [e.last_message and e.last_message.text for e in replayed] == ["avvalgi"]
        [event] = await house.told(commands.Update, ALI, room, history="joined")
        assert isinstance(event, ConversationUpdated) and event.last_message is None
        assert "avval" not in repr([e for e in await house.log(room) if isinstance(e, ConversationUpdated)])
        assert (await house.state(VALI, room)).last_message is None

    async def test_the_lobby(self, house: House) -> None:
        """In the lobby moderators change the topic and slow mode, and the owner the retention. Nothing else can be
        changed."""
        await house.refused(Forbidden, None, commands.Update, ALI, LOBBY, topic="x")
        await house.do(commands.Update, MODERATOR, LOBBY, topic="Salom", slow_mode=3)
        await house.refused(Forbidden, None, commands.Update, MODERATOR, LOBBY, retention=3)
        await house.do(commands.Update, LORD, LOBBY, retention=3)
        for change in ({"title": "x"}, {"visibility": "public"}, {"history": "joined"}, {"archived": True}):
            await house.refused(Forbidden, "forbidden.kind", commands.Update, LORD, LOBBY, **change)
        state = await house.state(ALI, LOBBY)
        assert (state.topic, state.slow_mode, state.retention) == ("Salom", 3, 3)


class TestErase:
    async def test_it_is_not_there_any_more(self, house: House) -> None:
        """An erased room does not exist for anybody, its former members included."""
        room = await house.room(ALI, VALI, visibility="public")
        await house.write(ALI, room)
        done = await house.do(commands.Erase, ALI, room)
        assert done == CommandResult(room, 2)
        for person in (ALI, VALI):
            last = (await house.own(person))[-1]
            assert isinstance(last, ConversationRemoved) and last.removed == room
            assert {state.conversation for state in (await everything(house.store, person)).states} == {LOBBY}
        for person in PEOPLE:
            assert isinstance(await house.cannot_write(person, room), NotFound)
            await house.refused(NotFound, "not_found", commands.Join, person, room)
            for read in (house.store.history, house.store.state, house.store.members, house.store.pins):
                with pytest.raises(NotFound):
                    await read(person, room)
        assert await house.store.rooms(SOLI) == ()
        await house.refused(NotFound, "not_found", commands.Erase, ALI, room)

    async def test_nothing_of_it_is_left(self, house: House, tmp_path: Path) -> None:
        """Its texts, titles and drafts are deleted. A new room does not inherit its bans."""
        room = await house.room(ALI, VALI, title="maxfiyxona", topic="maxfiymavzu")
        await house.write(ALI, room, "maxfiyxabar")
        await house.do(commands.Draft, ALI, room, text="maxfiyqoralama")
        await house.do(commands.Ban, ALI, room, person=VALI, on=True, reason="maxfiysabab")
        await house.do(commands.Erase, ALI, room)
        assert await house.store.expire(0) == {room}
        file = tmp_path / "data"
        assert holding(file, "maxfiyxabar") == holding(file, "maxfiyqoralama") == holding(file, "maxfiymavzu") == []
        assert room not in await house.store.heads()
        await house.admit(ALI, await house.room(ALI), VALI)

    async def test_who_may(self, house: House) -> None:
        """Only its owner may erase a room, and nobody the lobby."""
        room = await house.room(ALI)
        await house.admit(ALI, room, VALI, "moderator")
        await house.refused(Forbidden, None, commands.Erase, VALI, room)
        await house.refused(NotFound, "not_found", commands.Erase, LORD, room)
        await house.refused(Forbidden, "forbidden.kind", commands.Erase, LORD, LOBBY)

    async def test_posts_around_it(self, house: House) -> None:
        """Posts of the same batch come before the erasure and are written; later ones are refused. Other rooms are not
        affected."""
        room, other = await house.room(ALI), await house.room(ALI)
        posts = [house.listener.ask(house.store, ALI, "1", conversation=place) for place in (room, other)]
        erased = asyncio.ensure_future(house.do(commands.Erase, ALI, room))
        await asyncio.sleep(0)
        posts += [house.listener.ask(house.store, ALI, "2", conversation=place) for place in (room, other)]
        outcomes = [await post for post in posts]
        assert await erased == CommandResult(room, 2)
        posts = [house.listener.ask(house.store, ALI, "3", conversation=place) for place in (room, other)]
        outcomes += [await post for post in posts]
        assert [getattr(outcome, "seq", type(outcome)) for outcome in outcomes] == [1, 1, 2, 2, NotFound, 3]


class TestJoinAndLeave:
    async def test_in_and_out(self, house: House) -> None:
        """After joining, a user has the state that an opening shows; after leaving, none."""
        room = await house.room(ALI, visibility="public")
        await house.write(ALI, room, "avval")
        joined, added = await house.told(commands.Join, VALI, room)
        assert isinstance(joined, MemberJoined) and (joined.user.uid, joined.role, joined.seq) == (
            VALI.uid,
            "member",
            2,
        )
        assert isinstance(added, ConversationAdded) and added.state == await house.state(VALI, room)
        assert (added.state.head, added.state.unread, added.state.member_count, added.state.role) == (2, 0, 2, "member")
        removed, left = await house.told(commands.Leave, VALI, room)
        assert isinstance(removed, ConversationRemoved) and removed.removed == room
        assert isinstance(left, MemberLeft) and (left.user.uid, left.seq) == (VALI.uid, 3)
        assert await house.roles(ALI, room) == {"ali": "owner"}
        assert {state.conversation for state in (await everything(house.store, VALI)).states} == {LOBBY}

    async def test_the_same_again(self, house: House) -> None:
        """A member who joins again keeps their role. A user who is no member cannot leave."""
        room = await house.room(ALI, visibility="public")
        assert (await house.do(commands.Join, VALI, room)).created
        for person in (ALI, VALI):
            assert not (await house.quiet(commands.Join, person, room)).created
        await house.do(commands.Leave, VALI, room)
        await house.refused(NotFound, "not_found", commands.Leave, VALI, room)

    async def test_refusals(self, house: House) -> None:
        """Private rooms do not exist for strangers, nor any room for a bare guest. Nobody joins or leaves the lobby."""
        private, public = await house.room(ALI), await house.room(ALI, visibility="public")
        for kind in (commands.Join, commands.Leave):
            await house.refused(NotFound, "not_found", kind, VALI, private)
            await house.refused(NotFound, "not_found", kind, VALI, "r404")
            await house.refused(NotFound, "not_found", kind, BARE, public)
            await house.refused(Forbidden, "forbidden.kind", kind, ALI, LOBBY)

    async def test_the_last_owner_leaves_an_heir(self, house: House) -> None:
        """When the last owner leaves, the member of the highest rank becomes owner, and of several the earliest. While
        another owner stays, nothing changes."""
        room = await house.room(ALI, VALI)
        for person, role in ((SOLI, "moderator"), (LOLA, "moderator")):
            house.at += 1
            await house.admit(ALI, room, person, role)
        removed, left, updated = await house.told(commands.Leave, ALI, room)
        assert (removed.type, left.type) == ("conversation.removed", "member.left")
        assert isinstance(updated, MemberUpdated) and (updated.user.uid, updated.role) == (SOLI.uid, "owner")
        assert await house.roles(VALI, room) == {"vali": "member", "soli": "owner", "lola": "moderator"}
        await house.admit(SOLI, room, LOLA, "owner")
        await house.do(commands.Leave, SOLI, room)
        assert await house.roles(VALI, room) == {"vali": "member", "lola": "owner"}
        await house.do(commands.Leave, LOLA, room)
        assert await house.roles(VALI, room) == {"vali": "owner"}

    async def test_an_empty_room_belongs_to_who_comes_first(self, house: House) -> None:
        """The first user who joins an empty room becomes its owner."""
        room = await house.room(ALI, visibility="public")
        await house.do(commands.Leave, ALI, room)
        await house.do(commands.Join, VALI, room)
        await house.do(commands.Join, SOLI, room)
        assert await house.roles(VALI, room) == {"vali": "owner", "soli": "member"}
        assert (await house.state(VALI, room)).role == "owner"

    async def test_history_from_ones_joining(self, house: House) -> None:
        """With `joined` a member reads the messages since they joined, with `all` everything; the state shows no more than
        the history."""
        for history, seen in (("joined", ["keyin"]), ("all", ["avval", "keyin"])):
            room = await house.room(ALI, history=history, visibility="public")
            await house.write(ALI, room, "avval")
            _, added = await house.told(commands.Join, VALI, room)
            assert isinstance(added, ConversationAdded)
            assert (added.state.last_message is not None) == (history == "all")
            await house.write(ALI, room, "keyin")
            assert await house.texts(VALI, room) == seen
            assert await house.texts(ALI, room) == ["avval", "keyin"]
            assert (await house.state(VALI, room)).unread == 1

    async def test_what_was_missed_is_not_replayed(self, house: House) -> None:
        """For a member who left and returned, a cursor from before is reset with `interrupted`; a present one is not."""
        room = await house.room(ALI, VALI)
        cursor = (await house.state(VALI, room)).head
        await house.do(commands.Leave, VALI, room)
        await house.write(ALI, room, "bu orada")
        await house.admit(ALI, room, VALI)
        opening = await everything(house.store, VALI)
        plan = sync_plan(opening.places, {room: cursor})
        assert plan.resets == {room: "interrupted"}
        assert not sync_plan(opening.places, {room: opening.places.heads[room]}).resets
        assert not sync_plan((await everything(house.store, ALI)).places, {room: 0}).resets


class TestAccept:
    async def test_into_a_private_room(self, house: House) -> None:
        """An invite admits to a private room. A member keeps their role."""
        room = await house.room(ALI)
        assert (await house.do(http_commands.AcceptInvite, VALI, room)).created
        assert await house.roles(ALI, room) == {"ali": "owner", "vali": "member"}
        await house.quiet(http_commands.AcceptInvite, VALI, room)
        await house.quiet(http_commands.AcceptInvite, ALI, room)

    async def test_what_cannot_be_is_passed_over(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the room of an invite was erased or archived, is full or bans the user, nothing happens, because the account
        exists already."""
        banned, archived, full, gone = [await house.room(ALI) for _ in range(4)]
        theirs = await direct(house.store, ALI, SOLI, AT)
        await house.do(commands.Ban, ALI, banned, person=VALI, on=True)
        await house.do(commands.Update, ALI, archived, archived=True)
        await house.do(commands.Erase, ALI, gone)
        monkeypatch.setattr("suhbat.chat.membership.LARGEST_ROOM", 1)
        for place in (banned, archived, full, gone, theirs, LOBBY, "r404", f"@me:{ALI.uid}"):
            heard = len(house.listener.heard)
            assert not (await house.do(http_commands.AcceptInvite, VALI, place)).created
            assert house.listener.heard[heard:] == []

    async def test_an_invite_is_used_once_by_each_new_member(self, house: House) -> None:
        """Somebody who is here already joins with an invite, and uses it once. It is not used by a member, nor by somebody whom
        the room does not let in. Without a use left, nobody joins."""
        room, banned = await house.room(ALI), await house.room(ALI)
        await house.do(commands.Ban, ALI, banned, person=VALI, on=True)
        codes = {}
        for place, code in ((room, b"1" * 32), (banned, b"2" * 32)):
            await house.store.add_invite(Invite(f"i{place}", code, place, 1, AT + 10**9, ALI.uid, AT))
            codes[place] = code

        async def uses(place: str) -> int:
            found = await house.store.invite_by_code(codes[place])
            assert found is not None and found.title
            return found.uses

        await house.quiet(http_commands.AcceptInvite, ALI, room, code_hash=codes[room].hex())
        await house.quiet(http_commands.AcceptInvite, VALI, banned, code_hash=codes[banned].hex())
        assert (await uses(room), await uses(banned)) == (1, 1)
        assert (await house.do(http_commands.AcceptInvite, VALI, room, code_hash=codes[room].hex())).created
        assert await uses(room) == 0
        with pytest.raises(Forbidden):
            await house.do(http_commands.AcceptInvite, SOLI, room, code_hash=codes[room].hex())
        assert await house.roles(ALI, room) == {"ali": "owner", "vali": "member"}


class TestAdmit:
    async def test_a_member_or_more(self, house: House) -> None:
        """The person becomes a member with the given role; the room and the person get events."""
        room = await house.room(ALI)
        joined, added = await house.told(commands.Admit, ALI, room, person=VALI, role="moderator", exempt=True)
        assert isinstance(joined, MemberJoined) and (joined.user.uid, joined.role) == (VALI.uid, "moderator")
        assert isinstance(added, ConversationAdded) and added.state.role == "moderator"

    async def test_the_same_again(self, house: House) -> None:
        """To admit a member with their present role changes nothing."""
        room = await house.room(ALI)
        await house.admit(ALI, room, VALI, "moderator")
        await house.admit(VALI, room, SOLI)
        for actor in (ALI, VALI):
            assert not (await house.quiet(commands.Admit, actor, room, person=SOLI, role="member")).created

    async def test_another_role(self, house: House) -> None:
        """An owner can give and take roles; the room gets an event, and the audit log an entry."""
        room = await house.room(ALI, VALI)
        [event] = await house.told(commands.Admit, ALI, room, person=VALI, role="owner")
        assert isinstance(event, MemberUpdated) and (event.user.uid, event.role) == (VALI.uid, "owner")
        await house.admit(VALI, room, ALI, "member")
        assert await house.roles(ALI, room) == {"ali": "member", "vali": "owner"}
        assert (await house.store.audit())[0].action == "member.role"
        await house.refused(BadRequest, None, commands.Admit, VALI, room, person=VALI, role="member")

    async def test_refusals(self, house: House) -> None:
        """Nobody gives a role above what their rank allows. Banned users and bare guests cannot be admitted."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, VALI, "moderator")
        for actor, person, role in (
            (VALI, LOLA, "moderator"), (VALI, LOLA, "owner"), (VALI, SOLI, "moderator"), (VALI, ALI, "member"),
            (SOLI, LOLA, "member"), (SOLI, SOLI, "owner"), (VALI, VALI, "owner"), (VALI, VALI, "member"),
        ):  # fmt: skip
            await house.refused(Forbidden, None, commands.Admit, actor, room, person=person, role=role)
        for stranger in (LOLA, LORD):
            await house.refused(NotFound, "not_found", commands.Admit, stranger, room, person=stranger, role="member")
        await house.refused(UserNotFound, "user_not_found.guest", commands.Admit, ALI, room, person=BARE, role="member")
        await house.do(commands.Ban, ALI, room, person=SOLI, on=True)
        await house.refused(Forbidden, "forbidden.person_banned", commands.Admit, ALI, room, person=SOLI, role="member")
        public = await house.room(ALI, visibility="public")
        await house.refused(Forbidden, "forbidden.member", commands.Admit, LOLA, public, person=LOLA, role="owner")
        await house.refused(Forbidden, "forbidden.kind", commands.Admit, LORD, LOBBY, person=ALI, role="owner")

    async def test_a_full_room(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody joins or is admitted to a full room."""
        room = await house.room(ALI, visibility="public")
        monkeypatch.setattr("suhbat.chat.membership.LARGEST_ROOM", 1)
        await house.refused(BadRequest, None, commands.Join, VALI, room)
        await house.refused(BadRequest, None, commands.Admit, ALI, room, person=VALI, role="member")


class TestRemove:
    async def test_out(self, house: House) -> None:
        """The removed person gets their event first, then the room."""
        room = await house.room(ALI, VALI)
        removed, left = await house.told(commands.Remove, ALI, room, person=VALI)
        assert isinstance(removed, ConversationRemoved) and isinstance(left, MemberLeft)
        assert isinstance(await house.cannot_write(VALI, room), NotFound)
        await house.refused(UserNotFound, None, commands.Remove, ALI, room, person=VALI)

    async def test_only_who_is_below(self, house: House) -> None:
        """A moderator removes members only; an owner may be removed by owners only."""
        room = await house.room(ALI, LOLA)
        for person in (VALI, SOLI):
            await house.admit(ALI, room, person, "moderator")
        await house.refused(Forbidden, "forbidden.rank", commands.Remove, VALI, room, person=SOLI)
        await house.refused(Forbidden, "forbidden.rank", commands.Remove, VALI, room, person=ALI)
        await house.refused(Forbidden, None, commands.Remove, LOLA, room, person=VALI)
        await house.do(commands.Remove, VALI, room, person=LOLA)
        await house.admit(ALI, room, SOLI, "owner")
        await house.do(commands.Remove, SOLI, room, person=ALI)
        assert await house.roles(SOLI, room) == {"soli": "owner", "vali": "moderator"}

    async def test_oneself_is_leaving(self, house: House) -> None:
        """To remove oneself is to leave, whatever one's role is, and is not in the audit log."""
        room = await house.room(ALI, VALI)
        for person in (VALI, ALI):
            await house.do(commands.Remove, person, room, person=person)
        assert await house.store.audit() == ()
        assert isinstance(await house.cannot_write(ALI, room), NotFound)

    async def test_nothing_of_after_it_in_their_own_log(self, house: House) -> None:
        """The replay of `conversation.added` in the log of a removed member does not show later edits of the room's last
        message."""
        room = await house.room(ALI)
        seq = await house.write(ALI, room, "ochiq")
        await house.admit(ALI, room, VALI)
        await house.do(commands.Remove, ALI, room, person=VALI)
        await house.do(commands.Edit, ALI, room, seq=seq, text="keyin yozilgan")
        assert "keyin" not in repr(await house.own(VALI))
        await house.do(commands.Erase, ALI, room)
        assert "keyin" not in repr(await house.own(VALI)) + repr(await house.own(ALI))


class TestBan:
    async def test_out_and_away(self, house: House) -> None:
        """A banned member is removed. The room does not exist for them any more; only joining a public room tells them that
        they are banned."""
        room = await house.room(ALI, VALI, visibility="public")
        removed, left = await house.told(commands.Ban, ALI, room, person=VALI, on=True, reason="shovqin")
        assert isinstance(removed, ConversationRemoved) and isinstance(left, MemberLeft)
        await house.refused(Forbidden, "forbidden.banned", commands.Join, VALI, room)
        assert isinstance(await house.cannot_write(VALI, room), NotFound)
        [entry] = await house.store.audit(limit=1)
        assert (entry.action, entry.subject, entry.data) == ("ban", VALI.uid, "shovqin")

    async def test_lifted(self, house: House) -> None:
        """After a ban is lifted the user can join. To lift a ban that does not exist changes nothing."""
        room = await house.room(ALI, VALI, visibility="public")
        await house.do(commands.Ban, ALI, room, person=VALI, on=True)
        await house.do(commands.Ban, ALI, room, person=VALI, on=False)
        written = len(await house.store.audit())
        await house.quiet(commands.Ban, ALI, room, person=VALI, on=False)
        assert len(await house.store.audit()) == written
        assert (await house.do(commands.Join, VALI, room)).created

    async def test_until(self, house: House) -> None:
        """A ban ends at its time."""
        room = await house.room(ALI, VALI, visibility="public")
        await house.do(commands.Ban, ALI, room, person=VALI, on=True, until=AT + 1_000)
        house.at = AT + 999
        await house.refused(Forbidden, "forbidden.banned", commands.Join, VALI, room)
        house.at = AT + 1_000
        await house.do(commands.Join, VALI, room)

    async def test_the_same_again(self, house: House) -> None:
        """The same ban again changes nothing; with another end it is a new ban."""
        room = await house.room(ALI, VALI)
        for until in (AT + 5_000, None):
            await house.do(commands.Ban, ALI, room, person=VALI, on=True, until=until)
            written = len(await house.store.audit())
            await house.quiet(commands.Ban, ALI, room, person=VALI, on=True, until=until)
            assert len(await house.store.audit()) == written

    async def test_also_who_was_never_in(self, house: House) -> None:
        """A user who is no member can be banned: no event is written, and they cannot be admitted."""
        room = await house.room(ALI)
        await house.quiet(commands.Ban, ALI, room, person=VALI, on=True)
        await house.refused(Forbidden, "forbidden.person_banned", commands.Admit, ALI, room, person=VALI, role="member")

    async def test_from_the_server(self, house: House) -> None:
        """A ban from the lobby is a ban from the server: the store lists the user and the end of the ban."""
        await house.quiet(commands.Ban, MODERATOR, LOBBY, person=VALI, on=True, until=AT + 1_000)
        assert await house.store.bans() == {VALI.uid: AT + 1_000}
        assert (await house.cannot_write(VALI, LOBBY)).text == "forbidden.banned"
        house.at = AT + 1_000
        await house.write(VALI)
        await house.do(commands.Ban, MODERATOR, LOBBY, person=VALI, on=False)
        assert await house.store.bans() == {}

    async def test_refusals(self, house: House) -> None:
        """Nobody bans themselves, or a user of a higher rank; a member bans nobody."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, VALI, "moderator")
        await house.refused(BadRequest, None, commands.Ban, ALI, room, person=ALI, on=True)
        await house.refused(Forbidden, "forbidden.rank", commands.Ban, VALI, room, person=ALI, on=True)
        await house.refused(Forbidden, None, commands.Ban, SOLI, room, person=LOLA, on=True)
        await house.refused(NotFound, "not_found", commands.Ban, LORD, room, person=LOLA, on=True)
        await house.refused(Forbidden, None, commands.Ban, ALI, LOBBY, person=VALI, on=True)


class TestMute:
    async def test_reads_but_does_not_write(self, house: House) -> None:
        """A muted member reads but does not write until the mute is lifted; the room gets an event, and the list of members
        shows it."""
        room = await house.room(ALI, VALI)
        seq = await house.write(VALI, room)
        [event] = await house.told(commands.Mute, ALI, room, person=VALI, on=True)
        assert isinstance(event, MemberMuted) and (event.user.uid, event.on, event.until) == (VALI.uid, True, None)
        assert (await house.cannot_write(VALI, room)).text == "forbidden.muted"
        for kind, fields in ((commands.Edit, {"text": "x"}), (commands.React, {"emoji": "👍", "on": True})):
            await house.refused(Forbidden, "forbidden.muted", kind, VALI, room, seq=seq, **fields)
        await house.do(commands.Read, VALI, room, ordinal=1)
        assert [one.muted for one in (await house.store.members(ALI, room)).members] == [False, True]
        assert [one.read_ordinal for one in (await house.store.members(ALI, room)).members] == [0, 1]
        [event] = await house.told(commands.Mute, ALI, room, person=VALI, on=False)
        assert isinstance(event, MemberMuted) and not event.on
        await house.write(VALI, room)

    async def test_until(self, house: House) -> None:
        """A mute ends at its time."""
        room = await house.room(ALI, VALI)
        await house.do(commands.Mute, ALI, room, person=VALI, on=True, until=AT + 1_000)
        house.at = AT + 999
        assert (await house.cannot_write(VALI, room)).text == "forbidden.muted"
        house.at = AT + 1_000
        await house.write(VALI, room)

    async def test_the_same_again(self, house: House) -> None:
        """The same mute again makes no event and no entry in the audit log. With another end it is a new mute."""
        room = await house.room(ALI, VALI)
        await house.quiet(commands.Mute, ALI, room, person=VALI, on=False)
        for until in (AT + 5_000, None):
            await house.do(commands.Mute, ALI, room, person=VALI, on=True, until=until)
            written = len(await house.store.audit())
            await house.quiet(commands.Mute, ALI, room, person=VALI, on=True, until=until)
            assert len(await house.store.audit()) == written

    async def test_leaving_does_not_lift_it(self, house: House) -> None:
        """A mute stays if the member leaves and returns."""
        room = await house.room(ALI, VALI, visibility="public")
        await house.do(commands.Mute, ALI, room, person=VALI, on=True)
        await house.do(commands.Leave, VALI, room)
        await house.do(commands.Join, VALI, room)
        assert (await house.cannot_write(VALI, room)).text == "forbidden.muted"

    async def test_the_lobby(self, house: House) -> None:
        """A mute in the lobby makes no event, because the lobby has no members. It does not depend on the writer cache."""
        await house.quiet(commands.Mute, MODERATOR, LOBBY, person=VALI, on=True)
        assert (await house.cannot_write(VALI, LOBBY)).text == "forbidden.muted"
        await house.refused(NotFound, None, commands.Leave, ALI, "r404")  # a refusal clears the writer cache
        assert (await house.cannot_write(VALI, LOBBY)).text == "forbidden.muted"
        await house.write(ALI)

    async def test_refusals(self, house: House) -> None:
        """Only a member of a lower rank can be muted, and nobody mutes themselves."""
        room = await house.room(ALI, SOLI)
        await house.admit(ALI, room, VALI, "moderator")
        await house.refused(BadRequest, None, commands.Mute, ALI, room, person=LOLA, on=True)
        await house.refused(BadRequest, None, commands.Mute, VALI, room, person=VALI, on=True)
        await house.refused(Forbidden, "forbidden.rank", commands.Mute, VALI, room, person=ALI, on=True)
        await house.refused(Forbidden, None, commands.Mute, SOLI, room, person=VALI, on=True)
        await house.store.add_account(account("boshqa", role="moderator"))
        like = Actor("u-boshqa", "boshqa", "account", 0)  # as a node sees them that does not know their rank yet
        await house.refused(Forbidden, "forbidden.rank", commands.Mute, MODERATOR, LOBBY, person=like, on=True)
        await house.do(commands.Mute, LORD, LOBBY, person=like, on=True)


class TestSlowMode:
    async def test_between_two_messages(self, house: House) -> None:
        """A member waits after their last message. Other members need not wait for it, and moderators and owners never wait."""
        room = await house.room(ALI, VALI, SOLI)
        await house.do(commands.Update, ALI, room, slow_mode=10)
        await house.write(VALI, room)
        house.at = AT + 4_000
        refusal = await house.cannot_write(VALI, room)
        assert isinstance(refusal, RateLimited) and (refusal.text, refusal.retry_after) == ("rate_limited.slow", 6.0)
        assert refusal.scope == "conversation"
        await house.write(SOLI, room)
        for _ in range(3):
            await house.write(ALI, room)
        house.at = AT + 10_000
        await house.write(VALI, room)

    async def test_what_was_not_stored_does_not_count(self, house: House) -> None:
        """A refused or repeated message does not start the wait."""
        room = await house.room(ALI, VALI)
        await house.do(commands.Update, ALI, room, slow_mode=10)
        assert isinstance(await house.cannot_write(VALI, room, reply_to=99), NotFound)
        await house.write(VALI, room, "bir", client_id="k")
        again = await house.listener.send(house.store, VALI, "bir", conversation=room, client_id="k", at=AT + 1)
        assert again.duplicate
        house.at = AT + 10_000
        await house.write(VALI, room)

    async def test_in_one_batch(self, house: House) -> None:
        """Of several messages in one batch, one is written."""
        room = await house.room(ALI, VALI)
        await house.do(commands.Update, ALI, room, slow_mode=10)
        answers = [house.listener.ask(house.store, VALI, f"{n}", conversation=room, at=AT) for n in range(5)]
        outcomes = [await answer for answer in answers]
        assert [type(outcome) for outcome in outcomes] == [PostResult] + [RateLimited] * 4

    async def test_over_a_restart(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """The wait survives a restart."""
        listener = Listener()
        async with opened(make(tmp_path / "slow"), listener) as store:
            house = House(store, listener)
            room = await house.room(ALI, VALI)
            await house.do(commands.Update, ALI, room, slow_mode=10)
            await house.write(VALI, room)
        async with opened(make(tmp_path / "slow"), listener) as store:
            assert isinstance(await House(store, listener).cannot_write(VALI, room, at=AT + 1), RateLimited)


class TestBatches:
    async def test_a_refused_command_harms_nobody(self, house: House) -> None:
        """In a batch of posts and commands each gets its own outcome, `seq` has no gaps, and a refused command leaves
        nothing behind."""
        room = await house.room(ALI, VALI, visibility="public")

        async def post(actor: Actor, text: str, **fields: Any) -> Any:
            return await house.listener.ask(house.store, actor, text, conversation=room, **fields)

        asked: list[Any] = [
            post(ALI, "1"),
            house.do(commands.Pin, VALI, room, seq=1, on=True),
            house.do(commands.React, VALI, room, seq=2, emoji="👍", on=True),
            post(VALI, "2"),
            house.do(commands.Join, SOLI, room),
            house.do(commands.Join, LOLA, "r404"),
            post(SOLI, "3"),
            house.do(commands.Meet, ALI, people=tuple(Actor(f"u{n}", f"o{n}") for n in range(30))),
            house.do(commands.Remove, ALI, room, person=VALI),
            post(VALI, "4"),
            house.do(commands.Ban, VALI, room, person=SOLI, on=True),
            house.do(commands.Draft, LOLA, room, text="x"),
            house.do(commands.Create, BARE, title="x"),
            post(SOLI, "5", reply_to=2),
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [getattr(one, "seq", type(one)) for one in outcomes] == [
            2, Forbidden, 5, 3, 6, NotFound, Forbidden, BadRequest, 7, 4, Forbidden, Forbidden, Forbidden, Forbidden,
        ]  # fmt: skip
        assert [event.seq for event in await house.log(room)] == list(range(1, 8))
        told = [entry.event for entry in house.listener.entries if entry.log == room]
        assert [(e.seq, e.type) for e in told] == [(e.seq, e.type) for e in await house.log(room)]
        assert await house.texts(ALI, room) == ["1", "2", "4"]
        assert (await house.state(SOLI, room)).unread == 0

    async def test_a_fault_in_a_command_harms_nobody(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A command that fails half-way leaves nothing behind, and the other items of its batch are written."""

        def broken(execution: Any, command: commands.Pin) -> CommandResult:
            log = execution.log(command.conversation, "see")
            execution.append(log, MessagePinned, target=1)
            execution.flush()
            raise RuntimeError("half-way")

        monkeypatch.setitem(EXECUTORS, commands.Pin, broken)
        answers: list[Any] = [
            house.write(ALI),
            house.do(commands.Pin, ALI, LOBBY, seq=1, on=True),
            house.write(ALI),
            house.do(commands.React, ALI, LOBBY, seq=1, emoji="👍", on=True),
        ]
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        written = [one for one in outcomes if not isinstance(one, RuntimeError)]
        assert [one.seq if isinstance(one, CommandResult) else one for one in written] == [1, 2, 3]
        assert isinstance(outcomes[1], RuntimeError)
        assert [event.seq for event in await house.log(LOBBY)] == [1, 2, 3]

    async def test_a_refusal_is_its_own(self, house: House) -> None:
        """Only the caller gets the refusal of a command. A cancelled caller does no harm."""
        task = asyncio.ensure_future(house.do(commands.Join, ALI, "r404"))
        await asyncio.sleep(0)
        task.cancel()
        await house.write(ALI)
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(SuhbatError):
            await house.do(commands.Join, ALI, "r404")
