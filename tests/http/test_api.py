"""The resources under /api/v1."""

from __future__ import annotations

import json

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from suhbat.protocol.commands import Meet
from suhbat.protocol.objects import Message
from tests.commands import execute
from tests.http.conftest import House
from tests.http.test_problem import assert_problem

READS = ["/api/v1/me", "/api/v1/conversations", "/api/v1/conversations/lobby/messages"]
WRITES = ["/api/v1/tickets", "/api/v1/directs", "/api/v1/conversations/lobby/messages"]
MESSAGES = "/api/v1/conversations/lobby/messages"


async def test_a_guest_is_made_once(client: httpx2.AsyncClient) -> None:
    """201 with the user and the token; the same name in any spelling is in use then."""
    answer = await client.post("/api/v1/guests", json={"user_id": "User1"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["user"]["user_id"] == "user1" and made["user"]["kind"] == "guest" and made["token"]
    assert answer.headers["cache-control"] == "no-store"
    assert_problem(await client.post("/api/v1/guests", json={"user_id": "userI"}), 409, "name_in_use")
    me = await client.get("/api/v1/me", headers={"authorization": f"bearer {made['token']}"})
    assert me.json() == made["user"]


def test_an_application_makes_no_route_again() -> None:
    """A second application of the process takes the routes that were made when the modules were imported."""
    one, other = (
        {route.endpoint: route.dependant for route in iter_route_contexts(app.routes) if hasattr(route, "dependant")}
        for app in (House(public_url=f"https://{name}.example.org").app for name in ("one", "other"))
    )
    both = one.keys() & other.keys()
    assert len(both) > 100 and all(one[endpoint] is other[endpoint] for endpoint in both)


async def test_an_invalid_name(client: httpx2.AsyncClient) -> None:
    """422 with the reason."""
    problem = assert_problem(await client.post("/api/v1/guests", json={"user_id": "аdmin"}), 422, "invalid_name")
    assert "mixes alphabets" in problem["detail"]


@pytest.mark.parametrize("name", ["", " ", "a" * 129, "a" * 5_000])
async def test_a_name_that_is_none(client: httpx2.AsyncClient, name: str) -> None:
    """An empty name and a very long one are invalid names like others."""
    assert_problem(await client.post("/api/v1/guests", json={"user_id": name}), 422, "invalid_name")


@pytest.mark.parametrize("access", ["invite", "closed"])
async def test_without_open_access_no_guest_is_made(access: str) -> None:
    """Guests are forbidden, whatever the name."""
    async with House(access=access).client() as client:
        assert_problem(await client.post("/api/v1/guests", json={"user_id": "user1"}), 403, "forbidden")


async def test_one_address_may_not_take_thousands_of_names() -> None:
    """An address may make so many guests; this machine is not limited."""
    house = House(send_rate=1)
    async with house.client("203.0.113.9") as far, house.client("127.0.0.1") as near:
        answers = [await far.post("/api/v1/guests", json={"user_id": f"far{n}"}) for n in range(7)]
        assert [answer.status_code for answer in answers] == [201] * 5 + [429] * 2
        assert answers[-1].json()["retry_after"] == 1
        near_answers = [await near.post("/api/v1/guests", json={"user_id": f"near{n}"}) for n in range(7)]
        assert {answer.status_code for answer in near_answers} == {201}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic YTpi"}])
async def test_everything_else_needs_a_token(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    """Reads and writes need a token; every invalid one gets the same answer."""
    for path in READS:
        refused = await client.get(path, headers=headers)
        assert_problem(refused, 401, "unauthenticated")
        assert refused.headers["www-authenticate"] == "Bearer"
    for path in WRITES:
        assert_problem(
            await client.post(path, headers=headers, json={"text": "x", "users": ["a"]}), 401, "unauthenticated"
        )


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://localhost.evil.example:8000"])
async def test_a_foreign_page_cannot_write(house: House, origin: str) -> None:
    """Every write with a foreign Origin is forbidden, with or without a token."""
    headers = {**await house.guest("user1"), "origin": origin}
    async with house.client(headers=headers) as client:
        for path in [*WRITES, "/api/v1/guests"]:
            assert_problem(await client.post(path, json={"text": "x", "user_id": "a"}), 403, "forbidden")
    assert house.store.logs["lobby"] == [] and len(house.store.rows) == 1


async def test_our_own_page_can_write(house: House) -> None:
    """A page of this server may write."""
    headers = {**await house.guest("user1"), "origin": "http://localhost:8000"}
    async with house.client(headers=headers) as client:
        assert (await client.post(MESSAGES, json={"text": "salom"})).status_code == 201


async def test_a_ticket_is_given_for_thirty_seconds(house: House) -> None:
    """201 with a ticket that identifies the user once."""
    async with house.client(headers=await house.guest("user1")) as client:
        answer = await client.post("/api/v1/tickets")
    assert answer.status_code == 201
    assert (await house.tickets.redeem(answer.json()["ticket"])).actor.user_id == "user1"
    assert answer.json()["expires_at"].endswith("Z")


async def test_a_message_is_posted_once(house: House) -> None:
    """201, then 200 with duplicate for the same client_id; other content under it is a conflict."""
    async with house.client(headers=await house.guest("user1")) as client:
        body = {"text": "salom", "client_id": "k1"}
        first = await client.post(MESSAGES, json=body)
        second = await client.post(MESSAGES, json=body)
        assert first.status_code == 201 and second.status_code == 200
        assert first.json().items() >= {"conversation": "lobby", "seq": 1, "ordinal": 1, "duplicate": False}.items()
        assert second.json() == {**first.json(), "duplicate": True}
        other = await client.post(MESSAGES, json={**body, "text": "hayr"})
        assert_problem(other, 409, "idempotency_conflict")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "   "},
        {"text": "a" * 4001},
        {"text": "a\0"},
        {"text": None},
        {"text": "a", "client_id": ""},
        {"text": "a", "client_id": 7},
        {"text": "a", "reply_to": "1"},
        {"text": "a", "reply_to": 0},
        {"text": "a", "reply_to": 2**53},
        {"text": "a", "reply_to": True},
    ],
)
async def test_a_bad_message_is_refused(house: House, body: dict[str, object]) -> None:
    """bad_request, and nothing is stored."""
    async with house.client(headers=await house.guest("user1")) as client:
        assert_problem(await client.post(MESSAGES, json=body), 400, "bad_request")
    assert house.store.logs["lobby"] == []


