"""Errors over HTTP: one format, one language at a time, no internal details."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from suhbat.protocol.types import MAX_FRAME
from tests.http.conftest import House

JSON = {"content-type": "application/json"}


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status and problem["code"] == code
    assert problem["type"] == "about:blank" and problem["title"] and problem["detail"]
    assert "{" not in problem["detail"].replace('{"', "")
    return problem


async def test_unknown_paths_and_methods(client: httpx2.AsyncClient) -> None:
    """Errors of the framework have the same format; 405 lists the allowed methods."""
    assert_problem(await client.get("/nope"), 404, "not_found")
    assert_problem(await client.get("/web/nope.js"), 404, "not_found")
    refused = await client.delete("/healthz")
    assert_problem(refused, 405, "not_found")
    assert refused.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b'{"user_id":"\xff"}', "not JSON"),
        (b'{"user_id":' + b"1" * 5_000 + b"}", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"", "not a JSON object"),
        (b"{}", '"user_id" is missing'),
        (b'{"user_id":7}', '"user_id" is not a string'),
        (b'{"user_id":true}', '"user_id" is not a string'),
        (b'{"user_id":NaN}', '"user_id" is not a string'),
        (b'{"user_id":"\\ud800"}', "cannot be stored"),
        (b'{"user_id":"a\\u0000"}', "cannot be stored"),
        (b'{"user_id":"a","cookie":"maybe"}', '"cookie"'),
    ],
)
async def test_what_cannot_be_understood(client: httpx2.AsyncClient, body: bytes, reason: str) -> None:
    """Every invalid body is a bad_request with the reason, and never an internal error."""
    answer = await client.post("/api/v1/guests", content=body, headers=JSON)
    assert reason in assert_problem(answer, 400, "bad_request")["detail"]


async def test_a_deep_nest_is_refused(client: httpx2.AsyncClient) -> None:
    """As deeply nested as a body can be, it is a bad_request. Which reason it has depends on how deep this Python reads:
    3.14 reads all of it, 3.11 gives up."""
    half = (MAX_FRAME - 20) // 2
    answer = await client.post(
        "/api/v1/guests", content=b'{"user_id":' + b"[" * half + b"]" * half + b"}", headers=JSON
    )
    detail = assert_problem(answer, 400, "bad_request")["detail"]
    assert "not JSON" in detail or '"user_id" is not a string' in detail


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_must_be_said_to_be_json(client: httpx2.AsyncClient, media_type: str) -> None:
    """A media type that a foreign page can send without a preflight is refused."""
    answer = await client.post("/api/v1/guests", content=b'{"user_id":"a"}', headers={"content-type": media_type})
    assert_problem(answer, 400, "bad_request")


async def test_a_large_body_is_refused_announced_or_not(client: httpx2.AsyncClient) -> None:
    """A body has at most 64 KiB, with a true, a false or no Content-Length."""

    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    assert_problem(await client.post("/api/v1/guests", content=b" " * (MAX_FRAME + 1), headers=JSON), 413, "too_large")
    assert_problem(await client.post("/api/v1/guests", content=dribble(), headers=JSON), 413, "too_large")
    odd = await client.post("/api/v1/guests", content=b"{}", headers={**JSON, "content-length": "9" * 5000})
    assert_problem(odd, 413, "too_large")


@pytest.mark.parametrize(
    ("headers", "query", "language", "word"),
    [
        ({}, "", "en", "Check"),
        ({"accept-language": "uz-UZ,en;q=0.5"}, "", "uz", "tekshiring"),
        ({"accept-language": "de,ru;q=0.1"}, "", "ru", "Проверьте"),
        ({"accept-language": "ru"}, "?lang=uz", "uz", "tekshiring"),
        ({"accept-language": "q=;;,,"}, "?lang=xx", "en", "Check"),
    ],
)
async def test_the_language_of_the_reader(
    client: httpx2.AsyncClient, headers: dict[str, str], query: str, language: str, word: str
) -> None:
    """?lang= takes precedence over Accept-Language; the code is the same in all languages."""
    answer = await client.get(f"/nope{query}", headers=headers)
    assert word in assert_problem(answer, 404, "not_found")["detail"]
    assert answer.headers["content-language"] == language


async def test_an_unexpected_failure_tells_nothing(house: House) -> None:
    """An internal error reveals no details."""
    headers = await house.guest("user1")
    house.store.broken = RuntimeError("secret path /home/me")
    async with house.client() as client:
        answer = await client.get("/api/v1/conversations", headers=headers)
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text


async def test_who_may_come_back_is_told_when(house: House) -> None:
    """retry_after is in the body and, in whole seconds, in Retry-After."""
    house.guests.claim("user1")
    async with house.client() as client:
        answer = await client.post("/api/v1/guests", json={"user_id": "user1"})
    assert assert_problem(answer, 409, "name_in_use")["retry_after"] == 10
    assert answer.headers["retry-after"] == "10"


@pytest.mark.parametrize("path", ["/ws/user1", "/api/v1/ws"])
async def test_plain_http_to_a_socket(client: httpx2.AsyncClient, path: str) -> None:
    """If a browser opens the address of a socket over plain HTTP, the answer says that it is a WebSocket."""
    answer = await client.get(path)
    assert "ws://" in assert_problem(answer, 426, "bad_request")["detail"]
    assert answer.headers["upgrade"] == "websocket"
