"""Threads, over every store: what a reply is, who follows, what is refused, and what remains after deletions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor, PostResult
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import BadRequest, IdempotencyConflict, NotFound, SuhbatError
from suhbat.protocol import commands
from suhbat.protocol.event_marks import hidden, veil_of
from suhbat.protocol.events import Hidden, MessageDeleted, ThreadChanged
from suhbat.protocol.logged_events import model_of
from suhbat.protocol.objects import Message, Thread
from suhbat.protocol.types import LOBBY
from suhbat.store.write import retention, thread_followers
from tests.fakes import FakeClock
from tests.store.parts import ALI, BARE, VALI, Listener, guest, opened

from .house import LOLA, SOLI, House

DAY = 24 * 3600


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


async def thread_of(house: House, actor: Actor, room: str, root: int) -> Thread | None:
    """The thread as this person's state has it; None if they do not follow it."""
    state = await house.state(actor, room)
    return next((thread for thread in state.threads if thread.root == root), None)


async def root_of(house: House, actor: Actor, room: str, root: int) -> Message:
    return (await house.store.history(actor, room, around=root, limit=1)).messages[0]


async def replies_of(house: House, actor: Actor, room: str, root: int, **place: Any) -> list[int]:
    page = await house.store.history(actor, room, thread=root, **place)
    return [message.seq for message in page.messages]


async def test_a_reply_is_in_the_log_and_counts_apart(house: House) -> None:
    """A reply takes a seq and a dense thread_ordinal, but no ordinal: the room does not become unread, and its history and
    its last message stay as they were."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room, "ildiz")
    other = await house.write(ALI, room, "boshqa")
    before = await house.state(VALI, room)
    sent = [
        await house.listener.send(house.store, ALI, f"javob {n}", conversation=room, thread=root, client_id=f"t{n}")
        for n in range(3)
    ]
    assert [(one.ordinal, one.thread_ordinal) for one in sent] == [(None, 1), (None, 2), (None, 3)]
    assert [one.seq for one in sent] == [other + 1, other + 2, other + 3]
    after = await house.state(VALI, room)
    assert (after.unread, after.last_ordinal) == (before.unread, before.last_ordinal)
    assert after.last_message is not None and after.last_message.text == "boshqa"
    assert await house.texts(VALI, room) == ["ildiz", "boshqa"]
    assert (await house.listener.send(house.store, ALI, "x", conversation=room)).ordinal == before.last_ordinal + 1


async def test_the_root_shows_its_thread(house: House) -> None:
    """Count, last reply and the last three people; after a deletion those that remain, and nothing if none does."""
    room = await house.room(ALI, VALI, SOLI, LOLA)
    root = await house.write(ALI, room)
    assert (await root_of(house, VALI, room, root)).replies is None
    seqs = [await house.write(one, room, thread=root) for one in (ALI, VALI, SOLI, LOLA, VALI)]
    shown = (await root_of(house, VALI, room, root)).replies
    assert shown is not None and (shown.count, shown.last_seq) == (5, seqs[-1])
    assert [person.user_id for person in shown.people] == ["vali", "lola", "soli"]
    deleted = await house.told(commands.Delete, VALI, room, seq=seqs[-1])
    shown = (await root_of(house, VALI, room, root)).replies
    assert shown is not None and (shown.count, shown.last_seq) == (4, seqs[3])
    assert [person.user_id for person in shown.people] == ["lola", "soli", "vali"]
    assert isinstance(deleted[0], MessageDeleted) and deleted[0].replies == shown
    for one, seq in zip((ALI, VALI, SOLI, LOLA), seqs[:4], strict=True):
        await house.do(commands.Delete, one, room, seq=seq)
    assert (await root_of(house, VALI, room, root)).replies is None
    assert (await house.write(VALI, room, thread=root)) and (await replies_of(house, ALI, room, root)) != []


async def test_pages_of_a_thread(house: House) -> None:
    """The newest, before, after, around a seq and around an ordinal, as in a conversation; the root comes with each page.
    `around` a reply without a thread gives the page around the root."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    seqs = []
    for number in range(7):
        await house.write(VALI, room, f"orada {number}")
        seqs.append(await house.write(VALI, room, f"javob {number}", thread=root))
    page = await house.store.history(ALI, room, thread=root, limit=3)
    assert ([one.seq for one in page.messages], page.has_before, page.has_after) == (seqs[4:], True, False)
    assert page.root is not None and page.root.seq == root and page.root.replies is not None
    assert [one.thread for one in page.messages] == [root] * 3
    assert await replies_of(house, ALI, room, root, before=seqs[3], limit=2) == seqs[1:3]
    assert await replies_of(house, ALI, room, root, after=seqs[3], limit=2) == seqs[4:6]
    assert await replies_of(house, ALI, room, root, after=0, limit=2) == seqs[:2]
    assert await replies_of(house, ALI, room, root, around=seqs[3], limit=3) == seqs[2:5]
    assert await replies_of(house, ALI, room, root, around=seqs[0], limit=3) == seqs[:3]
    assert await replies_of(house, ALI, room, root, around_ordinal=4, limit=3) == seqs[2:5]
    assert await replies_of(house, ALI, room, root, around_ordinal=99, limit=3) == seqs[4:]
    around = await house.store.history(ALI, room, around=seqs[-1], limit=3)
    assert around.messages[0].seq == root
    everything = await house.store.history(ALI, room, after=0, replies=True)
    assert [one.seq for one in everything.messages] == list(range(root, seqs[-1] + 1))
    empty = await house.store.history(ALI, room, thread=root + 1)
    assert (empty.messages, empty.has_before, empty.has_after) == ((), False, False)


