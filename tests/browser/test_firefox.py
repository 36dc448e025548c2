"""The main flow in Firefox: another engine than that of the other tests."""

from __future__ import annotations

import json

from tests import firefox
from tests.firefox import ENTER, Tab
from tests.servers import Server

MESSAGES = "[...document.querySelectorAll('article.message:not(.pending) .text')].map((one) => one.innerText)"
LAST_REPLY = "[...document.querySelectorAll('.thread article.message:not(.pending) .text')].at(-1)?.innerText"
UNREAD_THREADS = "(document.querySelector('.to-threads .badge:not(.named, [hidden])')?.textContent ?? null)"
LANGUAGE = "document.documentElement.lang"


def sees(tab: Tab, *texts: str) -> None:
    tab.wait(
        f"JSON.stringify({MESSAGES}) === {json.dumps(json.dumps(texts, ensure_ascii=False, separators=(',', ':')))}"
    )


def threads(tab: Tab, server: Server, token: str, root: int) -> None:
    """In the open thread with one reply of the user: replies come at once; unread ones and mentions show in the list and at the
    root, until they are seen here or read on another device; and one can stop following. The thread is closed then."""

    def closes() -> None:
        tab.evaluate("history.back()")
        tab.wait("document.querySelector('.thread') === null")

    def replies(text: str) -> None:
        body = {"text": text, "thread": root}
        assert server.request("POST", "/api/v1/conversations/lobby/messages", body, token=token)[0] == 201

    def opens(text: str) -> None:
        tab.evaluate("document.querySelector('.conversation-view .replies').click()")
        tab.wait(f"{LAST_REPLY} === '{text}'")

    replies("Kel!")
    tab.wait(f"{LAST_REPLY} === 'Kel!'")
    tab.wait(f"{UNREAD_THREADS} === null")
    closes()
    replies("@ali, senmi?")
    tab.wait(f"{UNREAD_THREADS} === '1' && document.title === '(1) Suhbat'")
    tab.wait("document.querySelector('.conversation-view .replies .named') !== null")
    opens("@ali, senmi?")
    tab.wait(f"{UNREAD_THREADS} === null && document.title === 'Suhbat'")
    closes()
    replies("Soat beshda")
    tab.wait(f"{UNREAD_THREADS} === '1'")
    tab.evaluate(
        f"fetch('api/v1/conversations/lobby/threads/{root}', {{method: 'PUT', body: '{{\"read_ordinal\": 4}}', "
        "headers: {'Content-Type': 'application/json'}}).then(() => true)"
    )
    tab.wait(f"{UNREAD_THREADS} === null")
    opens("Soat beshda")
    tab.evaluate("document.querySelector('.thread .follow').click()")
    tab.wait("document.querySelector('.to-threads').hidden")
    closes()


def test_the_main_flow(server: Server) -> None:
    """A guest joins, sends, receives, replies in a thread, reloads with and without the server, and switches the language."""
    with firefox.launched() as browser:
        tab = browser.tab()
        tab.goto(f"http://localhost:{server.port}/")
        tab.focus("input[name=user_id]")
        tab.type(f"ali{ENTER}")
        tab.wait("document.querySelector('.shell .conversation') !== null")
        tab.focus(".composer textarea")
        tab.type(f"Salom, oʻrtoqlar!{ENTER}")
        sees(tab, "Salom, oʻrtoqlar!")
        vali = server.guest("vali")
        status, _ = server.request(
            "POST", "/api/v1/conversations/lobby/messages", {"text": "Va alaykum, @ali 👋"}, token=vali
        )
        assert status == 201
        sees(tab, "Salom, oʻrtoqlar!", "Va alaykum, @ali 👋")
        tab.wait("document.querySelectorAll('.mention.mine').length === 1")
        tab.evaluate("document.querySelectorAll('article.message')[1].focus()")
        tab.type("t")
        tab.wait("document.activeElement.id === 'thread-composer'")
        tab.type(f"Muhokamada{ENTER}")
        tab.wait("document.querySelector('.conversation-view .replies')?.innerText.includes('1 reply')")
        tab.wait("location.hash.startsWith('#/c/lobby/t/')")
        threads(tab, server, vali, int(tab.evaluate("location.hash.split('/').pop()")))
        tab.wait("navigator.serviceWorker.ready.then(() => true)")
        tab.reload()
        sees(tab, "Salom, oʻrtoqlar!", "Va alaykum, @ali 👋")
        tab.evaluate("document.querySelector('.sidebar footer .icon-button').click()")
        tab.wait("document.querySelector('#tab-appearance') !== null")
        tab.evaluate("document.querySelector('#tab-appearance').click()")
        tab.wait("document.querySelector('#language') !== null")
        for tag, text in (("ru", "Написать сообщение"), ("uz-Cyrl", "Хабар ёзинг"), ("uz", "Xabar yozing")):
            tab.evaluate(
                "((box, tag) => (box.value = tag, box.dispatchEvent(new Event('change', {bubbles: true}))))"
                f"(document.querySelector('#language'), '{tag}')"
            )
            tab.wait(f"{LANGUAGE} === '{tag}' && document.querySelector('.composer textarea').placeholder === '{text}'")
        assert browser.logged == []
        server.kill()
        tab.reload()
        sees(tab, "Salom, oʻrtoqlar!", "Va alaykum, @ali 👋")
        tab.wait(f"{LANGUAGE} === 'uz'")
