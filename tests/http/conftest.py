"""An application over fakes, without lifespan, sockets or disk."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from copy import copy
from typing import Any, cast

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from starlette.datastructures import State

from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.messages import Messages
from suhbat.chat.ports import Store
from suhbat.chat.rate import Rates
from suhbat.chat.turns import Reads
from suhbat.config import Settings
from suhbat.http import api
from suhbat.http.parts import Parts
from suhbat.identity.accounts import Accounts
from suhbat.identity.control import Control
from suhbat.identity.guests import Guests
from suhbat.identity.passwords import Passwords
from suhbat.identity.people import People
from suhbat.identity.proxies import Proxies
from suhbat.identity.registration import Registration
from suhbat.identity.sessions import Sessions
from suhbat.identity.tickets import Tickets
from suhbat.protocol.objects import Role
from suhbat.protocol.problem import MEDIA_TYPE
from tests.documented import check
from tests.fakes import CountingTokens, FakeClock, FakeInvited, FakeListener, FakeStore

PASSWORD = "a good password"


async def documented(answer: httpx2.Response) -> None:
    """Whatever a test asks, it is answered as the OpenAPI document says. HEAD is answered as GET, without a body to check."""
    if answer.request.method == "HEAD":
        return
    await answer.aread()
    is_problem = answer.headers.get("content-type") == MEDIA_TYPE
    check(answer.request.method, str(answer.url), answer.status_code, answer.json() if is_problem else None)


_BUILT: dict[str | None, FastAPI] = {}


def application(parts: Parts) -> FastAPI:
    """As `api.build` makes it, with its own parts, routes and middleware. What the routes are made of is made once: it would
    take longer than most tests."""
    public_url = parts.settings.public_url
    if public_url not in _BUILT:
        _BUILT[public_url] = api.build(parts)
    app = copy(_BUILT[public_url])
    app.state = State()
    app.state.parts = parts
    app.router = copy(app.router)
    app.router.routes = list(app.router.routes)
    app.router.middleware_stack = app.router.app
    app.middleware_stack = None
    return app


class House:
    """The server under test and a client of it, with the fakes in reach."""

    def __init__(self, **flags: Any) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.settings = Settings(**flags)
        store = cast(Store, self.store)
        tokens = CountingTokens()
        access = self.settings.access
        listener = FakeListener()
        self.guests = Guests(store, self.clock, listener, tokens, access)
        self.accounts = Accounts(store, listener)
        self.sessions = Sessions(store, self.clock, listener, tokens)
        self.people = People(self.guests, self.accounts, self.sessions, access, cluster=None, names=None)
        self.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.registration = Registration(
            store, self.clock, self.people, self.passwords, listener, FakeInvited(), None, tokens, access
        )
        self.control = Control(self.settings.data)
        self.tickets = Tickets(self.clock, tokens)
        bans = Bans(self.clock)
        rates = Rates(self.settings.send_rate, self.settings.address_rate, self.settings.room_rate)
        registry = CollectorRegistry()
        Counter("suhbat_test", "A figure.", registry=registry).inc()
        self.app = application(
            Parts(
                settings=self.settings,
                store=store,
                people=self.people,
                registration=self.registration,
                tickets=self.tickets,
                messages=Messages(store, self.people, self.clock, rates),
                commands=Commands(store, self.people, self.clock, bans),
                bans=bans,
                rates=rates,
                reads=Reads(),
                clock=self.clock,
                registry=registry,
                control=self.control,
                proxies=Proxies(self.settings.trusted_proxies),
            )
        )

    def client(self, address: str = "127.0.0.1", **options: Any) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40000))
        hooks = {"response": [documented]}
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000", event_hooks=hooks, **options)

    async def account(self, name: str, role: Role = "member") -> dict[str, str]:
        """The headers of a new account, with the password PASSWORD."""
        account = await self.registration.add(name, PASSWORD, role)
        _, token = await self.sessions.begin(account.uid, "test")
        return {"authorization": f"Bearer {token}"}

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