async def test_what_only_the_server_sets_cannot_be_set(house: House) -> None:
    """sender, seq and the like in a body are ignored."""
    async with house.client(headers=await house.guest("user1")) as client:
        await client.post(MESSAGES, json={"text": "a", "sender": "admin", "sender_uid": "u0", "seq": 99, "ordinal": 9})
    (message,) = house.store.logs["lobby"]
    assert (message.sender, message.seq) == ("user1", 1)


async def test_posting_keeps_to_the_rate(house: House) -> None:
    """`send_rate` counts as over WebSockets."""
    house = House(send_rate=1)
    async with house.client(headers=await house.guest("user1")) as client:
        answers = [await client.post(MESSAGES, json={"text": "a"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert_problem(answers[-1], 429, "rate_limited")


async def test_posting_keeps_to_the_rate_of_the_address() -> None:
    """All users of an address share its limit; this machine has none; another address has its own."""
    house = House(send_rate=0, address_rate=1)
    users = [await house.guest(f"user{n}") for n in range(6)]
    async with house.client("203.0.113.9") as client, house.client("203.0.113.10") as other, house.client() as here:
        answers = [await client.post(MESSAGES, json={"text": "a"}, headers=user) for user in users]
        assert (await other.post(MESSAGES, json={"text": "a"}, headers=users[0])).status_code == 201
        assert {(await here.post(MESSAGES, json={"text": "a"}, headers=users[0])).status_code for _ in range(9)} == {
            201
        }
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert_problem(answers[-1], 429, "rate_limited")


async def test_posting_keeps_to_the_rate_of_the_conversation() -> None:
    """The room has a rate for all senders; a refused message is not stored, and the answer has Retry-After."""
    house = House(send_rate=0, room_rate=1)
    users = [await house.guest(f"user{n}") for n in range(6)]
    async with house.client() as client:
        answers = [await client.post(MESSAGES, json={"text": "a"}, headers=user) for user in users]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert len(house.store.logs["lobby"]) == 5


async def test_history_in_pages(house: House) -> None:
    """Pages are ascending and say what is on either side; times are RFC 3339."""
    async with house.client(headers=await house.guest("user1")) as client:
        for n in range(5):
            await client.post(MESSAGES, json={"text": f"m{n}"})
        page = (await client.get(MESSAGES, params={"before": 4, "limit": 2})).json()
    assert [message["seq"] for message in page["messages"]] == [2, 3]
    assert (page["has_before"], page["has_after"], page["head"]) == (True, True, 5)
    Message.model_validate_json(json.dumps(page["messages"][0]))


@pytest.mark.parametrize(
    "query",
    [
        "before=0",
        "before=x",
        "after=-1",
        "limit=0",
        "limit=201",
        "around=1&before=2",
        "around=1&around_ordinal=2",
        "around_ordinal=0",
        "around_time=1",
        "around_time=2026-11-23",
        "around=1&around_time=2026-11-23T00:00:00Z",
        "after=9007199254740992",
    ],
)
async def test_a_bad_page_is_refused(house: House, query: str) -> None:
    """Numbers out of range and two positions at once are a bad_request."""
    async with house.client(headers=await house.guest("user1")) as client:
        assert_problem(await client.get(f"{MESSAGES}?{query}"), 400, "bad_request")


async def test_what_may_not_be_seen_is_what_does_not_exist(house: House) -> None:
    """A stranger's direct, an unknown id and an invalid one get the same answer, for reads and writes."""
    one, two = house.guests.claim("one").actor, house.guests.claim("two").actor
    secret = (await execute(house.store, Meet, one, 0, people=(two,))).conversation
    async with house.client(headers=await house.guest("stranger")) as client:
        bodies = set()
        for conversation in (secret, "d999", "x" * 100, "a%00b", "%ED%A0%80", "@me", "@me:u1"):
            path = f"/api/v1/conversations/{conversation}/messages"
            for answer in (await client.get(path), await client.post(path, json={"text": "x"})):
                assert_problem(answer, 404, "not_found")
                bodies.add(answer.text)
    assert len(bodies) == 1


async def test_conversations_are_listed(house: House) -> None:
    """The list has the lobby and one's own directs."""
    async with house.client(headers=await house.guest("user1")) as client:
        listed = (await client.get("/api/v1/conversations")).json()["conversations"]
    assert [state["conversation"] for state in listed] == ["lobby"]


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "²", "9007199254740992", "9" * 40, "9" * 64])
async def test_a_page_of_conversations_that_does_not_exist(house: House, after: str) -> None:
    """It is refused, also where no database has such a number."""
    async with house.client(headers=await house.guest("ali")) as client:
        assert_problem(await client.get("/api/v1/conversations", params={"after": after}), 400, "bad_request")


async def test_a_direct_is_made_once(house: House) -> None:
    """201 if it is new, then 200, from either side, with or without one's own name in the list."""
    headers, others = await house.guest("ali"), await house.guest("vali")
    async with house.client() as client:
        made = await client.post("/api/v1/directs", json={"users": ["Vali"]}, headers=headers)
        again = await client.post("/api/v1/directs", json={"users": ["ali", "vali"]}, headers=others)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()


@pytest.mark.parametrize(
    ("users", "status", "code"),
    [
        ([], 400, "bad_request"),
        (["ali"], 400, "bad_request"),
        (["nobody"], 404, "user_not_found"),
        (["a b"], 404, "user_not_found"),
        ("vali", 400, "bad_request"),
        (["x"] * 51, 400, "bad_request"),
    ],
)
async def test_a_direct_needs_others(house: House, users: object, status: int, code: str) -> None:
    """Nobody, oneself, unknown names and too many names are refused, each with its reason."""
    headers = await house.guest("ali")
    await house.guest("vali")
    await house.guest("soli")
    async with house.client(headers=headers) as client:
        assert_problem(await client.post("/api/v1/directs", json={"users": users}), status, code)
