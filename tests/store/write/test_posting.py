"""Random posts compared with a model, and the database queries of posting."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, event, select, update

from suhbat.chat.model import Actor, Outcome, Post, PostResult
from suhbat.errors import IdempotencyConflict, NotFound
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.logged_events import LoggedEvent, model_of
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import find_rows, insert_new, insert_rows, update_rows
from suhbat.store.read import history, states
from suhbat.store.read.events import event_page, log_heads
from suhbat.store.sqlite import connect, values
from suhbat.store.tables import conversations, events, idempotency, reads, users
from suhbat.store.write import posting
from suhbat.store.write.appender import EventRow
from suhbat.store.write.directs import make_direct, pair_of
from suhbat.store.write.logs import new_log, read_people
from suhbat.store.write.transaction import WriterTransaction
from suhbat.store.write.writer_cache import WriterCache
from tests.store.old import new_database
from tests.store.parts import ALI, BARE, VALI, executed, make_post, met

PEOPLE = (ALI, VALI, BARE)


@contextmanager
def database() -> Iterator[Connection]:
    """A connection to a new file with the tables and the lobby. No transaction is open."""
    with tempfile.TemporaryDirectory() as place:
        new_database(file := Path(place) / "suhbat.db")
        engine = connect.writing(file)
        with engine.connect() as connection:
            with connection.begin():
                insert_new(connection, conversations, [new_log(LOBBY, "lobby", 1)])
            yield connection
        engine.dispose()


@pytest.fixture
def connection() -> Iterator[Connection]:
    with database() as connection:
        yield connection


@dataclass(frozen=True)
class Wish:
    """A post as hypothesis draws it. `to`: None for the lobby, a number for the direct with that user."""

    actor: int
    to: int | None
    by_id: bool
    text: str
    client_id: str | None
    reply_to: int | None


wishes = st.builds(
    Wish,
    actor=st.integers(0, 2),
    to=st.none() | st.integers(0, 2),
    by_id=st.booleans(),
    text=st.sampled_from(["a", "b"]),
    client_id=st.none() | st.sampled_from(["k", "l"]),
    reply_to=st.none() | st.integers(1, 4),
)


@dataclass
class Model:
    """The expected outcome of each wish. A direct is named by its pair of users."""

    logs: dict[str, list[str]] = field(default_factory=lambda: {LOBBY: []})
    names: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[int, str], tuple[str, str, int | None, PostResult]] = field(default_factory=dict)

    def expect(self, wish: Wish, target: str | None, log: str) -> Outcome | type[Exception]:
        """`target` is None if the wish names a conversation that does not exist."""
        exists = target is not None and log in self.logs
        if wish.client_id is not None and (wish.actor, wish.client_id) in self.keys:
            where, text, reply_to, sent = self.keys[wish.actor, wish.client_id]
            if exists and (where, text, reply_to) == (log, wish.text, wish.reply_to):
                return replace(sent, duplicate=True)
            return IdempotencyConflict
        if target is None:
            return NotFound
        if wish.reply_to is not None and not (exists and wish.reply_to <= len(self.logs[log])):
            return NotFound
        if wish.reply_to is not None and log == LOBBY and PEOPLE[wish.actor] is BARE:
            return NotFound  # a bare guest cannot read earlier messages, so it cannot reply to one
        messages = self.logs.setdefault(log, [])
        messages.append(wish.text)
        sent = PostResult(log, len(messages), len(messages), 1)
        if wish.client_id is not None:
            self.keys[wish.actor, wish.client_id] = (log, wish.text, wish.reply_to, sent)
        return sent


@dataclass(frozen=True)
class Written:
    outcomes: list[Outcome]
    entries: list[LoggedEvent]


def write(connection: Connection, posts: Sequence[Post], cache: WriterCache) -> Written:
    """Write posts in one batch and return the events to publish after COMMIT."""
    transaction = WriterTransaction(connection, cache)
    outcomes = posting.write(transaction, posts)
    return Written(outcomes, [LoggedEvent(log, model_of(event)) for log, event in transaction.appender.entries])


def logged(connection: Connection, log: str, after: int = 0, limit: int = 1_000) -> list[LoggedEvent]:
    """Events of a log, each as its model."""
    return [LoggedEvent(entry.log, model_of(entry.event)) for entry in event_page(connection, log, after, limit)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(wishes, min_size=1, max_size=12), st.booleans(), st.booleans()), max_size=5))
def test_random_batches(runs: list[tuple[list[Wish], bool, bool]]) -> None:
    """For any posts in any batches, with a warm or cold writer cache, also after a rollback and repeat: every outcome
    is the model's, `seq` and `ordinal` are dense, a key answers once, and the published events are those of the log."""
    model, cache = Model(), WriterCache()
    published = []
    with database() as connection:
        for run, forget, repeat in runs:
            if forget:
                cache = WriterCache()
            posts: list[Post] = []
            expected: list[Outcome | type[Exception]] = []
            for wish in run:
                actor = PEOPLE[wish.actor]
                peer = None if wish.to is None else PEOPLE[wish.to]
                log = LOBBY if peer is None else pair_of(actor, peer)
                # By id: the id from before this batch. If the direct does not exist yet, an unknown id.
                named = None if peer is None or not wish.by_id else model.names.get(log, "d-unknown")
                posts.append(
                    make_post(
                        actor, wish.text, conversation=named, at=1,
                        peer=None if named else peer, client_id=wish.client_id, reply_to=wish.reply_to,
                    )
                )  # fmt: skip
                expected.append(model.expect(wish, None if named == "d-unknown" else log, log))
            if repeat:
                transaction = connection.begin()
                write(connection, posts, cache)
                transaction.rollback()
                cache.clear()
            with connection.begin():
                written = write(connection, posts, cache)
            for outcome, wanted in zip(written.outcomes, expected, strict=True):
                if isinstance(outcome, PostResult) and isinstance(wanted, PostResult):
                    if wanted.conversation != LOBBY:
                        model.names.setdefault(wanted.conversation, outcome.conversation)
                        wanted = replace(wanted, conversation=model.names[wanted.conversation])
                    assert outcome == wanted
                else:
                    assert type(outcome) is wanted
            published += written.entries
        with connection.begin():
            for log, texts in model.logs.items():
                name = model.names.get(log, log)
                entries = logged(connection, name)
                assert [entry.event.seq for entry in entries] == list(range(1, len(texts) + 1))
                assert [e.event.message.text for e in entries if isinstance(e.event, MessageCreated)] == texts
                assert entries == [entry for entry in published if entry.log == name]
            stored = {uid for (uid,) in connection.execute(select(users.c.uid))}
            spoke = {entry.event.actor_uid for entry in published}
            assert spoke <= stored
            for uid in stored:
                own = logged(connection, f"@me:{uid}")
                assert own == [entry for entry in published if entry.log == f"@me:{uid}"]
            for actor in PEOPLE:
                check_unread(connection, actor)


