"""Long names and titles: nothing is wider than its place, on a phone, a tablet and a desk, with and without a pane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server, running

from .eventually import at_rest, remaining
from .person import PASSWORD, PHONE, Person

Make = Callable[..., Person]

NAME = "x" * 30
TITLE = "W" * 36
TOPIC = "M" * 50
WIDE = """() => {
  const shown = (one) => one.checkVisibility?.() ?? one.getClientRects().length > 0;
  const cut = (one) => one.closest(".offscreen, .unseen, .skip, svg, select, textarea");
  return [...document.querySelectorAll("#page *, dialog *, [popover] *, #toasts *")]
    .filter((one) => shown(one) && !cut(one) && getComputedStyle(one).visibility === "visible")
    .filter((one) => {
      const { left, right, width } = one.getBoundingClientRect();
      if (!width) return false;
      // What its container scrolls or cuts off with an ellipsis is meant to be.
      for (let part = one.parentElement; part; part = part.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(part);
        if (part.matches("pre") || (overflowX === "hidden" && textOverflow === "ellipsis")) return false;
      }
      return left < -1 || right > innerWidth + 1 || (overflowsAlone(one));
    })
    .slice(0, 5)
    .map((one) => `${one.tagName}.${one.className} ${JSON.stringify(one.getBoundingClientRect())}`);
  function overflowsAlone(one) {
    const { overflowX } = getComputedStyle(one);
    return (overflowX === "auto" || overflowX === "scroll") && !one.matches("pre") && one.scrollWidth > one.clientWidth;
  }
}"""
"""The elements that go beyond the window, and the boxes that must be scrolled sideways."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"send_rate": "0", "room_rate": "0", "bots": "everyone"}
    with running("suhbat", tmp_path_factory.mktemp("widths") / "data", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def town(server: Server) -> str:
    """A room with a long title and topic, long names and unbroken texts, and a direct of four. Gives the user's token."""

    def ask(token: str, method: str, path: str, body: object) -> Any:
        status, answer = server.request(method, f"/api/v1{path}", body, token=token)
        assert status < 300, (path, answer)
        return answer

    names = [NAME, "y" * 30, "z" * 30, "ali"]
    tokens = {}
    for name in names:
        body = {"user_id": name, "password": PASSWORD, "display_name": name.upper() * 2}
        tokens[name] = ask("", "POST", "/accounts", body)["token"]
    owner, mine = tokens[NAME], tokens["ali"]
    room = ask(
        owner, "POST", "/conversations", {"title": TITLE, "topic": TOPIC, "visibility": "public", "history": "all"}
    )["conversation"]
    path = f"/conversations/{room}"
    for name in names[1:]:
        ask(tokens[name], "PUT", f"{path}/members/{name}", {})
    seq = ask(owner, "POST", f"{path}/messages", {"text": "uzun" * 60})["seq"]
    ask(mine, "POST", f"{path}/messages", {"text": "j" * 100, "reply_to": seq})
    ask(owner, "PUT", f"{path}/messages/{seq}/pin", {})
    for name in names:
        ask(tokens[name], "PUT", f"{path}/messages/{seq}/reactions/%F0%9F%91%8D", {})
        ask(tokens[name], "PUT", f"{path}/read", {"ordinal": 2})
    direct = ask(owner, "POST", "/directs", {"users": names[1:]})["conversation"]
    ask(owner, "POST", f"/conversations/{direct}/messages", {"text": "q" * 80})
    one = ask(owner, "POST", "/directs", {"users": ["ali"]})["conversation"]
    ask(owner, "POST", f"/conversations/{one}/messages", {"text": "p" * 80})
    hook = {"url": f"https://example.org/{'u' * 200}", "conversations": [room], "name": "h" * 40}
    ask(mine, "POST", "/hooks", {**hook, "events": ["message.created", "member.left", "conversation.updated"]})
    bot = ask(mine, "POST", "/bots", {"user_id": "b" * 32, "display_name": "B" * 64})["token"]
    command = {"name": "c" * 32, "usage": "s" * 100, "description": "d" * 256}
    ask(bot, "PUT", f"/bots/{'b' * 32}/commands", [command])
    token: str = mine
    return token


def fits(page: Page, where: str) -> None:
    at_rest(page)
    wide = remaining(lambda: page.evaluate(WIDE))
    assert not wide, (where, page.viewport_size, wide)


LAST = ":is(.send, .record):not([hidden])"
CANNOT_SEND = """(last) => {
  const field = document.querySelector(".composer textarea");
  const button = document.querySelector(last);
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  const { paddingTop, lineHeight } = getComputedStyle(field);
  const line = field.getBoundingClientRect().top + parseFloat(paddingTop) + parseFloat(lineHeight) / 2;
  const apart = Math.abs(line - (top + bottom) / 2);
  return [
    ...(left >= 0 && right <= innerWidth && button.contains(over) ? [] : [`covered or outside: ${left} ${right}`]),
    ...(apart <= 1 ? [] : [`${apart} px from the middle of the line`]),
  ];
}"""


def can_send(page: Page, where: str) -> None:
    """The button that sends, or records where nothing is written, is within the window, nothing lies over it, and the empty
    line beside it has the same middle."""
    wrong = remaining(lambda: page.evaluate(CANNOT_SEND, LAST))
    assert not wrong, (where, page.viewport_size, wrong)


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_long_names_and_titles(server: Server, person: Make, town: str, width: int) -> None:
    """With a topic of 50 letters, a title of 36, a direct of four and names of 30, Send can be pressed in each conversation,
    beside the pane too unless it takes the whole of a phone. No part of the page is wider than its place."""
    profile = PHONE if width == 390 else {"viewport": {"width": width, "height": 800}}
    ali = person("ali", **profile)
    ali.context.add_cookies([{"name": "suhbat_session", "value": town, "url": ali.url}])
    page = ali.page
    page.goto(ali.url)
    ali.is_in()
    fits(page, "list")
    expect(page.locator(".conversation")).to_have_count(4)
    hrefs = page.locator(".conversation").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    for href in hrefs:
        page.evaluate("(hash) => (location.hash = hash)", href)
        page.wait_for_selector(".conversation-view .composer")
        fits(page, href)
        can_send(page, href)
        if href != "#/c/lobby":
            page.locator(".conversation-view .bar").get_by_label("Details").click()
            page.wait_for_selector(".panel .about-it")
            fits(page, f"{href} with details")
            if width > 390:
                can_send(page, f"{href} with details")
            page.locator(".panel").get_by_label("Close").click()
    room = page.locator(".conversation", has_text=TITLE)
    page.evaluate("(hash) => (location.hash = hash)", room.first.get_attribute("href"))
    expect(page.locator(".conversation-view h1")).to_have_text(TITLE)
    page.keyboard.press("Control+Shift+f")
    page.locator(".search-head input[type=search]").fill("uzun*")
    page.wait_for_selector(".results .result")
    fits(page, "search")
    page.locator(".search-head .chip").click()
    page.wait_for_selector(".results .where")
    fits(page, "search everywhere")
    page.get_by_role("button", name="Filters").click()
    fits(page, "search with filters")
    page.locator(".panel").get_by_label("Close").click()
    page.locator("article .author").first.click()
    page.wait_for_selector(".person")
    fits(page, "card")
    page.keyboard.press("Escape")
    page.locator(".reaction").first.click(button="right")
    page.wait_for_selector(".reacted")
    fits(page, "reacted")
    page.keyboard.press("Escape")
    page.evaluate("import('./web/js/views/dialog.js').then(({ toast }) => toast('o'.repeat(200)))")
    page.wait_for_selector(".toast")
    fits(page, "note")
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog .switcher-list li")
    fits(page, "switcher")
    page.keyboard.press("Escape")
    if width == 390:
        page.get_by_label("Back").click()
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="Public rooms").click()
    page.wait_for_selector("dialog .room")
    fits(page, "public rooms")
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="New direct message").click()
    page.locator("dialog input").fill("x")
    page.wait_for_selector("dialog .member")
    page.locator("dialog .member button").first.click()
    fits(page, "new direct")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !history.state?.layers")  # the browser has gone back from the dialog
    for name in ("profile", "appearance", "notifications", "devices", "security", "about", "apps"):
        page.evaluate("(name) => (location.hash = `#/settings/${name}`)", name)
        page.wait_for_selector(".section-page")
        fits(page, f"settings, {name}")
    page.locator(".bots summary").click()
    page.wait_for_selector(".bot-commands code")
    fits(page, "commands")
    page.locator(".outgoing").get_by_role("button", name="Deliveries").click()
    page.wait_for_selector("dialog .deliveries .empty")
    fits(page, "deliveries")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New outgoing webhook").click()
    page.locator("dialog select").select_option("some")
    fits(page, "new outgoing webhook")


