"""kill -9 under load: nothing that was acknowledged is lost, nothing comes twice (G1-G5), and it is back at once."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests import engines
from tests.servers import Server
from tests.talk import V1

from .participants import Participant, Place, SdkParticipant, Writer

READY_SECONDS = 3.0
SETTLE_SECONDS = 15.0
WRITERS = 4

Acknowledged = Mapping[str, Place]
"""By client_id."""


class Row(NamedTuple):
    """An event in the database."""

    log: str
    seq: int
    ordinal: int | None
    client_id: str | None


class Party:
    """Everybody who talks in this test: writers, each with a reader whom they also write to alone, and one with the SDK."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        def token(name: str) -> str:
            self.tokens[name] = server.guest(name)
            return self.tokens[name]

        self.tokens: dict[str, str] = {}
        ws = server.ws
        self.readers = [Participant(name, ws, token(name)) for name in (f"reader{n}" for n in range(WRITERS))]
        self.writers = [
            Writer(name, ws, token(name), reader.name, chance.getrandbits(32))
            for reader in self.readers
            for name in (reader.name.replace("reader", "writer"),)
        ]
        self.sdk = SdkParticipant("sdk", server.url, token("sdk"))

    @property
    def clients(self) -> list[Participant]:
        return [*self.readers, *self.writers]

    @property
    def acknowledged(self) -> dict[str, Place]:
        found = dict(self.sdk.acknowledged)
        for writer in self.writers:
            found |= writer.acknowledged
        return found

    @property
    def in_flight(self) -> int:
        return sum(len(writer.undecided) for writer in self.writers)

    async def busy(self) -> None:
        """Until somebody waits for an acknowledgement."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not self.in_flight:
                await asyncio.sleep(0)

    def stop(self) -> None:
        self.sdk.stopping = True
        for writer in self.writers:
            writer.stopping = True

    def missing(self) -> str:
        """Who has not everything yet; empty when all is decided and read."""
        if not self.sdk.done.is_set() or self.in_flight:
            return f"{self.in_flight} messages are undecided"
        heads: dict[str, int] = defaultdict(int)
        for place in self.acknowledged.values():
            heads[place.conversation] = max(place.seq, heads[place.conversation])
        late = [
            f"{client.name} is at {cursor} of {heads[log]} in {log}"
            for client in self.clients
            for log, cursor in client.cursors.items()
            if cursor < heads[log]
        ]
        if self.sdk.applied["lobby"][-1][0] < heads["lobby"]:
            late.append(f"sdk is at {self.sdk.applied['lobby'][-1][0]} of {heads['lobby']}")
        return ", ".join(late)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "rounds"), [("suhbat", 50), ("cluster", 10), ("uvicorn", 4)])
async def test_kill_under_load(kind: str, rounds: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often the server is killed in the middle of its work: every acknowledged message is there exactly once
    and where the acknowledgement said, `seq` and `ordinal` are dense, every client applied every event once and in
    order, the epoch stays, and the server is ready again within 3 s.
    """
    caplog.set_level("ERROR", "suhbat.client")  # it would tell of every restart
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    limits = {
        "SUHBAT_SEND_RATE": "0",
        "SUHBAT_ROOM_RATE": "0",
        "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
        "SUHBAT_LOG_LEVEL": "warning",
    }
    server = Server(kind, tmp_path / "data", settings=limits)
    server.start()
    try:
        party = Party(server, chance)
        ready, in_flight = await _storm(server, party, chance, rounds)
        await _compare_with_history(server, party)
        server.stop()
        rows = _rows(server)
        _compare_with_store(rows, party)
        print(
            f"{kind}: {rounds} kills with {in_flight} messages in flight; {len(party.acknowledged)} acknowledged, "
            f"{sum(writer.duplicates for writer in party.writers)} of them only when repeated; ready again after "
            f"{statistics.median(ready):.2f} s (median), {max(ready):.2f} s (maximum)"
        )
        assert in_flight >= rounds // 2, "the server was killed while it had nothing to do"
        # The median: a machine that pauses us once says nothing about the server.
        assert statistics.median(ready) < READY_SECONDS, f"ready again after {sorted(ready)}"
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


