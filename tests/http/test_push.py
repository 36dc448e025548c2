"""The push subscriptions of the caller's browsers, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from suhbat.http.push import AUTH, P256DH
from suhbat.http.server import PUSH_KEY
from suhbat.notify.carrying import DirectCarrier
from suhbat.notify.ports import ServiceAnswer
from tests.fakes import FakePushServices

from .conftest import House
from .test_problem import assert_problem

PUSH = "/api/v1/push"


def browser(n: int = 1, **fields: Any) -> dict[str, Any]:
    """A subscription as `PushSubscription.toJSON()` gives it."""
    endpoint = f"https://push.example.org/send/{n}"
    return {"endpoint": endpoint, "expirationTime": None, "keys": {"p256dh": P256DH, "auth": AUTH}} | fields


async def test_the_key_of_the_server(house: House) -> None:
    """A client gets the public key without a login, as `pushManager.subscribe` takes it."""
    async with house.client() as client:
        assert (await client.get("/api/v1/server")).json()["push_key"] == PUSH_KEY


async def test_a_browser_subscribes(house: House) -> None:
    """201 the first time, 200 with the same id after it; the list shows neither endpoint nor keys."""
    headers = await house.account("ali") | {"user-agent": "Firefox \x7f150" + "x" * 300}
    async with house.client(headers=headers) as client:
        first = await client.post(PUSH, json=browser())
        house.clock.advance(60)
        again = await client.post(PUSH, json=browser())
        other = await client.post(PUSH, json=browser(2, label="Telefonim"))
        assert [answer.status_code for answer in (first, again, other)] == [201, 200, 201]
        assert first.json() == again.json() and set(other.json()) == {"id"}
        listed = (await client.get(PUSH)).json()["subscriptions"]
        assert [set(one) for one in listed] == [{"id", "label", "created_at", "last_used_at"}] * 2
        assert [one["label"] for one in listed] == [("Firefox 150" + "x" * 300)[:200], "Telefonim"]
        assert listed[0]["created_at"] < listed[0]["last_used_at"]
        assert (await client.delete(f"{PUSH}/{first.json()['id']}")).status_code == 204
        assert_problem(await client.delete(f"{PUSH}/{first.json()['id']}"), 404, "not_found")
        assert [one["id"] for one in (await client.get(PUSH)).json()["subscriptions"]] == [other.json()["id"]]


async def test_a_shared_browser(house: House) -> None:
    """The next user takes the endpoint over with its keys, after which the first one gets nothing; without them 409."""
    async with (
        house.client(headers=await house.account("ali")) as ali,
        house.client(headers=await house.account("vali")) as vali,
    ):
        known = (await ali.post(PUSH, json=browser())).json()["id"]
        wrong = browser(keys={"p256dh": P256DH, "auth": "A" * 22})
        assert_problem(await vali.post(PUSH, json=wrong), 409, "endpoint_in_use")
        moved = await vali.post(PUSH, json=browser())
        assert moved.status_code == 200 and moved.json()["id"] != known
        assert (await ali.get(PUSH)).json() == {"subscriptions": []}
        assert_problem(await ali.delete(f"{PUSH}/{moved.json()['id']}"), 404, "not_found")


async def test_the_seventeenth(house: House) -> None:
    """An account has at most 16: the one that was not used for the longest time makes room."""
    async with house.client(headers=await house.account("ali")) as client:
        ids = []
        for n in range(17):
            house.clock.advance(1)
            ids.append((await client.post(PUSH, json=browser(n))).json()["id"])
        assert [one["id"] for one in (await client.get(PUSH)).json()["subscriptions"]] == ids[1:]


async def test_it_ends_with_the_login(house: House) -> None:
    """After a logout that browser gets nothing more."""
    headers = await house.account("ali")
    async with house.client(headers=headers) as client:
        await client.post(PUSH, json=browser())
        assert (await client.delete("/api/v1/sessions/current")).status_code == 204
    assert house.store.pushes == {}


async def test_a_trial(house: House) -> None:
    """The owner has a push sent to a browser at once, and is told whether its push service has it. One that does not know the
    browser any more ends the subscription; one that refuses the server does not."""
    carrier = house.services.push_trial._sender._carrier
    assert isinstance(carrier, DirectCarrier)
    services = carrier._services
    assert isinstance(services, FakePushServices)
    async with (
        house.client(headers=await house.account("ali")) as ali,
        house.client(headers=await house.account("vali")) as vali,
    ):
        id = (await ali.post(PUSH, json=browser())).json()["id"]
        assert_problem(await vali.post(f"{PUSH}/{id}/test"), 404, "not_found")
        assert not services.pushed
        services.answers += [
            ServiceAnswer(201),
            ServiceAnswer(503),
            "unreachable",
            ServiceAnswer(403),
            ServiceAnswer(410),
        ]
        for outcome in ("sent", "later", "later", "refused", "ended"):
            house.clock.advance(60)
            answer = await ali.post(f"{PUSH}/{id}/test?lang=uz")
            assert (answer.status_code, answer.json()) == (200, {"result": outcome})
        assert (await ali.get(PUSH)).json() == {"subscriptions": []}
    assert {endpoint for endpoint, _, _ in services.pushed} == {browser()["endpoint"]}
    assert services.pushed[0][1]["ttl"] == "60"


async def test_guests_have_none(house: House) -> None:
    """Guests get 403 for all of it, and nothing without a token."""
    async with house.client(headers=await house.guest("mehmon")) as client:
        assert_problem(await client.post(PUSH, json=browser()), 403, "forbidden")
        assert_problem(await client.get(PUSH), 403, "forbidden")
        assert_problem(await client.delete(f"{PUSH}/p"), 403, "forbidden")
        assert_problem(await client.post(f"{PUSH}/p/test"), 403, "forbidden")
    async with house.client() as client:
        assert_problem(await client.get(PUSH), 401, "unauthenticated")


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example.org/send/1"},
        {"endpoint": "ftp://push.example.org/"},
        {"endpoint": ""},
        {"endpoint": "https://push.example.org/" + "x" * 4096},
        {"endpoint": None},
        {"keys": {"p256dh": P256DH}},
        {"keys": {"p256dh": P256DH[:-1], "auth": AUTH}},
        {"keys": {"p256dh": "B" + "A" * 86, "auth": AUTH}},
        {"keys": {"p256dh": P256DH, "auth": AUTH[:-2]}},
        {"keys": {"p256dh": P256DH, "auth": "+" * 22}},
        {"label": "x" * 201},
        {"label": "\x00"},
    ],
)
async def test_what_is_no_subscription(house: House, wrong: dict[str, Any]) -> None:
    """An address that may not be reached, a key that is no point of the curve, a secret of another length: 400."""
    async with house.client(headers=await house.account("ali")) as client:
        assert_problem(await client.post(PUSH, json=browser() | wrong), 400, "bad_request")
    assert house.store.pushes == {}
