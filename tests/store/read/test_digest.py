"""What a digest tells: chat.ports.mail.MailStore.missed, over every store."""

from __future__ import annotations

import pytest

from suhbat.chat.model import MissedPlace
from suhbat.chat.ports import Store
from suhbat.protocol.commands import Create, Delete, Edit, Join, Leave, Read, SetNotify
from suhbat.protocol.types import LOBBY
from tests.commands import execute
from tests.store.parts import ALI, VALI, Listener, direct
from tests.store.people.test_people import account

AT = 1_795_000_000_000


@pytest.fixture
async def people(store: Store) -> Store:
    """The store, with two accounts, which have a direct."""
    for name in ("ali", "vali"):
        await store.add_account(account(name, lobby_from=0))
    return store


async def told(store: Store, since: int = 0, now: int = AT + 60_000) -> list[MissedPlace]:
    return await store.missed(account("ali"), since, now)


def texts(places: list[MissedPlace]) -> list[list[str]]:
    return [[message.text for message in place.messages] for place in places]


async def test_a_direct(people: Store, listener: Listener) -> None:
    """Unread messages of the other one, as they are now: not those that were read or deleted, nor one's own."""
    place = await direct(people, ALI, VALI, AT)
    sent = [
        await listener.send(people, VALI, f"salom {number}", conversation=place, at=AT + number) for number in range(5)
    ]
    await listener.send(people, ALI, "javob", conversation=place, at=AT + 9)
    assert texts(await told(people)) == [[f"salom {number}" for number in range(5)]]
    await execute(people, Read, ALI, AT, conversation=place, ordinal=2)
    await execute(people, Delete, VALI, AT, conversation=place, seq=sent[3].seq)
    await execute(people, Edit, VALI, AT, conversation=place, seq=sent[4].seq, text="xayr")
    [found] = await told(people)
    assert texts([found]) == [["salom 2", "xayr"]] and found.conversation == place
    assert (found.title, found.messages[0].sender, found.messages[0].at) == ("", "Vali", AT + 2)
    assert texts(await told(people, since=AT + 2)) == [["xayr"]]
    await execute(people, Read, ALI, AT, conversation=place, ordinal=6)
    assert await told(people) == []


async def test_mentions(people: Store, listener: Listener) -> None:
    """In a room, and in the lobby, only what mentions the reader or everybody, until it is read."""
    room = (await execute(people, Create, VALI, AT, title="Choyxona", visibility="public", history="all")).conversation
    await execute(people, Join, ALI, AT, conversation=room)
    await listener.send(people, VALI, "hammaga gap", conversation=room, at=AT)
    assert await told(people) == []
    await listener.send(people, VALI, "@ali qara", conversation=room, at=AT + 1, named=("u-ali",))
    await listener.send(people, VALI, "@ali lobbida", conversation=LOBBY, at=AT + 2, named=("u-ali",))
    found = await told(people)
    assert texts(found) == [["@ali lobbida"], ["@ali qara"]] and found[1].title == "Choyxona"
    await execute(people, Read, ALI, AT, conversation=room, ordinal=2)
    assert texts(await told(people)) == [["@ali lobbida"]]


async def test_levels_and_membership(people: Store, listener: Listener) -> None:
    """What was muted is not mailed, nor what the reader has left."""
    place = await direct(people, ALI, VALI, AT)
    await listener.send(people, VALI, "salom", conversation=place, at=AT)
    await execute(people, SetNotify, ALI, AT, conversation=place, level="none", until=AT + 90_000)
    assert await told(people) == []
    assert texts(await told(people, now=AT + 90_000)) == [["salom"]]
    await execute(people, Leave, ALI, AT, conversation=place)
    assert await told(people, now=AT + 90_000) == []


async def test_a_reply_in_a_thread(people: Store, listener: Listener) -> None:
    """A reply that mentions the reader is a mention; it has no ordinal."""
    root = await listener.send(people, ALI, "savol", conversation=LOBBY, at=AT)
    await listener.send(people, VALI, "@ali bu yerda", conversation=LOBBY, at=AT + 1, thread=root.seq, named=("u-ali",))
    await listener.send(people, VALI, "boshqa gap", conversation=LOBBY, at=AT + 2, thread=root.seq)
    assert texts(await told(people)) == [["@ali bu yerda"]]
