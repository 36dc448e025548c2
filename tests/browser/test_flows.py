"""The main flows of the page, each with two browsers at once, against a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Route, expect
from websockets.sync.client import connect

from tests.servers import Server

from .cut import Cut
from .eventually import eventually
from .person import DESK, PASSWORD, PHONE, Person

Make = Callable[..., Person]


def set_up(server: Server, person: Make) -> Person:
    """Create the first owner with the setup link that the server printed."""
    found = re.search(r"http://\S+(/setup\?code=\S+)", server.printed())
    assert found
    return person("egasi").registers(f"http://localhost:{server.port}{found[1]}")


def test_from_setup_to_an_invited_guest(server: Server, person: Make) -> None:
    """The owner sets the server up, makes a room and invites a user. The invited user is in the room, and both can
    write there. After the setup a setup link no longer works, and its code does not stay in the address."""
    owner = set_up(server, person)
    expect(owner.page).not_to_have_url(re.compile("code="))
    late = person("kechikkan")
    late.page.goto(f"{late.url}setup?code=worth-nothing")
    expect(late.page.get_by_role("status")).to_have_text(
        "This server already has an owner. The setup link no longer works."
    )
    expect(late.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(late.page).not_to_have_url(re.compile("code="))
    late.comes()
    late.page.goto(f"{late.url}setup?code=worth-nothing")
    late.is_in()
    owner.page.get_by_label("New conversation").click()
    owner.page.get_by_role("menuitem", name="New room").click()
    owner.page.fill("dialog input[name=title]", "Choyxona")
    owner.page.click("dialog button.primary")
    expect(owner.page.locator(".conversation-view h1")).to_have_text("Choyxona")
    owner.page.get_by_label("Details").click()
    owner.page.locator(".panel").get_by_role("button", name="Invite people").click()
    owner.page.click("dialog button.primary")
    link = owner.page.locator(".invite-link input").input_value()
    owner.page.keyboard.press("Escape")

    guest = person("mehmon").registers(link)
    expect(guest.page).to_have_url(re.compile("#/$|/c/"))
    guest.opens("Choyxona")
    guest.says("Salom, egasi!")
    owner.sees("Salom, egasi!")
    owner.says("Xush kelibsiz!")
    guest.sees("Xush kelibsiz!")
    guest.sees("Salom, egasi!")


def test_talking(server: Server, person: Make) -> None:
    """Messages go both ways without duplicates. Edits, deletions with undo, reactions and replies reach the other user
    at once."""
    ali, vali = person("ali").comes(), person("vali").comes()
    ali.says("Assalomu alaykum")
    vali.sees("Assalomu alaykum")
    vali.says("Va alaykum assalom")
    ali.sees("Va alaykum assalom")

    ali.field.press("ArrowUp")
    ali.field.fill("Assalomu alaykum, doʻstlar")
    ali.field.press("Enter")
    edited = vali.sees("Assalomu alaykum, doʻstlar")
    expect(edited.locator(".edited")).to_be_visible()
    ali.sees("Assalomu alaykum, doʻstlar")

    row = vali.sees("Assalomu alaykum, doʻstlar")
    row.hover()
    row.get_by_role("button", name="React with 👍").click()
    reaction = ali.sees("Assalomu alaykum, doʻstlar").locator(".reaction")
    expect(reaction).to_have_text("👍1")
    reaction.click()
    expect(vali.page.locator(".reaction")).to_have_text("👍2")

    row.hover()
    row.get_by_role("button", name="Reply", exact=True).click()
    vali.says("Bu javob")
    quote = ali.sees("Bu javob").locator(".quote")
    expect(quote).to_contain_text("Assalomu alaykum, doʻstlar")
    quote.click()
    expect(ali.page.locator("article.found")).to_contain_text("Assalomu alaykum, doʻstlar")

    ali.does("Assalomu alaykum, doʻstlar", "Delete")
    ali.page.get_by_role("button", name="Undo").click()
    ali.page.wait_for_timeout(300)
    vali.sees("Assalomu alaykum, doʻstlar")
    ali.does("Assalomu alaykum, doʻstlar", "Delete")
    expect(vali.page.locator(".tombstone")).to_have_count(1)
    expect(vali.message("Assalomu alaykum, doʻstlar")).to_have_count(0)
    expect(ali.page.locator(".quote")).to_contain_text("Message deleted")


def test_what_is_sent_is_what_was_written_then(server: Server, person: Make) -> None:
    """Emoji names are loaded at their first use. A message sent before that keeps its text from when Enter was pressed,
    stays in order, and takes in nothing of the next lines. If the names cannot be loaded or the network does not
    answer, the message goes as written. Enter in the picker takes the first result once the emoji are there."""
    ali = person("ali", service_workers="block", **DESK).comes()
    held: list[Route] = []
    ali.page.route("**/emoji-data.js", lambda route: held.append(route))
    ali.says(":tada: bayram, `:tada:`")
    ali.says("ikkinchi gap")
    ali.field.fill("uchinchi, hali tugamagan")
    expect(ali.field).to_have_value("uchinchi, hali tugamagan")
    while not held:
        ali.page.wait_for_timeout(50)
    ali.page.get_by_role("button", name="Emoji", exact=True).click()
    expect(ali.page.get_by_label("Search emoji")).to_be_focused()
    ali.page.keyboard.type("rocket")
    ali.page.keyboard.press("Enter")
    held.pop().continue_()
    ali.sees_in_order("🎉 bayram, :tada:", "ikkinchi gap")
    expect(ali.field).to_have_value(re.compile("^uchinchi, hali tugamagan ?🚀 ?$"))

    vali = person("vali", service_workers="block", **DESK).comes()
    vali.page.route("**/emoji-data.js", lambda route: route.abort())
    vali.says(":tada: tarmoqsiz")
    vali.says("keyingisi")
    ali.sees_in_order("🎉 bayram, :tada:", "ikkinchi gap", ":tada: tarmoqsiz", "keyingisi")

    soli = person("soli", service_workers="block", **DESK).comes()
    soli.page.route("**/emoji-data.js", lambda route: None)
    soli.says(":tada: javobsiz")
    ali.sees(":tada: javobsiz")


def test_search(person: Make) -> None:
    """A Latin query finds Cyrillic text, and the result opens at its message."""
    ali, vali = person("ali").comes(), person("vali").comes()
    ali.says("Бугун ўзбек тилида гаплашамиз")
    vali.sees("Бугун ўзбек тилида гаплашамиз")
    vali.page.locator(".sidebar").get_by_label("Search").click()
    vali.page.locator(".search-head input[type=search]").fill("o'zbek")
    result = vali.page.locator(".results .result")
    expect(result).to_contain_text("ўзбек")
    result.click()
    expect(vali.page.locator("article.found")).to_contain_text("ўзбек")


def test_a_search_that_takes_many_pages(person: Make) -> None:
    """Empty pages are passed over. If there are too many, people read that older messages were not searched yet, and may go
    on to the end."""
    ali = person("ali").comes()
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        cursor = None if len(asked) == 13 else str(100 - len(asked))
        route.fulfill(json={"messages": [], "cursor": cursor})

    ali.page.route("**/api/v1/search?*", answer)
    ali.page.locator(".sidebar").get_by_label("Search").click()
    ali.page.locator(".search-head input[type=search]").fill("hech kim")
    expect(ali.page.locator(".search-panel .empty")).to_have_text(
        "Nothing found in newer messages. Older ones were not searched yet."
    )
    assert len(asked) == 11
    ali.page.get_by_role("button", name="Show more").click()
    expect(ali.page.locator(".search-panel .empty")).to_contain_text("Nothing found.")
    assert len(asked) == 13


def test_read_marks_on_two_tabs(server: Server, person: Make) -> None:
    """A message that is read in one tab is read in the other tab and on another device. Two tabs share one socket."""
    ali, vali = person("ali").comes(), person("vali").comes()
    vali.page.evaluate("location.hash = '#/'")
    other = vali.tab()
    other.goto(vali.url)
    vali.is_in(other)
    other.get_by_label("New conversation").click()
    other.get_by_role("menuitem", name="New direct message").click()
    other.fill("dialog input", "ali")
    other.locator("dialog .member button").first.click()
    other.locator("dialog button.primary").click()
    expect(other.locator(".conversation-view h1")).to_have_text("ali")
    other.locator(".composer textarea").fill("salom")
    other.locator(".composer textarea").press("Enter")
    expect(other.locator("article.message .text")).to_have_text(["salom"])
    expect(other.locator("article.pending")).to_have_count(0)
    other.close()

    ali.page.locator(".conversation", has_text="Everyone").wait_for()
    ali.opens("vali")
    vali.opens("Everyone")
    second = vali.tab()
    second.goto(vali.url + "#/c/lobby")
    vali.is_in(second)
    vali.page.bring_to_front()
    ali.says("bir")
    ali.says("ikki")
    for page in (vali.page, second):
        expect(page.locator(".conversation", has_text="ali").locator(".badge").first).to_have_text("2")
    vali.opens("ali")
    vali.sees("ikki")
    for page in (vali.page, second):
        expect(page.locator(".conversation", has_text="ali").locator(".badge")).to_have_count(0)
    expect(ali.sees("ikki").locator(".ticks.read")).to_be_visible()
    second.bring_to_front()
    second.locator(".conversation", has_text="ali").click()
    expect(second.locator("article.message .text")).to_have_text(["salom", "bir", "ikki"])
    status, figures = server.request("GET", "/metrics")
    assert status == 200
    connections = re.findall(r"^suhbat_connections(?:\{[^}]*\})? (\d+)", figures, re.MULTILINE)
    assert sum(int(float(one)) for one in connections) == 2, figures


def test_the_network_is_cut(server: Server, person: Make, cut: Cut) -> None:
    """The network of one user is cut for some seconds, and both users write. The page shows a banner, and a message that
    waits can be taken back. Afterwards no message is missing or doubled."""
    ali, vali = person("ali", port=cut.port).comes(), person("vali").comes()
    vali.says("oldin")
    ali.sees("oldin")
    cut.cut()
    ali.says("uzilgan paytda")
    vali.says("bu yerda ham")
    expect(ali.page.locator(".banner")).to_be_visible()
    expect(ali.page.locator("article.pending")).to_have_count(1)
    ali.says("qaytarib olinadi")
    pending = ali.page.locator("article.pending")
    expect(pending).to_have_count(2)
    pending.filter(has_text="qaytarib olinadi").get_by_role("button", name="Don't send").click()
    expect(pending).to_have_count(1)
    # Pressed while nothing answers: afterwards the page may come back by itself before anybody could press.
    ali.page.get_by_role("button", name="Try now").click()
    expect(ali.page.locator(".banner")).to_be_visible()
    cut.mend()
    ali.page.evaluate("dispatchEvent(new Event('online'))")
    expect(ali.page.locator(".banner")).to_be_hidden()
    for one in (ali, vali):
        one.sees_in_order("oldin", "bu yerda ham", "uzilgan paytda")
        expect(one.page.locator("article.pending")).to_have_count(0)


def test_the_server_is_killed(server: Server, person: Make) -> None:
    """If the server is killed while a user writes, the draft stays, each sent message appears once, and a reload
    changes nothing."""
    ali, vali = person("ali").comes(), person("vali").comes()
    ali.says("birinchi")
    vali.sees("birinchi")
    ali.field.fill("hali tugamagan")
    vali.can_do_without()
    server.kill()
    vali.says("server yoʻq paytda")
    expect(vali.page.locator("article.pending")).to_have_count(1)
    vali.has_kept("birinchi")
    vali.has_kept("server yoʻq paytda", "pending")
    vali.page.reload()
    expect(vali.page.locator("article.message .text")).to_have_text(["birinchi", "server yoʻq paytda"])
    server.start()
    expect(ali.page.locator(".banner")).to_be_hidden()
    expect(ali.field).to_have_value("hali tugamagan")
    ali.sees("server yoʻq paytda")
    ali.page.reload()
    expect(ali.field).to_have_value("hali tugamagan")
    ali.field.press("Enter")
    vali.sees_in_order("birinchi", "server yoʻq paytda", "hali tugamagan")


def test_on_a_phone(person: Make) -> None:
    """On a phone the page shows one pane and a back button. The button sends and Enter breaks the line. Nothing is
    wider than the screen."""
    ali, vali = person("ali").comes(), person("vali", **PHONE).comes()
    expect(vali.page.locator(".conversation-view")).to_have_count(0)
    vali.opens("Everyone")
    expect(vali.page.locator(".sidebar")).to_be_hidden()
    vali.field.fill("bir qator")
    vali.field.press("Enter")
    vali.field.press_sequentially("yana biri")
    vali.page.locator(".send").click()
    expect(ali.page.locator("article .text").last).to_have_text("bir qator\nyana biri", use_inner_text=True)
    ali.says("a" * 500)
    vali.sees("a" * 500)
    eventually(lambda: vali.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
    vali.page.get_by_label("Details").click()
    expect(vali.page.locator(".panel")).to_be_visible()
    vali.page.locator(".panel").get_by_label("Close").click()
    vali.page.get_by_label("Back").click()
    expect(vali.page.locator(".sidebar")).to_be_visible()


def test_with_the_keyboard_alone(person: Make) -> None:
    """A user can join, write, reply, react, find a conversation and leave a dialog without a pointer."""
    ali, vali = person("ali"), person("vali").comes()
    keys = ali.page.keyboard
    ali.page.goto(ali.url)
    expect(ali.page.locator("input[name=user_id]")).to_be_focused()
    keys.type("ali")
    keys.press("Enter")
    ali.is_in()
    expect(ali.field).to_be_focused()
    keys.type("tugmalar bilan")
    keys.press("Enter")
    vali.sees("tugmalar bilan")
    vali.says("koʻrdim")
    ali.sees("koʻrdim")
    ali.page.locator(".scroller").focus()
    keys.press("ArrowUp")
    expect(ali.page.locator("article:focus")).to_contain_text("koʻrdim")
    keys.press("r")
    expect(ali.field).to_be_focused()
    keys.type("javob")
    keys.press("Enter")
    expect(vali.sees("javob").locator(".quote")).to_contain_text("koʻrdim")
    keys.press("Control+k")
    expect(ali.page.locator("dialog input")).to_be_focused()
    keys.type("every")
    keys.press("Enter")
    expect(ali.page.locator("dialog")).to_have_count(0)
    ali.page.locator(".scroller").focus()
    keys.press("?")
    expect(ali.page.locator("dialog")).to_contain_text("Ctrl")
    keys.press("Escape")
    expect(ali.page.locator("dialog")).to_have_count(0)
    ali.field.focus()
    keys.type("@va")
    expect(ali.page.get_by_role("option", name="@vali")).to_be_visible()
    keys.press("Enter")
    expect(ali.field).to_have_value("@vali ")


def test_escape_closes_one_thing(person: Make) -> None:
    """The first Escape closes the card. The second closes the pane in which it was opened and focuses the message
    field."""
    ali, vali = person("ali").comes(), person("vali").comes()
    vali.says("salom")
    ali.sees("salom")
    ali.page.get_by_label("Details").click()
    panel, card = ali.page.locator(".panel"), ali.page.locator(".person")
    panel.locator(".who").first.click()
    expect(card).to_be_visible()
    ali.page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(panel).to_be_visible()
    ali.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(ali.field).to_be_focused()


def test_languages(person: Make) -> None:
    """The language follows the browser. Another language applies at once, keeps the open conversation and the draft,
    and is remembered after a reload."""
    ali, vali = person("ali", locale="ru-RU"), person("vali").comes()
    ali.page.goto(ali.url)
    expect(ali.page.get_by_role("heading", name="Присоединиться")).to_be_visible()
    ali.comes()
    expect(ali.field).to_have_attribute("placeholder", "Написать сообщение")
    vali.says("salom")
    ali.sees("salom")
    ali.field.fill("qoralama")
    for tag, name, label in (
        ("uz", "Sozlamalar", "Xabar yozing"),
        ("uz-Cyrl", "Созламалар", "Хабар ёзинг"),
        ("en", "Settings", "Write a message"),
    ):
        ali.page.locator(".sidebar footer .icon-button").click()
        ali.page.get_by_role("tab").nth(1).click()
        ali.page.locator("#language").select_option(tag)
        expect(ali.page.locator(".sections h1")).to_have_text(name)
        ali.page.keyboard.press("Escape")
        expect(ali.field).to_have_attribute("placeholder", label)
        expect(ali.field).to_have_value("qoralama")
        expect(ali.page.locator(".sidebar footer .icon-button")).to_have_attribute("aria-label", name)
        expect(ali.page.locator("html")).to_have_attribute("lang", tag)
    ali.page.reload()
    expect(ali.field).to_have_attribute("placeholder", "Write a message")


def test_postman_and_the_page(server: Server, person: Make) -> None:
    """Messages of a client of the simple dialect appear in the page, and the other way round. A private message of that
    client is an unread direct in the page."""
    ali = person("ali").comes()
    with connect(f"{server.ws}/ws/postman", proxy=None) as postman:
        postman.send(json.dumps({"message": "Salom hammaga!", "to_user": ""}))
        ali.sees("Salom hammaga!")
        ali.says("Salom, Postman!")
        frames: list[dict[str, str]] = []
        while not frames or frames[-1].get("message") != "Salom, Postman!":
            frames.append(json.loads(postman.recv(10)))
        assert frames[-1]["from_user"] == "ali"
        postman.send(json.dumps({"message": "faqat sizga", "to_user": "ali"}))
        expect(ali.page.locator(".conversation", has_text="postman").locator(".badge").first).to_have_text("1")


def test_the_door_leaves_the_focus_where_one_puts_it(server: Server, person: Make) -> None:
    """Another login method focuses its first field. If the user is already in the second field, the focus stays
    there."""
    page = person("ali").page
    page.goto(f"http://localhost:{server.port}/")
    page.wait_for_selector("input[name=user_id]")
    where = page.evaluate(
        """async () => {
            const focused = () => document.activeElement.name;
            const frame = () => new Promise(requestAnimationFrame);
            const ways = [...document.querySelectorAll("button.link")];
            ways.find((way) => way.textContent.includes("account")).click();
            await null;
            const first = focused();
            document.querySelector("input[name=password]").focus();
            await frame();
            await frame();
            return [first, focused()];
        }"""
    )
    assert where == ["user_id", "password"]


def test_a_session_that_ended(server: Server, person: Make) -> None:
    """When another device ends the session, the page asks for the password. The draft is still there afterwards."""
    ali = person("ali").registers()
    ali.field.fill("yarim gap")
    ali.has_kept("yarim gap")
    status, other = server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD})
    assert status == 201
    assert server.request("DELETE", "/api/v1/sessions", token=other["token"])[0] == 204
    expect(ali.page.locator(".gate .why")).to_be_visible()
    expect(ali.page.locator("input[name=user_id]")).to_have_value("ali")
    ali.page.fill("input[name=password]", PASSWORD)
    ali.page.click("button.primary")
    ali.is_in()
    expect(ali.field).to_have_value("yarim gap")


def test_without_a_network_one_can_read(person: Make, cut: Cut) -> None:
    """After one visit the page opens without the server. It shows the messages read last and the pending ones. When the
    network is back, pending messages are sent."""
    ali, vali = person("ali", port=cut.port).comes(), person("vali").comes()
    vali.says("buni keyin oʻqing")
    ali.sees("buni keyin oʻqing")
    ali.can_do_without()
    ali.page.reload()
    ali.sees("buni keyin oʻqing")
    ali.has_kept("buni keyin oʻqing")
    cut.cut()
    ali.page.reload()
    ali.is_in()
    expect(ali.page.locator("article.message .text")).to_have_text(["buni keyin oʻqing"])
    ali.says("tarmoqsiz yozildi")
    expect(ali.page.locator("article.pending")).to_have_count(1)
    ali.has_kept("tarmoqsiz yozildi", "pending")
    ali.page.reload()
    expect(ali.page.locator("article.message .text")).to_have_text(["buni keyin oʻqing", "tarmoqsiz yozildi"])
    cut.mend()
    vali.sees("tarmoqsiz yozildi")
