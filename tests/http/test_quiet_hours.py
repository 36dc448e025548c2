"""Quiet hours, and whether pushes show texts: `PATCH /api/v1/me`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import House
from tests.http.test_problem import assert_problem

ME = "/api/v1/me"
NIGHT: dict[str, Any] = {"from": "22:00", "to": "08:00", "days": [1, 2, 3, 4, 5, 6, 7], "zone": "Asia/Tashkent"}


async def test_they_are_kept(house: House) -> None:
    """The user has them from then on, in their own order; other changes leave them; null removes them."""
    ali = await house.account("ali")
    async with house.client(headers=ali) as client:
        before = (await client.get(ME)).json()
        assert (before["quiet"], before["push_text"]) == (None, True)
        changed = await client.patch(ME, json={"quiet": NIGHT | {"days": [5, 1, 5]}, "push_text": False})
        assert changed.status_code == 200
        expected = before | {"quiet": NIGHT | {"days": [1, 5]}, "push_text": False}
        assert changed.json() == (await client.get(ME)).json() == expected
        assert (await client.patch(ME, json={"locale": "uz", "push_text": None})).json() == expected | {"locale": "uz"}
        assert (await client.patch(ME, json={"quiet": None})).json()["quiet"] is None


async def test_all_days_without_days(house: House) -> None:
    """Equal times and any day are allowed."""
    async with house.client(headers=await house.account("ali")) as client:
        asked = {"from": "00:00", "to": "00:00", "zone": "Europe/Kiev"}
        assert (await client.patch(ME, json={"quiet": asked})).json()["quiet"] == NIGHT | asked


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": "24:00"}, "22:00"),
        ({"to": "8:00"}, "22:00"),
        ({"to": "08:00\n"}, "22:00"),
        ({"to": "٠٨:٠٠"}, "22:00"),
        ({"from": "22:00:00"}, "22:00"),
        ({"from": 22}, "from"),
        ({"zone": "Moon/Base"}, "time zone"),
        ({"zone": "asia/tashkent"}, "time zone"),
        ({"zone": "../etc/passwd"}, "time zone"),
        ({"zone": "localtime"}, "time zone"),
        ({"zone": "+05:00"}, "time zone"),
        ({"zone": "Europe\0"}, "time zone"),
        ({"zone": "x" * 5_000}, "time zone"),
        ({"zone": None}, "zone"),
        ({"days": []}, "days"),
        ({"days": [0]}, "0"),
        ({"days": [8]}, ""),
        ({"days": [True]}, ""),
        ({"days": [1] * 8}, "days"),
        ({"days": "12"}, "days"),
    ],
)
async def test_what_is_refused(house: House, change: dict[str, Any], words: str) -> None:
    """The answer names what is wrong, and nothing changes, not even the other fields of the request."""
    async with house.client(headers=await house.account("ali")) as client:
        before = (await client.get(ME)).json()
        refused = await client.patch(ME, json={"quiet": NIGHT | change, "display_name": "Boshqa"})
        assert_problem(refused, 400, "bad_request")
        assert words in refused.json()["detail"]
        assert (await client.get(ME)).json() == before


@pytest.mark.parametrize("quiet", [[], "22:00", 1, True, {}, {"from": "22:00", "to": "08:00"}])
async def test_what_is_no_object(house: House, quiet: Any) -> None:
    """A value of another kind, or one with missing fields, is refused."""
    async with house.client(headers=await house.account("ali")) as client:
        assert_problem(await client.patch(ME, json={"quiet": quiet}), 400, "bad_request")


async def test_guests_have_none(house: House) -> None:
    """A guest is not notified, so there is nothing to choose."""
    async with house.client(headers=await house.guest("user1")) as client:
        assert_problem(await client.patch(ME, json={"quiet": NIGHT}), 403, "forbidden")
