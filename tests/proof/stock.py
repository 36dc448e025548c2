"""Clients that others wrote: tus-js-client uploads a file through a network that breaks and a server that is killed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.node import NODE, packages
from tests.relay import Relay
from tests.servers import PATIENCE, ROOT, Server
from tests.uploading import FileClient, account

MEGABYTE = 1 << 20
CHUNKS = (0, 5 * MEGABYTE)
"""Bytes of a request: all in one, and as browsers usually do it."""


async def run(place: Path, seed: int, megabytes: int, cuts: int, kills: int) -> Counter[str]:
    """Upload a file of this size in each of CHUNKS, while so many connections are cut, and the server is killed so often in the
    middle and started again on the same data. What others then download must have the same SHA-256. Gives counts; raises
    AssertionError."""
    chance = random.Random(seed)
    counted: Counter[str] = Counter()
    data = place / "large"
    await asyncio.to_thread(_write, data, megabytes, chance)
    digest = await asyncio.to_thread(_digest_of, data)
    server = Server("suhbat", place / "data", settings={"SUHBAT_FILE_SIZE": str(2 * megabytes * MEGABYTE)})
    server.start()
    relay = Relay(server.port)
    try:
        await relay.start()
        ali, vali = [FileClient(server.port, account(server, name)) for name in ("ali", "vali")]

        async def cut() -> None:
            counted["connections cut"] += 1

        async def kill() -> None:
            counted["kill -9"] += 1
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

        for chunk in CHUNKS:
            happen: list[Callable[[], Awaitable[None]]] = [cut] * cuts + [kill] * kills
            chance.shuffle(happen)
            step = megabytes * MEGABYTE // (len(happen) + 1)
            relay.marks = [(relay.passed + step * number, one) for number, one in enumerate(happen, 1)]
            url = await _upload(relay.port, data, ali.token, chunk, counted)
            assert not relay.marks, f"{len(relay.marks)} faults did not happen"
            file = await asyncio.to_thread(ali.ready, url.rpartition("/")[2])
            assert (await asyncio.to_thread(ali.send, [file["id"]])).status == 201
            assert await asyncio.to_thread(vali.digest, file["url"]) == (200, digest), "other bytes came back"
            counted["bytes uploaded and the same"] += megabytes * MEGABYTE
    finally:
        await relay.close()
        if server.process is not None and server.process.poll() is None:
            server.stop()
    return counted


async def _upload(port: int, data: Path, token: str, chunk: int, counted: Counter[str]) -> str:
    """The URL of the upload. What the server acknowledged must not be lost."""
    await asyncio.to_thread(packages)
    script = ROOT / "tests" / "proof" / "stock.mjs"
    endpoint = f"http://127.0.0.1:{port}/api/v1/files"
    process = await asyncio.create_subprocess_exec(
        NODE, script, endpoint, data, token, str(chunk), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    accepted = 0
    try:
        async with asyncio.timeout(10 * PATIENCE):
            assert process.stdout is not None
            async for line in process.stdout:
                told = json.loads(line)
                assert "error" not in told, told
                if "url" in told:
                    return str(told["url"])
                if "offset" in told:
                    counted["resumed"] += 1
                    assert told["offset"] >= accepted, f"{accepted} were acknowledged, and {told['offset']} are there"
                accepted = max(accepted, told.get("accepted", 0))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    raise AssertionError("the client ended without a result")


def _write(path: Path, megabytes: int, chance: random.Random) -> None:
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(chance.randbytes(MEGABYTE))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
