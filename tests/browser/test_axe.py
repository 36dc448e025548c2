"""Accessibility: axe-core (WCAG 2.2 A and AA, best practices) finds nothing, in light and dark, on a phone and a
desktop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.node import packages
from tests.servers import Server, running

from .person import DESK, PASSWORD, PHONE, Person
from .scene import Town

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="module")
def axe() -> str:
    return (packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("axe") / "data", send_rate="0") as server:
        Town(server)
        yield server


def look(page: Page, axe: str, where: str) -> list[str]:
    """The findings of axe on the current page: all rules in light, and the colour rules again in dark."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    found = []
    schemes: Mapping[Literal["light", "dark"], dict[str, Any]] = {
        "light": {"type": "tag", "values": TAGS},
        "dark": {"type": "rule", "values": COLOURS},
    }
    for scheme, only in schemes.items():
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(150)  # colour transitions take up to 120 ms
        violations = page.evaluate("(only) => axe.run(document, {runOnly: only})", only)["violations"]
        found += [
            f"{where}, {scheme}: {rule['id']} ({rule['help']}): {node['html'][:160]} "
            f"{[one['message'] for one in node['any'][:1]]}"
            for rule in violations
            for node in rule["nodes"]
        ]
    return found


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_screen(server: Server, person: Callable[..., Person], axe: str, size: str) -> None:
    """axe finds nothing on the login page, in the list, in a conversation and in its menus, panes and dialogs."""
    profile = DESK if size == "desk" else PHONE
    ali = person("ali", reduced_motion="reduce", **profile)
    page = ali.page
    page.goto(ali.url)
    page.wait_for_selector("input[name=user_id]")
    found = look(page, axe, "door")
    page.get_by_role("button", name="I have an account").click()
    page.fill("input[name=user_id]", "ali")
    page.fill("input[name=password]", "not this one")
    page.click("button.primary")
    expect(page.locator(".wrong")).not_to_be_empty()
    found += look(page, axe, "a wrong password")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")
    ali.is_in()
    found += look(page, axe, "list")
    ali.opens("Choyxona")
    expect(page.locator("article.message").first).to_be_visible()
    found += look(page, axe, "conversation")
    row = page.locator("article.message").nth(2)
    row.focus()
    row.get_by_role("button", name="Add reaction").click()
    expect(page.locator(".emoji-grid button").first).to_be_visible()
    found += look(page, axe, "emoji")
    page.keyboard.press("Escape")
    row.focus()
    row.get_by_role("button", name="More").click()
    found += look(page, axe, "menu")
    page.keyboard.press("Escape")
    row.focus()
    row.get_by_role("button", name="Reply").click()
    ali.field.fill("")
    ali.field.press_sequentially("@no")
    expect(page.locator(".completion li").first).to_be_visible()
    found += look(page, axe, "completion")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_label("Details").click()
    expect(page.locator(".panel .member").nth(1)).to_be_visible()
    found += look(page, axe, "details")
    page.locator(".panel").get_by_role("button", name="Room settings").click()
    found += look(page, axe, "room settings")
    page.keyboard.press("Escape")
    page.locator(".panel").get_by_label("Close").click()
    page.locator(".conversation-view").get_by_label("Search").click()
    page.locator(".search-head input[type=search]").fill("salom")
    expect(page.locator(".results .result").first).to_be_visible()
    found += look(page, axe, "search")
    page.locator(".panel").get_by_label("Close").click()
    if size == "phone":
        page.get_by_label("Back").click()
    page.locator(".sidebar footer .icon-button").click()
    expect(page.locator(".sessions li").first).to_be_visible()
    found += look(page, axe, "settings")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("dialog input")).to_be_focused()
    found += look(page, axe, "switcher")
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="Public rooms").click()
    expect(page.locator("dialog .names").first).to_be_visible()
    found += look(page, axe, "public rooms")
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/c/nowhere'")
    expect(page.locator(".gone")).to_be_visible()
    found += look(page, axe, "a conversation that does not exist")
    assert not found, "\n".join(found)
