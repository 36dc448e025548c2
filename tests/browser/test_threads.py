"""Threads: beside the conversation on a desk, over it on a phone, and the list of those that one follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server, running

from .cut import Cut
from .person import PHONE, Person
from .room import COOKIE, Room
from .touch import Finger

Make = Callable[..., Person]

READ_ALOUD = """
- region "Messages":
  - article /anna-choy/
- textbox "Message"
- complementary "Thread":
  - heading "Thread"
  - button "Stop following this thread"
  - button "Close"
  - region "Replies":
    - article /anna-choy/:
      - paragraph: Choy ichamizmi?
    - paragraph: 2 replies
    - article /ali-choy/
    - article /vali-choy/:
      - paragraph: Soat beshda
  - log "New replies":
    - paragraph: /Soat beshda/
  - textbox "Reply"
  - button "Send"
  - checkbox "Also send to the conversation"
"""
"""The order in which a screen reader reads the page."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("threads") / "data", send_rate="0", room_rate="0") as server:
        yield server


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Thread")


def talk(page: Page) -> Locator:
    return page.locator(".conversation-view")


def row(place: Locator, text: str) -> Locator:
    """The message with this text, stored or on its way."""
    words = place.page.locator(".text").get_by_text(text, exact=True)
    return place.locator("article.message", has=words)


def replies(page: Page, text: str) -> None:
    """Write in the open thread."""
    field = panel(page).locator("textarea")
    field.fill(text)
    field.press("Enter")


def back(page: Page) -> None:
    """The browser's own back. (Playwright waits for a load, which does not come.)"""
    page.evaluate("history.back()")


