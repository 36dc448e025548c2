"""A node is asked to stop while its database does not answer."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from suhbat.store.postgres.store import prepare
from tests import engines
from tests.servers import BUSY, PATIENCE, Server
from tests.talk import V1, Simple

GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[engines.Postgres]:
    """A database of its own, because the tests beside it use theirs."""
    engine = engines.Postgres()
    with engines.running(engine):
        prepare(engine.new_database("empty"))
        yield engine


@pytest.mark.skipif(sys.platform == "win32", reason="there no process can be asked to stop")
async def test_a_database_that_hangs(postgres: engines.Postgres, tmp_path: Path) -> None:
    """With clients connected, and a message and requests in progress, the process ends within 10 s. The clients are
    told to reconnect, and the log says what was given up. Ctrl-C ends it as Python does, which waits for threads that
    are not daemons."""
    hanging = asyncio.Barrier(2)
    try:
        await asyncio.gather(
            _stopped("SIGTERM", 3, postgres, tmp_path, hanging), _stopped("SIGINT", 0, postgres, tmp_path, hanging)
        )
    finally:
        postgres.resume()


async def _stopped(way: str, requests: int, postgres: engines.Postgres, place: Path, hanging: asyncio.Barrier) -> None:
    """Stop one of two servers, after the database has stopped answering both."""
    url = postgres.new_database(way.lower(), template="empty")
    server = Server("suhbat", place / way, settings={"SUHBAT_DATABASE_URL": url})
    await asyncio.to_thread(server.start)
    try:
        token = server.guest("aziz")
        async with V1(server.ws, token) as person, Simple(server.ws, "bobur") as other:
            assert (await person.ask("send", conversation="lobby", text="bir", client_id="k1"))["type"] == "ok"
            async with asyncio.timeout(PATIENCE):
                if await hanging.wait() == 0:
                    postgres.pause()
                await hanging.wait()
            await person.say({"type": "send", "id": 9, "conversation": "lobby", "text": "ikki", "client_id": "k2"})
            asking = [asyncio.create_task(asyncio.to_thread(_ask, server)) for _ in range(requests)]
            await asyncio.sleep(0.5)
            assert server.process is not None
            server.process.send_signal(getattr(signal, way))
            began = time.monotonic()
            assert [await one.closed() for one in (person, other)] == [1012, 1012]
            await asyncio.to_thread(server.process.wait, PATIENCE)
            assert time.monotonic() - began < GONE_SECONDS + BUSY
            await asyncio.gather(*asking)
        assert "sends without an acknowledgement are undecided" in server.printed()
    finally:
        await asyncio.to_thread(server.kill)


def _ask(server: Server) -> None:
    with suppress(OSError):
        server.request("GET", "/readyz")
