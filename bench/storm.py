"""A restart with many clients: N are connected, the server is killed, and when it is back all return at once.

    python bench/storm.py [--clients 10000] [--stop kill|term]

It prints the seconds from the moment the server reports ready until given numbers of clients have resumed and caught
up. Some messages are in flight when it ends, others are sent while the clients come back. At the end every client must
have every acknowledged message, once and in order, and nobody may have got a reset or a new snapshot.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import guests
import table
import uvloop
from catalogue import server_of
from client import LOBBY, Client, Record, Refused
from compiler import CACHE
from machine import (
    Cores,
    about_disk,
    about_machine,
    allow_many_sockets,
    cores,
    cpu_seconds,
    free_port,
    require_disk,
    rss_bytes,
    tree,
)
from servers import Running, end, start

FIRST_DELAY, LONGEST_DELAY = 0.5, 20.0
"""Seconds of the back-off (full jitter, doubling) if a refusal names no time (docs/reference/close-codes.md)."""
ENTERING = 200
"""Clients that connect at once before the storm. In the storm all do."""
CLIENT_BOUND = 0.9


class Storm:
    """The clients, one of which writes, and what happened to them."""

    def __init__(self, tokens: list[str], port: int) -> None:
        self.record = Record()
        self.clients = [Client(number, token, self.record) for number, token in enumerate(tokens)]
        self.writer = self.clients[0]
        self.port = port
        self.refusals: Counter[str] = Counter()
        self.lost = 0
        self.returned: list[float] = []
        """Seconds from the server's readiness until each client was back."""
        self.written: dict[int, str] = {}
        """The text of each message, by the id and client_id it was sent with."""

    async def fill(self) -> None:
        """Connect all clients."""
        room = asyncio.Semaphore(ENTERING)

        async def enter(client: Client) -> None:
            async with room:
                await self.enter(client)

        await asyncio.gather(*map(enter, self.clients))

    async def enter(self, client: Client) -> None:
        """Try until it succeeds, as a client should: wait as long as the refusal says, or else back off."""
        longest = FIRST_DELAY
        while True:
            try:
                await client.enter(self.port)
                return
            except (Refused, OSError, TimeoutError) as refused:
                self.refusals[str(refused) or type(refused).__name__] += 1
                asked = getattr(refused, "retry_after", None)
                wait = random.uniform(0, longest) if asked is None else asked * random.uniform(1, 1.5)
                longest = min(longest * 2, LONGEST_DELAY)
                await asyncio.sleep(wait)

    def write(self, count: int) -> None:
        for _ in range(count):
            id = len(self.written) + 1
            self.written[id] = f"message {id}"
            self.writer.send(id, self.written[id], f"storm:{id}")

    def write_again(self) -> None:
        """Send messages of unknown outcome again, with the same client_id."""
        for id in self.written.keys() - self.writer.answers.keys():
            self.writer.send(id, self.written[id], f"storm:{id}")

    async def come_back(self, ready: float, patience: float) -> None:
        """Reconnect all at once, while a message is sent every half second."""
        writing = asyncio.ensure_future(self.keep_writing())

        async def back(client: Client) -> None:
            client.lost = self.once_more
            await self.enter(client)
            self.returned.append(time.monotonic() - ready)
            if client is self.writer:
                self.write_again()

        try:
            async with asyncio.timeout(patience):
                await asyncio.gather(*map(back, self.clients))
        finally:
            writing.cancel()

    def once_more(self, client: Client) -> None:
        """A client that was back has lost its connection again."""
        self.lost += 1
        self.record.fault(f"client {client.number}: lost again after it had caught up")

    async def keep_writing(self) -> None:
        while not self.returned:
            await asyncio.sleep(0.05)
        while True:
            if self.writer.answers:
                self.write(1)
            await asyncio.sleep(0.5)

    async def settle(self, patience: float = 30.0) -> None:
        """Wait until everybody has everything. What is missing then is a fault."""
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            head = max(client.cursors[LOBBY] for client in self.clients)
            behind = [client for client in self.clients if client.cursors[LOBBY] < head]
            if not behind and len(self.writer.answers) == len(self.written):
                break
            await asyncio.sleep(0.05)
        if behind:
            self.record.fault(f"{len(behind)} clients miss messages, such as {behind[0].number}: {behind[0].cursors}")
        for id, text in self.written.items():
            seq = self.writer.answers.get(id)
            if seq is None:
                self.record.fault(f"{text} was never acknowledged")
            elif self.record.texts.get(seq) != text.encode():
                self.record.fault(f"{text} was acknowledged as {seq}, where {self.record.texts.get(seq)!r} is")
        if len(self.record.texts) != len(self.written):
            self.record.fault(f"{len(self.record.texts)} messages in the log, {len(self.written)} were written")


