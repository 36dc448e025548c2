"""An application over fakes, without lifespan, sockets or disk."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx2
import pytest
from prometheus_client import CollectorRegistry, Counter

from suhbat.chat.acting import Acting
from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Store
from suhbat.chat.rate import Rates
from suhbat.config import Settings
from suhbat.http import api
from suhbat.http.parts import Parts
from suhbat.identity.guests import Guests
from suhbat.identity.tickets import Tickets
from tests.fakes import CountingTokens, FakeClock, FakeStore


class House:
    """The server under test and a client of it, with the fakes in reach."""

    def __init__(self, **flags: Any) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.settings = Settings(**flags)
        store = cast(Store, self.store)
        tokens = CountingTokens()
        self.guests = Guests(store, self.clock, tokens, self.settings.access)
        self.tickets = Tickets(self.clock, tokens)
        bans = Bans(self.clock)
        registry = CollectorRegistry()
        Counter("suhbat_test", "A figure.", registry=registry).inc()
        self.app = api.build(
            Parts(
                settings=self.settings,
                store=store,
                guests=self.guests,
                tickets=self.tickets,
                messages=Messages(store, self.guests, self.clock),
                acting=Acting(store, self.guests, self.clock, bans),
                bans=bans,
                rates=Rates(self.settings.send_rate),
                clock=self.clock,
                registry=registry,
            )
        )

    def client(self, address: str = "127.0.0.1", **options: Any) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40000))
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000", **options)

    async def guest(self, name: str) -> dict[str, str]:
        """The headers of a new token guest."""
        _, token = await self.guests.create(name)
        return {"authorization": f"Bearer {token}"}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither suhbat.toml nor SUHBAT_* of the one who runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SUHBAT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.client() as client:
        yield client
