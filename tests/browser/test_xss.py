"""Text of users stays text in every field of the page, whatever it contains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers import Server

from .person import PASSWORD, Person

RUN = "executed.push(1)"
CORPUS = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<math><a xlink:href=javascript:{RUN}>x</a></math>",
    f"<style>@import 'javascript:{RUN}'</style>",
    f"<link rel=stylesheet href=javascript:{RUN}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<base href=javascript:{RUN}//>",
    f"<form action=javascript:{RUN}><button>x</button></form>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"\"'><script>{RUN}</script>",
    f"' onmouseover='{RUN}",
    f'" autofocus onfocus="{RUN}" x="',
    f"`${{{RUN}}}`",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](java\tscript:{RUN})",
    f"[x](&#106;avascript:{RUN})",
    f"[x](\u0001javascript:{RUN})",
    f"[x](data:text/html,<script>{RUN}</script>)",
    f"[x](vbscript:{RUN})",
    f"[x](file:///etc/passwd) [y](blob:{RUN})",
    f"[x](https://a.example/\" onmouseover=\"{RUN})",
    f"[<img src=x onerror={RUN}>](https://a.example)",
    f"![x](javascript:{RUN})",
    f"![x\" onerror=\"{RUN}](https://a.example/x.png)",
    f"<javascript:{RUN}>",
    f"[x]: javascript:{RUN}\n[x]",
    f"```\"><script>{RUN}</script>\n<script>{RUN}</script>\n```",
    f"`<img src=x onerror={RUN}>`",
    f"> <img src=x onerror={RUN}>",
    f"- <img src=x onerror={RUN}>",
    f"**<img src=x onerror={RUN}>**",
    f"@<img src=x onerror={RUN}>",
    f":<img src=x onerror={RUN}>:",
    f"https://a.example/<script>{RUN}</script>",
    f"https://user:pw@a.example/ javascript:{RUN}",
    "\u202e<tpircs/>)1(hsup.detucexe<tpircs>\u202c",
    "z" + "\u0336\u0489" * 200,
    f"\u2028{RUN}\u2029",
    "__proto__", "constructor", "toString", "[object Object]", "{n}", "{name}", "$&", "$1",
)  # fmt: skip

FORBIDDEN = (
    "script:not(head script), iframe, object, embed, style, form[action], base, meta:not(head meta), link:not(head link), "
    ".rows img, .rows svg:not(.icon), .rows video, .rows input, .rows textarea, .panel svg:not(.icon)"
)
LISTENS = """
[...document.querySelectorAll("*")].some((element) =>
  [...element.attributes].some(({ name, value }) => /^on/i.test(name) || (name === "style" && /url|expression/.test(value))))
"""


def nothing_ran(page: Page) -> None:
    """No code ran, users' texts made no element, and every link leads to an allowed place."""
    assert page.evaluate("executed") == []
    assert page.locator(FORBIDDEN).count() == 0
    leads = page.locator(".rows a").evaluate_all("links => links.map(link => new URL(link.href).protocol)")
    assert set(leads) <= {"http:", "https:", "mailto:"}
    assert not page.evaluate(LISTENS)


def api(server: Server, token: str, method: str, path: str, body: dict[str, Any]) -> Any:
    status, answer = server.request(method, f"/api/v1{path}", body, token=token)
    assert status < 500, (path, body, answer)
    return answer if status < 400 else None


