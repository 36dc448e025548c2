"""How often the writer waits for PostgreSQL: other nodes wait for the locked logs as long as it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from suhbat.chat.model import Actor, CommandResult, PostResult
from suhbat.errors import NotFound
from suhbat.protocol import commands
from suhbat.protocol.events import ConversationAdded
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import HistoryFrom
from suhbat.protocol.types import LOBBY
from suhbat.store.postgres.pipeline import Pipeline, of
from suhbat.store.postgres.shared_committer import NEW_DIRECTS
from suhbat.store.postgres.store import PostgresStore
from suhbat.store.write import committer
from tests import engines
from tests.commands import execute
from tests.fakes import FakeClock
from tests.store.parts import ALI, VALI, Listener

MOST = 4
"""Round trips of a batch of posts."""
SOLI = Actor("u-soli", "soli", lobby_from=0)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    yield engines.database_of(tmp_path)
    engines.give_back(tmp_path)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def store(url: str, listener: Listener) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(url, clock=FakeClock())
    await store.open(listener.committed)
    yield store
    await store.close()


@pytest.fixture
def trips(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The round trips of the writer."""
    seen: list[str] = []
    real = Pipeline.run

    def run(pipeline: Pipeline) -> Any:
        if pipeline._queued:
            seen.append("; ".join(statement.text.decode() for statement, _ in pipeline._queued))
        return real(pipeline)

    monkeypatch.setattr(Pipeline, "run", run)
    assert store._writes is not None

    def note(connection: Connection, text: str) -> None:
        if of(connection) is not None:  # the search index has a connection of its own
            seen.append(text)

    event.listen(store._writes, "before_cursor_execute", lambda connection, _, text, *rest: note(connection, text))
    event.listen(store._writes, "commit", lambda connection: note(connection, "COMMIT"))
    return seen


async def test_a_batch_of_posts(store: PostgresStore, listener: Listener, trips: list[str]) -> None:
    """A batch of posts needs at most four round trips, whatever its size and the number of its logs: a room, directs and
    the lobby, with keys, replies and repetitions."""
    room = (await execute(store, commands.Create, ALI, 1, title="Xona")).conversation
    await execute(store, commands.Admit, ALI, 1, conversation=room, person=VALI, role="member", exempt=True)
    peers = [Actor(f"u-{n}", f"u{n}", lobby_from=0) for n in range(20)]
    places: list[dict[str, Any]] = [{"conversation": room}, {}, *({"peer": peer} for peer in peers)]

    async def round_of(number: int, replied: list[int | None]) -> list[Any]:
        del trips[:]
        asked = [
            listener.ask(store, sender, client_id=f"{number}-{n}", reply_to=replied[n], **place)
            for n, place in enumerate(places)
            for sender in ((ALI,) if "peer" in place else (ALI, VALI))
        ]
        return list(await asyncio.gather(*asked))

    nothing: list[int | None] = [None] * len(places)
    first = await round_of(1, nothing)
    for number, replied in ((2, nothing), (3, [1 if "peer" in place else first[0].seq for place in places])) * 2:
        outcomes = await round_of(number, replied)
        assert all(isinstance(outcome, PostResult) for outcome in outcomes), outcomes
        assert 0 < len(trips) <= MOST, trips


async def test_a_message_alone(store: PostgresStore, listener: Listener, trips: list[str]) -> None:
    """A message alone needs three: lock and read; write; COMMIT."""
    await listener.send(store, ALI, peer=VALI)
    await listener.send(store, VALI, peer=ALI)
    for sender, peer in ((ALI, VALI), (VALI, ALI)):
        del trips[:]
        await listener.send(store, sender, peer=peer, client_id=f"{len(listener.heard)}")
        assert len(trips) == 3, "\n".join(trips)


@pytest.mark.parametrize("history", ["all", "joined"])
async def test_replies_in_threads(
    store: PostgresStore, listener: Listener, trips: list[str], history: HistoryFrom
) -> None:
    """Replies of followers need no more round trips than messages: three alone, and at most four in a batch of any size, in
    several threads and conversations, also beside messages, quotations and repetitions."""
    rooms = [
        (await execute(store, commands.Create, ALI, 1, title="Xona", history=history)).conversation for _ in range(2)
    ]
    for room in rooms:
        await execute(store, commands.Admit, ALI, 1, conversation=room, person=VALI, role="member", exempt=True)
    places = [
        (room, (await listener.send(store, ALI, conversation=room)).seq) for room in (*rooms, LOBBY) for _ in range(3)
    ]
    for sender in (ALI, VALI):
        for room, root in places:
            await listener.send(store, sender, conversation=room)
            await listener.send(store, sender, conversation=room, thread=root)  # they follow now
    for sender in (ALI, VALI):
        for room, root in places[::3]:
            del trips[:]
            await listener.send(store, sender, conversation=room, thread=root, client_id=f"{len(listener.heard)}")
            assert len(trips) == 3, "\n".join(trips)
    for _ in range(2):
        del trips[:]
        asked = [
            listener.ask(store, sender, conversation=room, client_id=f"{sender.uid}{n}", thread=root)
            for n, (room, root) in enumerate(places)
            for sender in (ALI, VALI)
        ]
        asked += [listener.ask(store, VALI, conversation=room, reply_to=root) for room, root in places]
        outcomes = await asyncio.gather(*asked)
        assert all(isinstance(outcome, PostResult) for outcome in outcomes), outcomes
        assert 0 < len(trips) <= MOST, trips


