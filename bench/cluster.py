"""Several nodes with one PostgreSQL and one NATS: durable sends a second, the delay of a message to another node, and
the processor time of the engines.

    python bench/cluster.py [--rounds 3] [--seconds 3]

The nodes are workers behind one port, so the kernel spreads the generator's connections over them, and a message
reaches most of its readers through the bus. The generator has the last core; everything else shares the others.
PostgreSQL and NATS are those of the wheels (tests/engines.py), with fsync on. Every send must get one ok, and every
member every message once and in order.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import compiler
import table
from catalogue import server_of
from compiler import CACHE
from generator import Load, Row, identities, measured
from machine import about_disk, about_machine, allow_many_sockets, cores, cpu_seconds, require_disk, tree
from packages import Unavailable
from servers import ROOT, running

sys.path.insert(0, str(ROOT))

from tests import engines

MEMBERS = 300


class Case(NamedTuple):
    """Each sender has its own direct, or all write to the lobby, and the members receive it."""

    title: str
    load: Load
    members: int


CASES = (
    Case("into one room", Load(32, 16), 32),
    Case("into 1,000 directs", Load(1_000, 2, own=True), 1_000),
    Case("one at a time, 2 members", Load(1, 1), 2),
    Case("one at a time, 100 members", Load(1, 1), 100),
    Case(f"into one room of {MEMBERS}", Load(16, 8), MEMBERS),
)


class Measured(NamedTuple):
    """A run, and the parts of one core that the engines used meanwhile."""

    row: Row
    postgres: float
    nats: float


def main() -> int:
    """Returns 1 if a message was lost, doubled or damaged."""
    asked = arguments()
    compiler.load()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    print(f"{about_machine(placed)}\n{about_disk(asked.data_root)}\n", flush=True)
    found: dict[tuple[str, int], list[Measured]] = {}
    with TemporaryDirectory(dir=asked.data_root, prefix="cluster-") as name:
        for number in range(asked.rounds):
            for case in CASES:
                for nodes in asked.nodes:
                    one = measure(case, nodes, asked, Path(name), placed.generator)
                    found.setdefault((case.title, nodes), []).append(one)
                    said = f"round {number + 1}, {case.title}, {nodes} nodes: {one.row.acked_per_s:,.0f}/s {one.row.problem}"
                    print(said, file=sys.stderr, flush=True)
    print(report(found))
    return 1 if any(one.row.problem for those in found.values() for one in those) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures several nodes over one PostgreSQL and one NATS.")
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--seconds", type=float, default=3, help="length of the measured window")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3, help="the figures are the median of so many")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


def measure(case: Case, nodes: int, asked: argparse.Namespace, data_root: Path, core: int | None) -> Measured:
    with environment(nodes) as (settings, postgres, nats):
        try:
            with running(server_of("suhbat-v1"), data_root, None, settings) as server:
                people = identities(server, case.members, own=case.load.own)
                before = [cpu_seconds(tree(engine.pid)) for engine in (postgres, nats)]
                row = measured(server, core, case.members, case.load, asked.seconds, asked.warmup, people)
                after = [cpu_seconds(tree(engine.pid)) for engine in (postgres, nats)]
        except Unavailable as reason:
            return Measured(Row(problem=str(reason)), 0, 0)
        window = asked.seconds + asked.warmup
        return Measured(row, *((late - early) / window for early, late in zip(before, after, strict=True)))


@contextmanager
def environment(nodes: int) -> Iterator[tuple[dict[str, str], engines.Postgres, engines.Nats]]:
    """PostgreSQL with an empty database, NATS, and the settings of nodes that use them."""
    from suhbat.store.postgres.store import prepare

    postgres, nats = engines.Postgres(), engines.Nats()
    with engines.running(postgres), engines.running(nats):
        url = postgres.new_database("bench")
        prepare(url)
        yield {"SUHBAT_DATABASE_URL": url, "SUHBAT_BUS_URL": nats.url, "SUHBAT_WORKERS": str(nodes)}, postgres, nats


def report(found: dict[tuple[str, int], list[Measured]]) -> str:
    head = (
        "load", "nodes", "acked sends/s", "ok p50 ms", "ok p99 ms", "deliveries/s", "read p50 ms", "read p99 ms",
        "CPU nodes", "CPU PostgreSQL", "CPU NATS",
    )  # fmt: skip
    lines = []
    for (title, nodes), those in found.items():
        row = table.middle([one.row for one in those])
        if row.problem:
            lines.append([title, str(nodes), "**FAILED**", row.problem])
            continue
        chosen = next((one for one in those if one.row == row), those[0])
        figures = [f"{row.acked_per_s:,.0f}", f"{row.own_p50_ms:.1f}", f"{row.own_p99_ms:.1f}"]
        figures += [f"{row.deliveries_per_s:,.0f}", f"{row.all_p50_ms:.1f}", f"{row.all_p99_ms:.1f}"]
        shares = [f"{part:.0%}" for part in (row.server_cpu, chosen.postgres, chosen.nats)]
        lines.append([title, str(nodes), *figures, *shares])
    return table.markdown(head, lines)


if __name__ == "__main__":
    sys.exit(main())
