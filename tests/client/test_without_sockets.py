"""The SDK in a network that blocks WebSockets: over an event stream or long polls, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from suhbat.client import Suhbat, pulse, ways
from suhbat.client.ways import Way, Ways
from suhbat.protocol.events import MessageCreated
from tests.blocking import Blocking, blocking
from tests.servers import PATIENCE, Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("blocked") / "data", send_rate="0") as server:
        yield server


async def texts(chat: Suhbat, count: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(PATIENCE):
        async for event in chat.events():
            if isinstance(event, MessageCreated):
                found.append(event.message.text)
                if len(found) == count:
                    break
    return found


@pytest.mark.parametrize("holds", [False, True], ids=["stream", "polls"])
async def test_everything_works_without_sockets(server: Server, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends are acknowledged in their order, events come once, and histories are read."""
    monkeypatch.setattr(pulse, "PATIENCE_SECONDS", 2.0)
    with blocking(server.port, holds=holds) as proxy:
        name = "polls" if holds else "stream"
        async with (
            Suhbat(f"http://127.0.0.1:{proxy.port}", name=f"ichkari-{name}") as chat,
            Suhbat(server.url, name=f"tashqari-{name}") as other,
        ):
            sent = await asyncio.gather(*(chat.send("lobby", f"{name} {number}") for number in range(40)))
            assert [one.seq for one in sent] == sorted(one.seq for one in sent)
            await chat.typing("lobby")
            await other.send("lobby", "last")
            wanted = [f"{name} {number}" for number in range(40)] + ["last"]
            assert await texts(chat, 41) == wanted and await texts(other, 41) == wanted
            page = await chat.history("lobby", limit=1)
            assert page.messages[0].text == "last"
            again = await chat.send("lobby", "once", client_id=f"key-{name}")
            assert (await chat.send("lobby", "once", client_id=f"key-{name}")).seq == again.seq
        assert ("/api/v1/events?wait=25" in proxy.asked()) == holds and "POST /api/v1/events" in proxy.asked()


async def test_back_to_the_socket(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """When sockets get through again, the SDK takes one, without losing or doubling a message."""
    monkeypatch.setattr(ways, "FIRST_TRIAL_SECONDS", 0.2)
    with Blocking(server.port) as proxy:
        async with (
            Suhbat(f"http://127.0.0.1:{proxy.port}", name="qaytgan") as chat,
            Suhbat(server.url, name="kuzatgan") as other,
        ):
            await chat.send("lobby", "0")
            proxy.allows = True
            sent = 0
            while proxy.asked().count("GET /api/v1/ws") < 3 or sent < 20:
                sent += 1
                await asyncio.gather(chat.send("lobby", f"{sent}"), other.send("lobby", f"{sent}x"))
            for one in (chat, other):
                found = await texts(one, 2 * sent + 1)
                assert sorted(found) == sorted(
                    [f"{number}" for number in range(sent + 1)] + [f"{number}x" for number in range(1, sent + 1)]
                )
            before = proxy.asked().count("POST /api/v1/commands")
            await chat.send("lobby", "over the socket")
            assert proxy.asked().count("POST /api/v1/commands") == before


def test_the_way() -> None:
    """A blocked socket is followed by a stream, a silent stream by polls; a network that is away leads back to the socket."""
    choice = Ways(lambda low, high: 1.0)
    choice.ended(welcomed=True, silent=True, named=False)
    assert choice.way is Way.SOCKET
    choice.blocked()
    choice.ended(welcomed=True, silent=False, named=False)
    assert choice.way is Way.STREAM
    choice.ended(welcomed=False, silent=True, named=False)
    assert choice.way is Way.POLLS
    assert [choice.next_trial() for _ in range(3)] == [5.0, 10.0, 20.0]
    choice.ended(welcomed=False, silent=False, named=True)
    assert choice.way is Way.POLLS
    choice.ended(welcomed=False, silent=False, named=False)
    assert choice.way is Way.SOCKET
    choice.ended(welcomed=False, silent=True, named=False)
    assert choice.way is Way.STREAM, "it opened, and nothing came"
