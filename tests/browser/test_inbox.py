"""The inbox: mentions and replies, saved messages, and messages that are marked as unread again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import Server, running

from .eventually import eventually
from .person import PHONE, Person
from .room import COOKIE
from .scene import Town

Make = Callable[..., Person]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", room_rate="0") as server:
        yield server


@pytest.fixture
def town(server: Server) -> Town:
    return Town(server)


def comes(town: Town, ali: Person, place: str) -> None:
    ali.context.add_cookies([{"name": COOKIE, "value": town.tokens["ali"], "url": ali.url}])
    ali.page.goto(f"{ali.url}#/{place}")
    ali.is_in()


def test_mentions_and_replies(town: Town, person: Make) -> None:
    """The inbox lists mentions and replies, also those that come while it is open; the unread ones are marked and counted. A
    click opens the message, after which it is read. On a phone Back leads to the inbox."""
    ali = person("ali", **PHONE)
    comes(town, ali, "")
    page = ali.page
    page.get_by_role("link", name="Inbox").click()
    rows = page.locator(".followed")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("спасибо")
    town.say("jasur", "lobby", "@ali, qalaysan?")
    expect(rows).to_have_count(2)
    town.say("nodira", town.room, "Javobim shu", reply_to=town.seqs[5])
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("Javobim shu")
    unread = rows.filter(has_text="qalaysan").get_by_label("unread")
    expect(unread).to_be_visible()
    rows.filter(has_text="qalaysan").locator("a").click()
    expect(page.locator("article.found")).to_contain_text("qalaysan?")
    eventually(lambda: town.ask("ali", "GET", "/conversations/lobby", None)["unread"] == 0)
    page.go_back()
    expect(rows.filter(has_text="qalaysan")).to_be_visible()
    expect(unread).to_have_count(0)


def test_saved_messages(town: Town, person: Make) -> None:
    """A message is saved in its menu, on all devices and tabs, and taken off there or in the list."""
    ali = person("ali")
    comes(town, ali, f"c/{town.room}")
    other = ali.tab()
    other.goto(f"{ali.url}#/inbox")
    ali.is_in(other)
    other.get_by_role("link", name="Saved").click()
    expect(other.get_by_text("No saved messages yet.")).to_be_visible()
    text = "Я смогу подключиться с 10:15, начните без меня."
    ali.does(text, "Save for later")
    expect(other.locator(".followed")).to_contain_text("начните без меня")
    ali.does(text, "Remove from saved")
    expect(other.locator(".followed")).to_have_count(0)
    ali.does(text, "Save for later")
    expect(other.locator(".followed")).to_have_count(1)
    other.get_by_role("button", name="Remove from saved").click()
    expect(other.locator(".followed")).to_have_count(0)
    ali.is_offered(text, "Save for later")


def test_unread_again(town: Town, person: Make) -> None:
    """Messages that are marked as unread stay so, in all tabs that show the conversation, until it is opened anew."""
    ali = person("ali")
    last = town.ask("ali", "GET", f"/conversations/{town.room}", None)["last_ordinal"]
    town.ask("ali", "PUT", f"/conversations/{town.room}/read", {"ordinal": last})
    comes(town, ali, f"c/{town.room}")
    page, other = ali.page, ali.tab()
    listed = page.locator(".conversation", has_text="Choyxona")
    expect(listed.locator(".badge")).to_have_count(0)
    other.goto(f"{ali.url}#/c/{town.room}")
    other.wait_for_selector("article.message")
    ali.does("🎉", "Mark unread from here")
    expect(listed.locator(".badge")).to_have_text("1")
    divider = "xpath=preceding-sibling::*[1][contains(@class, 'unread-divider')]"
    expect(ali.message("🎉").locator(divider)).to_be_visible()
    expect(other.locator("article.message", has_text="🎉").last.locator(divider)).to_be_visible()
    town.say("jasur", town.room, "yana bir gap")
    ali.sees("yana bir gap")
    expect(listed.locator(".badge")).to_have_text("2")
    other.close()
    ali.opens("Everyone")
    expect(listed.locator(".badge")).to_have_text("2")
    ali.opens("Choyxona")
    expect(listed.locator(".badge")).to_have_count(0)
