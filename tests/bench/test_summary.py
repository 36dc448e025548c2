"""The tables for docs/performance.md: medians over several results, ratios within each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .scripts import script, table_lines

FIGURES = (
    "acked_per_s",
    "own_p50_ms",
    "own_p99_ms",
    "all_p50_ms",
    "all_p99_ms",
    "cpu_us",
    "server_cpu",
    "generator_cpu",
)
OTHERS = ("connects_per_s", "frames", "drain_s", "window_s")


def row(server: str, members: int, load: str, rate: float, problem: str = "") -> dict[str, Any]:
    figures = dict.fromkeys((*FIGURES, *OTHERS), 1.0) | {
        "acked_per_s": 10_000.0,
        "server_cpu": 0.5,
        "generator_cpu": 0.5,
    }
    return figures | {
        "server": server,
        "members": members,
        "load": load,
        "deliveries_per_s": rate,
        "problem": problem,
    }


def printed(folder: Path, results: list[list[dict[str, Any]]], *options: str) -> tuple[int, str]:
    idle = [{"server": "node", "connections": 10, "rss_kb": 7.5, "connects_per_s": 9000.0, "problem": ""}]
    paths = []
    for number, rows in enumerate(results):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps({"about": ["- a machine"], "rows": rows, "idle": idle}), encoding="utf-8")
    done = script("summary", *map(str, paths), *options)
    return done.returncode, done.stdout + done.stderr


def test_medians_of_results(tmp_path: Path) -> None:
    """Figures are medians over the results; a ratio is taken within each result first."""
    quiet = [row("node", 100, "32×4", 1e5), row("suhbat", 100, "32×4", 2e6)]
    busy = [row("node", 100, "32×4", 4e4), row("suhbat", 100, "32×4", 4e5)]
    slow = [row("node", 100, "32×4", 6e4), row("suhbat", 100, "32×4", 9e5), row("suhbat", 2, "1×1", 1)]
    sends = [row("centrifuge", 1000, "1000×4 own", 1.0)]
    status, said = printed(tmp_path, [quiet, busy, slow, sends])
    assert status == 0, said
    lines = [line for line in table_lines(said) if line[0] == "Suhbat, `suhbat serve`"]
    assert ["900,000", "15.0", "1.00", "1.0"] in [line[1:] for line in lines]
    assert ["50.0", "1.00"] in [line[1:] for line in lines]
    assert ["centrifuge (Go)", "10,000", "50.0", "1.00"] in table_lines(said)
    assert ["Node ws", "10", "7.5", "9,000"] in table_lines(said)


def test_a_failed_row_fails(tmp_path: Path) -> None:
    """A problem in one result is a problem of the whole, and is said."""
    rows = [row("node", 100, "32×4", 1e5, "1 missing: a message")]
    status, said = printed(tmp_path, [rows, [row("node", 100, "32×4", 1e5)]])
    assert status == 1 and "**FAILED** Node ws, 100, 32×4: 1 missing" in said


def test_a_page_is_written(tmp_path: Path) -> None:
    """Each table that was measured stands between its marks; other tables and the text stay as they were."""
    page = tmp_path / "page.md"
    marks = [
        "<!-- table: deliveries -->",
        "old",
        "<!-- end -->",
        "text",
        "<!-- table: sends -->",
        "kept",
        "<!-- end -->",
    ]
    page.write_text("\n".join(marks), encoding="utf-8")
    rows = [row("node", 100, "32×4", 1e5)]
    assert printed(tmp_path, [rows], "--write", str(page))[0] == 0
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[0] == marks[0] and lines[-5:] == marks[2:] and "old" not in lines
    assert ["Node ws", "100,000", "1.00", "1.00", "1.0"] in table_lines("\n".join(lines))
