"""Every sentence of chat.ports.Store, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suhbat.chat.model import Actor, PostResult
from suhbat.chat.ports import Store
from suhbat.errors import Busy, IdempotencyConflict, NotFound
from suhbat.protocol import commands
from suhbat.protocol.events import ConversationAdded, LoggedEvent, MessageCreated, own_log
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.errors import UnusableStore
from tests.commands import execute

from .parts import ALI, BARE, VALI, Listener, direct, everything, guest, opened, uids


class TestPost:
    async def test_a_message_comes_back_as_it_was_sent(self, store: Store, listener: Listener) -> None:
        """The outcome, the published event and the log must agree in every field."""
        sent = await listener.send(store, ALI, "Salom, oʻzbek 🙂", client_id="c1", at=1_795_000_000_123)
        assert sent == PostResult(LOBBY, 1, 1, 1_795_000_000_123)
        [entry] = await store.events(LOBBY, 0, 10)
        assert [entry] == listener.entries
        event = entry.event
        assert isinstance(event, MessageCreated)
        assert (event.conversation, event.seq, event.at, event.actor, event.actor_uid) == (
            LOBBY, 1, 1_795_000_000_123, "ali", "u-ali",
        )  # fmt: skip
        assert event.message.model_dump(exclude_defaults=True) == {
            "conversation": LOBBY, "seq": 1, "ordinal": 1, "sender": "ali", "sender_uid": "u-ali",
            "text": "Salom, oʻzbek 🙂", "client_id": "c1", "sent_at": 1_795_000_000_123,
        }  # fmt: skip

    async def test_post_returns_before_it_answers(self, store: Store, listener: Listener) -> None:
        """`done` must never be called from inside `post`."""
        answer = listener.ask(store, ALI)
        assert not answer.done()
        assert isinstance(await answer, PostResult)

    async def test_numbers_are_dense_in_the_order_of_submission(self, store: Store, listener: Listener) -> None:
        """`seq` and `ordinal` count from 1 without a gap, in the order of `post`, however batches fall."""
        answers = [listener.ask(store, (ALI, VALI, BARE)[i % 3], f"{i}") for i in range(3_000)]
        outcomes = [await answer for answer in answers]
        assert [(o.seq, o.ordinal) for o in outcomes if isinstance(o, PostResult)] == [(i, i) for i in range(1, 3_001)]
        assert [item for item in listener.heard if isinstance(item, PostResult)] == outcomes

    async def test_events_are_told_before_answers(self, store: Store, listener: Listener) -> None:
        """Whoever hears that a message is durable finds that its event was published already."""
        await asyncio.gather(*(listener.ask(store, ALI, f"{i}") for i in range(200)))
        told = 0
        for item in listener.heard:
            if isinstance(item, LoggedEvent):
                told = item.event.seq
            else:
                assert isinstance(item, PostResult)
                assert item.seq <= told

    async def test_reads_see_what_was_answered(self, store: Store, listener: Listener) -> None:
        """A read that begins after `done` must see that commit."""
        for i in range(1, 30):
            await listener.send(store, ALI)
            assert (await store.heads([LOBBY]))[LOBBY] == i
            assert len(await store.events(LOBBY, i - 1, 10)) == 1

    async def test_unknown_conversations_are_not_found(self, store: Store, listener: Listener) -> None:
        """What does not exist, is somebody else's, or is no conversation (an own log) has one answer and no trace."""
        theirs = await direct(store, ALI, VALI, 1)
        for name in ("c9", theirs, "@me", own_log(BARE.uid), own_log(ALI.uid), ""):
            assert type(await listener.refused(store, BARE, conversation=name)) is NotFound
        assert (await store.heads([theirs, own_log(BARE.uid)])) == {theirs: 0, own_log(BARE.uid): 0}

    async def test_before_it_is_open_posts_are_busy(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """`post` never raises, also before `open` and after `close`."""
        store, listener = make(tmp_path / "data"), Listener()
        assert isinstance(await listener.refused(store, ALI), Busy)
        async with opened(store, listener):
            await listener.send(store, ALI)
        assert isinstance(await listener.refused(store, ALI), Busy)


class TestIdempotency:
    async def test_a_repeat_gets_the_first_answer(self, store: Store, listener: Listener) -> None:
        """The same key with the same content: the first answer, marked, however late; and no second message."""
        first = await listener.send(store, ALI, "bir", client_id="k", at=5_000)
        await listener.send(store, ALI, "ikki", client_id="k2")
        again = await listener.send(store, ALI, "bir", client_id="k", at=9_000)
        assert again == replace(first, duplicate=True)
        assert (await store.heads([LOBBY]))[LOBBY] == 2
        assert len(listener.entries) == 2

    async def test_repeats_within_one_batch(self, store: Store, listener: Listener) -> None:
        """Two of one key that are written together are one message too."""
        answers = [listener.ask(store, ALI, text, client_id="k") for text in ("bir", "bir", "boshqa")]
        first, second, third = [await answer for answer in answers]
        assert first == PostResult(LOBBY, 1, 1, 1_795_000_000_000)
        assert second == replace(first, duplicate=True)
        assert isinstance(third, IdempotencyConflict)

    async def test_an_answer_can_be_had_again(self, store: Store, listener: Listener) -> None:
        """By its key alone, as after a repeated post; nothing for another's key, a refusal for another content."""
        first = await listener.send(store, ALI, "bir", client_id="k", peer=VALI)
        assert await store.answered(ALI.uid, "k", "bir", None) == replace(first, duplicate=True)
        assert await store.answered(VALI.uid, "k", "bir", None) is None
        assert await store.answered(ALI.uid, "k2", "bir", None) is None
        for text, reply_to in (("ikki", None), ("bir", 1)):
            with pytest.raises(IdempotencyConflict):
                await store.answered(ALI.uid, "k", text, reply_to)

    async def test_other_content_is_a_conflict(self, store: Store, listener: Listener) -> None:
        """Another text, reply_to or target under a used key is refused; so is a target that may not be seen."""
        await listener.send(store, ALI, "asl")
        await listener.send(store, ALI, "bir", client_id="k")
        for change in (
            {"text": "ikki"}, {"reply_to": 1}, {"peer": VALI}, {"conversation": "c9"}, {"peer": ALI},
        ):  # fmt: skip
            outcome = await listener.refused(store, ALI, **({"text": "bir", "client_id": "k"} | change))
            assert isinstance(outcome, IdempotencyConflict), change
        assert (await store.heads(None))[LOBBY] == 2
        assert [state.kind for state in (await everything(store, ALI)).states] == ["lobby"]

    async def test_keys_belong_to_the_identity(self, store: Store, listener: Listener) -> None:
        """Two people may use the same key."""
        await listener.send(store, ALI, "bir", client_id="k")
        other = await listener.send(store, VALI, "ikki", client_id="k")
        assert (other.seq, other.duplicate) == (2, False)

    async def test_a_direct_by_name_and_by_id_is_one_target(self, store: Store, listener: Listener) -> None:
        """The first send names the person, the repeat the conversation that came back: a repeat all the same."""
        first = await listener.send(store, ALI, "hey", peer=VALI, client_id="k")
        again = await listener.send(store, ALI, "hey", conversation=first.conversation, client_id="k")
        assert again == replace(first, duplicate=True)
        assert again == await listener.send(store, ALI, "hey", peer=VALI, client_id="k")

    async def test_keys_outlive_a_restart(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """The answer is as durable as the message."""
        listener = Listener()
        async with opened(make(tmp_path / "data"), listener) as store:
            first = await listener.send(store, ALI, "hey", peer=VALI, client_id="k")
        async with opened(make(tmp_path / "data"), listener) as store:
            assert await listener.send(store, ALI, "hey", peer=VALI, client_id="k") == replace(first, duplicate=True)
            assert (await listener.send(store, ALI, "yana", peer=VALI)).seq == 2

    async def test_a_refusal_spares_the_others(self, store: Store, listener: Listener) -> None:
        """Refused posts take no number and keep nobody else from theirs."""
        await listener.send(store, ALI, "bor", client_id="k")
        answers = [
            listener.ask(store, ALI, "a"),
            listener.ask(store, ALI, "boshqa", client_id="k"),
            listener.ask(store, BARE, "b", conversation="c9"),
            listener.ask(store, ALI, "c", reply_to=99),
            listener.ask(store, BARE, "d"),
        ]
        outcomes = [await answer for answer in answers]
        assert [getattr(o, "seq", type(o)) for o in outcomes] == [2, IdempotencyConflict, NotFound, NotFound, 3]


class TestReplies:
    async def test_a_reply_names_a_message_of_the_same_conversation(self, store: Store, listener: Listener) -> None:
        """Also one written a moment before in the same batch; nothing above, below or elsewhere."""
        answers = [
            listener.ask(store, ALI),
            listener.ask(store, VALI, reply_to=1),
            listener.ask(store, ALI, reply_to=4),
        ]
        outcomes = [await answer for answer in answers]
        assert [isinstance(o, PostResult) for o in outcomes] == [True, True, False]
        direct = await listener.send(store, ALI, peer=VALI)
        refusal = await listener.refused(store, ALI, conversation=direct.conversation, reply_to=2)
        assert isinstance(refusal, NotFound)
        await listener.send(store, VALI, conversation=direct.conversation, reply_to=1)
        page = await store.history(ALI, direct.conversation)
        assert [message.reply_to for message in page.messages] == [None, 1]

    async def test_a_refused_reply_makes_no_direct(self, store: Store, listener: Listener) -> None:
        """Where there is no conversation there is no message to reply to, and a refusal leaves nothing behind."""
        assert isinstance(await listener.refused(store, ALI, peer=VALI, reply_to=1), NotFound)
        assert len((await everything(store, VALI)).states) == 1


class TestDirects:
    async def test_one_direct_however_it_is_asked_for(self, store: Store, listener: Listener) -> None:
        """The same conversation from both sides, by `direct` or by the first message, also when asked for at once."""
        answers = [listener.ask(store, ALI, peer=VALI), listener.ask(store, VALI, peer=ALI)]
        made = await asyncio.gather(direct(store, ALI, VALI, 1), direct(store, VALI, ALI, 1))
        outcomes = [await answer for answer in answers]
        names = {outcome.conversation for outcome in outcomes if isinstance(outcome, PostResult)} | set(made)
        assert len(names) == 1
        [name] = names
        assert name.startswith("d")
        assert await uids(store, ALI, name) == ["u-ali", "u-vali"]
        assert [entry.log for entry in listener.entries] == [own_log("u-ali"), own_log("u-vali"), name, name]

    async def test_both_are_told_in_their_own_log_first(self, store: Store, listener: Listener) -> None:
        """`conversation.added` stands before the message; its state has the head before it and the other's name."""
        sent = await listener.send(store, ALI, peer=VALI, at=7_000)
        first, second, message = listener.entries
        for entry, title in ((first, "vali"), (second, "ali")):
            event = entry.event
            assert isinstance(event, ConversationAdded)
            assert (event.conversation, event.seq, event.at, event.actor_uid) == (ME, 1, 7_000, "u-ali")
            state = event.state
            assert (state.conversation, state.kind, state.title) == (sent.conversation, "direct", title)
            assert (state.head, state.last_ordinal, state.member_count) == (0, 0, 2)
        assert message.log == sent.conversation
        assert await store.events(own_log("u-ali"), 0, 10) == [first]
        assert await store.events(own_log("u-vali"), 0, 10) == [second]

    async def test_a_direct_with_oneself(self, store: Store, listener: Listener) -> None:
        """One member, one event, one's own name."""
        sent = await listener.send(store, ALI, peer=ALI)
        assert await uids(store, ALI, sent.conversation) == ["u-ali"]
        assert [entry.log for entry in listener.entries] == [own_log("u-ali"), sent.conversation]
        state = (await everything(store, ALI)).states[1]
        assert (state.title, state.member_count, state.unread) == ("ali", 1, 0)

    async def test_names_may_be_alike(self, store: Store, listener: Listener) -> None:
        """Directs belong to identities: a later holder of a name inherits nothing."""
        later = Actor("u-ali-2", "ali")
        first = await direct(store, ALI, VALI, 1)
        second = await direct(store, later, VALI, 2)
        assert first != second
        with pytest.raises(NotFound):
            await store.history(later, first)

    async def test_own_logs_go_on(self, store: Store, listener: Listener) -> None:
        """A further direct takes the next `seq` of each own log."""
        await direct(store, ALI, VALI, 1)
        await direct(store, BARE, ALI, 2)
        assert [entry.event.seq for entry in await store.events(own_log("u-ali"), 0, 10)] == [1, 2]
        assert (await store.heads([own_log("u-ali"), own_log("u-bare")])) == {"@me:u-ali": 2, "@me:u-bare": 1}


class TestReading:
    async def test_events_page_by_seq(self, store: Store, listener: Listener) -> None:
        """Above the cursor, ascending, at most `limit`; nothing at the head, above it, or in an unknown log."""
        for i in range(10):
            await listener.send(store, ALI, f"{i}")
        assert [entry.event.seq for entry in await store.events(LOBBY, 3, 4)] == [4, 5, 6, 7]
        assert [entry.event.seq for entry in await store.events(LOBBY, 8, 100)] == [9, 10]
        for log, after in ((LOBBY, 10), (LOBBY, 99), ("c9", 0), (own_log("nobody"), 0)):
            assert await store.events(log, after, 10) == []
        assert await store.events(LOBBY, 0, 100) == listener.entries

    async def test_heads(self, store: Store, listener: Listener) -> None:
        """0 where nothing was written; without names every log; any number of names."""
        assert (await store.heads())[LOBBY] == 0
        await listener.send(store, ALI)
        direct = await listener.send(store, ALI, peer=VALI)
        assert await store.heads([LOBBY, "c9"]) == {LOBBY: 1, "c9": 0}
        assert await store.heads([]) == {}
        assert await store.heads() == {LOBBY: 1, direct.conversation: 1, "@me:u-ali": 1, "@me:u-vali": 1}
        assert len(await store.heads([f"c{i}" for i in range(2_500)])) == 2_500

    async def test_members(self, store: Store) -> None:
        """The lobby has no members, nor has what does not exist."""
        assert await uids(store, ALI, LOBBY) == []
        with pytest.raises(NotFound):
            await uids(store, ALI, "c9")


class TestHistory:
    async def test_pages(self, store: Store, listener: Listener) -> None:
        """The newest without a place; else before, after or around a `seq`; with what lies on either side."""
        for i in range(1, 21):
            await listener.send(store, ALI, f"{i}")

        async def page(**place: int) -> tuple[list[int], bool, bool]:
            found = await store.history(ALI, LOBBY, limit=5, **place)
            assert found.head == 20
            return [message.seq for message in found.messages], found.has_before, found.has_after

        assert await page() == ([16, 17, 18, 19, 20], True, False)
        assert await page(before=16) == ([11, 12, 13, 14, 15], True, True)
        assert await page(before=4) == ([1, 2, 3], False, True)
        assert await page(before=1) == ([], False, True)
        assert await page(before=99) == ([16, 17, 18, 19, 20], True, False)
        assert await page(after=0) == ([1, 2, 3, 4, 5], False, True)
        assert await page(after=17) == ([18, 19, 20], True, False)
        assert await page(after=20) == ([], True, False)
        assert await page(around=10) == ([8, 9, 10, 11, 12], True, True)
        assert await page(around=1) == ([1, 2, 3, 4, 5], False, True)
        assert await page(around=20) == ([16, 17, 18, 19, 20], True, False)

    async def test_limits(self, store: Store, listener: Listener) -> None:
        """Between 1 and 200 whatever is asked for."""
        await asyncio.gather(*(listener.ask(store, ALI) for _ in range(210)))
        for asked, given in ((0, 1), (-5, 1), (1, 1), (200, 200), (10_000, 200)):
            assert len((await store.history(ALI, LOBBY, limit=asked)).messages) == given

    async def test_an_empty_conversation(self, store: Store) -> None:
        """An empty page, wherever one looks."""
        theirs = await direct(store, ALI, VALI, 1)
        for place in ({}, {"before": 5}, {"after": 0}, {"around": 3}):
            page = await store.history(ALI, theirs, **place)
            assert (page.messages, page.has_before, page.has_after, page.head) == ((), False, False, 0)

    async def test_the_lobby_from_ones_own_time(self, store: Store, listener: Listener) -> None:
        """A token guest sees what was said since its identity exists; a bare guest nothing."""
        for i in range(1, 11):
            await listener.send(store, ALI, f"{i}")
        late = Actor("u-late", "kech", lobby_from=7)
        page = await store.history(late, LOBBY)
        assert ([message.seq for message in page.messages], page.has_before) == ([8, 9, 10], False)
        for place in ({"before": 9}, {"after": 0, "limit": 1}, {"around": 2, "limit": 1}):
            page = await store.history(late, LOBBY, **place)
            assert ([message.seq for message in page.messages], page.has_before) == ([8], False)
        assert (await store.history(late, LOBBY, before=5)).messages == ()
        page = await store.history(BARE, LOBBY)
        assert (page.messages, page.has_before, page.has_after, page.head) == ((), False, False, 10)

    async def test_the_whole_lobby_by_setting(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """With `lobby_history = all` an identity that lasts sees everything; a bare name still nothing."""
        listener = Listener()
        async with opened(make(tmp_path / "data", lobby_history="all"), listener) as store:
            for _ in range(3):
                await listener.send(store, ALI)
            late = Actor("u-late", "kech", lobby_from=3)
            assert len((await store.history(late, LOBBY)).messages) == 3
            assert (await everything(store, late)).places.oldest[LOBBY] == 0
            assert (await store.history(BARE, LOBBY)).messages == ()

    async def test_what_may_not_be_seen_is_not_found(self, store: Store) -> None:
        """Somebody else's direct, an own log and what does not exist are answered alike."""
        theirs = await direct(store, ALI, VALI, 1)
        for name in (theirs, "c9", own_log("u-bare"), own_log("u-ali"), ME, ""):
            with pytest.raises(NotFound):
                await store.history(BARE, name)


class TestOpening:
    async def test_a_newcomer(self, store: Store, listener: Listener) -> None:
        """The lobby alone, nothing unread, nothing of the past, and no cursor from which the past could be replayed."""
        for _ in range(3):
            await listener.send(store, ALI)
        opening = await everything(store, BARE)
        [lobby] = opening.states
        assert (lobby.conversation, lobby.kind, lobby.head, lobby.last_ordinal) == (LOBBY, "lobby", 3, 3)
        assert (lobby.unread, lobby.last_message, lobby.member_count) == (0, None, 0)
        assert opening.places.heads == {LOBBY: 3, ME: 0}
        assert opening.places.oldest == {LOBBY: 3, ME: 0}
        assert opening.users == ()

    async def test_directs_and_what_is_unread(self, store: Store, listener: Listener) -> None:
        """The lobby first; each direct with its last message, the other's name, and what others wrote as unread."""
        await listener.send(store, BARE, "1", peer=ALI)
        direct = (await listener.send(store, VALI, "2", peer=ALI)).conversation
        await listener.send(store, VALI, "3", conversation=direct)
        await listener.send(store, ALI, "4", conversation=direct)
        opening = await everything(store, ALI)
        assert [state.title for state in opening.states] == ["", "yolovchi", "vali"]
        state = opening.states[2]
        assert (state.head, state.last_ordinal, state.read_ordinal, state.unread) == (3, 3, 0, 2)
        assert (state.member_count, state.role) == (2, "member")
        assert state.last_message is not None
        assert (state.last_message.text, state.last_message.conversation) == ("4", direct)
        assert opening.places.heads[ME] == 2
        assert opening.places.heads[direct] == 3
        assert {(user.uid, user.user_id) for user in opening.users} == {
            ("u-ali", "ali"), ("u-vali", "vali"), ("u-bare", "yolovchi"),
        }  # fmt: skip
        assert next(s for s in (await everything(store, VALI)).states if s.conversation == direct).unread == 1

    async def test_the_lobby_of_a_token_guest(self, store: Store, listener: Listener) -> None:
        """What was said before the identity existed is neither unread nor shown, and cannot be replayed."""
        for _ in range(4):
            await listener.send(store, BARE)
        late = Actor("u-late", "kech", lobby_from=3)
        await store.save_guest(guest(late))
        lobby = (await everything(store, late)).states[0]
        assert (lobby.read_ordinal, lobby.unread) == (3, 1)
        assert lobby.last_message is not None
        await listener.send(store, late, "men")
        await listener.send(store, BARE, "u")
        opening = await everything(store, late)
        assert opening.states[0].unread == 2
        assert opening.places.oldest[LOBBY] == 3
        assert {user.uid for user in opening.users} == {"u-bare"}

    async def test_nothing_said_since(self, store: Store, listener: Listener) -> None:
        """The last message of a time before one's own is not shown."""
        await listener.send(store, BARE)
        late = Actor("u-late", "kech", lobby_from=1)
        await store.save_guest(guest(late))
        lobby = (await everything(store, late)).states[0]
        assert (lobby.last_message, lobby.unread) == (None, 0)

    async def test_many_directs(self, store: Store, listener: Listener) -> None:
        """Hundreds of directs come with their own last message each."""
        people = [Actor(f"u{i}", f"odam{i}") for i in range(300)]
        await asyncio.gather(*(listener.ask(store, person, person.user_id, peer=ALI) for person in people))
        states = (await everything(store, ALI)).states[1:]
        assert [state.title for state in states] == [person.user_id for person in people]
        assert [state.last_message and state.last_message.text for state in states] == [p.user_id for p in people]


class TestGuests:
    async def test_saved_and_found(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """Durable on return; found by the hash of the token; an upsert by uid."""
        async with opened(make(tmp_path / "data")) as store:
            await store.save_guest(guest(ALI))
            await store.save_guest(guest(ALI, last_used_at=2_000, token_hash=b"new"))
        async with opened(make(tmp_path / "data")) as store:
            assert await store.guest_by_token(b"new") == guest(ALI, last_used_at=2_000, token_hash=b"new")
            assert await store.guest_by_token(b"u-ali") is None

    async def test_some_of_them(self, store: Store) -> None:
        """By their uids, however many, and however long unused; nothing of who is unknown."""
        await store.save_guest(guest(ALI))
        await store.save_guest(guest(VALI))
        wanted = [ALI.uid, *(f"unknown{n}" for n in range(499))]
        assert await store.guests_of(wanted) == [guest(ALI)]
        assert await store.guests_of([]) == []

    async def test_those_used_since(self, store: Store) -> None:
        """At or after the time; a name may have had several holders."""
        for i, at in enumerate((1_000, 2_000, 3_000)):
            await store.save_guest(guest(Actor(f"u{i}", "ali"), last_used_at=at))
        assert [found.uid for found in await store.guests(2_000)] == ["u1", "u2"]
        assert await store.guests(3_001) == []

    async def test_touch(self, store: Store) -> None:
        """Moves these and no others, never back; unknown uids are passed over."""
        await store.save_guest(guest(ALI))
        await store.save_guest(guest(VALI))
        await store.touch_guests({"u-ali": 5_000, "u-vali": 1, "nobody": 9_000})
        await store.touch_guests({})
        assert {found.uid: found.last_used_at for found in await store.guests(0)} == {"u-ali": 5_000, "u-vali": 1_000}

    async def test_drop_silent(self, store: Store, listener: Listener) -> None:
        """Those asked for who were last used before, wrote nothing and are in no conversation; nobody else."""
        soli, late, other = (Actor(f"u-{name}", name) for name in ("soli", "late", "other"))
        for one in (ALI, VALI, soli, late, other):
            await store.save_guest(guest(one, last_used_at=2_000 if one is late else 1_000))
        await listener.send(store, ALI, "salom")
        await execute(store, commands.Create, VALI, 1, title="Choyxona")
        asked = [ALI.uid, VALI.uid, soli.uid, late.uid, "nobody"]
        assert list(await store.drop_silent_guests(asked, 1_000)) == []
        assert list(await store.drop_silent_guests(asked, 1_001)) == [soli.uid]
        assert list(await store.drop_silent_guests(asked, 1_001)) == []
        assert {found.uid for found in await store.guests(0)} == {ALI.uid, VALI.uid, late.uid, other.uid}

    async def test_drop(self, store: Store) -> None:
        """One, or those last used before; what they wrote stays under their name."""
        for name in (ALI, VALI):
            await store.save_guest(guest(name, last_used_at=1_000 if name is ALI else 2_000))
        await store.drop_guest("nobody")
        assert await store.drop_guests(1_000) == 0
        assert await store.drop_guests(1_001) == 1
        assert [found.uid for found in await store.guests(0)] == [VALI.uid]
        await store.drop_guest(VALI.uid)
        assert await store.guests(0) == [] and await store.guest_by_token(VALI.uid.encode()) is None


class TestLife:
    async def test_the_epoch_stays_over_restarts(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """Cursors stay valid while the store is the same and only goes on."""
        epochs = []
        for _ in range(3):
            async with opened(make(tmp_path / "data"), listener := Listener()) as store:
                await listener.send(store, ALI)
                epochs.append(store.epoch)
        assert epochs[0]
        assert len(set(epochs)) == 1

    async def test_close_finishes_what_was_accepted(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """Everything posted before `close` is written and answered when it returns; closing twice is harmless."""
        store, listener = make(tmp_path / "data"), Listener()
        await store.open(listener.committed)
        answers = [listener.ask(store, ALI, f"{i}") for i in range(2_000)]
        await asyncio.gather(store.close(), store.close())
        await store.close()
        assert all(answer.done() and isinstance(answer.result(), PostResult) for answer in answers)
        async with opened(make(tmp_path / "data")) as again:
            assert (await again.heads([LOBBY]))[LOBBY] == 2_000

    async def test_close_before_open(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """Harmless."""
        await make(tmp_path / "data").close()

    async def test_ready(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """Raises before it is open and after it is closed."""
        store = make(tmp_path / "data")
        with pytest.raises(UnusableStore):
            await store.ready()
        async with opened(store):
            await store.ready()
        with pytest.raises(UnusableStore):
            await store.ready()
        with pytest.raises(UnusableStore):
            await everything(store, ALI)

    async def test_open_again_after_close(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """One object may be opened again: an application may be started twice in one process."""
        store, listener = make(tmp_path / "data"), Listener()
        for seq in (1, 2):
            async with opened(store, listener):
                assert (await listener.send(store, ALI)).seq == seq

    async def test_who_waits_may_leave(self, store: Store) -> None:
        """Cancelling who waits for a direct does not cancel its making."""
        task = asyncio.ensure_future(direct(store, ALI, VALI, 1))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await direct(store, BARE, VALI, 1)
        assert len((await everything(store, ALI)).states) == 2