def check_unread(connection: Connection, actor: Actor) -> None:
    """The unread count of a direct is the number of events of others in its log."""
    for state in states.states(connection, actor, "since_joined", None, 100).states:
        if state.kind == "direct":
            entries = event_page(connection, state.conversation, 0, 1_000)
            assert state.unread == sum(entry.event.actor_uid != actor.uid for entry in entries)


def test_a_message_is_rendered_from_the_present(connection: Connection) -> None:
    """After an edit, replay and history return the new text. After a deletion they return a tombstone without any of
    the text."""
    posts = [make_post(ALI, text) for text in ("bir", "ikki", "uch")]
    with connection.begin():
        write(connection, posts, WriterCache())
        connection.execute(update(events).where(events.c.seq == 2).values(text="ikki!", edited_at=5_000))
        connection.execute(update(events).where(events.c.seq == 3).values(deleted=True))
        replayed = [entry.event for entry in logged(connection, LOBBY)]
        messages = [event.message for event in replayed if isinstance(event, MessageCreated)]
        assert [(m.text, m.edited_at, m.deleted) for m in messages] == [
            ("bir", None, False), ("ikki!", 5_000, False), ("", None, True),
        ]  # fmt: skip
        page = history.page(connection, ALI, LOBBY, before=None, after=None, around=None, limit=10, lobby_history="all")
        assert list(page.messages) == messages


def test_an_edit_does_not_make_a_repeat_a_conflict(connection: Connection) -> None:
    """An edit does not make a repeat a conflict: the key is compared with the original content."""
    post = make_post(ALI, "bir", client_id="k")
    with connection.begin():
        write(connection, [post], WriterCache())
        connection.execute(update(events).values(text="boshqa", edited_at=5_000))
        assert write(connection, [post], WriterCache()).outcomes == [PostResult(LOBBY, 1, 1, post.at, duplicate=True)]


def test_history_counts_messages_only(connection: Connection) -> None:
    """Pages are full although other events lie between messages. A position may be the `seq` of such an event."""
    cache = WriterCache()
    with connection.begin():
        for start in (1, 4, 7):
            write(connection, [make_post(ALI, f"{i}") for i in range(start, start + 3)], cache)
            log = cache.named[LOBBY]
            others = []
            for _ in range(5):
                log.head += 1
                others.append(EventRow(log.id, log.head, "message.pinned", 1, "ali", "u-ali", target=1))
            insert_rows(connection, events, others)
        update_rows(connection, conversations, ("id",), ("head",), [(log.id, log.head)], add=False)

        def page(**place: int) -> tuple[list[str], bool, bool]:
            where = {"before": None, "after": None, "around": None} | place
            found = history.page(connection, ALI, LOBBY, limit=4, lobby_history="all", **where)
            return [message.text for message in found.messages], found.has_before, found.has_after

        assert page() == (["6", "7", "8", "9"], True, False)
        assert page(before=14) == (["3", "4", "5", "6"], True, True)  # a pin between 6 and 7
        assert page(after=6) == (["4", "5", "6", "7"], True, True)  # a pin between 3 and 4
        assert page(around=14) == (["4", "5", "6", "7"], True, True)
        assert page(after=24) == ([], True, False)
        assert [entry.event.type for entry in logged(connection, LOBBY, 2, 3)] == [
            "message.created", "message.pinned", "message.pinned",
        ]  # fmt: skip


