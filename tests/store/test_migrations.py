"""The schema: what the migrations make is what the code says, and nobody's data is touched without a copy of it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from suhbat.chat.model import Actor
from suhbat.chat.search import parse
from suhbat.protocol.commands import Delete, React
from suhbat.protocol.types import LOBBY
from suhbat.store.errors import UnusableStore
from suhbat.store.migrate import SCRIPTS, migrate, revision
from suhbat.store.migrations import HEAD
from suhbat.store.sqlite import connect
from suhbat.store.tables import metadata
from tests.commands import execute

from .old import take_back
from .parts import ALI, VALI, Listener, guest, opened, sqlite

AT = 1_795_000_000_000

NEXT = """
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE extra (a INTEGER)")
    {more}
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations with one more, as a newer version would have them."""
    place = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "versions" / "9999_extra.py").write_text(NEXT.format(head=HEAD, more=""), encoding="utf-8")
    return place


def is_index_of_search(name: str | None, kind: str) -> bool:
    return (
        kind == "table"
        and name is not None
        and re.fullmatch("search(_(data|idx|content|docsize|config))?", name) is not None
    )


def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    """A table changed without a migration, or the reverse, must fail here."""
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection:
        migrate(connection, tmp_path / "backups", AT)
        with connection.begin():
            # The search index is a virtual table with tables of its own, which SQLAlchemy does not know.
            options = {"compare_type": True, "include_name": lambda name, kind, _: not is_index_of_search(name, kind)}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []
            indexes = {table: inspect(connection).get_indexes(table) for table in metadata.tables}
        where = {index["name"]: str(index["dialect_options"]["sqlite_where"]) for index in indexes["events"]}
        assert where == {
            "events_deleted": "deleted",
            "events_ordinal": "ordinal IS NOT NULL",
            "events_thread": "thread_ordinal IS NOT NULL",
        }
    engine.dispose()


def test_tables_without_row_ids(tmp_path: Path) -> None:
    """compare_metadata does not see this, so it is looked at by itself: both sides give the same SQL."""
    made = []
    for name in ("migrated", "created"):
        engine = connect.writing(tmp_path / name)
        with engine.connect() as connection:
            if name == "migrated":
                migrate(connection, tmp_path / "backups", AT)
            with connection.begin():
                metadata.create_all(connection)
                rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type != 'view'"))
                made.append(
                    {
                        row[0]: "WITHOUT ROWID" in (row[1] or "")
                        for row in rows
                        if "alembic" not in row[0] and not is_index_of_search(row[0], "table")
                    }
                )
        engine.dispose()
    assert made[0] == made[1]
    assert made[0]["events"]


def test_head_is_the_last_revision() -> None:
    """The constant saves loading Alembic at each start; it must not lie."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    """Nothing is backed up where there was nothing."""
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection:
        migrate(connection, tmp_path / "backups", AT)
        migrate(connection, tmp_path / "backups", AT)
        with connection.begin():
            assert revision(connection) == HEAD
    engine.dispose()
    assert not (tmp_path / "backups").exists()


async def test_reactions_of_before_they_were_counted(tmp_path: Path) -> None:
    """Each emoji has its count and its first people, and stays removable, also what is no emoji any more; of a message with
    more than 20 different ones the most used are shown. A read mark of then does not count what was deleted since."""
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        seq = (await listener.send(store, ALI, "asl")).seq
        await listener.send(store, ALI, "ikki")
        gone = (await listener.send(store, ALI, "uch")).seq
        await execute(store, Delete, ALI, AT, conversation=LOBBY, seq=gone)
    take_back(tmp_path / "suhbat.db", "0005")
    raw = sqlite3.connect(tmp_path / "suhbat.db")
    rows = [(1, seq, f"u-{n:02}", "\u0967", f"odam{n:02}") for n in range(25)]
    rows += [(1, seq, VALI.uid, chr(0x4E00 + n), VALI.user_id) for n in range(100)]
    raw.executemany("INSERT INTO reactions (conversation_id, target, uid, emoji, user_id) VALUES (?, ?, ?, ?, ?)", rows)
    raw.commit()
    raw.close()
    async with opened(sqlite(tmp_path), listener) as store:
        shown = (await store.history(VALI, LOBBY)).messages[0].reactions
        digit = next(one for one in shown if one.emoji == "\u0967")
        assert len(shown) == 20 and (digit.count, digit.mine) == (25, False)
        assert digit.users == tuple(f"odam{n:02}" for n in range(20))
        for emoji in ("\u0967", shown[-1].emoji):
            person = VALI if emoji != "\u0967" else Actor("u-03", "odam03", lobby_from=0)
            await execute(store, React, person, AT, conversation=LOBBY, seq=seq, emoji=emoji, on=False)
        after = (await store.history(VALI, LOBBY)).messages[0].reactions
        digit = next(one for one in after if one.emoji == "\u0967")
        assert len(after) == 19 and digit.count == 24
        assert digit.users == tuple(f"odam{n:02}" for n in range(21) if n != 3)
        page = await store.reactions(VALI, LOBBY, seq, "\u0967", after=20)
        assert page.reaction.users == tuple(f"odam{n:02}" for n in range(20, 25))


async def test_a_copy_is_kept_before_migrating(tmp_path: Path, scripts: Path) -> None:
    """The copy is whole, of the old schema, and named by revision and time."""
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        await listener.send(store, ALI, "asl")
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection:
        migrate(connection, tmp_path / "backups", AT, scripts=scripts, head="9999")
        with connection.begin():
            assert revision(connection) == "9999"
            assert inspect(connection).has_table("extra")
    engine.dispose()
    [copy] = (tmp_path / "backups").iterdir()
    assert copy.name == f"suhbat-{HEAD}-20261118T110640.db"
    old = sqlite3.connect(copy)
    assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    assert old.execute("SELECT text FROM events").fetchall() == [("asl",)]
    assert old.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    old.close()


async def test_old_copies_are_pruned(tmp_path: Path, scripts: Path) -> None:
    """The newest three copies stay, whatever schema they are of; files with other names are nobody's business."""
    async with opened(sqlite(tmp_path)):
        pass
    backups = tmp_path / "backups"
    backups.mkdir()
    for name in ("0001-20240101T000000", "0003-20250101T000000", "0002-20260101T000000", "0004-20230101T000000"):
        (backups / f"suhbat-{name}.db").touch()
    (backups / "mine.db").touch()
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection:
        migrate(connection, backups, AT, scripts=scripts, head="9999")
    engine.dispose()
    kept = {path.name for path in backups.iterdir()}
    assert kept == {
        "mine.db",
        f"suhbat-{HEAD}-20261118T110640.db",
        "suhbat-0002-20260101T000000.db",
        "suhbat-0003-20250101T000000.db",
    }


