"""The dashboard, the alerts of deploy/ and their documentation use metrics that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from suhbat.config import Settings
from suhbat.counting import DIALECTS
from suhbat.errors import ERRORS
from suhbat.runtime.app import create_app
from tests.servers import ROOT

DEPLOY = ROOT / "deploy"
METRIC = re.compile(r"\b(?:suhbat|process)_\w+")
OF_EVERY_PROGRAM = {
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
}  # fmt: skip
"""The metrics that prometheus_client itself provides on Linux."""


@cache
def served() -> set[str]:
    """The name of each sample that /metrics may contain."""
    registry = create_app(Settings(data=Path("never-made"))).health.registry
    found = set(OF_EVERY_PROGRAM)
    for metric in registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        found |= {metric.name + suffix for suffix in suffixes}
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    return found


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]
    for alert in alerts():
        yield alert["expr"]


@pytest.mark.parametrize("expression", tuple(dict.fromkeys(expressions())))
def test_every_expression_names_what_is_there(expression: str) -> None:
    """Metrics, dialects, ways and codes exist, parentheses are balanced, and counters are used with their rate."""
    named = {name for name in METRIC.findall(re.sub(r'"[^"]*"', '""', expression)) if name not in ("suhbat_",)}
    assert named <= served(), named - served()
    assert named or re.search(r"\bup\b", expression)
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)
    for code in re.findall(r'code="(\w+)"', expression):
        assert code in {error.code for error in ERRORS}
    for dialect in re.findall(r'dialect="(\w+)"', expression):
        assert dialect in (*DIALECTS, "http")
    for name in named:
        if name.endswith(("_total", "_bucket")):
            assert re.search(rf"(?:rate|increase)\({name}\b", expression), f"{name} only ever grows"


def test_everything_that_is_served_is_on_the_dashboard() -> None:
    """Every metric of Suhbat has a panel, except for the parts of histograms."""
    shown = set(METRIC.findall(" ".join(expressions())))
    ours = {name for name in served() if name.startswith("suhbat_")}
    assert {name for name in ours if not name.endswith(("_sum", "_count"))} <= shown


def test_the_dashboard() -> None:
    """Grafana accepts the dashboard: ids are unique, panels do not overlap, and each uses the selected data source."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"] and panel["description"]


def test_each_alert_says_what_to_do() -> None:
    """Each alert has a severity, a summary and an action. The guide lists exactly these alerts."""
    guide = (ROOT / "docs" / "how-to" / "monitoring.md").read_text(encoding="utf-8")
    for alert in alerts():
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert alert["annotations"]["summary"] and alert["annotations"]["action"]
    assert {alert["alert"] for alert in alerts()} == set(re.findall(r"`(Suhbat\w+)`", guide))
    assert "job_name: suhbat\n" in guide, "the job that the alerts ask for"
