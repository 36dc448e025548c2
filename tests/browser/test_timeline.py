"""The timeline: jumps arrive, nothing moves while one reads, a conversation opens at the first unread message, and nothing
counts as read or is announced that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.servers import Server, running

from .eventually import eventually
from .person import PHONE, Person
from .room import Room, in_view, pages_asked, top_of

Make = Callable[..., Person]

FAR = """(away) => {
  window.looking = !away;
  document.hasFocus = () => window.looking;
  dispatchEvent(new Event(away ? "blur" : "focus"));
}"""
"""The user looks at another window, or at this one again. A headless browser always has the focus."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("timeline") / "data", send_rate="0", room_rate="0") as server:
        yield server


def opens(room: Room, person: Person, seq: int | None = None) -> Page:
    """Open the room, at a message if one is given."""
    if person.name not in room.tokens:
        room.joins(person)
    person.page.goto(room.url(person, seq))
    person.page.wait_for_selector("article.message")
    return person.page


def settled(page: Page) -> None:
    """Wait until the messages have not moved for 300 ms."""
    page.evaluate(
        """async () => {
          const scroller = document.querySelector(".scroller");
          const state = () => `${scroller.scrollTop} ${scroller.scrollHeight}`;
          for (let before = "", same = 0; same < 6; await new Promise((done) => setTimeout(done, 50))) {
            same = state() === before ? same + 1 : 0;
            before = state();
          }
        }"""
    )


def test_a_jump_to_a_message_that_is_not_loaded(server: Server, person: Make) -> None:
    """A link, a quote, a pin and a search result each show their message at the first attempt, marked and in view, and it
    stays there. A link to a message that no longer exists shows its neighbour and says so."""
    room = Room(server, "Sakrash")
    room.fill(300)
    room.ask("anna", "PUT", f"{room.path}/messages/{room.seqs[99]}/pin", {})
    room.say("javob", reply_to=room.seqs[59])
    ali = person("ali-sakrash")
    page = opens(room, ali)
    found = page.locator("article.found")

    def arrived(number: int) -> None:
        expect(found).to_have_count(1)
        expect(found.locator(".text")).to_have_text(f"gap {number}")
        eventually(lambda: in_view(found))
        settled(page)
        assert in_view(found), number
        expect(page.locator(".newer")).to_be_visible()
        page.locator(".newer").click()
        expect(ali.sees("javob")).to_be_in_viewport()

    room.reads_all(ali.name)
    for number in (20, 150):
        page.evaluate("(hash) => (location.hash = hash)", f"#/c/{room.conversation}/{room.seqs[number - 1]}")
        arrived(number)
    ali.sees("javob").locator(".quote").click()
    arrived(60)
    page.get_by_label("Details").click()
    page.locator(".pins .result").click()
    arrived(100)
    page.keyboard.press("Control+Shift+f")
    page.locator(".search-head input[type=search]").fill('"gap 33"')
    page.locator(".results .result").first.click()
    arrived(33)
    expect(page).to_have_url(room.url(ali))  # the newest message is shown now: a reload opens there
    page.goto(room.url(ali, room.seqs[32]))
    page.reload()
    expect(found).to_be_in_viewport()
    expect(page.locator(".toast")).to_have_count(0)
    arrived(33)
    page.evaluate("(hash) => (location.hash = hash)", f"#/c/{room.conversation}/999999")
    expect(page.locator(".toast", has_text="This message no longer exists.")).to_be_visible()
    expect(ali.sees("javob")).to_be_in_viewport()
    expect(page).to_have_url(room.url(ali))


OBSCURED = """() => {
  const one = document.activeElement;
  if (!one.matches("article .text a")) return "no link has the focus";
  const { right, top, bottom } = one.getBoundingClientRect();
  const view = document.querySelector(".scroller").getBoundingClientRect();
  if (top < view.top || bottom > view.bottom) return `${one.textContent} is outside of the view`;
  const newer = document.querySelector(".newer");
  const above = newer.hidden ? null : newer.getBoundingClientRect();
  const isBelow = above && right > above.left && bottom > above.top && top < above.bottom;
  return isBelow ? `${one.textContent} is below the button` : "";
}"""


