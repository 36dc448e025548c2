"""/metrics shows true numbers in a format that Prometheus reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from suhbat.config import Settings
from suhbat.counting import Histogram
from suhbat.runtime.app import create_app
from suhbat.runtime.metrics import AllWorkersCollector, workers
from tests.servers import running
from tests.talk import V1


def test_a_histogram() -> None:
    """Each value is in the first bucket that is not below it; buckets are cumulative."""
    histogram = Histogram(1, 2, 5)
    for value in (0.5, 1, 1.5, 5, 100):
        histogram.add(value)
    assert histogram.buckets() == [("1.0", 2), ("2.0", 3), ("5.0", 4), ("+Inf", 5)]
    assert histogram.total == 108


def samples(text: str) -> dict[tuple[str, str], float]:
    """The value of each sample by its name and its labels."""
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_server_counts(tmp_path: Path) -> None:
    """The server counts sends by dialect, commits, batches, bytes and frames written, refusals and connections."""
    with running("suhbat", tmp_path / "data") as server:
        tokens = [server.guest(name) for name in ("ali", "vali")]
        async with V1(server.ws, tokens[0]) as ali, V1(server.ws, tokens[1]) as vali:
            assert (await ali.ask("send", conversation="lobby", text="salom"))["type"] == "ok"
            await vali.until("message.created")
            assert (await ali.ask("send", conversation="nowhere", text="salom"))["code"] == "not_found"
            path = "/api/v1/conversations/lobby/messages"
            assert server.request("POST", path, {"text": "HTTP"}, token=tokens[0])[0] == 201
            await vali.until("message.created")
            found = samples(server.request("GET", "/metrics")[1])
    assert found["suhbat_sends_total", "dialect=v1"] == found["suhbat_sends_total", "dialect=http"] == 1
    assert found["suhbat_refusals_total", "code=not_found,over=v1"] == 1
    assert found["suhbat_connections_by_dialect", "dialect=v1"] == found["suhbat_connections", ""] == 2
    assert found["suhbat_fan_out_frames_total", "dialect=v1"] >= 3, (
        "two messages to two readers, except one that is not live yet"
    )
    assert found["suhbat_fan_out_bytes_total", "dialect=v1"] > 100
    assert found["suhbat_commit_seconds_count", ""] == found["suhbat_batch_items_count", ""] >= 2
    assert found["suhbat_batch_items_sum", ""] >= 3
    assert found["suhbat_read_seconds_count", ""] >= 1
    for name in ("suhbat_database_up", "suhbat_bus_connected"):
        assert found[name, ""] == 1
    for name in ("suhbat_writer_failed", "suhbat_draining", "suhbat_writer_waiting", "suhbat_bus_waiting"):
        assert found[name, ""] == 0
    assert found["suhbat_data_free_bytes", ""] > 0


def registry(number: float) -> CollectorRegistry:
    from prometheus_client import Counter, Gauge
    from prometheus_client import Histogram as TheirHistogram

    made = CollectorRegistry()
    Gauge("suhbat_one", "One.", registry=made).set(number)
    Counter("suhbat_two", "Two.", ["code"], registry=made).labels(code="x").inc(number)
    TheirHistogram("suhbat_three", "Three.", buckets=(1, 2), registry=made).observe(number)
    return made


def collector(data: Path, number: int, figure: float) -> AllWorkersCollector:
    return AllWorkersCollector(registry(figure), data, number)


def shown(one: AllWorkersCollector) -> dict[tuple[str, str], float]:
    made = CollectorRegistry()
    made.register(one)
    return samples(generate_latest(made).decode())


def test_each_worker_shows_the_metrics_of_all(tmp_path: Path) -> None:
    """Each sample is there once for each worker, the own one with its current value; Prometheus can read the result."""
    workers.begin(tmp_path)
    first, second = collector(tmp_path, 0, 1), collector(tmp_path, 1, 2)
    assert shown(first)["suhbat_one", "worker=0"] == 1, "the other has not written yet"
    first.write()
    second.write()
    for one in (first, second):
        found = shown(one)
        assert (found["suhbat_one", "worker=0"], found["suhbat_one", "worker=1"]) == (1, 2)
        assert found["suhbat_two_total", "code=x,worker=1"] == 2
        assert found["suhbat_three_bucket", "le=1.0,worker=0"] == 1
    later = collector(tmp_path, 1, 7)
    assert shown(later)["suhbat_one", "worker=1"] == 7, "not what was written before"
    assert not [path for path in (tmp_path / "workers").iterdir() if path.stat().st_mode & 0o077]


def test_a_worker_that_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last file is ignored after STALE_SECONDS, as is a file that cannot be read. A new start removes all files."""
    workers.begin(tmp_path)
    first, second = collector(tmp_path, 0, 1), collector(tmp_path, 1, 2)
    second.write()
    now = workers.time.time()
    monkeypatch.setattr(workers.time, "time", lambda: now + workers.STALE_SECONDS + 1)
    assert ("suhbat_one", "worker=1") not in shown(first)
    monkeypatch.undo()
    for nonsense in ("", "{", "[1]", '[["a"]]', json.dumps([["a", "b", "no such type", []]])):
        (tmp_path / "workers" / "2.json").write_text(nonsense, encoding="utf-8")
        assert shown(first)["suhbat_one", "worker=1"] == 2
    workers.begin(tmp_path)
    assert ("suhbat_one", "worker=1") not in shown(first)


def test_an_application_that_was_never_started() -> None:
    """Its metrics can be read, and nothing is created on the disk."""
    app = create_app(Settings(data=Path("never-made")))
    found = samples(generate_latest(app.health.registry).decode())
    assert found["suhbat_database_up", ""] == found["suhbat_connections", ""] == 0
    assert not Path("never-made").exists()
