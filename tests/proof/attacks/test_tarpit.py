"""A client behind a trusted proxy keeps exceeding its limits: its refusals come more and more slowly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from suhbat.chat.tarpit import A_SECOND, AT_ONCE
from tests.servers import Server, running
from tests.talk import V1

FROM = {"X-Forwarded-For": "198.51.100.1"}
AGAIN = {"X-Forwarded-For": "198.51.100.2"}
ELSEWHERE = {"X-Forwarded-For": "203.0.113.1"}
MORE = 20
"""Refusals above those that are told at once."""
ASKED = 50 + AT_ONCE + 2 * MORE
"""As many as may be at once, and those that are refused: some more may pass meanwhile."""


@pytest.fixture(scope="module", params=["suhbat", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("tarpit") / "data"
    with running(request.param, place, trusted_proxies="127.0.0.1", send_rate="10") as server:
        yield server


async def test_over_a_socket(server: Server) -> None:
    """Every refusal arrives and the connection stays, but it is not read while a refusal is delayed. A client of another
    address gets its answer at once."""
    token = server.guest("ali")
    async with V1(server.ws, token, additional_headers=FROM) as one:
        began, refused = time.monotonic(), 0  # on a busy machine the server refuses before the client has sent the last
        for number in range(ASKED):
            await one.say({"type": "send", "id": number, "conversation": "lobby", "text": "salom"})
        while refused < AT_ONCE:
            refused += (await one.hear()).get("code") == "rate_limited"
        async with V1(server.ws, server.guest("vali"), additional_headers=ELSEWHERE) as other:
            assert (await other.ask("send", conversation="lobby", text="salom"))["type"] == "ok"
        while refused < AT_ONCE + MORE:
            refused += (await one.hear()).get("code") == "rate_limited"
        assert time.monotonic() - began > (MORE - 3) / A_SECOND


async def test_over_http(server: Server) -> None:
    """Each of many concurrent requests gets its answer, only so many a second."""
    token = server.guest("soli")

    def ask() -> int:
        return server.request("GET", "/api/v1/me", token=token, **AGAIN)[0]

    began = time.monotonic()
    answers = await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(ASKED)))
    assert set(answers) == {200, 429}
    assert time.monotonic() - began > (answers.count(429) - AT_ONCE - 3) / A_SECOND
