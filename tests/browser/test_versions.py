"""The page is kept on the device: it starts without the network, and changes to a new version as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from playwright.sync_api import Error, Page, expect

from suhbat.http.pages import build
from tests.servers import ROOT, Server

from .cut import Cut
from .eventually import eventually
from .person import Person

Make = Callable[..., Person]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with sources of its own, which a test may change."""
    copytree(ROOT / "suhbat", tmp_path / "tree" / "suhbat", ignore=ignore_patterns("__pycache__"))
    server = Server("suhbat", tmp_path / "data", tree=tmp_path / "tree")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def update(server: Server, number: int = 2) -> None:
    """Change a style sheet and a module, as a new version of Suhbat does."""
    web = server.tree / "suhbat" / "web"
    with (web / "css" / "shell.css").open("a", encoding="utf-8") as styles:
        styles.write(f":root {{ --version: {number} }}\n")
    sidebar = web / "js" / "views" / "sidebar.js"
    text, changed = re.subn(r'"Suhbat( \d)?"', f'"Suhbat {number}"', sidebar.read_text(encoding="utf-8"))
    assert changed
    sidebar.write_text(text, encoding="utf-8")


def shows(page: Page, modules: str, styles: str) -> None:
    """Wait until the modules and the style sheet are those of a version."""
    expect(page.locator(".sidebar h1")).to_have_text(modules)
    expect(page.locator("html")).to_have_css("--version", styles)


OLD_ONE, NEW_ONE = ("Suhbat", ""), ("Suhbat 2", "2")
FOUND = "navigator.serviceWorker.ready.then(async (it) => { await it.update(); return Boolean(it.waiting ?? it.installing); })"
IS_THERE = """async (shown) => {
  if (document.querySelector(".sidebar h1")?.textContent === shown) return true;
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update();
  return Boolean(registration.waiting);
}"""


def wait_for(page: Page, shown: str) -> None:
    """Wait until the page has fetched the new version, or taken it already, as a page does that has just started."""
    while True:
        with suppress(Error):  # the page loads again
            if page.evaluate(IS_THERE, shown):
                return
        page.wait_for_timeout(100)


def test_the_page_does_not_wait_for_a_network_that_hangs(person: Make, cut: Cut) -> None:
    """After one visit the page is painted although the server accepts connections and answers nothing. When the network is
    back, the page is as after any other start."""
    ali = person("ali", port=cut.port).comes()
    ali.says("salom")
    ali.sees("salom")
    ali.can_do_without()
    cut.stall()
    ali.page.reload(wait_until="commit")
    expect(ali.page.locator(".gate-head h1, .shell").first).to_be_visible()
    cut.mend()
    ali.is_in()
    ali.sees("salom")


def test_a_new_version_is_offered_to_open_pages(server: Server, person: Make) -> None:
    """A page that stays open is told of a new version and keeps its own. Reload takes the new one, in all pages of this
    browser, with all its files, and nobody is asked a second time."""
    ali = person("ali").comes()
    ali.can_do_without()
    ali.page.reload()
    ali.is_in()
    other = ali.tab()
    other.goto(ali.url)
    ali.is_in(other)
    ali.field.fill("hali tugamagan")
    update(server)
    shows(ali.page, *OLD_ONE)
    assert ali.page.evaluate(FOUND)
    offer = ali.page.get_by_text("A new version of Suhbat is ready.")
    expect(offer).to_be_visible()
    other.reload()
    shows(other, *OLD_ONE)
    expect(offer).to_be_visible()
    ali.page.get_by_role("button", name="Reload").click()
    for page in (ali.page, other):
        expect(page.locator(".sidebar h1")).to_have_text("Suhbat 2")
        shows(page, *NEW_ONE)
    expect(ali.field).to_have_value("hali tugamagan")
    ali.page.wait_for_timeout(1500)
    expect(offer).to_have_count(0)
    kept = [f"suhbat-shell-{build(server.tree / 'suhbat' / 'web').version}"]
    eventually(lambda: ali.page.evaluate("caches.keys()") == kept)


def test_the_next_start_takes_a_new_version(server: Server, person: Make) -> None:
    """Without a click, a reload of the only page, or the next start, takes the new version as a whole, at the same place."""
    ali = person("ali").comes()
    ali.page.goto(f"{ali.url}#/c/lobby")
    ali.can_do_without()
    for number, go in enumerate(("reload", "start"), start=2):
        ali.page.reload()
        ali.is_in()
        update(server, number)
        wait_for(ali.page, f"Suhbat {number}")
        if go == "reload":
            ali.page.wait_for_load_state()
            ali.page.reload()
        else:
            ali.page.goto("about:blank")
            ali.page.goto(f"{ali.url}#/c/lobby")
        expect(ali.page.locator(".sidebar h1")).to_have_text(f"Suhbat {number}")
        ali.is_in()
        shows(ali.page, f"Suhbat {number}", str(number))
        expect(ali.page).to_have_url(re.compile("#/c/lobby$"))
