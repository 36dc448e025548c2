"""What people expect of a chat and no other flow shows: the table in docs/web.md names the test of each expectation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.servers import Server, running

from .eventually import eventually
from .person import DESK, PASSWORD, PHONE, Person
from .room import COOKIE, Room, in_view
from .test_widths import fits

Make = Callable[..., Person]

ASKED = """
window.asked = 0;
let permission = "default";
Object.defineProperty(Notification, "permission", { get: () => permission });
Notification.requestPermission = async () => { window.asked += 1; return (permission = "denied"); };
"""
MARKDOWN = "**qalin** va `kod`\n\n- bir\n- ikki\n\nhttps://suhbat.example.org/docs\n```\nuzun " + "kod " * 80 + "\n```"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("expected") / "data", send_rate="0", room_rate="0") as server:
        yield server


def has_account(server: Server, person: Person) -> tuple[str, str]:
    """Make an account for a person whose browser is then logged in. Gives the tokens of this browser and of another
    device."""
    account = {"user_id": person.name, "password": PASSWORD}
    status, here = server.request("POST", "/api/v1/accounts", account)
    assert status == 201, here
    status, there = server.request("POST", "/api/v1/sessions", account)
    assert status == 201, there
    person.context.add_cookies([{"name": COOKIE, "value": here["token"], "url": person.url}])
    return here["token"], there["token"]


def test_signs_of_others(server: Server, person: Make) -> None:
    """The page shows who is typing, who is online, and when others were last online. Mentions stand out in the list, the
    newest conversation comes first, and the tab counts unread messages, but not those of muted conversations. A draft
    appears on the user's other device."""
    room = Room(server, "Belgilar")
    ali, vali = person("ali-belgi"), person("vali-belgi")
    here, there = has_account(server, ali)
    room.tokens[ali.name] = here
    room.ask(ali.name, "PUT", f"{room.path}/members/{ali.name}", {})
    room.joins(vali)
    direct = room.ask(vali.name, "POST", "/directs", {"users": [ali.name]})["conversation"]
    room.ask(vali.name, "POST", f"/conversations/{direct}/messages", {"text": "salom"})
    page = ali.page
    page.goto(f"{ali.url}#/c/{direct}")
    about = page.locator(".conversation-view .about")
    expect(about).to_have_text(re.compile("last seen|offline"))
    vali.page.goto(f"{vali.url}#/c/{direct}")
    expect(about).to_have_text("online")
    vali.sees("salom")
    vali.field.press_sequentially("yoz")
    expect(page.locator(".typing")).to_have_text("vali-belgi is typing…")
    vali.field.press("Enter")
    ali.sees("yoz")
    expect(page.locator(".typing")).to_have_text("")
    ali.says("oʻqidingmi")
    expect(ali.sees("oʻqidingmi").locator(".ticks")).to_have_attribute("title", "Read by vali-belgi")
    vali.context.close()
    expect(about).to_contain_text("last seen")

    first = page.locator(".conversation").first
    room.say(f"@{ali.name} qarang")
    expect(first).to_contain_text("Belgilar")
    expect(first.locator(".badge.named")).to_be_visible()
    expect(page).to_have_title("(1) Suhbat")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("icon-unread"))
    first.click()
    ali.sees(f"@{ali.name} qarang")
    expect(page).to_have_title("Suhbat")
    page.get_by_label("Details").click()
    page.locator(".panel").get_by_label("Notify me about").select_option("none")
    page.locator(".panel").get_by_label("Close").click()
    ali.opens(vali.name)
    room.say("jim")
    expect(page.locator(".conversation", has_text="Belgilar").locator(".badge")).to_have_text("1")
    expect(page).to_have_title("Suhbat")

    ali.opens("Belgilar")
    draft = f"/api/v1{room.path}/draft"
    assert server.request("PUT", draft, {"text": "boshqa qurilmadan"}, token=there)[0] < 300
    expect(ali.field).to_have_value("boshqa qurilmadan")


def test_a_refused_message(server: Server, person: Make) -> None:
    """A message that the server refused stays with its reason, also after a reload. It can be sent again or deleted."""
    room = Room(server, "Rad")
    ali = room.joins(person("ali-rad"))
    room.say("savol")
    page = ali.page
    page.goto(room.url(ali))
    ali.sees("savol")
    room.ask("anna", "PATCH", f"{room.path}/members/{ali.name}", {"muted": True})
    failed = page.locator("article.failed")
    for text in ("bir", "ikki"):
        ali.says(text)
        expect(failed.filter(has_text=text).locator(".wrong")).to_be_visible()
    page.reload()
    expect(failed).to_have_count(2)
    expect(page.locator(".conversation[aria-current] .badge.failed")).to_be_visible()
    failed.filter(has_text="bir").get_by_role("button", name="Delete").click()
    expect(failed).to_have_count(1)
    room.ask("anna", "PATCH", f"{room.path}/members/{ali.name}", {"muted": False})
    failed.get_by_role("button", name="Try again").click()
    ali.sees("ikki")
    page.reload()
    ali.sees_in_order("savol", "ikki")


