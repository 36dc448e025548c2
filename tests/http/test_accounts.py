"""Accounts, sessions, cookies, users and invites over HTTP."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx2
import pytest

from suhbat.identity.control import HEADER
from suhbat.identity.passwords import Passwords
from suhbat.identity.sessions import ROTATED
from suhbat.identity.throttle import ADDRESS_BURST, NAME_BURST, NEW_BURST
from suhbat.protocol.objects import Role
from tests.http.conftest import PASSWORD, House
from tests.http.test_problem import assert_problem

ACCOUNTS, SESSIONS, ME, INVITES = "/api/v1/accounts", "/api/v1/sessions", "/api/v1/me", "/api/v1/invites"
GUESTS = "/api/v1/guests"
PAGE = {"origin": "http://localhost:8000"}


def body(user_id: str, **fields: Any) -> dict[str, Any]:
    return {"user_id": user_id, "password": PASSWORD, **fields}


def bearer(answer: httpx2.Response) -> dict[str, str]:
    return {"authorization": f"Bearer {answer.json()['token']}"}


def cookie_of(answer: httpx2.Response) -> Any:
    """The session cookie that a response sets."""
    return SimpleCookie(answer.headers["set-cookie"])["suhbat_session"]


class TestAccounts:
    async def test_registering_is_logging_in(self, client: httpx2.AsyncClient) -> None:
        """201 with the account and the token of its first session, which is valid at once."""
        answer = await client.post(ACCOUNTS, json=body("Ali", display_name="Alisher"))
        assert answer.status_code == 201 and answer.json().keys() == {"user", "token"}
        user = answer.json()["user"]
        assert user | {"uid": ""} == {
            "uid": "", "user_id": "ali", "kind": "account", "display_name": "Alisher", "role": "member", "locale": None,
            "added_by": "known", "quiet": None, "push_text": True,
        }  # fmt: skip
        assert (await client.get(ME, headers=bearer(answer))).json() == user
        assert "set-cookie" not in answer.headers

    async def test_what_is_refused(self, house: House) -> None:
        """Each error has its code: a taken name, one in use, an invalid one, a bad password, a bad display name."""
        await house.account("ali")
        await house.guest("user1")
        house.guests.claim("bare1")
        async with house.client() as client:
            for asked, status, code in (
                (body("ALI"), 409, "name_taken"),
                (body("user1"), 409, "name_in_use"),
                (body("bare1"), 409, "name_in_use"),
                (body("a b"), 422, "invalid_name"),
                (body(""), 422, "invalid_name"),
                (body(" "), 422, "invalid_name"),
                (body("a" * 129), 422, "invalid_name"),
                (body("vali", password="short"), 400, "bad_request"),
                (body("vali", password="x" * 60_000), 400, "bad_request"),
                (body("vali", password=12345678), 400, "bad_request"),
                (body("vali", display_name="\u202ex"), 400, "bad_request"),
                ({"user_id": "vali"}, 400, "bad_request"),
                (body("vali", invite="wrong"), 403, "forbidden"),
                (body("vali", setup="wrong"), 403, "forbidden"),
            ):
                assert_problem(await client.post(ACCOUNTS, json=asked), status, code)
        assert [account.user_id for account in house.accounts] == ["ali"]

    async def test_a_guests_token_makes_the_guest_the_account(self, house: House) -> None:
        """The uid is kept. Without the token the name is in use, and an invalid token is refused."""
        headers = await house.guest("user1")
        async with house.client() as client:
            guest = (await client.get(ME, headers=headers)).json()
            made = await client.post(ACCOUNTS, json=body("user1"), headers=headers)
            assert made.json()["user"].items() >= (guest | {"kind": "account"}).items()
            assert_problem(await client.get(ME, headers=headers), 401, "unauthenticated")
            assert_problem(await client.post(ACCOUNTS, json=body("vali"), headers=headers), 401, "unauthenticated")

    async def test_rights_cannot_be_asked_for(self, client: httpx2.AsyncClient) -> None:
        """role, uid and the like in a body are ignored."""
        answer = await client.post(ACCOUNTS, json=body("ali", role="owner", uid="u0", kind="guest", disabled=True))
        assert answer.json()["user"]["role"] == "member" and answer.json()["user"]["uid"] != "u0"

    async def test_new_accounts_are_limited_by_address(self, house: House) -> None:
        """After a burst the answer is 429; this machine is not limited."""
        async with house.client("203.0.113.9") as far, house.client() as near:
            answers = [await far.post(ACCOUNTS, json=body(f"far{n}")) for n in range(NEW_BURST + 1)]
            assert [answer.status_code for answer in answers] == [201] * NEW_BURST + [429]
            assert (await near.post(ACCOUNTS, json=body("near"))).status_code == 201

    async def test_a_busy_server_says_when(self, house: House) -> None:
        """503 with retry_after while too many passwords wait to be checked."""
        await house.account("ali")
        house.passwords._threads = house.passwords._queue._limit = 0
        async with house.client() as client:
            for path, asked in ((ACCOUNTS, body("vali")), (SESSIONS, body("ali"))):
                refused = await client.post(path, json=asked)
                assert_problem(refused, 503, "busy")
                assert refused.headers["retry-after"] == "1"


class TestSessions:
    async def test_log_in_list_and_log_out(self, house: House) -> None:
        """The list has each login with its User-Agent; the token of an ended session is invalid."""
        await house.account("ali")
        async with house.client(headers={"user-agent": "Brauzer 7"}) as client:
            answer = await client.post(SESSIONS, json=body("ALI"))
            assert answer.status_code == 201 and answer.json()["user"]["user_id"] == "ali"
            headers = bearer(answer)
            listed = (await client.get(SESSIONS, headers=headers)).json()["sessions"]
            assert [(one["label"], one["current"]) for one in listed] == [("test", False), ("Brauzer 7", True)]
            assert listed[1].keys() == {"id", "label", "created_at", "last_used_at", "expires_at", "current"}
            gone = await client.delete(f"{SESSIONS}/{listed[0]['id']}", headers=headers)
            assert gone.status_code == 204 and gone.content == b"" and "content-type" not in gone.headers
            again = await client.delete(f"{SESSIONS}/{listed[0]['id']}", headers=headers)
            assert_problem(again, 404, "not_found")
            assert (await client.delete(f"{SESSIONS}/current", headers=headers)).status_code == 204
            assert_problem(await client.get(ME, headers=headers), 401, "unauthenticated")

    async def test_log_out_everywhere_else(self, house: House) -> None:
        """All sessions but that of the request end."""
        first = await house.account("ali")
        async with house.client() as client:
            second = bearer(await client.post(SESSIONS, json=body("ali")))
            assert (await client.delete(SESSIONS, headers=second)).status_code == 204
            assert_problem(await client.get(ME, headers=first), 401, "unauthenticated")
            assert (await client.get(ME, headers=second)).status_code == 200

    async def test_other_peoples_sessions_are_as_unknown_as_none(self, house: House) -> None:
        """Both get the same 404, and the session goes on."""
        ali, vali = await house.account("ali"), await house.account("vali")
        async with house.client() as client:
            (theirs,) = (await client.get(SESSIONS, headers=vali)).json()["sessions"]
            bodies = set()
            for id in (theirs["id"], "s404", "x" * 1_000, "%00"):
                answer = await client.delete(f"{SESSIONS}/{id}", headers=ali)
                assert_problem(answer, 404, "not_found")
                bodies.add(answer.text)
            assert len(bodies) == 1
            assert (await client.get(ME, headers=vali)).status_code == 200

    async def test_a_guest_has_none(self, house: House) -> None:
        """A guest gets 403 for listing and for ending sessions; ending `current` is logging out."""
        async with house.client(headers=await house.guest("user1")) as client:
            assert_problem(await client.get(SESSIONS), 403, "forbidden")
            for path in (SESSIONS, f"{SESSIONS}/s1"):
                assert_problem(await client.delete(path), 403, "forbidden")

    async def test_unknown_and_wrong_have_one_answer(self, house: House) -> None:
        """Status, headers and body do not reveal which names exist, nor does the limit."""
        await house.account("ali")
        async with house.client("203.0.113.9") as client:
            told: list[list[tuple[int, str]]] = []
            for name in ("ali", "soli"):
                answers = [
                    await client.post(SESSIONS, json=body(name, password="not this one")) for _ in range(NAME_BURST + 1)
                ]
                told.append([(answer.status_code, answer.text) for answer in answers])
                assert answers[-1].headers["retry-after"] == "10"
            assert told[0] == told[1]
            assert [status for status, _ in told[0]] == [401] * NAME_BURST + [429]


class TestCookies:
    async def log_in(self, house: House, **options: Any) -> tuple[httpx2.Response, dict[str, str]]:
        async with house.client(**options) as client:
            answer = await client.post(SESSIONS, json=body("ali", cookie=True), headers=PAGE)
        return answer, {"cookie": f"suhbat_session={cookie_of(answer).value}"}

    async def test_guests(self, house: House) -> None:
        """A guest may have a cookie, too. With it the guest registers, only from a page of this server, or logs out, which
        frees the name."""
        async with house.client() as client:
            made = await client.post(GUESTS, json={"user_id": "mehmon", "cookie": True}, headers=PAGE)
            assert made.json().keys() == {"user"} and cookie_of(made).value.startswith("sg_")
            held = {"cookie": f"suhbat_session={cookie_of(made).value}"}
            assert (await client.get(ME, headers=held)).json() == made.json()["user"]
            left = await client.post(GUESTS, json={"user_id": "boshqa", "cookie": True}, headers=PAGE)
            gone = {"cookie": f"suhbat_session={cookie_of(left).value}"}
            assert (await client.delete(f"{SESSIONS}/current", headers=gone | PAGE)).status_code == 204
            assert_problem(await client.get(ME, headers=gone), 401, "unauthenticated")
            assert (await client.post(GUESTS, json={"user_id": "boshqa"})).status_code == 201
            assert_problem(await client.post(ACCOUNTS, json=body("mehmon"), headers=held), 409, "name_in_use")
            account = await client.post(ACCOUNTS, json=body("mehmon", cookie=True), headers=held | PAGE)
            assert account.json()["user"]["uid"] == made.json()["user"]["uid"]
            stale = await client.post(ACCOUNTS, json=body("yangi"), headers=gone | PAGE)
            assert stale.status_code == 201  # a cookie that is no good any more says nothing

    async def test_what_everybody_may_know(self, house: House) -> None:
        """Without a token a client learns who may join, whether there is an owner, and with which providers one logs in: that
        list is there although it is empty."""
        async with house.client() as client:
            before = (await client.get("/api/v1/server")).json()
            await house.account("ega", role="owner")
            after = (await client.get("/api/v1/server")).json()
        assert (before["access"], before["outside"], before["owned"], after["owned"]) == ("open", False, False, True)
        assert before["limits"] == {"text": 4000, "frame": 65536}
        assert before["sign_on"] == []

    async def test_the_token_is_in_the_cookie_alone(self, house: House) -> None:
        """The cookie is HttpOnly, Lax, for this path and for thirty days; the token is not in the body."""
        await house.account("ali")
        answer, headers = await self.log_in(house)
        assert answer.status_code == 201 and answer.json().keys() == {"user"}
        cookie = cookie_of(answer)
        assert cookie.value.startswith("ss_") and cookie.value not in answer.text
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
        assert cookie["max-age"] == str(30 * 24 * 3600)
        async with house.client() as client:
            assert (await client.get(ME, headers=headers)).json() == answer.json()["user"]
            made = await client.post(ACCOUNTS, json=body("vali", cookie=True))
            assert made.json().keys() == {"user"} and cookie_of(made).value.startswith("ss_")

    @pytest.mark.parametrize("how", ["public_url", "scheme", "proxy"])
    async def test_over_https_it_is_secure(self, how: str) -> None:
        """The cookie is Secure if public_url, the request or the proxy says https."""
        house = House(public_url="https://chat.example.org") if how == "public_url" else House()
        await house.account("ali")
        scheme = "https" if how == "scheme" else "http"
        headers = {"x-forwarded-proto": "https"} if how == "proxy" else {}
        async with house.client(headers=headers) as client:
            answer = await client.post(f"{scheme}://localhost:8000{SESSIONS}", json=body("ali", cookie=True))
        assert cookie_of(answer)["secure"] is True

    async def test_below_another_application_it_is_for_that_part(self, house: House) -> None:
        """The Path of the cookie is the root path."""
        await house.account("ali")
        transport = httpx2.ASGITransport(house.app, root_path="/chat", client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            answer = await client.post(f"/chat{SESSIONS}", json=body("ali", cookie=True))
        assert cookie_of(answer)["path"] == "/chat"

    async def test_writing_needs_our_own_page_and_json(self, house: House) -> None:
        """With a cookie, a request without Origin, with a foreign one or with another media type writes nothing."""
        await house.account("ali")
        _, cookie = await self.log_in(house)
        path = "/api/v1/conversations/lobby/messages"
        async with house.client(headers=cookie) as client:
            for headers in ({}, {"origin": "null"}, {"origin": "http://evil.example"}):
                for method, where in (("POST", path), ("PATCH", ME), ("DELETE", f"{SESSIONS}/current")):
                    refused = await client.request(method, where, json={"text": "x"}, headers=headers)
                    assert_problem(refused, 403, "forbidden")
            form = PAGE | {"content-type": "text/plain"}
            assert_problem(await client.post(path, content=b'{"text":"x"}', headers=form), 400, "bad_request")
            assert house.store.logs["lobby"] == []
            assert (await client.post(path, json={"text": "x"}, headers=PAGE)).status_code == 201

    async def test_a_header_wins_over_the_cookie(self, house: House) -> None:
        """A request with a token in the header needs no Origin."""
        await house.account("ali")
        _, cookie = await self.log_in(house)
        async with house.client(headers=cookie | await house.guest("user1")) as client:
            assert (await client.get(ME)).json()["user_id"] == "user1"
            assert (await client.post("/api/v1/tickets")).status_code == 201

    async def test_after_a_day_the_token_changes(self, house: House) -> None:
        """A response carries a new cookie for the same session. A token in a header never changes."""
        headers = await house.account("ali")
        _, cookie = await self.log_in(house)
        house.clock.advance(ROTATED / 1000)
        async with house.client() as client:
            answer = await client.get(SESSIONS, headers=cookie)
            fresh = {"cookie": f"suhbat_session={cookie_of(answer).value}"}
            assert fresh != cookie
            assert "set-cookie" not in (await client.get(SESSIONS, headers=headers)).headers
            again = await client.get(SESSIONS, headers=fresh)
            assert "set-cookie" not in again.headers
            assert [one["id"] for one in again.json()["sessions"]] == [one["id"] for one in answer.json()["sessions"]]
            house.clock.advance(61)
            assert_problem(await client.get(ME, headers=cookie), 401, "unauthenticated")

    async def test_logging_out_takes_it_away(self, house: House) -> None:
        """The browser deletes the cookie, and its token is invalid."""
        await house.account("ali")
        _, cookie = await self.log_in(house)
        async with house.client(headers=cookie) as client:
            answer = await client.delete(f"{SESSIONS}/current", headers=PAGE)
            assert answer.status_code == 204 and cookie_of(answer)["max-age"] == "0"
            assert_problem(await client.get(ME), 401, "unauthenticated")


class TestMe:
    async def test_what_is_given_changes(self, house: House) -> None:
        """The display name and the language change; a field that is left out stays, null resets it."""
        async with house.client(headers=await house.account("ali")) as client:
            changed = (await client.patch(ME, json={"display_name": " Ali  aka ", "locale": "uz-Latn"})).json()
            assert (changed["display_name"], changed["locale"]) == ("Ali aka", "uz-Latn")
            assert (await client.patch(ME, json={})).json() == changed
            assert (await client.patch(ME, json={"locale": None})).json()["locale"] is None
            assert (await client.patch(ME, json={"display_name": None})).json()["display_name"] == "ali"
            ignored = await client.patch(ME, json={"user_id": "admin", "role": "owner", "uid": "u0", "disabled": True})
            assert ignored.json()["role"] == "member" and ignored.json()["user_id"] == "ali"

    @pytest.mark.parametrize(
        ("asked", "status", "code"),
        [
            ({"locale": "nonsense!"}, 400, "bad_request"),
            ({"display_name": "x" * 65}, 400, "bad_request"),
            ({"password": "a new password"}, 400, "bad_request"),
            ({"password": "a new password", "current_password": "wrong"}, 403, "forbidden"),
            ({"password": "short", "current_password": PASSWORD}, 400, "bad_request"),
        ],
    )
    async def test_what_is_refused(self, house: House, asked: dict[str, str], status: int, code: str) -> None:
        """Each refusal has its reason, and the password stays."""
        async with house.client(headers=await house.account("ali")) as client:
            assert_problem(await client.patch(ME, json=asked), status, code)
            assert (await client.post(SESSIONS, json=body("ali"))).status_code == 201

    async def test_another_password_ends_other_sessions(self, house: House) -> None:
        """All sessions but that of the request end."""
        away = await house.account("ali")
        async with house.client() as client:
            here = bearer(await client.post(SESSIONS, json=body("ali")))
            asked = {"password": "a new password", "current_password": PASSWORD}
            assert (await client.patch(ME, json=asked, headers=here)).status_code == 200
            assert (await client.get(ME, headers=here)).status_code == 200
            assert_problem(await client.get(ME, headers=away), 401, "unauthenticated")
            assert_problem(await client.post(SESSIONS, json=body("ali")), 401, "unauthenticated")

    async def test_a_guest_has_no_profile(self, house: House) -> None:
        """A guest gets 403."""
        async with house.client(headers=await house.guest("user1")) as client:
            assert_problem(await client.patch(ME, json={"locale": "uz"}), 403, "forbidden")


class TestUsers:
    async def test_others_are_found_and_shown(self, house: House) -> None:
        """Accounts are found by the beginning of a name, guests by the whole name; private fields are not shown."""
        headers = await house.account("ali", "owner")
        await house.account("aliya")
        await house.guest("alvin")
        async with house.client(headers=headers) as client:

            async def found(query: str) -> list[str]:
                users = (await client.get("/api/v1/users", params={"query": query})).json()["users"]
                assert all(user.keys() == {"uid", "user_id", "kind", "display_name", "role"} for user in users)
                return [user["user_id"] for user in users]

            assert sorted(await found("al")) == ["ali", "aliya"]
            assert await found("alvin") == ["alvin"] and await found("ALI") == ["ali", "aliya"]
            assert await found("") == await found("%") == await found("nobody") == []
            shown = (await client.get("/api/v1/users/Aliya")).json()
            assert shown["user_id"] == "aliya" and shown["kind"] == "account"
            assert (await client.get("/api/v1/users/alvin")).json()["kind"] == "guest"

    async def test_nobody_and_shut_out_are_one(self, house: House) -> None:
        """Both get the same 404."""
        headers = await house.account("ali")
        await house.account("vali")
        await house.administration.set_disabled("vali", True)
        async with house.client(headers=headers) as client:
            bodies = set()
            for name in ("vali", "nobody", "a%20b", "x" * 500):
                answer = await client.get(f"/api/v1/users/{name}")
                assert_problem(answer, 404, "not_found")
                bodies.add(answer.text)
            assert len(bodies) == 1


class TestInvites:
    @pytest.mark.parametrize("role", ["owner", "moderator"])
    async def test_made_looked_at_used_and_taken_back(self, role: Role) -> None:
        """The code is shown once and is in no list; a stranger can check whether it is valid."""
        house = House(access="invite")
        headers = await house.account("ali", role)
        async with house.client() as client:
            made = await client.post(INVITES, json={"uses": 2, "expires_in": 60}, headers=headers)
            assert made.status_code == 201
            code = made.json()["code"]
            assert all(invite.code_hash != code.encode() for invite in house.store.invited.values())
            shown = (await client.get(f"{INVITES}/{code}")).json()
            assert (shown["uses"], shown["invited_by"], shown["conversation"]) == (2, "ali", None)
            assert (await client.post(ACCOUNTS, json=body("vali", invite=code))).status_code == 201
            listed = await client.get(INVITES, headers=headers)
            (one,) = listed.json()["invites"]
            assert one["uses"] == 1 and code not in listed.text
            assert (await client.delete(f"{INVITES}/{one['id']}", headers=headers)).status_code == 204
            for gone in (await client.get(f"{INVITES}/{code}"), await client.get(f"{INVITES}/nonsense")):
                assert_problem(gone, 404, "not_found")
            assert_problem(await client.delete(f"{INVITES}/{one['id']}", headers=headers), 404, "not_found")
            assert_problem(await client.post(ACCOUNTS, json=body("soli", invite=code)), 403, "forbidden")

    async def test_guessing_has_an_end(self, house: House) -> None:
        """Wrong codes count by address, many attempts do not find a right one faster, and others are not disturbed."""
        headers = await house.account("ali", "owner")
        async with house.client("203.0.113.9") as guesser, house.client("203.0.113.10") as invited:
            code = (await invited.post(INVITES, json={"uses": 1, "expires_in": 60}, headers=headers)).json()["code"]
            answers = [await guesser.get(f"{INVITES}/guess{n}") for n in range(ADDRESS_BURST + 1)]
            assert [answer.status_code for answer in answers] == [404] * ADDRESS_BURST + [429]
            assert_problem(await guesser.get(f"{INVITES}/{code}"), 429, "rate_limited")
            for _ in range(ADDRESS_BURST * 2):
                assert (await invited.get(f"{INVITES}/{code}")).status_code == 200

    async def test_only_for_those_who_look_after_the_server(self, house: House) -> None:
        """Members and guests get 403, requests without a token 401."""
        member, guest = await house.account("ali"), await house.guest("user1")
        async with house.client() as client:
            for headers, status, code in (
                (member, 403, "forbidden"),
                (guest, 403, "forbidden"),
                ({}, 401, "unauthenticated"),
            ):
                assert_problem(await client.post(INVITES, json={}, headers=headers), status, code)
                assert_problem(await client.get(INVITES, headers=headers), status, code)
                assert_problem(await client.delete(f"{INVITES}/i1", headers=headers), status, code)

    @pytest.mark.parametrize(
        "asked", [{"uses": 0}, {"uses": 10_001}, {"uses": True}, {"expires_in": 59}, {"expires_in": 10**9}]
    )
    async def test_limits(self, house: House, asked: dict[str, object]) -> None:
        """Values outside of the limits are a bad request."""
        async with house.client(headers=await house.account("ali", "owner")) as client:
            assert_problem(await client.post(INVITES, json=asked), 400, "bad_request")

    async def test_into_a_room_one_is_in(self, house: House) -> None:
        """A conversation that is no room, or not one's own, does not exist."""
        async with house.client(headers=await house.account("ali", "owner")) as client:
            for conversation in ("lobby", "r404", "@me"):
                asked = {"conversation": conversation}
                assert_problem(await client.post(INVITES, json=asked), 404, "not_found")


