"""A SQLite store that is moved into PostgreSQL has the same contents there, wherever the move was interrupted. A move
that cannot give the same contents is refused."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from suhbat import cli
from suhbat.chat.model import Actor, HookDelivery, SettledHook
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.cli import migrate_store
from suhbat.cli.local_server import CommandRefused
from suhbat.config import Settings
from suhbat.errors import SuhbatError
from suhbat.protocol import commands, http_commands
from suhbat.protocol.objects import Quiet
from suhbat.protocol.types import LOBBY
from suhbat.store import moving as parts
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import DirectoryLock
from suhbat.store.migrations import HEAD
from suhbat.store.postgres.store import PostgresStore
from tests import engines
from tests.fakes import FakeClock
from tests.reused import alike
from tests.servers import ROOT

from .house import AT, LOLA, LORD, MODERATOR, PEOPLE, SOLI, House
from .parts import ALI, VALI, Listener, everything, guest, opened, sqlite
from .people.test_mail import LIMITS, code, mail
from .people.test_people import account, invite, session
from .people.test_push import subscription
from .test_files import ready
from .test_hooks import hook, outgoing

GONE = Actor("u-gone", "sarvinoz", "account", 0)
STRANGER = Actor("u-stranger", "begona")
EVERYBODY = (*PEOPLE, MODERATOR, LORD, STRANGER)
FEW = (VALI, LORD)
"""Those who are asked where only the way was another: what arrived is compared table by table besides."""
WORDS = ("salom", "gap", "oʻzbek", '"ikkinchi gap"', "sal*", "has:link", "sirim")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with rows in every table. It is made once and copied by the tests."""
    place = tmp_path_factory.mktemp("filled") / "data"
    asyncio.run(fill(place))
    with closing(sqlite3.connect(place / "suhbat.db")) as raw:
        raw.executescript(
            "INSERT INTO numbers VALUES (4503599627370495, 'u-ali');"
            "INSERT INTO bot_commands VALUES ('u-ali', 'ob', 0, 'Ob-havo', '');"
            "INSERT INTO invocations VALUES ('k1', 'u-ali', 1, 'u-vali', NULL, 5, 1);"
            "INSERT INTO growing VALUES (1, 1, 'u-ali', 1);"
        )
    return place


@pytest.fixture(scope="module")
def told(filled: Path) -> dict[str, Any]:
    """The answers of the filled SQLite store."""
    return asyncio.run(at(filled))


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled data directory."""
    return Path(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
async def lived(data: Path) -> Path:
    """The same directory after a server has opened it, so that the next start keeps its epoch."""
    async with opened(sqlite(data)):
        return data


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database with all tables, as `suhbat migrate` prepares it, but reused to save time."""
    yield engines.database_of(tmp_path)
    engines.give_back(tmp_path)


@pytest.fixture
def blank() -> str:
    """A database without tables."""
    return engines.postgres().new_database(f"m{secrets.token_hex(6)}")


@pytest.fixture(scope="module")
def copied(filled: Path) -> str:
    """A database into which all rows were copied. They were not compared yet."""
    halves(filled, url := engines.database(), 10_000)
    return url