async def test_what_has_no_thread(house: House) -> None:
    """A thread of a reply, of a missing or deleted message, in a direct of two, below the floor, in another room, of a room
    that one may not see: refused, and nothing is written."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    reply = await house.write(VALI, room, thread=root)
    gone = await house.write(ALI, room)
    await house.do(commands.Delete, ALI, room, seq=gone)
    place = (await house.do(commands.Meet, ALI, people=(VALI,))).conversation
    said = await house.write(ALI, place)
    joined = await house.room(ALI, history="joined")
    old = await house.write(ALI, joined)
    await house.admit(ALI, joined, SOLI)
    cases = [
        (VALI, room, reply, BadRequest, "bad_request"),
        (VALI, room, gone, NotFound, "not_found.message"),
        (VALI, room, reply + 1_000, NotFound, "not_found.message"),
        (ALI, place, said, BadRequest, "bad_request"),
        (SOLI, joined, old, NotFound, "not_found.message"),
        (SOLI, room, root, NotFound, "not_found"),
        (BARE, LOBBY, await house.write(ALI), NotFound, "not_found.message"),
    ]
    for actor, where, seq, error, text in cases:
        heads = await house.store.heads()
        refused = await house.cannot_write(actor, where, thread=seq)
        assert (type(refused), refused.text) == (error, text), (where, seq)
        assert await house.store.heads() == heads
    with pytest.raises(BadRequest):
        await house.store.history(VALI, room, thread=reply)
    for actor, where, seq in ((VALI, room, reply + 1_000), (SOLI, joined, old), (SOLI, room, root)):
        with pytest.raises(NotFound):
            await house.store.history(actor, where, thread=seq)
        with pytest.raises(NotFound):
            await house.do(commands.ChangeThread, actor, where, seq=seq, follow=True)
    await house.refused(BadRequest, None, commands.ChangeThread, VALI, room, seq=root, read_ordinal=2)
    assert (await house.listener.refused(house.store, ALI, peer=VALI, thread=said)).code == "bad_request"


async def test_a_root_that_is_erased_while_somebody_replies(house: House) -> None:
    """The replies that came before the deletion stay readable and can be marked as read; later ones are refused."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    await house.write(VALI, room, thread=root)
    outcomes = await asyncio.gather(
        house.do(commands.Delete, ALI, room, seq=root),
        *(house.listener.ask(house.store, VALI, f"{n}", conversation=room, thread=root) for n in range(5)),
        return_exceptions=True,
    )
    written = [one for one in outcomes[1:] if isinstance(one, PostResult)]
    assert all(isinstance(one, PostResult | SuhbatError) for one in outcomes[1:])
    assert len(await replies_of(house, ALI, room, root)) == 1 + len(written)
    assert (await house.cannot_write(VALI, room, thread=root)).text == "not_found.message"
    thread = await thread_of(house, ALI, room, root)
    assert thread is not None and thread.unread == 1 + len(written)
    done = await house.do(commands.ChangeThread, ALI, room, seq=root, read_ordinal=thread.thread_ordinal)
    assert done.unread == 0


