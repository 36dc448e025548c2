"""HEAD requests, and redirects."""

from __future__ import annotations

import httpx2
import pytest
from starlette.routing import Route

from tests.http.conftest import House

PATHS = ["/", "/setup", "/try", "/sw.js", "/docs", "/openapi.json", "/asyncapi.json", "/healthz", "/web/js/main.js"]


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/me", "/api/v1/conversations", "/api/v1/server", "/nowhere"])
async def test_head_is_get_without_the_body(house: House, path: str) -> None:
    """HEAD has the status and headers of GET and no body, also with a token and for unknown paths."""
    async with house.client(headers=await house.guest("user1")) as client:
        get, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    unlike = {"date"}
    assert {n: v for n, v in head.headers.items() if n not in unlike} == {
        n: v for n, v in get.headers.items() if n not in unlike
    }
    assert get.content


async def test_head_is_no_way_around_the_token(client: httpx2.AsyncClient) -> None:
    """HEAD needs the same token as GET, and is not allowed where only POST is."""
    assert (await client.head("/api/v1/me")).status_code == 401
    assert (await client.head("/api/v1/tickets")).status_code == 405


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:8443", "[::1]:8000"])
async def test_redirects_keep_where_people_are(house: House, host: str) -> None:
    """A redirect has a path only, so that it keeps https and the port."""
    house.app.router.routes.append(Route("/slashed", lambda request: None))
    async with house.client() as client:
        answer = await client.get("/slashed/?a=b", headers={"host": host})
    assert (answer.status_code, answer.headers["location"]) == (307, "/slashed?a=b")
