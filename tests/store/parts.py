"""People, posts and a listener for the tests of the store; and the stores that the contract is run over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from suhbat.chat.model import Actor, Guest, Outcome, Post, PostResult, States
from suhbat.chat.ports import Store
from suhbat.chat.slash import Slash
from suhbat.directories import make_directory
from suhbat.errors import SuhbatError
from suhbat.protocol.commands import Meet
from suhbat.protocol.extras import Extra
from suhbat.protocol.logged_events import LoggedEvent, model_of
from suhbat.protocol.types import LOBBY
from suhbat.store.fts5 import SECURE_DELETE
from suhbat.store.postgres.connect import connect as postgres_at
from suhbat.store.postgres.store import PostgresStore
from suhbat.store.sqlite import connect
from suhbat.store.sqlite.store import SQLiteStore
from suhbat.store.write import commands
from suhbat.store.write.transaction import WriterTransaction
from tests import engines
from tests.commands import execute, made
from tests.fakes import FakeClock
from tests.migrated import migrated

ALI = Actor("u-ali", "ali", lobby_from=0)
VALI = Actor("u-vali", "vali", lobby_from=0)
BARE = Actor("u-bare", "yolovchi")


def sqlite(place: Path, **settings: Any) -> Store:
    """A store in a fresh directory of its own; the same place again is the same data. The file has the schema already."""
    if place.parent.is_dir() and not place.exists():
        make_directory(place)
        (place / "suhbat.db").write_bytes(migrated())
        (place / "suhbat.db").chmod(0o600)
    return SQLiteStore(place, **({"clock": FakeClock()} | settings))


def postgres(place: Path, **settings: Any) -> Store:
    """The same in a database of its own."""
    return PostgresStore(engines.database_of(place), **({"clock": FakeClock()} | settings))


AFTERWARDS: Mapping[Callable[..., Store], Callable[[Path], None]] = {
    sqlite: lambda directory: None,
    postgres: engines.give_back,
}
"""What is done with the places in a directory when a test is over."""
STORES: list[Callable[..., Store]] = [sqlite, postgres]
"""Functions that take a place and the setting `lobby_history`, and give a store that is not open yet."""


def values(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every value that is written anywhere in the database of a place, with `table.column`, whichever store it is.

    The words of SQLite's search index are passed over where it is too old to take them out of the file at once.
    """
    file = place / "suhbat.db"
    engine = connect.writing(file) if file.exists() else postgres_at(engines.database_of(place))
    with engine.connect() as connection, connection.begin():
        for table in inspect(connection).get_table_names():
            if table == "search" or (table == "search_data" and sqlite3.sqlite_version_info < SECURE_DELETE):
                continue
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    yield f"{table}.{column}", value if isinstance(value, bytes) else str(value).encode()
    engine.dispose()


async def logged(store: Store, log: str, after: int, limit: int) -> list[LoggedEvent]:
    """The events of a log as models."""
    return [LoggedEvent(log, model_of(event)) for log, event in await store.events(log, after, limit)]


class Listener:
    """What `committed` and the `done`s were told, in one list, in the order in which it happened."""

    def __init__(self) -> None:
        self.heard: list[LoggedEvent | Outcome] = []

    def committed(self, entries: list[LoggedEvent]) -> None:
        self.heard += [LoggedEvent(log, model_of(event)) for log, event in entries]

    @property
    def entries(self) -> list[LoggedEvent]:
        return [item for item in self.heard if isinstance(item, LoggedEvent)]

    def ask(self, store: Store, actor: Actor, text: str = "salom", **fields: Any) -> asyncio.Future[Outcome]:
        """Post, and a future of the outcome. Without `conversation` or `peer` it goes to the lobby."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            assert not answer.done(), "done must be called once"
            self.heard.append(outcome)
            answer.set_result(outcome)

        store.post(make_post(actor, text, done, **fields))
        return answer

    async def send(self, store: Store, actor: Actor, text: str = "salom", **fields: Any) -> PostResult:
        outcome = await self.ask(store, actor, text, **fields)
        assert isinstance(outcome, PostResult), outcome
        return outcome

    async def refused(self, store: Store, actor: Actor, text: str = "salom", **fields: Any) -> SuhbatError:
        outcome = await self.ask(store, actor, text, **fields)
        assert isinstance(outcome, SuhbatError), outcome
        return outcome


def make_post(
    actor: Actor,
    text: str = "salom",
    done: Callable[[Outcome], None] = lambda outcome: None,
    *,
    conversation: str | None = None,
    peer: Actor | None = None,
    client_id: str | None = None,
    reply_to: int | None = None,
    at: int = 1_795_000_000_000,
    named: tuple[str, ...] = (),
    thread: int | None = None,
    also: bool = False,
    files: tuple[str, ...] = (),
    extra: Extra | None = None,
    slash: Slash | None = None,
) -> Post:
    if peer is None and conversation is None:
        conversation = LOBBY
    return Post(
        actor, conversation, peer, text, client_id, reply_to, at, done, named, thread, also, files, extra, slash
    )


@asynccontextmanager
async def opened(store: Store, listener: Listener | None = None) -> AsyncIterator[Store]:
    await store.open((listener or Listener()).committed)
    try:
        yield store
    finally:
        await store.close()


def guest(actor: Actor, **fields: Any) -> Guest:
    """The row of a token guest."""
    row: dict[str, Any] = {
        "uid": actor.uid,
        "user_id": actor.user_id,
        "skeleton": actor.user_id,
        "token_hash": actor.uid.encode(),
        "created_at": 1_000,
        "last_used_at": 1_000,
        "lobby_from": actor.lobby_from or 0,
    }
    return Guest(**(row | fields))


async def everything(store: Store, actor: Actor) -> States:
    """Everything that somebody sees, its pages put together."""
    found = page = await store.states(actor)
    while page.after is not None:
        page = await store.states(actor, after=page.after)
        places = replace(
            found.places,
            heads={**found.places.heads, **page.places.heads},
            since={**found.places.since, **page.places.since},
            oldest={**found.places.oldest, **page.places.oldest},
        )
        users = {user.uid: user for user in (*found.users, *page.users)}
        found = replace(found, states=found.states + page.states, places=places, users=tuple(users.values()))
    return found


async def direct(store: Store, actor: Actor, peer: Actor, at: int) -> str:
    """The id of the direct of these two, which both have opened."""
    await execute(store, Meet, actor, at, people=(peer,))
    return (await execute(store, Meet, peer, at, people=(actor,))).conversation


def met(transaction: WriterTransaction, actor: Actor, peer: Actor, at: int) -> str:
    """The same as a unit of work."""
    result = commands.execute(transaction, actor, at, *made(Meet, people=(peer,)))
    commands.execute(transaction, peer, at, *made(Meet, people=(actor,)))
    return result.conversation


def executed(connection: Connection) -> list[str]:
    """A list of the statements that this SQLite connection executes from now on, without those inside a virtual table."""
    statements: list[str] = []
    driver: Any = connection.connection.driver_connection
    driver.set_trace_callback(lambda statement: statement.startswith("--") or statements.append(statement))
    return statements


async def uids(store: Store, actor: Actor, conversation: str) -> list[str]:
    """The uids of the members of a conversation."""
    page = await store.members(actor, conversation, limit=1000)
    return [member.user.uid for member in page.members]