async def test_one_batch(house: House) -> None:
    """A root, replies to it by several people, and a reply to a reply, all in one batch."""
    room = await house.room(ALI, VALI)
    head = (await house.store.heads([room]))[room]
    asked = [house.listener.ask(house.store, ALI, "ildiz", conversation=room)]
    asked += [
        house.listener.ask(house.store, one, "javob", conversation=room, thread=head + 1) for one in (VALI, ALI, VALI)
    ]
    asked.append(house.listener.ask(house.store, VALI, "javobga", conversation=room, thread=head + 2))
    outcomes = await asyncio.gather(*asked)
    assert [one.thread_ordinal for one in outcomes[1:4] if isinstance(one, PostResult)] == [1, 2, 3]
    assert isinstance(outcomes[4], BadRequest)
    assert await replies_of(house, VALI, room, head + 1) == [head + 2, head + 3, head + 4]
    shown = (await root_of(house, VALI, room, head + 1)).replies
    assert shown is not None and shown.count == 3
    thread = await thread_of(house, ALI, room, head + 1)
    assert thread is not None and (thread.read_ordinal, thread.unread) == (2, 1)


async def test_a_repetition(house: House) -> None:
    """The same key gives the first answer; the same text elsewhere, or also to the room, is a conflict."""
    room = await house.room(ALI, VALI)
    root, other = await house.write(ALI, room), await house.write(ALI, room)

    async def ask(**fields: Any) -> object:
        return await house.listener.ask(house.store, VALI, "javob", conversation=room, client_id="k", **fields)

    first = await ask(thread=root)
    again = await ask(thread=root)
    assert isinstance(first, PostResult) and isinstance(again, PostResult)
    assert (again.seq, again.ordinal, again.thread_ordinal, again.duplicate) == (first.seq, None, 1, True)
    for fields in ({}, {"thread": other}, {"thread": root, "also": True}, {"thread": root, "reply_to": root}):
        assert isinstance(await ask(**fields), IdempotencyConflict), fields
    assert await replies_of(house, ALI, room, root) == [first.seq]


