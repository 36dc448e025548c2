"""What is drawn again while somebody presses it: the press is not lost, and neither is the focus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.servers import Server, running

from .eventually import at_rest
from .office import Office
from .person import PASSWORD, Person

Make = Callable[..., Person]

FRAMES = """async () => {
  for (const _ of [1, 2, 3]) await new Promise(requestAnimationFrame);
}"""
"""Lets the page draw what it knows."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", bots="everyone") as server:
        yield server


def presses(one: Person, target: Locator, meanwhile: Callable[[], object]) -> None:
    """Press with the mouse, and release where it was pressed when the page has heard of what happened `meanwhile`."""
    at_rest(one.page)
    target.hover()
    one.page.mouse.down()
    meanwhile()
    one.page.evaluate(FRAMES)
    one.page.mouse.up()


def test_a_press_on_a_message_that_changes(server: Server, person: Make) -> None:
    """A message may change between press and release, and others may come, which would move it: the press counts all the
    same, on a button of a bot, on a reaction, and on an action above the message. What came is shown after it."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    page = vali.page
    seq = office.say("ob-havo", "Osh damlaymizmi?", actions=[[{"id": "ha", "label": "Ha"}]])
    row = vali.sees("Osh damlaymizmi?")
    expect(row.locator(".author")).to_have_text("Ob-havo")
    asked = f"{office.path}/messages/{seq}/reactions"
    preview = page.locator(".conversation", has_text="Idora").locator(".preview")

    def changes(emoji: str, text: str) -> None:
        office.ask("ali", "PUT", f"{asked}/{emoji}", {})
        office.say("ali", text)
        expect(preview).to_contain_text(text)

    with page.expect_response(lambda answer: f"/messages/{seq}/actions/ha" in answer.url):
        presses(vali, row.get_by_role("button", name="Ha", exact=True), lambda: changes("%F0%9F%91%8D", "bir"))
    vali.sees("bir")
    chip = row.locator(".reaction")
    expect(chip).to_have_count(1)
    thumb = chip.and_(page.locator("[data-emoji='👍']"))
    presses(vali, thumb, lambda: changes("%F0%9F%8E%89", "ikki"))
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(chip).to_have_count(2)
    row.hover()
    presses(vali, row.get_by_role("button", name="Reply", exact=True), lambda: changes("%F0%9F%94%A5", "uch"))
    expect(page.locator(".composer-context")).to_contain_text("Ob-havo")
    expect(chip).to_have_count(3)
    vali.sees("uch")


def test_a_press_in_the_list_that_changes(server: Server, person: Make) -> None:
    """The same for a conversation in the list, which the press opens, and for the answer to an invitation. The answer keeps
    the focus, too, when another invitation comes."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    page = vali.page
    stranger = {"user_id": "olim", "password": PASSWORD}
    office.tokens["olim"] = office.ask("", "POST", "/accounts", stranger)["token"]
    join = page.locator(".invitations").get_by_role("button", name="Join: Bogʻ")
    lobby = page.locator(".conversation", has_text="Everyone")

    def invites(title: str) -> None:
        body = {"title": title, "visibility": "private"}
        room = office.ask("olim", "POST", "/conversations", body)["conversation"]
        office.ask("olim", "PUT", f"/conversations/{room}/members/vali", {})
        office.say("ali", f"keyin {title}")
        vali.sees(f"keyin {title}")

    def talks() -> None:
        office.ask("ali", "POST", "/conversations/lobby/messages", {"text": "salom, lobbi"})
        office.say("ali", "yana")
        vali.sees("yana")

    invites("Bogʻ")
    expect(join).to_be_visible()
    presses(vali, lobby, talks)
    expect(page.locator(".conversation-view h1")).to_have_text("Everyone")
    vali.opens("Idora")
    join.focus()
    invites("Choyxona")
    expect(page.locator(".invitations")).to_contain_text("Choyxona")
    expect(join).to_be_focused()
    presses(vali, join, lambda: invites("Dala"))
    expect(page.locator(".conversation-view h1")).to_have_text("Bogʻ")
    expect(page.locator(".invitations")).to_contain_text("Dala")


def test_the_focus_stays_in_a_message_that_changes(server: Server, person: Make) -> None:
    """A message that is drawn again keeps the focus where it was in it: on a button of a bot, on a reaction whose count
    changes, on the author whose name comes later. If that is gone, the message has it."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    seq = office.say("ob-havo", "Ertaga?", actions=[[{"id": "ha", "label": "Ha"}, {"id": "yoq", "label": "Yoʻq"}]])
    row = vali.sees("Ertaga?")
    expect(row.locator(".author")).to_have_text("Ob-havo")
    no = row.get_by_role("button", name="Yoʻq", exact=True)
    no.focus()
    reactions = f"{office.path}/messages/{seq}/reactions"
    office.ask("ali", "PUT", f"{reactions}/%F0%9F%91%8D", {})
    chip = row.locator(".reaction", has_text="👍")
    expect(chip).to_have_text("👍1")
    expect(no).to_be_focused()
    chip.focus()
    office.ask("ali", "PUT", f"{reactions}/%F0%9F%8E%89", {})
    expect(row.locator(".reaction")).to_have_count(2)
    office.ask("ob-havo", "PUT", f"{reactions}/%F0%9F%91%8D", {})
    expect(chip).to_have_text("👍2")
    expect(chip).to_be_focused()
    row.locator(".author").focus()
    office.ask("ob-havo", "PATCH", "/me", {"display_name": "Havo"})
    expect(row.locator(".author")).to_have_text("Havo")
    expect(row.locator(".author")).to_be_focused()
    chip.focus()
    for name in ("ali", "ob-havo"):
        office.ask(name, "DELETE", f"{reactions}/%F0%9F%91%8D")
    expect(chip).to_have_count(0)
    expect(row).to_be_focused()
