"""The security headers of every response: pages, files, the API, errors and unknown paths."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from suhbat.config import Settings
from suhbat.errors import NotFound
from suhbat.protocol.headers import HSTS_SECONDS
from suhbat.runtime.app import ServerApp
from suhbat.transport.native import refusal

from .conftest import House

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(self), publickey-credentials-get=(self)",
}
HSTS = "strict-transport-security"
PATHS = [
    "/",
    "/setup",
    "/web/js/main.js",
    "/docs",
    "/healthz",
    "/api/v1/server",
    "/api/v1/me",
    "/nothing",
    "/api/v1/nothing",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("public_url", [None, "http://chat.example.org", "https://chat.example.org"])
async def test_every_answer(path: str, public_url: str | None) -> None:
    """Every response has all of them, and HSTS only with an https public_url."""
    async with House(public_url=public_url).client() as client:
        answer = await client.get(path)
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    is_https = public_url is not None and public_url.startswith("https")
    assert answer.headers.get(HSTS) == (f"max-age={HSTS_SECONDS}" if is_https else None)


async def test_an_unexpected_error_and_a_server_that_has_not_started(tmp_path: Path) -> None:
    """Both are answered outside of the application's own middleware."""
    app = ServerApp(Settings(data=tmp_path / "data", public_url="https://chat.example.org"))

    @app.fastapi.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        early = await client.get("/healthz")
        app.services = app.node.services
        late = await client.get("/broken")
    app.node.passwords.close()
    assert (early.status_code, late.status_code) == (503, 500)
    for answer in (early, late):
        assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
        assert HSTS in answer.headers


def test_a_refused_upgrade() -> None:
    """It is a response like any other; tests/transport sends a real request."""
    response = refusal(NotFound(), "en", "https://chat.example.org")
    assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert response.headers[HSTS] == f"max-age={HSTS_SECONDS}"
    assert response.headers["Cache-Control"] == "no-store"
