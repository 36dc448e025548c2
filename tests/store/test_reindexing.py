"""The migration to another word form: messages indexed in the old form are found in the new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.protocol.commands import Delete
from suhbat.protocol.types import LOBBY
from suhbat.store.errors import UnusableStore
from suhbat.store.postgres.store import prepare
from suhbat.store.search import terms_of
from tests import engines
from tests.commands import execute

from .old import back_to, take_back
from .parts import ALI, VALI, Listener, opened, postgres

TEXTS = {"我家在上海东边": "我家在上海东边", "Juda qızıq": "juda qızıq", "eski gap": "eski gap"}
"""Each with its words as they were before."""


def as_before(place: Path, words: list[str]) -> None:
    """Make of a new database the one of revision 0006: the index and the forbidden words in the form of then."""
    if (place / "suhbat.db").exists():
        with sqlite3.connect(place / "suhbat.db") as raw:
            rows = raw.execute(
                "SELECT search_rows.id, conversation_id, actor_uid, text FROM search_rows "
                "JOIN events USING (conversation_id, seq) ORDER BY search_rows.id"
            ).fetchall()
            raw.execute("INSERT INTO search (search) VALUES ('delete-all')")
            for (id_, log_id, uid, text), old in zip(rows, words, strict=True):
                marks = " ".join(terms_of(log_id, uid, text)[1])
                raw.execute("INSERT INTO search (rowid, words, marks) VALUES (?, ?, ?)", (id_, old, marks))
            raw.execute("INSERT INTO filtered (word, at) VALUES ('北京', 1), ('qı', 2), ('qi', 3)")
        raw.close()
        take_back(place / "suhbat.db", "0006")
        return
    with psycopg.connect(engines.database_of(place), autocommit=True) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM search_rows ORDER BY id")]
        for id_, old in zip(ids, words, strict=True):
            said = " ".join(f"'{word}':{n}" for n, word in enumerate(old.split(), 1))
            database.execute(
                "UPDATE search_rows SET words = %s::tsvector || array_to_tsvector(array(SELECT mark FROM "
                "unnest(tsvector_to_array(words)) AS mark WHERE mark LIKE ':%%')) WHERE id = %s",
                (said, id_),
            )
        database.execute("INSERT INTO filtered (word, at) VALUES ('北京', 1), ('qı', 2), ('qi', 3)")
        database.execute(back_to("0006", postgres=True))


async def migrated(place: Path) -> None:
    """On PostgreSQL this is a command of its own: before it no node of this version serves the database."""
    if not (place / "suhbat.db").exists():
        with pytest.raises(UnusableStore, match="suhbat migrate"):
            async with opened(postgres(place)):
                pass
        assert prepare(engines.database_of(place)) == "0006"


async def found(store: Store, text: str) -> list[str]:
    return [message.text for message in (await store.search(VALI, parse(text), None)).messages]


async def test_an_index_of_before(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
    """All messages are found by their words of now, and can be deleted; the forbidden words are of the new form, each once."""
    place = tmp_path / "data"
    async with opened(make(place), listener) as store:
        for text in TEXTS:
            await listener.send(store, ALI, text)
    as_before(place, list(TEXTS.values()))
    await migrated(place)
    async with opened(make(place), listener) as store:
        assert await store.filtered() == ("qi", "北 京")
        assert await found(store, "上海") == ["我家在上海东边"]
        assert await found(store, "QIZIQ") == ["Juda qızıq"]
        assert await found(store, "eski gap") == ["eski gap"]
        for query in ("上海", "qiziq"):
            (message,) = (await store.search(VALI, parse(query), None)).messages
            await execute(store, Delete, ALI, 9, conversation=LOBBY, seq=message.seq)
            assert await found(store, query) == []
        assert await found(store, "eski") == ["eski gap"]


async def test_nothing_to_do(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> None:
    """Where no message has letters whose form changed, the index is left as it is."""
    place = tmp_path / "data"
    async with opened(make(place), listener) as store:
        await listener.send(store, ALI, "eski gap")
    as_before(place, ["boshqacha"])
    await migrated(place)
    async with opened(make(place), listener) as store:
        assert await found(store, "boshqacha") == ["eski gap"]
