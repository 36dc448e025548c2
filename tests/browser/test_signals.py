"""Signals from outside of the page: input methods, notifications, addresses, and one's own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers import Server

from .person import PHONE, Person

Make = Callable[..., Person]

ENDS_COMPOSITION = """(field) => {
  const event = new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true });
  field.dispatchEvent(event);
}"""

SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map((note) => [note.title, note.body, note.tag]);
}"""

CLICK = """async () => {
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""

# A headless browser focuses every page. On Android the constructor throws, and there is nothing but the worker.
ANDROID = """
let focused = true;
document.hasFocus = () => focused;
window.look = (now) => { focused = now; dispatchEvent(new Event(now ? "focus" : "blur")); };
const { permission, requestPermission } = Notification;
window.Notification = class { constructor() { throw new TypeError("Illegal constructor."); } };
Object.assign(window.Notification, { permission: "granted", requestPermission: async () => "granted" });
"""


def test_the_enter_that_ends_a_composition(person: Make) -> None:
    """The Enter that ends a composition sends nothing, in Safari too, where it comes after the composition with key code
    229. In the switcher it opens nothing."""
    ali = person("ali").comes()
    ali.field.fill("yarim soʻz")
    ali.field.evaluate(ENDS_COMPOSITION)
    expect(ali.field).to_have_value("yarim soʻz")
    expect(ali.page.locator("article.message")).to_have_count(0)
    ali.page.keyboard.press("Control+k")
    box = ali.page.locator("dialog input")
    box.fill("every")
    box.evaluate(ENDS_COMPOSITION)
    expect(box).to_be_visible()
    ali.page.keyboard.press("Escape")
    ali.field.press("Enter")
    ali.sees("yarim soʻz")


def told(page: Page, *bodies: str) -> list[list[str]]:
    """Wait until exactly these notifications are shown; gives title, text and tag of each."""
    for _ in range(300):
        found: list[list[str]] = page.evaluate(SHOWN)
        if [body for _, body, _ in found] == list(bodies):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{found} instead of {bodies}")


def test_notifications(server: Server, person: Make) -> None:
    """The service worker shows them, because Android has no other way. None is shown while somebody looks at the page, in
    this tab or in another. An edit changes a notification, a deletion closes it, and a click opens the message in a page
    that is open. Of replies in threads, those notify that mention the user or are in a thread that they follow."""
    ali = person("ali")
    ali.context.grant_permissions(["notifications"])
    ali.context.add_init_script(ANDROID)
    ali.comes()
    ali.can_do_without()
    ali.page.evaluate(
        "localStorage.setItem('suhbat.preferences', JSON.stringify({"
        "...JSON.parse(localStorage.getItem('suhbat.preferences')), notify: true}))"
    )
    ali.page.reload()
    ali.is_in()
    other = ali.tab()
    other.goto(f"{ali.url}#/c/lobby")
    ali.is_in(other)
    token = server.guest("vali")

    def ask(method: str, path: str, body: object = None) -> Any:
        status, answer = server.request(method, f"/api/v1{path}", body, token=token)
        assert status < 300, answer
        return answer

    direct = ask("POST", "/directs", {"users": ["ali"]})["conversation"]

    def write(text: str) -> int:
        seq: int = ask("POST", f"/conversations/{direct}/messages", {"text": text})["seq"]
        for page in (ali.page, other):
            expect(page.locator(".conversation", has_text=text)).to_be_visible()
        return seq

    write("koʻrib turibman")
    ali.page.evaluate("look(false)")
    write("boshqa oynadaman")
    ali.page.wait_for_timeout(300)
    told(ali.page)
    other.evaluate("look(false)")
    first = write("hech kim qaramayapti")
    assert told(ali.page, "hech kim qaramayapti") == [["vali", "hech kim qaramayapti", f"{direct}/{first}"]]
    ask("PATCH", f"/conversations/{direct}/messages/{first}", {"text": "hech kim yoʻq"})
    told(ali.page, "hech kim yoʻq")
    second = write("yana bir gap")
    told(ali.page, "hech kim yoʻq", "yana bir gap")
    ask("DELETE", f"/conversations/{direct}/messages/{second}")
    told(ali.page, "hech kim yoʻq")
    worker = ali.context.service_workers[0]
    worker.evaluate(CLICK)
    shown: list[Page] = []
    while not shown:
        ali.page.wait_for_timeout(100)
        shown = [page for page in (ali.page, other) if page.locator(".conversation-view h1", has_text="vali").count()]
    assert len(shown) == 1
    expect(shown[0].locator("article.found")).to_contain_text("hech kim yoʻq")
    told(ali.page)

    lobby = "/conversations/lobby/messages"
    root = ask("POST", lobby, {"text": "umumiy savol"})["seq"]
    replies = [
        ask("POST", lobby, {"text": text, "thread": root})["seq"] for text in ("ali emas", "@ali, senmi?", "javob ber")
    ]
    notes = told(ali.page, "@ali, senmi?", "javob ber")
    assert [tag for _, _, tag in notes] == [f"lobby/{seq}" for seq in replies[1:]]
    worker.evaluate(CLICK)
    expect(shown[0].locator(".thread article.found")).to_contain_text("senmi?")


def test_addresses_that_cannot_be_read(person: Make) -> None:
    """An address with a broken escape opens the page as without it, before and after the login. The address bar shows the
    place where the page is then, and Back leads to where one was."""
    ali = person("ali", **PHONE).comes()
    broken = (
        "#%E0%A4%A",
        "#/c/%E0%A4%A",
        "#/c/%/1",
        "#/invite/%E0%A4%A",
        "#/c/lobby/99999999999999999999",
        "#yoq",
        "#/c/",
    )
    for address in broken:
        ali.page.evaluate(f"location.hash = '{address}'")
        ali.is_in()
        expect(ali.page).to_have_url(f"{ali.url}#/")
    ali.opens("Everyone")
    ali.page.evaluate("location.hash = '#/nothing/here'")
    expect(ali.page).to_have_url(f"{ali.url}#/c/lobby")
    expect(ali.field).to_be_visible()
    ali.page.get_by_label("Back").click()
    expect(ali.page.locator(".sidebar")).to_be_visible()
    ali.page.goto("about:blank")
    ali.page.goto(ali.url + broken[1])
    ali.is_in()
    stranger = person("begona")
    for address in (broken[1], broken[3]):
        stranger.page.goto("about:blank")
        stranger.page.goto(stranger.url + address)
        expect(stranger.page.locator("input[name=user_id]")).to_be_visible()


def test_ones_own_name_in_any_spelling(server: Server, person: Make) -> None:
    """A mention of oneself is marked with every apostrophe and case that the server takes as the same name."""
    token = server.guest("vali")
    for name, others in (
        (
            "o'tkir",
            ("@o'tkir", "@O'TKIR", "@oʻtkir", "@o‘tkir", "@Oʼtkir", "@o`tkir", "_@o'tkir_", "@o'tkir'ga", "@o'tkir."),
        ),
        ("ҲИЛОЛА", ("@ҳилола", "@Ҳилола", "@ҲИЛОЛА")),
    ):
        me = person(name).comes()
        text = " ; ".join(others)
        status, _ = server.request("POST", "/api/v1/conversations/lobby/messages", {"text": text}, token=token)
        assert status < 300
        row = me.page.locator("article.message", has_text=";").last
        expect(row.locator(".mention")).to_have_count(len(others))
        expect(row.locator(".mention.mine")).to_have_count(len(others))
