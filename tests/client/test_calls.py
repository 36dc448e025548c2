"""Calls of the SDK over HTTP after failures: what they repeat, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from suhbat.client import Refused, Unreachable
from suhbat.client.bodies import BodyAnswer
from suhbat.client.bot_calls import BotCalls
from suhbat.client.files import FileTransfers
from suhbat.client.hook_calls import HookCalls
from suhbat.client.web import Address

Making = Callable[[HookCalls], Awaitable[dict[str, Any]]]

NOTHING_HAPPENED = [
    BodyAnswer(503, body={"code": "busy"}),
    BodyAnswer(429, body={"code": "rate_limited"}),
    BodyAnswer(429),
]
UNCLEAR = [
    BodyAnswer(0, reason="Connection reset by peer"),
    BodyAnswer(408),
    BodyAnswer(500, body={"code": "internal"}),
    BodyAnswer(502),
    BodyAnswer(503, body={"code": "storage_unavailable"}),
    BodyAnswer(504),
]


class Network:
    """Gives these answers, then good ones. `sent`: the bodies that it was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[BodyAnswer]) -> None:
        self.sent: list[dict[str, Any]] = []
        self._answers = list(answers)
        monkeypatch.setattr("suhbat.client.files.fetch", self._fetch)
        self.transfers = FileTransfers(Address.of("http://chat"), self._token, lambda low, high: low, self._sleep)

    def _fetch(self, method: str, url: str, token: str, headers: object, sent: bytes) -> BodyAnswer:
        self.sent.append(json.loads(sent))
        return self._answers.pop(0) if self._answers else BodyAnswer(201, body={"id": "h1"})

    async def _token(self) -> str:
        return "t"

    async def _sleep(self, seconds: float) -> None:
        pass


async def _incoming(calls: HookCalls) -> dict[str, Any]:
    return await calls.make_incoming_hook("xona", "CI")


async def _outgoing(calls: HookCalls) -> dict[str, Any]:
    return await calls.make_hook("https://hooks.example.org/", "all")


async def _delivery(calls: HookCalls) -> dict[str, Any]:
    return await calls.deliver_again("h1", 1)


@pytest.mark.parametrize("make", [_incoming, _outgoing, _delivery])
async def test_what_would_happen_twice(make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook that may have been made is not made again: the program is told. If the server says that it did nothing, the
    call is repeated, and a refusal is raised."""
    for answer in UNCLEAR:
        network = Network(monkeypatch, [*NOTHING_HAPPENED, answer])
        with pytest.raises(Unreachable):
            await make(HookCalls(cast(Any, None), network.transfers))
        assert len(network.sent) == len(NOTHING_HAPPENED) + 1
    network = Network(monkeypatch, NOTHING_HAPPENED)
    assert await make(HookCalls(cast(Any, None), network.transfers)) == {"id": "h1"}
    network = Network(monkeypatch, [BodyAnswer(403, body={"code": "forbidden"})])
    with pytest.raises(Refused):
        await make(HookCalls(cast(Any, None), network.transfers))


async def test_an_answer_of_a_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is repeated with the same `client_id`, so that it is one message; another answer has another one."""
    network = Network(monkeypatch, UNCLEAR)
    calls = BotCalls(cast(Any, None), network.transfers)
    await calls.reply_to_command("k", "24°")
    assert len(network.sent) == len(UNCLEAR) + 1
    assert len({body["client_id"] for body in network.sent}) == 1
    await calls.reply_to_command("k", "24°")
    assert len({body["client_id"] for body in network.sent}) == 2
