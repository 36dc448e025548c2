"""Commands of bots in the page: suggested, given, answered to the one who asked, and refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.servers import Server, running

from .office import Office
from .person import PHONE, Person
from .test_axe import Look
from .touch import Finger, still

Make = Callable[..., Person]

COMMANDS = [
    {"name": "ob_havo", "description": "Ob-havoni aytadi", "usage": "<shahar>"},
    {"name": "tea", "description": "Asks who wants tea. " * 6},
    {"name": "teapot", "description": "Says where it is"},
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", bots="everyone") as server:
        yield server


@pytest.fixture
def office(server: Server) -> Office:
    office = Office(server)
    office.ask("ob-havo", "PUT", "/bots/ob-havo/commands", COMMANDS)
    office.listens()
    return office


def test_commands_and_private_answers(office: Office, person: Make) -> None:
    """A / suggests the commands, which the keyboard chooses. A command that the bot got is no message, but it does not vanish:
    it stays where it was sent, for its author alone, and so does a private answer; screen readers are told. Both can be put
    away. An answer in a conversation that is not open is said, with a way there. When the bot leaves, nothing is suggested."""
    vali = office.comes(person("vali"), "vali")
    page, look = vali.page, Look(vali.page)
    expect(page.locator(".rows .intro")).to_be_visible()
    options = page.get_by_role("option")
    vali.field.press_sequentially("/")
    expect(options).to_have_count(3)
    expect(options.first).to_have_accessible_name("/ob_havo <shahar> Ob-havoni aytadi")
    # A font of emoji would make the spaces and digits of what may follow wide.
    expect(options.first.locator(".usage")).not_to_have_css("font-family", re.compile("^[^,]*Emoji"))
    first = options.first.get_attribute("id")
    assert first
    expect(vali.field).to_have_attribute("aria-activedescendant", first)
    look.in_both("commands")
    vali.field.press_sequentially("OB")
    expect(options).to_have_count(1)
    vali.field.press("Enter")
    expect(vali.field).to_have_value("/ob_havo ")
    expect(options).to_have_count(0)
    vali.field.press_sequentially("Toshkent")
    vali.field.press("Enter")
    asides = page.locator("article.aside")
    expect(asides).to_have_count(1)
    expect(asides.locator(".command")).to_have_text("/ob_havo Toshkent")
    expect(asides.locator(".only")).to_have_text("Only you and the bot see this")
    expect(page.locator("article.message:not(.aside)")).to_have_count(0)
    asked = office.hears()
    assert (asked["name"], asked["args"]) == ("ob_havo", "Toshkent")

    office.answers(asked["key"], "Toshkentda **24°**")
    expect(asides).to_have_count(2)
    answer = asides.nth(1)
    expect(answer.locator(".text strong")).to_have_text("24°")
    expect(answer.locator("header")).to_contain_text("Ob-havobot")
    expect(answer.locator(".only")).to_have_text("Only you see this")
    log = page.get_by_role("log", name="New messages")
    expect(log).to_contain_text("Only you see this")
    expect(log).to_contain_text("Toshkentda 24°")
    office.say("ali", "salom")
    vali.sees("salom")
    vali.sees_in_order("/ob_havo Toshkent", "Toshkentda 24°", "salom")
    look.in_both("private answers")
    asides.first.get_by_role("button", name="Put away").press("Enter")
    expect(asides).to_have_count(1)
    expect(page.locator(".scroller")).to_be_focused()

    vali.opens("Everyone")
    office.answers(asked["key"], "Ertaga ham issiq")
    note = page.locator(".toast", has_text="answered only you")
    note.get_by_role("button", name="Show").click()
    expect(page.locator(".conversation-view h1")).to_have_text("Idora")
    expect(asides.nth(1).locator(".text")).to_have_text("Ertaga ham issiq")

    vali.field.press_sequentially("/tea")
    expect(options).to_have_count(2)
    vali.field.press("Enter")
    expect(asides).to_have_count(3)
    expect(vali.field).to_have_value("")
    root = office.say("ali", "mavzu")
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{office.room}/t/{root}")
    reply = page.locator("#thread-composer")
    reply.press_sequentially("/teap")
    option = page.locator(".thread").get_by_role("option")
    expect(reply).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    reply.press("Tab")
    reply.press("Enter")
    beside = page.locator(".thread article.aside")
    expect(beside.locator(".command")).to_have_text("/teapot")
    assert office.hears()["name"] == "tea"
    office.answers(office.hears()["key"], "Javonda")
    expect(beside.nth(1).locator(".text")).to_have_text("Javonda")
    expect(asides).to_have_count(5)
    page.locator(".thread").get_by_label("Close").click()
    expect(asides).to_have_count(3)

    office.ask("ali", "DELETE", f"{office.path}/members/ob-havo")
    expect(page.locator(".conversation-view .about")).to_have_text("2 members")
    with page.expect_response(lambda one: f"{office.path}/commands" in one.url):
        vali.field.press_sequentially("/")
    expect(options).to_have_count(0)
    assert not look.found, "\n".join(look.found)


def test_an_unknown_command(office: Office, person: Make) -> None:
    """In a direct with a bot, a command that it does not know is refused with a sentence that says what to do: it can be
    changed, or sent as a text."""
    vali = office.comes(person("vali"), "vali")
    direct = office.ask("vali", "POST", "/directs", {"users": ["ob-havo"]})["conversation"]
    page = vali.page
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{quote(direct)}")
    expect(page.locator(".conversation-view h1")).to_have_text("Ob-havo")
    failed = page.locator("article.failed")
    vali.says("/nimadir")
    expect(failed.locator(".wrong")).to_contain_text("This bot has no command /nimadir.")
    expect(failed.get_by_role("button", name="Try again")).to_have_count(0)
    failed.get_by_role("button", name="Change it").click()
    expect(failed).to_have_count(0)
    expect(vali.field).to_have_value("/nimadir")
    vali.field.press("Enter")
    failed.get_by_role("button", name="Send as text").click()
    vali.sees("/nimadir")
    expect(failed).to_have_count(0)


def test_commands_by_touch(office: Office, person: Make) -> None:
    """A finger scrolls a long list of commands without choosing one, and a tap chooses. What is typed in full and sent with the
    button leaves no list behind. The place of the first message says that a / shows the commands; a bot that is not
    connected is no bot that is away."""
    many = [{"name": f"buyruq_{n}", "description": "Nimadir qiladi"} for n in range(1, 26)]
    office.ask("ob-havo", "PUT", "/bots/ob-havo/commands", many)
    direct = office.ask("vali", "POST", "/directs", {"users": ["ob-havo"]})["conversation"]
    vali = office.opens(person("vali", **PHONE), "vali")
    page = vali.page
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{quote(direct)}")
    expect(page.locator(".rows .intro")).to_contain_text("type / to see its commands")
    expect(page.locator(".conversation-view .about")).to_have_text("bot")
    vali.field.tap()
    vali.field.press_sequentially("/")
    box, options = page.get_by_role("listbox"), page.get_by_role("option")
    expect(options).to_have_count(25)
    Finger(page).down(options.nth(3)).move(0, -150).up()
    page.wait_for_function("() => document.querySelector('.completion').scrollTop > 50")
    still(box)
    expect(box).to_be_visible()
    expect(vali.field).to_have_value("/")
    options.nth(6).tap()
    expect(vali.field).to_have_value("/buyruq_7 ")
    expect(vali.field).to_be_focused()
    vali.field.fill("/buyruq_8")
    expect(options).to_have_count(1)
    page.locator(".composer .send").tap()
    expect(page.locator("article.aside .command")).to_have_text("/buyruq_8")
    expect(box).to_be_hidden()
