"""Displays of all kinds: colours that the system forces, and windows as large zoom makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.servers import Server

from .person import Person
from .room import COOKIE
from .scene import Town
from .test_widths import fits

Make = Callable[..., Person]


def comes(town: Town, person: Make, **profile: Any) -> Person:
    ali = person("ali", **profile)
    ali.context.add_cookies([{"name": COOKIE, "value": town.tokens["ali"], "url": ali.url}])
    ali.page.goto(ali.url)
    ali.is_in()
    return ali


def test_displays(server: Server, person: Make) -> None:
    """Where the system forces its colours, what is chosen, the number of unread messages and who is online have lines or
    system colours. At 400 % zoom, a window of 320 by 256 px, everything can be reached by scrolling in one direction, and
    what lies below the details cannot have the focus."""
    town = Town(server)
    ali = comes(town, person, viewport={"width": 1280, "height": 800}, forced_colors="active")
    page = ali.page
    ali.opens("Choyxona")
    for selector, wanted in (
        (".conversation[aria-current]", "solid"),
        ('.reaction[aria-pressed="true"]', "solid"),
        (".conversation:not([aria-current])", "none"),
    ):
        expect(page.locator(selector).first).to_have_css("outline-style", wanted)
    for selector in (".badge", ".conversation .avatar", ".mention.mine"):
        expect(page.locator(selector).first).to_have_css("border-top-style", "solid")

    ali = comes(town, person, viewport={"width": 320, "height": 256})
    page = ali.page
    fits(page, "list")
    page.get_by_label("Settings").scroll_into_view_if_needed()
    expect(page.get_by_label("Settings")).to_be_in_viewport(ratio=1)
    ali.opens("Choyxona")
    fits(page, "conversation")
    page.get_by_label("Details").click()
    expect(page.locator(".panel").get_by_label("Close")).to_be_focused()
    expect(ali.field).to_be_hidden()
    fits(page, "details")
    page.keyboard.press("Escape")
    page.locator(".composer").get_by_label("Emoji").click()
    expect(page.get_by_role("option").first).to_be_in_viewport(ratio=1)
    for tab in page.locator(".emoji-tabs button").all()[:2]:
        expect(tab).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.locator(".emoji-picker")).to_have_count(0)
    page.keyboard.press("Control+Shift+f")
    page.locator(".search-head input[type=search]").fill("salom")
    result = page.locator(".results .result").first
    result.scroll_into_view_if_needed()
    expect(result).to_be_in_viewport(ratio=0.9)
    fits(page, "search")
