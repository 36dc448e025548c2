"""Quotes, names and reactions in a message are up to date and can be reached by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.servers import Server

from .person import DESK, PASSWORD, PHONE, Person
from .scene import Town, emoji_path

Make = Callable[..., Person]

SHOWN = 8
EMOJI = ("👍", "❤️", "😂", "🎉", "😮", "🙏", "👏", "🔥", "🚀", "🐱", "🍉", "☕")


def ask(server: Server, token: str, method: str, path: str, body: object = None) -> Any:
    status, answer = server.request(method, f"/api/v1{path}", body, token=token)
    assert status < 300, (path, answer)
    return answer


def say(server: Server, token: str, text: str, **fields: object) -> int:
    seq: int = ask(server, token, "POST", "/conversations/lobby/messages", {"text": text, **fields})["seq"]
    return seq


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_a_quote_has_no_old_text(server: Server, person: Make, how: str) -> None:
    """A quote follows an edit or a deletion of its message: in the timeline, in the reply being written and in a
    refused reply; also after a reload, and if the message is far above the loaded part. The page must not contain the
    old text."""
    town = Town(server)
    seq = town.say("nodira", town.room, "eski gap")
    for number in range(80):
        town.say("jasur", town.room, f"orada {number}")
    town.say("jasur", town.room, "javob", reply_to=seq)
    olga = person("olga")
    olga.page.goto(olga.url)
    olga.page.get_by_role("button", name="I have an account").click()
    olga.page.fill("input[name=user_id]", "olga")
    olga.page.fill("input[name=password]", PASSWORD)
    olga.page.click("button.primary")
    olga.is_in()
    olga.opens("Choyxona")
    olga.page.locator(".newer").click()  # it opens at the first unread message
    expect(olga.sees("javob").locator(".quote")).to_contain_text("eski gap")
    olga.sees("javob").locator(".quote").click()
    olga.sees("eski gap").hover()
    olga.sees("eski gap").get_by_role("button", name="Reply", exact=True).click()
    town.ask("nodira", "PATCH", f"/conversations/{town.room}/members/olga", {"muted": True})
    olga.says("rad etilgan")
    refused = olga.page.locator("article.failed")
    expect(refused.locator(".quote")).to_contain_text("eski gap")
    olga.page.locator(".quote").first.click()
    olga.sees("eski gap").hover()
    olga.sees("eski gap").get_by_role("button", name="Reply", exact=True).click()
    expect(olga.page.locator(".composer-context")).to_contain_text("eski gap")

    path = f"/conversations/{town.room}/messages/{seq}"
    if how == "edited":
        town.ask("nodira", "PATCH", path, {"text": "yangi gap"})
    else:
        town.ask("nodira", "DELETE", path, None)
    now = "yangi gap" if how == "edited" else "Message deleted"
    expect(olga.page.locator(".composer-context")).to_contain_text(now)
    olga.page.locator(".newer").click()
    expect(olga.page).to_have_url(re.compile(r"/c/[^/]+$"))
    expect(refused.locator(".quote")).to_contain_text(now)
    expect(olga.sees("javob").locator(".quote")).to_contain_text(now)
    assert "eski gap" not in olga.page.content()
    choyxona = olga.page.locator(".sidebar a", has_text="Choyxona")
    expect(choyxona.locator(".badge:not(.failed)")).to_have_count(0)  # all is read, so the page opens at the end again
    olga.page.reload()
    expect(olga.sees("javob").locator(".quote")).to_contain_text(now)
    expect(refused.locator(".quote")).to_contain_text(now)
    assert "eski gap" not in olga.page.content()


def test_the_card_of_a_name_that_was_used_again(server: Server, person: Make) -> None:
    """The name on a message of a guest who is gone says so, and does not open the card of a later guest with that name.
    From the card of the later guest the direct is with that guest. A mention, which may mean either, opens no card."""
    vali = person("vali").comes()
    old = server.guest("ali")
    first = say(server, old, "birinchi ali")
    vali.sees("birinchi ali")
    ask(server, old, "DELETE", "/sessions/current")
    new = server.guest("ali")
    say(server, new, "ikkinchi ali")
    whose = ask(server, new, "GET", "/me")["uid"]
    say(server, server.guest("guli"), "salom @ali qalaysan")
    vali.sees("ikkinchi ali")

    gone = vali.page.get_by_text("ali is no longer here.")
    vali.sees("birinchi ali").locator(".author").click()
    expect(gone).to_be_visible()
    expect(vali.page.locator(".person")).to_have_count(0)
    vali.page.reload()
    vali.sees("birinchi ali").locator(".author").click()
    expect(gone).to_be_visible()
    vali.page.reload()
    vali.page.locator(".text button", has_text="@ali").click()
    expect(gone).to_be_visible()
    expect(vali.page.locator(".person")).to_have_count(0)

    vali.sees("ikkinchi ali").locator(".author").click()
    card = vali.page.locator(".person")
    expect(card).to_contain_text("@ali")
    with vali.page.expect_request("**/api/v1/directs?*") as asked:
        card.get_by_role("button", name="Send a message").click()
    assert asked.value.post_data_json == {"users": ["ali"], "uids": [whose]}
    expect(vali.page.locator(".conversation-view h1")).to_have_text("ali")
    vali.says("senga")
    vali.sees("senga")
    direct = next(one for one in ask(server, new, "GET", "/conversations")["conversations"] if one["kind"] == "direct")
    assert direct["last_message"]["text"] == "senga" and first


def test_more_reactions_than_are_shown(server: Server, person: Make) -> None:
    """A message shows its first reactions and the number of the others. The keyboard opens those, and they stay open
    when one of them is chosen."""
    ali = person("ali").comes()
    seq = say(server, (token := server.guest("vali")), "koʻp belgi")
    for emoji in EMOJI:
        ask(server, token, "PUT", f"/conversations/lobby/messages/{seq}/reactions/{emoji_path(emoji)}", {})
    row = ali.sees("koʻp belgi")
    chips = row.locator(".reaction:not(.more)")
    expect(chips).to_have_count(SHOWN)
    more = row.get_by_role("button", name=f"{len(EMOJI) - SHOWN} more")
    chips.last.focus()
    ali.page.keyboard.press("Tab")
    expect(more).to_be_focused()
    ali.page.keyboard.press("Enter")
    expect(chips).to_have_count(len(EMOJI))
    expect(more).to_have_count(0)
    expect(chips.nth(SHOWN)).to_be_focused()
    ali.page.keyboard.press("Tab")
    ali.page.keyboard.press("Space")
    taken = chips.nth(SHOWN + 1)
    expect(taken).to_have_attribute("aria-pressed", "true")
    expect(taken.locator(".count")).to_have_text("2")
    expect(chips).to_have_count(len(EMOJI))


@pytest.mark.parametrize("profile", [DESK, PHONE], ids=["desk", "phone"])
def test_reactions_are_within_the_screen(server: Server, person: Make, profile: dict[str, Any]) -> None:
    """No reaction is cut off, open or not, and each has a target of 24 px (WCAG 2.5.8). The first tap counts."""
    seq = say(server, (token := server.guest("vali")), "koʻp belgi")
    for emoji in EMOJI:
        ask(server, token, "PUT", f"/conversations/lobby/messages/{seq}/reactions/{emoji_path(emoji)}", {})
    ali = person("ali", **profile).comes()
    if profile is PHONE:
        ali.opens("Everyone")
    row = ali.sees("koʻp belgi")
    within(row)
    more = row.get_by_role("button", name=f"{len(EMOJI) - SHOWN} more")
    more.tap() if profile is PHONE else more.click()
    expect(row.locator(".reaction:not(.more)")).to_have_count(len(EMOJI))
    within(row)


def test_when_a_session_was_used_can_be_read_on_a_phone(server: Server, person: Make) -> None:
    """On a phone the time of the last use of each session is not cut off in the settings."""
    ali = person("ali", **PHONE).registers()
    body = {"user_id": "ali", "password": PASSWORD}
    assert server.request("POST", "/api/v1/sessions", body)[0] == 201
    ali.page.locator(".sidebar footer .icon-button").click()
    ali.page.locator(".sections").get_by_role("link", name="Devices").click()
    used = ali.page.locator(".sessions li small")
    expect(used).to_have_count(2)
    assert used.evaluate_all("(all) => all.every((one) => one.scrollWidth <= one.clientWidth)")


def within(row: Locator) -> None:
    places = row.locator(".reactions > button").evaluate_all(
        """(all) => all.map((one) => {
          const { left, right, width, height } = one.getBoundingClientRect();
          return [left, innerWidth - right, width - 24, height - 24];
        })"""
    )
    assert places and all(room >= 0 for place in places for room in place), places


def test_a_long_title_pushes_nothing_off_a_phone(server: Server, person: Make) -> None:
    """With a long title, topic and word, the message text, the details button and the send button stay within the
    window of a phone."""
    token = server.guest("ali")
    room = ask(server, token, "POST", "/conversations", {"title": "W" * 40, "topic": "mavzu " * 20})["conversation"]
    ask(server, token, "POST", f"/conversations/{room}/messages", {"text": "a" * 300})
    ali = person("ali", **PHONE)
    ali.context.add_cookies([{"name": "suhbat_session", "value": token, "url": ali.url}])
    ali.page.goto(ali.url)
    ali.opens("W" * 40)
    for part in (":is(.send, .record):not([hidden])", ".bar [aria-label=Details]", "article.message .text"):
        box = ali.page.locator(f".conversation-view {part}").first.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["viewport"]["width"], (part, box)
