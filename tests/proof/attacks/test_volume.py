"""Volume: many connections, many messages, mass reconnection, and a client that is far behind."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.servers import Server, running
from tests.system.raw import TEXT, Ended, Raw, framed
from tests.talk import V1

from .conftest import KINDS
from .siege import PATIENCE, Siege, name

LIMIT = 200
ATTEMPTS = 1_000
BACK = 100
"""Clients that come back in one moment; bench/storm.py makes it ten thousand."""
MISSED = 1_200
"""Events: more than are ever replayed for one conversation. A million is the same comparison."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_connections_from_one_address(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    """Connections above the limit get the reason and the time to wait and are closed with 4029; those below it stay."""
    with running(kind, tmp_path_factory.mktemp("many") / kind, connections_per_address=str(LIMIT)) as server:
        siege = Siege(server)
        codes: Counter[int] = Counter()
        with siege.attack(), ExitStack() as stack:
            let_in = [stack.enter_context(Raw(server.port, "/api/v1/ws")) for _ in range(LIMIT - 2)]
            for _ in range(ATTEMPTS - len(let_in)):
                with Raw(server.port, "/api/v1/ws") as raw:
                    error = raw.hear()
                    assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)
                    codes[raw.closed()] += 1
            assert codes == {4029: ATTEMPTS - len(let_in)}
            let_in[-1].say({"type": "hello", "id": 1, "token": siege.guest(name("early"))})
            assert let_in[-1].until("welcome")


def test_a_thousand_messages_at_once(siege: Siege) -> None:
    """Messages above the rate are refused with the time to wait, and a flood that continues is closed with 4029. Exactly
    the acknowledged messages are stored. Both dialects behave alike."""
    token = siege.guest(name("flooder"))
    frames = [
        json.dumps({"type": "send", "id": number, "conversation": "lobby", "text": f"flood {number}"}).encode()
        for number in range(1_500)
    ]
    with siege.attack():
        with Raw(siege.server.port, "/api/v1/ws") as raw:
            raw.hello(token)
            answers = _flood(raw, frames)
        accepted = {answer["seq"] for answer in answers if answer["type"] == "ok"}
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert refused and all(one["code"] == "rate_limited" and one["retry_after"] > 0 for one in refused)
        assert len(accepted) < len(frames)
        time.sleep(1)  # its rate, for reading too
        path = "/api/v1/conversations/lobby/messages?limit=200"
        _, page = siege.server.request("GET", path, token=token)
        oldest = page["messages"][0]["seq"]
        assert {seq for seq in accepted if seq >= oldest} <= {message["seq"] for message in page["messages"]}
        with Raw(siege.server.port, f"/ws/{name('flooder')}") as raw:
            answers = _flood(raw, [json.dumps({"message": f"flood {number}"}).encode() for number in range(1_500)])
        assert any(answer["type"] == "error" and answer["code"] == "rate_limited" for answer in answers)


def _flood(raw: Raw, frames: list[bytes]) -> list[dict[str, object]]:
    """Send everything in a few writes; returns the frames until the close, which must be 4029."""
    answers: list[dict[str, object]] = []
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(_write, raw, b"".join(framed(TEXT, frame) for frame in frames))
        try:
            while True:
                opcode, payload = raw.read()
                if opcode == TEXT:
                    answers.append(json.loads(payload))
                elif opcode == 8:
                    assert int.from_bytes(payload[:2], "big") == 4029
                    break
        except (Ended, ConnectionError):
            pass  # while more is on its way the close may get lost in a reset
        raw.close()
        writing.result(PATIENCE)
    return answers


def _write(raw: Raw, data: bytes) -> None:
    with suppress(OSError):  # it had enough
        raw.socket.sendall(data)


@pytest.mark.parametrize("kind", ["suhbat", "uvicorn"])  # hypercorn's worker outlives its killed parent
async def test_everybody_comes_back_at_once(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    """After a kill hundreds of clients resume with their cursors at once: none misses anything, and a new client can
    connect as well."""
    server = Server(kind, tmp_path_factory.mktemp("back") / kind, settings={"SUHBAT_SEND_RATE": "0"})
    server.start()
    try:
        token = server.guest(name("crowd"))
        async with V1(server.ws, token) as one:
            cursors = one.snapshot["cursors"]
            epoch = one.welcome["epoch"]
            seqs = [(await one.ask("send", conversation="lobby", text=f"missed {n}"))["seq"] for n in range(20)]
        server.kill()
        await asyncio.to_thread(server.start)

        async def back() -> list[int]:
            async with V1(server.ws, token, {"epoch": epoch, "cursors": cursors}) as again:
                assert again.welcome["resumed"]
                return [frame["seq"] for frame in again.opening if frame["type"] == "message.created"]

        async def newcomer() -> bool:
            async with V1(server.ws, await asyncio.to_thread(server.guest, name("new"))) as fresh:
                return bool((await fresh.ask("send", conversation="lobby", text="salom"))["type"] == "ok")

        began = time.monotonic()
        *missed, new = await asyncio.gather(*(back() for _ in range(BACK)), newcomer())
        print(f"{BACK} were back in {time.monotonic() - began:.1f} s")
        assert new is True
        assert all(got[: len(seqs)] == seqs for got in missed)
        assert "Traceback" not in server.printed()
    finally:
        server.stop()


async def test_somebody_who_is_far_behind(tmp_path: Path) -> None:
    """A client that is too far behind gets a reset in one frame instead of all events, and so does an invented cursor,
    however large. One transport stands for all."""
    with running("suhbat", tmp_path / "data", send_rate="0", address_rate="0") as server:
        siege = Siege(server)
        token = siege.guest(name("late"))
        async with V1(server.ws, token) as one:
            epoch, cursors = one.welcome["epoch"], dict(one.snapshot["cursors"])
            for number in range(MISSED):
                await one.say({"type": "send", "id": number, "conversation": "lobby", "text": str(number)})
            await one.until("ok", id=MISSED - 1)
        with siege.attack():
            for lobby in (cursors["lobby"], 2**53 - 1):
                behind = cursors | {"lobby": lobby}
                async with V1(server.ws, token, {"epoch": epoch, "cursors": behind}) as again:
                    resets = [frame for frame in again.opening if frame["type"] == "reset"]
                    assert [frame["conversation"] for frame in resets] == ["lobby"]
                    assert len(again.opening) < 20
                    sync = {"lobby": lobby, **{f"c{number}": number for number in range(500)}}
                    await again.say({"type": "sync", "id": "many", "cursors": sync})
                    await again.until("caught_up")
