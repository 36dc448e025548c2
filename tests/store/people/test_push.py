"""Every sentence of chat.ports.push, over every store and over the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suhbat.chat.model import PushSubscription
from suhbat.chat.ports import Store
from suhbat.errors import EndpointInUse, Unauthenticated

from .test_people import account, people, session

__all__ = ["people"]

MOST = 16


def subscription(id: str, uid: str = "u-ali", **fields: Any) -> PushSubscription:
    row: dict[str, Any] = {
        "id": id, "uid": uid, "session_id": f"s-{uid}", "endpoint": f"https://push.example.org/{id}",
        "public_key": b"\x04" + id.encode().ljust(64), "auth": b"a" * 16, "label": "Firefox", "created_at": 1_000,
        "last_used_at": 1_000,
    }  # fmt: skip
    return PushSubscription(**(row | fields))


@pytest.fixture
async def two(people: Store) -> Store:
    """The store, with login sessions of two accounts."""
    for name in ("ali", "vali"):
        await people.add_account(account(name))
        await people.add_session(session(f"s-u-{name}", f"u-{name}"))
    return people


async def test_a_subscription_is_read_as_it_was_written(two: Store) -> None:
    """Every field, in the order of their making; those of others are not among them."""
    first, second = (
        subscription("p1", created_at=2_000),
        subscription("p2", endpoint="https://push.example.org/" + "e" * 4000),
    )
    for one in (first, second, subscription("p3", "u-vali")):
        assert await two.save_push(one, MOST) == (one.id, False)
    assert await two.pushes_of("u-ali") == [second, first]
    assert await two.pushes_of("u-nobody") == []


async def test_the_same_endpoint_is_one_subscription(two: Store) -> None:
    """It is sent again at each start of a browser, perhaps with new keys and from another login session."""
    await two.save_push(subscription("p1"), MOST)
    await two.add_session(session("s-new"))
    again = subscription(
        "p2",
        endpoint="https://push.example.org/p1",
        auth=b"b" * 16,
        session_id="s-new",
        created_at=5_000,
        last_used_at=5_000,
    )
    assert await two.save_push(again, MOST) == ("p1", True)
    assert await two.pushes_of("u-ali") == [replace(again, id="p1", created_at=1_000)]
    await two.end_sessions(["s-u-ali"])
    assert len(await two.pushes_of("u-ali")) == 1


async def test_it_moves_with_its_keys_only(two: Store) -> None:
    """On a shared browser the next user takes the endpoint over, with a new id. Whoever knows only the endpoint cannot."""
    known = subscription("p1")
    await two.save_push(known, MOST)
    theirs = replace(known, id="p2", uid="u-vali", session_id="s-u-vali")
    for keys in ({"auth": b"x" * 16}, {"public_key": b"\x04" + b"x" * 64}):
        with pytest.raises(EndpointInUse):
            await two.save_push(replace(theirs, **keys), MOST)
    assert await two.pushes_of("u-ali") == [known] and await two.pushes_of("u-vali") == []
    assert await two.save_push(theirs, MOST) == ("p2", True)
    assert await two.pushes_of("u-ali") == [] and await two.pushes_of("u-vali") == [theirs]
    assert not await two.end_push("u-ali", "p1")


async def test_the_one_unused_longest_makes_room(two: Store) -> None:
    """Of more than the most, the one that was not used for the longest time ends; the new one never does."""
    for n in range(3):
        await two.save_push(subscription(f"p{n}", last_used_at=1_000 + n), 3)
    await two.save_push(subscription("other", "u-vali", last_used_at=1), 3)
    await two.touch_pushes(["p0", "unknown"], 9_000)
    await two.touch_pushes(["p0"], 4_000)
    await two.save_push(subscription("p3", last_used_at=500), 3)
    assert {one.id: one.last_used_at for one in await two.pushes_of("u-ali")} == {"p0": 9_000, "p2": 1_002, "p3": 500}
    assert len(await two.pushes_of("u-vali")) == 1


async def test_it_ends_with_its_login_session(two: Store) -> None:
    """When the session is revoked, has expired, or its account is erased; and none is made for a session that has ended."""
    await two.add_session(session("s-old", expires_at=2_000))
    for one in (subscription("p1"), subscription("p2", session_id="s-old"), subscription("p3", "u-vali")):
        await two.save_push(one, MOST)
    await two.drop_sessions(3_000)
    assert [one.id for one in await two.pushes_of("u-ali")] == ["p1"]
    await two.end_sessions(["s-u-ali"])
    assert await two.pushes_of("u-ali") == []
    with pytest.raises(Unauthenticated):
        await two.save_push(subscription("p4"), MOST)
    await two.erase(account("vali").actor, 5_000, with_messages=False)
    assert await two.pushes_of("u-vali") == []


async def test_what_has_ended_is_deleted(two: Store) -> None:
    """Its owner ends one; the push services end several, whoever has them."""
    for one in (subscription("p1"), subscription("p2"), subscription("p3", "u-vali")):
        await two.save_push(one, MOST)
    assert await two.end_push("u-ali", "p1")
    assert not await two.end_push("u-ali", "p1") and not await two.end_push("u-ali", "p3")
    await two.end_pushes(["p2", "p3", "unknown"])
    await two.end_pushes([])
    assert await two.pushes_of("u-ali") == await two.pushes_of("u-vali") == []


async def test_the_key_is_made_once(two: Store) -> None:
    """The first key stays, so all nodes have the same."""
    assert await two.push_key() is None
    assert [await two.keep_push_key(key) for key in ("first", "second")] == ["first", "first"]
    assert await two.push_key() == "first"
