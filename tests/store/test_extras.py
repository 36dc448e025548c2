"""The rare fields of messages: buttons, hooks, growing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suhbat.chat.ports import Store
from suhbat.errors import IdempotencyConflict
from suhbat.protocol import commands
from suhbat.protocol.events import MessageCreated, MessageEdited
from suhbat.protocol.extras import Extra, HookFace, MessageButton
from suhbat.protocol.logged_events import model_of
from suhbat.protocol.objects import Message
from suhbat.protocol.types import LOBBY

from .house import House
from .parts import ALI, VALI, Listener, everything

YES, SITE = MessageButton(label="Ha", id="ha"), MessageButton(label="Sayt", url="https://example.org")
RICH = Extra(actions=((YES, SITE), (YES,)), hook=HookFace(name="Grafana", icon="🔥"), streaming=True, cut=True)
WHOLE = replace(RICH, streaming=False)  # what still grows cannot be edited


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


def shown(message: Message) -> Extra:
    return Extra(message.actions, message.hook, message.streaming, message.cut)


async def test_they_are_shown_wherever_the_message_is(house: House, store: Store) -> None:
    """Live, in a replay, in a page, in a search and in the state of the conversation, also in a thread; an edit keeps them."""
    room = await house.room(ALI, VALI)
    seq = await house.write(ALI, room, "tanlang", extra=WHOLE)
    reply = await house.write(ALI, room, "javob", extra=WHOLE, thread=seq)
    live = [entry.event for entry in house.listener.entries if isinstance(entry.event, MessageCreated)]
    replayed = [entry.event for entry in await store.events(room, seq - 1, 10)]
    assert [shown(event.message) for event in live] == [WHOLE, WHOLE]
    models = [model_of(event) for event in replayed[:2]]
    assert [shown(event.message) for event in models if isinstance(event, MessageCreated)] == [WHOLE, WHOLE]
    [edited] = await house.told(commands.Edit, ALI, room, seq=seq, text="yana")
    assert isinstance(edited, MessageEdited) and shown(edited.message) == WHOLE
    page = (await store.history(VALI, room)).messages + (await store.history(VALI, room, thread=seq)).messages
    assert [(message.seq, shown(message)) for message in page] == [(seq, WHOLE), (reply, WHOLE)]
    state = next(one for one in (await everything(store, VALI)).states if one.conversation == room)
    assert state.last_message is not None and shown(state.last_message) == WHOLE
    again = [entry.event for entry in await store.events(room, seq - 1, 1)]
    assert isinstance(again[0], MessageCreated) and shown(again[0].message) == WHOLE


async def test_they_go_with_the_message(house: House, store: Store) -> None:
    """The row of a deleted message has nothing left of them; whether it mentioned everybody stays."""
    room = await house.room(ALI, VALI)
    seq = await house.write(ALI, room, "@all", extra=RICH, named=("*",))
    await house.told(commands.Delete, ALI, room, seq=seq)
    [message] = (await store.history(VALI, room)).messages
    assert message.deleted and shown(message) == Extra()
    [event] = [entry.event for entry in await store.events(room, seq - 1, 1)]
    assert isinstance(event, MessageCreated) and event.everyone == 1 and shown(event.message) == Extra()


async def test_a_repetition(store: Store, listener: Listener) -> None:
    """Buttons and `streaming` are part of the request, so another value under the same key is a conflict; a hook's name and
    `cut` are not."""
    fields = {"conversation": LOBBY, "client_id": "k"}
    first = await listener.send(store, ALI, "gap", extra=RICH, **fields)
    for same in (RICH, replace(RICH, cut=False, hook=None)):
        assert await listener.send(store, ALI, "gap", extra=same, **fields) == replace(first, duplicate=True)
        assert await store.answered(ALI.uid, "k", "gap", None, (), same) == replace(first, duplicate=True)
    for other in (None, replace(RICH, actions=((YES, SITE, YES),)), replace(RICH, streaming=False)):
        assert type(await listener.refused(store, ALI, "gap", extra=other, **fields)) is IdempotencyConflict
        with pytest.raises(IdempotencyConflict):
            await store.answered(ALI.uid, "k", "gap", None, (), other)
