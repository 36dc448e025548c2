"""The chart: a bar for each server and size, as a multiple of Node ws, in an SVG that is well-formed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .scripts import script

SVG = "{http://www.w3.org/2000/svg}"


def row(server: str, members: int, rate: float, problem: str = "") -> dict[str, Any]:
    return {"server": server, "members": members, "load": "32×4", "deliveries_per_s": rate, "problem": problem}


def drawn(folder: Path, rows: list[dict[str, Any]]) -> Any:
    (folder / "result.json").write_text(json.dumps({"about": ["- a <machine>"], "rows": rows}), encoding="utf-8")
    return script("chart", str(folder / "result.json"), "--to", str(folder / "images" / "chart.svg"))


def test_bars_are_multiples(tmp_path: Path) -> None:
    """Each figure is shown with its multiple; ten times as fast is as far to the right as a tenth is to the left."""
    done = drawn(
        tmp_path, [row("suhbat", 100, 2e6), row("node", 100, 2e5), row("plain", 100, 2e4), row("c", 100, 1, "x")]
    )
    assert done.returncode == 0, done.stderr
    svg = ElementTree.fromstring((tmp_path / "images" / "chart.svg").read_text(encoding="utf-8"))
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert {"10× · 2 million/s", "1× · 200 thousand/s", "0.1× · 20 thousand/s", "a <machine>"} <= set(texts)
    ours, slow, base = (rect.attrib for rect in svg.iter(f"{SVG}rect"))
    assert float(ours["width"]) == pytest.approx(float(slow["width"]), abs=0.2) and ours["x"] == base["x"]
    assert "ours" in ours["class"] and "ours" not in slow["class"]


def test_bars_say_what_is_guaranteed(tmp_path: Path) -> None:
    """Each server has its guarantee below its name, and those that flush have colours of their own."""
    keys = ("suhbat", "node", "centrifuge", "jetstream-always", "jetstream-first")
    assert drawn(tmp_path, [row(key, 100, 2e5) for key in keys]).returncode == 0
    svg = ElementTree.fromstring((tmp_path / "images" / "chart.svg").read_text(encoding="utf-8"))
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    said = ["flushed before delivery", "stores nothing", "in memory, the last 1,000", "flushed after delivery"]
    assert set(said) <= set(texts) and texts.count("flushed before delivery") == 2
    kinds = [rect.attrib["class"].split()[0] for rect in svg.iter(f"{SVG}rect")]
    assert kinds == ["ours", "many", "many", "flushes", "flushes"]


def test_without_node_there_is_no_chart(tmp_path: Path) -> None:
    """What the bars are multiples of must have been measured in the same run."""
    done = drawn(tmp_path, [row("suhbat", 100, 2e6)])
    assert done.returncode == 1 and "no row of Node ws with 100 members" in done.stderr
