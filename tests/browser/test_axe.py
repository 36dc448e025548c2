"""Accessibility: axe-core (WCAG 2.2 A and AA, best practices) finds nothing in any state of the page, in light and dark,
on a phone and a desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from suhbat.http.push import AUTH, ENDPOINT, P256DH
from tests.node import packages
from tests.servers import Server, running

from .cut import Cut
from .eventually import at_rest
from .person import DESK, PHONE, Person
from .room import COOKIE
from .scene import Town
from .test_push import PERMISSION
from .touch import Finger

Make = Callable[..., Person]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"light": {"type": "tag", "values": TAGS}, "dark": {"type": "rule", "values": ["color-contrast"]}}
"""All rules in light. In dark only the colours differ."""
OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "preload": False, "elementRef": False, "iframes": False}


class Look:
    """Looks at the states of a page with axe. `found`: what is wrong, each beginning with the name of its state."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        self._axe = (packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

    def at(self, state: str, scheme: Literal["light", "dark"] = "light") -> None:
        """Look at the present state, in dark at the colours only."""
        self.page.emulate_media(color_scheme=scheme)
        at_rest(self.page)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self._axe)
        options = OPTIONS | {"runOnly": RULES[scheme]}
        violations = self.page.evaluate("(options) => axe.run(document, options)", options)["violations"]
        self.found += [
            f"{state}, {scheme}: {rule['id']} ({rule['help']}): {node['html'][:160]} "
            f"{[one['message'] for one in node['any'][:1]]}"
            for rule in violations
            for node in rule["nodes"]
        ]
        if scheme == "dark":
            self.page.emulate_media(color_scheme="light")

    def in_both(self, state: str) -> None:
        self.at(state)
        self.at(state, "dark")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("axe") / "data", send_rate="0", room_rate="0") as server:
        yield server


@pytest.fixture(scope="module")
def town(server: Server) -> Town:
    return Town(server, setup_code(server))


def setup_code(server: Server) -> str:
    found = re.search(r"/setup\?code=(\S+)", server.printed())
    assert found
    return found[1]


def comes(town: Town, ali: Person, conversation: str) -> None:
    """Ali is logged in, and the conversation is open."""
    ali.context.add_cookies([{"name": COOKIE, "value": town.tokens["ali"], "url": ali.url}])
    ali.page.goto(f"{ali.url}#/c/{conversation}")
    ali.page.wait_for_selector("article.message, .rows .intro")


def test_every_state_before_the_login(server: Server, person: Make, request: pytest.FixtureRequest) -> None:
    """axe finds nothing at the setup, the door, the log-in and an invite."""
    ali = person("ali", reduced_motion="reduce", **DESK)
    page, look = ali.page, Look(ali.page)
    page.goto(f"{ali.url}setup?code={setup_code(server)}")
    page.wait_for_selector("input[name=new_password]")
    look.at("setup")
    town: Town = request.getfixturevalue("town")
    page.goto(ali.url)
    page.wait_for_selector("input[name=user_id]")
    look.in_both("door")
    page.get_by_role("button", name="I have an account").click()
    page.fill("input[name=user_id]", "ali")
    page.fill("input[name=password]", "not this one")
    page.click("button.primary")
    expect(page.locator(".wrong")).not_to_be_empty()
    look.in_both("a wrong password")
    invite = town.ask("ali", "POST", "/invites", {"conversation": town.room})["code"]
    page.goto("about:blank")
    page.goto(f"{ali.url}#/invite/{invite}")
    expect(page.get_by_text("Choyxona")).to_be_visible()
    look.at("invite")
    page.goto("about:blank")
    page.goto(f"{ali.url}#/invite/nothing")
    expect(page.get_by_role("status")).to_be_visible()
    look.at("an invite that is over")
    assert not look.found, "\n".join(look.found)


