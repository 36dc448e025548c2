"""Several stores over one PostgreSQL: one order of events, paused nodes, leases, names, and changes made by other
nodes."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from suhbat.chat.model import Actor, Change, CommandResult, Lapsed, PostResult
from suhbat.errors import BadRequest, Busy, Forbidden, Internal, NameInUse, NameTaken, NotFound, QuotaExceeded
from suhbat.protocol import commands
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.types import LOBBY
from suhbat.store import indexer
from suhbat.store.errors import UnusableStore
from suhbat.store.postgres import journal, leases, pipeline
from suhbat.store.postgres.connect import connect
from suhbat.store.postgres.pipeline import Pipeline, Statement
from suhbat.store.postgres.store import PostgresStore, prepare
from suhbat.store.write import idempotency
from tests import engines
from tests.commands import execute
from tests.fakes import FakeClock
from tests.servers import BUSY, PATIENCE
from tests.store.parts import ALI, VALI, Listener, direct, guest
from tests.store.test_files import AT, DAY, upload

from .test_locks import wait_for_a_waiter

SOLI = Actor("u-soli", "soli", lobby_from=0)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An unused database, or one that was reset. Other tests reuse it afterwards."""
    yield engines.database_of(tmp_path)
    engines.give_back(tmp_path)


@asynccontextmanager
async def stores(url: str, count: int = 2) -> AsyncIterator[list[tuple[PostgresStore, Listener, list[Change]]]]:
    """Open stores over one database, each with its listener and the list of changes that it published."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            store, listener, changes = PostgresStore(url, clock=FakeClock()), Listener(), list[Change]()
            await store.open(listener.committed, changes.extend)
            stack.push_async_callback(store.close)
            made.append((store, listener, changes))
        yield made


def before_commit(store: PostgresStore, call: Callable[[Connection], None]) -> None:
    """Call this before each COMMIT of the writer, but not of the search index, which has a connection of its own."""

    def committing(connection: Connection) -> None:
        if pipeline.of(connection) is not None:
            call(connection)

    assert store._writes is not None
    event.listen(store._writes, "commit", committing)


UNFLUSHED = ("wal_writer_delay = '10s'", "wal_level = minimal", "max_wal_senders = 0", "autovacuum = off")
"""With these settings the pages of a transaction that has not ended stay in memory until the database dies, and nothing else
takes a transaction id."""


async def test_a_cursor_does_not_pass_its_own_transaction(url: str) -> None:
    """A reader may share its transaction with posts, whose row of the journal comes last. Otherwise nobody would be told of
    them if a later transaction is committed first."""
    async with stores(url, 1):
        engine = connect(url)
        with engine.connect() as one, engine.connect() as other:
            own = one.execute(text("SELECT pg_current_xact_id()::text")).scalar_one()
            for _ in range(3):
                other.execute(text("SELECT pg_current_xact_id()"))
                other.commit()
            asked = text("SELECT pg_visible_in_snapshot(CAST(:xid AS xid8), CAST(:seen AS pg_snapshot))")
            seen = journal.snapshot(one)
            assert one.execute(asked, {"xid": own, "seen": seen}).scalar_one() is False
            one.commit()
            later = journal.snapshot(one)
            assert one.execute(asked, {"xid": own, "seen": later}).scalar_one() is True
        engine.dispose()


class TestActive:
    async def test_who_looks_is_known_on_all_nodes(self, url: str) -> None:
        """Until the time, or the connection, or the lease of the node is over. Users who are not connected are passed over. It
        changes no presence."""
        async with stores(url) as ((one, *_), (two, *_)):
            await one.join("n1", [ALI, VALI], {})
            await two.join("n2", [SOLI], {})
            known = {node: update.version for node, update in (await two.others("n2", {})).items()}
            await one.set_active("n1", {ALI.uid: 60.0, VALI.uid: 60.0, "u-nobody": 60.0})
            everybody = {ALI.uid, VALI.uid, SOLI.uid, "u-nobody"}
            assert await two.active(everybody) == {ALI.uid, VALI.uid}
            assert not (await two.others("n2", known))["n1"].entered
            await one.set_active("n1", {ALI.uid: 0.0})
            await one.beat("n1", [], [VALI])
            assert await two.active(everybody) == set()
            await one.set_active("n1", {ALI.uid: 0.001})
            await asyncio.sleep(0.01)
            assert await two.active(everybody) == set()
            await one.set_active("n1", {ALI.uid: 60.0})
            assert await two.active([ALI.uid]) == {ALI.uid} and await two.active([SOLI.uid]) == set()
            await one.leave("n1")
            assert await two.active(everybody) == set()


class TestQuotas:
    async def test_many_users_on_two_nodes(self, url: str) -> None:
        """Two nodes that take the locks of many users in opposite orders carry out everything, and no user gets more than the
        quota."""
        people = [f"u{n}" for n in range(24)]
        async with stores(url) as [(one, *_), (two, *_)]:
            begun = [
                store.begin_file(upload(f"{name}-{uid}", replace(ALI, uid=uid)), 15)
                for name, store, order in (("a", one, people), ("b", two, people[::-1]))
                for uid in order
            ]
            ended = await asyncio.gather(*begun, return_exceptions=True)
            assert sum(isinstance(one, QuotaExceeded) for one in ended) == len(people)
            assert sum(one is None for one in ended) == len(people)


class TestWriting:
    async def test_two_nodes_make_one_order(self, url: str) -> None:
        """If two nodes write to one log and to their own directs at once, `seq` is dense and each message is there
        once."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            asked = [
                listener.ask(store, actor, f"{actor.user_id} {n}", peer=SOLI if n % 5 == 0 else None, **place)
                for n in range(200)
                for store, listener, actor in ((one, first, ALI), (two, second, VALI))
                for place in ({} if n % 5 == 0 else {"conversation": LOBBY},)
            ]
            outcomes = await asyncio.gather(*asked)
            assert all(isinstance(outcome, PostResult) for outcome in outcomes)
            for log in {outcome.conversation for outcome in outcomes if isinstance(outcome, PostResult)}:
                seqs = sorted(o.seq for o in outcomes if isinstance(o, PostResult) and o.conversation == log)
                assert seqs == list(range(1, len(seqs) + 1))
            # Each listener received the events of its own node in order.
            for listener in (first, second):
                mine = [entry.event.seq for entry in listener.entries if entry.log == LOBBY]
                assert mine == sorted(mine)

    async def test_threads_of_two_nodes(self, url: str) -> None:
        """If two nodes write to the same threads at once, naming each other's users, while replies and a root are deleted and
        marks move, each thread is numbered without gaps and its counts are those of its replies."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            room = (await execute(one, commands.Create, ALI, 1, title="Xona")).conversation
            for person in (VALI, SOLI):
                await execute(one, commands.Admit, ALI, 1, conversation=room, person=person, role="member", exempt=True)
            roots = [(await first.send(one, ALI, conversation=room)).seq for _ in range(3)]
            head = (await one.heads([room]))[room]

            def reply(number: int, root: int) -> Any:
                store, listener, actor = ((one, first, ALI), (two, second, VALI))[number % 2]
                named = (SOLI.uid,) if number % 5 == 0 else ()
                return listener.ask(store, actor, f"{number}", conversation=room, thread=root, named=named)

            def work(store: PostgresStore, kind: type[Any], actor: Actor, seq: int, **fields: Any) -> Any:
                return execute(store, kind, actor, 1, conversation=room, seq=seq, **fields)

            found: list[object] = []
            for turn in range(12):
                asked = [reply(number, root) for number in range(6) for root in roots]
                asked += [
                    work(one, commands.Delete, ALI, head + 2 * turn),
                    work(two, commands.Delete, VALI, head + turn),
                ]
                asked += [
                    work(store, commands.ChangeThread, actor, root, read_ordinal=turn, unread=turn % 3 == 0)
                    for store, actor in ((one, ALI), (two, VALI), (two, SOLI))
                    for root in roots
                ]
                if turn == 8:
                    asked.append(work(two, commands.Delete, ALI, roots[0]))
                found += await asyncio.gather(*asked, return_exceptions=True)
            failed = {type(one) for one in found if isinstance(one, BaseException)}
            assert failed <= {NotFound, BadRequest, Forbidden}, failed
            for store in (one, two):
                for actor in (ALI, VALI, SOLI):
                    states = {state.conversation: state for state in (await store.states(actor)).states}
                    for thread in states[room].threads:
                        page = await store.history(actor, room, thread=thread.root, after=0, limit=200)
                        kept = [one for one in page.messages if not one.deleted]
                        above = [one for one in kept if (one.thread_ordinal or 0) > thread.read_ordinal]
                        assert [one.thread_ordinal for one in page.messages] == list(range(1, len(page.messages) + 1))
                        assert page.root is not None and page.root.replies is not None
                        assert (thread.count, page.root.replies.count) == (len(kept), len(kept))
                        assert page.root.replies.last_seq == kept[-1].seq
                        assert thread.unread == sum(one.sender_uid != actor.uid for one in above)
                        assert thread.mentions == sum(int(one.text) % 5 == 0 for one in above) * (actor is SOLI)

    async def test_a_key_is_one_message_on_all_nodes(self, url: str) -> None:
        """The same command on two nodes at once writes one message, as when a client reconnects elsewhere before its
        answer."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            for n in range(30):
                fields = {"client_id": f"k{n}", "conversation": LOBBY}
                answers = await asyncio.gather(first.ask(one, ALI, **fields), second.ask(two, ALI, **fields))
                assert all(isinstance(answer, PostResult) for answer in answers), answers
                assert len({(a.seq, a.ordinal) for a in answers if isinstance(a, PostResult)}) == 1
                assert sorted(a.duplicate for a in answers if isinstance(a, PostResult)) == [False, True]
            assert (await one.heads([LOBBY]))[LOBBY] == 30

    async def test_a_key_is_one_message_in_the_first_direct_of_two(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A first message that is repeated on another node during its COMMIT is one message, in one direct, with one
        event in each own log."""
        patient = f"{url}?options=-c%20idle_in_transaction_session_timeout=0"
        async with stores(patient) as ((one, first, _), (two, second, _)):
            assert one._writes is not None
            entered, gate = threading.Event(), threading.Event()

            def wait(connection: Connection) -> None:
                entered.set()
                gate.wait(PATIENCE)

            real = Pipeline.add

            def go_on(queue: Pipeline, statement: Statement, *parameters: bytes | None) -> None:
                if b"INSERT INTO conversations" in statement.text and entered.is_set():
                    gate.set()  # The second store waits for the rows that the first is about to commit.
                real(queue, statement, *parameters)

            before_commit(one, wait)
            monkeypatch.setattr(Pipeline, "add", go_on)
            fields = {"client_id": "k", "peer": Actor("u-new", "yangi", lobby_from=0)}
            asked = first.ask(one, SOLI, **fields)
            assert await asyncio.to_thread(entered.wait, PATIENCE)
            again = await asyncio.wait_for(second.ask(two, SOLI, **fields), PATIENCE)
            sent = await asked
            assert isinstance(sent, PostResult) and again == dataclasses.replace(sent, duplicate=True), again

    async def test_a_file_that_is_sent_while_it_expires(self, url: str) -> None:
        """A message that another node commits meanwhile keeps its file."""
        async with stores(url, 1) as ((store, _, _),):
            at = AT + 2 * DAY
            await store.begin_file(upload("f1"), 0)
            async with await psycopg.AsyncConnection.connect(url) as other:
                shown = "UPDATE files SET seq = 1, position = 0, conversation_id = (SELECT min(id) FROM conversations)"
                await other.execute(shown)
                expiring = asyncio.ensure_future(store.expire_files(at, at))
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as watch:
                    while not expiring.done() and (await (await watch.execute(waiting)).fetchone()) == (0,):
                        await asyncio.sleep(0.01)
            assert await expiring == 0 and await store.file("f1") is not None
            assert await store.removals(at) == []

    async def test_a_direct_of_two_is_one(self, url: str) -> None:
        """Two users who create a direct on two nodes at once, one from each side, get one direct."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            for n in range(10):
                peer = Actor(f"u-peer{n}", f"peer{n}", lobby_from=0)
                answers = await asyncio.gather(
                    first.ask(one, ALI, "salom", peer=peer), second.ask(two, peer, "salom", peer=ALI)
                )
                assert len({a.conversation for a in answers if isinstance(a, PostResult)}) == 1, answers
                assert sorted(a.seq for a in answers if isinstance(a, PostResult)) == [1, 2]

    async def test_a_kick_elsewhere_counts(self, url: str) -> None:
        """The writer cache keeps members between transactions. Still, a user removed by another node is refused at
        once, and a user added by another node may write."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            room = (await execute(one, commands.Create, ALI, 1, title="Xona")).conversation
            await execute(one, commands.Admit, ALI, 1, conversation=room, person=VALI, role="member", exempt=True)
            await second.send(two, VALI, conversation=room)
            await first.send(one, ALI, conversation=room)
            for _ in range(5):
                await execute(one, commands.Remove, ALI, 2, conversation=room, person=VALI)
                assert (await second.refused(two, VALI, conversation=room)).code == "not_found"
                await first.send(one, ALI, conversation=room)
                await execute(one, commands.Admit, ALI, 3, conversation=room, person=VALI, role="member", exempt=True)
                await second.send(two, VALI, conversation=room)

    async def test_who_is_paused_holds_up_its_conversation_only(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While another node locks a log, commands for it wait in order and all others are written at once. Afterwards
        the order of the log is the order of the commands."""
        monkeypatch.setattr("suhbat.store.postgres.shared_committer.HELD_SECONDS", PATIENCE)
        async with stores(url, 1) as ((store, listener, _),):
            room = (await execute(store, commands.Create, ALI, 1, title="Xona")).conversation
            engine = connect(url, patient=True)
            with engine.connect() as other:
                held = other.begin()
                other.execute(text("SELECT 1 FROM conversations WHERE name = :room FOR UPDATE"), {"room": room})
                waiting = [listener.ask(store, ALI, f"r{n}", conversation=room) for n in range(5)]
                elsewhere = listener.ask(store, ALI, "lobby")
                assert isinstance(await asyncio.wait_for(elsewhere, PATIENCE), PostResult)
                assert isinstance(await asyncio.wait_for(listener.ask(store, ALI, "lobby again"), PATIENCE), PostResult)
                waiting += [listener.ask(store, ALI, f"r{n}", conversation=room) for n in range(5, 8)]
                await asyncio.sleep(0.1)
                assert not any(one.done() for one in waiting)
                held.rollback()
            outcomes = await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)
            assert [o.seq for o in outcomes if isinstance(o, PostResult)] == list(range(1, 9)), outcomes
            texts = [message.text for message in (await store.history(ALI, room)).messages]
            assert texts == [f"r{n}" for n in range(8)]
            engine.dispose()

    async def test_who_waits_for_too_long_is_told(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A command that waits too long for a lock is answered Busy, and nothing of it is written."""
        monkeypatch.setattr("suhbat.store.postgres.shared_committer.HELD_SECONDS", 0.3)
        async with stores(url, 1) as ((store, listener, _),):
            engine = connect(url, patient=True)
            with engine.connect() as other:
                held = other.begin()
                other.execute(text("SELECT 1 FROM conversations WHERE name = 'lobby' FOR UPDATE"))
                assert isinstance(await listener.refused(store, ALI), Busy)
                held.rollback()
            assert (await listener.send(store, ALI)).seq == 1
            engine.dispose()

    async def test_who_waits_behind_other_work_is_not_refused(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a lock in the way, every queued command is executed, however long the queue is."""
        monkeypatch.setattr("suhbat.store.postgres.shared_committer.HELD_SECONDS", 0.0)
        monkeypatch.setattr("suhbat.store.write.committer.WORK_SECONDS", -1.0)
        async with stores(url, 1) as ((store, _, _),):
            made = await asyncio.gather(
                *(execute(store, commands.Create, ALI, 1, title=f"{n}") for n in range(5)), return_exceptions=True
            )
            assert [type(one) for one in made] == [CommandResult] * 5

    async def test_a_paused_transaction_ends(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The database ends the transaction of a node that sleeps in it. Its commands are written later."""
        monkeypatch.setattr("suhbat.store.postgres.shared_committer.HELD_SECONDS", PATIENCE)
        async with stores(url) as ((one, first, _), (two, second, _)):
            assert one._writes is not None
            asleep, awake = threading.Event(), threading.Event()

            def pause(connection: Connection) -> None:
                if not asleep.is_set():
                    asleep.set()
                    awake.wait(PATIENCE)

            before_commit(one, pause)
            late = first.ask(one, ALI, "late")
            assert await asyncio.to_thread(asleep.wait, PATIENCE)
            # If the database let the transaction sleep, this would wait for it.
            assert (await second.send(two, VALI, "meanwhile")).seq == 1
            awake.set()
            outcome = await asyncio.wait_for(late, PATIENCE)
            assert isinstance(outcome, PostResult) and outcome.seq == 2

    async def test_a_transaction_that_is_paused_between_its_last_statements_ends(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database also ends a transaction that is paused between pipelined statements. Such a transaction must
        look idle to the database, not busy."""
        monkeypatch.setattr("suhbat.store.postgres.shared_committer.HELD_SECONDS", PATIENCE)
        async with stores(url) as ((one, first, _), (two, second, _)):
            real, entered, gate = idempotency.insert_rows, threading.Event(), threading.Event()

            def pause(*arguments: Any) -> None:
                if not entered.is_set():
                    entered.set()
                    gate.wait(PATIENCE)
                real(*arguments)

            monkeypatch.setattr(idempotency, "insert_rows", pause)
            late = first.ask(one, ALI, "late")
            assert await asyncio.to_thread(entered.wait, PATIENCE)
            outcome = await asyncio.wait_for(second.ask(two, VALI, "meanwhile"), PATIENCE)
            gate.set()
            assert isinstance(outcome, PostResult) and outcome.seq == 1, outcome
            outcome = await asyncio.wait_for(late, PATIENCE)
            assert isinstance(outcome, PostResult) and outcome.seq == 2, outcome

    @pytest.mark.parametrize("committed", [True, False])
    async def test_a_commit_of_unknown_outcome(self, url: str, committed: bool) -> None:
        """If the connection dies during COMMIT, the node reads the outcome. A committed batch is acknowledged and
        published; any other is written again. Each command is written once, also without a key."""
        async with stores(url, 1) as ((store, listener, _),):
            assert store._writes is not None
            await listener.send(store, ALI, "before")
            broken = []

            def break_off(connection: Connection) -> None:
                if broken:
                    return
                broken.append(1)
                raw: Any = connection.connection.driver_connection
                if committed:
                    raw.execute("COMMIT")
                with psycopg.connect(url, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 2000)", (raw.info.backend_pid,))

            before_commit(store, break_off)
            outcome = await asyncio.wait_for(listener.ask(store, ALI, "which"), 10)
            assert isinstance(outcome, PostResult) and outcome.seq == 2, outcome
            assert [message.text for message in (await store.history(ALI, LOBBY)).messages] == ["before", "which"]
            assert [entry.event.seq for entry in listener.entries] == [1, 2]

    async def test_a_commit_that_died_with_the_database(self) -> None:
        """If the database dies during COMMIT before anything is on disk, and the transaction id is given to another
        transaction, the batch is written again and acknowledged only then."""
        engine = engines.Postgres()
        with engines.running(engine):
            with psycopg.connect(engine.admin_url, autocommit=True) as other:
                for setting in UNFLUSHED:
                    other.execute(f"ALTER SYSTEM SET {setting}")
            engine.kill()
            engine.start()
            prepare(database := engine.new_database("d"))
            async with stores(database, 1) as ((store, listener, _),):
                assert store._writes is not None and store._indexing is not None
                await listener.send(store, ALI, "before")
                await store._indexing.close()  # its thread would take transaction ids, too
                taken = []

                def die(connection: Connection) -> None:
                    if taken:
                        return
                    number = "SELECT pg_current_xact_id()::text::bigint"
                    xid = connection.exec_driver_sql(number).scalar_one()
                    engine.kill()
                    engine.start()
                    with psycopg.connect(database, autocommit=True) as other:
                        # Ids of transactions that were rolled back before it come first.
                        while other.execute(number).fetchall()[0][0] < xid - 1:
                            pass
                        with other.transaction():
                            other.execute("INSERT INTO meta VALUES ('other', '')")
                            taken.extend(other.execute(f"{number} = %s", (xid,)).fetchone() or ())

                before_commit(store, die)
                outcome = await asyncio.wait_for(listener.ask(store, ALI, "which"), 20)
                assert taken == [True]
                assert isinstance(outcome, PostResult) and outcome.seq == 2, outcome
                assert [message.text for message in (await store.history(ALI, LOBBY)).messages] == ["before", "which"]
                assert [entry.event.seq for entry in listener.entries] == [1, 2]

    async def test_nobody_waits_for_what_is_undecided_while_it_closes(self, url: str) -> None:
        """If the outcome of a COMMIT cannot be read while the store closes, the sender gets an undecided answer and the
        node can stop."""
        async with stores(url, 1) as ((store, listener, _),):
            assert store._writes is not None and store._writer is not None
            await listener.send(store, ALI)
            asked = threading.Event()

            def never(connection: Connection, line: journal.JournalLine) -> None:
                asked.set()

            def break_off(connection: Connection) -> None:
                raise DBAPIError("COMMIT", None, OSError())

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(journal, "is_committed", never)
                before_commit(store, break_off)
                answer = listener.ask(store, ALI)
                assert await asyncio.to_thread(asked.wait, 5)
                await asyncio.wait_for(store.close(), 2)
            assert isinstance(await answer, Internal)

    async def test_over_a_restart_of_the_database(self, tmp_path: Any) -> None:
        """After a restart of the database dead connections are replaced. While it is down every command is Busy at
        once."""
        engine = engines.Postgres()
        with engines.running(engine):
            prepare(database := engine.new_database("d"))
            async with stores(database, 1) as ((store, listener, _),):
                await listener.send(store, ALI)
                await asyncio.to_thread(engine.kill)
                await asyncio.to_thread(engine.start)
                assert (await listener.send(store, ALI)).seq == 2, "a stale connection is no reason to refuse"
                assert (await store.heads([LOBBY]))[LOBBY] == 2
                await asyncio.to_thread(engine.kill)
                began = time.monotonic()
                assert isinstance(await listener.refused(store, ALI), Busy)
                with pytest.raises(Busy):
                    await store.heads([LOBBY])
                with pytest.raises(Busy):
                    await store.ready()
                assert time.monotonic() - began < 2 + BUSY
                await asyncio.to_thread(engine.start)
                assert (await listener.send(store, ALI)).seq == 3
                await store.ready()


class TestConnections:
    @pytest.mark.parametrize("patient", [True, False])
    def test_who_is_gone_without_a_word_is_noticed(self, url: str, patient: bool) -> None:
        """The database server notices within seconds that a client is dead, because its end of the connection holds the
        locks."""
        engine = connect(url, patient=patient)
        with engine.connect() as connection:
            settings = connection.execute(text("SELECT name, reset_val FROM pg_settings WHERE name LIKE 'tcp_%'"))
            found = {row.name: row.reset_val for row in settings}
        assert found == {
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "8000",
        }
        engine.dispose()

    @pytest.mark.parametrize("number", [0, 1])
    def test_what_the_first_of_several_statements_raises(self, url: str, number: int) -> None:
        """The error of the failed statement is raised, not the errors that follow from it, because the retry depends on
        it."""
        engine = connect(url)
        with engine.connect() as connection:
            queue = pipeline.attach(connection)
            statements = ["INSERT INTO meta VALUES ('a', '')", "INSERT INTO meta VALUES ('b', '')"]
            statements.insert(number, "INSERT INTO meta VALUES (NULL, '')")
            queue.begin()
            for statement in map(Statement, statements):
                queue.add(statement)
            with pytest.raises(DBAPIError) as raised:
                queue.run()
        assert getattr(raised.value.orig, "sqlstate", None) == "23502"
        engine.dispose()


class TestJournal:
    async def test_heads_and_changes_since_a_look(self, url: str) -> None:
        """A look returns the heads and cache changes that any node wrote since the mark. Without a mark it returns the
        heads of the requested logs, and says that all changes are unknown (`whole`)."""
        async with stores(url) as ((one, first, told), (two, _, _)):
            whole = await two.changes_since([LOBBY])
            assert whole.whole and whole.heads == {LOBBY: 0}
            await first.send(one, ALI)
            there = await direct(one, ALI, VALI, 1)
            await one.save_guest(guest(SOLI))
            moved = await two.changes_since([], whole.mark)
            assert not moved.whole
            assert moved.heads == {LOBBY: 1, own_log(ALI.uid): 1, own_log(VALI.uid): 1}
            assert moved.changes == (Change("guest", SOLI.uid),) and told == [Change("guest", SOLI.uid)]
            assert there
            later = await two.changes_since([], moved.mark)
            assert later.heads == {} and later.changes == ()

    async def test_a_late_commit_is_not_missed(self, url: str) -> None:
        """A transaction that began before a look and committed after it is found by the next look. A time stamp or a
        number taken at its start would miss it."""
        async with stores(url) as ((one, first, _), (two, second, _)):
            assert one._writes is not None
            gate, entered = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()

            def wait(connection: Connection) -> None:
                loop.call_soon_threadsafe(entered.set)
                asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(20)

            before_commit(one, wait)
            room = (await execute(two, commands.Create, VALI, 1, title="Xona")).conversation
            mark = (await two.changes_since([])).mark
            late = first.ask(one, ALI, "late")
            await entered.wait()
            for n in range(3):
                await second.send(two, VALI, f"early {n}", conversation=room)
            moved = await two.changes_since([], mark)
            assert moved.heads == {room: 3}
            gate.set()
            assert isinstance(await late, PostResult)
            again = await two.changes_since([], moved.mark)
            assert again.heads.get(LOBBY) == 1

    def test_what_became_of_a_transaction(self, url: str) -> None:
        """A transaction id alone does not decide the outcome: after a crash it may belong to another transaction, or be
        unused again. If the journal line may have been pruned, the outcome is unknown."""
        engine = connect(url)

        def is_committed(line: journal.JournalLine) -> bool | None:
            with engine.connect() as connection, connection.begin():
                return journal.is_committed(connection, line)

        with engine.connect() as connection:
            with connection.begin():
                line = journal.write(connection, [], [])
                assert is_committed(line) is None, "it is at work"
            assert is_committed(line) is True
            assert is_committed(dataclasses.replace(line, nonce="another")) is False
            assert is_committed(dataclasses.replace(line, xid=line.xid + 1_000)) is False
            with connection.begin() as transaction:
                back = journal.write(connection, [], [])
                transaction.rollback()
            assert is_committed(back) is False
            with connection.begin():
                connection.execute(text("DELETE FROM journal"))
            assert is_committed(line) is False
            with connection.begin():
                connection.execute(text(f"INSERT INTO meta VALUES ('pruned', '{line.xid}')"))
            assert is_committed(line) is None
        engine.dispose()

    @pytest.mark.parametrize("waits", [False, True])
    def test_two_nodes_that_begin_a_cursor_at_once(self, url: str, waits: bool) -> None:
        """As after their start on a new database: one makes it, and the other neither fails nor makes it again. It goes on
        at its next look, or after the first if it waits."""
        engine, found, failed = connect(url), list[bool | None](), list[Exception]()

        def feed() -> None:
            try:
                with engine.connect() as other, other.begin():
                    found.append(indexer.feed(other, lambda: False, waits=waits))
            except Exception as error:
                failed.append(error)

        with engine.connect() as one, one.begin():
            one.execute(text("DELETE FROM cursors WHERE name = 'search'"))
        with engine.connect() as one:
            with one.begin():
                assert indexer.feed(one, lambda: False) is True
                late = threading.Thread(target=feed)
                late.start()
                if waits:
                    wait_for_a_waiter(url)
                else:
                    late.join(PATIENCE)
                    assert (found, failed) == ([None], [])
            late.join(PATIENCE)
            assert (found, failed) == ([True] if waits else [None], [])
            with one.begin():
                assert indexer.feed(one, lambda: False) is True
                assert one.execute(text("SELECT count(*) FROM cursors WHERE name = 'search'")).scalar() == 1
        engine.dispose()

    async def test_after_a_long_pause_everything_is_compared(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """With a mark from before the pruned rows, all requested heads are returned, and the answer says that the
        changes are unknown."""
        async with stores(url) as ((one, first, _), (two, _, _)):
            mark = (await two.changes_since([])).mark
            await first.send(one, ALI)
            monkeypatch.setattr(journal, "KEPT", -1_000)
            async with asyncio.timeout(PATIENCE):
                while not (moved := await two.changes_since([LOBBY], mark)).whole:
                    await one.prune()  # deletes a row when the indexer has passed it
            assert moved.whole and moved.heads == {LOBBY: 1}
            assert not (await two.changes_since([LOBBY], moved.mark)).whole


class TestLeases:
    async def test_who_is_where(self, url: str) -> None:
        """A look returns the users who came to a node and left it since the last look. A first look returns all online
        users of the node."""
        async with stores(url, 1) as ((store, _, _),):
            for node in ("n1", "n2"):
                await store.join(node, [], {})
            await store.beat("n1", [ALI, VALI], [])
            seen = (await store.others("n2", {}))["n1"]
            assert set(seen.entered) == {ALI, VALI} and seen.whole and not seen.left
            await store.beat("n1", [SOLI], [ALI])
            news = (await store.others("n2", {"n1": seen.version}))["n1"]
            assert (news.entered, news.left, news.whole) == ((SOLI,), (ALI.uid,), False)
            assert (await store.others("n2", {"n1": news.version}))["n1"].entered == ()
            assert set((await store.others("n3", {}))["n1"].entered) == {VALI, SOLI}
            await store.leave("n1")
            assert (await store.others("n2", {})).keys() == set()

    async def test_a_lease_that_ran_out(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A node whose lease ended is not listed. It cannot renew the lease or hold a name before it joins again. After
        that other nodes get its whole list of users, not the changes to the old one."""
        async with stores(url, 1) as ((store, _, _),):
            await store.join("n2", [], {})
            await store.join("n1", [ALI], {})
            seen = (await store.others("n2", {}))["n1"]
            await store._write(lambda c: c.execute(text("UPDATE nodes SET until = 0 WHERE id = 'n1'")) and None)
            assert "n1" not in await store.others("n2", {})
            with pytest.raises(Lapsed):
                await store.beat("n1", [VALI], [])
            with pytest.raises(Lapsed):
                await store.hold("n1", "bare", Actor("u-bare", "bare"))
            await store.join("n1", [VALI], {})
            back = (await store.others("n2", {"n1": seen.version}))["n1"]
            assert back.whole and back.entered == (VALI,)

    async def test_a_name_is_held_by_one(self, url: str) -> None:
        """One node at a time holds a name, until it releases the name or its lease ends. A node that rejoins later is
        told which names it lost."""
        async with stores(url, 1) as ((store, _, _),):
            first, second = Actor("u-1", "user1"), Actor("u-2", "userl")
            await store.join("n1", [], {})
            await store.join("n2", [], {})
            await store.hold("n1", "userl", first)
            await store.hold("n1", "userl", first)  # as after a rejoin that kept the name
            with pytest.raises(NameInUse):
                await store.hold("n2", "userl", second)
            await store.release("userl", "u-2")
            with pytest.raises(NameInUse):
                await store.hold("n2", "userl", second)
            await store._write(lambda c: c.execute(text("UPDATE nodes SET until = 0 WHERE id = 'n1'")) and None)
            await store.hold("n2", "userl", second)
            assert await store.join("n1", [first], {"userl": "u-1", "other": "u-9"}) == {"userl"}
            await store.release("userl", "u-2")
            await store.hold("n1", "userl", first)

    async def test_what_became_of_a_name_meanwhile(self, url: str) -> None:
        """A rejoining node loses a name that an account or a token guest has taken. Otherwise its guest would write
        under the name of another user."""
        from tests.store.people.test_people import account

        async with stores(url, 1) as ((store, _, _),):
            await store.join("n1", [], {})
            names = {"ali": "u-1", "soli": "u-2", "free": "u-3"}
            for name, uid in names.items():
                await store.hold("n1", name, Actor(uid, name))
            await store._write(lambda c: c.execute(text("UPDATE nodes SET until = 0 WHERE id = 'n1'")) and None)
            assert await store.add_account(account("ali")) is None
            kept = replace(guest(SOLI), last_used_at=time.time_ns() // 1_000_000)
            await store.save_guest(kept)
            assert await store.join("n1", [], names) == {"ali", kept.skeleton}
            await store.join("n2", [], {})
            with pytest.raises(NameInUse):
                await store.hold("n2", "free", Actor("u-4", "free"))

    async def test_a_node_that_comes_back_is_waited_for(self, url: str) -> None:
        """While a node rejoins, a request for one of its names waits for the result. Two nodes never hold one name."""
        async with stores(url, 1) as ((store, _, _),):
            await store.join("n2", [], {})
            engine = connect(url, patient=True)
            with engine.connect() as other:
                joining = other.begin()
                assert leases.join(other, "n1", [], {"user1": "u-1"}) == set()
                wanting = asyncio.ensure_future(store.hold("n2", "user1", Actor("u-2", "user1")))
                await _waits(url)
                joining.commit()
            with pytest.raises(NameInUse):
                await wanting
            assert await store.join("n1", [], {"user1": "u-1"}) == set()
            engine.dispose()

    @pytest.mark.parametrize("kind", ["bare", "account"])
    async def test_a_lease_that_is_being_renewed_is_waited_for(self, url: str, kind: str) -> None:
        """If a lease has ended but its renewal is about to commit, a request for one of its names waits for that commit
        and is refused."""
        from tests.store.people.test_people import account

        async with stores(url, 1) as ((store, _, _),):
            for node in ("n1", "n2"):
                await store.join(node, [], {})
            await store.hold("n1", "ali", Actor("u-1", "ali"))
            engine = connect(url, patient=True)
            with engine.connect() as other:
                renewing = other.begin()
                await store._write(lambda c: c.execute(text("UPDATE nodes SET until = 0 WHERE id = 'n1'")) and None)
                other.execute(text("UPDATE nodes SET until = until + 9000000000000 WHERE id = 'n1'"))
                other_one = Actor("u-2", "ali")
                wanting = asyncio.ensure_future(
                    store.hold("n2", "ali", other_one) if kind == "bare" else store.add_account(account("ali"))
                )
                await _waits(url)
                renewing.commit()
            with pytest.raises(NameInUse):
                await wanting
            engine.dispose()

    async def test_many_names(self, url: str) -> None:
        """A node with 10,000 guests rejoins quickly and with few locks, because a database has few."""
        names = {f"guest{number}": f"u-{number}" for number in range(10_000)}
        async with stores(url, 1) as ((store, _, _),):
            locks: list[int] = []

            def join(connection: Connection) -> set[str]:
                lost = leases.join(connection, "n1", [], names)
                locks.append(
                    connection.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar_one()
                )
                return lost

            began = time.monotonic()
            assert await store._write(join) == set()
            assert time.monotonic() - began < 3 + BUSY
            assert locks[0] < 100
            await store.join("n2", [], {})
            assert await store.join("n2", [], dict.fromkeys(names, "u-x")) == names.keys()

    async def test_names_of_guests_and_accounts_count(self, url: str) -> None:
        """A bare guest cannot hold the name of a token guest, and a token guest cannot be saved under the name of a
        bare guest."""
        async with stores(url, 1) as ((store, _, _),):
            await store.join("n1", [], {})
            await store._write(lambda c: c.execute(text("UPDATE nodes SET until = until + 60000")) and None)
            kept = replace(guest(SOLI), last_used_at=time.time_ns() // 1_000_000)
            await store.save_guest(kept)
            with pytest.raises(NameInUse):
                await store.hold("n1", kept.skeleton, Actor("u-x", "soli"))
            await store.hold("n1", "bare", Actor("u-b", "bare"))
            with pytest.raises(NameInUse):
                await store.save_guest(guest(Actor("u-c", "bare", lobby_from=0)))

    async def test_traces_are_forgotten(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows of users who left long ago are deleted. A node with an older mark gets the whole list of online
        users."""
        monkeypatch.setattr(leases, "TRACES", 3)
        async with stores(url, 1) as ((store, _, _),):
            await store.join("n1", [ALI], {})
            version = (await store.others("n2", {}))["n1"].version
            for _ in range(5):
                await store.beat("n1", [VALI], [])
                await store.beat("n1", [], [VALI])
            seen = (await store.others("n2", {"n1": version}))["n1"]
            assert seen.whole and seen.entered == (ALI,)


async def _waits(url: str) -> None:
    """Wait until a connection to this database waits for a lock."""
    with psycopg.connect(url, autocommit=True) as database:
        async with asyncio.timeout(PATIENCE):
            while not database.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchall():
                await asyncio.sleep(0.01)


def test_what_is_asked_often_is_asked_of_an_index(url: str) -> None:
    """Frequent queries of growing tables use an index: the guests of a day, the journal of ten minutes."""
    asked = (
        (leases._HELD, {"skeletons": ["yangi"], "uids": ["u1"]}, "guests_skeleton"),
        (journal._PRUNE, {"kept": journal.KEPT}, "journal_at"),
    )
    engine = connect(url)
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters, index in asked:
            plan = connection.execute(text(f"EXPLAIN {statement.text}"), parameters).scalars().all()
            condition = next(number for number, line in enumerate(plan) if index in line) + 1
            assert "Index Cond" in plan[condition], plan
    engine.dispose()


class TestPasses:
    async def test_once_on_whatever_node(self, url: str) -> None:
        """A pass can be used once, on any node, before it expires."""
        async with stores(url) as ((one, _, _), (two, _, _)):
            await one.put_pass(b"h", "body", 30)
            taken = await asyncio.gather(one.take_pass(b"h"), two.take_pass(b"h"))
            assert sorted(taken, key=str) == [None, "body"]
            await one.put_pass(b"late", "body", 0)
            assert await two.take_pass(b"late") is None
            await one.prune()


async def test_an_account_made_twice_is_one(url: str) -> None:
    """If one account is created on two nodes at once, the second is refused and nothing of it is written."""
    from tests.store.people.test_people import account

    async with stores(url) as ((one, _, _), (two, _, _)):
        made = await asyncio.gather(
            one.add_account(account("ali")), two.add_account(account("ali", uid="u-other")), return_exceptions=True
        )
        assert sum(outcome is None for outcome in made) == 1
        assert sum(isinstance(outcome, NameTaken | NameInUse) for outcome in made) == 1
        assert len(await one.accounts()) == 1


async def test_nodes_of_neighbouring_versions(url: str) -> None:
    """A node works on a database of a newer version as long as the database allows it. After that `ready` of a running
    node says that it must be updated, and no node of this version can open the database."""
    with psycopg.connect(url, autocommit=True) as database:
        async with stores(url, 1) as ((store, listener, _),):
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            await store.ready()
            await listener.send(store, ALI)
            async with stores(url, 1) as ((other, heard, _),):
                assert (await heard.send(other, VALI)).seq == 2
            database.execute("UPDATE meta SET value = '9999' WHERE key = 'serves'")
            with pytest.raises(UnusableStore, match="update this node"):
                await store.ready()
            with pytest.raises(UnusableStore, match="suhbat migrate"):
                await PostgresStore(url, clock=FakeClock()).open(listener.committed)


async def test_a_database_that_is_not_prepared() -> None:
    """A database without tables is refused, and the error names the command that makes them. An unreachable server and
    a URL of another database system are refused too."""
    empty = engines.postgres().new_database(f"e{time.monotonic_ns()}")
    for url, said in (
        (empty, "suhbat migrate"),
        ("postgresql://suhbat@127.0.0.1:1/none", "cannot be reached"),
        ("mysql://h/d", "must be postgresql"),
    ):
        with pytest.raises(UnusableStore, match=said):
            await PostgresStore(url, clock=FakeClock()).open(lambda entries: None)


async def test_another_database_is_another_epoch(url: str) -> None:
    """A copy of the database, such as a restored dump or a promoted standby, has another epoch. A restart keeps the
    epoch."""
    async with stores(url, 1) as ((store, _, _),):
        epoch = store.epoch
    async with stores(url, 1) as ((store, _, _),):
        assert store.epoch == epoch
    copy = engines.postgres().new_database(f"e{time.monotonic_ns()}", template=url.rpartition("/")[2])
    async with stores(copy, 1) as ((store, _, _),):
        assert store.epoch != epoch


async def test_what_a_dump_brings_along_of_its_transactions(url: str) -> None:
    """Transaction ids of a dump mean nothing in another cluster. A look finds the new events only, and a transaction
    that gets such an id again can write."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("INSERT INTO meta VALUES ('place', 'of the other'), ('pruned', '4990000000')")
        line = """INSERT INTO journal SELECT pg_current_xact_id()::text::bigint + n, 0, '{"heads":{},"changes":[]}' """
        database.execute(f"{line} FROM generate_series(1, 100) AS n")
        async with stores(url, 1) as ((store, listener, _),):
            mark = (await store.changes_since([])).mark
            await listener.send(store, ALI)
            moved = await store.changes_since([], mark)
            assert not moved.whole and moved.heads == {LOBBY: 1}


@pytest.mark.parametrize("in_doubt", [False, True])
async def test_another_database_behind_the_same_url(in_doubt: bool) -> None:
    """If a standby that lacked some transactions is promoted, nothing is written under the old epoch and no lost COMMIT
    is looked up there. The node says what to do."""

    url = engines.database()

    def change(*_: object) -> None:
        engines.postgres().replace(url.rpartition("/")[2])

    async with stores(url, 1) as ((store, listener, _),):
        assert store._writes is not None
        await listener.send(store, ALI)
        assert not store.has_failed
        if in_doubt:
            before_commit(store, change)
        else:
            await asyncio.to_thread(change)
        assert isinstance(await listener.refused(store, ALI), Internal)
        assert store.has_failed
        with pytest.raises(UnusableStore, match="restart"):
            await store.ready()
    async with stores(url, 1) as ((store, _, _),):
        assert (await store.heads([LOBBY]))[LOBBY] == 0
