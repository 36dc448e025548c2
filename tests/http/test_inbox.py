"""Marking as unread, mentions and saved messages over HTTP, with a real store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from suhbat.config import Settings
from suhbat.runtime.app import create_app

API = "http://localhost:8000/api/v1"
LOBBY = "/conversations/lobby"


@pytest.fixture
async def people(tmp_path: Path) -> Any:
    """Clients of two accounts, ali and vali. One message names vali, another is a reply to vali."""
    suhbat = create_app(Settings(data=tmp_path / "data", send_rate=0))
    async with suhbat.lifespan(suhbat.fastapi):
        transport = httpx2.ASGITransport(suhbat.fastapi)
        async with (
            httpx2.AsyncClient(transport=transport, base_url=API) as ali,
            httpx2.AsyncClient(transport=transport, base_url=API) as vali,
        ):
            for name, client in (("ali", ali), ("vali", vali)):
                answer = await client.post("/accounts", json={"user_id": name, "password": "uzun parol 1"})
                client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            for client, message in (
                (ali, {"text": "@vali salom"}),
                (vali, {"text": "men"}),
                (ali, {"text": "javob", "reply_to": 2}),
                (ali, {"text": "gap"}),
            ):
                assert (await client.post(f"{LOBBY}/messages", json=message)).status_code == 201
            yield ali, vali


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_unread_again(people: Any) -> None:
    """The answer has the count, and the state of the conversation, too."""
    _, vali = people
    assert (await vali.put(f"{LOBBY}/read", json={"ordinal": 4})).json() == {"unread": 0}
    assert (await vali.put(f"{LOBBY}/unread", json={"ordinal": 1})).json() == {"unread": 3}
    state = (await vali.get(LOBBY)).json()
    assert (state["read_ordinal"], state["unread"], state["mentions"]) == (0, 3, 1)


async def test_what_cannot_be_the_first_unread_one(people: Any) -> None:
    """Only a message that the caller may read can."""
    _, vali = people
    for ordinal in (5, 2**53 - 1):
        assert problem(await vali.put(f"{LOBBY}/unread", json={"ordinal": ordinal})) == (404, "not_found")
    bad: tuple[object, ...] = (0, -1, 2**53, True, "1", 1.5, None, [])
    for body in (*({"ordinal": ordinal} for ordinal in bad), {}, [], 1):
        assert problem(await vali.put(f"{LOBBY}/unread", json=body)) == (400, "bad_request"), body


async def test_mentions(people: Any) -> None:
    """With the message, the reason, and whether it is unread; in pages."""
    ali, vali = people
    found = (await vali.get("/mentions")).json()
    assert [(one["message"]["text"], one["reason"], one["unread"]) for one in found["mentions"]] == [
        ("javob", "reply", True),
        ("@vali salom", "mention", True),
    ]
    assert found["cursor"] is None and (await ali.get("/mentions")).json() == {"mentions": [], "cursor": None}
    first = (await vali.get("/mentions?limit=1")).json()
    second = (await vali.get("/mentions", params={"limit": 1, "cursor": first["cursor"]})).json()
    assert first["mentions"] + second["mentions"] == found["mentions"] and second["cursor"] is None


async def test_saved_messages(people: Any) -> None:
    """Saving and removing are idempotent, and the list is the caller's own."""
    ali, vali = people
    for _ in range(2):
        assert (await vali.put("/saved/lobby/1")).status_code == 204
    (one,) = (await vali.get("/saved")).json()["saved"]
    assert (one["message"]["text"], one.keys()) == ("@vali salom", {"message", "saved_at"})
    assert (await ali.get("/saved")).json() == {"saved": [], "cursor": None}
    for _ in range(2):
        assert (await vali.delete("/saved/lobby/1")).status_code == 204
    assert (await vali.get("/saved")).json()["saved"] == []
    for path, code in (("lobby/99", 404), ("nowhere/1", 404), ("lobby/0", 400), ("lobby/x", 400), ("lobby/1e3", 400)):
        assert (await vali.put(f"/saved/{path}")).status_code == code, path


async def test_bad_pages(people: Any) -> None:
    """They are refused."""
    _, vali = people
    for path in ("/mentions", "/saved"):
        for query in ("limit=0", "limit=101", "limit=x", "cursor=1", "cursor=1-2-x", "cursor=" + "1" * 99):
            assert problem(await vali.get(f"{path}?{query}")) == (400, "bad_request"), query