def test_the_focus_in_a_message_as_high_as_the_view(server: Server, person: Make) -> None:
    """What has the focus in the newest message is never below the button to the newest message, nor outside of the view, in
    whichever direction one goes."""
    room = Room(server, "Baland")
    room.fill(3)
    ali = room.joins(person("ali-baland", **PHONE))
    room.reads_all(ali.name)
    count = 45
    room.say("\n".join(f"https://example.org/{n:02}/" + "w" * 40 for n in range(count)))
    page = opens(room, ali)
    links = page.locator("article .text a")
    expect(links).to_have_count(count)
    settled(page)
    page.locator(".scroller").evaluate("(one) => (one.scrollTop = 0)")
    expect(page.locator(".newer")).to_be_visible()
    links.first.evaluate("(one) => one.focus()")
    found = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(count - 1):
            page.keyboard.press(key)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if wrong := page.evaluate(OBSCURED):
                found.append(f"{key}: {wrong}")
    assert not found, found


def test_history_comes_a_page_at_a_time(server: Server, person: Make) -> None:
    """Who scrolls hard to the top gets the next page of the history and stays where they were; the rest of the history
    does not follow by itself. Down it is the same, from a message far above the end."""
    room = Room(server, "Tarix")
    room.fill(700)
    ali = room.joins(person("ali-tarix"))
    room.reads_all(ali.name)
    page = opens(room, ali)
    settled(page)
    asked = pages_asked(page)
    page.locator(".scroller").focus()
    for press in ("Home", "wheel", "Home"):
        asked.clear()
        first = page.locator("article.message").first
        seq = first.get_attribute("data-seq") or ""
        if press == "wheel":
            page.mouse.move(700, 300)
            page.mouse.wheel(0, -100_000)
        else:
            page.keyboard.press(press)
        expect(first).not_to_have_attribute("data-seq", seq)
        settled(page)
        assert 1 <= len(asked) <= 2, asked
        assert page.evaluate("document.querySelector('.scroller').scrollTop") > 0
    opens(room, ali, room.seqs[200])
    settled(page)
    asked.clear()
    last = page.locator("article.message").last
    seq = last.get_attribute("data-seq") or ""
    page.evaluate("document.querySelector('.scroller').scrollTop = 1e6")
    expect(last).not_to_have_attribute("data-seq", seq)
    settled(page)
    assert 1 <= len(asked) <= 2, asked


def test_what_is_in_view_stays_in_view(server: Server, person: Make) -> None:
    """The message that one reads stays at its place, to the pixel, when messages above it get reactions, grow, are deleted
    or are pinned, when older pages are put before it, when new ones arrive, when the composer grows, and when a pane makes
    the text narrower."""
    room = Room(server, "Joyida")
    room.fill(200, lambda number: f"gap {number} " + "soʻz " * (number % 40))
    ali = room.joins(person("ali-joyida"))
    room.reads_all(ali.name)
    page = opens(room, ali, room.seqs[150])
    settled(page)
    row = page.locator(f"[data-seq='{room.seqs[150]}']")
    before = top_of(row)

    def stays(what: str, seen: str) -> None:
        page.wait_for_selector(seen, state="attached")
        settled(page)
        assert abs(top_of(row) - before) < 1, (what, top_of(row), before)

    for above in (144, 147, 149):
        message = f"[data-seq='{room.seqs[above]}']"
        path = f"{room.path}/messages/{room.seqs[above]}"
        room.react(room.seqs[above])
        stays("reaction", f"{message} .reaction")
        room.ask("anna", "PUT", f"{path}/pin", {})
        stays("pin", f"{message} .pinned")
        room.ask("anna", "PATCH", path, {"text": "uzun " * 400})
        stays("edit", f"{message} .edited")
        room.ask("anna", "DELETE", path)
        stays("deletion", f"{message} .tombstone")
    room.react(room.seqs[150])
    stays("its own reaction", f"[data-seq='{room.seqs[150]}'] .reaction")
    room.fill(3)
    stays("new messages", ".newer .badge")
    ali.field.fill("qator\n" * 6)
    stays("composer", ".composer")
    page.get_by_label("Details").click()
    stays("pane", ".panel .member")
    page.locator(".panel").get_by_label("Close").click()
    stays("no pane", ".composer")

    # The first loaded message stands at the upper edge, and the page above it regroups it.
    held: list[Route] = []
    page.route("**/messages?before=*", lambda route: held.append(route))
    page.evaluate("document.querySelector('.scroller').scrollTop = 0")
    while not held:
        page.wait_for_timeout(50)
    first = page.locator("article.message").first
    seq = first.get_attribute("data-seq") or ""
    row = page.locator(f"[data-seq='{seq}']")
    before = top_of(row)
    held.pop().continue_()
    expect(first).not_to_have_attribute("data-seq", seq)
    settled(page)
    assert abs(top_of(row) - before) < 1, (top_of(row), before)
    expect(row).to_have_class("message follows")


