"""Measures how soon the sockets of a revoked session are closed while a room is busy.

    python bench/revoke.py [--accounts 40] [--readers 300] [--rate 150]

Each account has one session with five sockets, three of v1 and two of the simple dialect. The accounts log out over
HTTP one after the other, while `--readers` members receive `--rate` messages a second. The time runs from before the
request until each socket has seen its close, which must be 4505. The server and this program have a core each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import uvloop
from catalogue import server_of
from compiler import CACHE
from machine import about_disk, about_machine, allow_many_sockets, cores, require_disk
from servers import ROOT, Running, running
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(ROOT))

from tests.system.room import Room, percentile

REVOKED = 4505
SOCKETS = (True, True, True, False, False)  # whether it is v1


async def measure(server: Running, asked: argparse.Namespace) -> int:
    http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30, trust_env=False)
    tokens = {}
    for number in range(asked.accounts):
        body = {"user_id": f"member{number}", "password": "a password of the usual length"}
        tokens[body["user_id"]] = (await http.post("/api/v1/accounts", json=body)).json()["token"]
    delays: list[float] = []
    answers: list[float] = []
    codes: set[int | None] = set()
    async with Room(server.port, readers=asked.readers, stopping=0, size=asked.size) as room:
        room.write_steadily(asked.rate)
        await room.listen(2)
        for name, token in tokens.items():
            sockets = [await opened(server.port, name, token, v1) for v1 in SOCKETS]
            drains = [asyncio.create_task(closed(socket)) for socket in sockets]
            await asyncio.sleep(0.05)
            began = time.perf_counter()
            answer = await http.delete("/api/v1/sessions/current", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 204, answer.text
            answers.append(time.perf_counter() - began)
            for code, at in await asyncio.wait_for(asyncio.gather(*drains), 30):
                codes.add(code)
                delays.append(at - began)
        heard = await room.listen(1)
    await http.aclose()
    delays.sort()
    answers.sort()
    print(f"- meanwhile a message reached its readers after p99 {percentile(heard, 0.99) * 1000:.1f} ms")
    print(f"- {len(delays)} sockets of {len(tokens)} sessions, closed with {sorted(codes, key=str)}")
    print(f"- until closed: p50 {_ms(delays, 0.5)}, p99 {_ms(delays, 0.99)}, most {delays[-1] * 1000:.1f} ms")
    print(f"- until answered: p50 {_ms(answers, 0.5)}, most {answers[-1] * 1000:.1f} ms")
    return 0 if codes == {REVOKED} and delays[-1] <= 1 else 1


def _ms(values: list[float], share: float) -> str:
    return f"{values[min(len(values) - 1, int(len(values) * share))] * 1000:.1f} ms"


async def opened(port: int, name: str, token: str, v1: bool) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"}
    path = "/api/v1/ws" if v1 else f"/ws/{name}"
    socket = await connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers, proxy=None, max_queue=None)
    if v1:
        await socket.send(json.dumps({"type": "hello", "id": 0}))
    # The simple dialect has no reply to a connect: the first message that arrives shows that the socket is live.
    while json.loads(await socket.recv())["type"] != ("caught_up" if v1 else "message"):
        pass
    return socket


async def closed(socket: ClientConnection) -> tuple[int | None, float]:
    """Read until the end; gives the close code, and when it came."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        return socket.close_code, time.perf_counter()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures how soon revoked sessions lose their sockets.")
    parser.add_argument("--accounts", type=int, default=40)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--rate", type=float, default=150, help="messages a second")
    parser.add_argument("--size", type=int, default=200, help="characters of a message")
    parser.add_argument("--data-root", type=Path, default=CACHE / "data")
    asked = parser.parse_args()
    allow_many_sockets()
    require_disk(asked.data_root)
    placed = cores()
    with TemporaryDirectory(dir=asked.data_root, prefix="revoke-") as name:
        print(f"{about_machine(placed)}\n{about_disk(Path(name))}")
        print(f"- {asked.readers} readers, {asked.rate:g} messages/s of {asked.size} characters", flush=True)
        with (
            running(server_of("suhbat"), Path(name), placed.server) as server,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            if placed.generator is not None:
                os.sched_setaffinity(0, {placed.generator})
            return runner.run(measure(server, asked))


if __name__ == "__main__":
    sys.exit(main())
