"""Messages that grow, as both stores write them."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.chat.model import Actor, CommandContext, CommandResult
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import BadRequest, Finished, Forbidden, NotFound, StillGrowing, TooManyStreams
from suhbat.protocol.commands import Admit, Create, Delete, Edit, Mute, Pin, React, Remove
from suhbat.protocol.event_marks import has_grown, veil_of
from suhbat.protocol.events import MessageCreated, MessageDeleted, MessageFinished
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import FinishGrowing, SaveGrowing, SetFilter, TakeOver
from suhbat.protocol.types import LOBBY
from suhbat.store.write.erasure import NOBODY
from suhbat.store.write.growing import PER_CONVERSATION, PER_PERSON
from tests.commands import execute

from .parts import ALI, VALI, Listener, direct, logged

GROWS = Extra(streaming=True)
OWNER = Actor("u-owner", "owner", "account", 0, role="owner")


async def begin(listener: Listener, store: Store, actor: Actor = ALI, text: str = "", **fields: Any) -> int:
    return (await listener.send(store, actor, text, extra=GROWS, **fields)).seq


async def finish(
    store: Store, actor: Actor, seq: int, *, mentioned: tuple[str, ...] = (), **fields: Any
) -> CommandResult:
    command = FinishGrowing(conversation=fields.pop("conversation", LOBBY), seq=seq, **fields)
    return await store.execute(actor, 2_000, command, CommandContext(mentioned=mentioned))


async def save(store: Store, actor: Actor, seq: int, text: str | None, version: int, conversation: str = LOBBY) -> None:
    await store.execute(actor, 1_000, SaveGrowing(conversation=conversation, seq=seq, text=text, version=version))


async def text_of(store: Store, seq: int, reader: Actor = VALI) -> str:
    page = await store.history(reader, LOBBY)
    return next(one.text for one in page.messages if one.seq == seq)


async def test_two_events(store: Store, listener: Listener) -> None:
    """Texts that are stored on the way leave no event; a replay shows the text so far, and at the end the whole one twice."""
    seq = await begin(listener, store)
    for version, text in enumerate(("Osh", "Osh damlash", "Osh damlash uchun"), 1):
        await save(store, ALI, seq, text, version)
    [(_, created)] = await logged(store, LOBBY, 0, 10)
    assert isinstance(created, MessageCreated)
    assert (created.message.text, created.message.streaming) == ("Osh damlash uchun", True)
    done = await finish(store, ALI, seq, known="Osh damlash uchun guruch")
    assert done.seq == seq + 1
    created, finished = [event for _, event in await logged(store, LOBBY, 0, 10)]
    assert isinstance(created, MessageCreated) and isinstance(finished, MessageFinished)
    assert created.message == finished.message and not finished.message.streaming and not finished.message.cut
    assert finished.message.text == "Osh damlash uchun guruch"
    assert has_grown(created), "the simple dialect shows it once"
    assert listener.entries[-1].event == finished
    assert await store.growing() == []


async def test_versions(store: Store, listener: Listener) -> None:
    """A node that has lost a message to another one can neither store its text nor learn less than was stored."""
    seq = await begin(listener, store, text="a")
    taken = (await store.execute(ALI, 1_000, TakeOver(conversation=LOBBY, seq=seq))).taken
    assert taken is not None and (taken.text, taken.version, taken.veil) == ("a", 2, seq)
    with pytest.raises(Finished):
        await save(store, ALI, seq, "ab", 1)
    await save(store, ALI, seq, "abc", 2)
    [row] = await store.growing()
    assert (row.conversation, row.seq, row.uid, row.version, row.text) == (LOBBY, seq, ALI.uid, 3, "abc")
    with pytest.raises(Forbidden):
        await store.execute(VALI, 1_000, TakeOver(conversation=LOBBY, seq=seq))
    with pytest.raises(NotFound):
        await store.execute(ALI, 1_000, TakeOver(conversation=LOBBY, seq=99))
    await finish(store, ALI, seq, known="stale")
    assert await text_of(store, seq) == "abc", "what a node knows counts only if it continues what is stored"
    with pytest.raises(Finished):
        await store.execute(ALI, 1_000, TakeOver(conversation=LOBBY, seq=seq))


async def test_twice(store: Store, listener: Listener) -> None:
    """Finishing again, with the same text or none, changes nothing; with another one it is refused. It needs a text."""
    seq = await begin(listener, store)
    with pytest.raises(BadRequest):
        await finish(store, ALI, seq)
    done = await finish(store, ALI, seq, text="salom", known="sal")
    for text in (None, "salom"):
        assert (await finish(store, ALI, seq, text=text)).seq == done.seq
    with pytest.raises(Finished):
        await finish(store, ALI, seq, text="boshqa")
    plain = await listener.send(store, ALI, "oddiy")
    with pytest.raises(Finished):
        await finish(store, ALI, plain.seq, text="boshqa")


async def test_who_may_stop(store: Store, listener: Listener) -> None:
    """The author of the message that it answers, a moderator, and in a direct the other one; they give no text, and it is
    cut. Nobody else."""
    asked = await listener.send(store, VALI, "qanday?")
    for stopper in (VALI, OWNER):
        seq = await begin(listener, store, text="Mana", reply_to=asked.seq)
        with pytest.raises(Forbidden):
            await finish(store, Actor("u-third", "uchinchi", lobby_from=0), seq)
        with pytest.raises(Forbidden):
            await finish(store, stopper, seq, text="mening matnim")
        await finish(store, stopper, seq, known="Mana bun")
        event = listener.entries[-1].event
        assert isinstance(event, MessageFinished)
        assert (event.actor_uid, event.message.sender_uid) == (stopper.uid, ALI.uid)
        assert (event.message.text, event.message.cut) == ("Mana bun", True)
    conversation = await direct(store, ALI, VALI, 1_000)
    seq = await begin(listener, store, conversation=conversation)
    await finish(store, VALI, seq, conversation=conversation)
    event = listener.entries[-1].event
    assert isinstance(event, MessageFinished) and event.message.cut


async def test_the_server_is_not_refused(store: Store, listener: Listener) -> None:
    """It finishes for a sender who was muted or removed, and without a text; not what was deleted, and not twice."""
    made = await execute(store, Create, OWNER, 1_000, title="Choyxona", topic="", visibility="private", history="all")
    room = made.conversation
    await execute(store, Admit, OWNER, 1_000, conversation=room, person=ALI, role="member", exempt=True)
    seq = await begin(listener, store, conversation=room)
    await execute(store, Mute, OWNER, 1_000, conversation=room, person=ALI, on=True, until=None, reason="")
    with pytest.raises(Forbidden):
        await save(store, ALI, seq, "endi", 1, room)
    with pytest.raises(Forbidden):
        await finish(store, ALI, seq, conversation=room, known="endi")
    await execute(store, Remove, OWNER, 1_000, conversation=room, person=ALI)
    for _ in range(2):
        await finish(store, ALI, seq, conversation=room, forced=True, cut=True, known="")
    finished = [event for _, event in await logged(store, room, 0, 20) if isinstance(event, MessageFinished)]
    assert [(event.message.text, event.message.cut) for event in finished] == [("", True)]
    with pytest.raises(NotFound):
        await finish(store, ALI, 99, conversation=room, forced=True, cut=True)


async def test_found_and_mentioned_when_finished(store: Store, listener: Listener) -> None:
    """Before that its words are not found, and it mentions nobody; not even if the index was filled in between."""
    seq = await begin(listener, store, text="palov")
    await save(store, ALI, seq, "palov va choy @vali", 1)
    assert (await store.search(VALI, parse("palov"), None)).messages == ()
    await finish(store, ALI, seq, known="palov va choy @vali", mentioned=(VALI.uid,))
    found = await store.search(VALI, parse("choy"), None)
    assert [one.seq for one in found.messages] == [seq]
    assert [one.message.seq for one in (await store.mentions(VALI)).mentions] == [seq]


async def test_the_word_filter(store: Store, listener: Listener) -> None:
    """A text with a filtered word is neither stored on the way nor at the end; the server cuts it to what was allowed."""
    await execute(store, SetFilter, OWNER, 1_000, words=["yomon"])
    seq = await begin(listener, store)
    await save(store, ALI, seq, "yaxshi", 1)
    with pytest.raises(Forbidden):
        await save(store, ALI, seq, "yaxshi yomon", 2)
    with pytest.raises(Forbidden):
        await finish(store, ALI, seq, known="yaxshi yomon")
    await finish(store, ALI, seq, known="yaxshi @vali yomon", forced=True, cut=True, mentioned=(VALI.uid,))
    assert await text_of(store, seq) == "yaxshi"
    assert (await store.mentions(VALI)).mentions == (), "it mentions nobody who is not in it"


async def test_what_can_be_done_meanwhile(store: Store, listener: Listener) -> None:
    """It takes reactions, pins and replies in its thread, but no edit. Deleted, it does not grow any more."""
    seq = await begin(listener, store)
    place = {"conversation": LOBBY, "seq": seq}
    with pytest.raises(StillGrowing):
        await execute(store, Edit, ALI, 1_000, **place, text="boshqa")
    await execute(store, React, VALI, 1_000, **place, emoji="👍", on=True)
    await execute(store, Pin, OWNER, 1_000, **place, on=True)
    reply = await listener.send(store, VALI, "qisqaroq", thread=seq)
    growing_reply = await begin(listener, store, thread=seq)
    await save(store, ALI, growing_reply, "mana", 1)
    await finish(store, ALI, growing_reply, known="mana", mentioned=(VALI.uid,))
    event = listener.entries[-1].event if isinstance(listener.entries[-1].event, MessageFinished) else None
    event = event or next(one.event for one in reversed(listener.entries) if isinstance(one.event, MessageFinished))
    assert isinstance(event, MessageFinished)
    assert (event.message.thread, event.message.text) == (seq, "mana")
    await execute(store, Delete, ALI, 1_000, **place)
    assert any(isinstance(one.event, MessageDeleted) for one in listener.entries)
    with pytest.raises(Finished):
        await save(store, ALI, seq, "kech", 1)
    with pytest.raises(NotFound):
        await finish(store, ALI, seq, known="kech")
    assert await store.growing() == []
    assert "kech" not in [one.text for one in (await store.history(VALI, LOBBY)).messages]
    assert reply.thread_ordinal == 1


async def test_limits(store: Store, listener: Listener) -> None:
    """So many of one sender, and so many in one conversation; also in one transaction."""
    answers = [listener.ask(store, ALI, "", extra=GROWS) for _ in range(PER_PERSON + 1)]
    outcomes = [await answer for answer in answers]
    assert [isinstance(one, TooManyStreams) for one in outcomes] == [False] * PER_PERSON + [True]
    others = [Actor(f"u-{number}", f"bot{number}", lobby_from=0) for number in range(PER_CONVERSATION - PER_PERSON)]
    for other in others:
        await begin(listener, store, other)
    assert isinstance(await listener.refused(store, VALI, "", extra=GROWS), TooManyStreams)
    await finish(store, ALI, 1, text="bor")
    assert await begin(listener, store, VALI) > 0


async def test_a_repeated_send(store: Store, listener: Listener) -> None:
    """A beginning that is sent again is the same message, however much it has grown; and another one is a conflict."""
    seq = await begin(listener, store, client_id="k1")
    await save(store, ALI, seq, "Osh", 1)
    again = await listener.send(store, ALI, "", client_id="k1", extra=GROWS)
    assert (again.seq, again.duplicate) == (seq, True)


async def test_erasure(store: Store, listener: Listener) -> None:
    """With its sender's account the text goes, and it does not grow any more."""
    seq = await begin(listener, store)
    await save(store, ALI, seq, "sir", 1)
    await store.erase(ALI, 1_000, with_messages=True)
    while await store.erase_more(1_000):
        pass
    assert await store.growing() == []
    assert await text_of(store, seq) == ""


