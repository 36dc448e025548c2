"""kill -9 under load: nothing acknowledged is lost, nothing comes twice (G1 to G5), and the server is back at once."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from tests.servers import COMMANDS, PATIENCE, Server
from tests.talk import V1

from .failpoints import FAILPOINTS, FILE_POINTS
from .participants import Participant, Place, SdkParticipant, Writer

SETTLE_SECONDS = PATIENCE
POINT_SECONDS = 4.0
"""How long to wait for a failpoint."""
WRITERS = 4
POINTS = [name for name in FAILPOINTS if name not in ("when_refused", *FILE_POINTS)]
"""`when_refused` needs a failing disk."""
ENDS = [end for point in POINTS for end in ("", point)]
"""Half of the rounds end from outside, the others at each failpoint in turn."""
SERVE = COMMANDS["suhbat"][2:]
LIMITS = {
    "SUHBAT_SEND_RATE": "0",
    "SUHBAT_ROOM_RATE": "0",
    "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
    "SUHBAT_LOG_LEVEL": "warning",
}

Acknowledged = Mapping[str, Place]
"""The acknowledged messages by client_id."""


class Row(NamedTuple):
    """An event in the database."""

    log: str
    seq: int
    ordinal: int | None
    client_id: str | None


class Party:
    """Everybody who talks in this test: writers, each with a reader to whom they also write directly, and one user of
    the SDK."""

    def __init__(self, server: Server, chance: random.Random, port: int | None = None) -> None:
        """`port`: where they connect, if not to the server itself."""

        def token(name: str) -> str:
            self.tokens[name] = server.guest(name)
            return self.tokens[name]

        self.tokens: dict[str, str] = {}
        ws = f"ws://127.0.0.1:{port or server.port}"
        self.readers = [Participant(name, ws, token(name)) for name in (f"reader{n}" for n in range(WRITERS))]
        self.writers = [
            Writer(name, ws, token(name), reader.name, chance.getrandbits(32))
            for reader in self.readers
            for name in (reader.name.replace("reader", "writer"),)
        ]
        self.sdk = SdkParticipant("sdk", f"http://127.0.0.1:{port or server.port}", token("sdk"))

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
        """Wait until a sender awaits an acknowledgement."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not self.in_flight:
                await asyncio.sleep(0)

    def stop(self) -> None:
        self.sdk.stopping = True
        for writer in self.writers:
            writer.stopping = True

    async def finish(self) -> None:
        """Stop writing, and let everybody read to the end."""
        self.stop()
        limit = time.monotonic() + SETTLE_SECONDS
        while missing := self.missing():
            assert time.monotonic() < limit, missing
            await asyncio.sleep(0.05)

    def missing(self) -> str:
        """The participants who have not received everything yet. Empty when all outcomes are known and all is read."""
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


async def run(
    kind: str,
    place: Path,
    seed: int,
    rounds: int,
    sabotage: Sequence[str] = (),
    ends: Sequence[str] = ENDS,
    times: Sequence[int] = (1, 2, 5, 20, 60),
) -> Counter[str]:
    """Kill a server of this kind (tests.servers.COMMANDS) during its work, again and again, and check the promises to
    everybody at the end. Gives counts; raises AssertionError.

    `ends`: how each round after the first ends: at one of FAILPOINTS, at the n-th time with n from `times`, or by kill
    -9 from outside (""). `uvicorn` can be killed from outside only.
    """
    chance = random.Random(seed)
    server = Server(kind, place / "data", settings=LIMITS)
    counted: Counter[str] = Counter()
    try:
        plain = Kill(server, sabotage, "", 0)
        plain.start()
        party = Party(server, chance)
        following = [
            Kill(server, sabotage, "" if kind == "uvicorn" else ends[number % len(ends)], chance.choice(times))
            for number in range(rounds)
        ]
        ready = await _storm(server, party, chance, following, counted)
        await compare_with_history(server, party)
        server.stop()
        compare_with_store(rows_of(server), party)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    counted["acknowledged"] = len(party.acknowledged)
    counted["acknowledged only when repeated"] = sum(writer.duplicates for writer in party.writers)
    counted["ready again after ms (median)"] = round(statistics.median(ready) * 1000)
    counted["ready again after ms (most)"] = round(max(ready) * 1000)
    return counted


@dataclass(frozen=True, slots=True)
class Kill:
    """How a server will die: at a failpoint, or from outside."""

    server: Server
    sabotage: Sequence[str]
    point: str
    times: int

    def start(self) -> float:
        """Start it with the failpoint armed. If it dies before it is ready, start it again without. Gives the seconds
        until it was ready."""
        faults = [*self.sabotage, *([f"{self.point}:{self.times}"] if self.point else [])]
        self.server.command = ("-m", "tests.proof.serve", *faults, "--", *SERVE) if faults else ()
        try:
            return self.server.start()
        except AssertionError:
            if not self.point or self.server.process is None or self.server.process.poll() != -signal.SIGKILL:
                raise
            return replace(self, point="").start()

    async def happen(self) -> bool:
        """Wait for the failpoint, or kill it. Gives whether it was the failpoint."""
        limit = time.monotonic() + POINT_SECONDS
        process = self.server.process
        assert process is not None
        while self.point and process.poll() is None and time.monotonic() < limit:
            await asyncio.sleep(0.005)
        died = process.poll() is not None
        self.server.kill()
        assert process.returncode == -signal.SIGKILL, (
            f"ended with {process.returncode}:\n{self.server.printed()[-3000:]}"
        )
        return died


async def _storm(
    server: Server, party: Party, chance: random.Random, following: Sequence[Kill], counted: Counter[str]
) -> list[float]:
    """Kill and restart while everybody talks, then let them finish. Gives how long each start took."""
    ready: list[float] = []
    up = asyncio.Event()
    up.set()
    kill = replace(following[0], point="")
    async with asyncio.TaskGroup() as tasks:
        living = [tasks.create_task(client.live(up)) for client in party.clients]
        living.append(tasks.create_task(party.sdk.live()))
        for number, next_kill in enumerate(following):
            if not kill.point:
                # At a random time, sometimes while clients are still resuming; the first time certainly during their work.
                await asyncio.sleep(chance.uniform(0.02, 0.5))
                if number % 4 in (0, 1):
                    await party.busy()
            counted["in flight"] += party.in_flight
            await _happen(kill, counted)
            up.clear()
            kill = next_kill
            ready.append(await asyncio.to_thread(kill.start))
            up.set()
        await _happen(kill, counted)
        up.clear()
        await asyncio.to_thread(replace(kill, point="").start)
        up.set()
        await asyncio.sleep(0.5)
        await party.finish()
        for task in living:
            task.cancel()
    return ready


async def _happen(kill: Kill, counted: Counter[str]) -> None:
    died = await kill.happen()
    counted[f"kill -9 {kill.point.replace('_', ' ') if died else 'from outside'}"] += 1


async def compare_with_history(server: Server, party: Party) -> None:
    """A new client finds every acknowledged message once, at the place of its acknowledgement."""
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


def rows_of(server: Server) -> list[Row]:
    """Every event in the database, which must be sound: nothing torn, `seq` from 1 to the head, `ordinal` from 1 to the
    last."""
    if (url := server.database_url) is not None:
        with psycopg.connect(url) as database:
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


def compare_with_store(rows: Iterable[Row], party: Party) -> None:
    """Exactly the acknowledged messages are stored, once each, and everybody applied all of them from their start."""
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
