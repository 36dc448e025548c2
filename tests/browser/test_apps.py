"""The page for programs: bots and outgoing webhooks in the settings, incoming webhooks in the details of a conversation."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.programs.hooks.one_liners import run
from tests.servers import Server, running

from .eventually import eventually
from .office import Office
from .person import Person
from .test_axe import Look

Make = Callable[..., Person]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {"send_rate": "0", "bots": "everyone", "outgoing_allow": "127.0.0.0/8"}
    with running("suhbat", tmp_path / "data", **settings) as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[int]]]:
    """The address of a program, and the statuses that it answers; the last one for good."""
    statuses = [204]

    class Program(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    program = HTTPServer(("127.0.0.1", 0), Program)
    threading.Thread(target=program.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{program.server_port}/suhbat", statuses
    program.shutdown()
    program.server_close()


def test_bots(server: Server, person: Make) -> None:
    """A bot is made in the settings. Its token is shown once, and copied with a button, with a command line that shows that it
    works. Its commands are listed, and its card leads to the direct with it. A new token ends the old one, and a deleted bot is
    gone. People who may not make bots see who may, and no button."""
    office = Office(server)
    ali = office.comes(person("ali"), "ali")
    page, look = ali.page, Look(ali.page)
    page.evaluate("location.hash = '#/settings/apps'")
    rows = page.locator(".bots > li")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="New bot").click()
    box = page.get_by_role("dialog", name="New bot")
    box.get_by_label("Username").fill("ob-havo")
    box.get_by_role("button", name="Create bot").click()
    expect(box.get_by_role("alert")).not_to_be_empty()
    box.get_by_label("Username").fill("choy")
    box.get_by_label("Display name").fill("Choyxona boti")
    box.get_by_role("button", name="Create bot").click()
    token = box.get_by_label("Token")
    expect(token).to_be_focused()
    first = token.input_value()
    assert json.loads(run(box.locator("pre").inner_text(), ""))["kind"] == "bot"
    look.in_both("a token")
    box.get_by_role("button", name="Copy", exact=True).click()
    expect(box.locator(".toast", has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == first
    box.get_by_role("button", name="Done").click()
    expect(rows).to_have_count(2)
    office.tokens["choy"] = first
    office.ask("choy", "PUT", "/bots/choy/commands", [{"name": "tea", "usage": "<n>", "description": "Choy soʻraydi"}])
    bot = rows.nth(1)
    expect(bot.locator(".names")).to_have_text("Choyxona boti@choy")
    bot.locator("summary").click()
    expect(bot.locator(".bot-commands li")).to_have_text("/tea <n>Choy soʻraydi")
    look.in_both("bots")
    bot.get_by_role("button", name="Choyxona boti @choy").click()
    page.get_by_role("dialog", name="Choyxona boti").get_by_role("button", name="Send a message").click()
    expect(page.locator(".conversation-view h1")).to_have_text("Choyxona boti")
    page.go_back()
    expect(rows).to_have_count(2)

    bot.get_by_role("button", name="New token").click()
    page.get_by_role("dialog").get_by_role("button", name="New token").click()
    second = page.get_by_role("dialog", name="New token").get_by_label("Token").input_value()
    assert server.request("GET", "/api/v1/me", token=first)[0] == 401
    assert server.request("GET", "/api/v1/me", token=second)[0] == 200
    page.keyboard.press("Escape")
    bot.get_by_role("button", name="Delete bot").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete bot").click()
    expect(rows).to_have_count(1)
    assert server.request("GET", "/api/v1/me", token=second)[0] == 401
    expect(page.get_by_text("make bots")).to_be_hidden()

    answer = {"bots": [], "makers": "moderators"}
    page.route(re.compile(r"/api/v1/bots(\?|$)"), lambda route: route.fulfill(json=answer))
    page.wait_for_function("() => !history.state?.layers")  # else the step back from the dialog ends the reload
    page.reload()
    expect(page.get_by_text("The owner and the moderators of this server make bots.")).to_be_visible()
    expect(page.get_by_role("button", name="New bot")).to_have_count(0)
    look.in_both("no bots")
    assert not look.found, "\n".join(look.found)


COVERED = """(box) => {
  const body = box.querySelector(".dialog-body");
  const place = body.scrollTop;
  const covered = [...box.querySelectorAll("button, input, pre")].flatMap((one) => {
    if (!one.checkVisibility()) return [];
    one.scrollIntoView({ block: "nearest" });
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return one.contains(over) ? [] : [`${one.tagName} ${one.textContent} below ${over?.className}`];
  });
  body.scrollTop = place;
  return covered;
}"""
"""What of a dialog cannot be reached by scrolling it, because something lies above it. The dialog stays scrolled as it is."""


@pytest.mark.parametrize(
    "size", [(1280, 800), (1280, 420), (390, 844), (390, 380)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_a_note_covers_nothing_of_a_dialog(server: Server, person: Make, size: tuple[int, int]) -> None:
    """It stands below what the dialog says, which scrolls if there is no room for both. What somebody has just pressed stays
    where it was, also when the note is gone."""
    office = Office(server)
    ali = office.opens(person("ali", viewport={"width": size[0], "height": size[1]}), "ali")
    page = ali.page
    expect(page.locator(".conversation-view .composer")).to_be_visible()
    page.evaluate("location.hash = '#/settings/apps'")
    page.get_by_role("button", name="New bot").click()
    box = page.get_by_role("dialog", name="New bot")
    box.get_by_label("Username").fill("choy")
    box.get_by_role("button", name="Create bot").click()
    copy = box.get_by_role("button", name="Copy", exact=True)
    copy.scroll_into_view_if_needed()
    before = copy.bounding_box()
    copy.click()
    expect(box.locator(".toast")).to_be_visible()
    assert copy.bounding_box() == before
    note = box.locator(".toast").bounding_box()
    assert note is not None and note["y"] + note["height"] <= size[1]
    assert box.evaluate(COVERED) == []
    expect(box.locator(".toast")).to_have_count(0)
    assert copy.bounding_box() == before


def test_incoming_webhooks(server: Server, person: Make) -> None:
    """Who moderates a room makes webhooks in its details. The address is shown once, with a command line that posts through it.
    In an archived room they are seen and deleted, and none is made. Others do not see them."""
    office = Office(server)
    ali = office.comes(person("ali"), "ali")
    page, look = ali.page, Look(ali.page)
    page.get_by_label("Details").click()
    part = page.locator(".panel .part", has_text="Webhooks")
    expect(part.locator("li")).to_have_count(1)
    expect(part.locator("li")).to_contain_text("CIali")
    part.get_by_role("button", name="New webhook").click()
    box = page.get_by_role("dialog", name="New webhook")
    box.get_by_label("Name").fill("Grafana")
    box.get_by_role("button", name="Create webhook").click()
    address = box.get_by_label("Address")
    expect(address).to_be_focused()
    url = address.input_value()
    line = box.locator("pre").inner_text()
    assert line.endswith(url)
    assert urlsplit(url).path.startswith("/hooks/")
    look.in_both("the address of a webhook")
    assert run(line, "") == "ok"
    box.get_by_role("button", name="Done").click()
    expect(ali.sees("It works").locator("header")).to_contain_text("Grafanawebhook")
    expect(part.locator("li")).to_have_count(2)
    look.in_both("webhooks")
    part.get_by_role("button", name="Delete webhook: Grafana").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
    expect(part.locator("li")).to_have_count(1)
    office.ask("ali", "PATCH", f"/conversations/{office.room}", {"archived": True})
    expect(part.get_by_text("cannot post here while the room is archived")).to_be_visible()
    expect(part.locator("li")).to_have_count(1)
    expect(part.get_by_role("button", name="New webhook")).to_be_hidden()
    look.in_both("webhooks of an archived room")
    part.get_by_role("button", name="Delete webhook: CI").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
    expect(part.locator("li")).to_have_count(0)
    office.ask("ali", "PATCH", f"/conversations/{office.room}", {"archived": False})
    expect(part.get_by_role("button", name="New webhook")).to_be_visible()
    assert not look.found, "\n".join(look.found)

    vali = office.comes(person("vali"), "vali")
    vali.page.get_by_label("Details").click()
    expect(vali.page.locator(".panel .member").first).to_be_visible()
    expect(vali.page.locator(".panel").get_by_text("Webhooks")).to_have_count(0)


def test_outgoing_webhooks(server: Server, receiver: tuple[str, list[int]], person: Make) -> None:
    """An outgoing webhook is made in the settings, for chosen conversations and events. Its secret is shown once. The log has
    what was sent and what the program answered, a delivery can be repeated, and a test be sent. It can be switched off and
    on, and deleted. While the program does not take an event, the list says so, and the log when it is sent again; without an
    answer, the log says why."""
    url, statuses = receiver
    office = Office(server)
    ali = office.comes(person("ali"), "ali")
    page, look = ali.page, Look(ali.page)
    page.evaluate("location.hash = '#/settings/apps'")
    page.get_by_role("button", name="New outgoing webhook").click()
    box = page.get_by_role("dialog", name="New outgoing webhook")
    make = box.get_by_role("button", name="Create webhook")
    box.get_by_label("Address of the program").fill(url)
    box.get_by_label("Name").fill("Ombor")
    expect(box.get_by_text("“Everyone” and direct messages are not among them.")).to_be_visible()
    box.locator("select").select_option("some")
    expect(box.get_by_text("are not among them")).to_be_hidden()
    make.click()
    expect(box.get_by_role("alert")).to_have_text("Choose at least one conversation.")
    box.get_by_label("Idora").check()
    look.in_both("a new outgoing webhook")
    make.click()
    secret = box.get_by_label("Secret")
    expect(secret).to_be_focused()
    assert secret.input_value().startswith("whsec_")
    box.get_by_role("button", name="Done").click()
    row = page.locator(".outgoing > li", has_text="Ombor")
    expect(row).to_contain_text("Idora · New messages")
    expect(row.locator(".state")).to_have_text("On")
    look.in_both("outgoing webhooks")

    statuses[:] = [204, 500, 204, 202]
    office.say("ali", "salom")
    row.get_by_role("button", name="Deliveries").click()
    log = page.get_by_role("dialog", name="Deliveries: Ombor")
    one = log.locator("li", has_text="New messages")

    def shown() -> bool:
        log.get_by_role("button", name="Refresh").click()
        expect(log.locator("[aria-busy]")).to_have_count(0)
        return one.count() > 0

    eventually(shown)
    expect(one.locator(".status")).to_have_text("204")
    one.get_by_role("button", name="Send again").click()
    expect(one.locator(".status")).to_have_text("500")
    look.in_both("deliveries")
    one.get_by_role("button", name="Send again").click()
    expect(one.locator(".status")).to_have_text("204")
    expect(one).to_contain_text("3 attempts")
    expect(one.get_by_role("button", name="Send again")).to_be_focused()
    test = log.get_by_role("button", name="Send a test")
    test.click()
    expect(log.locator("li")).to_have_count(2)
    expect(log.locator("li", has=page.get_by_text("Test", exact=True)).locator(".status")).to_have_text("202")
    expect(test).to_be_focused()
    look.in_both("a test")
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Switch off").click()
    expect(row.locator(".state")).to_have_text("Switched off")
    row.get_by_role("button", name="Switch on").click()
    expect(row.locator(".state")).to_have_text("On")
    statuses[:] = [500]
    office.say("ali", "salom")
    eventually(lambda: office.ask("ali", "GET", "/hooks")["hooks"][0]["failed"] is not None)
    assert office.ask("ali", "GET", "/hooks")["hooks"][0]["failed"]["status"] == 500
    page.reload()
    expect(row.locator(".state")).to_contain_text("On, but the program did not take the last event")
    expect(row.locator(".state")).to_have_class("state bad")
    row.get_by_role("button", name="Deliveries").click()
    waiting = log.locator("li", has_text="next attempt")
    expect(waiting.locator(".status")).to_have_text("500")
    statuses[:] = [204]
    waiting.get_by_role("button", name="Send again").click()
    expect(waiting).to_have_count(0)
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Delete webhook").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
    expect(row).to_have_count(0)

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        office.ask("ali", "POST", "/hooks", {"url": closed, "conversations": ["lobby"], "name": "Yopiq"})
        page.wait_for_function("() => !history.state?.layers")  # else the step back from the dialog ends the reload
        page.reload()
        page.locator(".outgoing > li", has_text="Yopiq").get_by_role("button", name="Deliveries").click()
        log = page.get_by_role("dialog", name="Deliveries: Yopiq")
        log.get_by_role("button", name="Send a test").click()
        expect(log.locator("li .status")).to_have_text("no answer")
        expect(log.locator("li .state")).to_have_text("The connection was refused: no program listens there.")
        look.in_both("a test without an answer")
    assert not look.found, "\n".join(look.found)
