"""What somebody has written stays where it belongs: drafts, edits, messages that must wait, rooms that disappear, and
everything without a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.servers import Server

from .cut import Cut
from .eventually import eventually
from .person import PASSWORD, Person

Make = Callable[..., Person]


class Room:
    """A room of an owner who speaks HTTP."""

    def __init__(self, server: Server, title: str = "Choyxona") -> None:
        self.server = server
        self.token = self._ask("POST", "/accounts", {"user_id": "egasi", "password": PASSWORD})["token"]
        self.id: str = self._ask("POST", "/conversations", {"title": title})["conversation"]
        self.path = f"/conversations/{self.id}"

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=getattr(self, "token", None))
        assert status < 300, (path, answer)
        return answer

    def admits(self, name: str, role: str = "member") -> None:
        self._ask("PUT", f"{self.path}/members/{name}", {"role": role})

    def removes(self, name: str) -> None:
        self._ask("DELETE", f"{self.path}/members/{name}")

    def becomes(self, **settings: Any) -> None:
        self._ask("PATCH", self.path, settings)

    def erased(self) -> None:
        self._ask("DELETE", self.path)

    def deletes(self, seq: str | None) -> None:
        self._ask("DELETE", f"{self.path}/messages/{seq}")

    def pins(self, seq: int) -> None:
        self._ask("PUT", f"{self.path}/messages/{seq}/pin", {})

    def says(self, text: str) -> int:
        seq: int = self._ask("POST", f"{self.path}/messages", {"text": text})["seq"]
        return seq

    def texts(self, conversation: str | None = None) -> list[str]:
        """The texts of all messages there."""
        answer = self._ask("GET", f"/conversations/{conversation or self.id}/messages?limit=100")
        return [message["text"] for message in answer["messages"]]


@pytest.fixture
def room(server: Server) -> Room:
    return Room(server)


def account(server: Server, person: Make, room: Room, path: str = "/", **profile: Any) -> tuple[Person, str]:
    """Ali, with an account that he made at this path, in the room; and a token of another device of his."""
    ali = person("ali", **profile)
    ali.registers(ali.url.rstrip("/") + path)
    status, other = server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD})
    assert status == 201
    server.request("PATCH", "/api/v1/me", {"added_by": "everyone"}, token=other["token"])
    room.admits("ali")
    return ali, other["token"]


def draft_of(server: Server, token: str, conversation: str) -> str:
    """The draft that the server has."""
    status, state = server.request("GET", f"/api/v1/conversations/{conversation}", token=token)
    assert status == 200
    draft: str = state["draft"]
    return draft


def test_slow_mode(server: Server, person: Make, room: Room) -> None:
    """Slow mode in one room stops nothing elsewhere. The page says how long the message waits there, and counts down. The
    message can be taken back, and goes at once when slow mode ends."""
    ali, _ = account(server, person, room)
    room.becomes(slow_mode=3600)
    room.says("savol")
    ali.opens("Choyxona")
    ali.says("bir")
    ali.sees("bir")
    ali.says("ikki")
    held = ali.page.locator(".held")
    expect(held).to_contain_text("Slow mode is on.")
    timer = held.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"Sending in (1:00:00|5\d:\d\d)"))
    before = timer.inner_text()
    expect(timer).not_to_have_text(before)
    reaction = ali.sees("savol")
    reaction.hover()
    reaction.get_by_role("button", name="React with 👍").click()
    ali.opens("Everyone")
    expect(held).to_be_hidden()
    ali.says("boshqa xonada")
    ali.sees("boshqa xonada")
    ali.opens("Choyxona")
    expect(ali.sees("savol").locator(".reaction")).to_have_text("👍1")
    assert room.texts() == ["savol", "bir"] and room.texts("lobby") == ["boshqa xonada"]
    expect(held).to_be_visible()
    ali.page.get_by_role("button", name="Don't send").click()
    expect(ali.page.locator("article.pending")).to_have_count(0)
    expect(held).to_be_hidden()
    ali.says("uch")
    expect(held).to_be_visible()
    room.becomes(slow_mode=0)
    ali.sees("uch")
    expect(held).to_be_hidden()
    assert room.texts() == ["savol", "bir", "uch"]


@pytest.mark.parametrize("ends", ["removed", "erased while offline"])
def test_the_room_disappears_while_one_types(server: Server, person: Make, room: Room, cut: Cut, ends: str) -> None:
    """The text and what is typed on stays to be copied, the page says what happened, and nothing is posted elsewhere."""
    ali, _ = account(server, person, room, port=cut.port)
    ali.opens("Choyxona")
    keys = ali.page.keyboard
    ali.field.press_sequentially("Bu gap faqat ")
    if ends == "removed":
        room.removes("ali")
    else:
        cut.cut()
        room.erased()
        cut.mend()
    gone = ali.page.locator(".gone")
    expect(gone).to_contain_text("You are no longer in this conversation")
    keys.type("shu xona uchun")
    keys.press("Enter")
    keys.type("edi")
    expect(gone.get_by_role("textbox")).to_have_value("Bu gap faqat shu xona uchun\nedi")
    gone.get_by_role("button", name="Copy").click()
    eventually(lambda: ali.page.evaluate("navigator.clipboard.readText()") == "Bu gap faqat shu xona uchun\nedi")
    assert room.texts("lobby") == []
    ali.opens("Everyone")
    expect(ali.field).to_have_value("")


def test_a_draft_and_an_edit_are_two_things(server: Server, person: Make, room: Room) -> None:
    """An edit that is given up or saved leaves the draft, its reply and its copy on the server as they are."""
    ali, token = account(server, person, room)
    room.says("savol")
    ali.opens("Choyxona")
    ali.says("eski gap")
    ali.sees("eski gap")
    ali.does("savol", "Copy")  # nothing: the menu of another's message has no Edit
    row = ali.sees("savol")
    row.hover()
    row.get_by_role("button", name="Reply", exact=True).click()
    ali.field.fill("qoralama")
    eventually(lambda: draft_of(server, token, room.id) == "qoralama")
    ali.does("eski gap", "Edit")
    expect(ali.field).to_have_value("eski gap")
    ali.field.fill("yarim oʻzgargan")
    ali.field.press("Escape")
    expect(ali.field).to_have_value("qoralama")
    expect(ali.page.locator(".composer-context")).to_contain_text("savol")
    ali.does("eski gap", "Edit")
    ali.field.fill("yangi gap")
    ali.page.wait_for_timeout(1000)  # longer than the delay after which a draft is sent
    ali.field.press("Enter")
    ali.sees("yangi gap")
    expect(ali.field).to_have_value("qoralama")
    ali.page.wait_for_timeout(1000)
    assert draft_of(server, token, room.id) == "qoralama"
    ali.field.press("Enter")
    expect(ali.sees("qoralama").locator(".quote")).to_contain_text("savol")
    assert room.texts() == ["savol", "yangi gap", "qoralama"]


def test_sent_text_does_not_come_back_over_a_slow_network(person: Make, cut: Cut) -> None:
    """The event of a draft that arrives after the message was sent does not fill the field again."""
    ali = person("ali", port=cut.port).comes()
    cut.delay = 0.25
    ali.page.evaluate(
        """() => {
          const field = document.querySelector("#composer");
          const { set, get } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
          window.seen = [];
          Object.defineProperty(field, "value", { get, set(text) { window.seen.push(text); set.call(this, text); } });
        }"""
    )
    ali.field.press_sequentially("salom")
    ali.page.wait_for_timeout(900)  # the draft is on its way (or, on a slow machine, not yet)
    ali.field.press("Enter")
    ali.sees("salom")
    ali.page.wait_for_timeout(1500)
    expect(ali.field).to_have_value("")
    assert [text for text in ali.page.evaluate("window.seen") if text] == []


def test_a_room_that_is_archived_while_one_types(server: Server, person: Make, room: Room) -> None:
    """The text stays, can be selected, and is not sent."""
    ali, _ = account(server, person, room)
    ali.opens("Choyxona")
    ali.field.press_sequentially("Bu gap ")
    room.becomes(archived=True)
    expect(ali.page.locator(".composer")).to_contain_text("This room is archived")
    ali.page.keyboard.type("yuborilmaydi")
    ali.page.keyboard.press("Enter")
    expect(ali.field).to_be_focused()
    expect(ali.field).to_have_value("Bu gap ")
    assert room.texts() == []


def test_an_edit_of_a_message_that_was_deleted(server: Server, person: Make, room: Room) -> None:
    """The text of the edit stays, with the reason, and does not become a new message."""
    ali, _ = account(server, person, room)
    ali.opens("Choyxona")
    ali.says("xato")
    stored = ali.page.locator("article[data-seq]")
    expect(stored).to_have_count(1)
    ali.field.press("ArrowUp")
    ali.field.fill("toʻgʻri")
    room.deletes(stored.get_attribute("data-seq"))
    expect(ali.page.locator(".composer-context")).to_contain_text("Message deleted")
    ali.field.press("Enter")
    expect(ali.page.locator(".toast", has_text="cannot be edited")).to_be_visible()
    expect(ali.field).to_have_value("toʻgʻri")
    assert room.texts() == [""]


def test_a_link_to_nowhere(person: Make) -> None:
    """It says that there is nothing, and leaves the other rooms usable. The address does not stay in the address bar, and
    Back leads to where one was."""
    ali = person("ali").comes()
    ali.says("salom")
    ali.sees("salom")
    gone = ali.page.locator(".gone")
    for address in ("#/c/yoq", "#/c/yoq/7"):
        length = ali.page.evaluate(f"location.hash = '{address}', history.length")
        expect(gone).to_contain_text("does not exist")
        expect(ali.page).to_have_url(f"{ali.url}#/")
        assert ali.page.evaluate("history.length") == length
        ali.page.keyboard.press("Control+k")
        expect(ali.page.locator("dialog input")).to_be_focused()
        ali.page.keyboard.press("Escape")
        expect(ali.page.locator("dialog")).to_have_count(0)
        expect(gone).to_be_visible()
        ali.page.evaluate("history.back()")
        expect(gone).to_have_count(0)
        ali.sees("salom")
    ali.page.evaluate("location.hash = '#/c/yoq'")
    expect(gone).to_be_visible()
    ali.opens("Everyone")
    ali.sees("salom")
    expect(ali.field).to_be_focused()


def test_a_room_opened_without_a_network(server: Server, person: Make, room: Room, cut: Cut) -> None:
    """The room, its pins and its members are shown when the network is back. Leaving the room without a network fails: one
    note says so, however often the user tries, and the user stays a member."""
    ali, _ = account(server, person, room, port=cut.port)
    room.pins(room.says("savol"))
    ali.page.locator(".conversation.unread").wait_for()
    cut.cut()
    ali.opens("Choyxona")
    expect(ali.page.locator(".banner")).to_be_visible()
    cut.mend()
    expect(ali.sees("savol").locator(".pinned")).to_be_visible()

    cut.cut()
    expect(ali.page.locator(".banner")).to_be_visible()
    ali.page.get_by_label("Details").click()
    panel = ali.page.locator(".panel")
    expect(panel.get_by_role("alert").first).to_contain_text("Cannot reach the server.")
    for _ in range(2):
        panel.get_by_role("button", name="Leave room").click()
        with ali.page.expect_event(
            "requestfailed", lambda one: one.method != "GET", timeout=60_000
        ):  # before the network is back
            ali.page.locator("dialog").get_by_role("button", name="Leave room").click()
        expect(
            ali.page.locator(".toast", has_text="Cannot reach the server. Check your connection and try again.")
        ).to_be_visible()
    cut.mend()
    expect(ali.page.locator(".banner")).to_be_hidden()
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(panel.locator(".members .member").first).to_be_visible()
    room.says("hali shu yerdamisan?")
    ali.sees("hali shu yerdamisan?")


def test_without_a_network(server: Server, person: Make, room: Room, cut: Cut) -> None:
    """A person who starts offline keeps role and shown name. A room that was never opened is shown when the network is
    back. Edits, reactions and deletions made offline are shown at once, survive a reload, and are made then."""
    setup = re.search(r"http://\S+(/setup\?code=\S+)", server.printed())
    assert setup
    ali, _ = account(server, person, room, setup[1], port=cut.port)
    ali.page.get_by_label("Settings").click()
    ali.page.fill("#display-name", "Ali Valiyev")
    ali.page.locator(".sections").get_by_role("button", name="Save").click()
    expect(ali.page.locator(".me")).to_contain_text("Ali Valiyev")
    ali.page.keyboard.press("Escape")
    room.says("savol")
    ali.opens("Everyone")
    for text in ("bir", "ikki"):
        ali.says(text)
        ali.sees(text)
    ali.can_do_without()
    ali.has_kept("ikki")
    cut.cut()
    ali.page.reload()
    ali.is_in()
    expect(ali.page.locator(".me")).to_contain_text("Ali Valiyev")
    ali.page.get_by_label("New conversation").click()
    expect(ali.page.get_by_role("menuitem", name="Invite people")).to_be_visible()  # for owners and moderators
    ali.page.keyboard.press("Escape")
    ali.does("bir", "Edit")
    ali.field.fill("bir, oflayn")
    ali.field.press("Enter")
    row = ali.sees("bir, oflayn")
    row.hover()
    row.get_by_role("button", name="React with 👍").click()
    ali.does("ikki", "Delete")
    expect(ali.page.get_by_role("button", name="Undo")).to_have_count(0)  # the time to undo is over
    ali.page.reload()
    expect(ali.sees("bir, oflayn").locator(".reaction")).to_have_text("👍1")
    expect(ali.page.locator(".tombstone")).to_have_count(1)
    ali.opens("Choyxona")
    assert room.texts("lobby") == ["bir", "ikki"]
    cut.mend()
    ali.sees("savol")
    ali.opens("Everyone")
    ali.sees("bir, oflayn")
    expect(ali.page.locator("article .ticks[aria-label=Sending]")).to_have_count(0)
    eventually(lambda: room.texts("lobby") == ["bir, oflayn", ""])
