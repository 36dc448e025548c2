"""The cost of idle event streams beside idle v1 sockets (docs/reference/event-stream.md).

    python bench/event_streams.py [--connections 1000] [--seconds 60]

Resident memory for each of N idle connections, each of a user of its own, and the processor time of the server over a
minute in which nothing happens but what keeps the connections alive.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from machine import allow_many_sockets, cpu_seconds, free_port, rss_bytes
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
SETTINGS = {
    "SUHBAT_CONNECTIONS_PER_ADDRESS": "0",
    "SUHBAT_GUESTS_PER_ADDRESS": "0",
    "SUHBAT_ADDRESS_RATE": "0",
    "SUHBAT_SEND_RATE": "0",
    "SUHBAT_LOG_LEVEL": "error",
}


class Cost(NamedTuple):
    """kb: of memory for a connection; ms: of processor time a second for a thousand connections."""

    kb: float
    ms: float


async def ask(port: int, method: str, path: str, token: str = "", body: object = None) -> bytes:
    reader, writer = await stream(port, method, path, token, body, close=True)
    answer = await reader.read()
    writer.close()
    return answer


async def stream(
    port: int, method: str, path: str, token: str, body: object = None, *, close: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=16 * 1024 * 1024)
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"] if data else []
    lines += ["Connection: close"] if close else []
    writer.write("\r\n".join([*lines, "", ""]).encode() + data)
    return reader, writer


async def guests(port: int, count: int) -> list[str]:
    tokens = []
    for number in range(count):
        answer = await ask(port, "POST", "/api/v1/guests", body={"user_id": f"idle{number}"})
        tokens.append(json.loads(answer.partition(b"\r\n\r\n")[2])["token"])
    return tokens


async def socket(port: int, token: str) -> ClientConnection:
    opened = await connect(f"ws://127.0.0.1:{port}/api/v1/ws", compression=None, proxy=None, ping_interval=None)
    await opened.send(json.dumps({"type": "hello", "id": 1, "token": token}))
    while json.loads(await opened.recv())["type"] != "caught_up":
        pass
    return opened


async def events(port: int, token: str) -> asyncio.StreamWriter:
    reader, writer = await stream(port, "GET", "/api/v1/events", token)
    while b'"caught_up"' not in await reader.readline():
        pass
    return writer


async def measure(kind: str, port: int, pid: int, asked: argparse.Namespace) -> Cost:
    tokens = await guests(port, asked.connections)
    open_one = socket if kind == "v1" else events
    warm = [await open_one(port, tokens[0])]
    await asyncio.sleep(2)
    before = rss_bytes([pid])
    kept = [await open_one(port, token) for token in tokens[1:]]
    await asyncio.sleep(5)
    grown = rss_bytes([pid]) - before
    used, began = cpu_seconds([pid]), time.monotonic()
    await asyncio.sleep(asked.seconds)
    used, passed = cpu_seconds([pid]) - used, time.monotonic() - began
    del warm, kept
    return Cost(grown / 1000 / (asked.connections - 1), used / passed * 1_000_000 / asked.connections)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    allow_many_sockets()
    for kind in ("v1", "event stream"):
        with tempfile.TemporaryDirectory() as data:
            port = free_port()
            command = [sys.executable, "-m", "suhbat", "serve", "--host", "127.0.0.1", "--port", str(port)]
            environment = {"PATH": "", "PYTHONPATH": str(ROOT), "SUHBAT_DATA": data, **SETTINGS}
            server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            try:
                for _ in range(200):
                    try:
                        if b" 200 " in asyncio.run(ask(port, "GET", "/readyz")).partition(b"\r\n")[0]:
                            break
                    except OSError:
                        pass
                    time.sleep(0.1)
                cost = asyncio.run(measure(kind, port, server.pid, asked))
                print(
                    f"{kind}: {cost.kb:.1f} KB each, {cost.ms:.1f} ms of processor time a second for 1,000", flush=True
                )
            finally:
                server.terminate()
                server.wait(20)


if __name__ == "__main__":
    main()