def test_every_text_field(server: Server, person: Callable[..., Person]) -> None:
    """Messages, edits, quotes, titles, topics and display names of another user stay text in the timeline, the list,
    the details and the dialogs."""
    ali = person("ali").registers()
    status, made = server.request("POST", "/api/v1/accounts", {"user_id": "yomon", "password": PASSWORD})
    assert status == 201
    token = made["token"]
    for index, payload in enumerate(CORPUS):
        room = api(
            server, token, "POST", "/conversations", {"title": payload, "topic": payload, "visibility": "public"}
        )
        direct = api(server, token, "POST", "/directs", {"users": ["ali"]})["conversation"]
        sent = api(server, token, "POST", f"/conversations/{direct}/messages", {"text": payload})
        if index % 3 == 0:
            api(server, token, "POST", f"/conversations/{direct}/messages", {"text": payload, "reply_to": sent["seq"]})
            edited = api(server, token, "POST", f"/conversations/{direct}/messages", {"text": "x"})
            api(server, token, "PATCH", f"/conversations/{direct}/messages/{edited['seq']}", {"text": payload})
            api(server, token, "PATCH", "/me", {"display_name": payload})
        if room and index % 3 == 0:
            api(server, token, "PUT", f"/conversations/{room['conversation']}/members/ali", {})
            api(server, token, "POST", f"/conversations/{room['conversation']}/messages", {"text": payload})
    page = ali.page
    page.locator(".conversation", has=page.get_by_title("@yomon")).click()  # the name shown is a payload, too
    expect(page.locator("article.message").last).to_be_visible()
    for part in ("<script>", "onerror"):  # the text was not removed either
        expect(page.locator("article .text", has_text=part).first).to_be_attached()
    nothing_ran(page)
    page.locator(".scroller").evaluate("(box) => box.scrollTo(0, 0)")
    page.wait_for_timeout(500)
    nothing_ran(page)
    for link in page.locator(".rows button.mention").all()[:3]:
        link.click()
        page.keyboard.press("Escape")
    for row in page.locator(".conversation").all()[:12]:
        row.click()
        page.wait_for_timeout(50)
        page.locator(".conversation-view").get_by_label("Details").click()
        expect(page.locator(".panel h3").first).to_be_visible()
        nothing_ran(page)
        page.locator(".panel").get_by_label("Close").click()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog input")).to_be_focused()
    page.fill("dialog input", "<")
    nothing_ran(page)
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="Public rooms").click()
    expect(page.locator("dialog .names").first).to_be_visible()
    nothing_ran(page)
    page.keyboard.press("Escape")
    page.get_by_label("New conversation").click()
    page.get_by_role("menuitem", name="New direct message").click()
    page.fill("dialog input", "yomon")
    expect(page.locator("dialog .member").first).to_be_visible()
    nothing_ran(page)
    page.keyboard.press("Escape")


def test_what_one_types_oneself(server: Server, person: Callable[..., Person]) -> None:
    """A user's own text stays text in the timeline, in the edit of a message and in search."""
    ali = person("ali").comes()
    page = ali.page
    for payload in CORPUS[::4]:
        ali.field.fill(payload)
        ali.field.press("Enter")
    expect(page.locator("article.message:not(.pending)")).to_have_count(len(CORPUS[::4]))
    nothing_ran(page)
    ali.field.press("ArrowUp")
    nothing_ran(page)
    ali.field.press("Escape")
    page.locator(".sidebar").get_by_label("Search").click()
    for payload in CORPUS[::6]:
        page.locator(".search-head input[type=search]").fill(payload)
        page.wait_for_timeout(350)
        nothing_ran(page)


def test_the_door(server: Server, person: Callable[..., Person]) -> None:
    """Names on the login page, and invitation codes and conversations in the address, run no code."""
    ali = person("ali")
    for payload in CORPUS[::5]:
        ali.page.goto(server.url)
        ali.page.fill("input[name=user_id]", payload[:32].replace("\n", ""))
        ali.page.click("button.primary")
        expect(ali.page.locator("form .wrong, .shell").first).not_to_be_empty()
        assert ali.page.evaluate("executed") == []
        if ali.page.locator(".shell").count():
            ali.page.evaluate("fetch('api/v1/sessions/current', {method: 'DELETE'}).then(() => {})")
    ali.page.goto("about:blank")
    for place in (
        "#/invite/%3Cscript%3E",
        "#/c/%3Cimg%20src=x%20onerror=executed.push(1)%3E/1",
        "#/c/%",
        "#/c/lobby/99999999999999999999",
        "?code=%22%3E#/c/x",
    ):
        ali.page.goto(f"{server.url}/{place}")
        ali.page.wait_for_selector(".gate, .shell")
        assert ali.page.evaluate("executed") == []
        ali.page.goto("about:blank")
