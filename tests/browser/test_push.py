"""Notifications on this device: the settings, what the service worker shows of a push, and where a click leads."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from suhbat.notify.encoding import encode
from tests.notify.push_service import Browser as PushBrowser
from tests.servers import Server, running

from .eventually import eventually
from .person import PASSWORD, Person
from .room import COOKIE
from .test_signals import ANDROID, CLICK, SHOWN

Make = Callable[..., Person]

# Headless Chromium has no push service.
PUSH_MANAGER = """
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const kept = () => JSON.parse(localStorage.getItem("test.subscription") ?? "null");
  const subscription = ({ endpoint, key }) => ({
    endpoint,
    options: { userVisibleOnly: true, applicationServerKey: bytes(key).buffer },
    toJSON: () => ({ endpoint, expirationTime: null, keys: KEYS }),
    unsubscribe: async () => (localStorage.removeItem("test.subscription"), true),
  });
  PushManager.prototype.getSubscription = async () => kept() && subscription(kept());
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
    const made = { endpoint: `ENDPOINT/${Math.random()}`, key };
    localStorage.setItem("test.subscription", JSON.stringify(made));
    return subscription(made);
  };
})();
"""

CLOSE = """async (tag) => {
  for (const note of await (await navigator.serviceWorker.ready).getNotifications({ tag })) note.close();
}"""

PERMISSION = """
window.answer = ANSWER;
let permission = "default";
Object.defineProperty(Notification, "permission", { get: () => permission });
Notification.requestPermission = async () => (permission = window.answer);
"""


class PushService:
    """A push service on loopback, with the keys of one browser. `messages`: what arrived, decrypted."""

    def __init__(self) -> None:
        self.browser = PushBrowser()
        self.messages: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                service.messages.append(service.browser.decrypt(body).decode())
                self.send_response(201)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/send"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def script(self) -> str:
        keys = {"p256dh": encode(self.browser.public), "auth": encode(self.browser.auth)}
        return PUSH_MANAGER.replace("KEYS", json.dumps(keys)).replace("ENDPOINT", self.url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {"lobby_history": "all", "send_rate": "0", "outgoing_allow": "127.0.0.0/8", "push_delay": "0.1"}
    with running("suhbat", tmp_path / "data", **settings) as server:
        yield server


class Worker:
    """The service worker of a page, over the DevTools protocol."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._registrations: list[dict[str, Any]] = []
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._updated)
        self._session.send("ServiceWorker.enable")

    def _updated(self, event: dict[str, Any]) -> None:
        self._registrations += event["registrations"]

    def push(self, data: str) -> None:
        """Deliver a push, as a push service does."""
        eventually(lambda: self._page.wait_for_timeout(50) or self._registrations)
        registration = self._registrations[-1]
        origin = "/".join(registration["scopeURL"].split("/")[:3])
        message = {"origin": origin, "registrationId": registration["registrationId"], "data": data}
        self._session.send("ServiceWorker.deliverPushMessage", message)

    def shows(self, *titles: str) -> list[list[str]]:
        """Wait until exactly the notifications with these titles are shown; gives title, text and tag of each."""
        found: list[list[str]] = []

        def probe() -> bool:
            found[:] = self._page.evaluate(SHOWN)
            return sorted(title for title, _, _ in found) == sorted(titles)

        eventually(lambda: probe() or self._page.wait_for_timeout(50))
        return found


def message(conversation: str, seq: int, title: str, body: str, url: str) -> str:
    """What the server pushes for a message."""
    shown = {"title": title, "body": body, "navigate": f"{url}#/c/{conversation}/{seq}", "tag": conversation}
    place = {"conversation": conversation, "seq": seq}
    return json.dumps({"web_push": 8030, "notification": shown, "app_badge": 1, "suhbat": place})