async def test_the_name_of_an_erased_sender(store: Store, listener: Listener) -> None:
    """Does not come back when the server finishes a message that the account left."""
    seq = await begin(listener, store, text="Osh")
    await store.erase(ALI, 1_000, with_messages=False)
    while await store.erase_more(1_000):
        pass
    await finish(store, ALI, seq, known="Osh bor", forced=True, cut=True)
    event = listener.entries[-1].event
    assert isinstance(event, MessageFinished) and event.message.text == "Osh bor"
    assert (event.actor_uid, event.actor, event.message.sender) == (ALI.uid, NOBODY, NOBODY)
    assert (await logged(store, LOBBY, 0, 20))[-1].event == event


async def test_what_a_reader_may_not_see(store: Store, listener: Listener) -> None:
    """A message that grows says below which `seq` its readers are not told of it, unless they may read everything."""
    made = await execute(store, Create, OWNER, 1_000, title="Choyxona", topic="", visibility="private", history="all")
    room = made.conversation
    await execute(store, Admit, OWNER, 1_000, conversation=room, person=ALI, role="member", exempt=True)
    for conversation in (LOBBY, room):
        seq = await begin(listener, store, conversation=conversation)
        told = [one.event for one in listener.entries if isinstance(one.event, MessageCreated)][-1]
        taken = (await store.execute(ALI, 1_000, TakeOver(conversation=conversation, seq=seq))).taken
        assert taken is not None
        assert taken.veil == veil_of(told) == (seq if conversation == LOBBY else None)
