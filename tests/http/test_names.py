"""A name that belongs to another user by now is never addressed if the `uid` is given."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

import httpx2
import pytest

from suhbat.chat.bans import Bans
from suhbat.chat.commands import Commands
from suhbat.chat.growing_messages import GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor, CommandContext, CommandResult
from suhbat.chat.ports import Store
from suhbat.errors import BadRequest, UserNotFound
from suhbat.protocol.commands import COMMAND, Meet
from tests.fakes import FakeClock, FakeListener, FakeStore

from .conftest import House
from .test_problem import assert_problem

ALI, NEWER = Actor("u-ali", "ali", lobby_from=0), Actor("u-newer", "vali", lobby_from=0)


class Names:
    """`vali` is a name that had another user before."""

    def find(self, name: str) -> Actor | None:
        return {"ali": ALI, "vali": NEWER}.get(name)

    async def refresh(self, *names: str) -> None:
        """Nothing to load."""


class Seeing:
    """A store that only records whom a command concerns."""

    def __init__(self) -> None:
        self.people: list[tuple[Actor, ...]] = []

    async def execute(self, actor: Actor, at: int, command: Any, context: CommandContext) -> CommandResult:
        self.people.append(context.people)
        return CommandResult("r1", 0)


@pytest.fixture
def store() -> Seeing:
    return Seeing()


@pytest.fixture
def commands(store: Seeing) -> Commands:
    clock = FakeClock()
    return Commands(cast(Store, store), cast(Any, Names()), clock, Bans(clock), FakeListener())


@pytest.mark.parametrize("type", ["admit", "remove", "ban", "mute"])
async def test_a_command_about_somebody(store: Seeing, commands: Commands, type: str) -> None:
    """The uid of the earlier user finds nobody; the right one, or none, finds the user."""
    fields: dict[str, Any] = {"type": type, "conversation": "r1", "user_id": "vali"}
    with pytest.raises(UserNotFound):
        await commands.execute(ALI, cast(Any, COMMAND.validate_python(fields | {"uid": "u-before"})))
    assert store.people == []
    for more in ({}, {"uid": NEWER.uid}):
        await commands.execute(ALI, cast(Any, COMMAND.validate_python(fields | more)))
    assert store.people == [(NEWER,), (NEWER,)]


async def test_a_direct(store: Seeing, commands: Commands) -> None:
    """The same holds for each of several names; there must be as many uids as names."""
    for uids, error in ([NEWER.uid, ALI.uid], None), (["u-before", ALI.uid], UserNotFound), ([NEWER.uid], BadRequest):
        asked = Meet(type="direct", users=["vali", "ali"], uids=uids)
        with nullcontext() if error is None else pytest.raises(error):
            await commands.execute(ALI, asked)
    assert store.people == [(NEWER, ALI)]


def test_a_private_message() -> None:
    """A private message with the uid of an earlier holder of the name is refused. It is not sent to the user who has
    the name now."""
    messages = Messages(cast(Store, FakeStore()), Names(), FakeClock(), cast(GrowingMessages, None))
    assert messages.recipient("vali", NEWER.uid) is NEWER
    with pytest.raises(UserNotFound):
        messages.recipient("vali", "u-before")


async def test_over_http(house: House, client: httpx2.AsyncClient) -> None:
    """A profile, a direct and commands of moderators answer the uid of the earlier user with 404, as an unknown name. The text
    does not mention `to_user`, which only the simple dialect has."""
    me, _ = await house.account("ali"), await house.guest("vali")
    uid = (await client.get("/api/v1/users/vali", headers=me)).json()["uid"]
    assert (await client.get("/api/v1/users/vali", params={"uid": uid}, headers=me)).status_code == 200
    gone = await client.get("/api/v1/users/vali", params={"uid": "u-before"}, headers=me)
    assert gone.json() == (await client.get("/api/v1/users/nobody-of-this-name", headers=me)).json()
    assert_problem(gone, 404, "not_found")
    asked = {"users": ["vali"], "uids": ["u-before"]}
    assert_problem(await client.post("/api/v1/directs", json=asked, headers=me), 404, "user_not_found")
    for method, body in (("PUT", {}), ("PATCH", {"banned": True}), ("DELETE", None)):
        path = "/api/v1/conversations/lobby/members/vali?uid=u-before"
        answer = await client.request(method, path, json=body, headers=me)
        assert_problem(answer, 404, "user_not_found")
        assert "to_user" not in answer.text