def test_every_state_of_a_conversation(town: Town, person: Make, cut: Cut) -> None:
    """axe finds nothing in the list, in a conversation, at its messages in every condition, and without a connection."""
    ali = person("ali", port=cut.port, reduced_motion="reduce", **DESK)
    page, look = ali.page, Look(ali.page)
    town.say("jasur", town.room, "مرحبا بالجميع")
    comes(town, ali, town.room)
    row = page.locator("article.message").nth(2)
    look.in_both("list and conversation")
    row.focus()
    look.at("the actions of a message")
    row.get_by_role("button", name="Add reaction").click()
    expect(page.locator(".emoji-grid button").first).to_be_visible()
    page.locator(".emoji-picker input").fill("cat")
    expect(page.locator(".emoji-grid button").first).to_be_visible()
    look.in_both("emoji")
    page.locator(".emoji-tone").click()
    expect(page.locator(".tones")).to_be_visible()
    look.at("skin tones")
    page.keyboard.press("Escape")
    expect(page.locator(".tones")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".emoji-picker")).to_have_count(0)
    row.focus()
    row.get_by_role("button", name="More").click()
    look.in_both("the menu of a message")
    page.keyboard.press("Escape")
    page.locator(".reaction").first.click(button="right")
    expect(page.locator(".reacted li").first).to_be_visible()
    look.at("who reacted")
    page.keyboard.press("Escape")
    page.locator("article .author").first.click()
    expect(page.locator(".person")).to_be_visible()
    look.in_both("the card of a person")
    page.keyboard.press("Escape")
    row.focus()
    row.get_by_role("button", name="Reply", exact=True).click()
    ali.field.press_sequentially("@no")
    expect(page.locator(".completion li").first).to_be_visible()
    look.in_both("a reply and a completion")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    ali.field.fill("")
    ali.field.press("ArrowUp")
    expect(page.locator(".composer-context")).to_be_visible()
    look.at("an edit")
    page.keyboard.press("Escape")
    empty = town.ask("ali", "POST", "/conversations", {"title": "Boʻsh xona"})["conversation"]
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{empty}")
    expect(page.locator(".rows .intro")).to_be_visible()
    look.in_both("an empty room")
    page.evaluate("location.hash = '#/c/nowhere'")
    expect(page.locator(".gone")).to_be_visible()
    look.at("a conversation that does not exist")
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{town.room}")
    expect(page.locator("article.message").first).to_be_visible()
    town.ask("nodira", "PATCH", f"/conversations/{town.room}/members/ali", {"role": "member"})
    town.ask("nodira", "PATCH", f"/conversations/{town.room}/members/ali", {"muted": True})
    ali.says("rad etilgan")
    expect(page.locator("article.failed")).to_be_visible()
    look.in_both("a refused message")
    page.locator("article.failed").get_by_role("button", name="Delete").click()
    town.ask("nodira", "PATCH", f"/conversations/{town.room}/members/ali", {"muted": False})
    town.ask("nodira", "PATCH", f"/conversations/{town.room}/members/ali", {"role": "moderator"})
    cut.cut()
    ali.says("tarmoqsiz")
    expect(page.locator(".banner")).to_be_visible()
    expect(page.get_by_role("button", name="Don't send")).to_be_visible()
    look.in_both("without a connection")
    page.get_by_role("button", name="Don't send").click()
    cut.mend()
    assert not look.found, "\n".join(look.found)


def test_every_pane_and_dialog(town: Town, person: Make) -> None:
    """axe finds nothing in the details, the search, the settings, the moderation and the other dialogs."""
    ali = person("ali", reduced_motion="reduce", **DESK)
    page, look = ali.page, Look(ali.page)
    comes(town, ali, town.room)
    for name, text in (("ali", "Qoʻshilaman"), ("jasur", "Men ham, @ali")):
        town.say(name, town.room, text, thread=town.seqs[2], also=name == "jasur")
    expect(page.locator(".replies.unread")).to_contain_text("2 replies")
    expect(page.locator("article.message", has=page.get_by_text("Reply in a thread"))).to_be_visible()
    look.in_both("a message with replies")
    page.get_by_role("link", name="Threads").click()
    expect(page.locator(".followed.unread")).to_be_visible()
    look.in_both("the list of threads")
    page.locator(".followed a").click()
    expect(page.locator(".thread article.message")).to_have_count(3)
    look.in_both("a thread")
    page.locator(".thread").get_by_label("Close").click()
    page.get_by_label("Details").click()
    expect(page.locator(".panel .member").nth(1)).to_be_visible()
    look.in_both("details and members")
    page.locator(".panel").get_by_role("button", name="Room settings").click()
    look.at("the settings of a room")
    page.keyboard.press("Escape")
    page.locator(".panel").get_by_role("button", name="Leave").click()
    look.at("a question")
    page.keyboard.press("Escape")
    page.locator(".panel").get_by_role("button", name="Invite").click()
    look.at("a new invite")
    page.keyboard.press("Escape")
    page.locator(".panel").get_by_label("Close").click()
    page.keyboard.press("Control+Shift+f")
    search = page.locator(".search-head input[type=search]")
    search.fill("salom")
    expect(page.locator(".results .result").first).to_be_visible()
    look.in_both("search")
    search.fill("hech qayerda")
    expect(page.locator(".search-panel .empty")).to_be_visible()
    look.at("a search without results")
    page.locator(".panel").get_by_label("Close").click()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog input")).to_be_focused()
    look.in_both("switcher")
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    look.at("what can be begun")
    page.get_by_role("menuitem", name="Public rooms").click()
    expect(page.locator("dialog .names").first).to_be_visible()
    look.at("public rooms")
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="New direct message").click()
    page.locator("dialog input").fill("n")
    expect(page.locator("dialog .member").first).to_be_visible()
    look.at("a new direct")
    page.keyboard.press("Escape")
    page.locator(".sidebar footer").get_by_label("Settings").click()
    for place in ("settings", "moderation"):
        expect(page.get_by_role("tab").first).to_be_visible()
        for name in [tab.get_attribute("id") for tab in page.get_by_role("tab").all()]:
            page.locator(f"#{name}").click()
            expect(page.locator("#section [aria-busy=true]")).to_have_count(0)
            look.in_both(f"{place}, {name}")
        if place == "settings":
            page.locator(".sidebar footer").get_by_label("Moderation").click()
            expect(page.locator("#tab-reports")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".scroller").focus()
    page.keyboard.press("?")
    expect(page.locator("dialog kbd").first).to_be_visible()
    look.at("keys")
    assert not look.found, "\n".join(look.found)


