"""Programs in a conversation: webhooks and bots are shown as what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.programs.hooks.one_liners import one_liners, run
from tests.servers import Server, running

from .office import Office
from .person import DESK, PHONE, Person
from .test_axe import Look

Make = Callable[..., Person]

SHOWN = {
    "text": "The backup is done 💾",
    "slack": "2.4 is live",
    "slack-form": "Build 12 has failedLog",
    "github": "malika pushed 1 commit to main in choyxona/bot76ae82c Pour green tea (Malika)",
    "gitlab": "❌ pipeline 31 failed on main after 63 s in choyxona/bottest: unit tests",
    "gitea": "ali opened pull request #2 A new kettle in choyxona/bot",
    "alertmanager": "🔥 FIRING: InstanceDown🔥 node1 is down instance=node1:9100 severity=critical source",
    "grafana": "✅ RESOLVED: High memory usage✅ Memory is back to normal zone=us-1 panel",
    "sentry": "🔴 ReferenceError: tea is not definedpour(cup) productionRule: Anything new",
}
"""What each format is shown as."""


DAYS = ((1, 2, 3), (4, 5, 6))
CLOSE = """(row) => {
  const all = [...row.querySelectorAll(".body button, .body a.button")].filter((one) => one.offsetHeight);
  const boxes = all.map((one) => [one.textContent, one.getBoundingClientRect()]);
  return boxes.flatMap(([name, a], at) => boxes.slice(at + 1).flatMap(([other, b]) => {
    const between = Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
    return between < 8 ? [`${name}, ${other}: ${between}`] : [];
  }));
}"""
"""Buttons of a message that a finger can hit at the same time."""
BOXES = """(row, others) => {
  const all = [...others.map((one) => document.querySelector(one)), row];
  return all.map((one) => one.getBoundingClientRect().toJSON());
}"""
"""Where things are, asked at once: a note goes after some seconds."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", bots="everyone") as server:
        yield server


def test_webhooks_and_bots_are_marked(server: Server, person: Make) -> None:
    """A message of a webhook is shown under the name and the emoji that it asks for, marked, and grouped by them; so in the
    list, quotes, replies and the search. A webhook is no person: it has no card and is not suggested after an @. A bot has
    a mark beside its name, in messages, in its card and among the members."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    page = vali.page
    office.say("ali", "salom")
    office.post("build 1 has passed")
    office.post("build 2 has passed")
    office.post("memory is low", username="Grafana", icon_emoji=":fire:")
    one, two, third = (vali.sees(text) for text in ("build 1 has passed", "build 2 has passed", "memory is low"))
    expect(one.locator("header")).to_contain_text("CIwebhook")
    expect(one.locator("header button")).to_have_count(0)
    expect(two.locator("header")).to_have_count(0)
    expect(third.locator("header")).to_contain_text("Grafanawebhook")
    expect(third.locator(".avatar")).to_have_text("🔥")
    expect(page.locator(".conversation", has_text="Idora").locator(".preview")).to_have_text("Grafana: memory is low")

    third.hover()
    third.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".composer-context")).to_contain_text("Grafana")
    vali.says("on it")
    expect(vali.sees("on it").locator(".quote")).to_contain_text("Grafanawebhook")
    vali.field.press_sequentially("@")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("option", name="CI")).to_have_count(0)
    vali.field.fill("")

    office.say("ob-havo", "bugun quyoshli")
    said = vali.sees("bugun quyoshli")
    expect(said.locator("header .mark")).to_have_text("bot")
    said.locator(".author").click()
    expect(page.get_by_role("dialog", name="Ob-havo")).to_contain_text("@ob-havo · bot")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Search messages").click()
    page.locator(".search-head input[type=search]").fill("memory")
    expect(page.locator(".result", has_text="memory is low").locator(".name")).to_have_text("Grafanawebhook")


def test_buttons(server: Server, person: Make) -> None:
    """A press tells the bot, which changes its message; an error is said, and the button can be pressed again. A link opens
    in a tab of its own, without a way back to the page. In an archived room nothing can be pressed."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    buttons = [[{"id": "ha", "label": "Ha"}, {"id": "yoq", "label": "Juda uzun yozuv " * 4}]]
    link = {"url": "https://example.org/plov", "label": "Retsept"}
    seq = office.say("ob-havo", "Osh damlaymizmi?", actions=[*buttons, [link]])
    row = vali.sees("Osh damlaymizmi?")
    recipe = row.get_by_role("link", name="Retsept")
    expect(recipe).to_have_attribute("target", "_blank")
    expect(recipe).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
    yes = row.get_by_role("button", name="Ha", exact=True)
    with vali.page.expect_response(lambda answer: f"/messages/{seq}/actions/ha" in answer.url) as pressed:
        yes.click()
    assert pressed.value.status == 204
    expect(yes).not_to_have_attribute("aria-busy", "true")
    expect(yes).to_be_focused()
    vali.page.route("**/actions/ha*", lambda route: route.abort())
    yes.click()
    expect(vali.page.locator(".toast", has_text="Cannot reach the server")).to_be_visible()
    office.ask("ali", "PATCH", office.path, {"archived": True})
    expect(yes).to_be_disabled()