def test_what_is_typed_and_how_it_looks(server: Server, person: Make) -> None:
    """Shift+Enter breaks the line. Markdown becomes bold, code, lists and links, and long code scrolls by itself. A text
    from right to left has its own direction, and changes nothing beside it."""
    room = Room(server, "Yozuv")
    ali = room.joins(person("ali-yozuv"))
    page = ali.page
    page.goto(room.url(ali))
    ali.field.press_sequentially("bir")
    ali.field.press("Shift+Enter")
    ali.field.press_sequentially("ikki")
    ali.field.press("Enter")
    expect(page.locator("article .text")).to_have_text("bir\nikki", use_inner_text=True)
    ali.says(MARKDOWN)
    row = page.locator("article.message", has=page.locator("pre"))
    expect(row.locator("strong")).to_have_text("qalin")
    expect(row.locator("p code")).to_have_text("kod")
    expect(row.locator("ul li")).to_have_text(["bir", "ikki"])
    expect(row.locator("a")).to_have_attribute("href", "https://suhbat.example.org/docs")
    eventually(lambda: row.locator("pre").evaluate("(one) => one.scrollWidth > one.clientWidth"))
    fits(page, "long code")
    room.say("مرحبا بالجميع")
    room.say("salom")
    ali.sees("salom")
    for text, direction in (("مرحبا بالجميع", "rtl"), ("salom", "ltr")):
        expect(ali.sees(text).locator(".text p")).to_have_css("direction", direction)
    left = page.locator("article .author").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().left)")
    assert len(set(left)) == 1, left


def test_nothing_flashes_and_nothing_is_hidden(server: Server, person: Make) -> None:
    """A chosen dark theme is there before the first script of the page has arrived. On a phone the message field and the
    newest message stay visible above the keyboard. At 200 % and on a window of 320 px nothing is cut off."""
    room = Room(server, "Koʻz")
    room.fill(30)
    ali = room.joins(person("ali-koz", service_workers="block", **DESK))
    room.reads_all(ali.name)
    page = ali.page
    page.goto(room.url(ali))
    ali.sees("gap 30")
    page.evaluate(
        "localStorage.setItem('suhbat.preferences', JSON.stringify({"
        "...JSON.parse(localStorage.getItem('suhbat.preferences')), theme: 'dark'}))"
    )
    held: list[Route] = []
    page.route("**/app.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    expect(page.locator("body")).to_have_css("background-color", "rgb(21, 25, 26)")
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    ali.sees("gap 30")
    for width, height in ((640, 400), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        fits(page, "conversation")
        eventually(lambda: in_view(ali.sees("gap 30")))
        expect(page.locator(":is(.send, .record):not([hidden])")).to_be_in_viewport(ratio=1)

    vali = room.joins(person("vali-koz", **PHONE))
    room.reads_all(vali.name)
    vali.page.goto(room.url(vali))
    vali.sees("gap 30")
    vali.field.tap()
    vali.page.set_viewport_size({"width": PHONE["viewport"]["width"], "height": 400})
    expect(vali.field).to_be_in_viewport(ratio=1)
    expect(vali.page.locator(":is(.send, .record):not([hidden])")).to_be_in_viewport(ratio=1)
    expect(vali.sees("gap 30")).to_be_in_viewport(ratio=1)


def test_permissions_and_sessions_in_the_settings(server: Server, person: Make) -> None:
    """The page asks for notifications only when somebody wants them, and says what to do if the browser denies them. The
    sessions are listed, and each can be ended."""
    ali = person("ali-ruxsat")
    has_account(server, ali)
    ali.context.add_init_script(ASKED)
    page = ali.page
    page.goto(ali.url)
    ali.is_in()
    page.get_by_label("Settings").click()
    settings = page.locator(".sections")
    settings.get_by_role("tab", name="Notifications").click()
    asked: Callable[[], Any] = lambda: page.evaluate("asked")  # noqa: E731 (asked twice)
    assert asked() == 0
    settings.get_by_label("Notifications on this device").click()
    expect(settings.get_by_text("Your browser blocks notifications")).to_be_visible()
    assert asked() == 1
    settings.get_by_role("tab", name="Devices").click()
    sessions = settings.locator(".sessions li")
    expect(sessions).to_have_count(2)
    sessions.filter(has_not_text="This device").get_by_role("button", name="Log out").click()
    expect(sessions).to_have_count(1)


def test_the_newest_messages_are_kept_while_one_reads_older_ones(server: Server, person: Make) -> None:
    """Without a network the page shows what arrived last, although the conversation was open in the middle of its
    history."""
    room = Room(server, "Oʻrtada")
    room.fill(150)
    ali = room.joins(person("ali-ortada"))
    room.reads_all(ali.name)
    page = ali.page
    page.goto(room.url(ali))
    ali.sees("gap 150")
    ali.can_do_without()
    ali.has_kept("gap 150")
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{room.conversation}/{room.seqs[19]}")
    ali.sees("gap 20")
    room.fill(1)
    expect(page.locator(".conversation", has_text="gap 151")).to_be_visible()
    ali.has_kept("gap 151")
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{room.conversation}")
    ali.context.set_offline(True)
    page.reload()
    expect(ali.sees("gap 151")).to_be_in_viewport()