def test_every_state_of_notifications(town: Town, person: Make) -> None:
    """axe finds nothing at the question whether to switch them on, the bell of a conversation, the settings with quiet hours
    and devices, and the inbox."""
    ali = person("ali", reduced_motion="reduce", **DESK)
    ali.context.add_init_script(PERMISSION.replace("ANSWER", '"granted"'))
    page, look = ali.page, Look(ali.page)
    device = {"endpoint": ENDPOINT, "keys": {"p256dh": P256DH, "auth": AUTH}, "label": "Telefonim"}
    town.ask("ali", "POST", "/push", device)
    quiet = {"from": "22:00", "to": "08:00", "zone": "Asia/Tashkent"}
    town.ask("ali", "PATCH", "/me", {"quiet": quiet})
    town.ask("ali", "PUT", f"/saved/{town.room}/{town.seqs[0]}", {})
    town.say("jasur", "lobby", "@ali, qara")
    comes(town, ali, town.room)
    ali.says("savolim bor")
    expect(page.locator(".offer")).to_be_visible()
    look.in_both("the question of notifications")
    page.get_by_role("button", name="No, thanks").click()
    page.locator(".level-here").click()
    expect(page.get_by_role("menuitemradio", checked=True)).to_be_focused()
    look.in_both("what notifies")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Inbox").click()
    expect(page.locator(".followed.unread")).to_have_count(1)
    look.in_both("the inbox")
    page.get_by_role("link", name="Saved").click()
    expect(page.get_by_role("button", name="Remove from saved")).to_be_visible()
    look.in_both("saved messages")
    page.goto(f"{ali.url}#/settings/notifications")
    expect(page.get_by_role("button", name="Test: Telefonim")).to_be_visible()
    look.in_both("the settings of notifications")
    assert not look.found, "\n".join(look.found)


def test_every_state_on_a_phone(town: Town, person: Make) -> None:
    """axe finds nothing in the states that look different on a phone."""
    ali = person("ali", reduced_motion="reduce", **PHONE)
    page, look = ali.page, Look(ali.page)
    comes(town, ali, town.room)
    look.in_both("conversation on a phone")
    last = page.locator("article.message").last.locator(".text")
    last.scroll_into_view_if_needed()  # it is below the window where the conversation opens at unread messages
    finger = Finger(page).down(last)
    expect(page.locator("dialog.sheet")).to_be_visible()
    finger.up()
    look.in_both("the sheet of a message")
    page.locator("dialog.sheet").get_by_role("button", name="Add reaction").click()
    expect(page.get_by_role("option").first).to_be_visible()
    look.at("emoji on a phone")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    town.say("ali", town.room, "Qoʻshilaman", thread=town.seqs[2])
    page.goto(f"{ali.url}#/c/{town.room}/t/{town.seqs[2]}")
    expect(page.locator(".thread article.message").last).to_be_visible()
    look.in_both("a thread on a phone")
    page.goto(f"{ali.url}#/threads")
    expect(page.locator(".followed")).to_be_visible()
    look.at("the list of threads on a phone")
    page.goto(f"{ali.url}#/c/{town.room}")
    page.get_by_label("Details").click()
    expect(page.locator(".panel .member").nth(1)).to_be_visible()
    look.at("details on a phone")
    page.locator(".panel").get_by_label("Close").click()
    page.keyboard.press("Control+Shift+f")
    page.locator(".search-head input[type=search]").fill("salom")
    expect(page.locator(".results .result").first).to_be_visible()
    look.at("search on a phone")
    page.get_by_role("button", name="Filters").click()
    look.at("search with filters on a phone")
    page.locator(".panel").get_by_label("Close").click()
    page.get_by_label("Back").click()
    expect(page.locator(".sidebar")).to_be_visible()
    look.in_both("list on a phone")
    page.locator(".sidebar footer").get_by_label("Settings").click()
    expect(page.locator(".sections nav")).to_be_visible()
    look.at("settings on a phone")
    page.locator(".sections").get_by_role("link", name="Devices").click()
    expect(page.locator(".sessions li strong").first).to_be_visible()
    look.at("a section of the settings on a phone")
    assert not look.found, "\n".join(look.found)
