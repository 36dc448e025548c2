"""Addresses that have no WebSocket, and bodies after an offer of HTTP/2, on every way to serve."""

from __future__ import annotations

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.servers import Server

OFFER = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABk"}


@pytest.mark.parametrize("path", ["/", "/ws", "/wss/user1", "/api/v1/wsx", "/api/v2/ws"])
async def test_a_wrong_address_is_not_found(server: Server, path: str) -> None:
    """A WebSocket request at any other address gets 404 with a sentence that names the right ones."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(server.ws + path):
            pass
    response = refused.value.response
    assert response.status_code == 404
    assert "/ws/user1" in json.loads(response.body or b"")["detail"]


def test_a_body_behind_an_offer_of_http2(server: Server) -> None:
    """The first request of Java's client and of `curl --http2` is read with its body. Plain uvicorn cannot do this;
    there the answer says what to do."""
    status, answer = server.request("POST", "/api/v1/guests", {"user_id": "h2c"}, **OFFER)
    if server.kind == "uvicorn":
        assert status == 400 and "--http1.1" in answer["detail"]
        return
    assert status == 201, answer
    assert server.request("DELETE", "/api/v1/sessions/current", token=answer["token"])[0] == 204