@pytest.mark.parametrize("unread", [30, 400])
def test_a_conversation_opens_at_the_first_unread_message(server: Server, person: Make, unread: int) -> None:
    """However many are unread, the first of them is shown below the divider, after at most three requests. The messages
    above and below follow when one scrolls, and only what was in view is read."""
    room = Room(server, f"Birinchi{unread}")
    room.fill(100)
    ali = room.joins(person(f"ali-birinchi{unread}"))
    room.reads_all(ali.name)
    room.fill(unread)
    asked = pages_asked(ali.page)
    page = opens(room, ali)
    divider = page.locator(".unread-divider")
    expect(divider).to_be_in_viewport()
    settled(page)
    expect(ali.sees("gap 101")).to_be_in_viewport()
    assert 0 < top_of(ali.sees("gap 101")) - divider.evaluate("(one) => one.getBoundingClientRect().bottom") < 60
    assert len(asked) <= 3, asked
    eventually(lambda: room.unread(ali.name) < unread)
    assert unread == 30 or unread - 30 <= room.unread(ali.name)
    expect(page.locator(".unread-divider")).to_have_count(1)
    if unread == 400:
        count = page.locator(".newer .badge")
        expect(count).not_to_have_text("400")
        before = int(count.inner_text())
        page.keyboard.press("PageDown")
        expect(count).not_to_have_text(str(before))
        assert len(asked) <= 4, asked
        page.locator(".newer").click()
        expect(ali.sees("gap 500")).to_be_in_viewport()
        expect(page.locator(".newer")).to_be_hidden()


def test_messages_that_nobody_looks_at_stay_unread(server: Server, person: Make) -> None:
    """Messages that arrive while another window has the focus stay unread, below a divider, and the view does not run past
    the first of them. Once somebody looks, those in view are read, and the divider stays."""
    room = Room(server, "Uzoqda")
    room.fill(50)
    ali = room.joins(person("ali-uzoqda"))
    room.reads_all(ali.name)
    page = opens(room, ali)
    settled(page)
    expect(page.locator(".unread-divider")).to_have_count(0)
    page.evaluate(FAR, True)
    room.fill(40, lambda number: f"gap {number} " + "soʻz " * 60)
    expect(page.locator(".unread-divider")).to_be_in_viewport()
    expect(page.locator(".conversation[aria-current] .badge")).to_have_text("40")
    page.wait_for_timeout(800)
    assert room.unread(ali.name) == 40
    expect(page.locator(".unread-divider")).to_be_in_viewport()
    page.evaluate(FAR, False)
    expect(page.locator(".conversation[aria-current] .badge")).not_to_have_text("40")
    eventually(lambda: room.unread(ali.name) < 40)
    assert room.unread(ali.name) > 0
    expect(page.locator(".unread-divider")).to_be_in_viewport()


def test_messages_that_were_missed_offline_stay_unread(server: Server, person: Make) -> None:
    """After a reload the messages that came meanwhile are below a divider at the first of them."""
    room = Room(server, "Yoʻqligida")
    room.fill(50)
    ali = room.joins(person("ali-yoqligida"))
    room.reads_all(ali.name)
    page = opens(room, ali)
    settled(page)
    ali.has_kept("gap 50")
    page.goto("about:blank")
    room.fill(120, lambda number: f"gap {number} " + "soʻz " * 20)
    page = opens(room, ali)
    expect(page.locator(".unread-divider")).to_be_in_viewport()
    settled(page)
    expect(page.locator(".unread-divider")).to_be_in_viewport()
    eventually(lambda: room.unread(ali.name) < 120)
    assert room.unread(ali.name) > 0


