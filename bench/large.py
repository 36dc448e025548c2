"""Measures a server by the number of messages that it has: start, history, search, send, size of the file.

    python bench/large.py [--messages 1000000 10000000] [--data-root DIRECTORY]

The store is that of search.py. 10 million messages take some 6 GB and 15 minutes to make. A store that is in the directory
already is used again, so repeat the command for further rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import history
import search
import stored
import table
from catalogue import server_of
from compiler import CACHE
from machine import Cores, about_disk, about_machine, cores, free_port, require_disk
from servers import answers, end, environment, start

SETTINGS = {"SUHBAT_LOBBY_HISTORY": "all", "SUHBAT_SEND_RATE": "0"}
READY_WITHIN = 60.0


def main() -> int:
    asked = arguments()
    require_disk(asked.data_root)
    placed = cores()
    print(f"{about_machine(placed)}\n{about_disk(asked.data_root)}\n", flush=True)
    columns = [measured(asked.data_root / f"large-{number}", number, asked, placed) for number in asked.messages]
    lines = [[name, *(column[name] for column in columns)] for name in columns[0]]
    print(table.markdown(("", *(f"{number:,} messages" for number in asked.messages)), lines))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures a server by the number of messages that it has.")
    parser.add_argument("--messages", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--queries", type=int, default=100, help="of each kind, and pages of history")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


def measured(data: Path, messages: int, asked: argparse.Namespace, placed: Cores) -> dict[str, str]:
    """What was measured, by name."""
    token, direct = prepared(data, messages, placed)
    file = Path(environment(data)["SUHBAT_DATA"]) / "suhbat.db"
    found = {"file, MB": f"{file.stat().st_size / 1e6:,.0f}"}
    began = time.perf_counter()
    process, server = start(server_of("suhbat-v1"), data, free_port(), placed.server, SETTINGS)
    try:
        while not answers(server.port, "/readyz") and time.perf_counter() - began < READY_WITHIN:
            time.sleep(0.005)
        found["start until /readyz, s"] = f"{time.perf_counter() - began:.2f}"
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        asked_for = argparse.Namespace(messages=messages, pages=asked.queries, limit=50, queries=asked.queries)
        for kind, _, _, p95 in history.pages(history.by_http(server, token), asked_for):
            found[f"history, {kind}: p95 ms"] = p95
        for kind, _, _, p50, p95, longest, used in search.kinds(server, token, direct, asked_for):
            found[f"{kind}: p50 / p95 / max / processor ms"] = f"{p50} / {p95} / {longest} / {used}"
    finally:
        end(process)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    for size in (1, 128):
        cost = asyncio.run(
            stored.costs(file.parent, stored.ROOM, size, "salom dunyo, bugun choy bor", rounds=5, times=20 * size)
        )
        found[f"a send in a batch of {size}, us of processor"] = f"{cost.cpu:.1f}"
    return found


def prepared(data: Path, messages: int, placed: Cores) -> Sequence[str]:
    """The reader's token and direct in a store of so many messages, which is made if there is none."""
    known = data / "reader.json"
    if not known.exists():
        data.mkdir(parents=True, exist_ok=True)
        file = history.fill(data, messages)
        token, direct = search.make_direct(data, placed)
        search.fill_direct(file, direct, messages)
        search.index(file)
        known.write_text(json.dumps([token, direct]), encoding="utf-8")
    reader: list[str] = json.loads(known.read_text(encoding="utf-8"))
    return reader


if __name__ == "__main__":
    sys.exit(main())