@pytest.mark.parametrize("profile", (DESK, PHONE), ids=("desk", "phone"))
def test_a_note_covers_no_button(server: Server, person: Make, profile: dict[str, Any]) -> None:
    """A note about something covers neither the newest message with its buttons nor the message field, also below a banner.
    With a finger, the buttons below a message have 8 px between them."""
    office = Office(server)
    for number in range(20):
        office.say("ali", f"gap {number}")
    vali = office.opens(person("vali", **profile), "vali")
    page = vali.page
    seq = office.say("ob-havo", "Ertaga?", actions=[[{"id": str(n), "label": f"{n}-kun"} for n in row] for row in DAYS])
    office.ask("ali", "PUT", f"{office.path}/messages/{seq}/reactions/%F0%9F%91%8D", {})
    office.say("ali", "ha", thread=seq)
    row = vali.sees("Ertaga?")
    expect(row.locator(".replies")).to_be_visible()
    expect(row.locator(".reaction").first).to_be_visible()
    page.evaluate("document.querySelector('.notices').style.setProperty('height', '40px')")
    page.route("**/actions/1*", lambda route: route.abort())
    row.get_by_role("button", name="1-kun").click()
    note = page.locator(".toast")
    expect(note).to_contain_text("Cannot reach the server")
    told, field, bar, newest = row.evaluate(BOXES, [".toast", ".composer", ".conversation-view .bar"])
    assert bar["y"] + bar["height"] <= told["y"]
    assert told["y"] + told["height"] <= newest["y"]
    assert newest["y"] + newest["height"] <= field["y"]
    if profile is PHONE:
        assert row.evaluate(CLOSE) == []


def test_the_formats_of_webhooks(server: Server, person: Make) -> None:
    """Each command of the how-to posts a message with the name of the webhook or the one that it asks for. Markdown and links
    are shown as such, and nothing of them is left over as signs. Reports of one program stand apart."""
    office = Office(server)
    vali = office.comes(person("vali"), "vali")
    page, look = vali.page, Look(vali.page)
    expect(page.locator(".rows .intro")).to_be_visible()
    for name, command in one_liners().items():
        assert run(command, f"{server.url}{office.hook}") == "ok", name
    rows = page.locator("article.message.program")
    expect(rows).to_have_count(9)
    expect(rows.locator("header .author")).to_have_text(["CI", "Deploy", "CI"])
    expect(rows.locator(".text")).to_have_text([SHOWN[name] for name in one_liners()])
    expect(rows.locator(".text a")).to_have_count(13)
    look.in_both("reports of webhooks")
    assert not look.found, "\n".join(look.found)


def test_somebody_wants_ones_bot(server: Server, person: Make) -> None:
    """The invitation says that it is for one's bot, whose name is not cut off. Who accepts comes with the bot."""
    office = Office(server)
    ali = office.comes(person("ali"), "ali")
    room = {"title": "Choyxonada kechki suhbatlar"}
    made: str = office.ask("vali", "POST", "/conversations", room)["conversation"]
    assert office.ask("vali", "PUT", f"/conversations/{made}/members/ob-havo", {}) == {"invited": True}
    section = ali.page.get_by_role("region", name="Invitations")
    said = section.get_by_text("vali invited your bot Ob-havo", exact=True)
    expect(said).to_be_visible()
    assert said.evaluate("(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight")
    section.get_by_role("button", name="Join: ").click()
    expect(ali.page.locator(".conversation-view h1")).to_have_text(room["title"])
    expect(section).to_be_hidden()
    members = office.ask("vali", "GET", f"/conversations/{made}/members")["members"]
    assert {one["user"]["user_id"] for one in members} == {"ali", "vali", "ob-havo"}