@pytest.fixture
def arrived(url: str, copied: str) -> str:
    """A copy of the copied database, for one test."""
    assert alike(url, copied)
    return url


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make chunks small, so that most tables have several and some tables end at a chunk boundary."""
    monkeypatch.setattr(parts, "CHUNK", 3)


async def fill(place: Path) -> None:
    """Write rooms, directs and users; messages, edits, deletions, reactions, read marks and drafts; moderation."""
    listener = Listener()
    async with opened(sqlite(place), listener) as store:
        house = House(store, listener)
        await people(store)
        room = await house.room(ALI, VALI, SOLI, GONE, title="Choyxona", topic="Oʻzbekcha", visibility="public")
        late = await house.room(VALI, SOLI, title="Kech", history="joined")
        pair = (await house.do(commands.Meet, ALI, people=(VALI,))).conversation
        three = (await house.do(commands.Meet, SOLI, people=(LOLA, GONE))).conversation
        for number in range(7):
            house.at += 1_000
            for place_ in (LOBBY, room, late, pair, three):
                writer = SOLI if place_ in (late, three) else VALI
                await house.write(
                    writer, place_, f"salom {number} https://example.org oʻzbek ikkinchi gap", named=("*",)
                )
        await house.admit(VALI, late, LOLA)
        stranger = Actor("u-chet", "chet", lobby_from=0)
        await house.do(commands.Admit, VALI, late, person=stranger, role="member")
        await house.write(VALI, late, "bu gap keyin", client_id="once")
        await house.write(GONE, room, "mening sirim", client_id="sarvinoz-1")
        await messages(house, room, pair)
        for name in ("rasm", "ovoz", "eski"):
            await ready(store, name, VALI, width=3, key=f"toza-{name}")
        await house.write(VALI, room, "", files=("ovoz", "rasm"))
        await order(house, room)
        await deliveries(store)
        await store.delivered_to(ALI.uid, {pair: 3})
        await store.number_events(ALI, ("message.created",), 5)
        await store.erase(GONE, house.at, with_messages=True)  # their messages are in the log by now


async def people(store: Store) -> None:
    roles: tuple[tuple[str, Any], ...] = (
        ("ali", "member"),
        ("moderator", "moderator"),
        ("lord", "owner"),
        ("gone", "member"),
    )
    for name, role in roles:
        await store.add_account(account(name, role=role, locale="uz" if name == "ali" else None))
    quiet = Quiet(from_="22:00", to="08:00", days=(1, 7), zone="Asia/Tashkent")
    changed = account("moderator", role="moderator", disabled=True)
    await store.save_account(replace(changed, quiet=quiet, push_text=False))
    for number in range(3):
        fields = {"previous_hash": bytes([0, number, 255]) if number else None, "token_hash": bytes([number, 0, 200])}
        await store.add_session(session(f"s{number}", **fields))
    for number in range(4):
        await store.save_push(subscription(f"p{number}", session_id=f"s{number % 3}"), 16)
    await store.keep_push_key("the key of the server")
    for number in range(2):
        one = hook(f"h{number}", LOBBY, LORD)
        await store.add_hook(LORD, one, AT, of_conversation=9, of_maker=9)
    await store.begin_poll("u-ali", 0, "nonce")
    await store.add_outgoing(LORD, outgoing("k1", (LOBBY,)), 9)
    await store.add_outgoing(LORD, outgoing("k2", None), 9)
    await store.want_address("u-ali", "ali@example.org", mail(), LIMITS)
    await store.add_code(code())
    await store.link_secret()
    await store.add_invite(invite("i1", conversation=LOBBY, uses=7))
    await store.add_invite(invite("i2", created_at=2_000))
    for actor in (VALI, SOLI, LOLA):
        await store.save_guest(guest(actor))


async def messages(house: House, room: str, pair: str) -> None:
    seqs = [await house.write(ALI, room, f"xabar {number}") for number in range(6)]
    await house.write(SOLI, room, "javob @ali", reply_to=seqs[0], named=(ALI.uid,))
    await house.write(SOLI, room, "tarmoqda @ali", thread=seqs[0], named=(ALI.uid,), also=True)
    await house.write(VALI, room, "yana javob", thread=seqs[0])
    await house.do(commands.Edit, ALI, room, seq=seqs[1], text="tahrirlangan gap")
    await house.do(commands.Delete, ALI, room, seq=seqs[2])
    for person in (ALI, VALI, SOLI):
        await house.do(commands.React, person, room, seq=seqs[3], emoji="👍", on=True)
    await house.do(commands.Pin, ALI, room, seq=seqs[3], on=True)
    await house.do(commands.Pin, ALI, room, seq=seqs[0], on=True)
    await house.do(commands.Read, SOLI, room, ordinal=9)
    await house.do(commands.MarkUnread, SOLI, room, ordinal=2)
    await house.do(commands.Save, SOLI, room, seq=seqs[0], on=True)
    await house.do(commands.Draft, VALI, pair, text='hali "tugamagan"')
    await house.do(commands.SetNotify, VALI, pair, level="none")


async def deliveries(store: Store) -> None:
    """One delivery that has failed."""
    await store.gather_hooks()
    (due, *_) = await store.claim_hooks(AT + 60_000, 9, ())
    made = (HookDelivery(None, due.conversation, due.upto, "message.created", 500, 1, AT),)
    await store.settle_hook(SettledHook(due, due.after, made, AT + 5_000, AT), AT)


async def order(house: House, room: str) -> None:
    seq = await house.write(VALI, LOBBY, "yomon gap")
    await house.do(commands.Report, SOLI, LOBBY, seq=seq, reason="bezori")
    await house.do(commands.Report, SOLI, room, seq=await house.write(VALI, room), reason="bu ham")
    report = (await house.store.reports(MODERATOR))[0].id
    await house.do(http_commands.SettleReport, MODERATOR, report=report)
    await house.do(commands.Ban, MODERATOR, LOBBY, person=STRANGER, on=True, until=house.at + 9_000_000, reason="spam")
    await house.do(commands.Mute, ALI, room, person=SOLI, on=True)
    await house.do(commands.Update, ALI, room, title="Yangi nom", slow_mode=3, retention=90)
    await house.do(http_commands.SetFilter, LORD, words=("haqorat", "yana biri"))


async def seen(store: Store, people: Sequence[Actor] = EVERYBODY) -> dict[str, Any]:
    """The answers of a store to every query of these users."""
    told: dict[str, Any] = {
        "accounts": await store.accounts(), "invites": await store.invites(), "sessions": await store.sessions_of(ALI.uid),
        "guests": {one.uid: one for one in await store.guests(0)}, "delivered": await store.delivered(ALI.uid),
        "audit": await store.audit(), "filtered": await store.filtered(), "bans": await store.bans(),
        "heads": await store.heads(), "rooms": await store.every_room(),
    }  # fmt: skip
    for name in told["heads"]:
        told[f"log {name}"] = await store.events(name, 0, 1_000)
        told[f"senior {name}"] = await store.senior(name)
    for actor in people:
        told |= {f"{what} {actor.uid}": said for what, said in (await seen_by(store, actor)).items()}
    return told


async def seen_by(store: Store, actor: Actor) -> dict[str, Any]:
    told: dict[str, Any] = {"opening": await everything(store, actor), "public": await store.rooms(actor)}
    told["reports"] = await store.reports(actor)
    for words in WORDS:
        told[words] = await store.search(actor, parse(words), None)
    told["of vali"] = await store.search(actor, parse("", sender="vali"), VALI.uid)
    for name in await store.heads():
        for ask in (store.history, store.members, store.pins, store.state):
            try:
                told[f"{ask.__name__} {name}"] = await ask(actor, name)
            except SuhbatError as error:
                told[f"{ask.__name__} {name}"] = type(error)
    return told


async def at(data: Path, people: Sequence[Actor] = EVERYBODY) -> dict[str, Any]:
    """The answers of the SQLite store, read from a copy because opening a store writes to it."""
    copy = Path(shutil.copytree(data, data.with_name(f"copy-{secrets.token_hex(4)}")))
    async with opened(sqlite(copy)) as store:
        return await seen(store, people)


def there(url: str) -> PostgresStore:
    return PostgresStore(url, clock=FakeClock())


async def seen_at(url: str, people: Sequence[Actor] = EVERYBODY) -> dict[str, Any]:
    async with opened(there(url)) as store:
        return await seen(store, people)


async def is_there(url: str, told: dict[str, Any]) -> bool:
    """Whether the store in that database gives the same answers to a few users."""
    said = await seen_at(url, FEW)
    return said == {asked: told[asked] for asked in said}


def lines(data: Path, url: str) -> list[str]:
    """The output of a move that is too short for progress lines."""
    return list(migrate_store.move(Settings(data=data, database_url=url), clock=lambda: 0.0))


def refused(data: Path, url: str) -> str:
    """The text of the refusal to move."""
    with pytest.raises(CommandRefused) as refusal:
        lines(data, url)
    return str(refusal.value)


def run(data: Path, url: str) -> Result:
    return CliRunner().invoke(cli.build(), ["migrate-store", "--data", str(data), "--database-url", url])


def sql(url: str, *texts: str) -> list[Any]:
    """Run these statements in PostgreSQL and return the rows of the last one."""
    with psycopg.connect(url) as connection:
        for text in texts:
            found = connection.execute(text.encode())
        return found.fetchall() if found.description else []


def in_file(data: Path, *texts: str) -> None:
    """Run these statements in the SQLite file."""
    raw = sqlite3.connect(data / "suhbat.db")
    for text in texts:
        raw.execute(text)
    raw.commit()
    raw.close()


def halves(data: Path, url: str, chunks: int) -> None:
    """Begin a move and stop after this number of chunks."""
    with migrate_store.both(Settings(data=data, database_url=url)) as both:
        for _ in zip(range(chunks), parts.copy(*both), strict=False):
            pass


def test_every_table_has_something(filled: Path) -> None:
    """Every table has rows, so that no test here passes with an empty table."""
    raw = sqlite3.connect(filled / "suhbat.db")
    counts = {table.name: raw.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in parts.TABLES}
    raw.close()
    assert all(counts.values()), counts
    assert counts["events"] > 60


class TestMoved:
    async def test_it_says_what_the_old_one_said(self, data: Path, blank: str, told: dict[str, Any]) -> None:
        """All users get the same answers from the moved store. Client cursors are void. The SQLite file is
        unchanged."""
        before = sha256((data / "suhbat.db").read_bytes()).digest()
        said = lines(data, blank)
        compared = [line.split() for line in said[:-1]]
        assert [line[0] for line in compared] == [table.name for table in parts.TABLES]
        assert {tuple(line[2:]) for line in compared} == {("rows", "ok")}
        assert "database_url" in said[-1] and str(data) in said[-1] and "\n".join(said).isascii()
        assert sha256((data / "suhbat.db").read_bytes()).digest() == before
        assert await seen_at(blank) == told
        async with opened(sqlite(data)) as old, opened(there(blank)) as new:
            assert new.epoch and new.epoch != old.epoch
            # Subscriptions are bound to the key: with another one, every browser would have to subscribe again.
            assert await new.push_key() == "the key of the server"
            assert await new.link_secret() == await old.link_secret()

    async def test_into_a_database_that_was_served(self, data: Path, url: str, told: dict[str, Any]) -> None:
        """A database may be the target if a server ran on it and nobody wrote. It gets a new epoch."""
        async with opened(there(url)) as store:
            epoch = store.epoch
        lines(data, url)
        assert await is_there(url, told)
        async with opened(there(url)) as store:
            assert store.epoch != epoch

    async def test_life_goes_on(self, data: Path, url: str) -> None:
        """Numbers stay dense and new ids are unused. Repeats of old commands are duplicates. Old and new messages can
        be found and deleted."""
        lines(data, url)
        async with opened(there(url), listener := Listener()) as store:
            house = House(store, listener)
            house.at += 3_600_000
            heads = await store.heads()
            for state in (await everything(store, VALI)).states:
                name = state.conversation
                assert await house.write(VALI, name, "yangi gap", client_id=name) == heads[name] + 1
            new = await house.room(ALI, VALI, title="Yangi")
            assert new not in heads and await house.write(VALI, new, "yangi gap", client_id="newer") > 0
            late = next(room.conversation for room in await store.every_room() if room.title == "Kech")
            again = await listener.send(store, VALI, "bu gap keyin", conversation=late, client_id="once", at=AT)
            assert again.duplicate
            assert len((await store.search(VALI, parse("yangi gap"), None)).messages) >= 3
            [old] = (await store.search(VALI, parse("keyin"), None)).messages
            await house.do(commands.Delete, VALI, late, seq=old.seq)
            assert (await store.search(VALI, parse("keyin"), None)).messages == ()
            known = {one.id for one in await store.reports(MODERATOR)}
            await house.do(commands.Report, SOLI, LOBBY, seq=1, reason="yangi")
            assert len({one.id for one in await store.reports(MODERATOR)} - known) == 1
            audit = len(await store.audit())
            await house.do(http_commands.SetFilter, LORD, words=("boshqa",))
            assert len({one.id for one in await store.audit()}) == audit + 1

    async def test_an_erasure_goes_on(self, data: Path, url: str) -> None:
        """An unfinished erasure continues after the move. At the end no data of the user is left, neither in tables nor
        in the index."""
        lines(data, url)
        async with opened(there(url)) as store:
            found = (await store.search(VALI, parse("sirim"), None)).messages
            assert [message.text for message in found] == ["mening sirim"]
            while await store.erase_more(AT):
                pass
            assert (await store.search(VALI, parse("sirim"), None)).messages == ()
        for table, column in (("events", "coalesce(text, '') || actor || coalesce(data, '')"), ("users", "user_id")):
            assert sql(url, f"SELECT count(*) FROM {table} WHERE {column} ~ 'sirim|sarvinoz'") == [(0,)]

    async def test_what_is_empty(self, tmp_path: Path, blank: str) -> None:
        """In a moved empty store the numbers begin with 1."""
        async with opened(sqlite(tmp_path)):
            pass
        lines(tmp_path, blank)
        async with opened(there(blank), listener := Listener()) as store:
            house = House(store, listener)
            assert await house.write(ALI) == 1
            await house.do(commands.Report, VALI, LOBBY, seq=1, reason="")
            assert [one.id for one in await store.reports(MODERATOR)] == [1]
            assert len((await store.search(ALI, parse("salom"), None)).messages) == 1

    async def test_what_is_not_in_the_file_yet(self, tmp_path: Path, url: str) -> None:
        """Rows that are only in the WAL after kill -9 are moved, and the WAL keeps them."""
        async with opened(sqlite(tmp_path / "live"), listener := Listener()) as store:
            await listener.send(store, ALI, "oxirgi soʻz")
            shutil.copytree(tmp_path / "live", tmp_path / "data")
        kept = {name: (tmp_path / "data" / name).read_bytes() for name in ("suhbat.db", "suhbat.db-wal")}
        assert "oxirgi soʻz".encode() in kept["suhbat.db-wal"]
        lines(tmp_path / "data", url)
        assert {name: (tmp_path / "data" / name).read_bytes() for name in kept} == kept
        async with opened(there(url)) as new:
            assert [message.text for message in (await new.history(ALI, LOBBY)).messages] == ["oxirgi soʻz"]

    def test_progress_once_a_second(self, data: Path, url: str) -> None:
        """Progress is printed about once a second, for any number of chunks."""
        ticks = iter(range(100_000))
        said = list(migrate_store.move(Settings(data=data, database_url=url), clock=lambda: next(ticks) * 0.05))
        progress = [line for line in said if line.startswith("copying ")]
        assert 0 < len(progress) < 15 and all(line.endswith(" rows") for line in progress)


HANGING = """
import os, time
from suhbat.store import moving
from suhbat.cli import main
write = moving._write
def hangs(old, new, table, rows, *, is_first):
    write(old, new, table, rows, is_first=is_first)
    if table.name == os.environ.get("HANGS_IN") and not is_first:
        print("hangs", flush=True)
        time.sleep(600)