async def test_also_to_the_room(house: House) -> None:
    """One send writes the reply and a message that quotes it, once however often it is repeated. The message counts as
    unread in the room like any other."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    before = (await house.state(ALI, room)).unread
    for _ in range(3):
        await house.listener.send(
            house.store, VALI, "hammaga", conversation=room, thread=root, also=True, client_id="bir marta"
        )
    (reply,) = await replies_of(house, ALI, room, root)
    copy = (await house.store.history(ALI, room)).messages[-1]
    assert (copy.seq, copy.reply_to, copy.from_thread, copy.text) == (reply + 1, reply, root, "hammaga")
    assert (copy.thread, copy.client_id, copy.ordinal) == (None, None, 2)
    assert (await house.state(ALI, room)).unread == before + 1
    assert (await house.state(VALI, room)).unread == 1  # the root
    below = await house.write(ALI, room, thread=copy.seq)
    assert await replies_of(house, VALI, room, copy.seq) == [below]
    shown = await root_of(house, VALI, room, copy.seq)
    assert shown.replies is not None and (shown.replies.count, shown.from_thread) == (1, root)
    await house.do(commands.Edit, VALI, room, seq=copy.seq, text="@all", named=(EVERYBODY,))
    assert (await root_of(house, VALI, room, copy.seq)).from_thread == root


async def test_who_follows(house: House) -> None:
    """Who wrote, was named, or wrote the root. Writing marks the thread as read; being named gives a mention, which the mark
    clears. Others do not follow."""
    room = await house.room(ALI, VALI, SOLI, LOLA)
    root = await house.write(ALI, room)
    await house.write(VALI, room, "@soli", thread=root, named=(SOLI.uid,))
    assert await thread_of(house, LOLA, room, root) is None
    assert await thread_of(house, ALI, room, root) == Thread(
        root=root, count=1, thread_ordinal=1, read_ordinal=0, unread=1, mentions=0
    )
    assert await thread_of(house, VALI, room, root) == Thread(
        root=root, count=1, thread_ordinal=1, read_ordinal=1, unread=0, mentions=0
    )
    assert await thread_of(house, SOLI, room, root) == Thread(
        root=root, count=1, thread_ordinal=1, read_ordinal=0, unread=1, mentions=1
    )
    assert (await house.state(SOLI, room)).mentions == 0
    await house.do(commands.ChangeThread, SOLI, room, seq=root, read_ordinal=1)
    soli = await thread_of(house, SOLI, room, root)
    assert soli is not None and (soli.unread, soli.mentions) == (0, 0)
    await house.write(ALI, room, thread=root)
    ali = await thread_of(house, ALI, room, root)
    assert ali is not None and (ali.read_ordinal, ali.unread) == (2, 0)


async def test_nobody_names_everybody_in_a_thread(house: House) -> None:
    """`@all` in a reply names nobody, so that a thread cannot be put before a whole room."""
    room = await house.room(ALI, VALI, SOLI)
    root = await house.write(ALI, room)
    await house.write(ALI, room, "@all", thread=root, named=(EVERYBODY,))
    assert await thread_of(house, VALI, room, root) is None
    assert (await house.state(VALI, room)).mentions == 0


async def test_marks(house: House) -> None:
    """A mark does not go back, unless what is above it is to be unread. Unfollowing ends the counting; following begins with
    everything read."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    for _ in range(4):
        await house.write(VALI, room, thread=root)

    async def change(**fields: Any) -> Thread | None:
        done = await house.do(commands.ChangeThread, ALI, room, seq=root, **fields)
        assert done.thread == await thread_of(house, ALI, room, root)
        return done.thread

    seen = await change(read_ordinal=3)
    assert seen is not None and seen.unread == 1
    heard = len(house.listener.heard)
    assert await change(read_ordinal=2) == seen and len(house.listener.heard) == heard
    back = await change(read_ordinal=1, unread=True)
    assert back is not None and (back.read_ordinal, back.unread) == (1, 3)
    assert await change(follow=False) is None
    assert await change(read_ordinal=4) is None
    await house.write(VALI, room, thread=root)
    assert await thread_of(house, ALI, room, root) is None
    again = await change(follow=True)
    assert again is not None and (again.read_ordinal, again.unread) == (5, 0)
    own = [event for event in await house.own(ALI) if isinstance(event, ThreadChanged)]
    assert [event.follow for event in own] == [True, True, True, False, True]


async def test_deleted_and_edited_replies(house: House) -> None:
    """A deleted reply is neither unread nor a mention; an edit that names somebody makes them follow, and one that no longer
    names them takes the mention back."""
    room = await house.room(ALI, VALI, SOLI)
    root = await house.write(ALI, room)
    first = await house.write(VALI, room, thread=root, named=(SOLI.uid,))
    second = await house.write(VALI, room, thread=root)
    await house.do(commands.Edit, VALI, room, seq=first, text="boshqa", named=())
    soli = await thread_of(house, SOLI, room, root)
    assert soli is not None and (soli.unread, soli.mentions) == (2, 0)
    await house.do(commands.Edit, VALI, room, seq=second, text="@soli", named=(SOLI.uid,))
    soli = await thread_of(house, SOLI, room, root)
    assert soli is not None and (soli.unread, soli.mentions) == (2, 1)
    await house.do(commands.Delete, VALI, room, seq=second)
    soli = await thread_of(house, SOLI, room, root)
    assert soli is not None and (soli.unread, soli.mentions, soli.count) == (1, 0, 1)
    page = await house.store.history(ALI, room, thread=root)
    assert [(one.deleted, one.thread_ordinal) for one in page.messages] == [(False, 1), (True, 2)]