def test_a_rolled_back_batch_leaves_nothing(connection: Connection) -> None:
    """A batch that is rolled back leaves no rows. After the cache is cleared, numbers continue from the tables."""
    cache = WriterCache()
    with connection.begin():
        write(connection, [make_post(ALI, client_id="1")], cache)
    transaction = connection.begin()
    write(connection, [make_post(ALI, client_id="2"), make_post(ALI, client_id="3", peer=VALI)], cache)
    transaction.rollback()
    cache.clear()
    with connection.begin():
        outcomes = write(connection, [make_post(VALI, client_id="4"), make_post(ALI, client_id="3", peer=VALI)], cache)
        assert [outcome.seq for outcome in outcomes.outcomes if isinstance(outcome, PostResult)] == [2, 1]
        assert len(connection.execute(select(idempotency)).all()) == 3


def test_another_writer_made_the_direct_first(connection: Connection) -> None:
    """If another writer created the direct first, the second writer uses it and publishes no `conversation.added`."""
    behind = WriterCache()
    with connection.begin():
        behind.load_own(connection, {"u-ali", "u-vali"}, 1)
        name = met(WriterTransaction(connection, WriterCache()), ALI, VALI, 1)
        transaction = WriterTransaction(connection, behind)
        log, is_new = make_direct(transaction, VALI, (VALI, ALI), 1, writes=True)
        transaction.appender.flush()
        assert (log.name, is_new, transaction.appender.entries) == (name, False, [])
        assert connection.execute(select(conversations.c.name).where(conversations.c.kind == "direct")).all() == [
            (name,)
        ]


def test_a_batch_is_a_handful_of_statements(connection: Connection) -> None:
    """A batch takes few statements for any number of posts, because each statement takes the interpreter's lock
    once."""
    cache = WriterCache()
    people = [Actor(f"u{i}", f"odam{i}", lobby_from=0) for i in range(256)]
    posts = [make_post(person, client_id=f"k{i}", reply_to=1) for i, person in enumerate(people)]
    with connection.begin():
        quoted = make_post(Actor("u-other", "boshqa", lobby_from=0))
        write(connection, [quoted, *(make_post(person) for person in people)], cache)
    statements = executed(connection)
    with connection.begin():
        written = write(connection, posts, cache)
    assert all(isinstance(outcome, PostResult) for outcome in written.outcomes)
    assert len(statements) <= 12, statements


def test_few_statements_for_any_number_of_logs(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of distinct statements is small, because a connection keeps each prepared one. One statement for each
    number of names took a hundred megabytes."""
    statements: set[str] = set()
    fetch = values.fetch

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.add(statement)

    def noted(connection: Connection, text: str, parameters: tuple[object, ...]) -> list[tuple[object, ...]]:
        statements.add(text)
        return fetch(connection, text, parameters)

    event.listen(connection.engine, "before_cursor_execute", note)
    monkeypatch.setattr(values, "fetch", noted)
    with connection.begin():
        for size in range(1, 400):
            heads = log_heads(connection, [LOBBY, *(f"c{i}" for i in range(size))])
            assert len(heads) == size + 1
            read_people(connection, range(size))
    assert len(statements) == 2 * 9  # the statements for 1, 2, 4 … 256 names


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 600])
def test_rows_of_any_number(connection: Connection, size: int) -> None:
    """Any number of rows is inserted, found by key and updated, each row once."""
    with connection.begin():
        keys = ("uid", "conversation_id")
        insert_rows(connection, reads, [(f"u{i}", 1, i, 0, i) for i in range(size)])
        update_rows(connection, reads, keys, ("own_since",), [(f"u{i}", 1, i) for i in range(size)], add=True)
        update_rows(connection, reads, keys, ("own_since",), [(f"u{i}", 1, 1) for i in range(size)], add=True)
        found = find_rows(connection, reads, keys, ("read_ordinal", "own_since"), [(f"u{i}", 1) for i in range(size)])
        assert sorted(found) == [(i, i + 1) for i in range(size)]
        assert find_rows(connection, reads, keys, ("uid",), [("u0", 2)]) == []
        assert find_rows(connection, reads, keys, ("uid",), []) == []


@pytest.mark.parametrize(
    ("table", "keys"),
    [(idempotency, ("key", "uid")), (events, ("conversation_id", "seq")), (events, ("conversation_id", "ordinal"))],
)
def test_keys_are_looked_up_by_index(connection: Connection, table: Table, keys: tuple[str, str]) -> None:
    """A key lookup uses the index. `(a, b) IN (VALUES ...)` reads the whole table on SQLite."""
    plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + values._select_text(table, keys, ("seq",), 2), ("1",) * 4)
    details = [row[3] for row in plan]
    assert any(detail.startswith(f"SEARCH {table.name}") for detail in details), details
    connection.rollback()


def test_too_much_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer cache is bounded: `trim` clears it when it is above its limit."""
    cache = WriterCache()
    cache.users = {str(i) for i in range(200_001)}
    cache.trim()
    assert not cache.users
