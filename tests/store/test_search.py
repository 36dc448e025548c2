"""Search finds the messages that a user may read now, in every spelling, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import text as sql

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import BadRequest
from suhbat.protocol import commands
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import TookTooLong, is_postgres, time_limit
from suhbat.store.read import search as finding
from suhbat.store.sql import SQLStore
from tests.commands import execute

from .parts import ALI, BARE, VALI, Listener, direct, opened

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "search.json").read_text(encoding="utf-8"))
SOLI = Actor("u-soli", "soli", lobby_from=0)


async def found(store: Store, actor: Actor, text: str, sender: str | None = None) -> list[str]:
    return [message.text for message in (await store.search(actor, parse(text), sender)).messages]


async def room_of(store: Store, owner: Actor, *people: Actor, **settings: object) -> str:
    made = await execute(store, commands.Create, owner, 1, title="Choyxona")
    if settings:
        await execute(store, commands.Update, owner, 1, conversation=made.conversation, **settings)
    for person in people:
        await execute(
            store, commands.Admit, owner, 1, conversation=made.conversation, person=person, role="member", exempt=True
        )
    return made.conversation


async def test_every_spelling(store: Store, listener: Listener) -> None:
    """A word is found in both alphabets, with every apostrophe, and with or without dots."""
    for text in ("Ўзбекистон", "o'zbek tili", "салом ёлка", "Assalomu alaykum"):
        await listener.send(store, ALI, text)
    assert await found(store, VALI, "oʻzbek") == ["o'zbek tili"]
    assert await found(store, VALI, "ozbek*") == ["o'zbek tili", "Ўзбекистон"]
    assert await found(store, VALI, "SALOM") == ["салом ёлка"]
    assert await found(store, VALI, "елка") == ["салом ёлка"]
    assert await found(store, VALI, '"алайкум"') == ["Assalomu alaykum"]


async def test_words_phrases_and_filters(store: Store, listener: Listener) -> None:
    """A message must contain all terms. A phrase must match in order. Filters narrow the result."""
    await listener.send(store, ALI, "yangi yil muborak", at=86_400_000)
    await listener.send(store, VALI, "yil yangi https://suhbat.uz/a", at=2 * 86_400_000)
    assert len(await found(store, SOLI, "yil yangi")) == 2
    assert await found(store, SOLI, '"yangi yil"') == ["yangi yil muborak"]
    assert await found(store, SOLI, "yangi", ALI.uid) == ["yangi yil muborak"]
    assert await found(store, SOLI, "has:link") == ["yil yangi https://suhbat.uz/a"]
    assert await found(store, SOLI, "yangi before:1970-01-03") == ["yangi yil muborak"]
    assert await found(store, SOLI, "yangi after:1970-01-03") == ["yil yangi https://suhbat.uz/a"]
    assert await found(store, SOLI, "yangi in:nowhere") == []


@pytest.mark.parametrize(
    "text",
    [
        'a" OR words : "b',
        "NEAR(a b)",
        "a AND b",
        "a NOT b",
        "words : a",
        "(a",
        "a)",
        "^a",
        "-a",
        "a*b",
        "%",
        "_",
        "a:b",
        "'; DROP",
    ],
)
async def test_signs_of_the_index_are_text(store: Store, listener: Listener, text: str) -> None:
    """A query is only words: index syntax in it has no effect and breaks nothing. A message with the same words is
    found. A query without words is refused."""
    await listener.send(store, ALI, text)
    await listener.send(store, ALI, "something else")
    try:
        query = parse(text)
    except BadRequest:
        assert text in ("%", "_")  # a query without words
        return
    assert [message.text for message in (await store.search(VALI, query, None)).messages] == [text]


async def test_only_what_one_may_read(store: Store, listener: Listener) -> None:
    """Strangers find nothing of a room or a direct, and removed members nothing of the room. Bare guests and later
    newcomers find no earlier message of the lobby."""
    theirs = await direct(store, ALI, VALI, 1)
    room = await room_of(store, ALI, VALI)
    await listener.send(store, ALI, "sir direct", conversation=theirs)
    await listener.send(store, ALI, "sir room", conversation=room)
    await listener.send(store, ALI, "sir lobby")
    assert await found(store, VALI, "sir") == ["sir lobby", "sir room", "sir direct"]
    assert await found(store, SOLI, "sir") == ["sir lobby"]
    assert await found(store, SOLI, f"sir in:{room}") == []
    assert await found(store, BARE, "sir") == []
    assert await found(store, Actor("u-late", "late", lobby_from=10), "sir") == []
    await execute(store, commands.Remove, ALI, 2, conversation=room, person=VALI)
    assert await found(store, VALI, "sir") == ["sir lobby", "sir direct"]


async def test_history_since_joining(store: Store, listener: Listener) -> None:
    """In a room whose history starts at joining, a newcomer finds no earlier message."""
    room = await room_of(store, ALI, history="joined")
    await listener.send(store, ALI, "eski gap", conversation=room)
    await execute(store, commands.Admit, ALI, 2, conversation=room, person=VALI, role="member", exempt=True)
    await listener.send(store, ALI, "yangi gap", conversation=room)
    assert await found(store, VALI, "gap") == ["yangi gap"]
    assert await found(store, ALI, "gap") == ["yangi gap", "eski gap"]


async def test_what_became_of_messages(store: Store, listener: Listener) -> None:
    """An edited message is found by its new words only. A deleted message and a message of an erased room are not
    found."""
    first = await listener.send(store, ALI, "birinchi")
    second = await listener.send(store, ALI, "ikkinchi")
    await execute(store, commands.Edit, ALI, 2, conversation=LOBBY, seq=first.seq, text="uchinchi")
    await execute(store, commands.Delete, ALI, 2, conversation=LOBBY, seq=second.seq)
    assert await found(store, VALI, "birinchi") == []
    assert await found(store, VALI, "ikkinchi") == []
    assert await found(store, VALI, "uchinchi") == ["uchinchi"]
    room = await room_of(store, ALI, VALI)
    await listener.send(store, ALI, "toʻrtinchi", conversation=room)
    await execute(store, commands.Erase, ALI, 3, conversation=room)
    assert await found(store, VALI, "toʻrtinchi") == []
    assert room in await store.expire(0)
    assert room not in await store.heads()


async def test_pages(store: Store, listener: Listener) -> None:
    """Every message is returned once, newest first, for any page size."""
    room = await room_of(store, ALI, VALI)
    for number in range(25):
        await listener.send(store, ALI, f"gap {number}", conversation=room if number % 3 else None)
    seen: list[str] = []
    below: int | None = None
    while True:
        page = await store.search(VALI, parse("gap"), None, limit=4, below=below)
        assert len(page.messages) <= 4
        seen += [message.text for message in page.messages]
        if page.cursor is None:
            break
        below = page.cursor
    assert seen == [f"gap {number}" for number in reversed(range(25))]


async def test_many_conversations(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit of conversations in one query, the hits are filtered afterwards. The result must be the same."""
    monkeypatch.setattr(finding, "FEW", 1)
    monkeypatch.setattr(finding, "MANY", 1)
    monkeypatch.setattr(finding, "SCANNED", 3)
    monkeypatch.setattr(finding, "_BATCH", 2)
    room = await room_of(store, ALI, VALI)
    other = await room_of(store, ALI)
    for number in range(10):
        await listener.send(store, ALI, f"gap {number}", conversation=other if number % 2 else room)
    seen: list[str] = []
    below: int | None = None
    while True:
        page = await store.search(VALI, parse("gap"), None, limit=2, below=below)
        seen += [message.text for message in page.messages]
        if page.cursor is None:
            break
        below = page.cursor
    assert seen == [f"gap {number}" for number in reversed(range(0, 10, 2))]


