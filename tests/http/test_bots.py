"""Bots over HTTP: who makes them, their tokens, their commands."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from suhbat.chat.bots import BOTS_OF_ONE
from suhbat.errors import Unauthenticated
from suhbat.identity.tokens import is_of_session
from suhbat.protocol.bots import MAX_COMMANDS
from tests.http.conftest import PASSWORD, House
from tests.http.test_problem import assert_problem

BOTS = "/api/v1/bots"
ME = "/api/v1/me"
COMMAND = {"name": "ob_havo", "description": "Ob-havoni aytadi", "usage": "<shahar>"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def make(house: House, owner: dict[str, str], name: str = "ob-havo") -> Any:
    async with house.client(headers=owner) as client:
        answer = await client.post(BOTS, json={"user_id": name, "display_name": "Ob-havo"})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_new_bot(house: House) -> None:
    """It is an account of the kind `bot`, with a token that is shown once and stored as a hash, in the form that libraries for
    Telegram check."""
    lord = await house.account("lord", "owner")
    made = await make(house, lord)
    assert made["user"] | {"uid": ""} == {
        "uid": "", "user_id": "ob-havo", "kind": "bot", "display_name": "Ob-havo", "role": "member",
    }  # fmt: skip
    number, _, secret = made["token"].partition(":")
    assert 0 < int(number) < 2**52 and len(secret) >= 35 and is_of_session(made["token"])
    async with house.client(headers=bearer(made["token"])) as bot:
        assert (await bot.get(ME)).json()["kind"] == "bot"
    async with house.client(headers=lord) as client:
        assert (await client.get(BOTS)).json() == {"bots": [made["user"]], "makers": "moderators"}
        assert (await client.get(f"{BOTS}/{made['user']['user_id']}")).json() == made["user"]
        assert (await client.get(f"/api/v1/users/{made['user']['user_id']}")).json() == made["user"]
    assert secret not in repr(vars(house.store))


@pytest.mark.parametrize(
    ("makers", "may"),
    [("owner", {"owner"}), ("moderators", {"owner", "moderator"}), ("everyone", {"owner", "moderator", "member"})],
)
async def test_who_makes_them(makers: str, may: set[str]) -> None:
    """As the setting says, which everybody can read; never a guest, and never a bot."""
    house = House(bots=makers)
    callers = {role: await house.account(f"x-{role}", role) for role in ("owner", "moderator", "member")}
    callers["guest"] = await house.guest("mehmon")
    callers["bot"] = bearer((await make(house, callers["owner"]))["token"])
    for role, headers in callers.items():
        async with house.client(headers=headers) as client:
            assert (await client.get(BOTS)).json()["makers"] == makers
            answer = await client.post(BOTS, json={"user_id": f"of-{role}"})
        if role in may:
            assert answer.status_code == 201
        else:
            assert_problem(answer, 403, "forbidden")


async def test_a_new_token(house: House) -> None:
    """The old one is worth nothing from then on, and another account gets the answer of a bot that does not exist."""
    lord, other = await house.account("lord", "owner"), await house.account("boshqa", "owner")
    old = (await make(house, lord))["token"]
    async with house.client(headers=other) as client:
        for name in ("ob-havo", "yoq", "lord"):
            assert_problem(await client.post(f"{BOTS}/{name}/token"), 404, "not_found")
            assert_problem(await client.delete(f"{BOTS}/{name}"), 404, "not_found")
            assert_problem(await client.get(f"{BOTS}/{name}/commands"), 404, "not_found")
            assert_problem(await client.put(f"{BOTS}/{name}/commands", json=[COMMAND]), 404, "not_found")
    async with house.client(headers=lord) as client:
        new = (await client.post(f"{BOTS}/ob-havo/token")).json()["token"]
    assert new != old and new.partition(":")[0] == old.partition(":")[0]
    for token, status in ((new, 200), (old, 401)):
        async with house.client(headers=bearer(token)) as bot:
            assert (await bot.get(ME)).status_code == status


async def test_two_new_tokens_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are made, and the last one is valid."""
    lord = await house.account("lord", "owner")
    await make(house, lord)
    of_user = house.sessions.of_user

    async def slowly(uid: str) -> Any:
        found = await of_user(uid)
        await asyncio.sleep(0)
        return found

    monkeypatch.setattr(house.sessions, "of_user", slowly)
    account = house.accounts.of_name("ob-havo")
    assert account is not None
    first, second = await asyncio.gather(*(house.services.bots.rotate(account) for _ in range(2)))
    assert (await house.people.authenticate(second)).actor.uid == account.uid
    with pytest.raises(Unauthenticated):
        await house.people.authenticate(first)