async def test_threads_in_a_store_of_before(tmp_path: Path) -> None:
    """Messages that are stored already can be roots, and everything else stays as it was."""
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        seqs = [(await listener.send(store, ALI, f"gap {number}")).seq for number in range(3)]
        before = await store.history(VALI, LOBBY)
    take_back(tmp_path / "suhbat.db", "0010")
    async with opened(sqlite(tmp_path), listener) as store:
        assert await store.history(VALI, LOBBY) == before
        sent = await listener.send(store, VALI, "javob", thread=seqs[0])
        assert (sent.seq, sent.thread_ordinal) == (seqs[-1] + 1, 1)
        after = await store.history(VALI, LOBBY)
        assert [one.seq for one in after.messages] == seqs
        assert after.messages[0].replies is not None and after.messages[1:] == before.messages[1:]
    assert (tmp_path / "backups").exists()


async def test_mentions_of_before_they_were_listed(tmp_path: Path) -> None:
    """Those that are unread are listed, and those in threads."""
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        await store.save_guest(guest(VALI))
        root = (await listener.send(store, ALI, "bir", named=(VALI.uid,))).seq
        await listener.send(store, ALI, "javob", thread=root, named=(VALI.uid,))
        await listener.send(store, ALI, "hech kim")
        before = await store.mentions(VALI)
    take_back(tmp_path / "suhbat.db", "0020")
    async with opened(sqlite(tmp_path), listener) as store:
        assert await store.mentions(VALI) == before
        assert [(one.message.text, one.unread) for one in before.mentions] == [("javob", True), ("bir", True)]


