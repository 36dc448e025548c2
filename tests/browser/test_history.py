"""Back and forward: from the conversation to the list, and from a dialog to what lies below it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .person import PHONE, Person

Make = Callable[..., Person]


def back(page: Page) -> None:
    """The phone's own back. (Playwright waits for a load, which does not come.)"""
    page.evaluate("history.back()")


def test_back_and_forward_on_a_phone(person: Make) -> None:
    """Back leads from the details to the conversation and from there to the list, forward to the conversation again. The
    page's own button does the same, so the list does not lead to the conversation once more."""
    ali = person("ali", **PHONE).comes()
    page, sidebar, view = ali.page, ali.page.locator(".sidebar"), ali.page.locator(".conversation-view")
    panel = page.locator(".panel")
    ali.opens("Everyone")
    for close in (lambda: back(page), lambda: panel.get_by_label("Close").click()):
        page.get_by_label("Details").click()
        expect(panel).to_be_visible()
        close()
        expect(panel).to_have_count(0)
        expect(view).to_be_visible()
        expect(page).to_have_url(re.compile("#/c/lobby$"))
    back(page)
    expect(sidebar).to_be_visible()
    page.evaluate("history.forward()")
    expect(view).to_be_visible()
    expect(panel).to_have_count(0)
    page.get_by_label("Back").click()
    expect(sidebar).to_be_visible()
    length = page.evaluate("history.length")
    for _ in range(3):
        ali.opens("Everyone")
        page.get_by_label("Back").click()
        expect(sidebar).to_be_visible()
    assert page.evaluate("history.length") <= length + 1
    page.go_back()
    assert page.url == "about:blank"


def test_back_closes_one_dialog(person: Make) -> None:
    """Back closes the topmost dialog and leaves the place. A choice in a dialog leads on, and back from there leads to the
    place where the dialog was opened. After a reload with an open dialog, back does not stand still."""
    ali = person("ali", **PHONE).comes()
    page, dialogs, view = ali.page, ali.page.locator("dialog"), ali.page.locator(".conversation-view")
    ali.opens("Everyone")
    page.get_by_label("Back").click()
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="Public rooms").click()
    expect(dialogs).to_have_count(1)
    back(page)
    expect(dialogs).to_have_count(0)
    expect(page.locator(".sidebar")).to_be_visible()
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="New room").click()
    page.fill("dialog input[name=title]", "Choyxona")
    page.click("dialog button.primary")
    expect(view.locator("h1")).to_have_text("Choyxona")
    back(page)
    expect(page.locator(".sidebar")).to_be_visible()
    expect(dialogs).to_have_count(0)
    ali.opens("Choyxona")
    page.get_by_label("Details").click()
    page.locator(".panel").get_by_role("button", name="Leave").click()
    expect(dialogs).to_have_count(1)
    back(page)
    expect(dialogs).to_have_count(0)
    expect(page.locator(".panel")).to_be_visible()
    page.locator(".panel").get_by_role("button", name="Leave").click()
    expect(dialogs).to_have_count(1)
    page.reload()
    expect(view.locator("h1")).to_have_text("Choyxona")
    page.wait_for_function("() => !history.state?.layers")  # the entry of the dialog is gone
    back(page)
    expect(page.locator(".sidebar")).to_be_visible()


def test_back_closes_a_menu(person: Make) -> None:
    """On a phone, back closes a menu, a card or the emoji, and leaves the place. After a choice in one of them, back leads
    to the place before, not to an empty step."""
    ali = person("ali", **PHONE).comes()
    page, sidebar, view = ali.page, ali.page.locator(".sidebar"), ali.page.locator(".conversation-view")
    page.get_by_label("New conversation").click()
    expect(page.get_by_role("menu")).to_be_visible()
    back(page)
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(sidebar).to_be_visible()
    ali.opens("Everyone")
    picker = page.locator(".emoji-picker")
    emoji = page.locator(".composer").get_by_label("Emoji")
    emoji.click()
    expect(picker.get_by_role("option").first).to_be_visible()
    back(page)
    expect(picker).to_have_count(0)
    expect(view).to_be_visible()
    emoji.click()
    picker.get_by_role("option").first.click()
    expect(picker).to_have_count(0)
    expect(ali.field).not_to_have_value("")
    back(page)
    expect(sidebar).to_be_visible()


def test_back_from_a_link_leads_to_the_list(person: Make) -> None:
    """On a phone, back from a conversation that was opened by a link leads to the list. On a desk, a link opens the place and
    back leads where the link was."""
    ali = person("ali", **PHONE).comes()
    ali.page.goto("about:blank")
    ali.page.goto(f"{ali.url}#/c/lobby")
    expect(ali.page.locator(".conversation-view")).to_be_visible()
    back(ali.page)
    expect(ali.page.locator(".sidebar")).to_be_visible()
    ali.opens("Everyone")
    vali = person("vali").comes()
    vali.page.goto("about:blank")
    vali.page.goto(f"{vali.url}#/c/lobby")
    vali.is_in()
    vali.page.go_back()
    assert vali.page.url == "about:blank"
