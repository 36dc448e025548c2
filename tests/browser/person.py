"""A user of the page: methods for their actions and for the things they see."""

from __future__ import annotations

import re
import time
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from .slow import slowed

PATIENCE = 60_000
"""Milliseconds."""
PASSWORD = "togʻda bahor 7"
EXPECTED = re.compile(
    r"Failed to load resource|WebSocket connection to|net::ERR_|error occurred when fetching the script|"
    r"Service Worker registration blocked"
)
"""What a browser notes of a network that fails, of being nobody yet (401), and of a profile without service workers."""

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}

WATCH = """
window.executed = [];
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.sample}`));
"""


KEPT = """async ([store, text]) => {
  const answer = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const has = async () => {
    const found = (await indexedDB.databases()).find(({ name }) => name.startsWith("suhbat:"));
    if (!found) return false;
    const database = await answer(indexedDB.open(found.name));
    const all = await answer(database.transaction(store).objectStore(store).getAll());
    database.close();
    return JSON.stringify(all).includes(text);
  };
  while (!(await has())) await new Promise((done) => setTimeout(done, 50));
}"""
"""Waits until this device has a text in a part of its storage."""


class Person:
    """A browser profile with a page in it. `wrong`: uncaught errors, console errors and warnings, and dialogs of its
    pages."""

    def __init__(self, browser: Browser, name: str, url: str, *, locale: str = "en-US", **profile: Any) -> None:
        self.name = name
        self.url = url
        self.wrong: list[str] = []
        self.context = browser.new_context(
            locale=locale, permissions=["clipboard-read", "clipboard-write"], **(profile or DESK)
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(WATCH)
        self.page = self.tab()

    def tab(self) -> Page:
        """Open another tab of the same profile."""
        page = slowed(self.context.new_page())
        page.on("pageerror", lambda error: EXPECTED.search(str(error)) or self.wrong.append(f"error: {error}"))
        page.on("console", self._note)
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.wrong.append(f"{message.type}: {message.text}")

    # Joining

    def comes(self) -> Person:
        """Join as a guest, with a name alone."""
        self.page.goto(self.url)
        self.page.fill("input[name=user_id]", self.name)
        self.page.click("button.primary")
        self.is_in()
        return self

    def registers(self, url: str | None = None) -> Person:
        self.page.goto(url or self.url)
        self.page.wait_for_selector("input[name=user_id]")
        if not self.page.locator("input[name=new_password]").count():
            self.page.get_by_role("button", name="Create an account").click()
        self.page.fill("input[name=user_id]", self.name)
        self.page.fill("input[name=new_password]", PASSWORD)
        self.page.click("button.primary")
        self.is_in()
        return self

    def is_in(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_selector(".shell .conversation")

    def can_do_without(self) -> None:
        """Wait until the page is kept, so that the next visit needs no network."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => {})")

    def has_kept(
        self, text: str, store: Literal["state", "messages", "pending"] = "state", page: Page | None = None
    ) -> None:
        """Wait until this device has stored a text. `state`: the list with the last message of each conversation, after the
        messages themselves; drafts; changes that wait. `pending`: messages that wait. JSON without its escapes."""
        (page or self.page).evaluate(KEPT, [store, text])

    # Messages

    @property
    def field(self) -> Locator:
        return self.page.locator(".composer textarea")

    def opens(self, title: str) -> Person:
        self.page.locator(".conversation", has_text=title).first.click()
        expect(self.page.locator(".conversation-view h1")).to_have_text(title)
        return self

    def says(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def message(self, text: str, page: Page | None = None) -> Locator:
        """The messages with exactly this text."""
        return (page or self.page).locator(
            "article.message", has=self.page.locator(".text").get_by_text(text, exact=True)
        )

    def sees(self, text: str, times: int = 1) -> Locator:
        """Wait until exactly this number of stored messages has this text. Pending ones do not count."""
        found = self.message(text)
        expect(found).to_have_count(times)
        expect(found.locator("xpath=self::*[contains(@class, 'pending')]")).to_have_count(0)
        return found.first

    def sees_in_order(self, *texts: str) -> None:
        """Wait until the page shows exactly these messages in this order."""
        expect(self.page.locator("article.message .text")).to_have_text(list(texts))

    def does(self, text: str, action: str) -> None:
        """Choose an entry of the message's menu."""
        self.is_offered(text, action).click()

    def is_offered(self, text: str, action: str) -> Locator:
        """Wait until the message's menu has this entry, and leave it open. The menu is as the page knew the message when it
        was opened, and what another tab has done may come after that."""
        row, menu = self.sees(text), self.page.get_by_role("menu")
        entry = menu.get_by_role("menuitem", name=action, exact=True)
        end = time.monotonic() + PATIENCE / 1000
        while True:
            row.hover()
            row.get_by_role("button", name="More").click()
            expect(menu).to_be_visible()
            if entry.count():
                return entry
            assert time.monotonic() < end, menu.inner_text()
            self.page.keyboard.press("Escape")
            expect(menu).to_have_count(0)