async def test_messages_of_before_search_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their writing, whatever the clock said; without what is deleted; and they can be deleted yet."""
    monkeypatch.setattr("suhbat.store.sqlite.values._LARGEST", 2)
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        for at, words in ((500, "gap bir"), (900, "gap ikki"), (100, "gap uch"), (600, "gap toʻrt"), (700, "gap besh")):
            sent = await listener.send(store, ALI, words, at=at)
        await execute(store, Delete, ALI, 1000, conversation=LOBBY, seq=sent.seq)
    take_back(tmp_path / "suhbat.db", "0002")
    async with opened(sqlite(tmp_path), listener) as store:
        await listener.send(store, ALI, "gap olti")
        found = (await store.search(VALI, parse("gap"), None)).messages
        assert [message.text for message in found] == ["gap olti", "gap toʻrt", "gap uch", "gap ikki", "gap bir"]
        await execute(store, Delete, ALI, 1000, conversation=LOBBY, seq=found[2].seq)
        assert len((await store.search(VALI, parse("gap"), None)).messages) == 4


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, scripts: Path) -> None:
    """DDL is in the transaction: the database is as it was, and still opens."""
    async with opened(sqlite(tmp_path), listener := Listener()) as store:
        await listener.send(store, ALI, "asl")
    script = NEXT.format(head=HEAD, more='raise RuntimeError("broken")')
    (scripts / "versions" / "9999_extra.py").write_text(script, encoding="utf-8")
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection, pytest.raises(RuntimeError, match="broken"):
        migrate(connection, tmp_path / "backups", AT, scripts=scripts, head="9999")
    with engine.connect() as connection, connection.begin():
        assert revision(connection) == HEAD
        assert not inspect(connection).has_table("extra")
    engine.dispose()
    async with opened(sqlite(tmp_path)) as store:
        assert await store.heads() == {LOBBY: 1}


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path, scripts: Path) -> None:
    """The refusal names the file that could not be written."""
    async with opened(sqlite(tmp_path)):
        pass
    (tmp_path / "backups").write_text("in the way", encoding="utf-8")
    engine = connect.writing(tmp_path / "suhbat.db")
    with engine.connect() as connection:
        with pytest.raises(UnusableStore, match=f"suhbat-{HEAD}"):
            migrate(connection, tmp_path / "backups", AT, scripts=scripts, head="9999")
        with connection.begin():
            assert revision(connection) == HEAD
    engine.dispose()


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An older version must not touch it; the text says what to do, and the lock is free again."""
    async with opened(sqlite(tmp_path)):
        pass
    raw = sqlite3.connect(tmp_path / "suhbat.db")
    raw.execute("UPDATE alembic_version SET version_num = '0099'")
    raw.commit()
    raw.close()
    for _ in range(2):
        with pytest.raises(UnusableStore, match=r"newer version of Suhbat \(schema 0099.*install that version again"):
            await sqlite(tmp_path).open(Listener().committed)


@pytest.mark.parametrize("content", ["CREATE TABLE theirs (a INTEGER)", None])
async def test_what_is_no_store_is_refused(tmp_path: Path, content: str | None) -> None:
    """Somebody else's database, or no database at all, is left as it is."""
    file = tmp_path / "suhbat.db"
    if content is None:
        file.write_bytes(b"this is not a database, but a text that is long enough to be looked at " * 100)
    else:
        raw = sqlite3.connect(file)
        raw.execute(content)
        raw.close()
    before = file.read_bytes()
    with pytest.raises(UnusableStore):
        await sqlite(tmp_path).open(Listener().committed)
    if content is None:
        assert file.read_bytes() == before
