"""Measures how many sends a second one server process acknowledges, with almost no listeners.

    python bench/sends.py [--only suhbat-v1,centrifuge,jetstream-always,…] [--rounds 3] [--seconds 3]

From 32 connections and from 2 to one room, which they all follow; and from 1,000 connections, each to a conversation of
its own (in v1 a direct, whose other member is offline). One server on one core. Every send must be acknowledged once, and
every listener must get every message. What an acknowledgement means depends on the server: see README.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import table
from catalogue import KEYS, TITLES, Server, server_of
from compiler import CACHE
from generator import MAX_MESSAGES, Load, Row
from machine import about_disk, about_machine, allow_many_sockets, cores, require_disk
from run import row_of

IN_FLIGHT = 4_000
"""About this many messages are in flight in all directs together: the most that a group commit takes."""


class Case(NamedTuple):
    """What all servers are asked, one after another."""

    title: str
    load: Load


def cases(in_flight: int, directs: int) -> tuple[Case, ...]:
    return (
        Case("32 connections, one room", Load(32, in_flight)),
        Case("2 connections, one room", Load(2, in_flight * 4)),
        Case(f"{directs:,} with a conversation each", Load(directs, max(1, IN_FLIGHT // directs), own=True)),
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
        found: dict[tuple[Case, str], list[Row]] = {}
        for number in range(asked.rounds):
            for case in cases(asked.in_flight, asked.directs):
                for server in servers_of(asked, case):
                    row = row_of(server, data_root, placed, case.load.senders, case.load, asked)
                    found.setdefault((case, server.key), []).append(row)
                    said = f"{row.acked_per_s:,.0f}/s {row.problem}"
                    print(f"round {number + 1}, {case.title}, {server.key}: {said}", file=sys.stderr, flush=True)
    rows = {case: table.middle(those) for case, those in found.items()}
    print(report(rows))
    return 1 if any(row.problem for row in rows.values()) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures acknowledged durable sends a second.")
    parser.add_argument("--only", type=lambda text: text.split(","), default=["suhbat-v1"], help=f"of {','.join(KEYS)}")
    parser.add_argument("--base", type=Path, help="another tree of this project, as the servers base and base-v1")
    parser.add_argument("--in-flight", type=int, default=64, help="from each of 32 connections; four times that from 2")
    parser.add_argument("--directs", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=3, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3, help="the figures are the median of so many")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    parser.add_argument("--max-messages", type=int, default=MAX_MESSAGES, help="ends a window that has so many sends")
    asked = parser.parse_args()
    if unknown := [key for key in asked.only if key not in KEYS]:
        parser.error(f"unknown server {unknown[0]}")
    return asked


def servers_of(asked: argparse.Namespace, case: Case) -> list[Server]:
    return [server for key in asked.only if (server := server_of(key)).rooms or not case.load.own]


def report(rows: dict[tuple[Case, str], Row]) -> str:
    head = (
        "server",
        "senders",
        "in flight each",
        "acked sends/s",
        "ok p50 ms",
        "ok p99 ms",
        "CPU µs/send",
        "server CPU",
        "generator CPU",
    )
    lines = []
    for (case, key), row in rows.items():
        start = [TITLES[key], case.title, str(case.load.flight)]
        if row.problem:
            lines.append([*start, "**FAILED**", row.problem])
            continue
        figures = [f"{row.acked_per_s:,.0f}", f"{row.own_p50_ms:.1f}", f"{row.own_p99_ms:.1f}"]
        shares = [f"{row.server_cpu:.0%}", f"{row.generator_cpu:.0%}"]
        lines.append([*start, *figures, table.message_cost(row), *shares])
    return table.markdown(head, lines)


if __name__ == "__main__":
    sys.exit(main())
