"""The settings and the moderation: tabs, addresses, the way back, the focus, loading and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.servers import Server, running

from .person import PASSWORD, PHONE, Person
from .test_flows import set_up
from .test_history import back

Make = Callable[..., Person]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("settings") / "data", send_rate="0") as server:
        yield server


def gear(page: Page) -> Locator:
    return page.locator(".sidebar footer").get_by_label("Settings")


def opens_at(person: Person, place: str) -> None:
    person.page.goto("about:blank")
    person.page.goto(f"{person.url}{place}")
    expect(person.page.locator(".sections")).to_be_visible()


def test_tabs(person: Make) -> None:
    """The arrow keys open the tabs, the address names the open one, and one step back leads to the conversation, with the
    focus where it was. A link opens its tab; Escape closes the settings. Another language leaves the focus at its choice."""
    ali = person("ali-tab").registers()
    page, keys = ali.page, ali.page.keyboard
    ali.field.fill("qoralama")
    gear(page).click()
    tab = page.get_by_role("tab", selected=True)
    expect(tab).to_have_text("Profile")
    expect(tab).to_be_focused()
    expect(ali.field).to_be_visible()  # it lies below, and nothing there can get the focus
    for key, name in (
        ("ArrowDown", "Appearance"),
        ("End", "About Suhbat"),
        ("ArrowDown", "Profile"),
        ("ArrowUp", "About"),
    ):
        keys.press(key)
        expect(tab).to_contain_text(name)
        expect(tab).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    expect(page).to_have_url(re.compile("#/settings/about$"))
    back(page)
    expect(page.locator(".sections")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("settings"))
    expect(gear(page)).to_be_focused()
    expect(ali.field).to_have_value("qoralama")

    opens_at(ali, "#/settings/devices")
    expect(tab).to_have_text("Devices")
    expect(page.locator(".sessions")).to_contain_text("This device")
    keys.press("Escape")
    expect(page.locator(".sections")).to_have_count(0)
    expect(ali.field).to_be_visible()

    opens_at(ali, "#/settings/appearance")
    language = page.locator("#language")
    language.focus()
    for tag, name in (("ru", "Оформление"), ("uz", "Koʻrinish"), ("en", "Appearance")):
        language.select_option(tag)
        expect(tab).to_have_text(name)
        expect(language).to_be_focused()


def test_other_tabs_follow(person: Make) -> None:
    """A language, a theme or a muted conversation that is chosen in one tab is seen in the others at once, also where the
    settings are open. A change there takes back none of them."""
    ali = person("ali-tablar").comes()
    page, other = ali.page, ali.tab()
    other.goto(f"{ali.url}#/settings/appearance")
    theme = other.locator("#theme")
    expect(theme).to_have_value("system")
    ali.page.get_by_label("Details").click()
    page.locator(".panel").get_by_label("Notify me about").select_option("none")
    page.get_by_label("For how long").select_option("hour")
    expect(page.get_by_label("For how long").locator("option:checked")).to_contain_text("Until ")
    opens_at(ali, "#/settings/appearance")
    page.locator("#theme").select_option("dark")
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    expect(theme).to_have_value("dark")
    page.locator("#language").select_option("ru")
    for one in (page, other):
        expect(one.locator("html")).to_have_attribute("lang", "ru")
        expect(one.get_by_role("tab", selected=True)).to_have_text("Оформление")
    expect(other.locator(".conversation .silent")).to_have_count(1)
    theme.select_option("light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(other.locator("html")).to_have_attribute("lang", "ru")


def test_a_section_that_does_not_exist(person: Make) -> None:
    """The address becomes that of the section which is shown, and Back leads to the place before."""
    for profile, name in (({}, "ali-yoq-boʻlim"), (PHONE, "ali-yoq-royxat")):
        ali = person(name, **profile).comes()
        page = ali.page
        page.evaluate("location.hash = '#/settings/nothing'")
        expect(page.locator(".sections")).to_be_visible()
        expect(page).to_have_url(f"{ali.url}#/settings")
        back(page)
        expect(page.locator(".sections")).to_have_count(0)
        expect(page).not_to_have_url(re.compile("settings"))


def test_on_a_phone_the_sections_are_a_list(person: Make) -> None:
    """On a phone the settings are a list of sections, then one of them. Back leads from the section to the list, and from
    there to the conversations, also after a link into a section."""
    ali = person("ali-royxat", **PHONE).registers()
    page = ali.page
    sections, heading = page.locator(".sections"), page.locator(".sections h1")
    gear(page).click()
    expect(heading).to_have_text("Settings")
    sections.get_by_role("link", name="Devices").click()
    expect(heading).to_have_text("Devices")
    back(page)
    expect(heading).to_have_text("Settings")
    expect(sections.get_by_role("link", name="Devices")).to_be_focused()
    sections.get_by_label("Back").click()
    expect(sections).to_have_count(0)
    expect(page.locator(".sidebar")).to_be_visible()

    opens_at(ali, "#/settings/about")
    expect(heading).to_have_text("About Suhbat")
    sections.get_by_label("Back").click()
    expect(heading).to_have_text("Settings")
    sections.get_by_label("Back").click()
    expect(sections).to_have_count(0)
    expect(page.locator(".sidebar")).to_be_visible()


def test_while_it_loads_and_when_it_fails(person: Make) -> None:
    """A list that takes long shows grey lines and is busy; a quick one does not flicker. An error says what happened, and
    Try again loads the list and keeps the focus there."""
    ali = person("ali-kutish").registers()
    page = ali.page
    held: list[Route] = []
    page.route("**/api/v1/sessions?*", lambda route: held.append(route))
    gear(page).click()
    page.get_by_role("tab", name="Devices").click()
    sessions = page.locator(".sessions")
    lines = sessions.locator(".skeleton")
    expect(sessions).to_have_attribute("aria-busy", "true")
    expect(lines).to_have_count(3)
    assert lines.first.evaluate("(line) => getComputedStyle(line).animationDelay") == "0.3s"
    expect(lines.first).to_have_css("opacity", "1")
    held.pop().abort()
    expect(sessions.get_by_role("alert")).to_contain_text("Cannot reach the server.")
    page.unroute("**/api/v1/sessions?*")
    sessions.get_by_role("button", name="Try again").press("Enter")
    expect(sessions).to_contain_text("This device")
    expect(sessions).to_be_focused()
    expect(sessions).not_to_have_attribute("aria-busy", re.compile(".*"))


def test_the_other_devices_are_logged_out(server: Server, person: Make) -> None:
    """All other sessions are ended after a question. What ends something stands last in its section."""
    ali = person("ali-qurilma").registers()
    page = ali.page
    for _ in range(2):
        assert server.request("POST", "/api/v1/sessions", {"user_id": ali.name, "password": PASSWORD})[0] == 201
    gear(page).click()
    page.get_by_role("tab", name="Privacy and security").click()
    expect(page.locator(".section-page > :last-child")).to_contain_text("Delete my account")
    page.get_by_role("tab", name="Devices").click()
    expect(page.locator(".sessions strong")).to_have_count(3)
    expect(page.locator(".section-page > :last-child")).to_contain_text("Log out of all other devices")
    page.get_by_role("button", name="Log out of all other devices").click()
    page.locator("dialog").get_by_role("button", name="Log out of all other devices").click()
    expect(page.locator(".sessions strong")).to_have_count(1)
    expect(page.locator(".section-page > :last-child")).to_be_hidden()


def test_moderation_is_a_place_of_its_own(server: Server, person: Make) -> None:
    """Who moderates the server opens the moderation from the list or by its address. Others have no such button, and the
    address shows them the conversation."""
    owner = set_up(server, person)
    page = owner.page
    page.locator(".sidebar footer").get_by_label("Moderation").click()
    expect(page.get_by_role("tab")).to_have_text(["Reports", "Invite links", "Word filter", "Audit log"])
    expect(page.get_by_text("No open reports.")).to_be_visible()
    page.get_by_role("tab", name="Invite links").click()
    expect(page.get_by_text("There are no active invite links.")).to_be_visible()
    page.locator(".sections").get_by_role("button", name="Invite people").click()
    page.locator("dialog").get_by_role("button", name="Create link").click()
    expect(page.locator(".invite-link input")).to_be_visible()  # after the answer of the server
    page.keyboard.press("Escape")
    expect(page.locator(".sections .sessions")).to_contain_text("1 use left")
    vali = person("vali-azo").registers()
    expect(vali.page.locator(".sidebar footer").get_by_label("Moderation")).to_have_count(0)
    vali.page.goto("about:blank")
    vali.page.goto(f"{vali.url}#/moderation/log")
    expect(vali.field).to_be_visible()
    expect(vali.page.locator(".sections")).to_have_count(0)
    expect(vali.page).to_have_url(f"{vali.url}#/")
