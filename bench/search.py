"""Measures how long a search takes in a million messages.

    python bench/search.py [--messages 1000000]

The store is that of history.py, with a direct of the reader whose messages are spread among all others. Searches go
over HTTP, in pages of 20, newest first: words that nearly all messages have, words that few have, phrases, prefixes,
one sender's messages, one direct; and the most expensive ones: a phrase of common words that never occurs, and the
longest one that a query may have.
"""

from __future__ import annotations

import argparse
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
from urllib.parse import quote

import guests
import table
from catalogue import server_of
from compiler import CACHE
from history import FIRST_AT, WORDS, fill
from machine import Cores, about_disk, about_machine, cores, cpu_seconds, free_port, require_disk, tree
from servers import ROOT, Running, end, start

sys.path.insert(0, str(ROOT))

from suhbat.store import search
from suhbat.store.sqlite import connect

CHUNK = 1_000
OF_DIRECT = 1_000
"""Messages of the direct. "yakka" is in all of them, and none of the lobby's words."""


def main() -> int:
    """Returns 1 if a result lacks the words, or nothing is found that should be."""
    asked = arguments()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="search-") as name:
        data = Path(name)
        print(f"{about_machine(placed)}\n{about_disk(data)}", flush=True)
        file = fill(data, asked.messages)
        token, direct = make_direct(data, placed)
        fill_direct(file, direct, asked.messages)
        before, began = file.stat().st_size, time.monotonic()
        index(file)
        grown = (file.stat().st_size - before) / asked.messages
        took = (time.monotonic() - began) / asked.messages * 1e6
        print(
            f"- {asked.messages:,} messages; the index has {grown:.0f} bytes and took {took:.1f} us for each; "
            f"{asked.queries} queries of each kind\n",
            flush=True,
        )
        return measure(data, asked, placed, token, direct)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures searches in a large store.")
    parser.add_argument("--messages", type=int, default=1_000_000, help="such as 10000000")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


def make_direct(data: Path, placed: Cores) -> tuple[str, str]:
    """The reader's token, and the reader's direct with a friend."""
    process, server = start(server_of("suhbat-v1"), data, free_port(), placed.server, {})
    try:
        tokens = guests.create(server.port, ["reader", "friend"])
        (direct,) = guests.directs(server.port, tokens[:1], ["friend"])
    finally:
        end(process)
    return tokens[0], direct


def fill_direct(file: Path, direct: str, messages: int) -> None:
    """Add the direct's messages, evenly spread among those of the lobby."""
    with sqlite3.connect(file) as store:
        (log_id, head) = store.execute("SELECT id, head FROM conversations WHERE name = ?", (direct,)).fetchone()
        (uid,) = store.execute("SELECT uid FROM users WHERE user_id = 'reader'").fetchone()
        step = messages * 1000 // OF_DIRECT
        store.executemany(
            "INSERT INTO events (conversation_id, seq, type, at, actor, actor_uid, ordinal, text, deleted)"
            " VALUES (?, ?, 'message.created', ?, 'reader', ?, ?, ?, 0)",
            ((log_id, head + n, FIRST_AT + n * step, uid, n, f"yakka d{n}") for n in range(1, OF_DIRECT + 1)),
        )
        ends = (head + OF_DIRECT, OF_DIRECT, log_id)
        store.execute("UPDATE conversations SET head = ?, last_ordinal = ? WHERE id = ?", ends)
    store.close()


def index(file: Path) -> None:
    """Index the messages as the writer does, in larger transactions."""
    engine = connect.writing(file)
    with sqlite3.connect(file) as reading, engine.connect() as writing:
        # A copy, because a reader of the store itself would keep the whole index in the WAL, which becomes slow.
        reading.execute(
            "CREATE TEMP TABLE said AS "
            "SELECT conversation_id, seq, actor_uid, text, NULL FROM events WHERE ordinal IS NOT NULL ORDER BY at"
        )
        reading.commit()
        rows = reading.execute("SELECT * FROM said ORDER BY rowid")
        while said := rows.fetchmany(CHUNK):
            with writing.begin():
                search.index(writing, said)
    reading.close()
    engine.dispose()


