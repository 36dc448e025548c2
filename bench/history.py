"""Measures how long a page of history takes in a lobby with a million messages.

    python bench/history.py [--messages 1000000]

The store is made by Suhbat, filled with SQL in its schema, and served by Suhbat again. One reader asks for pages in
turn, with the `history` command of v1 and with `GET /api/v1/conversations/lobby/messages`: the newest, the oldest,
around places in between, and before them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import http.client
import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import guests
import table
from catalogue import server_of
from compiler import CACHE
from machine import Cores, about_disk, about_machine, cores, free_port, require_disk
from servers import ROOT, Running, end, environment, start
from websockets.sync.client import ClientConnection, connect

sys.path.insert(0, str(ROOT))

from suhbat.store.sqlite.store import SQLiteStore
from tests.fakes import FakeClock

Ask = Callable[[dict[str, int]], dict[str, Any]]
"""Gets the page for these values of before, after, around and limit."""

PEOPLE = 1_000
FIRST_AT = 1_700_000_000_000
BATCH = 10_000
WORDS = ("salom", "xabar", "suhbat", "bugun", "ertaga", "kitob", "choy", "non", "daryo", "shahar", "vaqt", "savol")


def main() -> int:
    """Returns 1 if a page is wrong."""
    asked = arguments()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="history-") as name:
        data = Path(name)
        print(f"{about_machine(placed)}\n{about_disk(data)}", flush=True)
        began = time.monotonic()
        file = fill(data, asked.messages)
        size = file.stat().st_size
        print(
            f"- {asked.messages:,} messages of {PEOPLE:,} people in {size / 1e6:,.0f} MB ({size / asked.messages:.0f} bytes "
            f"each), filled in {time.monotonic() - began:.0f} s; {asked.pages} pages of {asked.limit} of each kind\n",
            flush=True,
        )
        return measure(data, asked, placed)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures pages of history in a large store.")
    parser.add_argument("--messages", type=int, default=1_000_000, help="such as 10000000")
    parser.add_argument("--pages", type=int, default=300, help="of each kind")
    parser.add_argument("--limit", type=int, default=50, help="messages of a page")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


def fill(data: Path, messages: int) -> Path:
    """Make a store with this many messages in the lobby, as if they had been sent; gives its file."""
    folder = Path(environment(data)["SUHBAT_DATA"])
    asyncio.run(make_store(folder))
    file = folder / "suhbat.db"
    with sqlite3.connect(file) as store:
        store.execute("PRAGMA synchronous=OFF")  # the file is discarded if this fails
        (lobby,) = store.execute("SELECT id FROM conversations WHERE name = 'lobby'").fetchone()
        store.executemany(
            "INSERT INTO users (uid, user_id, kind, created_at) VALUES (?, ?, 'guest', ?)",
            ((f"u{n:021}", f"person{n}", FIRST_AT) for n in range(PEOPLE)),
        )
        for first in range(1, messages + 1, BATCH):
            numbers = range(first, min(first + BATCH, messages + 1))
            store.executemany(
                "INSERT INTO events (conversation_id, seq, type, at, actor, actor_uid, ordinal, text, client_id, deleted)"
                " VALUES (?, ?, 'message.created', ?, ?, ?, ?, ?, ?, 0)",
                event_rows(lobby, numbers),
            )
            store.executemany(
                "INSERT INTO idempotency (key, uid, conversation_id, seq, ordinal, sent_at, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                key_rows(lobby, numbers),
            )
        store.execute("UPDATE conversations SET head = ?, last_ordinal = ? WHERE id = ?", (messages, messages, lobby))
    store.close()
    return file


async def make_store(folder: Path) -> None:
    store = SQLiteStore(folder, clock=FakeClock())
    await store.open(lambda entries: None)
    await store.close()


def event_rows(lobby: int, numbers: range) -> Iterator[tuple[object, ...]]:
    for n in numbers:
        words = " ".join(WORDS[(n * 7 + i * 5) % len(WORDS)] for i in range(8 + n % 9))
        person = n % PEOPLE
        yield lobby, n, FIRST_AT + n * 1000, f"person{person}", f"u{person:021}", n, f"{n} {words}", f"key{n:012}"


def key_rows(lobby: int, numbers: range) -> Iterator[tuple[object, ...]]:
    for n in numbers:
        digest = hashlib.sha256(b"%d" % n).digest()
        yield f"key{n:012}", f"u{n % PEOPLE:021}", lobby, n, n, FIRST_AT + n * 1000, digest


def measure(data: Path, asked: argparse.Namespace, placed: Cores) -> int:
    settings = {"SUHBAT_LOBBY_HISTORY": "all"}
    process, server = start(server_of("suhbat-v1"), data, free_port(), placed.server, settings)
    try:
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        (token,) = guests.create(server.port, ["reader"])
        lines: list[list[str]] = []
        with connect(f"ws://127.0.0.1:{server.port}/api/v1/ws", compression=None, max_size=None) as socket:
            lines += [["`history`", *line] for line in pages(by_command(socket, token), asked)]
        lines += [["GET …/messages", *line] for line in pages(by_http(server, token), asked)]
    except AssertionError as wrong:
        print(f"**FAILED** {wrong}")
        return 1
    finally:
        end(process)
    print(table.markdown(("asked by", "page", "first ms", "p50 ms", "p95 ms"), lines))
    return 0


def pages(ask: Ask, asked: argparse.Namespace) -> Iterator[list[str]]:
    """For each kind of page: the time of the first one, which nothing has read before, and the percentiles of all."""
    last, limit = asked.messages, asked.limit
    places = random.Random(1)
    kinds: dict[str, Callable[[], tuple[dict[str, int], int]]] = {
        "newest": lambda: ({}, last - limit + 1),
        "oldest": lambda: ({"after": 0}, 1),
        "around": lambda: around(places.randint(limit + 1, last - limit), limit),
        "before": lambda: before(places.randint(limit + 1, last), limit),
    }
    for kind, choose in kinds.items():
        took = []
        for _ in range(asked.pages):
            query, first = choose()
            began = time.perf_counter()
            page = ask(query | {"limit": limit})
            took.append((time.perf_counter() - began) * 1e3)
            seqs = [message["seq"] for message in page["messages"]]
            assert seqs == list(range(first, first + limit)), f"{kind} {query}: {seqs[:3]} …, not from {first}"
        ordered = sorted(took)
        shares = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
        yield [kind, *(f"{milliseconds:.2f}" for milliseconds in (took[0], *shares))]


def around(place: int, limit: int) -> tuple[dict[str, int], int]:
    return {"around": place}, place - limit // 2


def before(place: int, limit: int) -> tuple[dict[str, int], int]:
    return {"before": place}, place - limit


def by_command(socket: ClientConnection, token: str) -> Ask:
    socket.send(json.dumps({"type": "hello", "id": 0, "token": token}))
    while json.loads(socket.recv(timeout=10))["type"] != "caught_up":
        pass

    def ask(query: dict[str, int]) -> dict[str, Any]:
        socket.send(json.dumps({"type": "history", "id": 1, "conversation": "lobby", **query}))
        while (answer := json.loads(socket.recv(timeout=10))).get("id") != 1:
            pass
        assert answer["type"] == "ok", answer
        page: dict[str, Any] = answer
        return page

    return ask


def by_http(server: Running, token: str) -> Ask:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def ask(query: dict[str, int]) -> dict[str, Any]:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        path = f"/api/v1/conversations/lobby/messages?{words}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        page: dict[str, Any] = json.loads(response.read())
        assert response.status == 200, page
        return page

    return ask


if __name__ == "__main__":
    sys.exit(main())
