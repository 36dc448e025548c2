"""The keyboard: shortcuts on every layout, where the focus returns to, undo, and scrolling from the message field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server, running

from .eventually import eventually
from .person import Person
from .room import Room, in_view

Make = Callable[..., Person]

PRESS = """([key, code, held]) => {
  const event = new KeyboardEvent("keydown", { key, code, ...held, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("keys") / "data", send_rate="0", room_rate="0") as server:
        yield server


def cyrillic(page: Page, key: str, code: str, **held: bool) -> None:
    """Press a key while the layout is Cyrillic: it writes `key` and stands at `code`."""
    page.evaluate(PRESS, [key, code, held])


def comes(room: Room, person: Person) -> Page:
    room.joins(person)
    room.reads_all(person.name)
    person.page.goto(room.url(person))
    person.page.wait_for_selector("article.message")
    return person.page


def test_shortcuts_on_a_cyrillic_layout(server: Server, person: Make) -> None:
    """The shortcuts are the keys that `?` names, whatever they write."""
    room = Room(server, "Klaviatura")
    room.fill(3)
    ali = person("ali-klaviatura")
    page = comes(room, ali)
    cyrillic(page, "л", "KeyK", ctrlKey=True)
    expect(page.locator("dialog.switcher input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(ali.field).to_be_focused()
    cyrillic(page, "А", "KeyF", ctrlKey=True, shiftKey=True)
    expect(page.locator(".search-head input[type=search]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    ali.sees("gap 2").focus()
    cyrillic(page, ",", "Slash", shiftKey=True)
    expect(page.locator("dialog")).to_contain_text("Ctrl")
    page.keyboard.press("Escape")
    expect(ali.sees("gap 2")).to_be_focused()
    cyrillic(page, "к", "KeyR")
    expect(page.locator(".composer-context")).to_contain_text("gap 2")


def test_the_focus_returns(server: Server, person: Make) -> None:
    """After a menu or a dialog the focus is where it was, also when the message was drawn again meanwhile."""
    room = Room(server, "Qaytish")
    room.fill(3)
    ali = person("ali-qaytish")
    page = comes(room, ali)
    ali.sees("gap 2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(ali.sees("gap 2")).to_be_focused()
    for close in ("Escape", "Report"):
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name="Report").press("Enter")
        expect(page.locator("dialog input")).to_be_focused()
        room.react(room.seqs[1], "👍" if close == "Escape" else "🎉")
        expect(ali.sees("gap 2").locator(".reaction")).to_have_count(1 if close == "Escape" else 2)
        page.keyboard.press("Escape") if close == "Escape" else page.keyboard.press("Enter")
        expect(page.locator("dialog")).to_have_count(0)
        expect(ali.sees("gap 2")).to_be_focused()


def test_undo_by_keyboard(server: Server, person: Make) -> None:
    """After a deletion by keyboard Undo has the focus, and then the message has it. Ctrl+Z undoes too, except in a field
    with text. Until then the message looks like one that goes, also when it is drawn again. What is not undone is
    deleted."""
    room = Room(server, "Bekor")
    ali = person("ali-bekor")
    room.fill(1)
    page = comes(room, ali)
    ali.says("oʻchiriladigan")
    ali.sees("oʻchiriladigan")
    delete = page.get_by_role("menuitem", name="Delete")
    undo = page.locator(".toast").get_by_role("button", name="Undo")

    def ask() -> None:
        ali.sees("oʻchiriladigan").focus()
        page.keyboard.press("Enter")
        delete.press("Enter")
        expect(undo).to_be_focused()

    ask()
    page.keyboard.press("Enter")
    expect(undo).to_have_count(0)
    expect(ali.sees("oʻchiriladigan")).to_be_focused()
    ask()
    leaving = page.locator("article.leaving")
    room.react(int(ali.sees("oʻchiriladigan").get_attribute("data-seq") or 0))
    expect(ali.sees("oʻchiriladigan").locator(".reaction")).to_have_count(1)
    expect(leaving).to_have_count(1)
    ali.field.fill("yozilmoqda")
    page.keyboard.press("Control+z")
    expect(undo).to_be_visible()
    ali.field.fill("")
    page.keyboard.press("Control+z")
    expect(undo).to_have_count(0)
    expect(leaving).to_have_count(0)
    ask()
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(page.locator(".tombstone")).to_have_count(1)


def test_pages_from_the_message_field(server: Server, person: Make) -> None:
    """PgUp and PgDn scroll the messages while one writes. In the search they do not."""
    room = Room(server, "Varaqlash")
    room.fill(80)
    ali = person("ali-varaqlash")
    page = comes(room, ali)
    ali.field.focus()
    expect(ali.sees("gap 80")).to_be_in_viewport()
    page.keyboard.press("PageUp")
    expect(page.locator(".newer")).to_be_visible()
    eventually(lambda: not in_view(ali.sees("gap 80")))
    expect(ali.field).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.locator(".newer")).to_be_hidden()
    eventually(lambda: in_view(ali.sees("gap 80")))
    page.keyboard.press("Control+Shift+f")
    expect(page.locator(".search-head input[type=search]")).to_be_focused()
    page.keyboard.press("PageUp")
    page.wait_for_timeout(200)
    expect(page.locator(".newer")).to_be_hidden()


def test_tab_leads_through_the_page(server: Server, person: Make) -> None:
    """The messages are one stop for the Tab key, however many there are and on however many days; the arrow keys lead through
    messages and days, and Tab from a message to what is in it. It closes the menu and the emoji picker that it leaves. Details
    that are opened by keyboard have the focus, and give it back."""
    room = Room(server, "Bekatlar")
    room.fill(40, "@anna-Bekatlar https://example.org/{}".format)
    for seq in room.seqs[-10:]:
        room.react(seq)
    ali = person("ali-bekatlar")
    page = comes(room, ali)
    keys, focused = page.keyboard, page.locator(":focus")
    expect(ali.page.locator("article.message .reaction")).to_have_count(10)
    details = page.locator(".conversation-view").get_by_label("Details")
    details.focus()
    keys.press("Tab")
    expect(page.locator(".scroller")).to_be_focused()
    keys.press("Tab")
    expect(page.locator(".composer :focus")).to_have_count(1)
    keys.press("Shift+Tab")
    expect(page.locator(".scroller")).to_be_focused()
    page.locator("article.message").first.focus()
    keys.press("ArrowUp")
    expect(page.locator(".day button")).to_be_focused()
    keys.press("ArrowDown")
    expect(page.locator("article.message").first).to_be_focused()
    page.locator(".scroller").focus()
    keys.press("ArrowUp")
    expect(page.locator("article.message").last).to_be_focused()
    for inside in ("mention", "a", "reaction", "quick"):
        keys.press("Tab")
        expect(page.locator(f"article.message:last-child :is(.{inside}, a):focus")).to_have_count(1)
    keys.press("Tab")
    expect(page.locator(".composer :focus")).to_have_count(1)

    details.focus()
    keys.press("Enter")
    panel = page.locator(".panel")
    expect(panel.get_by_label("Close")).to_be_focused()
    keys.press("Escape")
    expect(details).to_be_focused()

    add = page.get_by_label("New conversation")
    add.focus()
    keys.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    keys.press("End")
    expect(page.get_by_role("menuitem").last).to_be_focused()
    keys.press("Tab")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.locator(".go-to")).to_be_focused()
    page.locator(".composer").get_by_label("Emoji").focus()
    keys.press("Enter")
    picker = page.locator(".emoji-picker")
    expect(picker.get_by_role("option").first).to_be_visible()
    keys.press("Shift+Tab")
    expect(picker).to_have_count(0)
    expect(focused).to_have_count(1)