def test_pushes(server: Server, service: PushService, person: Make) -> None:
    """Who switches notifications on gets the device into the list. The test push arrives and is shown. The server pushes a
    message when nobody looks any more. What the page has shown already is not shown again; a click opens the message, and
    what is read disappears. Logging out ends the subscription."""
    ali = person("ali")
    frames: list[str] = []
    ali.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(str(frame))))
    ali.context.grant_permissions(["notifications"])
    ali.context.add_init_script(ANDROID)
    ali.context.add_init_script(service.script)
    ali.registers()
    ali.can_do_without()
    page, worker = ali.page, Worker(ali.page)

    page.goto(f"{ali.url}#/settings/notifications")
    box = page.get_by_label("Notifications on this device")
    expect(box).not_to_be_checked()
    expect(page.get_by_text("None yet.")).to_be_visible()
    box.check()
    device = page.locator(".sessions li")
    expect(device).to_contain_text("This device")
    expect(page.get_by_text("also when Suhbat is closed")).to_be_visible()
    device.get_by_role("button", name="Test").click()
    expect(page.get_by_text("It should appear within seconds.")).to_be_visible()
    eventually(lambda: service.messages)
    (trial,) = service.messages
    worker.push(trial)
    assert worker.shows("Notifications work")[0][1] == "You are told of new messages on this device."
    page.evaluate(CLOSE, "trial")
    worker.shows()

    token = server.guest("vali")

    def ask(method: str, path: str, body: object = None) -> Any:
        status, answer = server.request(method, f"/api/v1{path}", body, token=token)
        assert status < 300, answer
        return answer

    page.goto(f"{ali.url}#/c/lobby")
    eventually(lambda: '{"type":"active","on":true}' in frames or page.wait_for_timeout(50))
    page.evaluate("look(false)")
    eventually(lambda: '{"type":"active","on":false}' in frames or page.wait_for_timeout(50))
    direct = ask("POST", "/directs", {"users": ["ali"]})["conversation"]
    seq = ask("POST", f"/conversations/{direct}/messages", {"text": "yetib keldimi?"})["seq"]
    worker.shows("vali")  # of the page itself
    eventually(lambda: len(service.messages) > 1 or page.wait_for_timeout(50))
    pushed = json.loads(service.messages[1])
    assert pushed["suhbat"] == {"conversation": direct, "seq": seq}
    worker.push(service.messages[1])
    worker.push(message("lobby", 1, "Everyone", "salom", ali.url))
    assert ["vali", "yetib keldimi?", f"{direct}/{seq}"] in worker.shows("vali", "Everyone")
    page.evaluate(CLOSE, "lobby")
    worker.shows("vali")
    ali.context.service_workers[0].evaluate(CLICK)
    expect(page.locator("article.found")).to_contain_text("yetib keldimi?")

    worker.push(service.messages[1])
    assert worker.shows("vali")[0][2] == direct
    page.evaluate("look(true)")  # which marks the message as read
    worker.shows()

    page.goto(f"{ali.url}#/settings")
    page.get_by_role("button", name="Log out").first.click()
    page.locator("dialog").get_by_role("button", name="Log out").click()
    page.wait_for_selector("input[name=user_id]")
    eventually(lambda: page.evaluate("localStorage.getItem('test.subscription')") is None)
    again = server.request("POST", "/api/v1/sessions", {"user_id": "ali", "password": PASSWORD})[1]["token"]
    assert server.request("GET", "/api/v1/push", token=again)[1] == {"subscriptions": []}


def test_the_question(server: Server, service: PushService, person: Make) -> None:
    """Who has written something is asked once, on a strip, whether to switch notifications on; the browser's own question
    comes only after a yes. After a no it does not come again. Notifications and the strip leave alone what is written."""
    ali, vali = (person(name) for name in ("ali", "vali"))
    for one, answer in ((ali, "granted"), (vali, "denied")):
        one.context.add_init_script(PERMISSION.replace("ANSWER", json.dumps(answer)))
        one.context.add_init_script(service.script)
        one.registers()
        one.can_do_without()
        expect(one.page.locator(".offer")).to_be_hidden()
        one.opens("Everyone")
        one.says("savolim bor")
        expect(one.page.locator(".offer")).to_contain_text("Turn on notifications")
    # The settings have the same switch, so the strip waits meanwhile.
    ali.page.goto(f"{ali.url}#/settings/notifications")
    expect(ali.page.locator(".offer")).to_be_hidden()
    ali.page.go_back()
    expect(ali.page.locator(".offer")).to_be_visible()
    ali.field.fill("yana")
    ali.page.get_by_role("button", name="Turn on").click()
    expect(ali.page.locator(".offer")).to_be_hidden()
    expect(ali.field).to_have_value("yana")
    ali.page.goto(f"{ali.url}#/settings/notifications")
    expect(ali.page.get_by_label("Notifications on this device")).to_be_checked()
    expect(ali.page.locator(".sessions li")).to_contain_text("This device")
    ali.page.get_by_role("button", name="Remove: ").click()
    expect(ali.page.get_by_label("Notifications on this device")).not_to_be_checked()
    expect(ali.page.get_by_text("None yet.")).to_be_visible()

    vali.page.get_by_role("button", name="No, thanks").click()
    expect(vali.page.locator(".offer")).to_be_hidden()
    vali.page.reload()
    vali.opens("Everyone")
    vali.says("yana savol")
    vali.sees("yana savol")
    expect(vali.page.locator(".offer")).to_be_hidden()
    vali.page.goto(f"{vali.url}#/settings/notifications")
    vali.page.get_by_label("Notifications on this device").click()
    expect(vali.page.get_by_text("Your browser blocks notifications")).to_be_visible()
    expect(vali.page.get_by_label("Notifications on this device")).to_be_disabled()


