"""Measures how many sends a second one server process acknowledges, each flushed to disk, with almost no listeners.

    python bench/sends.py [--rounds 3] [--seconds 3]

In v1, from 32 connections and from 2 to the lobby, which they all follow; and from 1,000 connections, each to its own
direct, whose other member is offline. One server on one core. Every send must get one ok, and every listener every
message.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import guests
import table
from compiler import CACHE
from generator import MAX_MESSAGES, Load, Row, identities, measured
from installs import Unavailable
from machine import Cores, about_disk, about_machine, allow_many_sockets, cores, require_disk
from servers import Running, running, server_of

IN_FLIGHT = 4_000
"""About this many messages are in flight in all directs together: the most that a group commit takes."""


class Case(NamedTuple):
    """`own`: each sender has its own direct; otherwise all write to the lobby."""

    title: str
    load: Load
    own: bool


def cases(in_flight: int, directs: int) -> tuple[Case, ...]:
    return (
        Case("32 connections, lobby", Load(32, in_flight), own=False),
        Case("2 connections, lobby", Load(2, in_flight * 4), own=False),
        Case(f"{directs:,} directs", Load(directs, max(1, IN_FLIGHT // directs)), own=True),
    )


def main() -> int:
    """Returns 1 if a message was lost, doubled or damaged."""
    asked = arguments()
    compiler.load()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="sends-") as name:
        data_root = Path(name)
        print(f"{about_machine(placed)}\n{about_disk(data_root)}\n", flush=True)
        found: dict[Case, list[Row]] = {}
        for number in range(asked.rounds):
            for case in cases(asked.in_flight, asked.directs):
                row = row_of(case, asked, data_root, placed)
                found.setdefault(case, []).append(row)
                print(f"round {number + 1}, {case.title}: {row.acked_per_s:,.0f}/s {row.problem}", file=sys.stderr)
    rows = {case: table.middle(those) for case, those in found.items()}
    print(report(rows))
    return 1 if any(row.problem for row in rows.values()) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures acknowledged durable sends a second.")
    parser.add_argument("--server", choices=("suhbat-v1", "uvicorn-v1"), default="suhbat-v1")
    parser.add_argument("--in-flight", type=int, default=64, help="from each of 32 connections; four times that from 2")
    parser.add_argument("--directs", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=3, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3, help="the figures are the median of so many")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    parser.add_argument("--max-messages", type=int, default=MAX_MESSAGES, help="ends a window that has so many sends")
    return parser.parse_args()


def row_of(case: Case, asked: argparse.Namespace, data_root: Path, placed: Cores) -> Row:
    try:
        with running(server_of(asked.server), data_root, placed.server) as server:
            make: Callable[[Running, int], dict[str, object]] = with_directs if case.own else identities
            people = make(server, case.load.senders) | {"max-messages": asked.max_messages}
            return measured(server, placed.generator, case.load.senders, case.load, asked.seconds, asked.warmup, people)
    except Unavailable as reason:
        return Row(problem=str(reason))


def with_directs(server: Running, count: int) -> dict[str, object]:
    """Senders, each with a direct to a guest who is not connected."""
    tokens = guests.create(server.port, [f"bench{number:05}" for number in range(count)])
    away = [f"away{number:05}" for number in range(count)]
    guests.create(server.port, away)
    conversations = guests.directs(server.port, tokens, away)
    return {"tokens": guests.write(server.scratch / "directs.tokens", tokens, conversations)}


def report(rows: dict[Case, Row]) -> str:
    head = (
        "server",
        "in flight each",
        "acked sends/s",
        "ok p50 ms",
        "ok p99 ms",
        "CPU µs/send",
        "server CPU",
        "generator CPU",
    )
    lines = []
    for case, row in rows.items():
        if row.problem:
            lines.append([case.title, str(case.load.flight), "**FAILED**", row.problem])
            continue
        figures = [f"{row.acked_per_s:,.0f}", f"{row.own_p50_ms:.1f}", f"{row.own_p99_ms:.1f}"]
        per_send = f"{row.server_cpu * 1e6 / max(row.acked_per_s, 1):.1f}"
        shares = [f"{row.server_cpu:.0%}", f"{row.generator_cpu:.0%}"]
        lines.append([case.title, str(case.load.flight), *figures, per_send, *shares])
    return table.markdown(head, lines)


if __name__ == "__main__":
    sys.exit(main())
