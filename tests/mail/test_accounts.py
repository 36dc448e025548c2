"""Addresses, passwords and invites by mail: the whole way, from a request to a server over a real mail server to the link."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import PATIENCE, Server, running

from .parts import MailBox, code_in, part

PASSWORD, NEW = "a good password", "another good one"
PUBLIC = "https://chat.example.org"
CONFIRM, RESET = "/api/v1/email-confirmations", "/api/v1/password-resets"
EMAIL = "/api/v1/me/email"


@contextmanager
def chat(data: Path, box: MailBox) -> Iterator[Server]:
    """A server that sends its mails there."""
    settings = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "Suhbat <chat@example.org>"}
    with running("suhbat", data, public_url=PUBLIC, **settings) as server:
        yield server


@pytest.fixture
def box(tmp_path: Path) -> MailBox:
    directory = tmp_path / "mails"
    directory.mkdir()
    return MailBox(directory)


def register(server: Server, name: str, **fields: object) -> str:
    """A new account; gives its token."""
    body = {"user_id": name, "password": PASSWORD, **fields}
    status, answer = server.request("POST", "/api/v1/accounts", body)
    assert status == 201, answer
    return str(answer["token"])


def confirm(server: Server, box: MailBox, token: str, address: str) -> None:
    """Give an account this address, and open the link in the mail."""
    count = len(box.mails)
    body = {"address": address, "current_password": PASSWORD}
    status, answer = server.request("PUT", EMAIL, body, token=token)
    assert (status, answer["wanted"]) == (200, address)
    code = code_in(box.wait(count + 1)[count], "confirm")
    assert server.request("POST", CONFIRM, {"code": code})[0] == 204


def test_an_address_in_the_profile(tmp_path: Path, box: MailBox) -> None:
    """`PATCH /me` sets and removes the address as well, beside other fields, and asks for the password."""
    with box.running(), chat(tmp_path / "data", box) as server:
        ali = register(server, "ali")

        def change(**fields: object) -> tuple[int, str | None]:
            status, answer = server.request("PATCH", "/api/v1/me", fields, token=ali)
            return status, answer.get("code")

        assert change(email="ali@example.org") == (400, "bad_request")
        assert change(email="ali@example.org", current_password="wrong one") == (403, "forbidden")
        assert change(email="ali", current_password=PASSWORD) == (400, "bad_request")
        assert change(email="ali@example.org", current_password=PASSWORD, password="short") == (400, "bad_request")
        assert server.request("GET", EMAIL, token=ali)[1]["wanted"] is None
        assert change(email="ali@example.org", current_password=PASSWORD, locale="uz", password=NEW) == (200, None)
        assert server.request("GET", EMAIL, token=ali)[1]["wanted"] == "ali@example.org"
        code = code_in(box.wait(1)[0], "confirm")
        assert server.request("POST", CONFIRM, {"code": code})[0] == 204
        assert server.request("GET", EMAIL, token=ali)[1]["address"] == "ali@example.org"
        assert change(email=None) == (400, "bad_request")
        assert change(email=None, current_password=NEW) == (200, None)
        assert server.request("GET", EMAIL, token=ali)[1]["address"] is None


def test_an_address_and_a_forgotten_password(tmp_path: Path, box: MailBox) -> None:
    """The whole story of one account: an address, a link, a new password, another address, none."""
    with box.running(), chat(tmp_path / "data", box) as server:
        assert server.request("GET", "/api/v1/server")[1]["mail"] is True
        setup = re.search(r"/setup\?code=(\S+)", server.printed())
        assert setup is not None
        ali = register(server, "ali", setup=setup[1])
        assert server.request("PATCH", "/api/v1/me", {"locale": "uz"}, token=ali)[0] == 200
        # The address is not used before it is confirmed, with the right password, and once.
        assert (
            server.request("PUT", EMAIL, {"address": "ali@example.org", "current_password": "wrong one"}, token=ali)[0]
            == 403
        )
        assert server.request("PUT", EMAIL, {"address": "ali", "current_password": PASSWORD}, token=ali)[0] == 400
        assert server.request("POST", RESET, {"user_id": "ali"})[0] == 202
        confirm(server, box, ali, "ali@example.org")
        first = box.mails[0]
        assert first["To"] == "ali@example.org" and "tasdiqlang" in first["Subject"]
        assert server.request("POST", CONFIRM, {"code": code_in(first, "confirm")})[1]["code"] == "forbidden"
        shown = server.request("GET", EMAIL, token=ali)[1]
        assert (shown["address"], shown["wanted"], shown["digest"], shown["refused"]) == (
            "ali@example.org",
            None,
            True,
            False,
        )

        # A forgotten password: nobody learns whether there is such an account.
        answers = [server.request("POST", RESET, {"user_id": name}) for name in ("ali", "nobody", "x@example.org")]
        assert answers == [(202, "")] * 3
        code = code_in(box.wait(2)[1], "reset")
        assert server.request("PUT", RESET, {"code": code, "password": "short"})[1]["code"] == "bad_request"
        assert server.request("PUT", RESET, {"code": code + "x", "password": NEW})[1]["code"] == "forbidden"
        assert server.request("PUT", RESET, {"code": code, "password": NEW})[0] == 204
        assert server.request("PUT", RESET, {"code": code, "password": PASSWORD})[0] == 403
        assert server.request("GET", "/api/v1/me", token=ali)[0] == 401
        assert server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD})[0] == 401
        status, again = server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": NEW})
        assert status == 201
        ali = again["token"]
        notice = box.wait(3)[2]
        assert notice["To"] == "ali@example.org" and "paroli hozirgina" in part(notice, "plain")

        # The address itself finds the account, too. A link that was not used is void after another password.
        assert server.request("POST", RESET, {"user_id": "ALI@example.org"})[0] == 202
        code = code_in(box.wait(4)[3], "reset")
        change = {"password": PASSWORD, "current_password": NEW}
        assert server.request("PATCH", "/api/v1/me", change, token=ali)[0] == 200
        assert server.request("PUT", RESET, {"code": code, "password": NEW})[0] == 403
        box.wait(5)

        # The old address is told of another one.
        confirm(server, box, ali, "new@example.org")
        notice = box.wait(7)[6]
        assert notice["To"] == "ali@example.org" and "n***@example.org" in part(notice, "plain")
        assert "new@" not in part(notice, "plain")
        assert server.request("PATCH", EMAIL, {"digest": False}, token=ali)[1]["digest"] is False
        assert server.request("DELETE", EMAIL, {"current_password": PASSWORD}, token=ali)[0] == 204
        notice = box.wait(8)[7]
        assert notice["To"] == "new@example.org" and "foydalanmaydi" in part(notice, "plain")
        assert server.request("GET", EMAIL, token=ali)[1]["address"] is None

        # Whoever may make an invite may have it mailed. The code is in the mail only.
        invited = {"email": "vali@example.org", "uses": 1}
        status, invite = server.request("POST", "/api/v1/invites", invited, token=ali)
        assert status == 201 and "code" not in invite
        mail = box.wait(9)[8]
        code = code_in(mail, "invite")
        assert mail["To"] == "vali@example.org" and "ali" in mail["Subject"]
        assert server.request("GET", f"/api/v1/invites/{code}")[1]["invited_by"] == "ali"
        register(server, "vali", invite=code)
        assert server.request("GET", f"/api/v1/invites/{code}")[0] == 404
        logged = server.printed()
    assert "mail: sent" in logged and "@example.org" not in logged.replace("chat@example.org", "")
    assert code not in logged


def test_a_mail_server_that_is_down(tmp_path: Path, box: MailBox) -> None:
    """What was asked for is in the database: it is sent after kill -9 of the server, when the mail server is back, once."""
    with chat(tmp_path / "data", box) as server:
        ali = register(server, "ali")
        body = {"address": "ali@example.org", "current_password": PASSWORD}
        assert server.request("PUT", EMAIL, body, token=ali)[0] == 200
        server.kill()
        with box.running():
            server.start()
            code = code_in(box.wait(1)[0], "confirm")
            assert server.request("POST", CONFIRM, {"code": code})[0] == 204
            assert server.request("POST", RESET, {"user_id": "ali"})[0] == 202
            assert code_in(box.wait(2)[1], "reset")
            limit = time.monotonic() + PATIENCE
            # The mail server has a mail before it has said so.
            while 'suhbat_mails_total{result="sent"} 2.0' not in server.request("GET", "/metrics")[1]:
                assert time.monotonic() < limit
                time.sleep(0.05)


def test_a_server_without_mail(tmp_path: Path) -> None:
    """Clients see that before they ask; what is about mails is refused with the reason. Only who has forgotten a password gets
    the same answer everywhere, whoever they are."""
    with running("suhbat", tmp_path / "data") as server:
        ali = register(server, "ali")
        assert server.request("GET", "/api/v1/server")[1]["mail"] is False
        for method, path, body in (
            ("GET", EMAIL, None),
            ("PUT", EMAIL, {"address": "ali@example.org", "current_password": PASSWORD}),
            ("PUT", RESET, {"code": "x", "password": NEW}),
            ("POST", CONFIRM, {"code": "x"}),
        ):
            status, answer = server.request(method, path, body, token=ali)
            assert (status, answer["code"]) == (403, "forbidden"), path
            assert "smtp_url" in answer["detail"]
        for name in ("ali", "nobody"):
            assert server.request("POST", RESET, {"user_id": name})[0] == 202