WAYS = {
    "isSecureContext": ("Object.defineProperty(globalThis, 'isSecureContext', { get: () => false })", "secure address"),
    "iPhone": (
        "delete globalThis.PushManager; Object.defineProperty(navigator, 'userAgent', { get: () => 'iPhone' })",
        "Add to Home Screen",
    ),
    "unable": ("delete globalThis.Notification", "Try a current Firefox"),
    "blocked": ("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })", "blocks notifications"),
    "failed": (
        "Object.defineProperty(Notification, 'permission', { get: () => 'granted' });"
        "PushManager.prototype.subscribe = async () => { throw new DOMException('no service', 'AbortError'); };",
        "Directs notify you",
    ),
}


def test_what_is_in_the_way(server: Server, person: Make) -> None:
    """Where notifications do not work, the settings say why and what to do: without https, on an iPhone whose home screen
    does not have the page, without support, after a no, and where the push service is not reached."""
    account = {"user_id": "ali", "password": PASSWORD}
    token = server.request("POST", "/api/v1/accounts", account)[1]["token"]
    for way, (script, says) in WAYS.items():
        ali = person("ali")
        ali.context.add_init_script(script)
        ali.context.add_cookies([{"name": COOKIE, "value": token, "url": ali.url}])
        ali.page.goto(f"{ali.url}#/settings/notifications")
        expect(ali.page.locator(".section-page")).to_contain_text(says)
        box = ali.page.get_by_label("Notifications on this device")
        expect(box).to_be_enabled(enabled=way == "failed")
        if way == "failed":
            ali.can_do_without()
            box.check()
            expect(ali.page.get_by_text("did not reach its push service")).to_be_visible()
            expect(ali.page.get_by_role("button", name="Try again")).to_be_visible()
            expect(box).to_be_checked()


def test_the_bell_of_a_conversation(server: Server, person: Make) -> None:
    """The bell in the header says what notifies, and its menu changes that, also for a while. Arrow keys go through it."""
    ali = person("ali")
    account = {"user_id": "ali", "password": PASSWORD}
    token = server.request("POST", "/api/v1/accounts", account)[1]["token"]
    ali.context.add_cookies([{"name": COOKIE, "value": token, "url": ali.url}])
    ali.page.goto(f"{ali.url}#/c/lobby")
    bell = ali.page.locator(".level-here")
    expect(bell).to_have_accessible_name("Notify me about: Only mentions")
    bell.press("Enter")
    expect(ali.page.get_by_role("menuitemradio", name="Only mentions", checked=True)).to_be_focused()
    ali.page.keyboard.press("ArrowDown")
    ali.page.keyboard.press("ArrowDown")
    ali.page.keyboard.press("Enter")
    expect(bell).to_have_accessible_name(re.compile("Notify me about: Nothing, Until "))
    expect(bell).to_be_focused()
    expect(ali.page.locator(".conversation", has_text="Everyone").get_by_label("muted")).to_be_visible()
    level = server.request("GET", "/api/v1/conversations/lobby", token=token)[1]["notify"]
    assert level["level"] == "none" and level["until"]
    bell.click()
    expect(ali.page.get_by_role("menuitemradio", checked=True)).to_contain_text("Nothing, Until")
    ali.page.get_by_role("menuitemradio", name="All messages").click()
    expect(bell).to_have_accessible_name("Notify me about: All messages")
