"""Runs the load generator against one server, and reads its report."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any, NamedTuple

import compiler
import guests
from machine import cpu_seconds, pin, rss_bytes, tree
from servers import Running

SETTLE = 1.5
"""Default of the seconds between the last connect or leave and a look at the server's memory."""

MAX_MESSAGES = 2_000_000
"""Default of the number of messages after which a window ends."""


class Load(NamedTuple):
    """This many senders, each with this many messages in flight. `own`: each in a conversation of its own, which nobody
    else follows; otherwise all members follow one room."""

    senders: int
    flight: int
    own: bool = False

    def __str__(self) -> str:
        return f"{self.senders}×{self.flight}{' own' if self.own else ''}"


class Row(NamedTuple):
    """One run of one server. `problem` is empty if every member received every message once, whole and in order."""

    deliveries_per_s: float = 0
    acked_per_s: float = 0
    own_p50_ms: float = 0
    own_p99_ms: float = 0
    all_p50_ms: float = 0
    all_p99_ms: float = 0
    cpu_us: float = 0
    """Processor time of the server for one delivery, in microseconds."""
    server_cpu: float = 0
    """The part of one core that the server used."""
    generator_cpu: float = 0
    connects_per_s: float = 0
    frames: float = 0
    drain_s: float = 0
    window_s: float = 0
    """The length of the window: longer than requested if the generator had to wait for the processor."""
    problem: str = ""


class Idle(NamedTuple):
    """A server with idle connections."""

    connections: int = 0
    rss_kb: float = 0
    """Resident memory of the server for one connection, in KB (1,000 bytes)."""
    connects_per_s: float = 0
    problem: str = ""


@contextmanager
def started(server: Running, core: int | None, limit: float, **options: object) -> Iterator[subprocess.Popen[str]]:
    """The running generator. It limits its own time; if it hangs all the same, it is ended after `limit` s."""
    argv = [str(compiler.load()), "--port", str(server.port), "--dialect", server.dialect]
    for name, value in options.items():
        argv += [f"--{name}", str(value)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=pin(core)
    ) as process:
        watchdog = Timer(limit, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def reports(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout
    for line in process.stdout:
        yield json.loads(line)


def identities(server: Running, members: int, prefix: str = "bench", own: bool = False) -> dict[str, object]:
    """The options that give the members their identities: in v1 a file with a token for each.

    `own`: each has a conversation of its own; in v1 a direct to a guest who is not connected.
    """
    if server.dialect != "v1":
        return {"prefix": prefix, "own": int(own)}
    tokens = guests.create(server.port, [f"{prefix}{number:05}" for number in range(members)])
    conversations: list[str] = []
    if own:
        away = [f"away{number:05}" for number in range(members)]
        guests.create(server.port, away)
        conversations = guests.directs(server.port, tokens, away)
    path = guests.write(server.scratch / f"{prefix}.tokens", tokens, conversations)
    return {"prefix": prefix, "tokens": path}


def measure(
    server: Running,
    core: int | None,
    members: int,
    load: Load,
    seconds: float,
    warmup: float,
    max_messages: int = MAX_MESSAGES,
) -> Row:
    """One run: warm-up, the window, and the wait until everything sent has arrived."""
    options = identities(server, members, own=load.own) | {"max-messages": max_messages}
    return measured(server, core, members, load, seconds, warmup, options)


def measured(
    server: Running,
    core: int | None,
    members: int,
    load: Load,
    seconds: float,
    warmup: float,
    options: dict[str, object],
) -> Row:
    """One run with members whose identities exist already."""
    busy = [0.0, 0.0]
    result: dict[str, Any] = {"problem": "the generator ended early"}
    with started(
        server,
        core,
        100 + warmup + seconds,
        members=members,
        senders=load.senders,
        flight=load.flight,
        seconds=seconds,
        warmup=warmup,
        **options,
    ) as process:
        pids = tree(server.pid)
        for report in reports(process):
            match report.get("event"):
                case "window":
                    busy[0] = cpu_seconds(pids)
                case "window_end":
                    busy[1] = cpu_seconds(pids)
                case None:
                    result = report
    known = {name: result[name] for name in Row._fields if name in result}
    if "frames" not in result:
        return Row(**known)
    cpu = busy[1] - busy[0]
    per_delivery = cpu * 1e6 / max(result["frames"], 1)
    row = Row(**known)._replace(cpu_us=per_delivery, server_cpu=cpu / max(result["window_s"], 1e-9))
    return row if result["ok"] else row._replace(problem=failure(result))


def failure(result: dict[str, Any]) -> str:
    counts = ", ".join(
        f"{result[name]} {name}" for name in ("missing", "doubled_or_late", "damaged", "errors") if result[name]
    )
    return f"{counts or 'no message arrived'}: {result['problem']}"


def hold(server: Running, core: int | None, connections: int, settle: float, sources: int = 1) -> Idle:
    """Memory per idle connection. Fifty connections come and go first, so that everything lazily loaded is there
    before."""
    few = min(50, connections)
    with started(server, core, 90, members=few, idle=0.2, **identities(server, few, "first")) as process:
        process.wait()
    options = {"sources": sources, **identities(server, connections)}
    time.sleep(settle)
    pids = tree(server.pid)
    before = rss_bytes(pids)
    with started(server, core, 90, members=connections, idle=settle + 1.0, **options) as process:
        for report in reports(process):
            time.sleep(settle)
            grown = rss_bytes(pids) - before
            status = process.wait()
            if status == 0:
                return Idle(connections, grown / connections / 1000, report["connects_per_s"])
        assert process.stderr
        return Idle(connections, problem=process.stderr.read().strip() or "the generator ended early")
