"""Forwarding: from the menu, with the keyboard and on a phone; with files, to several conversations at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.servers import Server, running

from .files import picture, uploaded
from .person import PHONE, Person
from .room import Room
from .test_axe import Look
from .touch import Finger

Make = Callable[..., Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("forwarding") / "data", send_rate="0", guest_files="on") as server:
        yield server


def test_forwarding(server: Server, person: Make) -> None:
    """A message goes to several conversations at once, with a comment, the name of its author and copies of its files, which
    stay when the first message is deleted. Nobody who is named in it is called again. What was deleted meanwhile is refused.
    It works with the keyboard alone, and from the sheet on a phone."""
    source, target = Room(server, "Manba"), Room(server, "Nishon")
    file = picture("reja.png", 60, 40)
    ali = source.joins(person("ali-uzatish"))
    target.tokens[ali.name] = source.tokens[ali.name]
    target.ask(ali.name, "PUT", f"{target.path}/members/{ali.name}", {})
    seq = source.say("Mana **reja**, @anna-nishon", files=[uploaded(server, source.tokens["anna"], file)])
    page = ali.page
    page.goto(source.url(ali))
    row = ali.sees("Mana **reja**, @anna-nishon".replace("**", ""))
    look = Look(page)
    dialog = page.get_by_role("dialog", name="Forward")

    row.focus()
    page.keyboard.press("f")
    expect(dialog).to_be_visible()
    field = dialog.get_by_role("textbox", name="Find people and rooms")
    expect(field).to_be_focused()
    send = dialog.get_by_role("button", name="Forward", exact=True)
    expect(send).to_be_disabled()
    page.keyboard.type("nish")
    expect(dialog.locator(".who").first).to_contain_text("Nishon")
    page.keyboard.press("Enter")
    expect(dialog.locator(".chip")).to_have_text(["Nishon"])
    expect(field).to_have_value("")
    page.keyboard.type("manba")
    expect(dialog.locator(".who").first).to_contain_text("Manba")
    page.keyboard.press("Enter")
    expect(dialog.locator(".chip")).to_have_text(["Nishon", "Manba"])
    look.in_both("forwarding")
    dialog.get_by_label("Comment").focus()
    page.keyboard.type("Qarang")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Forwarded.")
    mine = page.locator("article.message:not(.pending)", has_text="Forwarded from anna-manba")
    expect(mine.locator("blockquote")).to_contain_text("Mana reja, @anna-nishon")
    expect(mine.locator(".picture img")).to_have_count(1)
    expect(mine).to_contain_text("Qarang")
    state = target.ask("anna", "GET", target.path)
    assert state["unread"] == 1 and state["mentions"] == 0
    [file_there] = state["last_message"]["files"]

    source.ask("anna", "DELETE", f"{source.path}/messages/{seq}")
    expect(page.locator("article.deleted")).to_have_count(1)
    assert server.request("HEAD", file_there["url"], token=target.tokens["anna"])[0] == 200
    look.at("a forwarded message")
    assert not look.found, look.found

    phone = source.joins(person("vali-uzatish", **PHONE))
    gone = source.say("Yoʻqoladi")
    source.say("Matn")
    phone.page.goto(source.url(phone))
    sheet, finger = phone.page.get_by_role("dialog", name="Message actions"), Finger(phone.page)

    def forwards(text: str) -> None:
        row = phone.sees(text)
        row.scroll_into_view_if_needed()
        finger.down(row.locator(".text"))
        expect(sheet).to_be_visible()
        finger.up()
        sheet.get_by_role("button", name="Forward").tap()
        expect(dialog_there).to_be_visible()
        dialog_there.locator(".who", has_text="Everyone").tap()

    dialog_there = phone.page.get_by_role("dialog", name="Forward")
    submit = dialog_there.get_by_role("button", name="Forward", exact=True)
    forwards("Yoʻqoladi")
    source.ask("anna", "DELETE", f"{source.path}/messages/{gone}")
    expect(phone.page.locator("article.deleted")).to_have_count(2)
    submit.tap()
    expect(dialog_there.get_by_role("alert")).to_have_text("This message no longer exists.")
    phone.page.evaluate("history.back()")
    expect(dialog_there).to_have_count(0)
    forwards("Matn")
    box = submit.bounding_box()
    assert box and box["y"] + box["height"] <= PHONE["viewport"]["height"]
    submit.tap()
    expect(dialog_there).to_have_count(0)
    phone.page.locator("#toasts").get_by_role("button", name="Open").tap()
    expect(phone.page.locator(".conversation-view h1")).to_have_text("Everyone")
    expect(phone.page.locator("article.message blockquote")).to_have_text("Matn")
