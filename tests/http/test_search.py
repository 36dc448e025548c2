"""Search over HTTP with a real store: parameters, pages, refusals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from suhbat.chat.search import LONGEST
from suhbat.config import Settings
from suhbat.runtime.app import create_app

API = "http://localhost:8000/api/v1"


@pytest.fixture
async def people(tmp_path: Path) -> Any:
    """Clients of two accounts, ali and vali."""
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
            yield ali, vali


async def write(client: httpx2.AsyncClient, text: str, conversation: str = "lobby") -> int:
    answer = await client.post(f"/conversations/{conversation}/messages", json={"text": text})
    assert answer.status_code == 201
    return int(answer.json()["seq"])


async def found(client: httpx2.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get("/search", params=params)
    assert answer.status_code == 200, answer.text
    return [message["text"] for message in answer.json()["messages"]]


async def test_parameters(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """The parameters take precedence over the same filters in `q`, and with `from` alone `q` may be left out."""
    ali, vali = people
    room = (await ali.post("/conversations", json={"kind": "room", "title": "Xona"})).json()["conversation"]
    await write(ali, "Салом, ўзбекча")
    await write(vali, "salom, o'zbekcha")
    await write(ali, "salom xona", room)
    assert await found(vali, q="salom") == ["salom, o'zbekcha", "Салом, ўзбекча"]
    assert await found(ali, q="салом", conversation=room) == ["salom xona"]
    assert await found(ali, q=f"salom in:{room}", conversation="lobby") == ["salom, o'zbekcha", "Салом, ўзбекча"]
    assert await found(ali, q="salom from:ali", **{"from": "VALI"}) == ["salom, o'zbekcha"]
    assert await found(vali, **{"from": "ali"}) == ["Салом, ўзбекча"]
    assert await found(vali, q="in:lobby", **{"from": "ali"}) == ["Салом, ўзбекча"]
    assert await found(vali, q="salom", **{"from": "nobody"}) == []
    assert await found(vali, q="From:@ALI") == await found(vali, **{"from": "@ali "}) == ["Салом, ўзбекча"]


async def test_a_message(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """A found message has the same fields as in history."""
    ali, vali = people
    seq = await write(ali, "bitta gap")
    (message,) = (await vali.get("/search", params={"q": "gap"})).json()["messages"]
    history = (await vali.get("/conversations/lobby/messages")).json()["messages"]
    assert message in history and message["seq"] == seq


async def test_pages(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """By the cursor every message comes once, newest first, whatever is written or deleted meanwhile."""
    ali, vali = people
    seqs = [await write(ali, f"gap {number}") for number in range(10)]
    seen: list[str] = []
    params: dict[str, Any] = {"q": "gap", "limit": 3}
    while True:
        page = (await vali.get("/search", params=params)).json()
        assert len(page["messages"]) <= 3
        seen += [message["text"] for message in page["messages"]]
        if page["cursor"] is None:
            break
        params["cursor"] = page["cursor"]
        await write(ali, "gap meanwhile")
        await ali.delete(f"/conversations/lobby/messages/{seqs[0]}")
    assert seen == [f"gap {number}" for number in range(9, 0, -1)]


async def test_who_was_removed(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """From the next request on they find nothing of the room, also with an earlier cursor."""
    ali, vali = people
    room = (await ali.post("/conversations", json={"kind": "room", "title": "Xona"})).json()["conversation"]
    for person in (ali, vali):
        await person.put(f"/conversations/{room}/members/vali", json={})
    for number in range(3):
        await write(ali, f"sir {number}", room)
    page = (await vali.get("/search", params={"q": "sir", "limit": 1})).json()
    assert [message["text"] for message in page["messages"]] == ["sir 2"] and page["cursor"]
    await ali.delete(f"/conversations/{room}/members/vali")
    assert await found(vali, q="sir", cursor=page["cursor"]) == []
    theirs = await vali.get("/search", params={"q": "sir", "conversation": room})
    nowhere = await vali.get("/search", params={"q": "sir", "conversation": "r00000000000000000000"})
    assert theirs.json() == nowhere.json() == {"messages": [], "cursor": None}


REFUSED: tuple[dict[str, Any], ...] = (
    {},
    {"q": " "},
    {"q": "!?*"},
    {"q": "in:lobby"},
    {"q": "", "conversation": "lobby"},
    {"q": "a" * (LONGEST + 1)},
    {"q": "a", "limit": 0},
    {"q": "a", "limit": 101},
    {"q": "a", "cursor": "yesterday"},
    {"q": "a", "cursor": "0"},
    {"q": "a", "cursor": str(2**63)},
    {"q": "a", "conversation": "r" * 65},
)
SIGNS = ('" OR words : "', "NEAR(gap bir)", "gap*) OR (marks : c1", "\0gap", "gap'; --", "*" * LONGEST)


async def test_refusals(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """An empty search and values out of range are refused with a problem."""
    for params in REFUSED:
        answer = await people[0].get("/search", params=params)
        assert answer.status_code == 400, (params, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", params
        assert answer.json()["code"] == "bad_request", params


async def test_signs_are_text(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """Any text is searched or refused, and never an internal error."""
    await write(people[0], "bir gap")
    for q in SIGNS:
        answer = await people[0].get("/search", params={"q": q})
        assert answer.status_code in (200, 400), (q, answer.text)
        assert answer.status_code == 400 or "NEAR" not in q or answer.json()["messages"] == []


async def test_without_a_token(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """Search needs a token."""
    answer = await people[0].get("/search", params={"q": "gap"}, headers={"Authorization": ""})
    assert answer.status_code == 401


async def test_people_by_any_beginning(people: tuple[httpx2.AsyncClient, httpx2.AsyncClient]) -> None:
    """`GET /users` accepts every apostrophe, any beginning of a name, Cyrillic letters, and an @ before the name."""
    ali, _ = people
    answer = await ali.post("/accounts", json={"user_id": "o\u2018xezon ", "password": "uzun parol 1"})
    assert answer.json()["user"]["user_id"] == "o\u02bbxezon"
    for typed in ("o'xez", "o", "O'", "o\u02bbxezo", "oxe", "\u045e\u0445\u0435\u0437", "@o'x", " @O'XEZON"):
        users = (await ali.get("/users", params={"query": typed})).json()["users"]
        assert [user["user_id"] for user in users] == ["o\u02bbxezon"], typed
    login = await ali.post("/sessions", json={"user_id": " O'xezon ", "password": "uzun parol 1"})
    assert login.status_code == 201, login.text


async def test_forbidden_words_are_shown_however_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word whose normalised form is longer than the limit of input is shown, not an error."""
    suhbat = create_app(Settings(data=tmp_path / "data"))
    async with suhbat.lifespan(suhbat.fastapi):
        code = re.search(r"setup\?code=(\S+)", capsys.readouterr().out)
        assert code
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(suhbat.fastapi), base_url=API) as owner:
            body = {"user_id": "egasi", "password": "uzun parol 1", "setup": code[1]}
            answer = await owner.post("/accounts", json=body)
            owner.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            words = ["\u0449" * 100, "\u4e0a\u6d77" * 50]
            assert (await owner.put("/filter", json={"words": words})).status_code == 200
            shown = (await owner.get("/filter")).json()["words"]
            assert sorted(map(len, shown)) == [64, 199]
