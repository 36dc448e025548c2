"""Many concurrent reads over HTTP: each user has a limit and is told when to retry; others are answered."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from suhbat.chat.model import HistoryPage
from suhbat.chat.rate import Cost

from .conftest import House

PAGE = "/api/v1/conversations/lobby/messages"


async def test_one_user_has_a_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pages are read at once and sixteen wait; the next one is `busy` with `Retry-After`. Another user is answered
    meanwhile, and all waiting reads are answered in the end."""
    history, held, asked = house.store.history, asyncio.Event(), 0

    async def slow(actor: Any, *arguments: Any, **named: Any) -> HistoryPage:
        nonlocal asked
        asked += 1
        if actor.user_id == "ali":
            await held.wait()
        return await history(actor, *arguments, **named)

    monkeypatch.setattr(house.store, "history", slow)
    async with house.client(headers=await house.account("ali")) as ali, house.client() as vali:
        vali.headers.update(await house.account("vali"))
        reads = [asyncio.create_task(ali.get(PAGE)) for _ in range(30)]
        # Which of them come first is not said: the ten that are answered while the others wait were refused.
        waiting: set[asyncio.Task[httpx2.Response]] = set(reads)
        while len(waiting) > 20:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        refused = [task.result() for task in reads if task not in waiting]
        assert {answer.status_code for answer in refused} == {503}
        assert {answer.json()["code"] for answer in refused} == {"busy"}
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert asked == 4
        assert (await vali.get(PAGE)).status_code == 200
        held.set()
        assert {(await task).status_code for task in waiting} == {200}


async def test_what_costs_more_counts_for_more(house: House) -> None:
    """A room counts like ten messages for the rate of its creator."""
    burst = round(house.settings.send_rate * 5)
    async with house.client(headers=await house.account("ali")) as client:
        codes = [
            (await client.post("/api/v1/conversations", json={"title": ""})).status_code
            for _ in range(burst // Cost.ROOM + 1)
        ]
        assert codes[-1] == 429 and codes.count(429) == 1
