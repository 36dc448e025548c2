"""Many users in one request: by uid also those who are gone, by name those who have it now."""

from __future__ import annotations

from typing import Any

import httpx2

from .conftest import PASSWORD, House
from .test_problem import assert_problem

USERS = "/api/v1/users"


async def asked(client: httpx2.AsyncClient, **query: list[str]) -> dict[str, dict[str, Any]]:
    """The users found, by uid."""
    answer = await client.get(USERS, params=query)
    assert answer.status_code == 200, answer.text
    return {user["uid"]: user for user in answer.json()["users"]}


async def test_by_uid(house: House) -> None:
    """Accounts come with their display names, also disabled ones; guests with their kind, also those who are gone but have
    written. Unknown uids are left out."""
    headers = await house.account("ali")
    vali, soli = await house.registration.add("vali", PASSWORD), await house.registration.add("soli", PASSWORD)
    await house.accounts.change(vali.uid, display_name="Vali aka")
    await house.administration.set_disabled("soli", True)
    present, _ = await house.guests.create("mehmon")
    gone, token = await house.guests.create("gone")
    async with house.client(headers={"authorization": f"Bearer {token}"}) as client:
        await client.post("/api/v1/conversations/lobby/messages", json={"text": "salom"})
        await client.delete("/api/v1/sessions/current")
    async with house.client(headers=headers) as client:
        found = await asked(client, uid=[vali.uid, soli.uid, present.uid, gone.uid, "unknown", vali.uid])
    assert {user["user_id"]: (user["display_name"], user["kind"]) for user in found.values()} == {
        "vali": ("Vali aka", "account"),
        "soli": ("soli", "account"),
        "mehmon": ("mehmon", "guest"),
        "gone": ("gone", "guest"),
    }


async def test_by_name(house: House) -> None:
    """Names find those who have them now, in any spelling. Impossible, free and disabled names are left out."""
    headers = await house.account("ali")
    for name in ("vali", "soli"):
        await house.account(name)
    await house.administration.set_disabled("soli", True)
    guest, _ = await house.guests.create("guest")
    async with house.client(headers=headers) as client:
        found = await asked(client, user_id=["VALI", "soli", "guest", "nobody", "a b", ""], uid=[guest.uid])
    assert sorted(user["user_id"] for user in found.values()) == ["guest", "vali"]


async def test_the_bound(house: House) -> None:
    """A request names at most 50 users in all."""
    async with house.client(headers=await house.account("ali")) as client:
        for query in ({"uid": ["u"] * 51}, {"uid": ["u"] * 26, "user_id": ["n"] * 25}):
            assert_problem(await client.get(USERS, params=query), 400, "bad_request")
        assert await asked(client, uid=["u"] * 25, user_id=["n"] * 25) == {}
        assert (await _without_token(house)).status_code == 401


async def _without_token(house: House) -> httpx2.Response:
    async with house.client() as client:
        return await client.get(USERS, params={"uid": ["u"]})
