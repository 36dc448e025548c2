"""Emoji on a desktop: the six quick reactions, the names of those who reacted, the picker, skin tones, recent emoji."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.servers import Server

from .person import Person
from .room import Room

Make = Callable[..., Person]

DOUBLE_CLICK = """(button) => {
  const clicks = [1, 2].map(() => new MouseEvent("click", { bubbles: true }));
  for (const click of clicks) {
    button.dispatchEvent(click);
    for (const end = performance.now() + 700; performance.now() < end; );
  }
}"""
"""A double click on a page that is busy for longer than its two clicks are apart, before it is told of the second."""


def comes(room: Room, one: Person) -> Page:
    room.joins(one)
    one.page.goto(room.url(one))
    one.is_in()
    expect(one.page.locator("article.message").last).to_be_visible()
    return one.page


def test_reactions(server: Server, person: Make) -> None:
    """One click on the bar of a message reacts with one of six emoji. The names of those who reacted are told under the
    mouse and with the focus of the keyboard, not too many. An emoji from the picker takes a place in the bar."""
    room = Room(server, "Belgilar")
    room.fill(2)
    ali = person("ali-belgilar")
    names = [f"odam-{number}" for number in range(7)]
    for name in names:
        room.tokens[name] = server.guest(name)
        room.ask(name, "PUT", f"{room.path}/members/{name}", {})
        room.react(room.seqs[0], "🎉", name)
    page = comes(room, ali)
    row = ali.sees("gap 2")
    row.hover()
    quick = row.locator(".actions .quick")
    expect(quick).to_have_text(["👍", "❤️", "😂", "🎉", "😮", "🙏"])
    row.get_by_role("button", name="React with 👍").evaluate(DOUBLE_CLICK)  # is one
    expect(row.locator(".reaction")).to_have_text("👍1")
    page.wait_for_timeout(600)  # a later click is another
    expect(row.get_by_role("button", name="React with 👍")).to_have_attribute("aria-pressed", "true")
    row.get_by_role("button", name="React with 👍").click()
    expect(row.locator(".reaction")).to_have_count(0)

    tip, chip = page.locator(".tip"), ali.sees("gap 1").locator(".reaction")
    expect(chip).to_have_text("🎉7")
    told = "odam-0, odam-1, odam-2, odam-3 and 3 others"
    chip.hover()
    expect(tip).to_have_text(told)
    page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    ali.field.hover()
    ali.sees("gap 1").focus()
    for _ in ("the author", "the reaction"):
        page.keyboard.press("Tab")
    expect(chip).to_be_focused()
    expect(tip).to_have_text(told)
    expect(chip).to_have_accessible_name(f"🎉 7: {told}")
    page.keyboard.press("Tab")
    expect(tip).to_have_count(0)
    expect(page.locator(".actions :focus")).to_have_text("👍")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".actions :focus")).to_have_text("❤️")

    ali.sees("gap 2").focus()
    page.keyboard.press("+")
    expect(page.get_by_label("Search emoji")).to_be_focused()
    page.keyboard.type("rocket")
    expect(page.get_by_role("option").first).to_have_text("🚀")
    page.keyboard.press("Enter")
    expect(row.locator(".reaction")).to_have_text("🚀1")
    row.hover()
    expect(quick).to_have_text(["👍", "❤️", "😂", "🎉", "😮", "🚀"])


def test_the_picker(server: Server, person: Make) -> None:
    """Arrow keys move over the emoji, through all groups. The name of the emoji at the focus is written out. A skin tone is
    chosen with Alt and the arrow down, and remembered. The last used emoji come first, also after a reload."""
    room = Room(server, "Tanlash")
    room.fill(1)
    ali = person("ali-tanlash")
    page = comes(room, ali)
    opener = page.locator(".composer").get_by_label("Emoji")
    picker, keys = page.get_by_role("dialog", name="Emoji"), page.keyboard
    focused = page.locator(".emoji-grid :focus")
    opener.click()
    expect(picker.get_by_role("option").first).to_be_visible()
    expect(picker.get_by_label("Search emoji")).to_be_focused()
    expect(picker.locator(".emoji-tabs button")).to_have_count(9)
    keys.press("ArrowDown")
    expect(focused).to_have_text("😀")
    expect(picker.locator(".emoji-name")).to_contain_text("grinning face :grinning:")
    keys.press("ArrowRight")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    expect(focused).to_have_text("😃")
    keys.press("ArrowUp")
    expect(picker.get_by_label("Search emoji")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Control+End")
    expect(focused).to_have_accessible_name("flag: Wales")
    expect(focused).to_be_in_viewport()
    expect(picker.locator(".emoji-tabs [aria-current]")).to_have_accessible_name("Flags")
    picker.locator(".emoji-tabs").get_by_label("People").click()
    wave = picker.get_by_role("option", name="waving hand")
    expect(wave).to_be_in_viewport()
    wave.focus()
    keys.press("Alt+ArrowDown")
    tones = picker.get_by_role("toolbar", name="Skin tone")
    expect(tones.get_by_role("button", name="No skin tone")).to_be_focused()
    keys.press("Escape")
    expect(tones).to_have_count(0)
    expect(wave).to_be_focused()
    keys.press("Alt+ArrowDown")
    for _ in range(3):
        keys.press("ArrowRight")
    keys.press("Enter")
    expect(picker).to_have_count(0)
    expect(ali.field).to_have_value("👋🏽")
    expect(ali.field).to_be_focused()
    keys.type(" :thumbsu")
    expect(page.get_by_role("option").first).to_contain_text("👍🏽")
    keys.press("Enter")
    expect(ali.field).to_have_value("👋🏽 👍🏽 ")

    page.reload()
    ali.is_in()
    opener.click()
    used = picker.get_by_role("group", name="Recently used").get_by_role("option")
    expect(used).to_have_text(["👍🏽", "👋🏽"])
    picker.get_by_label("Search emoji").fill("hand")
    expect(picker.get_by_role("option", name="waving hand")).to_have_text("👋🏽")
    picker.get_by_label("Skin tone").click()
    tones.get_by_role("button", name="No skin tone").click()
    expect(picker.get_by_role("option", name="waving hand")).to_have_text("👋")
    picker.get_by_label("Search emoji").fill("zzzz")
    expect(picker).to_contain_text("Nothing found")
    keys.press("Escape")
    expect(picker).to_have_count(0)
    kept = json.loads(page.evaluate("localStorage['suhbat.preferences']"))
    assert kept["tone"] == 0 and kept["emoji"] == ["👍🏽", "👋🏽"]
