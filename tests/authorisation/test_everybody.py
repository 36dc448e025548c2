"""Every role is asked everything. What a user may not see is answered like what does not exist: same status, code and text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.routing import iter_route_contexts

from suhbat.config import Settings
from suhbat.programs.mcp import tools
from suhbat.protocol.commands import COMMANDS as CLASSES
from suhbat.runtime.app import create_app
from tests.servers import running
from tests.talk import V1

from .house import OUTSIDE, ROLES, SECRET, House, Room, name_of
from .tables import ADDING, COMMANDS, ENDING, HTTP, OPEN, TOOLS

NOWHERE = Room("r00000000000000000000", 1)


@pytest.fixture(scope="module", params=["suhbat", "cluster"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(
        request.param,
        tmp_path_factory.mktemp("sweep") / "data",
        send_rate="0",
        rooms_per_day="0",
        conversations_per_person="0",
        mcp="on",
    ) as server:
        yield House(server)


def shape(path: str) -> str:
    """A path without its variable parts."""
    return re.sub(r"{[^}]*}|%[^/]*", "{}", path.partition("?")[0])


def test_no_route_is_forgotten() -> None:
    """The tables have exactly the routes of the application."""
    served = {
        (method, shape(context.path or ""))
        for context in iter_route_contexts(create_app(Settings(data=Path("never-made"))).fastapi.routes)
        for method in (getattr(context, "methods", None) or {"GET"}) - {"HEAD"}
    }
    listed = {(method, shape(f"/api/v1{path}")) for method, path in (*HTTP, *ENDING)}
    listed |= {(method, shape(path)) for method, path in OPEN}
    # One route takes both an id and the word `current`.
    listed.discard(("DELETE", "/api/v1/sessions/current"))
    served.discard(("DELETE", "/api/v1/sessions/current"))
    assert served == listed


def test_no_command_is_forgotten() -> None:
    """The tables have exactly the commands of the protocol."""
    asked = {name.partition(" ")[0] for name in COMMANDS}
    assert {get_args(command.model_fields["type"].annotation)[0] for command in CLASSES} == asked


def filled(path: str, room: Room) -> str:
    return path.format(
        conversation=room.conversation,
        seq=room.seq,
        report=room.report,
        other=room.other,
        friend=room.friend,
        unknown="x" * 20,
    )


BUTTON = "/actions/{unknown}"


def nowhere(role: str, room: Room) -> Room:
    """The answer for a missing object: for members a missing message in their room, for all others a missing room."""
    return replace(room, seq=1_000_000) if role == "late" else NOWHERE


@pytest.mark.parametrize(("method", "path"), list(HTTP))
def test_endpoint(house: House, method: str, path: str) -> None:
    """Every role gets the answer of the table, and answers to users outside of the room contain nothing of it."""
    statuses, body = HTTP[method, path]
    for role, expected in zip(ROLES, statuses.split(), strict=True):
        room = house.reported() if path.startswith("/reports") else house.room()
        status, answer = house.ask(role, method, filled(path, room), body(house, room))
        assert re.fullmatch(expected.replace("*", "."), str(status)), (role, status, answer)
        if role in OUTSIDE:
            assert room.conversation not in str(answer), role
        if role in (*OUTSIDE, "late"):
            assert SECRET not in str(answer), role
        is_told_of_button = path.endswith(BUTTON) and role not in (
            *OUTSIDE,
            "late",
        )  # who reads the message sees its buttons
        if status == 404 and "{conversation}" in path and not is_told_of_button:
            other = nowhere(role, room)
            _, nothing = house.ask(role, method, filled(path, other), body(house, other))
            assert answer == nothing, role


@pytest.mark.parametrize(("method", "path"), [key for key in HTTP if "{conversation}" in key[1]])
def test_endpoint_of_a_direct(house: House, method: str, path: str) -> None:
    """For everybody except its two users it is a conversation that does not exist; they are not told of the attempt."""
    _, body = HTTP[method, path]
    room = house.direct()
    for role in ROLES[1:-1]:
        status, answer = house.ask(role, method, filled(path, room), body(house, room))
        assert (status, answer) == house.ask(role, method, filled(path, NOWHERE), body(house, room)), role
        assert status == 404, role
    assert house.ask("nobody", method, filled(path, room), body(house, room))[0] == 401
    may = {200, 201, 204, 400, 403, 422} | (
        {404} if path.endswith(("/picture", "/hooks/{unknown}", BUTTON)) else set()
    )  # it has none
    assert house.ask("owner", method, filled(path, room), body(house, room))[0] in may


@pytest.fixture(scope="module")
def offered(house: House) -> Room:
    return house.invitation()


@pytest.mark.parametrize(("method", "path"), [key for key in HTTP if "{conversation}" in key[1]])
def test_endpoint_for_who_is_invited(house: House, offered: Room, method: str, path: str) -> None:
    """Until they accept, the room does not exist for them, except for the content of the invitation."""
    _, body = HTTP[method, path]
    asked = house.ask("invited", method, filled(path, offered), body(house, offered))
    assert asked == house.ask("invited", method, filled(path, NOWHERE), body(house, offered)) and asked[0] == 404
    _, listed = house.ask("invited", "GET", "/me/invitations")
    assert [one["conversation"] for one in listed["invitations"]] == [offered.conversation]


async def test_commands_for_who_is_invited(house: House, offered: Room) -> None:
    """The same over a connection. Only `join` and `leave` are possible."""
    async with V1(house.server.ws, house.tokens["invited"]) as one:
        for asked, (answers, fields) in COMMANDS.items():
            type = asked.partition(" ")[0]
            if "not_found" in answers and type not in ("join", "leave"):
                answer, nothing = await one.ask(type, **fields(offered)), await one.ask(type, **fields(NOWHERE))
                assert said(answer) == "not_found" and {**answer, "id": 0} == {**nothing, "id": 0}, type


@pytest.mark.parametrize(("method", "path"), list(ENDING))
def test_what_ends_sessions(house: House, method: str, path: str) -> None:
    """The same for what cannot be undone."""
    for role, expected in zip(ROLES, ENDING[method, path].split(), strict=True):
        status, answer = house.server.request(method, f"/api/v1{path}", token=house.passing(role))
        assert str(status) == expected, (role, answer)


@pytest.mark.parametrize("role", ROLES[:-1])
async def test_commands(house: House, role: str) -> None:
    """Every role gets the answer of the table; users outside of the room the same as for a missing room."""
    async with V1(house.server.ws, house.tokens[role]) as one:
        for asked, (answers, fields) in COMMANDS.items():
            type, expected = asked.partition(" ")[0], answers.split()[ROLES.index(role)]
            room = house.room()
            answer = await one.ask(type, **fields(room))
            assert said(answer) == expected, (asked, answer)
            assert role != "late" or SECRET not in str(answer)
            if answer["type"] != "error" and asked not in ADDING:
                house.changed()
            if expected == "not_found":
                nothing = await one.ask(type, **fields(nowhere(role, room)))
                assert {**answer, "id": 0} == {**nothing, "id": 0}, asked


def test_commands_by_http(house: House) -> None:
    """Without a connection they have the same answers. (The code is the same, so a part of them suffices.)"""
    room = house.room()
    for role in ROLES[:-1]:
        for asked in sorted(ADDING - {"hello", "ping", "sync"}):
            answers, fields = COMMANDS[asked]
            body = {"type": asked.partition(" ")[0], "id": 1, **fields(room)}
            (answer,) = house.ask(role, "POST", "/commands", body)[1]["replies"]
            expected = answers.split()[ROLES.index(role)]
            assert said(answer) == expected, (role, asked, answer)
            if expected == "not_found":
                nothing = {"type": body["type"], "id": 1, **fields(nowhere(role, room))}
                assert house.ask(role, "POST", "/commands", nothing)[1]["replies"] == [answer], (role, asked)


@pytest.mark.parametrize("role", ROLES[:-1])
async def test_commands_in_a_direct(house: House, role: str) -> None:
    """The same over a connection."""
    async with V1(house.server.ws, house.tokens[role]) as one:
        room = house.direct()
        for asked in [key for key, (answers, _) in COMMANDS.items() if "not_found" in answers]:
            type, fields = asked.partition(" ")[0], COMMANDS[asked][1]
            answer = await one.ask(type, **fields(room))
            if role == "owner":
                assert said(answer) in ("ok", "forbidden", "bad_request"), "they are in it"
                room = house.direct()
                continue
            nothing = await one.ask(type, **fields(NOWHERE))
            assert said(answer) == "not_found" and {**answer, "id": 0} == {**nothing, "id": 0}, asked


def test_no_tool_is_forgotten() -> None:
    """The table has exactly the tools that language models are offered."""
    assert {name.partition(" ")[0] for name in TOOLS} == {tool.name for tool in tools.TOOLS}


@pytest.mark.parametrize("role", ROLES)
def test_tools(house: House, role: str) -> None:
    """A language model may do what the owner of its token may, and learns as little of what it may not see."""
    for asked, (answers, fields) in TOOLS.items():
        room, name = house.room(), asked.partition(" ")[0]
        status, told = use_tool(house, role, name, fields(room))
        if role == "nobody":
            assert status == 401, asked
            continue
        expected = answers.split()[ROLES.index(role)]
        result = told["result"]
        text = result["content"][0]["text"]
        assert (text.partition(":")[0] if result.get("isError") else "ok") == expected, (asked, text)
        if role in OUTSIDE:
            assert room.conversation not in text, asked
        if role in (*OUTSIDE, "late"):
            assert SECRET not in text, asked
        if expected == "not_found":
            assert use_tool(house, role, name, fields(nowhere(role, room))) == (status, told), asked


def use_tool(house: House, role: str, name: str, arguments: dict[str, Any]) -> tuple[int, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    return house.server.request("POST", "/mcp", body, token=house.tokens[role])


def said(answer: dict[str, Any]) -> str:
    return str(answer["code"] if answer["type"] == "error" else answer["type"])


def test_what_only_the_server_sets_cannot_be_set(house: House) -> None:
    """Fields for sender, position or role in a body change nothing."""
    room = house.room()
    place = f"/conversations/{room.conversation}"
    forged = {
        "text": "salom",
        "sender": "owner",
        "sender_uid": "u1",
        "seq": 1,
        "ordinal": 1,
        "deleted": True,
        "role": "owner",
    }
    status, posted = house.ask("member", "POST", f"{place}/messages", forged)
    assert status == 201 and posted["seq"] > room.seq
    _, page = house.ask("owner", "GET", f"{place}/messages")
    last = page["messages"][-1]
    assert (last["sender"], last["deleted"]) == (name_of("member"), False)
    status, profile = house.ask("member", "PATCH", "/me", {"display_name": "Shown", "role": "owner", "uid": "u1"})
    assert (status, profile["role"]) == (200, "member")


async def test_nothing_comes_after_the_removal(house: House) -> None:
    """A removed user gets the event of the removal and none of the later events."""
    room = house.room()
    place = f"/conversations/{room.conversation}"
    async with V1(house.server.ws, house.tokens["member"]) as member:
        assert house.ask("owner", "DELETE", f"{place}/members/{name_of('member')}")[0] == 204
        removed = await member.until("conversation.removed")
        assert removed["removed"] == room.conversation
        for text in ("after", "the removal"):
            house.ask("owner", "POST", f"{place}/messages", {"text": text})
        assert not [frame for frame in await member.silent(0.5) if frame.get("conversation") == room.conversation]