def test_a_thread_beside_its_conversation(server: Server, person: Make) -> None:
    """A reply is in the thread at once and nowhere else; the root counts it, and the other person's page, too. Each is
    announced once. The thread has a draft of its own, which a reload keeps, and its address opens it. Escape closes it and
    leads back to its root, and so does Back. With the mark below the field the conversation gets the reply, too."""
    room = Room(server, "choy")
    root = room.say("Choy ichamizmi?")
    ali, vali = room.joins(person("ali-choy")), room.joins(person("vali-choy"))
    for one in (ali, vali):
        one.page.goto(room.url(one))
        expect(row(talk(one.page), "Choy ichamizmi?")).to_be_visible()
    page = ali.page
    row(talk(page), "Choy ichamizmi?").focus()
    page.keyboard.press("t")
    thread = panel(page)
    expect(thread.locator("textarea")).to_be_focused()
    expect(page).to_have_url(re.compile(f"/t/{root}$"))
    expect(thread.locator(".replies-count")).to_have_text("No replies yet.")
    replies(page, "Albatta")
    expect(row(thread, "Albatta")).to_have_count(1)
    expect(thread.locator(".replies-count")).to_have_text("1 reply")
    expect(row(talk(page), "Albatta")).to_have_count(0)
    expect(page.get_by_role("link", name="Threads")).to_be_visible()
    buttons = [thread.get_by_label(name).bounding_box() for name in ("Stop following this thread", "Close")]
    assert buttons[0] and buttons[1] and buttons[0]["width"] == buttons[1]["width"]

    summary = row(talk(vali.page), "Choy ichamizmi?").locator(".replies")
    expect(summary).to_contain_text("1 reply")
    summary.click()
    expect(row(panel(vali.page), "Albatta")).to_be_visible()
    replies(vali.page, "Soat beshda")
    expect(row(thread, "Soat beshda")).to_be_visible()
    expect(thread.get_by_role("log", name="New replies").get_by_text("Soat beshda")).to_have_count(1)
    expect(page.get_by_role("log", name="New messages").get_by_text("Soat beshda")).to_have_count(0)
    expect(page.locator(".place")).to_match_aria_snapshot(READ_ALOUD)
    for one in (page, vali.page):
        expect(row(talk(one), "Choy ichamizmi?").locator(".replies")).to_contain_text("2 replies")

    room.say("Men ham", thread=root, reply_to=root)
    row(thread, "Men ham").locator(".quote").click()
    expect(row(thread, "Choy ichamizmi?")).to_have_class(re.compile("found"))

    page.locator("#composer").fill("suhbatga")
    thread.locator("textarea").fill("javobga")
    ali.has_kept("javobga")
    page.reload()
    expect(thread.locator("textarea")).to_have_value("javobga")
    expect(page.locator("#composer")).to_have_value("suhbatga")
    expect(row(thread, "Soat beshda")).to_be_visible()
    thread.locator("textarea").focus()
    page.keyboard.press("Escape")
    expect(thread).to_have_count(0)
    expect(row(talk(page), "Choy ichamizmi?")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{room.conversation}$"))
    page.keyboard.press("t")
    expect(thread.locator("textarea")).to_have_value("javobga")
    back(page)
    expect(thread).to_have_count(0)
    page.keyboard.press("t")
    thread.get_by_label("Also send to the conversation").check()
    thread.locator("textarea").press("Enter")
    copy = row(talk(page), "javobga")
    expect(copy).to_be_visible()
    expect(thread.get_by_label("Also send to the conversation")).not_to_be_checked()
    thread.get_by_label("Close").click()
    expect(thread).to_have_count(0)
    copy.get_by_role("button", name="Reply in a thread").click()
    expect(row(thread, "javobga")).to_have_class(re.compile("found"))


def test_what_is_unread_on_two_devices(server: Server, person: Make) -> None:
    """Replies in a thread that one follows are unread in the list, at the root and in the title of the tab, on every
    device, until they were seen. A mention begins to follow. What is marked as unread, or not followed any more, is so
    everywhere. A link to a reply opens it, also one above many others."""
    room = Room(server, "bozor")
    ali = room.joins(person("ali-bozor"))
    root = room.say("Bozorga kim boradi?")
    other = person("ali-bozor")
    other.context.add_cookies(
        [{"name": COOKIE, "value": room.tokens["ali-bozor"], "url": other.url}],
    )
    devices = (ali.page, other.page)
    for page in devices:
        page.goto(room.url(ali))
        expect(row(talk(page), "Bozorga kim boradi?")).to_be_visible()
    entries = [page.get_by_role("link", name="Threads") for page in devices]
    first = room.say("javob 1", thread=root)
    for number in range(2, 80):
        room.say(f"javob {number}", thread=root)
    expect(entries[0]).to_have_count(0)
    room.say("@ali-bozor, senmi?", thread=root)
    for page, entry in zip(devices, entries, strict=True):
        expect(entry.locator(".badge:not(.named)")).to_have_text("1")
        expect(entry.get_by_label("1 mention")).to_be_visible()
        expect(page).to_have_title("(1) Suhbat")
        expect(row(talk(page), "Bozorga kim boradi?").locator(".replies")).to_contain_text("1 new")
    one, two = devices
    entries[0].click()
    followed = one.locator(".followed")
    expect(followed).to_contain_text("Bozorga kim boradi?")
    expect(followed).to_contain_text("80 replies")
    name, when = (followed.locator(f".last {one}").bounding_box() for one in ("bdi", "time"))
    assert name and when and name["x"] + name["width"] + 2 < when["x"]
    followed.get_by_role("link").click()
    thread = panel(one)
    expect(thread.locator(".unread-divider")).to_be_visible()
    expect(row(thread, "@ali-bozor, senmi?")).to_be_visible()
    for page, entry in zip(devices, entries, strict=True):
        expect(entry.locator(".badge:visible")).to_have_count(0)
        expect(page).to_have_title("Suhbat")
    back(one)
    room.say("Men emas", "ali-bozor", thread=root)
    expect(followed).to_contain_text("81 replies")
    followed.get_by_label("Mark as unread").click()
    expect(entries[1].locator(".badge:not(.named)")).to_have_text("1")
    followed.get_by_label("Mark as read").click()
    expect(entries[1].locator(".badge:visible")).to_have_count(0)
    followed.get_by_label("Stop following this thread").click()
    for entry in entries:
        expect(entry).to_have_count(0 if entry is entries[1] else 1)
    expect(one.get_by_text("You follow no threads yet.")).to_be_visible()

    two.goto(room.url(ali) + f"/t/{root}/{first}")
    thread = panel(two)
    expect(row(thread, "javob 1")).to_have_class(re.compile("found"))
    expect(row(thread, "Bozorga kim boradi?")).to_have_count(1)
    expect(row(thread, "javob 79")).to_have_count(0)
    thread.get_by_role("button", name="Jump to latest").click()
    expect(row(thread, "@ali-bozor, senmi?")).to_be_visible()
    expect(two).to_have_url(re.compile(f"/t/{root}$"))
    two.keyboard.press("Control+Shift+f")
    expect(thread).to_have_count(0)
    two.locator(".search-head input[type=search]").fill("senmi")
    two.locator(".results .result").click()
    expect(row(thread, "@ali-bozor, senmi?")).to_have_class(re.compile("found"))
    two.keyboard.press("Escape")
    expect(two.locator(".results .result")).to_be_visible()


def test_a_thread_on_a_phone_and_without_a_network(server: Server, cut: Cut, person: Make) -> None:
    """A long press offers the thread, which covers the conversation; Back leads to that, and from there to the list. Without
    a network the thread can be read, and a reply waits until there is one."""
    room = Room(server, "uzum")
    room.say("Uzum pishdimi?")
    ali = room.joins(person("ali-uzum", port=cut.port, **PHONE))
    page = ali.page
    page.goto(room.url(ali))
    finger = Finger(page).down(row(talk(page), "Uzum pishdimi?").locator(".text"))
    expect(page.locator("dialog.sheet")).to_be_visible()
    finger.up()
    page.locator("dialog.sheet").get_by_role("button", name="Reply in thread").click()
    thread = panel(page)
    expect(thread).to_be_visible()
    expect(page.locator(".conversation-view")).to_be_hidden()
    thread.locator("textarea").fill("Hali yoʻq")
    thread.get_by_label("Send", exact=True).click()
    expect(row(thread, "Hali yoʻq")).to_have_count(1)
    expect(thread.locator(".replies-count")).to_have_text("1 reply")
    ali.can_do_without()
    back(page)
    expect(page.locator(".conversation-view")).to_be_visible()
    expect(thread).to_have_count(0)
    row(talk(page), "Uzum pishdimi?").locator(".replies").click()
    expect(row(thread, "Hali yoʻq")).to_be_visible()
    ali.has_kept("Hali yoʻq", "messages")
    cut.cut()
    page.reload()
    expect(row(thread, "Hali yoʻq")).to_be_visible()
    thread.locator("textarea").fill("Ertaga")
    thread.get_by_label("Send", exact=True).click()
    expect(row(thread, "Ertaga")).to_have_class(re.compile("pending"))
    cut.mend()
    expect(row(thread, "Ertaga")).not_to_have_class(re.compile("pending"))
    thread.get_by_label("Back").click()
    expect(row(talk(page), "Uzum pishdimi?").locator(".replies")).to_contain_text("2 replies")
    page.locator(".conversation-view").get_by_label("Back").click()
    expect(page.locator(".sidebar")).to_be_visible()
