"""A server with a room in which many people are away and want to be told of each message, and the push service that is told.
For `push.py`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from catalogue import server_of
from files import account
from machine import free_port
from servers import ROOT, Running, end, start

sys.path.insert(0, str(ROOT))

from sqlalchemy import Connection, insert, select

from suhbat.chat.model import Account, Actor, PushSubscription, Session
from suhbat.config import Settings
from suhbat.notify.encoding import decode
from suhbat.protocol.commands import Create
from suhbat.runtime.app import ServerApp
from suhbat.store.people import push, sessions
from suhbat.store.tables import conversations, members, notify_levels, reads
from tests.talk import V1

OWNER = Actor("u-owner", "owner", "account", lobby_from=0)
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
"""The key of a browser, of RFC 8291."""
YEAR = 365 * 24 * 3600 * 1000
SETTINGS = {"SUHBAT_OUTGOING_ALLOW": "127.0.0.0/8", "SUHBAT_SEND_RATE": "0"}
AT_ONCE = 100


class PushService:
    """Counts what is pushed, in a process of its own. `last`: when the last push came."""

    def __init__(self, core: int | None) -> None:
        context = get_context("fork")
        self.port = free_port()
        self._count, self._last = context.Value("Q", 0), context.Value("d", 0.0)
        self._process = context.Process(target=self._serve, args=(core,), daemon=True)
        self._process.start()

    @property
    def count(self) -> int:
        return int(self._count.value)

    @property
    def last(self) -> float:
        return float(self._last.value)

    def close(self) -> None:
        self._process.kill()
        self._process.join()

    def _serve(self, core: int | None) -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})
        os.nice(19)  # it shares a core with those who chat
        asyncio.run(self._main())

    async def _main(self) -> None:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
                    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
                    await writer.drain()
                    self._count.value += 1
                    self._last.value = time.perf_counter()
            writer.close()

        server = await asyncio.start_server(take, "127.0.0.1", self.port, backlog=256)
        await server.serve_forever()


class Room(NamedTuple):
    """A server with a room of people who are away; the tokens of a pair who chat, and of one who writes in the room."""

    title: str
    server: Running
    name: str
    pair: tuple[str, str]
    writer: str


async def fill(data: Path, count: int, port: int) -> str:
    """Make a room of people who want to be told of everything, each with a subscription at this port. Returns its id."""
    store = ServerApp(Settings(data=str(data), log_level="error")).node.store
    await store.open(lambda entries: None)
    now = time.time_ns() // 1_000_000
    try:
        room = (
            await store.execute(OWNER, now, Create(type="create", title="Maydon", visibility="public"))
        ).conversation

        people = [
            Account(f"u-{n}", f"odam{n}", f"odam{n}", "", None, "member", "uz", False, 0, now) for n in range(count)
        ]
        for first in range(0, count, AT_ONCE):
            await asyncio.gather(*(store.add_account(one) for one in people[first : first + AT_ONCE]))

        def enter(connection: Connection) -> None:
            (log_id,) = connection.execute(select(conversations.c.id).where(conversations.c.name == room)).one()
            keys = decode(P256DH), bytes(16)
            for one in people:
                session = Session(f"s-{one.uid}", one.uid, one.uid.encode(), None, now, now, now, now + YEAR, "")
                sessions.add(connection, session)
                endpoint = f"http://127.0.0.1:{port}/push/{one.uid}"
                push.save(
                    connection, PushSubscription(f"p-{one.uid}", one.uid, session.id, endpoint, *keys, "", now, now), 16
                )
                at = {"uid": one.uid, "conversation_id": log_id}
                connection.execute(insert(members), at | {"role": "member"})
                connection.execute(insert(reads), at | {"read_ordinal": 0, "own_since": 0})
                connection.execute(insert(notify_levels), at | {"level": "all"})

        await store._write(enter)  # type: ignore[attr-defined]  # a thousand commands take a minute
        return room
    finally:
        await store.close()


@contextmanager
def running(title: str, data: Path, room: str, core: int | None, settings: dict[str, str]) -> Iterator[Room]:
    settings = SETTINGS | settings | {"SUHBAT_DATA": str(data)}
    process, server = start(server_of("suhbat"), data, free_port(), core, settings)
    names = [f"{name}{os.urandom(3).hex()}" for name in ("salim", "karim", "yozuvchi")]
    try:
        tokens = [account(server.port, name) for name in names]
        yield Room(title, server, room, (tokens[0], tokens[1]), tokens[2])
    finally:
        end(process)


@asynccontextmanager
async def writing(room: Room) -> AsyncIterator[V1]:
    """A connection of somebody who writes in the room."""
    async with V1(f"ws://127.0.0.1:{room.server.port}", room.writer) as one:
        assert (await one.ask("join", conversation=room.name))["type"] == "ok"
        yield one


@asynccontextmanager
async def pair_of(room: Room) -> AsyncIterator[tuple[V1, V1, str]]:
    url = f"ws://127.0.0.1:{room.server.port}"
    async with V1(url, room.pair[0]) as one, V1(url, room.pair[1]) as other:
        made = await one.ask("direct", users=[other.welcome["user"]["user_id"]])
        await one.ask("send", conversation=made["conversation"], text="salom")
        await other.until("message.created")
        yield one, other, made["conversation"]


async def write(one: V1, room: str, rate: int) -> None:
    """Write so many messages a second, until cancelled."""

    async def drain() -> None:
        while True:
            await one.hear()

    draining = asyncio.create_task(drain())
    try:
        until = time.perf_counter()
        while True:
            await one.say({"type": "send", "conversation": room, "text": "Maydonda gap koʻp"})
            until += 1 / rate
            await asyncio.sleep(max(0.0, until - time.perf_counter()))
    finally:
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)


def queued(room: Room) -> int:
    """The rows of the queue of pushes now."""
    data: Any = room.server.scratch
    with contextlib.closing(sqlite3.connect(f"file:{data / 'suhbat.db'}?mode=ro", uri=True)) as raw:
        counted = "SELECT (SELECT count(*) FROM push_due) + (SELECT count(*) FROM push_due_rooms)"
        return int(raw.execute(counted).fetchone()[0])
