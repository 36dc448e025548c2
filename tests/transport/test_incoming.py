"""Frames that arrive in one packet with `hello`, before its outcome is known. No socket, no waiting."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from suhbat.chat.model import States
from suhbat.protocol.closes import Close
from suhbat.runtime.app import ServerApp
from suhbat.transport.admission import Admission
from suhbat.transport.dialect import BaseDialect
from suhbat.transport.incoming import SLICE
from suhbat.transport.stream_wire import StreamWire
from suhbat.transport.upgrade import Upgrade
from tests.servers import PATIENCE
from tests.system.raw import CLOSE, TEXT, framed, unframed

from .test_stream_wire import Open


class Peer:
    """A client of the v1 dialect, and the wire that serves it."""

    def __init__(self, app: ServerApp) -> None:
        self._transport = Open()
        self.wire = StreamWire(self._transport, Admission(lambda: app.node.services, app.node.hub.turn_end), set())
        self.wire.start(Upgrade("/api/v1/ws", {}, {}, "127.0.0.1"))

    def packet(self, *commands: dict[str, Any]) -> None:
        self.wire.data_received(b"".join(framed(TEXT, json.dumps(command).encode()) for command in commands))

    def clear(self) -> None:
        """Forget what was heard."""
        self._transport.written, self._transport.writes = b"", 0

    @property
    def writes(self) -> int:
        return self._transport.writes

    async def until(self, opcode: int, type: str = "") -> list[tuple[int, Any]]:
        """All frames up to one of this kind."""
        async with asyncio.timeout(PATIENCE):
            while not any(code == opcode and (not type or said["type"] == type) for code, said in self.heard()):
                await asyncio.sleep(0)
        return self.heard()

    def heard(self) -> list[tuple[int, Any]]:
        """For each frame the opcode, and the JSON or the close code."""
        frames: list[tuple[int, Any]] = []
        rest = self._transport.written
        while found := unframed(rest):
            head, payload, rest = found
            code = int.from_bytes(payload[:2], "big")
            frames.append((head & 0x0F, json.loads(payload) if head & 0x0F == TEXT else code))
        return frames


def hello(token: str) -> dict[str, Any]:
    return {"type": "hello", "id": 1, "token": token}


def send(length: int) -> dict[str, Any]:
    return {"type": "send", "id": 2, "conversation": "lobby", "text": "x" * length, "client_id": "k" * 64}


LENGTHS = pytest.mark.parametrize("length", [1, 3_950], ids=["within a slice", "over the end of a slice"])
"""The length of the command: parsed in one turn with `hello`, or in a later one."""


@LENGTHS
async def test_frames_after_hello_wait_for_it(app: ServerApp, length: int) -> None:
    """A command in the same packet is carried out when the opening is complete, and answered after `welcome`."""
    assert len(json.dumps(hello("")) + json.dumps(send(3_950))) > SLICE
    _, token = await app.node.people.make_guest("ali")
    peer = Peer(app)
    peer.packet(hello(token), send(length))
    heard = await peer.until(TEXT, "ok")
    assert [said["type"] for _, said in heard if said["type"] in ("welcome", "ok")] == ["welcome", "ok"]
    peer.wire.connection_lost(None)


@pytest.mark.parametrize("told", [True, False], ids=["noticed by the session", "noticed by the transport"])
@LENGTHS
async def test_frames_after_a_failed_hello(
    app: ServerApp, monkeypatch: pytest.MonkeyPatch, length: int, told: bool
) -> None:
    """An unexpected error in the opening closes once with 1011. The command in the same packet is neither carried out
    nor answered. `told`: the dialect notices the error and sends an error frame; otherwise the transport notices it."""
    _, token = await app.node.people.make_guest("ali")

    async def states(*asked: object, **more: object) -> States:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
    peer = Peer(app)
    with monkeypatch.context() as patched:

        def known(*_: object) -> None:
            patched.undo()
            raise ZeroDivisionError

        if told:
            patched.setattr(app.node.store, "states", states)
        else:
            patched.setattr(type(app.node.services.limits.unidentified), "discard", known)
        peer.packet(hello(token), send(length))
        await peer.until(CLOSE)
    for _ in range(100):
        await asyncio.sleep(0)
    heard = peer.heard()
    assert heard[-1] == (CLOSE, Close.INTERNAL)
    assert [(said["type"], said["code"], said["id"]) for _, said in heard[:-1]] == [("error", "internal", 1)] * told
    assert await app.node.store.events("lobby", 0, 10) == [] and faults == []
    peer.wire.connection_lost(None)


async def test_frames_go_on_after_a_pause_that_ends_at_once(app: ServerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tarpit's time may end between two looks at the clock. The frames of a packet that were not handled yet are handled
    all the same, although no further bytes arrive."""
    _, token = await app.node.people.make_guest("ali")
    peer = Peer(app)
    peer.packet(hello(token))
    await peer.until(TEXT, "caught_up")
    looks = iter([True])
    monkeypatch.setattr(BaseDialect, "crowded", property(lambda dialect: next(looks, False)))
    peer.packet({"type": "ping", "id": 1}, {"type": "typing", "conversation": "lobby", "id": 2})
    await peer.until(TEXT, "ok")
    peer.wire.connection_lost(None)


async def test_a_sender_gets_reply_and_event_in_one_write(app: ServerApp) -> None:
    """The reply to a send and the event of the message go out together, however many messages a batch has."""
    _, token = await app.node.people.make_guest("ali")
    peer = Peer(app)
    peer.packet(hello(token))
    await peer.until(TEXT, "caught_up")
    for count in (1, 3):
        peer.clear()
        peer.packet(*[send(10) | {"id": number, "client_id": f"c{count}-{number}"} for number in range(count)])
        heard = await peer.until(TEXT, "message.created")
        assert [said["type"] for _, said in heard] == ["ok"] * count + ["message.created"] * count
        assert peer.writes == 1
