"""Finding one's way: the sections of the list, what is unread, the switcher, the search and its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .cut import Cut
from .eventually import eventually
from .person import PASSWORD, PHONE, Person
from .room import Room, in_view

Make = Callable[..., Person]


def section(page: Page, name: str) -> Locator:
    return page.locator(f'.list-section[data-section="{name}"]')


def titles(page: Page, name: str, *wanted: str) -> None:
    """Wait until a section shows exactly these conversations, in this order."""
    expect(section(page, name).locator(".conversation strong")).to_have_text(list(wanted))


def test_the_list(server: Server, person: Make) -> None:
    """Unread conversations, rooms and people have sections; an empty one is not shown. An unread conversation that is opened
    stays where it is until one leaves it. A muted one is unread only with a mention. Sections fold, the filter hides what is
    read, both also after a reload, and one button marks all as read and says how many."""
    rooms = [Room(server, title) for title in ("Bogʻ", "Choyxona", "Dala")]
    ali = person("ali-list")
    for room in rooms:
        room.tokens["ali-list"] = rooms[0].tokens.get("ali-list", "")
        if room is rooms[0]:
            room.joins(ali)
        else:
            room.ask("ali-list", "PUT", f"{room.path}/members/ali-list", {})
        room.say("boshi")
        room.reads_all("ali-list")
    garden, teahouse, field = rooms
    page = ali.page
    page.goto(f"{ali.url}#/c/lobby")
    ali.is_in()
    expect(section(page, "unread")).to_be_hidden()
    expect(section(page, "people")).to_be_hidden()
    garden.say("salom")
    teahouse.say("choy tayyor")
    titles(page, "unread", "Choyxona", "Bogʻ")
    titles(page, "rooms", "Dala", "Everyone")
    ali.opens("Bogʻ")
    expect(section(page, "unread").locator(".badge")).to_have_count(1)  # it is read
    titles(page, "unread", "Choyxona", "Bogʻ")
    page.mouse.move(900, 300)
    ali.opens("Dala")
    page.mouse.move(900, 300)
    titles(page, "unread", "Choyxona")
    # One that was muted on this device by an older version is muted on all. It has an icon, and is unread with a mention.
    page.evaluate(
        """(id) => {
          const kept = JSON.parse(localStorage["suhbat.preferences"]);
          localStorage["suhbat.preferences"] = JSON.stringify({ ...kept, silent: [id] });
        }""",
        garden.conversation,
    )
    page.reload()
    garden.say("hech kimga")
    muted = section(page, "rooms").locator(".conversation", has_text="hech kimga")
    expect(muted.get_by_label("muted")).to_be_visible()
    expect(muted.locator(".badge.quiet")).to_have_text("1")
    garden.say("@ali-list qarang")
    titles(page, "unread", "Bogʻ", "Choyxona")
    expect(section(page, "unread").get_by_label("1 mention")).to_be_visible()
    # A draft, a folded section, the filter.
    ali.field.fill("hali tugamagan gap")
    ali.opens("Everyone")
    expect(section(page, "rooms").locator(".conversation", has_text="Draft: hali tugamagan gap")).to_be_visible()
    fold = section(page, "rooms").locator(".fold")
    fold.click()
    titles(page, "rooms", "Everyone")
    page.get_by_label("Show only unread").click()
    titles(page, "unread", "Bogʻ", "Choyxona")
    page.reload()
    ali.is_in()
    expect(page.get_by_label("Show only unread")).to_have_attribute("aria-pressed", "true")
    expect(fold).to_have_attribute("aria-expanded", "false")
    field.say("yana bittasi")
    titles(page, "unread", "Dala", "Bogʻ", "Choyxona")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".toast", has_text="3 conversations marked as read.")).to_be_visible()
    expect(section(page, "unread")).to_be_hidden()
    eventually(lambda: [room.unread("ali-list") for room in rooms] == [0, 0, 0])


def test_a_long_list(server: Server, person: Make, cut: Cut) -> None:
    """A conversation that is opened by a key is in view in the list, and each key press counts, however quickly they
    follow. The filter shows the beginning of what is unread.
    After an absence the list is drawn once a frame, not for each event."""
    rooms = [Room(server, f"Xona-{number:02}") for number in range(20)]
    ali = person("ali-uzun", port=cut.port)
    rooms[0].joins(ali)
    for room in rooms:
        room.tokens["ali-uzun"] = rooms[0].tokens["ali-uzun"]
        room.ask("ali-uzun", "PUT", f"{room.path}/members/ali-uzun", {})
        room.say("boshi")
        room.reads_all("ali-uzun")
    page, current = ali.page, ali.page.locator(".conversation[aria-current]")
    page.goto(f"{ali.url}#/c/lobby")
    titles(page, "rooms", *(f"Xona-{number:02}" for number in reversed(range(20))), "Everyone")
    page.keyboard.press("Alt+ArrowUp")
    expect(current).to_contain_text("Xona-00")
    expect(current).to_be_in_viewport(ratio=0.9)
    page.evaluate(  # both before the page shows the next conversation, as on a slow machine
        """() => {
          const down = { key: "ArrowDown", code: "ArrowDown", altKey: true, bubbles: true, cancelable: true };
          for (const _ of [1, 2]) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", down));
        }"""
    )
    expect(current).to_contain_text("Xona-19")
    expect(current).to_be_in_viewport(ratio=0.9)
    page.locator(".lists").evaluate("(lists) => (lists.scrollTop = 400)")
    page.get_by_label("Show only unread").click()
    page.get_by_label("Show only unread").click()
    expect(current).to_be_in_viewport(ratio=0.9)

    cut.cut()
    for number in range(200):
        rooms[1].say(f"yoʻgʻingizda {number}")
    page.evaluate(
        """() => {
          window.drawn = 0;
          const row = (one) => one.textContent?.includes("yoʻgʻingizda");
          new MutationObserver((all) => (drawn += all.flatMap(({ addedNodes }) => [...addedNodes]).filter(row).length))
            .observe(document.querySelector(".lists"), { childList: true, subtree: true });
        }"""
    )
    cut.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(section(page, "unread")).to_contain_text("yoʻgʻingizda 199")
    assert page.evaluate("drawn") < 100


def test_the_switcher(server: Server, person: Make) -> None:
    """It finds one's own conversations first, then people and public rooms that one is not in. A choice opens, writes or joins
    in one step. If the server does not answer, what this device knows is found."""
    room = Room(server, "Sayohat")
    club = {"title": "Сайёҳлар", "topic": "Togʻlar va yoʻllar", "visibility": "public"}
    other: str = room.ask("anna", "POST", "/conversations", club)["conversation"]
    body = {"user_id": "sayyora", "password": PASSWORD, "display_name": "Sayyora Karimova"}
    status, _ = server.request("POST", "/api/v1/accounts", body)
    assert status == 201
    ali = room.joins(person("ali-switch"))
    page = ali.page
    page.goto(f"{ali.url}#/c/lobby")
    ali.is_in()
    options = page.locator("dialog [role=option]")

    def find(letters: str) -> None:
        page.keyboard.press("Control+k")
        page.locator("dialog.switcher input").fill(letters)

    find("say")
    expect(options.filter(has_text="Sayyora Karimova")).to_contain_text("@sayyora")
    expect(options.filter(has_text="Сайёҳлар")).to_contain_text("Togʻlar va yoʻllar")
    expect(options.first).to_contain_text("Sayohat")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-view h1")).to_have_text("Sayohat")
    find("сайёҳл")
    expect(options.first.locator("strong")).to_have_text("Сайёҳлар")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-view h1")).to_have_text("Сайёҳлар")
    expect(ali.field).to_be_enabled()
    assert room.ask("anna", "GET", f"/conversations/{other}")["member_count"] == 2
    find("karim")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-view h1")).to_contain_text("ayyora")
    ali.says("salom, Sayyora")
    ali.sees("salom, Sayyora")
    titles(page, "people", page.locator(".conversation-view h1").inner_text())
    page.route("**/api/v1/users?*", lambda route: route.abort())
    find("sayo")
    expect(page.locator("dialog .hint")).to_have_text("Only what this device knows is shown.")
    expect(options.first.locator("strong")).to_have_text("Sayohat")
    page.locator("dialog input").fill("yoʻq bunday")
    expect(page.locator("dialog .empty")).to_have_text("Nothing found.")


def search(page: Page, text: str) -> Locator:
    """Type into the open search; gives its results."""
    page.locator(".search-head input[type=search]").fill(text)
    return page.locator(".results .result")


def chosen(page: Page) -> Any:
    return page.locator('.results [aria-selected="true"]')


def test_the_search(server: Server, person: Make) -> None:
    """It begins in the open conversation; this filter can be removed. Words are marked, in any alphabet. The arrow keys choose
    a result and Enter opens it, in another conversation as well, and the results stay. A day opens at its first message. What
    is not found, and a lost connection, say what to do."""
    room, other = Room(server, "Qidiruv"), Room(server, "Boshqa")
    room.say("Birinchi olma")
    room.fill(90)
    last = room.say("Ikkinchi олма, <b>olmazor</b>")
    other.say("Uchinchi olma https://example.org/olma")
    ali = room.joins(person("ali-search"))
    other.tokens["ali-search"] = room.tokens["ali-search"]
    other.ask("ali-search", "PUT", f"{other.path}/members/ali-search", {})
    for each in (room, other):
        each.reads_all("ali-search")
    page = ali.page
    page.goto(room.url(ali))
    expect(ali.sees("Ikkinchi олма, <b>olmazor</b>")).to_be_in_viewport()
    expect(page.get_by_label("Search messages").filter(visible=True)).to_have_count(1)
    page.keyboard.press("Control+Shift+f")
    results = search(page, "olma")
    expect(results).to_have_count(2)
    expect(results.first.locator("mark")).to_have_text(["олма", "olmazor"])
    expect(page.locator(".search-status")).to_have_text("2 results")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(chosen(page)).to_contain_text("Birinchi")
    page.keyboard.press("Enter")
    expect(page.locator("article.found", has_text="Birinchi olma")).to_be_visible()
    page.keyboard.press("Control+Shift+f")
    expect(chosen(page)).to_contain_text("Birinchi")
    page.locator(".search-head .chip").click()
    expect(results).to_have_count(3)
    expect(results.first.locator(".where")).to_have_text("Boshqa")
    page.locator(".search-head input[type=search]").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation-view h1")).to_have_text("Boshqa")
    expect(page.locator("article.found", has_text="Uchinchi olma")).to_be_visible()
    expect(results).to_have_count(3)
    # Filters: a sender, links, days.
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("With a link").check()
    expect(results).to_have_count(1)
    page.get_by_label("With a link").uncheck()
    page.get_by_label("Sent by", exact=True).fill("anna-Qidiruv")
    expect(results).to_have_count(2)
    page.get_by_label("Until", exact=True).fill("2020-01-01")
    expect(page.locator(".search-panel .empty")).to_contain_text("Nothing found.")
    page.get_by_label("Until", exact=True).fill("")
    expect(results).to_have_count(2)
    # A day: the first message of today is not loaded, and there is none in 2020 but a later one.
    page.locator(".filters select").first.select_option("Qidiruv")
    page.get_by_role("button", name="Go to a date").click()
    page.locator(".search-panel .jump input").fill("2020-01-01")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(".toast", has_text="Nothing was written on that day.")).to_be_visible()
    expect(page.locator(".conversation-view h1")).to_have_text("Qidiruv")
    expect(page.locator("article.found", has_text="Birinchi olma")).to_be_visible()
    eventually(lambda: in_view(ali.sees("Birinchi olma")))
    page.locator(".newer").click()
    expect(page.locator(".newer")).to_be_hidden()
    expect(ali.sees("Ikkinchi олма, <b>olmazor</b>")).to_be_in_viewport()

    def asks_for_a_day() -> int:
        if not page.locator(".day-menu").count():  # the end is shown, and may move the focus, which closes the menu
            page.locator(".day button").last.click()
        return page.locator(".day-menu input").count()

    eventually(asks_for_a_day)
    page.locator(".day-menu input").fill("2020-01-01")
    page.locator(".day-menu input").press("Enter")
    expect(page.locator("article.found", has_text="Birinchi olma")).to_be_visible()
    expect(page.locator(".day-menu")).to_have_count(0)
    # Nothing found, and no connection.
    search(page, "hechqayerdayozilmagan")
    expect(page.locator(".search-panel .empty")).to_contain_text("Try fewer or other words")
    page.route("**/api/v1/search?*", lambda route: route.abort())
    search(page, "olma")
    expect(page.locator(".search-panel .empty")).to_contain_text("No connection.")
    page.unroute("**/api/v1/search?*")
    page.get_by_role("button", name="Try again").click()
    expect(results).to_have_count(2)
    # A result follows its message.
    room.ask("anna", "DELETE", f"{room.path}/messages/{last}")
    expect(results).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)


def test_the_search_on_a_phone(server: Server, person: Make) -> None:
    """Back leads from a result to the results as they were, and from there to the place before the search."""
    room = Room(server, "Telefon")
    room.fill(40, "nishon {} shu yerda".format)
    ali = room.joins(person("ali-phone", **PHONE))
    room.reads_all("ali-phone")
    page = ali.page
    page.goto(ali.url)
    ali.is_in()
    page.locator(".sidebar").get_by_label("Search messages").click()
    results = search(page, "nishon")
    expect(results).to_have_count(30)
    page.get_by_role("button", name="Show more").click()
    expect(results).to_have_count(40)
    results.nth(35).click()
    expect(page.locator("article.found")).to_contain_text("nishon 5 shu yerda")
    expect(page.locator(".panel")).to_be_hidden()
    for back in (lambda: page.evaluate("history.back()"), lambda: page.locator(".conversation-view .back").click()):
        back()
        expect(results).to_have_count(40)
        expect(results.nth(35)).to_be_in_viewport()
        expect(page.locator(".conversation-view")).to_be_hidden()
        results.nth(34).click()
        expect(page.locator("article.found", has_text="nishon 6 shu yerda")).to_be_visible()
    page.evaluate("history.back()")
    expect(results.nth(34)).to_be_in_viewport()
    page.locator(".panel").get_by_label("Close").click()
    expect(page.locator(".sidebar")).to_be_visible()
    expect(page.locator(".panel")).to_have_count(0)
    ali.opens("Telefon")
    page.locator(".conversation-view").get_by_label("Search messages").click()
    expect(page.locator(".search-head .chip")).to_have_text("In: Telefon")
    page.evaluate("history.back()")
    expect(page.locator(".conversation-view h1")).to_be_visible()
    expect(page.locator(".panel")).to_have_count(0)