async def test_leaving_and_being_removed(house: House) -> None:
    """Who is no member follows nothing there, also after coming back; their replies stay."""
    room = await house.room(ALI, VALI)
    root = await house.write(ALI, room)
    await house.write(VALI, room, thread=root)
    await house.do(commands.Remove, ALI, room, person=VALI)
    assert (await house.store.threads(VALI)).threads == ()
    await house.admit(ALI, room, VALI)
    assert await thread_of(house, VALI, room, root) is None
    assert len(await replies_of(house, ALI, room, root)) == 1


async def test_a_thread_from_before_one_joined_does_not_exist(house: House) -> None:
    """Where the history begins with the membership, neither the thread nor a new reply in it is shown: not in pages, search,
    pins or reactions, and the events say nothing. Naming the person does not make them follow."""
    room = await house.room(ALI, history="joined")
    root = await house.write(ALI, room)
    await house.admit(ALI, room, VALI)
    reply = await house.write(ALI, room, "yashirin @vali", thread=root, named=(VALI.uid,))
    assert await thread_of(house, VALI, room, root) is None
    assert (await house.store.threads(VALI)).threads == ()
    assert (await house.store.history(VALI, room, after=0, replies=True)).messages == ()
    assert (await house.store.search(VALI, parse("yashirin"), None)).messages == ()
    for kind, fields in ((commands.React, {"emoji": "👍", "on": True}), (commands.Report, {"reason": ""})):
        with pytest.raises(NotFound):
            await house.do(kind, VALI, room, seq=reply, **fields)
    assert (await house.cannot_write(VALI, room, reply_to=reply)).text == "not_found.message"
    await house.do(commands.React, ALI, room, seq=reply, emoji="👍", on=True)
    await house.do(commands.Edit, ALI, room, seq=reply, text="yashirin 2")
    await house.do(commands.Delete, ALI, room, seq=reply)
    since = (await house.state(VALI, room)).since
    live = [entry.event for entry in house.listener.entries if entry.log == room and entry.event.seq > since]
    for events in (live, [model_of(entry.event) for entry in await house.store.events(room, since, 100)]):
        shown = [hidden(event) if (veil_of(event) or since + 1) <= since else event for event in events]
        assert [type(event) for event in shown[1:]] == [Hidden] * 4, shown
    await house.do(commands.Update, ALI, room, history="all")
    assert (await house.store.history(VALI, room, thread=root)).root is not None


async def test_history_that_begins_with_the_membership_ends_following(house: House) -> None:
    """Members no longer follow what they may not read any more, and are told."""
    room = await house.room(ALI)
    root = await house.write(ALI, room)
    await house.admit(ALI, room, VALI)
    await house.write(VALI, room, thread=root)
    assert await thread_of(house, VALI, room, root) is not None
    await house.do(commands.Update, ALI, room, history="joined")
    assert await thread_of(house, VALI, room, root) is None
    assert await thread_of(house, ALI, room, root) is not None
    last = (await house.own(VALI))[-1]
    assert isinstance(last, ThreadChanged) and not last.follow


async def test_the_lobby(house: House) -> None:
    """Threads work in the lobby for those who can come back."""
    for one in (ALI, VALI):
        await house.store.save_guest(guest(one))
    root = await house.write(ALI)
    await house.write(VALI, thread=root)
    ali = await thread_of(house, ALI, LOBBY, root)
    assert ali is not None and ali.unread == 1
    await house.write(BARE)
    bare = await house.write(BARE)
    await house.write(VALI, thread=bare)
    assert len((await house.store.threads(VALI)).threads) == 2


