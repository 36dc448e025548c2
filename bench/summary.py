"""Prints results of run.py as the tables of docs/performance.md: medians over several results, and ratios within each.

    python bench/summary.py bench/results/20261129T120000Z.json […] [--write docs/performance.md]

The results may be of different cases or servers. A ratio is taken within one result only, to Node ws there; if several
results have it, the median of the ratios is shown. `--write` puts each table between its marks in that page:
`<!-- table: deliveries -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import table
from catalogue import KEYS, TITLES
from generator import Idle, Load, Row
from table import Case

MARKS = re.compile(r"(<!-- table: (\w+) -->)\n(.*?)(<!-- end -->)", re.S)
BASE = "node"
BUSY = Load(32, 4)


class Results(NamedTuple):
    """What the files hold: the rows of each, the medians of all, and the idle figures."""

    each: list[table.Rows]
    rows: table.Rows
    idle: dict[str, Idle]


def main() -> int:
    """Returns 1 if a row has a problem."""
    parser = argparse.ArgumentParser(description="Prints results of run.py as the tables of docs/performance.md.")
    parser.add_argument("results", type=Path, nargs="+", help="files of bench/results/")
    parser.add_argument("--write", type=Path, help="the page whose tables are replaced")
    asked = parser.parse_args()
    read = [json.loads(path.read_text(encoding="utf-8")) for path in asked.results]
    tables = report(results_of(read)) | {"about": "\n".join(read[-1]["about"])}
    if asked.write:
        page = replaced(asked.write.read_text(encoding="utf-8"), tables)
        asked.write.write_text(page, encoding="utf-8")
        print(f"written to {asked.write}")
    else:
        print("\n\n".join(part for part in tables.values() if part))
    return 1 if any(row["problem"] for figures in read for row in [*figures["rows"], *figures["idle"]]) else 0


def results_of(read: Sequence[dict[str, Any]]) -> Results:
    each = [{case_of(row): row_of(row) for row in figures["rows"]} for figures in read]
    found: dict[Case, list[Row]] = defaultdict(list)
    for rows in each:
        for case, row in rows.items():
            found[case].append(row)
    resting: dict[str, list[Idle]] = defaultdict(list)
    for figures in read:
        for one in figures["idle"]:
            resting[one["server"]].append(Idle(**{name: one[name] for name in Idle._fields}))
    rows = {case: table.middle(found[case]) for case in sorted(found, key=place)}
    return Results(each, rows, {key: sorted(those)[len(those) // 2] for key, those in resting.items()})


def case_of(row: dict[str, Any]) -> Case:
    senders, _, flight = row["load"].removesuffix(" own").partition("×")
    return Case(row["members"], Load(int(senders), int(flight), row["load"].endswith(" own")), row["server"])


def row_of(row: dict[str, Any]) -> Row:
    return Row(**{name: row[name] for name in Row._fields})


def place(case: Case) -> tuple[int, Load, int]:
    return case.members, case.load, KEYS.index(case.server)


def report(results: Results) -> dict[str, str]:
    """The tables by their names; empty where nothing was measured."""
    servers = sorted({case.server for case in results.rows}, key=KEYS.index)
    return {
        "guarantees": table.guarantees(servers),
        "deliveries": deliveries(results),
        "alone": table.alone(results.rows),
        "sends": table.sends(results.rows),
        "connections": connections(results.idle),
        "problems": table.problems(results.rows, results.idle),
    }


def replaced(page: str, tables: dict[str, str]) -> str:
    """The page with new tables between its marks; a table that was not measured stays. Exits if it has no marks."""
    if not MARKS.search(page):
        sys.exit("bench: the page has no <!-- table: … --> to be replaced")
    return MARKS.sub(lambda mark: f"{mark[1]}\n{tables.get(mark[2]) or mark[3].strip()}\n{mark[4]}", page)


def deliveries(results: Results) -> str:
    """32 senders with 4 messages in flight each, by the size of the room. Empty if it was not measured."""
    sizes = sorted({case.members for case in results.rows if case.load == BUSY})
    what = ("deliveries/s", f"÷ {TITLES[BASE]}", "CPU µs/delivery", "p99 ms")
    head = ["server", *(f"{size:,}: {name}" for size in sizes for name in what)]
    lines = []
    for key in sorted({case.server for case in results.rows if case.load == BUSY}, key=KEYS.index):
        line = [TITLES[key]]
        for size in sizes:
            case = Case(size, BUSY, key)
            row = results.rows.get(case, Row(problem="not measured"))
            ratio = table.ratio(ratio_to_base(results.each, case, lambda row: row.deliveries_per_s), 1)
            tail = f"{row.all_p99_ms:,.1f}" if row.all_p99_ms else "–"  # few messages, none of them timed
            figures = [f"{row.deliveries_per_s:,.0f}", ratio, f"{row.cpu_us:.2f}", tail]
            line += ["–"] * len(what) if row.problem else figures
        lines.append(line)
    return table.markdown(head, lines) if lines else ""


def ratio_to_base(each: Sequence[table.Rows], case: Case, figure: Callable[[Row], float]) -> float:
    """The median over the results that have both. 0 if none has."""
    base = case._replace(server=BASE)
    both = [(rows[case], rows[base]) for rows in each if case in rows and base in rows]
    return median([figure(one) / figure(other) for one, other in both if figure(other)] or [0])


def connections(idle: dict[str, Idle]) -> str:
    """Memory of idle connections, and connects a second. Empty if it was not measured."""
    head = ("server", "idle", "RSS KB/connection", "connects/s")
    known = {key: idle[key] for key in KEYS if key in idle and not idle[key].problem}
    lines = [
        [TITLES[key], f"{one.connections:,}", f"{one.rss_kb:.1f}", f"{one.connects_per_s:,.0f}"]
        for key, one in known.items()
    ]
    return table.markdown(head, lines) if lines else ""


if __name__ == "__main__":
    sys.exit(main())
