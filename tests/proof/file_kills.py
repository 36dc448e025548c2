"""kill -9 while people upload, send and delete files: nothing acknowledged is lost, nothing is shown twice, and nothing is left
behind."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import PATIENCE, ROOT, Server
from tests.uploading import FileClient, account

from .failpoints import FILE_POINTS
from .history import FILES, ROWS, History, faults, logs, shown
from .kills import LIMITS, Kill
from .uploader import Uploader

UPLOADERS = 4
LEAST = 3
"""Messages whose files are compared in the end, however slow the machine is."""
ENDS = [end for point in (*FILE_POINTS, "after_commit", "before_commit") for end in ("", point)]
"""Every second round ends from outside, the others at each failpoint in turn."""
FILE_LIMITS = LIMITS | {"SUHBAT_FILE_QUOTA": "0"}


async def run(
    kind: str,
    place: Path,
    seed: int,
    rounds: int,
    sabotage: Sequence[str] = (),
    ends: Sequence[str] = ENDS,
    times: Sequence[int] = (1, 2, 5),
) -> Counter[str]:
    """Kill a server of this kind so often, and check everything. `cluster`: two nodes that share a directory for files, one of
    which is killed at a time. `ends`, `times`: as of `kills.run`. Gives counts; raises AssertionError."""
    chance = random.Random(seed)
    counted: Counter[str] = Counter()
    nodes = _nodes(kind, place)
    condition = (*sabotage, "eager_files")
    history = History()
    people: list[Uploader] = []
    try:
        for node in nodes:
            Kill(node, condition, "", 0).start()
        names = [f"user{number}" for number in range(UPLOADERS)]
        tokens = {name: account(nodes[0], name) for name in names}
        uids = {name: _uid(nodes[0], token) for name, token in tokens.items()}
        reader = FileClient(nodes[0].port, account(nodes[0], "reader"))
        ports = [node.port for node in nodes]
        people += [Uploader(name, ports, token, chance.getrandbits(32), history) for name, token in tokens.items()]
        living = [asyncio.ensure_future(asyncio.to_thread(one.live)) for one in people]
        try:
            await _storm(
                nodes, people, chance, [ends[number % len(ends)] for number in range(rounds)], times, condition, counted
            )
            async with asyncio.timeout(PATIENCE):
                while _kept(history, people) < LEAST and not any(one.faults for one in people):
                    await asyncio.sleep(0.05)
        finally:
            for one in people:
                one.stopping = True
        await asyncio.wait_for(asyncio.gather(*living), 2 * PATIENCE)
        assert not (found := [fault for one in people for fault in one.faults]), found
        await asyncio.to_thread(_sweep, nodes, condition)
        await asyncio.to_thread(_compare_bytes, reader, history, people, counted)
        for node in nodes:
            node.stop()
        ask = _asking(nodes[0])
        final = shown(logs(ask(ROWS)), [tuple(row) for row in ask(FILES)])
        assert not (found := list(faults(history, final, uids))), found
        _compare_records(ask, people)
        _check(nodes[0])
    finally:
        for one in people:
            one.is_abandoned = True
        for node in nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()
    counted["messages acknowledged"] = history.acknowledged
    counted["uploads resumed"] = sum(one.resumed for one in people)
    return counted


def _kept(history: History, people: Sequence[Uploader]) -> int:
    """How many acknowledged messages show files that were not deleted."""
    kept = {id_ for one in people for id_, sent in list(one.sent.items()) if not sent.deleted}
    return sum(said.place is not None and bool(kept & set(said.files)) for said in list(history.said.values()))


def _nodes(kind: str, place: Path) -> list[Server]:
    first = Server(kind, place / "data", settings=FILE_LIMITS)
    if kind != "cluster":
        return [first]
    settings = FILE_LIMITS | {"SUHBAT_FILES": str(place / "files")}
    first.settings = settings | {"SUHBAT_DATABASE_URL": str(first.database_url)}
    return [first, Server(kind, place / "data2", settings=first.settings)]


async def _storm(
    nodes: Sequence[Server],
    people: Sequence[Uploader],
    chance: random.Random,
    ends: Sequence[str],
    times: Sequence[int],
    condition: Sequence[str],
    counted: Counter[str],
) -> None:
    """Kill a node at a time, in the ways of `ends`, and start it again."""
    armed = [Kill(node, condition, "", 0) for node in nodes]
    for number, end in enumerate((*ends, "")):
        kill = armed[number % len(nodes)]
        if not kill.point:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            while number % 4 and not any(one.in_flight or one.faults for one in people):
                await asyncio.sleep(0.001)
        counted["requests in flight"] += sum(one.in_flight for one in people)
        died = await kill.happen()
        counted[f"kill -9 {kill.point.replace('_', ' ') if died else 'from outside'}"] += 1
        again = replace(kill, point=end, times=chance.choice(times))
        armed[number % len(nodes)] = again
        await asyncio.to_thread(again.start)
        assert not (found := [fault for one in people for fault in one.faults]), found


def _sweep(nodes: Sequence[Server], condition: Sequence[str]) -> None:
    """Start the nodes again so that files in no message expire, and wait until all that is due is removed."""
    for node in nodes:
        node.stop()
    for node in nodes:
        Kill(node, (*condition, "nothing_loose"), "", 0).start()
    ask, limit = _asking(nodes[0]), time.monotonic() + PATIENCE
    while any(ask(f"SELECT count(*) FROM {due}")[0][0] for due in ("files WHERE seq IS NULL", "removals")):
        assert time.monotonic() < limit, f"not removed: {ask('SELECT * FROM removals')}, {ask('SELECT * FROM files')}"
        time.sleep(0.1)


def _compare_bytes(reader: FileClient, history: History, people: Sequence[Uploader], counted: Counter[str]) -> None:
    """Others get the same bytes of every file that an acknowledged message shows, and nothing of what was deleted."""
    acknowledged = {id_ for said in history.said.values() if said.place is not None for id_ in said.files}
    for one in people:
        for id_, sent in one.sent.items():
            status, digest = reader.digest(sent.url)
            if sent.deleted:
                assert status == 404, f"{id_} was deleted, and is downloaded"
                counted["files deleted"] += 1
            elif id_ in acknowledged:
                assert (status, digest) == (200, sent.digest), f"{id_} has other bytes, or none: {status}"
                counted["files with the same SHA-256"] += 1


def _compare_records(ask: Callable[[str], list[Any]], people: Sequence[Uploader]) -> None:
    """Every record is of a file that was uploaded and not deleted. (`history.faults` looks for those that are missing.)"""
    known = {id_: sent for one in people for id_, sent in one.sent.items()}
    for id_, state, seq in ask("SELECT id, state, seq FROM files"):
        assert state == "ready" and seq is not None and not known[id_].deleted, (id_, state, seq)


def _check(server: Server) -> None:
    """`suhbat files check` finds no missing bytes and none of no file, and the working directory is empty."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    environment |= {"SUHBAT_DATA": str(server.data)} | server.engines() | dict(server.settings)
    command = [sys.executable, "-m", "suhbat", "files", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    clean = done.returncode == 0 and "0 with missing bytes; bytes of no file: 0" in done.stdout
    assert clean, done.stdout + done.stderr
    if (work := server.data / "work").exists() and server.kind != "cluster":
        assert not list(work.iterdir()), "a working directory is left"


def _uid(server: Server, token: str) -> str:
    status, me = server.request("GET", "/api/v1/me", token=token)
    assert status == 200, me
    return str(me["uid"])


def _asking(server: Server) -> Callable[[str], list[Any]]:
    """A function that reads from the database."""

    def ask(query: str) -> list[Any]:
        if (url := server.database_url) is not None:
            with psycopg.connect(url) as database:
                return database.execute(query).fetchall()
        uri = f"{(server.data / 'suhbat.db').resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as file:
            return file.execute(query).fetchall()

    return ask