async def test_the_list(house: House) -> None:
    """Those with the latest replies first, in pages, with their roots; with `unread` only those with unread replies."""
    rooms = [await house.room(ALI, VALI) for _ in range(2)]
    roots = []
    for number in range(6):
        house.at += 1_000
        room = rooms[number % 2]
        root = await house.write(ALI, room, f"ildiz {number}")
        await house.write(VALI, room, thread=root)
        roots.append((room, root))
    for room, root in roots[::2]:
        await house.do(commands.ChangeThread, ALI, room, seq=root, read_ordinal=1)
    found: list[tuple[str, int]] = []
    cursor = None
    while True:
        page = await house.store.threads(ALI, cursor=cursor, limit=4)
        found += [(one.conversation, one.thread.root) for one in page.threads]
        assert all(one.message.seq == one.thread.root and one.message.replies for one in page.threads)
        if (cursor := page.cursor) is None:
            break
    assert found == roots[::-1]
    unread = await house.store.threads(ALI, unread=True)
    assert [(one.conversation, one.thread.root) for one in unread.threads] == roots[1::2][::-1]
    with pytest.raises(BadRequest):
        await house.store.threads(ALI, cursor="x")


async def test_search_in_threads(house: House) -> None:
    """Replies are found like other messages; `in:thread` finds replies only, `thread` those of one."""
    room = await house.room(ALI, VALI)
    roots = [await house.write(ALI, room, f"olma {n}") for n in range(2)]
    for number, root in enumerate(roots):
        await house.write(VALI, room, f"olma javob {number}", thread=root)

    async def found(text: str, **fields: Any) -> list[str]:
        return [one.text for one in (await house.store.search(ALI, parse(text, **fields), None)).messages]

    assert await found("olma") == ["olma javob 1", "olma javob 0", "olma 1", "olma 0"]
    assert await found("olma in:thread") == ["olma javob 1", "olma javob 0"]
    assert await found("olma", conversation=room, thread=roots[0]) == ["olma javob 0"]
    with pytest.raises(BadRequest):
        parse("olma", thread=roots[0])
    (reply,) = await replies_of(house, ALI, room, roots[0])
    await house.do(commands.Edit, VALI, room, seq=reply, text="anor")
    assert await found("anor in:thread") == ["anor"]
    await house.do(commands.Delete, VALI, room, seq=reply)
    assert await found("anor") == []


async def test_too_many_threads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody follows more threads than the limit: those in which nobody has written for longest are left, and the user is
    told."""
    monkeypatch.setattr(thread_followers, "MAX_FOLLOWED", 3)
    room = await house.room(ALI, VALI)
    roots = []
    for _ in range(5):
        house.at += 1_000
        roots.append(await house.write(ALI, room))
        await house.write(VALI, room, thread=roots[-1])
    for actor in (ALI, VALI):
        assert [thread.root for thread in (await house.state(actor, room)).threads] == roots[2:]
    left = [
        event.thread.root for event in await house.own(ALI) if isinstance(event, ThreadChanged) and not event.follow
    ]
    assert left == roots[:2]


async def test_retention_ends_a_thread_with_its_root(
    make: Callable[..., Store], tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the root expires nobody follows its thread any more, and is told; replies that are still stored can be changed."""
    monkeypatch.setattr(retention, "CHUNK", 2)
    clock = FakeClock()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        house = House(store, listener)
        house.at = clock.wall()
        room = await house.room(ALI, VALI, SOLI)
        root = await house.write(ALI, room)
        await house.write(SOLI, room, thread=root)
        clock.advance(10 * DAY)
        house.at = clock.wall()
        reply = await house.write(VALI, room, thread=root)
        assert await store.expire(5) == {room}
        for actor in (ALI, VALI, SOLI):
            assert (await house.state(actor, room)).threads == ()
            last = [event for event in await house.own(actor) if isinstance(event, ThreadChanged)][-1]
            assert not last.follow
        assert (await house.cannot_write(VALI, room, thread=root)).text == "not_found.message"
        await house.do(commands.Edit, VALI, room, seq=reply, text="yangi")
        await house.do(commands.Delete, VALI, room, seq=reply)
        assert (await house.log(room))[-1].type == "message.deleted"