moving.CHUNK, moving._write = 2, hangs
main()
"""
"""A move that waits for its end in the middle of the second chunk of a table."""


class TestBrokenOff:
    @pytest.fixture
    def larger_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Chunks for tests that repeat a move for each chunk: a few in the larger tables, one in the others."""
        monkeypatch.setattr(parts, "CHUNK", 20)

    @pytest.mark.usefixtures("larger_chunks")
    async def test_after_every_chunk(self, data: Path, url: str, told: dict[str, Any]) -> None:
        """A move that is interrupted after each chunk continues with the next chunk. No row is there twice."""
        while not _all_copied(url):
            halves(data, url, 1)
        lines(data, url)
        assert await seen_at(url) == told

    @pytest.mark.usefixtures("larger_chunks")
    async def test_in_the_middle_of_every_chunk(
        self, data: Path, url: str, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
    ) -> None:
        """A chunk whose transaction was interrupted is not in the database. The next run copies it again."""
        write, tried = parts._write, set[Any]()

        def once(old: Any, new: Any, table: Any, rows: Sequence[Any], *, is_first: bool) -> None:
            write(old, new, table, rows, is_first=is_first)
            key = (table.name, tuple(rows[:1]))
            if key not in tried:
                tried.add(key)
                raise KeyboardInterrupt

        monkeypatch.setattr(parts, "_write", once)
        while not _all_copied(url):
            with pytest.raises(KeyboardInterrupt):
                lines(data, url)
            if len(tried) == _chunks(data):
                break
        lines(data, url)
        assert await is_there(url, told)

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
    async def test_kill_9(self, data: Path, blank: str, told: dict[str, Any]) -> None:
        """A move that is ended by kill -9 can be run again and completes."""
        command = [sys.executable, "-c", HANGING, "migrate-store", "--data", str(data), "--database-url", blank]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
        environment |= {"PYTHONPATH": str(ROOT)}
        for reached in ("events", "search_rows"):
            surroundings = environment | {"HANGS_IN": reached}
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=data.parent, env=surroundings) as process:
                assert process.stdout is not None
                assert b"hangs\n" in iter(process.stdout.readline, b"")
                assert reached in _moving(blank)
                process.kill()
            assert process.returncode == -signal.SIGKILL
        done = subprocess.run(command, capture_output=True, text=True, cwd=data.parent, env=environment, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert await is_there(blank, told)

    @pytest.mark.parametrize("chunks", [30, 1_000])
    async def test_no_server_opens_a_part(self, data: Path, url: str, chunks: int, told: dict[str, Any]) -> None:
        """No server opens the database before all tables were compared. `suhbat migrate` in between does no harm."""
        halves(data, url, chunks)
        with pytest.raises(UnusableStore, match="run `suhbat migrate-store`"):
            await there(url).open(Listener().committed)
        assert CliRunner().invoke(cli.build(), ["migrate", "--database-url", url]).exit_code == 0
        lines(data, url)
        assert await is_there(url, told)

    @pytest.mark.parametrize("chunks", [60, 1_000])
    async def test_the_old_server_ran_again(self, lived: Path, url: str, chunks: int) -> None:
        """If the old server ran after an interrupted move, the move starts again. Rows that were deleted in between are
        not in the database."""
        halves(lived, url, chunks)
        async with opened(sqlite(lived), listener := Listener()) as store:
            house = House(store, listener)
            await house.do(commands.Delete, VALI, LOBBY, seq=1)
            await house.write(LORD, LOBBY, "keyingi")
            await store.end_invite("i1")
            await store.end_sessions(["s1"])
        lines(lived, url)
        assert await is_there(url, await at(lived, FEW))

    def test_two_at_once(self, data: Path, blank: str, tmp_path: Path) -> None:
        """Two moves from copies of one directory share no lock. When the second has started, the first is refused at
        its next chunk, and the second completes without a difference."""
        copy = Path(shutil.copytree(data, tmp_path / "copy"))
        with migrate_store.both(Settings(data=data, database_url=blank)) as both:
            mine = parts.copy(*both)
            for _ in range(40):
                next(mine)
            with migrate_store.both(Settings(data=copy, database_url=blank)) as others:
                theirs = parts.copy(*others)
                next(theirs)
                with pytest.raises(UnusableStore, match="something else writes"):
                    next(mine)
                list(theirs)
                assert all(found.same for found in parts.compare(*others))


def _moving(url: str) -> str:
    try:
        found = sql(url, "SELECT value FROM meta WHERE key = 'moving'")
    except psycopg.errors.UndefinedTable:
        return ""
    return found[0][0] if found else ""


def _all_copied(url: str) -> bool:
    return '"table": null' in _moving(url)


def _chunks(data: Path) -> int:
    raw = sqlite3.connect(data / "suhbat.db")
    counts = [raw.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in parts.TABLES]
    raw.close()
    return sum(count // parts.CHUNK + 1 for count in counts)


class TestRefused:
    def test_while_a_server_runs(self, data: Path, blank: str) -> None:
        """A move is refused while a server holds the lock of the directory. Nothing is written."""
        lock = DirectoryLock(data)
        lock.acquire()
        assert f"in use by another Suhbat process (pid {os.getpid()}); stop it" in refused(data, blank)
        lock.release()
        assert _tables(blank) == 0

    def test_nothing_to_move(self, tmp_path: Path, blank: str) -> None:
        """A missing directory is refused and not created; an empty one is refused."""
        assert "is --data right?" in refused(tmp_path / "none", blank)
        assert not (tmp_path / "none").exists()
        assert "is --data right?" in refused(tmp_path, blank)

    @pytest.mark.parametrize("schema", ["0003", "0099"])
    def test_another_schema_in_the_file(self, data: Path, blank: str, schema: str) -> None:
        """A file with another schema version is refused with the advice to start the server on it once, which migrates
        it. Nothing is written."""
        in_file(data, f"UPDATE alembic_version SET version_num = '{schema}'")
        assert "start the server on it once" in refused(data, blank)
        assert _tables(blank) == 0

    def test_no_store_in_the_file(self, tmp_path: Path, blank: str) -> None:
        """A file that is not a Suhbat store, or an empty file, is refused."""
        (tmp_path / "suhbat.db").write_bytes(b"")
        assert "start the server on it once" in refused(tmp_path, blank)
        (tmp_path / "suhbat.db").write_bytes(b"this is not a database, but a text that is long enough " * 100)
        assert "not a database" in refused(tmp_path, blank)
        (tmp_path / "suhbat.db").unlink()
        in_file(tmp_path, "CREATE TABLE theirs (a INTEGER)")
        assert "not Suhbat's" in refused(tmp_path, blank)

    @pytest.mark.parametrize("schema", ["0003", "0099"])
    def test_another_schema_in_postgresql(self, data: Path, url: str, schema: str) -> None:
        """A database with another schema version is refused. The move does not migrate it, because nodes of another
        version may be using it."""
        sql(url, f"UPDATE alembic_version SET version_num = '{schema}'")
        assert f"has the schema {schema}, this version has {HEAD}" in refused(data, url)

    @pytest.mark.parametrize(
        ("table", "insert"),
        [
            (
                "events",
                "INSERT INTO events SELECT id, 1, 'x', 1, 'a', 'u', 1, 'x', NULL, NULL, NULL, false FROM conversations",
            ),
            ("users", "INSERT INTO users VALUES ('u', 'u', 'guest', 1)"),
            ("filtered", "INSERT INTO filtered VALUES ('w', 1)"),
            ("conversations", "INSERT INTO conversations VALUES (9, 'r9', 'room', '', 0, 0, 0, 0)"),
            ("conversations", "UPDATE conversations SET head = 1"),
        ],
    )
    def test_somebody_lives_there(self, data: Path, url: str, table: str, insert: str) -> None:
        """A database with data in it is refused. The refusal names the table, and its rows stay."""
        sql(url, insert)
        before = sql(url, f"SELECT * FROM {table}")
        assert f"its table {table} is not empty: give a new, empty database" in refused(data, url)
        assert sql(url, f"SELECT * FROM {table}") == before and not _moving(url)

    def test_a_server_works_there(self, data: Path, url: str) -> None:
        """A database in use by a server is refused, even if nobody has written to it yet. After the lease of the node
        has ended it can be moved into."""
        sql(url, "INSERT INTO nodes VALUES ('n', (extract(epoch FROM now()) * 1000)::bigint + 9000, 1, 1)")
        assert "a server works with the database" in refused(data, url)
        sql(url, "UPDATE nodes SET until = 1")
        lines(data, url)

    async def test_moved_before(self, lived: Path, url: str, tmp_path: Path) -> None:
        """A second move is refused, even after the old server ran again. Another installation is told only that the
        database is not empty. The moved data stays."""
        lines(lived, url)
        told = await seen_at(url, FEW)
        assert "was moved to the database before: start the server" in refused(lived, url)
        async with opened(sqlite(lived)):
            pass
        assert "was moved to the database before: start the server" in refused(lived, url)
        async with opened(sqlite(tmp_path / "other")):
            pass
        assert "is not empty" in refused(tmp_path / "other", url)
        assert await is_there(url, told)

    @pytest.mark.parametrize("chunks", [1, 1_000])
    async def test_a_half_of_another(
        self, data: Path, url: str, tmp_path: Path, chunks: int, told: dict[str, Any]
    ) -> None:
        """A partial move of another installation is refused and kept. Its own installation can continue it."""
        async with opened(sqlite(tmp_path / "other")):
            pass
        halves(data, url, chunks)
        assert "a part of another installation" in refused(tmp_path / "other", url)
        lines(data, url)
        assert await is_there(url, told)

    def test_no_postgresql(self, data: Path) -> None:
        """If PostgreSQL or the database cannot be reached, the refusal says so and names the setting."""
        for url in ("postgresql://suhbat@127.0.0.1:1/x", engines.postgres().url("absent")):
            assert "cannot be reached" in (reason := refused(data, url)) and "database_url" in reason

    def test_what_postgresql_cannot_hold(self, data: Path, url: str) -> None:
        """A text with NUL, which PostgreSQL cannot store, stops the move, and the error names the table. After the text
        is corrected the move can be completed."""
        in_file(data, "UPDATE users SET user_id = 'a' || char(0) || 'b' WHERE uid = 'u-ali'")
        assert "copying users failed" in (reason := refused(data, url)) and "NUL" in reason
        in_file(data, "UPDATE users SET user_id = 'ali' WHERE uid = 'u-ali'")
        assert lines(data, url)


def _tables(url: str) -> int:
    count: int = sql(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")[0][0]
    return count


class TestCompared:
    @pytest.mark.parametrize(
        ("table", "change"),
        [
            ("events", "UPDATE events SET text = text || '.' WHERE ordinal = 3 AND conversation_id = 1"),
            ("events", "UPDATE events SET deleted = NOT deleted WHERE seq = 1 AND conversation_id = 1"),
            ("events", "UPDATE events SET edited_at = 0 WHERE seq = 1 AND conversation_id = 1"),
            ("events", "DELETE FROM events WHERE seq = 1 AND conversation_id = 1"),
            ("users", "INSERT INTO users VALUES ('u', 'u', 'guest', 1)"),
            (
                "users",
                "UPDATE users SET user_id = CASE user_id WHEN 'ali' THEN 'vali' ELSE 'ali' END WHERE user_id ~ 'ali'",
            ),
            ("sessions", "UPDATE sessions SET token_hash = token_hash || '\\x00' WHERE id = 's0'"),
            ("accounts", "UPDATE accounts SET disabled = false WHERE disabled"),
            ("reactions", "UPDATE reactions SET target = target + 1 WHERE uid = 'u-ali'"),
            ("search_rows", "UPDATE search_rows SET words = NULL WHERE id = 5"),
        ],
    )
    async def test_what_differs_is_found(self, data: Path, arrived: str, table: str, change: str) -> None:
        """If one table differs in any way, only that table is named, and no server opens the database."""
        sql(arrived, change)
        result = run(data, arrived)
        assert result.exit_code == 1 and result.output.isascii()
        found = {line.split()[0]: line.split()[-1] for line in result.stdout.splitlines()}
        assert [name for name, said in found.items() if said != "ok"] == [table] and found[table] == "DIFFERS"
        assert f"not the same on both sides: {table}." in result.stderr and "empty database" in result.stderr
        with pytest.raises(UnusableStore):
            await there(arrived).open(Listener().committed)

    def test_the_order_is_no_difference(self, data: Path, arrived: str) -> None:
        """Another physical row order or another collation is not a difference."""
        sql(arrived, "UPDATE events SET at = at WHERE seq % 2 = 0", "UPDATE users SET kind = kind WHERE uid < 'u-l'")
        assert run(data, arrived).exit_code == 0


class TestCommand:
    def test_it_moves(self, data: Path, blank: str) -> None:
        """The command exits with 0. A second run is refused with 1 and without a traceback."""
        first, second = run(data, blank), run(data, blank)
        assert (first.exit_code, second.exit_code) == (0, 1)
        assert "events" in first.stdout and first.stdout.isascii()
        assert second.stderr.startswith("suhbat: this was moved") and "Traceback" not in second.output

    def test_it_needs_a_database(self, data: Path) -> None:
        """Without a database URL the command exits with 2 and names the option."""
        result = CliRunner().invoke(cli.build(), ["migrate-store", "--data", str(data)])
        assert result.exit_code == 2 and "--database-url postgresql://" in result.stderr