CUT = """(link, which) => {
  const [first, last] = which === "colon" ? [".by", (by) => by.lastChild] : [".last time", (time) => time];
  const range = document.createRange();
  range.selectNodeContents(last(link.querySelector(first)));
  const { left, right, width } = range.getBoundingClientRect();
  if (!width) return ["nothing"];
  const cuts = [];
  for (let part = range.startContainer.parentElement; part !== link; part = part.parentElement) {
    const box = part.getBoundingClientRect();
    if (getComputedStyle(part).overflowX === "hidden" && (left < box.left - 1 || right > box.right + 1))
      cuts.push(`${part.className}: ${left}-${right} in ${box.left}-${box.right}`);
  }
  return cuts;
}"""
"""The elements that cut off what stands behind a long name in a row of a list."""


def test_what_stands_behind_a_long_name(server: Server, person: Make, town: str) -> None:
    """On a phone of 360 px a name that is too long is shortened itself. The colon behind it in the list of conversations, also
    for a direct of several people, and the time behind it in the list of threads, are shown in full."""
    owner = server.request("POST", "/api/v1/sessions", {"user_id": NAME, "password": PASSWORD})[1]["token"]
    rooms = server.request("GET", "/api/v1/conversations", token=town)[1]["conversations"]
    (room,) = (one["conversation"] for one in rooms if one.get("title") == TITLE)
    path = f"/api/v1/conversations/{room}/messages"
    root = server.request("POST", path, {"text": "ildiz"}, token=town)[1]["seq"]
    for said in ({"text": "javob", "thread": root}, {"text": "oxirgi xabar"}):
        assert server.request("POST", path, said, token=owner)[0] == 201
    ali = person("ali", **{**PHONE, "viewport": {"width": 360, "height": 740}})
    ali.context.add_cookies([{"name": "suhbat_session", "value": town, "url": ali.url}])
    ali.page.goto(ali.url)
    for text in ("oxirgi xabar", "qqqq"):
        row = ali.page.locator(".conversation", has_text=text)
        row.locator(".by").wait_for()
        assert remaining(partial(row.evaluate, CUT, "colon")) == []
    ali.page.evaluate("location.hash = '#/threads'")
    thread = ali.page.locator(".followed > a", has_text="ildiz")
    thread.wait_for()
    assert remaining(lambda: thread.evaluate(CUT, "time")) == []
