"""The figures as Markdown tables: absolute, and as ratios to the competing servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from catalogue import TITLES, server_of
from generator import Idle, Load, Row

BASES = (
    "base", "base-v1", "plain", "node", "coalesce", "socketio", "uws", "c", "centrifuge", "centrifuge-later",
    "jetstream-always",
)  # fmt: skip
"""The servers that the others are compared with."""
GENERATOR_BOUND = 0.9
MANY = 16
"""Messages in flight above which a case asks for sends, not for deliveries."""


class Case(NamedTuple):
    """What a row was measured for."""

    members: int
    load: Load
    server: str


Rows = dict[Case, Row]


def middle(rows: Sequence[Row]) -> Row:
    """The median of each figure over the rounds. A problem in one round is a problem of the row."""
    failed = next((row for row in rows if row.problem), None)
    if failed:
        return failed
    return Row(*(median(values) for values in zip(*(row[:-1] for row in rows), strict=True)))


def absolute(rows: Rows) -> str:
    """One line for each run."""
    head = (
        "members",
        "senders × in flight",
        "server",
        "deliveries/s",
        "acked sends/s",
        "own p50 ms",
        "own p99 ms",
        "all p50 ms",
        "all p99 ms",
        "CPU µs/delivery",
        "CPU µs/message",
        "server CPU",
        "generator CPU",
        "connects/s",
    )
    return markdown(head, (absolute_line(case, row) for case, row in rows.items()))


def absolute_line(case: Case, row: Row) -> list[str]:
    start = [f"{case.members:,}", str(case.load), TITLES[case.server]]
    if row.problem:
        return [*start, "**FAILED**"]
    latencies = (row.own_p50_ms, row.own_p99_ms, row.all_p50_ms, row.all_p99_ms)
    bound = " (generator-bound)" if row.generator_cpu > GENERATOR_BOUND else ""
    return [
        *start,
        f"{row.deliveries_per_s:,.0f}",
        f"{row.acked_per_s:,.0f}",
        *(f"{value:,.2f}" if value < 10 else f"{value:,.1f}" for value in latencies),
        f"{row.cpu_us:.2f}",
        message_cost(row),
        f"{row.server_cpu:.0%}",
        f"{row.generator_cpu:.0%}{bound}",
        f"{row.connects_per_s:,.0f}",
    ]


def message_cost(row: Row) -> str:
    """Processor time of the server for one acknowledged message, in microseconds, deliveries included."""
    return f"{row.server_cpu * 1e6 / row.acked_per_s:,.1f}" if row.acked_per_s else "–"


def alone(rows: Rows) -> str:
    """One message at a time: what it costs the server, and how long it takes, by the size of the room. Empty if it was
    not measured."""
    single = {case: row for case, row in rows.items() if case.load == Load(1, 1)}
    sizes = sorted({case.members for case in single})
    servers = list(dict.fromkeys(case.server for case in single))
    if not sizes:
        return ""
    head = ["server", *(f"{size:,}: CPU µs/message" for size in sizes), *(f"{size:,}: own p50 ms" for size in sizes)]
    lines = []
    for server in servers:
        found = [single.get(Case(size, Load(1, 1), server), Row(problem="not measured")) for size in sizes]
        costs = ["–" if row.problem else message_cost(row) for row in found]
        times = ["–" if row.problem else f"{row.own_p50_ms:.2f}" for row in found]
        lines.append([TITLES[server], *costs, *times])
    return markdown(head, lines)


def sends(rows: Rows) -> str:
    """Acknowledged sends a second in the cases where the senders keep the server busy. Empty if none was measured."""
    busy = {case: row for case, row in rows.items() if case.load.own or case.load.flight > MANY}
    loads = list(dict.fromkeys((case.members, case.load) for case in busy))
    if not loads:
        return ""
    named = [f"{members:,} members, {load}" for members, load in loads]
    head = ["server", *(f"{name}: {what}" for name in named for what in ("sends/s", "CPU µs/send", "p50 ms"))]
    lines = []
    for server in dict.fromkeys(case.server for case in busy):
        line = [TITLES[server]]
        for members, load in loads:
            row = busy.get(Case(members, load, server), Row(problem="not measured"))
            bound = " (generator-bound)" if row.generator_cpu > GENERATOR_BOUND else ""
            figures = [f"{row.acked_per_s:,.0f}{bound}", message_cost(row), f"{row.own_p50_ms:.2f}"]
            line += ["–"] * 3 if row.problem else figures
        lines.append(line)
    return markdown(head, lines)


def guarantees(keys: Iterable[str]) -> str:
    """What each server guarantees for a message."""
    head = ("server", "stored", "flushed", "order", "resume", "what acknowledges")
    lines = ([TITLES[key], *server_of(key).guarantee[1:-1]] for key in keys)
    return markdown(head, lines)


MEASURES = {"deliveries": "deliveries_per_s", "CPU/delivery": "cpu_us", "p99 to all": "all_p99_ms"}
"""The compared measures, and the figure of a row for each. Of the first one more is better, of the others less."""


def ratios(rows: Rows) -> str:
    """A table for each measure: its ratio to that of each competing server. Empty if none was measured."""
    bases = [base for base in BASES if any(case.server == base for case in rows)]
    return "\n\n".join(ratio_table(rows, bases, what) for what in MEASURES) if bases else ""


def ratio_table(rows: Rows, bases: Sequence[str], what: str) -> str:
    head = ["members", "senders × in flight", "server", *(f"{what} ÷ {TITLES[base]}" for base in bases)]
    lines = []
    for case, row in rows.items():
        if row.problem:
            continue
        others = [rows.get(case._replace(server=base), Row()) for base in bases]
        figures = [ratio(getattr(row, MEASURES[what]), getattr(other, MEASURES[what])) for other in others]
        lines.append([f"{case.members:,}", str(case.load), TITLES[case.server], *figures])
    return markdown(head, lines)


def ratio(value: float, base: float) -> str:
    """Three significant digits; a dash if there is nothing to compare with."""
    if not base:
        return "–"
    result = value / base
    return f"{result:.1f}" if result >= 10 else f"{result:.2f}" if result >= 0.1 else f"{result:.3f}"


def idle(found: dict[str, Idle]) -> str:
    """Memory per idle connection. Empty if it was not measured."""
    if not found:
        return ""
    bases = [base for base in BASES if base in found and not found[base].problem]
    head = ["server", "idle connections", "RSS KB/connection", *(f"÷ {TITLES[base]}" for base in bases)]
    lines = []
    for key, one in found.items():
        if one.problem:
            lines.append([TITLES[key], "**FAILED**"])
            continue
        compared = (ratio(one.rss_kb, found[base].rss_kb) for base in bases)
        lines.append([TITLES[key], f"{one.connections:,}", f"{one.rss_kb:.1f}", *compared])
    return markdown(head, lines)


def problems(rows: Rows, resting: dict[str, Idle]) -> str:
    """What failed, and how. Empty if nothing did."""
    failed = {case: row for case, row in rows.items() if row.problem}
    found = [f"{TITLES[case.server]}, {case.members:,}, {case.load}: {row.problem}" for case, row in failed.items()]
    found += [f"{TITLES[key]}, idle: {one.problem}" for key, one in resting.items() if one.problem]
    return "\n\n".join(f"**FAILED** {one}" for one in found)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table with padded columns, aligned to the right except for the text on the left."""
    cells = [[*line, *[""] * (len(head) - len(line))] for line in lines]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    text = [i for i, name in enumerate(head) if name == "server"]

    def joined(row: Sequence[str]) -> str:
        padded = (cell.ljust(widths[i]) if i in text else cell.rjust(widths[i]) for i, cell in enumerate(row))
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (w + 2) if i in text else "-" * (w + 1) + ":" for i, w in enumerate(widths))
    return "\n".join([joined(head), f"|{rule}|", *map(joined, cells)])
