"""Measures messages that grow: what they cost, and what they cost the people who chat meanwhile.

    python bench/streams.py [--streams 20] [--readers 500] [--tokens 30] [--seconds 5] [--rounds 5] [--base TREE]

Streams grow in a room with many readers, each by so many tokens of four letters a second. Two people chat, in that room or in
their direct, in windows without the streams and with them, in turns. The server is on one core. The readers, the bots and the
pair are three processes on another one, on which the pair goes first. `--base`: another tree, whose server takes turns with
this one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import table
from catalogue import server_of
from compiler import CACHE
from crowd import Bots, Pair, Readers
from machine import about_disk, about_machine, allow_many_sockets, cores, cpu_seconds, require_disk
from servers import ROOT, Running, running, tree_of

sys.path.insert(0, str(ROOT))

from tests.servers import Server

SETTINGS = {"SUHBAT_ADDRESS_RATE": "0", "SUHBAT_GUESTS_PER_ADDRESS": "0"}
WARM_UP = 1.0
SETTLES = 0.5
"""Seconds that streams grow before a window."""


class Scene(NamedTuple):
    """A server with all its clients. `direct`: the conversation of the pair."""

    title: str
    server: Running
    readers: Readers
    bots: Bots
    pair: Pair
    direct: str


@dataclass
class Windows:
    """Windows of one kind. `delays`: of the messages of each one, in ms. `cpu`: of the server, `load`: of the clients, in
    seconds. `bytes`: to all readers."""

    delays: list[list[float]] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    load: float = 0.0
    bytes: int = 0
    tokens: int = 0

    def shares(self, share: float) -> list[float]:
        return [sorted(one)[int(len(one) * share)] for one in self.delays]

    @property
    def messages(self) -> int:
        return sum(map(len, self.delays))


def main() -> None:
    asked = arguments()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(prefix="streams-", dir=asked.data_root) as name, ExitStack() as stack:
        print(f"{about_machine(placed)}\n{about_disk(Path(name))}", flush=True)
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        keys = ("base", "suhbat") if asked.base else ("suhbat",)
        scenes = [stack.enter_context(scene(key, Path(name), placed.server, asked)) for key in keys]
        places = ("room", "direct") if asked.where == "both" else (asked.where,)
        print(
            f"- {asked.streams} streams of {asked.tokens:g} tokens/s, {asked.readers} readers; {asked.rounds} windows of "
            f"{asked.seconds:g} s of each kind, in turns",
            flush=True,
        )
        measured = measure(scenes, places, asked)
        for one in scenes:
            print(f"\n{report(one, measured, places, asked)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures messages that grow.")
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--tokens", type=float, default=30, help="a second, of each stream")
    parser.add_argument("--length", type=int, default=500, help="tokens of a message")
    parser.add_argument("--seconds", type=float, default=5, help="length of a window")
    parser.add_argument("--rounds", type=int, default=5, help="windows of each kind")
    parser.add_argument("--where", choices=("room", "direct", "both"), default="both", help="where the pair chats")
    parser.add_argument("--base", type=Path, help="another tree to compare with")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


@contextmanager
def scene(key: str, data: Path, core: int | None, asked: argparse.Namespace) -> Iterator[Scene]:
    """Start a server and all its clients."""
    server_kind = server_of(key)
    with ExitStack() as stack:
        settings = SETTINGS | tree_of(server_kind, asked.base)
        server = stack.enter_context(running(server_kind, data, core, settings))
        api = Server("suhbat", Path(), port=server.port)

        def tokens(name: str, count: int) -> list[str]:
            made = [api.request("POST", "/api/v1/guests", {"user_id": f"{name}{number}"}) for number in range(count)]
            return [answer["token"] for _, answer in made]

        chatting = tokens("pair", 2)
        status, made = api.request("POST", "/api/v1/directs", {"users": ["pair1"]}, token=chatting[0])
        assert status in (200, 201), made
        generator = cores().generator
        readers = Readers(server.port, tokens("reader", asked.readers), generator)
        stack.callback(readers.process.close)
        bots = Bots(server.port, tokens("bot", asked.streams), generator, asked.tokens, asked.length)
        stack.callback(bots.process.close)
        pair = Pair(server.port, (chatting[0], chatting[1]))
        yield Scene(server_kind.title, server, readers, bots, pair, made["conversation"])


Key = tuple[str, str, bool]
"""The title of a server, where the pair chats, and whether messages grow meanwhile."""


def measure(scenes: list[Scene], places: tuple[str, ...], asked: argparse.Namespace) -> dict[Key, Windows]:
    kinds = [(one, place, grows) for one in scenes for place in places for grows in (False, True)]
    measured: dict[Key, Windows] = {(one.title, place, grows): Windows() for one, place, grows in kinds}
    for one, place, grows in kinds:
        window(one, place, grows, WARM_UP, Windows())
        stay(scenes)
    for turn in range(asked.rounds):
        # The order alternates, so that slow changes of the machine affect all alike.
        for one, place, grows in kinds if turn % 2 else reversed(kinds):
            window(one, place, grows, asked.seconds, measured[one.title, place, grows])
            stay(scenes)
    return measured


def stay(scenes: list[Scene]) -> None:
    for one in scenes:
        one.pair.stay()


def window(one: Scene, place: str, grows: bool, seconds: float, into: Windows) -> None:
    if grows:
        one.bots.start()
        time.sleep(SETTLES)
    before, began = taken(one), time.monotonic()
    into.delays.append(one.pair.window(one.direct if place == "direct" else "lobby", seconds))
    cpu, load, received, tokens = (now - then for now, then in zip(taken(one), before, strict=True))
    into.seconds += time.monotonic() - began
    into.cpu, into.load, into.bytes, into.tokens = (
        into.cpu + cpu, into.load + load, into.bytes + int(received), into.tokens + int(tokens)
    )  # fmt: skip
    if grows:
        one.bots.stop()


def taken(one: Scene) -> tuple[float, float, float, float]:
    """Processor time of the server and of the clients; bytes that readers got, and tokens of the bots."""
    clients = [one.readers.process.pid, one.bots.process.pid, os.getpid()]
    return cpu_seconds([one.server.pid]), cpu_seconds(clients), one.readers.bytes, one.bots.appended


def report(one: Scene, measured: dict[Key, Windows], places: tuple[str, ...], asked: argparse.Namespace) -> str:
    lines: list[list[str]] = []
    notes: list[str] = []
    for place in places:
        alone, beside = (measured[one.title, place, grows] for grows in (False, True))
        for windows in (alone, beside):
            p50, tails = statistics.median(windows.shares(0.5)), windows.shares(0.99)
            base50, base = statistics.median(alone.shares(0.5)), alone.shares(0.99)
            lines.append(
                [
                    f"in the {place}, {'beside the streams' if windows is beside else 'alone'}",
                    f"{windows.messages:,}",
                    f"{p50:.2f}",
                    f"{statistics.median(tails):.2f}",
                    f"{min(tails):.2f}",
                    table.ratio(p50, base50),
                    table.ratio(statistics.median(tails), statistics.median(base)),
                    table.ratio(min(tails), min(base)),
                    f"{windows.cpu / windows.seconds:.0%}",
                    f"{windows.load / windows.seconds:.0%}",
                ]
            )
        rate = beside.tokens / beside.seconds
        cpu = beside.cpu / beside.seconds - alone.cpu / alone.seconds
        size = (beside.bytes / beside.seconds - alone.bytes / alone.seconds) / asked.readers
        notes.append(
            f"- pair in the {place}: {rate:,.0f} tokens/s; for each token {cpu / rate * 1e6:,.0f} µs of the server's processor "
            f"({cpu / rate / asked.readers * 1e9:,.0f} ns for each reader) and {size / rate:,.0f} bytes to each reader"
        )
    bots = one.bots
    notes.append(
        f"- {bots.begun:,} messages of {bots.appended:,} tokens have left {events_of_bots(one.server):,} events in the log; "
        f"{bots.refused} refused"
    )
    head = (
        "the pair's messages, ms",
        "messages",
        "p50",
        "p99, median",
        "p99, best",
        "p50 ÷ alone",
        "p99, median ÷ alone",
        "p99, best ÷ alone",
        "server's core",
        "clients' core",
    )
    return f"{one.title}:\n\n{table.markdown(head, lines)}\n\n" + "\n".join(notes)


def events_of_bots(server: Running) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{server.scratch / 'data' / 'suhbat.db'}?mode=ro", uri=True)) as raw:
        found = raw.execute("SELECT count(*) FROM events WHERE actor LIKE 'bot%' AND type LIKE 'message.%'").fetchone()
    return int(found[0])


if __name__ == "__main__":
    main()
