"""The contract of chat.ports.Store, tested on every implementation."""

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
from suhbat.protocol.events import ConversationAdded, MessageCreated
from suhbat.protocol.logged_events import LoggedEvent, own_log
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.errors import UnusableStore
from tests.commands import execute
from tests.store.people.test_people import account

from .parts import ALI, BARE, VALI, Listener, direct, everything, guest, logged, opened, uids


class TestPost:
    async def test_a_message_comes_back_as_it_was_sent(self, store: Store, listener: Listener) -> None:
        """The outcome, the published event and the log must agree in every field."""
        sent = await listener.send(store, ALI, "Salom, oʻzbek 🙂", client_id="c1", at=1_795_000_000_123)
        assert sent == PostResult(LOBBY, 1, 1, 1_795_000_000_123)
        [entry] = await logged(store, LOBBY, 0, 10)
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
        """`post` must never call `done` itself."""
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
        """When a caller learns that a message is durable, its event must already be published."""
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
        """A post is refused with NotFound if the conversation does not exist, is a direct of others or is an own log.
        Nothing is written."""
        theirs = await direct(store, ALI, VALI, 1)
        for name in ("c9", theirs, "@me", own_log(BARE.uid), own_log(ALI.uid), ""):
            assert type(await listener.refused(store, BARE, conversation=name)) is NotFound
        assert (await store.heads([theirs, own_log(BARE.uid)])) == {theirs: 0, own_log(BARE.uid): 0}

    async def test_before_it_is_open_posts_are_busy(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """`post` never raises: before `open` and after `close` the outcome is Busy."""
        store, listener = make(tmp_path / "data"), Listener()
        assert isinstance(await listener.refused(store, ALI), Busy)
        async with opened(store, listener):
            await listener.send(store, ALI)
        assert isinstance(await listener.refused(store, ALI), Busy)


class TestIdempotency:
    async def test_a_repeat_gets_the_first_answer(self, store: Store, listener: Listener) -> None:
        """A repeat with the same key and content gets the first answer, marked as a duplicate, at any later time. No
        second message is written."""
        first = await listener.send(store, ALI, "bir", client_id="k", at=5_000)
        await listener.send(store, ALI, "ikki", client_id="k2")
        again = await listener.send(store, ALI, "bir", client_id="k", at=9_000)
        assert again == replace(first, duplicate=True)
        assert (await store.heads([LOBBY]))[LOBBY] == 2
        assert len(listener.entries) == 2

    async def test_repeats_within_one_batch(self, store: Store, listener: Listener) -> None:
        """Two posts with one key in one batch are also one message."""
        answers = [listener.ask(store, ALI, text, client_id="k") for text in ("bir", "bir", "boshqa")]
        first, second, third = [await answer for answer in answers]
        assert first == PostResult(LOBBY, 1, 1, 1_795_000_000_000)
        assert second == replace(first, duplicate=True)
        assert isinstance(third, IdempotencyConflict)

    async def test_an_answer_can_be_had_again(self, store: Store, listener: Listener) -> None:
        """The first answer can be looked up by user and key, without the conversation. There is none for another user
        or key, and other content is a conflict."""
        first = await listener.send(store, ALI, "bir", client_id="k", peer=VALI)
        assert await store.answered(ALI.uid, "k", "bir", None) == replace(first, duplicate=True)
        assert await store.answered(VALI.uid, "k", "bir", None) is None
        assert await store.answered(ALI.uid, "k2", "bir", None) is None
        for text, reply_to in (("ikki", None), ("bir", 1)):
            with pytest.raises(IdempotencyConflict):
                await store.answered(ALI.uid, "k", text, reply_to)

    async def test_other_content_is_a_conflict(self, store: Store, listener: Listener) -> None:
        """A used key with another text, reply_to or target is refused, even if the target is not visible to the
        user."""
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
        """A repeat may name the conversation that was returned instead of the user. It is still a repeat."""
        first = await listener.send(store, ALI, "hey", peer=VALI, client_id="k")
        again = await listener.send(store, ALI, "hey", conversation=first.conversation, client_id="k")
        assert again == replace(first, duplicate=True)
        assert again == await listener.send(store, ALI, "hey", peer=VALI, client_id="k")

    async def test_keys_outlive_a_restart(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """A key is as durable as its message: after a restart a repeat gets the first answer."""
        listener = Listener()
        async with opened(make(tmp_path / "data"), listener) as store:
            first = await listener.send(store, ALI, "hey", peer=VALI, client_id="k")
        async with opened(make(tmp_path / "data"), listener) as store:
            assert await listener.send(store, ALI, "hey", peer=VALI, client_id="k") == replace(first, duplicate=True)
            assert (await listener.send(store, ALI, "yana", peer=VALI)).seq == 2

    async def test_a_refusal_spares_the_others(self, store: Store, listener: Listener) -> None:
        """A refused post takes no number and does not affect the other posts."""
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
        """A reply target must be an earlier message of the same conversation; it may be in the same batch."""
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
        """A reply to a message of a direct that does not exist is refused, and must not create the direct."""
        assert isinstance(await listener.refused(store, ALI, peer=VALI, reply_to=1), NotFound)
        assert len((await everything(store, VALI)).states) == 1


class TestDirects:
    async def test_one_direct_however_it_is_asked_for(self, store: Store, listener: Listener) -> None:
        """Both users get the same direct, created by `direct` or by the first message, even at the same time."""
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
        """A first message adds `conversation.added` to both own logs, published before the message. Its state has the
        head before the message and the name of the other user."""
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

    async def test_the_first_messages_to_many_directs(self, store: Store, listener: Listener) -> None:
        """A first message shows its direct to the other user, with the state from before the message, also if one batch has
        messages to many directs. A refused message shows nothing; a second message shows nothing again."""
        peers = [Actor(f"u-{n}", f"u{n}") for n in range(5)]
        names = [
            (await execute(store, commands.Meet, ALI, n, people=(peer,))).conversation for n, peer in enumerate(peers)
        ]
        assert [len((await everything(store, peer)).states) for peer in peers] == [1] * 5
        del listener.heard[:]
        asked = [listener.ask(store, ALI, f"{n}", conversation=name, at=7_000) for n, name in enumerate(names[1:], 1)]
        asked += [listener.ask(store, ALI, conversation=name, at=8_000) for name in names[1:]]
        asked += [listener.ask(store, ALI, conversation=names[0], reply_to=1)]
        *sent, refused = await asyncio.gather(*asked)
        assert all(isinstance(one, PostResult) for one in sent) and isinstance(refused, NotFound)
        told = {entry.log: entry.event for entry in listener.entries if isinstance(entry.event, ConversationAdded)}
        assert len(listener.entries) == 4 + 8 and told.keys() == {own_log(peer.uid) for peer in peers[1:]}
        for peer, name in zip(peers[1:], names[1:], strict=True):
            event = told[own_log(peer.uid)]
            assert (event.at, event.actor_uid, event.state.head, event.state.last_ordinal) == (7_000, "u-ali", 0, 0)
            shown = (await everything(store, peer)).states[1]
            of_messages = ("head", "last_ordinal", "unread", "last_message")
            before = {field: getattr(event.state, field) for field in of_messages}
            assert shown.model_copy(update=before) == event.state and (shown.conversation, shown.unread) == (name, 2)
            assert await store.events(own_log(peer.uid), 0, 10) == [LoggedEvent(own_log(peer.uid), event)]
        assert len((await everything(store, peers[0])).states) == 1

    async def test_a_direct_with_oneself(self, store: Store, listener: Listener) -> None:
        """A direct with oneself has one member, one event and the user's own name."""
        sent = await listener.send(store, ALI, peer=ALI)
        assert await uids(store, ALI, sent.conversation) == ["u-ali"]
        assert [entry.log for entry in listener.entries] == [own_log("u-ali"), sent.conversation]
        state = (await everything(store, ALI)).states[1]
        assert (state.title, state.member_count, state.unread) == ("ali", 1, 0)

    async def test_names_may_be_alike(self, store: Store, listener: Listener) -> None:
        """Directs belong to identities: a later holder of a name inherits none."""
        later = Actor("u-ali-2", "ali")
        first = await direct(store, ALI, VALI, 1)
        second = await direct(store, later, VALI, 2)
        assert first != second
        with pytest.raises(NotFound):
            await store.history(later, first)

    async def test_own_logs_go_on(self, store: Store, listener: Listener) -> None:
        """Each new direct takes the next `seq` of both own logs."""
        await direct(store, ALI, VALI, 1)
        await direct(store, BARE, ALI, 2)
        assert [entry.event.seq for entry in await store.events(own_log("u-ali"), 0, 10)] == [1, 2]
        assert (await store.heads([own_log("u-ali"), own_log("u-bare")])) == {"@me:u-ali": 2, "@me:u-bare": 1}


class TestReading:
    async def test_events_page_by_seq(self, store: Store, listener: Listener) -> None:
        """Events above the cursor are returned in ascending order, at most `limit`. At the head, above it and in an
        unknown log there are none."""
        for i in range(10):
            await listener.send(store, ALI, f"{i}")
        assert [entry.event.seq for entry in await store.events(LOBBY, 3, 4)] == [4, 5, 6, 7]
        assert [entry.event.seq for entry in await store.events(LOBBY, 8, 100)] == [9, 10]
        for log, after in ((LOBBY, 10), (LOBBY, 99), ("c9", 0), (own_log("nobody"), 0)):
            assert await store.events(log, after, 10) == []
        assert await logged(store, LOBBY, 0, 100) == listener.entries

    async def test_heads(self, store: Store, listener: Listener) -> None:
        """The head of an empty log is 0. Without names all heads are returned. Any number of names is accepted."""
        assert (await store.heads())[LOBBY] == 0
        await listener.send(store, ALI)
        direct = await listener.send(store, ALI, peer=VALI)
        assert await store.heads([LOBBY, "c9"]) == {LOBBY: 1, "c9": 0}
        assert await store.heads([]) == {}
        assert await store.heads() == {LOBBY: 1, direct.conversation: 1, "@me:u-ali": 1, "@me:u-vali": 1}
        assert len(await store.heads([f"c{i}" for i in range(2_500)])) == 2_500

    async def test_members(self, store: Store) -> None:
        """The lobby has no members. The members of an unknown conversation are NotFound."""
        assert await uids(store, ALI, LOBBY) == []
        with pytest.raises(NotFound):
            await uids(store, ALI, "c9")


class TestHistory:
    async def test_pages(self, store: Store, listener: Listener) -> None:
        """A page without a position has the newest messages; others lie before, after or around a `seq`. A page tells
        whether more lie on either side."""
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

    async def test_around_an_ordinal(self, store: Store, listener: Listener) -> None:
        """A page around an ordinal has that message in its middle, whatever other events lie between the messages."""
        for i in range(1, 9):
            sent = await listener.send(store, ALI, f"{i}")
            await execute(store, commands.React, VALI, 5, conversation=LOBBY, seq=sent.seq, emoji="👍", on=True)

        async def texts(ordinal: int) -> tuple[list[str], bool, bool]:
            found = await store.history(ALI, LOBBY, limit=3, around_ordinal=ordinal)
            return [message.text for message in found.messages], found.has_before, found.has_after

        assert await texts(6) == (["5", "6", "7"], True, True)
        assert await texts(1) == (["1", "2", "3"], False, True)
        assert await texts(99) == (["6", "7", "8"], True, False)

    async def test_around_a_time(self, store: Store, listener: Listener) -> None:
        """A page around a time has the first message at that time or later in its middle, or else the last one. Other
        events between the messages do not count."""
        for i in range(1, 9):
            sent = await listener.send(store, ALI, f"{i}", at=i * 1_000)
            await execute(store, commands.React, VALI, 5, conversation=LOBBY, seq=sent.seq, emoji="👍", on=True)

        async def texts(time: int, limit: int = 3) -> tuple[list[str], bool, bool]:
            found = await store.history(ALI, LOBBY, limit=limit, around_time=time)
            return [message.text for message in found.messages], found.has_before, found.has_after

        assert await texts(6_000) == (["5", "6", "7"], True, True)
        assert await texts(5_001) == (["5", "6", "7"], True, True)
        assert await texts(0) == (["1", "2", "3"], False, True)
        assert await texts(9_000) == (["6", "7", "8"], True, False)
        for time, text in ((0, "1"), (1_000, "1"), (1_001, "2"), (8_000, "8"), (8_001, "8")):
            assert (await texts(time, 1))[0] == [text]

    async def test_limits(self, store: Store, listener: Listener) -> None:
        """A limit outside 1 to 200 is clamped."""
        await asyncio.gather(*(listener.ask(store, ALI) for _ in range(210)))
        for asked, given in ((0, 1), (-5, 1), (1, 1), (200, 200), (10_000, 200)):
            assert len((await store.history(ALI, LOBBY, limit=asked)).messages) == given

    async def test_an_empty_conversation(self, store: Store) -> None:
        """An empty conversation has an empty page at every position."""
        theirs = await direct(store, ALI, VALI, 1)
        for place in ({}, {"before": 5}, {"after": 0}, {"around": 3}, {"around_time": 3}):
            page = await store.history(ALI, theirs, **place)
            assert (page.messages, page.has_before, page.has_after, page.head) == ((), False, False, 0)

    async def test_the_lobby_from_ones_own_time(self, store: Store, listener: Listener) -> None:
        """A token guest sees the lobby messages written since its identity exists. A bare guest sees none."""
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
        """With `lobby_history = all` a durable identity sees the whole lobby. A bare guest still sees nothing."""
        listener = Listener()
        async with opened(make(tmp_path / "data", lobby_history="all"), listener) as store:
            for _ in range(3):
                await listener.send(store, ALI)
            late = Actor("u-late", "kech", lobby_from=3)
            assert len((await store.history(late, LOBBY)).messages) == 3
            assert (await everything(store, late)).places.oldest[LOBBY] == 0
            assert (await store.history(BARE, LOBBY)).messages == ()

    async def test_what_may_not_be_seen_is_not_found(self, store: Store) -> None:
        """The history of a direct of others, of an own log and of an unknown conversation is NotFound, so a user cannot
        tell which of them exists."""
        theirs = await direct(store, ALI, VALI, 1)
        for name in (theirs, "c9", own_log("u-bare"), own_log("u-ali"), ME, ""):
            with pytest.raises(NotFound):
                await store.history(BARE, name)


class TestOpening:
    async def test_a_newcomer(self, store: Store, listener: Listener) -> None:
        """A newcomer has the lobby only, with no unread messages and no history. Its cursor must not allow a replay of
        the past."""
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
        """The lobby is first. Each direct has its last message, the name of the other user, and the number of unread
        messages of others."""
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
        """For a token guest, messages from before its identity are not unread, not shown and not replayed."""
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
        """A last message from before the user's identity is not shown."""
        await listener.send(store, BARE)
        late = Actor("u-late", "kech", lobby_from=1)
        await store.save_guest(guest(late))
        lobby = (await everything(store, late)).states[0]
        assert (lobby.last_message, lobby.unread) == (None, 0)

    async def test_many_directs(self, store: Store, listener: Listener) -> None:
        """With hundreds of directs each one has its own last message."""
        people = [Actor(f"u{i}", f"odam{i}") for i in range(300)]
        await asyncio.gather(*(listener.ask(store, person, person.user_id, peer=ALI) for person in people))
        states = (await everything(store, ALI)).states[1:]
        assert [state.title for state in states] == [person.user_id for person in people]
        assert [state.last_message and state.last_message.text for state in states] == [p.user_id for p in people]


class TestGuests:
    async def test_saved_and_found(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """A saved guest is durable when the call returns and is found by its token hash. Saving the same uid again
        updates the row, and the old hash finds nothing."""
        async with opened(make(tmp_path / "data")) as store:
            await store.save_guest(guest(ALI))
            await store.save_guest(guest(ALI, last_used_at=2_000, token_hash=b"new"))
        async with opened(make(tmp_path / "data")) as store:
            assert await store.guest_by_token(b"new") == guest(ALI, last_used_at=2_000, token_hash=b"new")
            assert await store.guest_by_token(b"u-ali") is None

    async def test_some_of_them(self, store: Store) -> None:
        """Guests are found by uid, for any number of uids and however long unused. Unknown uids have no result."""
        await store.save_guest(guest(ALI))
        await store.save_guest(guest(VALI))
        wanted = [ALI.uid, *(f"unknown{n}" for n in range(499))]
        assert await store.guests_of(wanted) == [guest(ALI)]
        assert await store.guests_of([]) == []

    async def test_those_behind_messages(self, store: Store, listener: Listener) -> None:
        """Whoever a log refers to is found by uid, with the name there: also a bare guest, a guest whose token is gone, and
        an erased account under the name of nobody."""
        await store.save_guest(guest(ALI))
        await listener.send(store, VALI, "salom")
        await store.drop_guest(ALI.uid)
        assert sorted(await store.users([ALI.uid, VALI.uid, "unknown"]), key=lambda one: one.uid) == [
            Actor(ALI.uid, "ali", "guest"),
            Actor(VALI.uid, "vali", VALI.kind),
        ]
        assert await store.users([]) == []
        await store.erase(VALI, 1, with_messages=False)
        assert [one.user_id for one in await store.users([VALI.uid])] == ["deleted account"]

    async def test_those_used_since(self, store: Store) -> None:
        """Guests used at or after the time are returned. One name may have had several holders."""
        for i, at in enumerate((1_000, 2_000, 3_000)):
            await store.save_guest(guest(Actor(f"u{i}", "ali"), last_used_at=at))
        assert [found.uid for found in await store.guests(2_000)] == ["u1", "u2"]
        assert await store.guests(3_001) == []

    async def test_touch(self, store: Store) -> None:
        """`touch` moves the times of these guests only, and never back. Unknown uids are ignored."""
        await store.save_guest(guest(ALI))
        await store.save_guest(guest(VALI))
        await store.touch_guests({"u-ali": 5_000, "u-vali": 1, "nobody": 9_000})
        await store.touch_guests({})
        assert {found.uid: found.last_used_at for found in await store.guests(0)} == {"u-ali": 5_000, "u-vali": 1_000}

    async def test_drop_silent(self, store: Store, listener: Listener) -> None:
        """A given guest is dropped only if it was last used before the time, wrote nothing and is in no conversation.
        Other guests stay."""
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
        """`drop_guest` drops one guest and ignores an unknown uid. `drop_guests` drops those last used before the
        time."""
        for name in (ALI, VALI):
            await store.save_guest(guest(name, last_used_at=1_000 if name is ALI else 2_000))
        await store.drop_guest("nobody")
        assert await store.drop_guests(1_000) == 0
        assert await store.drop_guests(1_001) == 1
        assert [found.uid for found in await store.guests(0)] == [VALI.uid]
        await store.drop_guest(VALI.uid)
        assert await store.guests(0) == [] and await store.guest_by_token(VALI.uid.encode()) is None

    async def test_their_numbers_go_with_them(self, store: Store) -> None:
        """However a guest is dropped; an account that was a guest keeps its number."""
        others = [Actor(f"u-{name}", name) for name in ("soli", "old", "new")]
        for one in (ALI, VALI, *others):
            await store.save_guest(guest(one, last_used_at=1_000 if one.user_id == "old" else 2_000))
        numbers = {one.uid: await store.number_of(one.uid) for one in (ALI, VALI, *others)}
        await store.add_account(account("ali"))
        await store.drop_guest(VALI.uid)
        assert list(await store.drop_silent_guests(["u-soli"], 3_000)) == ["u-soli"]
        assert await store.drop_guests(1_001) == 1
        left = {uid for uid, number in numbers.items() if await store.ref_of(number) is not None}
        assert left == {ALI.uid, "u-new"}


class TestLife:
    async def test_the_epoch_stays_over_restarts(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """The epoch survives a restart, so cursors stay valid."""
        epochs = []
        for _ in range(3):
            async with opened(make(tmp_path / "data"), listener := Listener()) as store:
                await listener.send(store, ALI)
                epochs.append(store.epoch)
        assert epochs[0]
        assert len(set(epochs)) == 1

    async def test_close_finishes_what_was_accepted(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """When `close` returns, every accepted post is written and answered. A second `close` has no effect."""
        store, listener = make(tmp_path / "data"), Listener()
        await store.open(listener.committed)
        answers = [listener.ask(store, ALI, f"{i}") for i in range(2_000)]
        await asyncio.gather(store.close(), store.close())
        await store.close()
        assert all(answer.done() and isinstance(answer.result(), PostResult) for answer in answers)
        async with opened(make(tmp_path / "data")) as again:
            assert (await again.heads([LOBBY]))[LOBBY] == 2_000

    async def test_close_before_open(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """`close` before `open` has no effect."""
        await make(tmp_path / "data").close()

    async def test_ready(self, make: Callable[..., Store], tmp_path: Path) -> None:
        """`ready` raises before `open` and after `close`. A read after `close` raises too."""
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
        """One object may be opened again, because an application may be started twice in one process."""
        store, listener = make(tmp_path / "data"), Listener()
        for seq in (1, 2):
            async with opened(store, listener):
                assert (await listener.send(store, ALI)).seq == seq

    async def test_who_waits_may_leave(self, store: Store) -> None:
        """Cancelling a caller that waits for a direct does not cancel its creation."""
        task = asyncio.ensure_future(direct(store, ALI, VALI, 1))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await direct(store, BARE, VALI, 1)
        assert len((await everything(store, ALI)).states) == 2
