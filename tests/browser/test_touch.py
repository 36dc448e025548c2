"""A phone: the sheet of a long press, the drag that replies, targets for a finger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server, running

from .eventually import at_rest, eventually, remaining
from .person import PHONE, Person
from .room import Room, top_of
from .scene import Town
from .touch import Finger, small_targets, still

Make = Callable[..., Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("touch") / "data", send_rate="0", room_rate="0") as server:
        yield server


def opens(room: Room, one: Person) -> Page:
    one.page.goto(room.url(one))
    expect(one.page.locator("article.message").last).to_be_in_viewport()
    return one.page


def test_a_long_press(server: Server, person: Make) -> None:
    """A long press opens a sheet with six reactions and the actions, over the page: nothing moves, no text is selected,
    no bar appears, and lifting the finger chooses nothing. Escape, the back button, a tap beside it and a pull close it.
    A finger that moves opens nothing. Links open at a tap."""
    room = Room(server, "Bosish")
    room.fill(40)
    room.say("https://example.org/ havola")
    room.say("shu xabar")
    ali = room.joins(person("ali-bosish", **PHONE))
    own = room.say("mening gapim", name=ali.name)
    room.reads_all("anna")
    page = opens(room, ali)
    finger = Finger(page)
    row, sheet = ali.sees("shu xabar"), page.get_by_role("dialog", name="Message actions")
    text = row.locator(".text")

    expect(row).to_be_in_viewport(ratio=1)
    before = top_of(row)
    finger.down(text)
    expect(sheet).to_be_visible()
    assert top_of(row) == before
    expect(page.locator(".actions:visible")).to_have_count(0)
    finger.up()
    expect(sheet).to_be_visible()
    assert page.evaluate("getSelection().toString()") == ""
    expect(page.locator("dialog:focus, dialog :focus")).to_have_count(1)
    expect(sheet.locator(".quick")).to_have_text(["👍", "❤️", "😂", "🎉", "😮", "🙏"])
    expect(sheet.get_by_role("button")).to_have_count(1 + 6 + 1 + 9)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(row).to_be_focused()

    def press(target: Locator) -> None:
        target.scroll_into_view_if_needed()
        finger.down(target)
        expect(page.locator("dialog.sheet")).to_be_visible()
        finger.up()

    press(text)
    page.evaluate("history.back()")
    expect(sheet).to_have_count(0)
    expect(page.locator(".conversation-view h1")).to_have_text("Bosish")
    press(text)
    page.touchscreen.tap(195, 40)
    expect(sheet).to_have_count(0)
    press(text)
    finger.down(sheet.locator(".sheet-about")).move(0, 20).up()
    expect(sheet).to_be_visible()
    finger.down(sheet.locator(".sheet-about")).move(0, 130).up()
    expect(sheet).to_have_count(0)

    scroller = page.locator(".scroller")
    place: float = scroller.evaluate("(one) => one.scrollTop")
    finger.down(text).move(0, 120)
    page.wait_for_function("(place) => document.querySelector('.scroller').scrollTop < place", arg=place)
    finger.up()
    still(scroller)
    press(ali.sees("mening gapim").locator(".text"))
    expect(sheet).to_have_count(1)  # the finger that scrolled has opened none meanwhile
    expect(sheet).to_contain_text("mening gapim")
    sheet.get_by_role("button", name="Read by 1 person").tap()
    expect(page.get_by_role("dialog", name="Read by 1 person")).to_contain_text("anna-bosish")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)

    press(text)
    sheet.get_by_role("button", name="React with ❤️").tap()
    expect(sheet).to_have_count(0)
    chip = row.locator(".reaction")
    expect(chip).to_have_text("❤️1")
    press(chip)
    expect(page.get_by_role("dialog", name="Who reacted with ❤️")).to_contain_text(ali.name)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(chip).to_have_text("❤️1")
    press(text)
    expect(sheet.get_by_role("button", name="React with ❤️")).to_have_attribute("aria-pressed", "true")
    sheet.get_by_role("button", name="Add reaction").tap()
    picker = page.get_by_role("dialog", name="Emoji")
    picker.get_by_role("option").first.tap()
    expect(picker).to_have_count(0)
    expect(row.locator(".reaction")).to_have_count(0)  # the last used one comes first: it was taken back

    press(text)
    sheet.get_by_role("button", name="Copy", exact=True).tap()
    eventually(lambda: page.evaluate("navigator.clipboard.readText()") == "shu xabar")
    press(text)
    sheet.get_by_role("button", name="Select text").tap()
    expect(page.get_by_role("dialog", name="Select text")).to_contain_text("shu xabar")
    eventually(lambda: page.evaluate("getSelection().toString()") == "shu xabar")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    link = page.get_by_role("link", name="https://example.org/")
    press(link)
    expect(sheet.get_by_role("button", name="Copy address")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    ali.context.route("https://example.org/**", lambda route: route.fulfill(body="bu yer"))
    with ali.context.expect_page() as opened:
        link.tap()
    opened.value.close()
    press(text)
    sheet.get_by_role("button", name="Reply", exact=True).tap()
    expect(page.locator(".composer-context")).to_contain_text("shu xabar")
    expect(ali.field).to_be_focused()
    assert own


def test_a_drag_to_the_side_replies(server: Server, person: Make) -> None:
    """A message that is dragged far enough to the left is replied to. A short drag, one to the right, one that begins at
    the edge of the screen, and one within a wide code do not. The message follows the finger, unless the user wants
    little motion."""
    room = Room(server, "Surish")
    room.say("```\n" + "uzun " * 60 + "\n```")
    room.fill(3)
    ali = room.joins(person("ali-surish", **PHONE))
    page = opens(room, ali)
    finger, text = Finger(page), ali.sees("gap 2").locator(".text")
    mark, context = page.locator(".swipe-mark"), page.locator(".composer-context")
    start = text.evaluate("(one) => one.getBoundingClientRect().left")

    finger.down(text).move(-40, 0)
    expect(mark).to_be_visible()
    expect(mark).not_to_have_class("swipe-mark ready")
    eventually(lambda: text.evaluate("(one) => one.getBoundingClientRect().left") < start - 30)
    finger.up()
    expect(mark).to_have_count(0)
    finger.down(text).move(120, 0).up()
    finger.down(text, x=380).move(-150, 0).up()
    finger.down(page.locator("pre")).move(-120, 0).up()
    expect(context).to_be_hidden()
    finger.down(text).move(-90, 4)
    expect(mark).to_have_class("swipe-mark ready")
    assert page.evaluate("document.querySelector('.scroller').scrollWidth") <= PHONE["viewport"]["width"]
    finger.up()
    expect(context).to_contain_text("gap 2")
    expect(mark).to_have_count(0)

    page.emulate_media(reduced_motion="reduce")
    text = ali.sees("gap 3").locator(".text")
    finger.down(text).move(-90, 0)
    expect(mark).to_be_visible()
    assert text.evaluate("(one) => one.getBoundingClientRect().left") == start
    finger.up()
    expect(context).to_contain_text("gap 3")


def test_targets_for_a_finger(server: Server, person: Make) -> None:
    """With a finger as the pointer, every button, link and field has a target of 44 px, except links and mentions within a
    text."""
    Town(server)
    ali = person("ali", reduced_motion="reduce", **PHONE)
    page = ali.page
    page.goto(ali.url)
    page.wait_for_selector("input[name=user_id]")
    wrong: dict[str, list[str]] = {}

    def look(where: str) -> None:
        at_rest(page)
        if found := remaining(lambda: small_targets(page)):
            wrong[where] = found

    look("door")
    page.get_by_role("button", name="I have an account").tap()
    look("login")
    page.fill("input[name=user_id]", "ali")
    page.fill("input[name=password]", "togʻda bahor 7")
    page.locator("button.primary").tap()
    ali.is_in()
    look("list")
    ali.opens("Choyxona")
    expect(page.locator("article.message .reaction").first).to_be_visible()
    look("conversation")
    page.locator(".scroller").evaluate("(one) => (one.scrollTop = 0)")
    look("the beginning of a conversation")
    finger = Finger(page)
    finger.down(page.locator("article.message").nth(1).locator(".text"))
    expect(page.locator("dialog.sheet")).to_be_visible()
    finger.up()
    look("sheet")
    page.locator(".quick-row").get_by_role("button", name="Add reaction").tap()
    expect(page.get_by_role("option").first).to_be_visible()
    look("emoji")
    page.evaluate("history.back()")
    expect(page.locator("dialog")).to_have_count(0)
    ali.field.press_sequentially("@no")
    expect(page.locator(".completion li").first).to_be_visible()
    look("completion")
    ali.field.fill("")
    page.get_by_label("Details").tap()
    expect(page.locator(".panel .member").nth(1)).to_be_visible()
    look("details")
    page.locator(".panel").get_by_label("Close").tap()
    page.locator(".conversation-view").get_by_label("Search").tap()
    page.locator(".search-head input[type=search]").fill("salom")
    expect(page.locator(".results .result").first).to_be_visible()
    look("search")
    page.locator(".panel").get_by_label("Close").tap()
    page.get_by_label("Back").tap()
    page.get_by_label("New conversation").tap()
    expect(page.get_by_role("menu")).to_be_visible()
    look("menu")
    page.keyboard.press("Escape")
    page.locator(".sidebar footer .icon-button").tap()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    look("settings")
    page.get_by_role("link", name="Devices").tap()
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    look("a section of the settings")
    assert not wrong, "\n".join(f"{where}: {one}" for where, found in wrong.items() for one in found)
