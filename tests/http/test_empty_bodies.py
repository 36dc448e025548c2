"""Requests in which nothing is obligatory need no body."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.servers import Server, running

from .conftest import House


async def test_what_may_be_left_out_whole(house: House) -> None:
    """A body is obligatory only where one of its fields is, or where it says what to change."""
    async with house.client() as client:
        described = (await client.get("/openapi.json")).json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {})
            shape = body.get("content", {}).get("application/json", {}).get("schema", {})
            schema = described["components"]["schemas"].get(shape.get("$ref", "").rpartition("/")[2], {})
            if schema and not schema.get("required") and method != "patch":
                assert not body.get("required"), f"{method} {path}"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}], ids=["no type", "JSON"])
def test_joining_with_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    """`PUT .../members/{self}` makes a member, and says 200 when it is repeated; a report and an invite need no body either."""
    with running("suhbat", tmp_path / "data") as server:
        code = re.search(r"/setup\?code=(\S+)", server.printed())
        assert code is not None
        ali, vali = register(server, "ali", setup=code[1]), register(server, "vali")

        def ask(method: str, path: str, token: str) -> int:
            return server.request(method, f"/api/v1{path}", token=token, **headers)[0]

        room = {"title": "Choyxona", "visibility": "public"}
        made = server.request("POST", "/api/v1/conversations", room, token=ali)[1]["conversation"]
        joining = f"/conversations/{made}/members/vali"
        assert [ask("PUT", joining, vali), ask("PUT", joining, vali)] == [201, 200]
        said = server.request("POST", f"/api/v1/conversations/{made}/messages", {"text": "salom"}, token=vali)[1]
        assert ask("POST", f"/conversations/{made}/messages/{said['seq']}/reports", ali) == 204
        assert ask("PUT", "/me/active", ali) == 204
        assert ask("POST", "/invites", ali) == 201


def register(server: Server, name: str, **fields: str) -> str:
    status, answer = server.request(
        "POST", "/api/v1/accounts", {"user_id": name, "password": "a good password", **fields}
    )
    assert status == 201, answer
    token: str = answer["token"]
    return token
