"""/metrics from another machine needs a token."""

from __future__ import annotations

import pytest

from .conftest import House

TOKEN = "a-token-of-Prometheus-1"
AWAY = "203.0.113.9"


async def test_the_token_of_the_setting() -> None:
    """The token is valid from everywhere, also behind a proxy; a wrong one is refused, and without one the answer is 404."""
    house = House(metrics_token=TOKEN)
    async with house.client(AWAY) as client:
        for more in ({}, {"x-forwarded-for": "198.51.100.7"}, {"host": "chat.example.org"}):
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **more})
            assert answer.status_code == 200 and "suhbat_test_total" in answer.text
        for wrong in (TOKEN[:-1], TOKEN + "x", "x", TOKEN.upper()):
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {wrong}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        answer = await client.get("/metrics", headers=[("authorization", b"Bearer \xff\xfe")])
        assert answer.status_code == 401
        assert (await client.get("/metrics")).status_code == 404
        assert (await client.get(f"/metrics?token={TOKEN}")).status_code == 404, "not in a URL"


async def test_the_token_of_an_owner(house: House) -> None:
    """An owner of the server may read them; other tokens and ended ones may not."""
    owner, moderator = await house.account("ali", "owner"), await house.account("vali", "moderator")
    guest = await house.guest("mehmon")
    async with house.client(AWAY) as client:
        assert (await client.get("/metrics", headers=owner)).status_code == 200
        for other in (moderator, guest):
            assert (await client.get("/metrics", headers=other)).json()["code"] == "forbidden"
        account = house.people.accounts.of_name("ali")
        assert account is not None
        await house.sessions.revoke_all(account.uid)
        assert (await client.get("/metrics", headers=owner)).status_code == 401


async def test_refusals_are_counted(house: House) -> None:
    """Refusals are counted by code, wherever they are raised."""
    async with house.client() as client:
        await client.get("/api/v1/me")
        await client.get("/api/v1/me")
        await client.get("/nowhere")
    counts = house.app.state.services.counts.refusals
    assert counts["http", "unauthenticated"] == 2 and counts["http", "not_found"] == 1


@pytest.mark.parametrize("short", ["short", "with blanks in the token", "ʻʻʻʻʻʻʻʻʻʻʻʻʻʻʻʻʻʻ"])
def test_a_token_that_is_none(short: str) -> None:
    """It is refused, and the refusal does not show it."""
    from suhbat.config import ConfigError, Settings

    with pytest.raises(ConfigError) as caught:
        Settings(metrics_token=short)
    assert short not in str(caught.value) and "metrics-token = ***" in str(caught.value)