class TestControl:
    async def ask(self, house: House, address: str = "127.0.0.1", **headers: str) -> httpx2.Response:
        async with house.client(address) as client:
            return await client.post("/control", json={"verb": "list"}, headers=headers)

    async def test_from_this_machine_with_the_secret(self, tmp_path: Path) -> None:
        """The command is executed."""
        house = House(data=tmp_path)
        await house.account("ali", "owner")
        house.control.begin("http://127.0.0.1:8000")
        assert (tmp_path / "control").stat().st_mode & 0o777 == 0o600
        answer = await self.ask(house, **{HEADER: str(house.control.secret)})
        assert [account["user_id"] for account in answer.json()["accounts"]] == ["ali"]
        house.control.end()
        assert not (tmp_path / "control").exists()

    async def test_for_everybody_else_there_is_nothing(self, tmp_path: Path) -> None:
        """It is not found without the secret, with a wrong one, from elsewhere, through a proxy, or before the start."""
        house = House(data=tmp_path)
        for secret in ("", "None"):
            assert_problem(await self.ask(house, **{HEADER: secret}), 404, "not_found")
        house.control.begin("http://127.0.0.1:8000")
        secret = str(house.control.secret)
        for refused in (
            await self.ask(house),
            await self.ask(house, **{HEADER: "wrong"}),
            await self.ask(house, "203.0.113.9", **{HEADER: secret}),
            await self.ask(house, **{HEADER: secret, "x-forwarded-for": "127.0.0.1"}),
            await self.ask(house, **{HEADER: secret, "host": "evil.example"}),
        ):
            assert_problem(refused, 404, "not_found")
        async with house.client() as client:
            assert "/control" not in (await client.get("/openapi.json")).json()["paths"]


async def test_the_setup_page_is_ours(client: httpx2.AsyncClient) -> None:
    """The page has the strict policy and is not cached."""
    answer = await client.get("/setup?code=secret")
    assert answer.status_code == 200 and "secret" not in answer.text
    assert (
        answer.headers["cache-control"] == "no-store"
        and "script-src 'self'" in answer.headers["content-security-policy"]
    )


async def test_passwords_in_no_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal error reveals nothing of the request."""

    async def broken(self: Passwords, password: str) -> str:
        raise RuntimeError(password)

    monkeypatch.setattr(Passwords, "hash", broken)
    async with house.client() as client:
        answer = await client.post(ACCOUNTS, json=body("ali"))
    assert_problem(answer, 500, "internal")
    assert PASSWORD not in answer.text