@pytest.mark.parametrize("action", ["ha", "a/b", "a\nb", "\n", "👨‍👩‍👧", "a\u200bb", " "])
async def test_any_button(house: House, action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A button can have any id: those of Telegram's bots have line breaks, too."""
    lord = await house.account("lord", "owner")
    pressed: list[Any] = []

    async def execute(actor: object, command: Any) -> None:
        pressed.append(command)

    monkeypatch.setattr(house.services.commands, "execute", execute)
    async with house.client(headers=lord) as client:
        place = "/api/v1/conversations/lobby/messages/7/actions"
        assert (await client.post(f"{place}/{quote(action, safe='')}")).status_code == 204
        assert [(one.seq, one.action) for one in pressed] == [(7, action)]
        for unknown in ("a%00b", "x" * 65):
            assert (await client.post(f"{place}/{unknown}")).status_code in (400, 404)
    assert len(pressed) == 1


async def test_wrong_tokens(house: House) -> None:
    """Whatever is wrong with a token, the answer is the same, and so is what the server does for it: one look-up of a hash."""
    token = (await make(house, await house.account("lord", "owner")))["token"]
    number, _, secret = token.partition(":")
    texts = set()
    for wrong in (
        f"{number}:{secret[:-1]}x",
        f"{int(number) + 1}:{secret}",
        f"{number}:",
        "1:" + "a" * 43,
        "ss_x",
        "x",
    ):
        async with house.client(headers=bearer(wrong)) as client:
            answer = await client.get(ME)
            assert_problem(answer, 401, "unauthenticated")
            texts.add(answer.text)
    assert len(texts) == 1


async def test_no_password_opens_it(house: House) -> None:
    """Not even one that the owner of the machine sets."""
    await make(house, await house.account("lord", "owner"))
    await house.administration.set_password("ob-havo", PASSWORD)
    async with house.client() as client:
        answer = await client.post("/api/v1/sessions", json={"user_id": "ob-havo", "password": PASSWORD})
        assert_problem(answer, 401, "unauthenticated")


async def test_it_is_silent_without_its_owner(house: House) -> None:
    """While the owner is disabled its token is refused; it is erased with the owner."""
    lord, _ = await house.account("lord", "owner"), await house.account("other", "owner")
    token = (await make(house, lord))["token"]
    async with house.client(headers=bearer(token)) as bot:
        for disabled, status in ((True, 401), (False, 200)):
            await house.administration.set_disabled("lord", disabled)
            assert (await bot.get(ME)).status_code == status
        await house.administration.erase("lord", with_messages=False)
        assert (await bot.get(ME)).status_code == 401
    assert house.accounts.of_name("ob-havo") is None
    with pytest.raises(Unauthenticated):
        await house.people.authenticate(token)


async def test_it_is_banned_with_its_owner(house: House) -> None:
    """As the owner is."""
    lord = await house.account("lord", "owner")
    token = (await make(house, lord))["token"]
    account = house.accounts.of_name("lord")
    assert account is not None
    house.services.bans.put(account.uid, None, on=True)
    async with house.client(headers=bearer(token)) as bot:
        assert_problem(await bot.get(ME), 403, "forbidden")


async def test_its_token_never_expires(house: House) -> None:
    """Also if the bot is away for years, and although its uses are written."""
    token = (await make(house, await house.account("lord", "owner")))["token"]
    for _ in range(3):
        house.clock.advance(400 * 24 * 3600)
        await house.people.authenticate(token)
        await house.people.flush(everything=True)
        await house.people.sweep()
    house.clock.advance(400 * 24 * 3600)
    await house.people.sweep()
    assert (await house.people.authenticate(token)).actor.kind == "bot"


async def test_most_bots(house: House) -> None:
    """An account has at most 20; one that is erased makes room, and its name is free."""
    lord = await house.account("lord", "owner")
    for number in range(BOTS_OF_ONE):
        house.clock.advance(60)
        await make(house, lord, f"b{number}")
    async with house.client(headers=lord) as client:
        refused = await client.post(BOTS, json={"user_id": "yana"})
        assert_problem(refused, 400, "bad_request")
        assert "20" in refused.json()["detail"]
        assert (await client.delete(f"{BOTS}/b7")).status_code == 204
        assert (await client.post(BOTS, json={"user_id": "b7"})).status_code == 201


async def test_names(house: House) -> None:
    """A bot's name is one like any other, and free only if no account has it."""
    lord = await house.account("lord", "owner")
    async with house.client(headers=lord) as client:
        assert_problem(await client.post(BOTS, json={"user_id": "lord"}), 409, "name_taken")
        for name in ("a b", "", "a" * 129):
            assert_problem(await client.post(BOTS, json={"user_id": name}), 422, "invalid_name")
        assert_problem(await client.post(BOTS, json={"user_id": "b", "display_name": "x" * 65}), 400, "bad_request")


class TestCommands:
    async def test_they_are_replaced(self, house: House) -> None:
        """By the bot or by its owner; both see them, in the given order."""
        lord = await house.account("lord", "owner")
        bot = bearer((await make(house, lord))["token"])
        second = {"name": "eslat", "description": "Eslatadi", "usage": ""}
        for headers, commands in ((lord, [COMMAND, second]), (bot, [second, COMMAND]), (lord, [])):
            async with house.client(headers=headers) as client:
                answer = await client.put(f"{BOTS}/ob-havo/commands", json=commands)
                assert (answer.status_code, answer.json()) == (200, {"commands": commands})
            async with house.client(headers=bot) as client:
                assert (await client.get(f"{BOTS}/ob-havo/commands")).json() == {"commands": commands}

    @pytest.mark.parametrize(
        "command",
        [
            COMMAND | {"name": "x" * 33},
            COMMAND | {"name": ""},
            COMMAND | {"name": "Salom"},
            COMMAND | {"name": "ob-havo"},
            COMMAND | {"name": "/ob"},
            COMMAND | {"description": ""},
            COMMAND | {"description": "x" * 257},
            COMMAND | {"usage": "x" * 101},
            {"name": "ob"},
        ],
    )
    async def test_bad_ones(self, house: House, command: dict[str, str]) -> None:
        """Each limit is refused one above it."""
        lord = await house.account("lord", "owner")
        await make(house, lord)
        async with house.client(headers=lord) as client:
            assert_problem(await client.put(f"{BOTS}/ob-havo/commands", json=[command]), 400, "bad_request")

    async def test_the_limits(self, house: House) -> None:
        """A hundred commands with the longest names and texts are taken; one more, or the same name twice, is not."""
        lord = await house.account("lord", "owner")
        await make(house, lord)
        many = [
            {"name": f"{number:_>32}", "description": "x" * 256, "usage": "x" * 100} for number in range(MAX_COMMANDS)
        ]
        async with house.client(headers=lord) as client:
            place = f"{BOTS}/ob-havo/commands"
            assert (await client.put(place, json=many)).status_code == 200
            assert_problem(await client.put(place, json=[*many, COMMAND]), 400, "bad_request")
            assert_problem(await client.put(place, json=[COMMAND, COMMAND]), 400, "bad_request")
            assert len((await client.get(place)).json()["commands"]) == MAX_COMMANDS
