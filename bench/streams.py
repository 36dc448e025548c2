"""Measures messages that grow: what they cost, and what they cost the people who chat meanwhile.

    python bench/streams.py [--streams 20] [--readers 500] [--tokens 30] [--seconds 6] [--rounds 3]

Two people chat in a room with many readers, in windows with and without the streams, in turns. Each stream appends a token
of some four letters so many times a second. The server is on one core, everything else in this process on another. The
readers only count bytes, but that delays the pair here as well, so the ratio is an upper bound of what the streams cost it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import uvloop
from catalogue import server_of
from machine import about_machine, allow_many_sockets, cores, cpu_seconds
from servers import ROOT, Running, running

sys.path.insert(0, str(ROOT))

from tests.servers import Server
from tests.talk import V1

SETTINGS = {
    "SUHBAT_SEND_RATE": "0",
    "SUHBAT_ADDRESS_RATE": "0",
    "SUHBAT_ROOM_RATE": "0",
    "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
    "SUHBAT_GUESTS_PER_ADDRESS": "0",
}
PAUSE = 0.02
"""Seconds between two messages of the pair."""
TOKEN = "osh "
PONG = bytes([0x8A, 0x80, 0, 0, 0, 0])
"""An empty, masked pong that nobody asked for: the server hears that the connection lives."""


@dataclass
class Window:
    """What was measured: the delays of messages in ms, the tokens, the processor time of the server, bytes to one reader."""

    delays: list[float] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    bytes: int = 0
    head: int = 0


class Reader(asyncio.Protocol):
    """Counts the bytes of a connection that has said hello, and shows every few seconds that it is there."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def stay(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(PONG)
            asyncio.get_running_loop().call_later(8, self.stay)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures messages that grow.")
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--tokens", type=float, default=30, help="a second, of each stream")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    allow_many_sockets()
    placed = cores()
    with (
        TemporaryDirectory(prefix="streams-") as name,
        running(server_of("suhbat"), Path(name), placed.server, SETTINGS) as server,
    ):
        print(about_machine(placed), flush=True)
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(runner.run(measure(server, asked)), flush=True)


async def measure(server: Running, asked: argparse.Namespace) -> str:
    ws = f"ws://127.0.0.1:{server.port}"
    api = Server("suhbat", Path(), port=server.port)

    def token(name: str) -> str:
        made: str = api.request("POST", "/api/v1/guests", {"user_id": name})[1]["token"]
        return made

    readers = [await _reader(server.port, token(f"reader{n}")) for n in range(asked.readers)]
    without, within = Window(), Window()
    async with V1(ws, token("ali")) as ali, V1(ws, token("vali")) as vali:
        bots = [await V1(ws, token(f"bot{n}")).__aenter__() for n in range(asked.streams)]
        for bot in bots:
            drain(bot)
        await chat(ali, vali, 1.0, Window())
        for _ in range(asked.rounds):
            for window, streams in ((without, []), (within, bots)):
                began, cpu, received = time.monotonic(), cpu_seconds([server.pid]), readers[0].received
                done = asyncio.Event()
                growing = [asyncio.create_task(grow(bot, asked.tokens, done, window)) for bot in streams]
                await chat(ali, vali, asked.seconds, window)
                done.set()
                await asyncio.gather(*growing)
                window.seconds += time.monotonic() - began
                window.cpu += cpu_seconds([server.pid]) - cpu
                window.bytes += readers[0].received - received
    return table(without, within, asked)


def drain(bot: V1) -> None:
    """Read everything that a bot is sent, in the background; answers to its commands go to `bot.answers`."""
    answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read() -> None:
        while True:
            frame = await bot.hear()
            if isinstance(frame.get("id"), int) and (answer := answers.pop(frame["id"], None)) is not None:
                answer.set_result(frame)

    async def ask(type: str, **fields: Any) -> dict[str, Any]:
        id = next(bot._ids)
        answers[id] = asyncio.get_running_loop().create_future()
        await bot.say({"type": type, "id": id, **fields})
        return await answers[id]

    bot.ask = ask  # type: ignore[method-assign]
    bot.reading = asyncio.create_task(read())  # type: ignore[attr-defined]


async def grow(bot: V1, tokens: float, done: asyncio.Event, window: Window) -> None:
    """Let messages grow, one after another, until it is done."""
    while not done.is_set():
        sent = await bot.ask("send", conversation="lobby", text="", streaming=True)
        place = {"conversation": "lobby", "seq": sent["seq"]}
        length = 0
        while not done.is_set() and length + len(TOKEN) <= 4_000:
            reply = await bot.ask("append", **place, offset=length, text=TOKEN)
            if reply["type"] == "ok":
                length = reply["offset"]
                window.tokens += 1
            await asyncio.sleep(1 / tokens)
        await bot.ask("finish", **place)


async def chat(ali: V1, vali: V1, seconds: float, window: Window) -> None:
    """One writes, the other reads: the delay of each message."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        sent = time.perf_counter()
        text = f"salom {sent}"
        await ali.say({"type": "send", "conversation": "lobby", "text": text})
        while True:
            frame = await vali.hear()
            if frame["type"] == "message.created" and frame["message"]["text"] == text:
                break
        window.delays.append((time.perf_counter() - sent) * 1000)
        await asyncio.sleep(PAUSE)


async def _reader(port: int, token: str) -> Reader:
    """A connection that only counts what it gets."""
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_connection(Reader, "127.0.0.1", port)
    transport.write(
        b"GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
    )
    while not reader.received:
        await asyncio.sleep(0.001)
    hello = b'{"type":"hello","id":1}'
    transport.write(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    reader.stay()
    return reader


def table(without: Window, within: Window, asked: argparse.Namespace) -> str:
    def line(name: str, window: Window) -> str:
        quantiles = statistics.quantiles(window.delays, n=100)
        p50, p99 = quantiles[49], quantiles[98]
        load = window.cpu / window.seconds
        return f"| {name} | {len(window.delays):,} | {p50:.2f} | {p99:.2f} | {load:.0%} |"

    extra = within.cpu / within.seconds - without.cpu / without.seconds
    per_second = within.tokens / within.seconds
    received = within.bytes / within.seconds - without.bytes / without.seconds
    ratio = statistics.quantiles(within.delays, n=100)[98] / statistics.quantiles(without.delays, n=100)[98]
    return "\n".join(
        [
            f"- {asked.streams} streams, {asked.readers} readers, {asked.rounds} windows of {asked.seconds:g} s each, in turns",
            "",
            "| | messages | p50, ms | p99, ms | server's processor |",
            "|---|---|---|---|---|",
            line("without streams", without),
            line("with streams", within),
            "",
            f"- p99 with / without: {ratio:.2f}",
            f"- {per_second:,.0f} tokens/s; {extra / per_second * 1e6:,.0f} µs of processor time per token, for all readers",
            f"- {received / per_second:,.0f} bytes per token to each reader",
        ]
    )


if __name__ == "__main__":
    main()
