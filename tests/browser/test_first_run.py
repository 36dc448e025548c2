"""The first minutes: what a new server, a new room and a new direct show, and the way out of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server, running

from .person import PHONE, Person
from .test_flows import set_up

Make = Callable[..., Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("first") / "data", send_rate="0") as server:
        yield server


def test_from_an_empty_server_to_a_room(server: Server, person: Make) -> None:
    """The owner of a new server sees three first steps, which lead there and are ticked off. A new room shows its name, a
    prompt for the topic and Add people; a member sees neither. The details have no part for pinned messages while there
    are none. After leaving a room, the user is told so and sees another conversation."""
    owner = set_up(server, person)
    page = owner.page
    intro, steps = page.locator(".intro"), page.locator(".intro .steps")
    expect(intro.get_by_role("heading", name="Everyone")).to_be_visible()
    steps.get_by_role("button", name="Set your display name").click()
    page.locator("#display-name").fill("Egasi Aka")
    page.locator(".sections").get_by_role("button", name="Save").click()
    expect(page.locator(".me")).to_contain_text("Egasi Aka")
    page.locator(".sections").get_by_label("Close").click()
    expect(steps.locator(".done")).to_have_text(["Set your display nameDone"])
    steps.get_by_role("button", name="Create a room").click()
    page.locator("dialog input[name=title]").fill("Choyxona")
    page.locator("dialog").get_by_role("button", name="Create room").click()
    expect(intro.get_by_role("heading", name="Choyxona")).to_be_visible()
    expect(intro).to_contain_text("Private room · 1 member")
    box, view = intro.bounding_box(), page.locator(".timeline").bounding_box()
    assert box and view and abs((box["y"] + box["height"] / 2) - (view["y"] + view["height"] / 2)) < 20
    intro.get_by_role("button", name="Add a topic").click()
    expect(page.locator("dialog input[name=topic]")).to_be_focused()
    page.keyboard.type("Ish haqida")
    page.keyboard.press("Enter")
    expect(intro.locator(".topic")).to_have_text("Ish haqida")

    vali = person("vali", **PHONE).registers()
    expect(vali.page.locator(".list-steps")).to_be_empty()
    intro.get_by_role("button", name="Add people").click()
    expect(page.locator("dialog input")).to_be_focused()
    page.keyboard.type("nobody-here")
    expect(page.locator("dialog .members")).to_have_text("Nobody found. Check the spelling.")
    page.locator("dialog input").fill("vali")
    expect(page.locator("dialog .member")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator("dialog").get_by_role("button", name="Add", exact=True).click()
    vali.opens("Choyxona")
    expect(vali.page.locator(".intro")).to_contain_text("Ish haqida")
    expect(vali.page.locator(".intro button")).to_have_count(0)

    page.get_by_label("Details").click()
    panel = page.locator(".panel")
    expect(panel.locator(".member")).to_have_count(2)
    expect(panel.locator("h3:visible")).to_have_text(["Choyxona", "Members: 2", "Notifications", "Webhooks"])
    expect(panel.locator("button").last).to_have_text("Delete room")
    vali.page.get_by_label("Details").click()
    vali.page.locator(".panel").get_by_role("button", name="Leave room").click()
    vali.page.locator("dialog").get_by_role("button", name="Leave room").click()
    expect(vali.page.locator(".toast", has_text="You left “Choyxona”.")).to_be_visible()
    expect(vali.page.locator(".sidebar")).to_be_visible()
    panel.get_by_role("button", name="Delete room").click()
    page.locator("dialog").get_by_role("button", name="Delete room").click()
    expect(page.locator(".toast", has_text="“Choyxona” is deleted.")).to_be_visible()
    expect(page.locator(".conversation-view h1")).to_have_text("Everyone")
    sets_the_lobby_up(page)


def sets_the_lobby_up(page: Page) -> None:
    """The owner of the server says there who sends files and how long messages are kept. It has no title, and is neither made
    private nor archived."""
    page.locator(".conversation-view").get_by_label("Details").click()
    page.locator(".panel").get_by_role("button", name="Settings of “Everyone”").click()
    box = page.get_by_role("dialog", name="Settings of “Everyone”")
    names = box.locator("input, select").evaluate_all("(all) => all.map((one) => one.name)")
    assert names == ["topic", "files", "slow_mode", "retention"]
    box.locator("[name=files]").select_option("accounts")
    box.locator("[name=retention]").fill("30")
    box.get_by_role("button", name="Save").click()
    expect(box).to_have_count(0)
    page.wait_for_function("() => !history.state?.layers")  # else the step back from the dialog ends the reload
    page.reload()
    page.locator(".conversation-view").get_by_label("Details").click()
    page.locator(".panel").get_by_role("button", name="Settings of “Everyone”").click()
    expect(box.locator("[name=retention]")).to_have_value("30")
    expect(box.locator("[name=files]")).to_have_value("accounts")
    page.keyboard.press("Escape")


def test_a_new_direct_says_who_that_is(server: Server, person: Make) -> None:
    """A direct without messages shows the person, and the details say it, too."""
    server.guest("olim")
    ali = person("ali-yangi").registers()
    page = ali.page
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="New direct message").click()
    page.locator("dialog input").fill("olim")
    expect(page.locator("dialog .member")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    intro = page.locator(".intro")
    expect(intro.get_by_role("heading", name="olim")).to_be_visible()
    expect(intro).to_contain_text("@olim")
    page.get_by_label("Details").click()
    expect(page.locator(".panel .about-it h3")).to_have_text("olim")
    expect(page.locator(".panel button").last).to_have_text("Hide this conversation")


def test_history_that_does_not_come(server: Server, person: Make) -> None:
    """If the history cannot be loaded, the page says so and offers to try again, and shows it when it comes."""
    ali = person("ali-tarix").registers()
    page = ali.page
    page.route("**/messages?*", lambda route: route.abort())
    page.goto("about:blank")
    page.goto(f"{ali.url}#/c/lobby")
    rows = page.locator(".rows")
    expect(rows.get_by_role("alert")).to_contain_text("Cannot reach the server.")
    expect(rows.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute("**/messages?*")
    expect(rows.locator(".intro")).to_be_visible()