def measure(data: Path, asked: argparse.Namespace, placed: Cores, token: str, direct: str) -> int:
    settings = {"SUHBAT_LOBBY_HISTORY": "all", "SUHBAT_SEND_RATE": "0"}
    process, server = start(server_of("suhbat-v1"), data, free_port(), placed.server, settings)
    try:
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        lines = list(kinds(server, token, direct, asked))
    except AssertionError as wrong:
        print(f"**FAILED** {wrong}")
        return 1
    finally:
        end(process)
    print(table.markdown(("looked for", "found in", "first ms", "p50 ms", "p95 ms", "max ms", "processor ms"), lines))
    return 0


def kinds(server: Running, token: str, direct: str, asked: argparse.Namespace) -> Iterator[list[str]]:
    """For each kind of search: the time of the first one, for which nothing is cached, the percentiles of all, and the
    processor time of the server for one."""
    dice = random.Random(1)
    pairs = [(WORDS[n], WORDS[(n + 5) % len(WORDS)]) for n in range(len(WORDS))]
    queries: dict[str, tuple[str, Callable[[], str]]] = {
        "a common word": ("most", lambda: dice.choice(WORDS)),
        "three common words": ("many", lambda: " ".join(dice.sample(WORDS, 3))),
        "a phrase": ("many", lambda: '"{} {}"'.format(*dice.choice(pairs))),
        "a rare word": ("1", lambda: str(dice.randint(1, asked.messages))),
        "a rare and a common word": ("0 or 1", lambda: f"{dice.randint(1, asked.messages)} {dice.choice(WORDS)}"),
        "a beginning of a common word": ("most", lambda: dice.choice(WORDS)[:2] + "*"),
        "a beginning of a rare word": ("1,000", lambda: f"{dice.randint(100, 999)}*"),
        "a word, in Cyrillic": ("most", lambda: dice.choice(("салом", "бугун", "шаҳар", "вақт"))),
        "one's own messages": ("1,000", lambda: "from:reader"),
        "a word, one's own": ("1,000", lambda: "yakka from:reader"),
        "a common word, one's own": ("none", lambda: f"{dice.choice(WORDS)} from:reader"),
        "a word in a direct": ("1,000", lambda: f"yakka in:{direct}"),
        "a rare word in a direct": ("1", lambda: f"d{dice.randint(1, OF_DIRECT)} in:{direct}"),
        "a common word in a direct": ("none", lambda: f"{dice.choice(WORDS)} in:{direct}"),
        "a phrase that nobody has said": ("none", lambda: '"{1} {0}"'.format(*dice.choice(pairs))),
        "one word as a phrase": ("none", lambda: '"' + f"{dice.choice(WORDS)} " * 6 + '"'),
        "a word that nobody has said": ("none", lambda: f"yoq{dice.randint(0, 10**6)}"),
        "a word before a day": ("many", lambda: f"{dice.choice(WORDS)} before:2023-11-2{dice.randint(0, 5)}"),
        "a word where nothing was said": ("none", lambda: f"{dice.choice(WORDS)} in:nowhere"),
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for kind, (where, choose) in queries.items():
        took = []
        used = cpu_seconds(tree(server.pid))
        for _ in range(asked.queries):
            query = choose()
            began = time.perf_counter()
            connection.request("GET", f"/api/v1/search?q={quote(query)}", headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            page = json.loads(response.read())
            took.append((time.perf_counter() - began) * 1e3)
            assert response.status == 200, page
            assert where == "0 or 1" or bool(page["messages"]) is (where != "none"), (
                f"{query}: {len(page['messages'])} found"
            )
        used = (cpu_seconds(tree(server.pid)) - used) / asked.queries * 1e3
        ordered = sorted(took)
        shares = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
        yield [kind, where, *(f"{milliseconds:.1f}" for milliseconds in (took[0], *shares, ordered[-1], used))]


if __name__ == "__main__":
    sys.exit(main())
