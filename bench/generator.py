"""The load generator: compiled from load.c when it is needed, run against one server, its report read."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

from machine import cpu_seconds, pin, rss_bytes, tree
from servers import BENCH, CACHE, Running

SETTLE = 1.5
"""Seconds between the last connect, or the last leave, and a look at the server's memory."""


class Load(NamedTuple):
    """So many senders, each with so many messages in flight."""

    senders: int
    flight: int

    def __str__(self) -> str:
        return f"{self.senders}×{self.flight}"


class Row(NamedTuple):
    """One run of one server. `problem` is empty when every member received every message once, whole and in order."""

    deliveries_per_s: float = 0
    acked_per_s: float = 0
    own_p50_ms: float = 0
    own_p99_ms: float = 0
    all_p50_ms: float = 0
    all_p99_ms: float = 0
    cpu_us: float = 0
    """Processor time of the server for one delivery, in microseconds."""
    server_cpu: float = 0
    """Part of one core that the server used."""
    generator_cpu: float = 0
    connects_per_s: float = 0
    frames: float = 0
    drain_s: float = 0
    problem: str = ""


class Idle(NamedTuple):
    """A server with connections that do nothing."""

    connections: int = 0
    rss_kb: float = 0
    """Resident memory of the server for one connection, in KB (1,000 bytes)."""
    connects_per_s: float = 0
    problem: str = ""


@cache
def binary() -> Path:
    """Compiles the generator once per state of its source, with gcc or else the ziglang wheel."""
    source = BENCH / "load.c"
    compiled = CACHE / f"load-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not compiled.exists():
        gcc = shutil.which("gcc")
        if not gcc and not importlib.util.find_spec("ziglang"):
            sys.exit("bench: a C compiler is needed: install gcc, or `pip install ziglang`")
        compiler = [gcc] if gcc else [sys.executable, "-m", "ziglang", "cc"]
        CACHE.mkdir(exist_ok=True)
        subprocess.run([*compiler, "-O2", "-o", str(compiled), str(source)], check=True)
    return compiled


@contextmanager
def started(server: Running, core: int | None, limit: float, **options: object) -> Iterator[subprocess.Popen[str]]:
    """The generator at work. It bounds itself in time; should it hang all the same, it is ended after `limit` s."""
    argv = [str(binary()), "--port", str(server.port)]
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


def measure(server: Running, core: int | None, members: int, load: Load, seconds: float, warmup: float) -> Row:
    """One run: warm-up, the window, and then the wait until everything sent has arrived."""
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
    row = Row(**known)._replace(cpu_us=per_delivery, server_cpu=cpu / result["window_s"])
    return row if result["ok"] else row._replace(problem=failure(result))


def failure(result: dict[str, Any]) -> str:
    counts = ", ".join(
        f"{result[name]} {name}" for name in ("missing", "doubled_or_late", "damaged", "errors") if result[name]
    )
    return f"{counts or 'no message arrived'}: {result['problem']}"


def hold(server: Running, core: int | None, connections: int) -> Idle:
    """Memory per idle connection. Fifty come and go first, so that what is loaded lazily is there before."""
    with started(server, core, 90, members=min(50, connections), idle=0.2, prefix="first") as process:
        process.wait()
    time.sleep(SETTLE)
    pids = tree(server.pid)
    before = rss_bytes(pids)
    with started(server, core, 90, members=connections, idle=SETTLE + 1.0) as process:
        for report in reports(process):
            time.sleep(SETTLE)
            grown = rss_bytes(pids) - before
            status = process.wait()
            if status == 0:
                return Idle(connections, grown / connections / 1000, report["connects_per_s"])
        assert process.stderr
        return Idle(connections, problem=process.stderr.read().strip() or "the generator ended early")