def test_today_is_yesterday_after_midnight(server: Server, person: Make) -> None:
    """The day lines follow the calendar while the page is open."""
    room = Room(server, "Tun")
    room.fill(2)
    ali = person("ali-tun")
    ali.page.clock.install()
    page = opens(room, ali)
    expect(page.locator(".day")).to_contain_text("Today")
    page.clock.fast_forward(24 * 60 * 60 * 1000)
    expect(page.locator(".day")).to_contain_text("Yesterday")


def test_no_conversation_is_called_empty_before_it_is_known(server: Server, person: Make) -> None:
    """While the history is on its way the page says so. It says that there are no messages only when there are none."""
    room = Room(server, "Boʻsh")
    ali = room.joins(person("ali-bosh"))
    held: list[Route] = []
    ali.page.route("**/messages?*", lambda route: held.append(route))
    ali.page.goto(room.url(ali))
    rows = ali.page.locator(".rows")
    expect(rows).to_contain_text("Loading…")
    while not held:
        ali.page.wait_for_timeout(50)
    ali.page.wait_for_timeout(300)
    expect(rows).to_contain_text("Loading…")
    expect(rows).to_have_attribute("aria-busy", "true")
    for route in held:
        route.continue_()
    expect(rows).to_contain_text("No messages yet. Write the first one.")
    expect(rows).to_have_attribute("aria-busy", "false")


def test_each_message_is_announced_once(server: Server, person: Make) -> None:
    """A screen reader hears of each new message once, and of each that was refused. Receipts, reactions, edits and pages of
    history announce nothing."""
    room = Room(server, "Eshitish")
    room.fill(120)
    ali = room.joins(person("ali-eshitish"))
    for number in range(50):
        room.say(f"meniki {number}", name=ali.name)
    room.reads_all(ali.name)
    page = opens(room, ali)
    settled(page)
    page.evaluate(
        """() => {
          window.announced = [];
          const live = [...document.querySelectorAll(".conversation-view :is([role=log], [aria-live])")]
            .filter((part) => part.getAttribute("aria-live") !== "off" && !part.matches(".typing, .count"));
          const changed = new MutationObserver((changes) => {
            for (const change of changes) for (const node of change.addedNodes) window.announced.push(node.textContent);
            for (const change of changes) if (change.type === "characterData") window.announced.push("changed");
          });
          for (const part of live) changed.observe(part, { childList: true, subtree: true, characterData: true });
        }"""
    )

    def announced(*wanted: str) -> None:
        """Exactly this was announced since the last time."""
        eventually(lambda: page.evaluate("announced.length") >= len(wanted))
        assert page.evaluate("announced.splice(0)") == list(wanted)

    room.reads_all("anna")
    expect(page.locator(".ticks.read").last).to_be_attached()
    room.react(room.seqs[-1])
    seq = room.say("yangi **gap**")
    ali.sees("yangi gap")
    announced("anna-eshitish: yangi gap")
    room.react(seq)
    room.ask("anna", "PATCH", f"{room.path}/messages/{seq}", {"text": "boshqa gap"})
    ali.sees("boshqa gap")
    first = page.locator("article.message").first
    seq_of_first = first.get_attribute("data-seq") or ""
    page.evaluate("document.querySelector('.scroller').scrollTop = 0")
    expect(first).not_to_have_attribute("data-seq", seq_of_first)
    settled(page)
    announced()
    ali.says("mening gapim")
    ali.sees("mening gapim")
    expect(page.locator(".rows article").last).to_contain_text("mening gapim")
    announced("You: mening gapim")
    room.ask("anna", "PATCH", f"{room.path}/members/{ali.name}", {"muted": True})
    ali.says("rad etilgan")
    expect(page.locator("article.failed")).to_have_count(1)
    eventually(lambda: page.evaluate("announced.length") == 1)


