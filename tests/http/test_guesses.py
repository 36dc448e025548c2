"""Secrets in the path: tokens of the Bot API, and addresses of incoming webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.chat.rate import BURST_SECONDS
from tests.http.conftest import House

from .test_bots import make

RATE = 4
FAR = "203.0.113.7"


@pytest.mark.parametrize(("method", "path", "wrong"), [("GET", "/bot1:x/getMe", 401), ("POST", "/hooks/x", 404)])
async def test_wrong_ones_are_slowed_down(method: str, path: str, wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each counts for its address, and once its rate is used up, nothing is looked up any more. A right one does not count."""
    house = House(address_rate=RATE)
    lord = await house.account("lord", "owner")
    token = (await make(house, lord))["token"]
    looked_up: list[str] = []

    def watched(kept: Any, name: str) -> None:
        before = getattr(kept, name)

        async def look_up(given: str) -> Any:
            looked_up.append(given)
            return await before(given)

        monkeypatch.setattr(kept, name, look_up)

    watched(house.services.people, "authenticate")
    watched(house.services.hooks, "find")
    async with house.client(FAR) as client:
        statuses = [(await client.request(method, path)).status_code for _ in range(RATE * int(BURST_SECONDS) + 5)]
        assert statuses == [wrong] * (RATE * int(BURST_SECONDS)) + [429] * 5
        assert len(looked_up) == RATE * int(BURST_SECONDS)
        refused = await client.request(method, path)
        assert int(refused.headers["retry-after"]) >= 1
        house.clock.advance(60)
        assert (await client.get(f"/bot{token}/getMe")).status_code == 200