async def test_work_does_not_see_what_was_read_for_posts(
    store: PostgresStore, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What posts had read ahead is not the answer to a command in the same transaction, before which other commands may have
    changed it: a member who has just joined does not reach what was written before."""
    monkeypatch.setattr(committer, "WORK_SECONDS", 60.0)
    room = (await execute(store, commands.Create, ALI, 1, title="Xona", history="joined")).conversation
    old = (await listener.send(store, ALI, conversation=room)).seq
    for again in range(3):
        refused, admitted, reacted = await asyncio.gather(
            listener.ask(store, SOLI, conversation=room, reply_to=old),
            execute(store, commands.Admit, ALI, 1, conversation=room, person=SOLI, role="member", exempt=True),
            execute(store, commands.React, SOLI, 1, conversation=room, seq=old, emoji="👍", on=True),
            return_exceptions=True,
        )
        assert isinstance(refused, NotFound) and isinstance(admitted, CommandResult), (refused, admitted)
        assert isinstance(reacted, NotFound), (again, reacted)
        await execute(store, commands.Remove, ALI, 1, conversation=room, person=SOLI)


async def test_first_messages_to_hidden_directs(store: PostgresStore, listener: Listener, trips: list[str]) -> None:
    """How often a batch of first messages to directs waits for the database does not depend on how many there are. Each
    shows its direct to the other user."""

    async def first_messages(first: int, count: int) -> int:
        people = [
            (Actor(f"u-{n}", f"u{n}", lobby_from=0), Actor(f"v-{n}", f"v{n}")) for n in range(first, first + count)
        ]
        names = [(await execute(store, commands.Meet, actor, 1, people=(peer,))).conversation for actor, peer in people]
        del trips[:], listener.heard[:]
        sent = [listener.ask(store, actor, conversation=name) for name, (actor, _) in zip(names, people, strict=True)]
        assert all(isinstance(one, PostResult) for one in await asyncio.gather(*sent))
        told = [entry.log for entry in listener.entries if isinstance(entry.event, ConversationAdded)]
        assert told == [own_log(peer.uid) for _, peer in people]
        return len(trips)

    few = await first_messages(0, 4)
    assert await first_messages(100, 32) == few


async def test_many_new_directs(store: PostgresStore, listener: Listener, trips: list[str]) -> None:
    """A transaction makes few directs, because other nodes wait for its end. The other items keep their order."""
    people = [(Actor(f"u-{n}", f"u{n}", lobby_from=0), Actor(f"v-{n}", f"v{n}")) for n in range(3 * NEW_DIRECTS)]
    asked = [
        listener.ask(store, actor, text, **place)
        for actor, peer in people
        for text, place in (("1", {"peer": peer}), ("2", {"peer": peer}), (actor.uid, {}))
    ]
    made = execute(store, commands.Create, ALI, 1, title="Xona")
    *outcomes, room = await asyncio.gather(*asked, made)
    assert isinstance(room, CommandResult)
    assert trips.count("COMMIT") >= 3
    seqs = [outcome.seq if isinstance(outcome, PostResult) else None for outcome in outcomes]
    assert seqs == [seq for n in range(len(people)) for seq in (1, 2, n + 1)]


async def test_work_sees_what_posts_wrote(store: PostgresStore, listener: Listener) -> None:
    """Statements of posts that are queued are sent before those of other work in the same transaction."""
    answers = await asyncio.gather(
        listener.ask(store, ALI, "one", peer=SOLI),
        execute(store, commands.Create, ALI, 1, title="Xona"),
        listener.ask(store, ALI, "two", peer=SOLI),
    )
    sent = [answer for answer in answers if isinstance(answer, PostResult)]
    assert [one.seq for one in sent] == [1, 2]
    assert (await store.heads([sent[0].conversation]))[sent[0].conversation] == 2


@pytest.mark.parametrize("post", [True, False])
async def test_prepared_statements_after_refused_commands(store: PostgresStore, listener: Listener, post: bool) -> None:
    """A refused command is rolled back to a savepoint, after which psycopg deallocates the statements that it has prepared
    because they were repeated, and ours as well. Nothing is refused for that reason, whatever was repeated how often."""
    for creations in (0, 0, *[1] * 8, 12, 1):
        posts = [listener.ask(store, ALI)] if post else []
        answers = await asyncio.gather(
            *posts,
            execute(store, commands.Update, VALI, 1, conversation="rnone", title="?"),
            *(execute(store, commands.Create, ALI, 1, title="Xona") for _ in range(creations)),
            return_exceptions=True,
        )
        refused = answers.pop(len(posts))
        assert isinstance(refused, NotFound), refused
        assert not any(isinstance(answer, BaseException) for answer in answers), answers
        assert isinstance(await listener.ask(store, ALI), PostResult)
        for _ in range(creations - 1):
            await execute(store, commands.Create, ALI, 1, title="Xona")


async def test_prepared_statements_are_few(store: PostgresStore, listener: Listener) -> None:
    """A connection prepares each statement once, whatever the sizes of the batches."""

    def prepared() -> int:
        assert store._writer is not None
        connection = store._writer._transactions._connection
        assert connection is not None
        queue = of(connection)
        assert queue is not None
        return len(queue._prepared)

    async def send(count: int) -> None:
        await asyncio.gather(*(listener.ask(store, ALI, f"{n}", client_id=f"{count}-{n}") for n in range(count)))

    for count in (2, 3):
        await send(count)
    first = prepared()
    for count in (4, 20, 100):
        await send(count)
    assert prepared() == first