async def _storm(server: Server, party: Party, chance: random.Random, rounds: int) -> tuple[list[float], int]:
    """Kill and restart while everybody talks, then let them finish: how long each start took, how much was in flight."""
    ready: list[float] = []
    in_flight = 0
    up = asyncio.Event()
    up.set()
    async with asyncio.TaskGroup() as tasks:
        living = [tasks.create_task(client.live(up)) for client in party.clients]
        living.append(tasks.create_task(party.sdk.live()))
        for number in range(rounds):
            # By chance, and then it is sometimes while they are still resuming; every other time surely in their midst.
            await asyncio.sleep(chance.uniform(0.02, 0.5))
            if number % 2:
                await party.busy()
            up.clear()
            server.kill()
            in_flight += party.in_flight
            ready.append(await asyncio.to_thread(server.start))
            up.set()
        await asyncio.sleep(0.5)
        party.stop()
        limit = time.monotonic() + SETTLE_SECONDS
        while missing := party.missing():
            assert time.monotonic() < limit, missing
            await asyncio.sleep(0.05)
        for task in living:
            task.cancel()
    return ready, in_flight


async def _compare_with_history(server: Server, party: Party) -> None:
    """A client that comes now finds every acknowledged message once, where the acknowledgement said."""
    found: dict[str, list[Place]] = defaultdict(list)
    for number, reader in enumerate(party.readers):
        async with V1(server.ws, party.tokens[reader.name]) as fresh:
            states = fresh.snapshot["conversations"]
            assert {state["kind"] for state in states} == {"lobby", "direct"} and len(states) == 2
            for state in states:
                if state["kind"] == "direct" or number == 0:
                    for message in await _history(fresh, state["conversation"]):
                        place = Place(message["conversation"], message["seq"], message["ordinal"])
                        found[message["client_id"]].append(place)
    assert dict(found) == {key: [place] for key, place in party.acknowledged.items()}


async def _history(client: V1, conversation: str) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = []
    while True:
        after = messages[-1]["seq"] if messages else 0
        page = await client.ask("history", conversation=conversation, after=after, limit=200)
        messages += page["messages"]
        if not page["has_after"]:
            return messages


def _rows(server: Server) -> list[Row]:
    """Every event in the database, which is sound: nothing torn, `seq` 1 to the head and `ordinal` 1 to the last."""
    if server.kind == "cluster":
        with psycopg.connect(engines.database_of(server.data)) as database:
            return _sound(lambda query: database.execute(query).fetchall())
    uri = f"{(server.data / 'suhbat.db').resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not file.execute("PRAGMA foreign_key_check").fetchall()
        return _sound(lambda query: file.execute(query).fetchall())


def _sound(ask: Callable[[str], list[Any]]) -> list[Row]:
    query = (
        "SELECT c.name, e.seq, e.ordinal, e.client_id FROM events e JOIN conversations c ON c.id = e.conversation_id "
        "ORDER BY c.name, e.seq"
    )
    rows = [Row(*row) for row in ask(query)]
    heads = ask("SELECT name, head, last_ordinal FROM conversations")
    ((keys,),) = ask("SELECT count(*) FROM idempotency")
    assert keys == sum(row.ordinal is not None for row in rows), "as many idempotency keys as messages"
    for name, head, last in heads:
        mine = [row for row in rows if row.log == name]
        assert [row.seq for row in mine] == list(range(1, head + 1)), f"seq of {name}"
        ordinals = [row.ordinal for row in mine if row.ordinal is not None]
        assert ordinals == list(range(1, last + 1)), f"ordinals of {name}"
    return rows


def _compare_with_store(rows: Iterable[Row], party: Party) -> None:
    """What was acknowledged and nothing else is stored, once; everybody applied it all from where they began."""
    logs: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
    stored: dict[str, list[Place]] = defaultdict(list)
    for row in rows:
        logs[row.log].append((row.seq, row.client_id))
        if row.ordinal is not None:
            stored[row.client_id or ""].append(Place(row.log, row.seq, row.ordinal))
    assert dict(stored) == {key: [place] for key, place in party.acknowledged.items()}
    for reader, writer in zip(party.readers, party.writers, strict=True):
        mine = {place.conversation for place in writer.acknowledged.values()} | {"lobby", "@me"}
        assert len(mine) == 3
        for client in (reader, writer):
            assert set(client.cursors) == mine, client.name
            for log in mine:
                expected = logs[f"@me:{client.uid}" if log == "@me" else log][client.start[log] :]
                assert client.applied[log] == expected, f"{client.name}: {log}"
    heard = party.sdk.applied["lobby"]
    assert heard == logs["lobby"][heard[0][0] - 1 :]
