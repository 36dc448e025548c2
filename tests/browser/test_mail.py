"""What the links in mails lead to, and how somebody gets in who forgot their password."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.mail.parts import MailBox, code_in
from tests.servers import Server, running

from .eventually import eventually
from .person import PASSWORD, Person

Make = Callable[..., Person]
NEW = "yangi uzun parol"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    box = MailBox(tmp_path_factory.mktemp("mails"))
    with box.running():
        yield box


@pytest.fixture(scope="module")
def server(box: MailBox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sends mails."""
    url, sender = f"smtp://127.0.0.1:{box.port}", "chat@example.org"
    place = tmp_path_factory.mktemp("mail") / "data"
    with running(
        "suhbat", place, send_rate="0", smtp_url=url, mail_from=sender, public_url="http://chat.example.org"
    ) as server:
        yield server


def test_a_forgotten_password(server: Server, box: MailBox, person: Make) -> None:
    """A link confirms the address with one press, though nobody is logged in there. Another one, asked for on the sign-in page,
    leads to a new password, also in a tab that is open already; the code is not left in the address."""
    body = {"user_id": "ali", "password": "uzun parol 1"}
    token = server.request("POST", "/api/v1/accounts", body)[1]["token"]
    address = {"address": "ali@example.org", "current_password": "uzun parol 1"}
    assert server.request("PUT", "/api/v1/me/email", address, token=token)[0] == 200
    page = person("ali").page
    page.goto(f"{server.url}/#/confirm/{code_in(box.wait(1)[0], 'confirm')}")
    expect(page.get_by_role("heading", name="Confirm your e-mail address")).to_be_visible()
    assert server.request("GET", "/api/v1/me/email", token=token)[1]["address"] is None
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    assert server.request("GET", "/api/v1/me/email", token=token)[1]["address"] == "ali@example.org"
    page.get_by_role("button", name="Open the chat").click()

    forgot = page.get_by_role("button", name="Forgot the password?")
    expect(page.get_by_label("Your name")).to_be_visible()
    expect(forgot).to_have_count(0)  # a guest has none
    page.get_by_role("button", name="I have an account").click()
    forgot.click()
    page.get_by_label("Username or e-mail address").fill("ali@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator(".gate .why")).to_contain_text("a link is on its way")
    code = code_in(box.wait(2)[1], "reset")
    page.goto(f"{server.url}/#/reset/{code}")
    page.get_by_label("New password").fill(NEW)
    assert code not in page.url
    page.get_by_role("button", name="Save the password").click()
    expect(page.locator(".gate .why")).to_have_text("Your password is changed. Log in with it.")
    page.get_by_label("Username").fill("ali")
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator(".shell")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{server.url}/#/reset/{code}")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Save the password").click()
    expect(page.locator(".wrong")).to_contain_text("wrong, used or expired")
    page.get_by_role("button", name="Ask for another link").click()
    expect(page.get_by_label("Username or e-mail address")).to_be_focused()


def test_the_address_in_the_settings(server: Server, box: MailBox, person: Make) -> None:
    """A user gives an address in the profile, sees that it waits for its link, and that it is confirmed when they come back.
    The switch for mails about what they missed can be used from then on. The address is changed and removed with the
    password."""
    vali = person("vali").registers()
    page, before = vali.page, len(box.mails)
    profile, notifications = f"{server.url}/#/settings/profile", f"{server.url}/#/settings/notifications"
    page.goto(profile.replace("127.0.0.1", "localhost"))
    part = page.locator(".part", has=page.get_by_role("heading", name="E-mail address"))
    part.get_by_label("Address").fill("vali@example.org")
    part.get_by_label("Current password").fill("wrong one")
    part.get_by_role("button", name="Send the link").click()
    expect(part.locator(".wrong")).to_contain_text("password")
    part.get_by_label("Current password").fill(PASSWORD)
    part.get_by_role("button", name="Send the link").click()
    row = part.get_by_role("listitem")
    expect(row).to_contain_text("vali@example.org")
    expect(row).to_contain_text("Not confirmed yet")
    page.goto(notifications.replace("127.0.0.1", "localhost"))
    digest = page.get_by_label("Mail me what I missed")
    expect(digest).to_be_disabled()
    page.get_by_role("link", name="First confirm an e-mail address").click()
    expect(row).to_contain_text("Not confirmed yet")

    code = code_in(box.wait(before + 1)[before], "confirm")
    assert server.request("POST", "/api/v1/email-confirmations", {"code": code})[0] == 204
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(row).to_contain_text("Confirmed")
    page.goto(notifications.replace("127.0.0.1", "localhost"))
    expect(digest).to_be_checked()
    digest.uncheck()
    token = server.request("POST", "/api/v1/sessions", {"user_id": "vali", "password": PASSWORD})[1]["token"]
    eventually(lambda: not server.request("GET", "/api/v1/me/email", token=token)[1]["digest"])

    page.goto(profile.replace("127.0.0.1", "localhost"))
    part.get_by_role("button", name="Change").click()
    page.get_by_role("dialog").get_by_label("Address").fill("new@example.org")
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Send the link").click()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("Confirmed")
    expect(row.last).to_contain_text("new@example.org")
    part.get_by_role("button", name="Remove the address").click()
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Remove the address").click()
    expect(part.get_by_label("Address")).to_have_value("")
    assert server.request("GET", "/api/v1/me/email", token=token)[1]["wanted"] is None
