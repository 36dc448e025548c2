"""The page must work without the features that the oldest browsers of docs/web.md lack. tests/web/oldest.mjs looks for
other such features."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .person import Person

LACKING = """
for (const name of ["showPopover", "hidePopover", "togglePopover", "popover"]) delete HTMLElement.prototype[name];
delete Intl.Segmenter;
"""


def test_menus_without_popovers(person: Callable[..., Person]) -> None:
    """A menu opens within the window. Escape, a click elsewhere and a choice close it, and the focus returns."""
    ali = person("ali")
    ali.context.add_init_script(LACKING)
    ali.comes()
    assert not ali.page.evaluate("'showPopover' in document.body || 'Segmenter' in Intl")
    ali.says("salom")
    ali.sees("salom")
    menu = ali.page.locator(".menu")
    button = ali.page.get_by_label("New conversation")
    button.click()
    expect(menu).to_be_visible()
    expect(menu).to_be_in_viewport(ratio=1)
    ali.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    ali.page.locator(".conversation-view h1").click()
    expect(menu).to_have_count(0)
    ali.message("salom").hover()
    ali.message("salom").get_by_label("Add reaction").click()
    hand = ali.page.get_by_role("option", name="waving hand")
    ali.page.locator(".emoji-search").fill("waving")
    hand.focus()
    ali.page.keyboard.press("Alt+ArrowDown")
    expect(ali.page.locator(".tones")).to_be_visible()
    ali.page.keyboard.press("Escape")
    expect(ali.page.locator(".tones")).to_have_count(0)
    hand.click()
    expect(ali.page.locator(".emoji-picker")).to_have_count(0)
    expect(ali.page.locator(".reaction")).to_have_count(1)


def test_the_chosen_colours(person: Callable[..., Person]) -> None:
    """Light and dark follow the system or the user's choice, with style sheets that do not know light-dark()."""
    ali = person("ali", color_scheme="dark", viewport={"width": 1280, "height": 800})
    ali.comes()
    light, dark = "rgb(244, 242, 238)", "rgb(21, 25, 26)"

    def ground(colour: str) -> None:
        expect(ali.page.locator("body")).to_have_css("background-color", colour)

    ground(dark)
    ali.page.emulate_media(color_scheme="light")
    ground(light)
    ali.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    ground(dark)
    ali.page.emulate_media(color_scheme="dark")
    ali.page.evaluate("document.documentElement.dataset.theme = 'light'")
    ground(light)
