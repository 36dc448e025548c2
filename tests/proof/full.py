"""A full disk: writes are refused, stored data can be read, and with free space everything works again."""

from __future__ import annotations

import asyncio
import random
import string
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import engines
from tests.servers import BUSY, Server
from tests.talk import V1

from .kills import LIMITS, rows_of

LARGE = 3_900
"""Random characters, so that a database cannot compress them."""


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A tmpfs. Only root can mount one."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "suhbat-proof", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@contextmanager
def on_a_small_disk(kind: str, place: Path) -> Iterator[tuple[Path, Server]]:
    """The disk, and a server of this kind with all its data on it; for PostgreSQL all but the write-ahead log."""
    if kind == "cluster":
        postgres = engines.postgres()
        with small_disk(postgres.place / "small", "64m") as disk, postgres.database_on(disk) as url:
            yield disk, Server(kind, place / "data", settings=LIMITS | {"SUHBAT_DATABASE_URL": url})
    else:
        with small_disk(place / "disk", "32m") as disk:
            yield disk, Server(kind, disk / "data", settings=LIMITS)


async def run(kind: str, place: Path, rounds: int) -> Counter[str]:
    """Fill the disk while somebody writes, and free it again, several times. Gives counts; raises AssertionError."""
    counted: Counter[str] = Counter()
    with on_a_small_disk(kind, place) as (disk, server):
        server.start()
        try:
            tokens = server.guest("ali"), server.guest("vali")
            said: dict[int, str] = {}
            async with V1(server.ws, tokens[0]) as ali, V1(server.ws, tokens[1]) as vali:
                for number in range(rounds):
                    ballast = disk / "ballast"
                    _fill(ballast)
                    counted["refused"] += await _until_refused(ali, said, number)
                    await _still_works(server, vali, said, tokens[1])
                    ballast.unlink()
                    counted["well again after ms (most)"] = max(
                        await _until_well(ali, said, number), counted["well again after ms (most)"]
                    )
                    await vali.until("message.created", seq=max(said))
            server.stop()
            stored = {
                row.seq: row.client_id for row in rows_of(server) if row.log == "lobby" and row.ordinal is not None
            }
            assert stored == said, "what is stored is not what was acknowledged"
            counted["acknowledged"] = len(said)
        finally:
            if server.process is not None and server.process.poll() is None:
                server.kill()
    return counted


def _fill(ballast: Path) -> None:
    """Fill the disk except for the space that the next few pages need."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            pass
        file.truncate(max(file.tell() - 256 * 1024, 0))


async def _until_refused(client: V1, said: dict[int, str], number: int) -> int:
    """Write until the disk is full. The refusal must name the storage as the reason and give a wait."""
    chance = random.Random(number)
    for count in range(2_000):
        key, text = f"{number}-{count}", "".join(chance.choices(string.printable[:90], k=LARGE))
        answer = await client.ask("send", conversation="lobby", text=text, client_id=key)
        if answer["type"] == "error":
            assert answer["code"] == "storage_unavailable" and answer["retry_after"] > 0, answer
            return 1
        said[answer["seq"]] = key
    raise AssertionError("the disk was never full")


async def _still_works(server: Server, reader: V1, said: dict[int, str], token: str) -> None:
    """Reading goes on: pages of history by both ways, and new connections."""
    page = await reader.ask("history", conversation="lobby", limit=50)
    assert page["type"] == "ok" and page["head"] >= max(said)
    status, _ = server.request("GET", "/api/v1/conversations/lobby/messages?limit=5", token=token)
    assert status == 200
    async with V1(server.ws, token):
        pass


async def _until_well(client: V1, said: dict[int, str], number: int) -> int:
    """With free space the server writes again without help. Gives the milliseconds until then."""
    began = time.monotonic()
    while time.monotonic() - began < 10 + BUSY:
        key = f"{number}-well"
        answer = await client.ask("send", conversation="lobby", text="yana", client_id=key)
        if answer["type"] == "ok":
            said[answer["seq"]] = key
            return round((time.monotonic() - began) * 1000)
        assert answer["code"] == "storage_unavailable", answer
        await asyncio.sleep(0.05)
    raise AssertionError("there is room again, and it does not write")
