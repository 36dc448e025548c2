"""/metrics shows true numbers in a format that Prometheus reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from suhbat.config import Settings
from suhbat.counting import Histogram
from suhbat.programs.hooks.incoming.payload import MOST_BYTES
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


async def test_programs(tmp_path: Path) -> None:
    """The server counts the requests of incoming webhooks by what became of them, what people asked of bots, the bots that are
    connected, and the calls of Telegram's Bot API and of language models: by names of its own, whatever a client sends."""
    posted = 1
    with running("suhbat", tmp_path / "data", bots="everyone", mcp="read", send_rate="0") as server:

        def ask(method: str, path: str, body: object = None, *, token: str | None = None) -> Any:
            return server.request(method, path, body, token=token)

        def do(method: str, path: str, body: object = None, *, token: str | None = None) -> Any:
            status, answer = ask(method, f"/api/v1{path}", body, token=token or ali)
            assert status < 300, answer
            return answer

        body = {"user_id": "ali", "password": "uzun parol 7"}
        ali = server.request("POST", "/api/v1/accounts", body)[1]["token"]
        bot = do("POST", "/bots", {"user_id": "bot"})["token"]
        do("PUT", "/bots/bot/commands", [{"name": "eslat", "description": "Eslatadi"}])
        room = do("POST", "/conversations", {"title": "Xona"})["conversation"]
        do("PUT", f"/conversations/{room}/members/bot", {})
        hook = do("POST", f"/conversations/{room}/hooks", {"name": "CI"})["url"]
        do("POST", "/hooks", {"url": "https://example.org/", "conversations": "all"})
        for path, sent, status in (
            (hook, {"text": "salom"}, 200),
            (hook, {}, 400),
            (hook, {"text": "x" * MOST_BYTES}, 400),
            ("/hooks/secret", {"text": "salom"}, 404),
        ):
            assert ask("POST", path, sent)[0] == status
        do("PATCH", f"/conversations/{room}", {"archived": True})
        assert ask("POST", hook, {"text": "salom"})[0] == 404
        do("PATCH", f"/conversations/{room}", {"archived": False})
        while ask("POST", hook, {"text": "salom"})[0] == 200:
            posted += 1
        async with V1(server.ws, bot) as listening:
            assert do("POST", f"/conversations/{room}/messages", {"text": "/eslat choy"})["command"]
            async with V1(server.ws, ali) as asking:
                assert (await asking.ask("send", conversation=room, text="/eslat non"))["command"]
            buttons = {"text": "Choy?", "actions": [[{"id": "secret", "label": "Ha"}]]}
            seq = do("POST", f"/conversations/{room}/messages", buttons, token=bot)["seq"]
            do("POST", f"/conversations/{room}/messages/{seq}/actions/secret")
            await listening.until("action.pressed")
            assert ask("GET", f"/bot{bot}/getme")[0] == 200 and ask("GET", f"/bot{bot}/secret")[0] == 404
            for tool, conversation in (("read_messages", room), ("read_messages", "nowhere"), ("secret", room)):
                call = {"name": tool, "arguments": {"conversation": conversation}}
                rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
                assert ask("POST", "/mcp", rpc, token=ali)[0] == 200
            text = ask("GET", "/metrics")[1]
    found = samples(text)
    assert "secret" not in text
    posts = {"posted": posted, "invalid": 2, "unknown": 1, "not_allowed": 1, "too_fast": 1, "failed": 0}
    for outcome, count in posts.items():
        assert found["suhbat_hook_posts_total", f"outcome={outcome}"] == count, outcome
    assert found["suhbat_bot_invocations_total", "by=command"] == 2
    assert found["suhbat_bot_invocations_total", "by=button"] == 1
    assert found["suhbat_bots_connected", ""] == 1
    assert found["suhbat_telegram_calls_total", "method=getMe"] == 1
    assert found["suhbat_mcp_calls_total", "outcome=ok,tool=read_messages"] == 1
    assert found["suhbat_mcp_calls_total", "outcome=refused,tool=read_messages"] == 1
    assert found["suhbat_sends_total", "dialect=v1"] == 0, "a command is no message"
    for state in ("working", "failing", "off", "stopped"):
        assert ("suhbat_outgoing_hooks", f"state={state}") in found
    for outcome in ("delivered", "refused", "unanswered"):
        assert ("suhbat_hook_requests_total", f"outcome={outcome}") in found
    assert found["suhbat_hook_lag_seconds", ""] == found["suhbat_hook_retries_total", ""] == 0


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
