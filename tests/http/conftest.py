"""An application with fakes, without lifespan, sockets or disk."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from copy import copy
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.datastructures import State

from suhbat.config import Settings
from suhbat.http import api
from suhbat.http.middleware import SafeHeaders
from suhbat.protocol.objects import Role
from suhbat.protocol.problem import MEDIA_TYPE
from suhbat.services import Services
from suhbat.transport.admission import Admission
from suhbat.transport.event_streams import EventStreams
from tests.documented import check
from tests.fakes import FakeClock, FakeStore
from tests.services import cheap_passwords, services_over

PASSWORD = "a good password"


async def documented(answer: httpx2.Response) -> None:
    """Check that every answer in a test is as the OpenAPI document says. HEAD is answered as GET, without a body."""
    if answer.request.method == "HEAD":
        return
    await answer.aread()
    is_problem = answer.headers.get("content-type") == MEDIA_TYPE
    check(answer.request.method, str(answer.url), answer.status_code, answer.json() if is_problem else None)


_BUILT: dict[tuple[Any, ...], FastAPI] = {}


def application(services: Services) -> FastAPI:
    """The application of `api.build` with these services, and with routes and middleware of its own. The parts of the routes
    are made once, because that takes longer than most tests."""
    key = (services.settings.public_url, *services.settings.origins)
    if key not in _BUILT:
        _BUILT[key] = api.build(services, streams_over(services))
    app = copy(_BUILT[key])
    app.state = State()
    app.state.services = services
    app.state.streams = streams_over(services)
    app.router = copy(app.router)
    app.router.routes = list(app.router.routes)
    app.router.middleware_stack = app.router.app
    app.middleware_stack = None
    return app


def streams_over(services: Services) -> EventStreams:
    return EventStreams(Admission(lambda: services))


class House:
    """The server under test, its clients, and the fakes."""

    def __init__(self, **flags: Any) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.settings = Settings(**flags)
        self.passwords = cheap_passwords()
        self.services = services_over(self.store, self.clock, self.settings, self.passwords)
        self.people = self.services.people
        self.guests, self.accounts, self.sessions = self.people.guests, self.people.accounts, self.people.sessions
        self.registration, self.administration = self.services.registration, self.services.administration
        self.tickets = self.services.tickets
        self.control = self.services.control
        self.app = application(self.services)

    def client(self, address: str = "127.0.0.1", **options: Any) -> httpx2.AsyncClient:
        app = SafeHeaders(self.app, self.settings.public_url)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False, client=(address, 40000))
        hooks = {"response": [documented]}
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000", event_hooks=hooks, **options)

    async def account(self, name: str, role: Role = "member") -> dict[str, str]:
        """The headers of a new account, with the password PASSWORD."""
        account = await self.registration.add(name, PASSWORD, role)
        _, token = await self.sessions.create(account.uid, "test")
        return {"authorization": f"Bearer {token}"}

    async def guest(self, name: str) -> dict[str, str]:
        """The headers of a new token guest."""
        _, token = await self.guests.create(name)
        return {"authorization": f"Bearer {token}"}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither suhbat.toml nor SUHBAT_* variables of the environment are used."""
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
