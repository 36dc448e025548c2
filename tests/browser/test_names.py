"""People are shown by their display names everywhere, in any script; the @name stands where it tells people apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.servers import Server

from .cut import Cut
from .eventually import eventually
from .person import PASSWORD, Person
from .room import COOKIE

Make = Callable[..., Person]

SHOWN = {"ali": "Ali Valiyev", "sora": "سارة محمد", "anna": "Анна", "anya": "Анна", "dana": "דנה"}


class Names:
    """Accounts with display names in several scripts, two of which look the same, a guest, and a room in which they write."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}
        for user_id, shown in SHOWN.items():
            body = {"user_id": user_id, "password": PASSWORD, "display_name": shown}
            self.tokens[user_id] = self.ask("", "POST", "/accounts", body)["token"]
        self.tokens["mehmon"] = server.guest("mehmon")
        room = {"title": "Choyxona", "visibility": "public", "history": "all"}
        self.room: str = self.ask("anna", "POST", "/conversations", room)["conversation"]
        for user_id in ("ali", "sora", "anya", "dana", "mehmon"):
            self.ask(user_id, "PUT", f"/conversations/{self.room}/members/{user_id}", {})

    def ask(self, user_id: str, method: str, path: str, body: object = None) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.tokens.get(user_id))
        assert status < 300, (path, answer)
        return answer

    def say(self, user_id: str, text: str, conversation: str | None = None, **fields: object) -> int:
        where = f"/conversations/{conversation or self.room}/messages"
        seq: int = self.ask(user_id, "POST", where, {"text": text, **fields})["seq"]
        return seq

    def direct(self, user_id: str, *others: str) -> str:
        conversation: str = self.ask(user_id, "POST", "/directs", {"users": others})["conversation"]
        return conversation

    def call(self, user_id: str, shown: str) -> None:
        self.ask(user_id, "PATCH", "/me", {"display_name": shown})

    def comes(self, one: Person, user_id: str = "ali") -> Page:
        one.context.add_cookies([{"name": COOKIE, "value": self.tokens[user_id], "url": one.url}])
        one.page.goto(f"{one.url}#/c/{self.room}")
        one.is_in()
        return one.page


def author(page: Page, text: str) -> Locator:
    return page.locator("article.message", has_text=text).locator("header")


def left_of(place: Locator) -> float:
    """Where the text begins, in px."""
    left: float = place.evaluate(
        """(element) => {
          const range = document.createRange();
          range.selectNodeContents(element);
          return Math.round(range.getBoundingClientRect().left);
        }"""
    )
    return left