async def test_a_newcomer_to_the_lobby(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lobby messages that a newcomer may not read do not count towards the scan limit: the first page has every match
    that they may read."""
    monkeypatch.setattr(finding, "SCANNED", 6)
    monkeypatch.setattr(finding, "_BATCH", 2)
    room = await room_of(store, ALI)
    await listener.send(store, ALI, "gap room", conversation=room)
    for number in range(20):
        await listener.send(store, ALI, f"gap {number}")
    late = Actor("u-late", "late", lobby_from=(await listener.send(store, ALI, "gap last")).seq)
    await execute(store, commands.Admit, ALI, 1, conversation=room, person=late, role="member", exempt=True)
    await listener.send(store, ALI, "gap new")
    page = await store.search(late, parse("gap"), None)
    assert [message.text for message in page.messages] == ["gap new", "gap room"]
    assert page.cursor is None


async def test_many_rooms_in_one_page(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """With many rooms, search first scans the newest hits of all rooms, then queries only the rooms of the user. So
    hits below many foreign ones are still in the first page."""
    monkeypatch.setattr(finding, "FEW", 1)
    monkeypatch.setattr(finding, "SCANNED", 6)
    monkeypatch.setattr(finding, "_BATCH", 2)
    rooms = [await room_of(store, ALI, SOLI) for _ in range(3)]
    for number, room in enumerate(rooms):
        await listener.send(store, ALI, f"gap {number}", conversation=room)
    other = await room_of(store, ALI)
    for _ in range(20):
        await listener.send(store, ALI, "gap elsewhere", conversation=other)
    assert await found(store, SOLI, "gap") == ["gap 2", "gap 1", "gap 0"]


async def test_after_a_start(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
    """After a restart the index continues, even if its last message was deleted. A later deletion removes a message
    from it."""
    place = tmp_path / "data"
    async with opened(make(place), listener) as store:
        await listener.send(store, ALI, "gap birinchi")
        last = await listener.send(store, ALI, "gap ikkinchi")
        await execute(store, commands.Delete, ALI, 2, conversation=LOBBY, seq=last.seq)
    async with opened(make(place), listener) as store:
        third = await listener.send(store, ALI, "gap uchinchi")
        assert await found(store, VALI, "gap") == ["gap uchinchi", "gap birinchi"]
        assert await found(store, VALI, "ikkinchi") == []
        await execute(store, commands.Delete, ALI, 2, conversation=LOBBY, seq=third.seq)
        assert await found(store, VALI, "gap") == ["gap birinchi"]


async def test_scripts_and_letters_of_the_world(store: Store, listener: Listener) -> None:
    """In scripts without spaces a word is found in the middle of a line. The same letters in another order are not
    found."""
    await listener.send(store, VALI, "boshqa gap 在 海 ด ວ")
    for case in VECTORS["found"]:
        sent = await listener.send(store, ALI, case["text"])
        for query in case["queries"]:
            assert await found(store, VALI, query, ALI.uid) == [case["text"]], query
        for query in case["not"]:
            assert await found(store, VALI, query, ALI.uid) == [], query
        await execute(store, commands.Edit, ALI, 2, conversation=LOBBY, seq=sent.seq, text="boshqa")
        assert await found(store, VALI, case["queries"][0], ALI.uid) == []


async def test_what_takes_too_long_ends(store: Store) -> None:
    """A search that takes too long, or too much processor time, is interrupted, even inside a database query. The transaction
    stays usable."""
    endless = sql("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")

    def read(connection: Connection) -> int:
        with pytest.raises(TookTooLong), time_limit(connection, 0.02):
            connection.execute(endless).scalar()
        if not is_postgres(connection):
            with pytest.raises(TookTooLong), time_limit(connection, 20, 0.02):
                connection.execute(endless).scalar()
        with time_limit(connection, 20):
            return int(connection.execute(sql("SELECT 7")).scalar_one())

    assert isinstance(store, SQLStore)
    assert await store._read(read, aside=True) == 7


async def test_a_page_has_what_was_found_in_time(
    store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the time is over, the page is short and the next page continues from there, so no message is skipped. If
    nothing was found by then, the search is refused because it takes too long."""
    for number in range(10):
        await listener.send(store, ALI, f"gap {number}")
    looked = 0

    @contextmanager
    def every_other_time(connection: Connection, seconds: float, busy_seconds: float) -> Iterator[None]:
        nonlocal looked
        looked += 1
        yield
        if not looked % 2:
            raise TookTooLong()

    monkeypatch.setattr(finding, "_BATCH", 2)
    monkeypatch.setattr(finding, "time_limit", every_other_time)
    seen: list[str] = []
    below: int | None = None
    for _ in range(20):
        page = await store.search(ALI, parse("gap"), None, limit=9, below=below)
        seen += [message.text for message in page.messages]
        if (below := page.cursor) is None:
            break
    assert seen == [f"gap {number}" for number in reversed(range(10))]

    @contextmanager
    def never(connection: Connection, seconds: float, busy_seconds: float) -> Iterator[None]:
        raise TookTooLong()
        yield

    monkeypatch.setattr(finding, "time_limit", never)
    with pytest.raises(BadRequest, match="takes too long"):
        await store.search(VALI, parse("nothing"), None)
