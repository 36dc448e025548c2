"""Invalid JSON gets the same answer in both dialects and over HTTP (tests/vectors/unreadable.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suhbat.protocol.machine import Answer, Do, Unlimited
from suhbat.protocol.simple import SimpleMachine
from suhbat.protocol.v1 import V1Machine, V1State
from suhbat.texts import REASONS
from tests.http.conftest import House

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "unreadable.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[repr(vector["text"])[:40] for vector in VECTORS])
async def test_every_door_says_the_same(house: House, vector: dict[str, str | None]) -> None:
    """A byte order mark is ignored everywhere; typographic quotes are named, in the same words."""
    text, reason = vector["text"], vector["reason"]
    assert text is not None
    simple = SimpleMachine("en", Unlimited()).receive(text, 0.0)
    machine = V1Machine("en", Unlimited())
    machine.state = V1State.OPEN
    v1 = machine.receive(text, 0.0)
    async with house.client(headers=await house.guest("user1")) as client:
        answer = await client.post(
            "/api/v1/conversations/lobby/messages",
            content=text.encode(),
            headers={"content-type": "application/json"},
        )
    if reason is None:
        assert isinstance(simple, Do) and isinstance(v1, Do) and answer.status_code == 201
        return
    assert isinstance(simple, Answer) and isinstance(v1, Answer) and answer.status_code == 400
    said = REASONS[reason]["en"]
    for told in (
        json.loads(simple.frame)["message"],
        json.loads(v1.frame)["message"],
        answer.json()["detail"],
    ):
        assert said in told, told


async def test_a_body_that_was_lost(house: House) -> None:
    """If the server drops the body because of an offer of HTTP/2 (plain uvicorn), the answer says so and what to do."""
    headers = {**await house.guest("user1"), "content-type": "application/json", "content-length": "13"}
    async with house.client() as client:
        answer = await client.post(
            "/api/v1/conversations/lobby/messages",
            content=b"",
            headers=headers | {"upgrade": "h2c", "connection": "Upgrade, HTTP2-Settings"},
        )
    assert answer.status_code == 400 and "--http1.1" in answer.json()["detail"]