def test_display_names(server: Server, person: Make, cut: Cut) -> None:
    """Messages, quotes, mentions, reactions, readers, the list, titles, members, typing, search and suggestions show display
    names, in any script and on their side. Of two that look the same, both have the @name. Guests are marked. A new name is
    shown at once, after a reload, without a network, and when the network is back."""
    names = Names(server)
    for user_id, text in (("sora", "birinchi"), ("anna", "ikkinchi"), ("anya", "uchinchi"), ("mehmon", "toʻrtinchi")):
        names.say(user_id, text)
    rtl = names.say("dana", "@ali שלום")
    names.say("anna", "javob", reply_to=rtl)
    mine = names.say("ali", "@dana va @sora, qarang")
    names.ask("sora", "PUT", f"/conversations/{names.room}/messages/{rtl}/reactions/%F0%9F%91%8D", {})
    names.ask("sora", "PUT", f"/conversations/{names.room}/read", {"ordinal": 7})
    names.say("sora", "مرحبا", names.direct("sora", "ali"))
    names.say("anna", "uchalamiz", names.direct("anna", "ali", "dana"))
    ali = person("ali", port=cut.port)
    page = names.comes(ali)

    # The messages
    expect(author(page, "birinchi").locator(".author")).to_have_text(SHOWN["sora"])
    expect(author(page, "birinchi").locator(".author")).to_have_attribute("title", "@sora")
    expect(author(page, "birinchi").locator(".handle, .mark")).to_have_count(0)
    for text, handle in (("ikkinchi", "@anna"), ("uchinchi", "@anya")):
        expect(author(page, text).locator(".author")).to_have_text("Анна")
        expect(author(page, text).locator(".handle")).to_have_text(handle)
    expect(author(page, "toʻrtinchi").locator(".mark")).to_have_text("guest")
    expect(page.locator(".quote strong")).to_have_text(SHOWN["dana"])
    expect(page.locator(".quote")).to_contain_text("@Ali Valiyev שלום")
    mentions = page.locator(f'[data-seq="{mine}"] .mention')
    expect(mentions).to_have_text([f"@{SHOWN['dana']}", f"@{SHOWN['sora']}"])
    expect(mentions.first).to_have_attribute("title", "@dana")
    expect(page.locator(f'[data-seq="{rtl}"] .text p')).to_have_attribute("dir", "rtl")
    expect(page.locator(".reaction")).to_have_attribute("data-tip", f"\u2068{SHOWN['sora']}\u2069")
    ticks = page.locator(f'[data-seq="{mine}"] .ticks')
    expect(ticks).to_have_attribute("title", f"Read by \u2068{SHOWN['sora']}\u2069")

    # A copy has the names as they were typed
    page.locator(f'[data-seq="{mine}"] .text').evaluate("(text) => getSelection().selectAllChildren(text)")
    page.keyboard.press("Control+c")
    eventually(lambda: page.evaluate("navigator.clipboard.readText()").strip() == "@dana va @sora, qarang")

    # The list and the titles, each on its side
    titles = page.locator(".conversation strong")
    expect(titles.filter(has_text=SHOWN["sora"]).first).to_have_attribute("title", "@sora")
    expect(page.locator(".conversation", has_text="uchalamiz").locator("strong")).to_have_text(
        "Анна @anna, \u2068דנה\u2069"
    )
    expect(page.locator(".conversation", has_text="qarang").locator(".preview")).to_have_text(
        f"You: @\u2068{SHOWN['dana']}\u2069 va @\u2068{SHOWN['sora']}\u2069, qarang"
    )
    for places in (titles, page.locator(".conversation .preview:not(:empty)")):
        eventually(lambda places=places: len({left_of(places.nth(n)) for n in range(places.count())}) == 1)

    # Members, suggestions by display name in another alphabet, the card
    page.get_by_label("Details").click()
    members = page.locator(".members .name")
    expect(members.filter(has_text=SHOWN["dana"])).to_have_attribute("title", "@dana")
    expect(members.filter(has_text="mehmon").locator(".mark")).to_be_visible()
    expect(members.filter(has_text="@anya")).to_have_text("Анна @anya")
    page.locator(".panel").get_by_label("Close").click()
    ali.field.fill("")
    ali.field.press_sequentially("@anna")
    offers = page.locator(".completion li")
    expect(offers).to_have_count(2)
    expect(offers.locator("small").filter(has_text="@anya")).to_be_visible()
    ali.field.fill("")
    ali.field.press_sequentially("@محم")
    expect(offers).to_have_count(1)
    expect(offers.locator(".offered")).to_have_text(SHOWN["sora"])
    ali.field.press("Enter")
    expect(ali.field).to_have_value("@sora ")
    ali.field.fill("")
    author(page, "birinchi").locator(".author").click()
    expect(page.locator(".person")).to_contain_text("@sora")
    page.keyboard.press("Escape")

    # A new name, at once
    names.call("sora", "Сора")
    expect(author(page, "birinchi").locator(".author")).to_have_text("Сора")
    expect(mentions.last).to_have_text("@Сора")
    expect(titles.filter(has_text="Сора")).to_have_count(1)

    # … without a network, and after that what was missed
    ali.can_do_without()
    page.reload()
    expect(author(page, "birinchi").locator(".author")).to_have_text("Сора")
    page.evaluate(
        """async () => {
          const { Database } = await import("./web/js/storage/database.js");
          const [one] = await indexedDB.databases();
          for (let named = false; !named; ) {
            const stored = await (await Database.open(one.name.split(":")[1])).get("state", "chat");
            named = Boolean(stored?.people.some((person) => person.display_name === "Сора"));
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }"""
    )
    cut.cut()
    page.reload()
    expect(author(page, "birinchi").locator(".author")).to_have_text("Сора")
    expect(author(page, "ikkinchi").locator(".handle")).to_have_text("@anna")
    names.call("sora", "Sora opa")
    names.call("anya", "Аня")
    cut.mend()
    expect(author(page, "birinchi").locator(".author")).to_have_text("Sora opa")
    expect(author(page, "ikkinchi").locator(".handle")).to_have_count(0)


def test_names_that_another_tab_has_learned(server: Server, person: Make, cut: Cut) -> None:
    """Without a network, the names that any tab has shown are known, whichever tab stored its data last."""
    names = Names(server)
    names.say("sora", "salom")
    names.say("anna", "oxirgi")  # the list shows its sender only
    ali = person("ali", port=cut.port)
    ali.context.add_cookies([{"name": COOKIE, "value": names.tokens["ali"], "url": ali.url}])
    page, other = ali.page, ali.tab()
    for tab in (page, other):
        tab.goto(f"{ali.url}#/c/lobby")
        ali.is_in(tab)
    ali.can_do_without()
    page.evaluate("(room) => (location.hash = `#/c/${room}`)", names.room)
    expect(author(page, "salom").locator(".author")).to_have_text(SHOWN["sora"])
    ali.has_kept(SHOWN["sora"])
    names.say("dana", "hammaga", "lobby")
    expect(other.locator("article.message", has_text="hammaga")).to_be_visible()
    page.goto("about:blank")
    other.wait_for_timeout(500)  # and the other tab, later
    cut.cut()
    other.goto("about:blank")
    other.goto(f"{ali.url}#/c/{names.room}")
    expect(author(other, "salom").locator(".author")).to_have_text(SHOWN["sora"])


def test_a_room_of_many_loads_few_names(server: Server, person: Make) -> None:
    """Names are asked for those who are shown, in batches, however many members a room has."""
    names = Names(server)
    for n in range(60):
        token = names.tokens[f"n{n}"] = server.guest(f"n{n}")
        names.ask(f"n{n}", "PUT", f"/conversations/{names.room}/members/n{n}", {})
        assert token
    for n in range(3):
        names.say(f"n{n}", f"salom {n}")
    ali = person("ali")
    asked: list[str] = []
    ali.page.on("request", lambda request: "/users?" in request.url and asked.append(request.url))
    page = names.comes(ali)
    expect(author(page, "salom 2").locator(".mark")).to_be_visible()
    expect(author(page, "salom 0").locator(".mark")).to_be_visible()
    assert 1 <= len(asked) <= 3
    assert sum(url.count("uid=") for url in asked) <= 8