def test_the_look_of_own_messages(server: Server, person: Make) -> None:
    """Ticks stand beside the text of the last own message and of the last one that was read. The text of own messages is as
    wide as that of others. Only one message has buttons, the one under the pointer or with the focus."""
    room = Room(server, "Koʻrinish")
    ali = room.joins(person("ali-korinish"))
    for number in range(3):
        room.say(f"qisqa {number}", name=ali.name)
    room.reads_all("anna")
    room.say("uzun gap " * 60)
    room.say("uzun gap " * 60, name=ali.name)
    room.say("```\nkod\n```", name=ali.name)
    room.say("oxirgi", name=ali.name)
    page = opens(room, ali)
    ali.sees("oxirgi")
    shown = page.locator(".ticks").filter(visible=True)
    expect(shown).to_have_count(2)
    expect(page.locator(".text", has=shown)).to_have_text(["qisqa 2", "oxirgi"])
    for one in shown.all():
        gap = one.evaluate(
            """(one) => {
              const range = document.createRange();
              range.selectNodeContents(one.closest("p").firstChild);
              return one.getBoundingClientRect().left - range.getBoundingClientRect().right;
            }"""
        )
        assert 0 < gap < 24, gap
    widths = page.locator(".text").filter(has_text="uzun").evaluate_all("(all) => all.map((one) => one.clientWidth)")
    assert len(widths) == 2 and widths[0] == widths[1], widths
    code = page.locator("article.message", has=page.locator("pre"))
    empty = code.evaluate(
        "(row) => row.getBoundingClientRect().bottom - row.querySelector('pre').getBoundingClientRect().bottom"
    )
    assert empty < 12, empty
    page.locator("article.message").nth(0).focus()
    page.locator("article.message").nth(2).hover()
    expect(page.locator(".actions")).to_have_count(1)
    expect(page.locator("article.message").nth(2).locator(".actions")).to_be_visible()


def test_code_can_be_read_beside_buttons(server: Server, person: Make) -> None:
    """The actions of a message do not cover the end of wide code above it, where it is scrolled. On a phone the button that
    copies stands beside the code, and has the size of a target for a finger."""
    room = Room(server, "Kod")
    room.say("```\n" + "juda_uzun_nom = " * 12 + "1\n```")
    room.say("keyingi")
    room.say("```\nqisqa\n```")
    room.say("oxirgi")
    page = opens(room, person("ali-kod"))
    actions = page.locator(".actions")

    def covered(number: int) -> bool:
        page.locator("article.message").nth(number + 1).hover()
        expect(page.locator("article.message").nth(number + 1).locator(".actions")).to_be_visible()
        bar, code = actions.bounding_box(), page.locator("pre").nth(number // 2).bounding_box()
        assert bar and code
        return bar["y"] < code["y"] + code["height"]

    assert not covered(0)
    assert covered(2)  # it is short, and the actions are far from its end
    page = opens(room, person("vali-kod", **PHONE))
    boxes = [page.locator(f".code:has-text('juda_uzun') > {part}").bounding_box() for part in ("pre", "button")]
    assert boxes[0] and boxes[1] and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"], boxes
    assert boxes[1]["width"] >= 44 and boxes[1]["height"] >= 41, boxes


def test_the_button_to_the_newest_is_small(server: Server, person: Make) -> None:
    """On a phone the button is round, and covers at most a corner of the text. It counts what is new."""
    room = Room(server, "Tugma")
    room.fill(60)
    ali = room.joins(person("ali-tugma", **PHONE))
    room.reads_all(ali.name)
    page = opens(room, ali)
    settled(page)
    page.evaluate("document.querySelector('.scroller').scrollTop = 300")
    room.fill(2)
    button = page.locator(".newer")
    expect(button.locator(".badge")).to_have_text("2")
    expect(button).to_have_accessible_name("2 new messages")
    box = button.bounding_box()
    assert box is not None and box["width"] == box["height"] and 44 <= box["width"] <= 48
    button.tap()
    expect(button).to_be_hidden()