def main() -> int:
    """Returns 1 if a message is missing, or a client did not come back in time."""
    asked = arguments()
    if allow_many_sockets() < asked.clients + 100:
        sys.exit(f"bench: the limit of open files is too low for {asked.clients} clients: see `ulimit -Hn`")
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="storm-") as name:
        print(f"{about_machine(placed)}\n{about_disk(Path(name))}\n", flush=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(asked, Path(name), placed))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the return of all clients after the server was ended.")
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--stop", choices=("kill", "term"), default="kill", help="how the server is ended")
    parser.add_argument("--server", choices=("suhbat-v1", "uvicorn-v1"), default="suhbat-v1")
    parser.add_argument("--patience", type=float, default=180, help="seconds for all to come back")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    return parser.parse_args()


async def run(asked: argparse.Namespace, data: Path, placed: Cores) -> int:
    port = free_port()
    process, server = await started(asked, data, port, placed)
    try:
        tokens = await asyncio.to_thread(guests.create, port, [f"storm{number:05}" for number in range(asked.clients)])
        if placed.generator is not None:
            os.sched_setaffinity(0, {placed.generator})
        storm = Storm(tokens, port)
        gc.disable()  # the clients are many long-lived objects
        before = time.monotonic()
        await storm.fill()
        filled = asked.clients / (time.monotonic() - before)
        storm.write(20)
        while len(storm.writer.answers) < 20:
            await asyncio.sleep(0.01)
        storm.write(180)
        await asyncio.sleep(0.005)
        storm.write(20)
        await asyncio.sleep(0)  # they leave; their outcome does not matter
        process.send_signal(signal.SIGKILL if asked.stop == "kill" else signal.SIGTERM)
        undecided = len(storm.written) - len(storm.writer.answers)
        await asyncio.to_thread(process.wait, 60)
        down = time.monotonic()
        storm.refusals.clear()
        process, server = await started(asked, data, port, placed)
        ready = time.monotonic()
        return await measure(asked, storm, server, filled, undecided, ready - down)
    finally:
        end(process)


async def started(asked: argparse.Namespace, data: Path, port: int, placed: Cores) -> tuple[Popen[bytes], Running]:
    # Joins are announced up to 1,000 connections, the default, which the returning clients exceed.
    settings = {"SUHBAT_ANNOUNCE_LIMIT": "1000"}
    return await asyncio.to_thread(start, server_of(asked.server), data, port, placed.server, settings)


async def measure(
    asked: argparse.Namespace, storm: Storm, server: Running, filled: float, undecided: int, start_s: float
) -> int:
    pids, ready = tree(server.pid), time.monotonic()
    cpu, own_cpu = cpu_seconds(pids), time.process_time()
    try:
        await storm.come_back(ready, asked.patience)
    except TimeoutError:
        storm.record.fault(f"only {len(storm.returned)} were back after {asked.patience:g} s")
    took = time.monotonic() - ready
    cpu, own_cpu = cpu_seconds(pids) - cpu, time.process_time() - own_cpu
    rss = rss_bytes(pids)
    if len(storm.returned) == asked.clients:
        await storm.settle()
    faults = storm.record.faults
    for client in storm.clients:
        client.leave()
    print(report(asked, storm, took))
    bound = " (client-bound: the server may be faster)" if own_cpu / took > CLIENT_BOUND else ""
    print(
        f"\nThe server was ready {start_s:.1f} s after it had ended ({asked.stop}). {undecided} messages were undecided then, "
        f"{len(storm.written)} written in all. {sum(client.resumed for client in storm.clients):,} of "
        f"{asked.clients:,} resumed; {storm.lost} were lost again. Refusals: {dict(storm.refusals) or 'none'}.\n"
        f"Server CPU {cpu / took:.0%}, client CPU {own_cpu / took:.0%}{bound}; the server holds {rss / 1e6:.0f} MB. "
        f"Before, they came in at {filled:,.0f}/s."
    )
    for fault in faults[:10]:
        print(f"\n**FAILED** {fault}")
    return 1 if faults else 0


def report(asked: argparse.Namespace, storm: Storm, took: float) -> str:
    times = sorted(storm.returned) or [0.0]
    shares = [times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99)]
    head = ("clients", "back p50 s", "back p99 s", "all back s", "resumes/s")
    line = [
        f"{asked.clients:,}",
        *(f"{share:.2f}" for share in shares),
        f"{times[-1]:.2f}",
        f"{len(times) / took:,.0f}",
    ]
    return table.markdown(head, [line])


if __name__ == "__main__":
    sys.exit(main())
