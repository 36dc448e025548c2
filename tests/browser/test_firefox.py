"""The main flow in Firefox: another engine than that of the other tests."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from tests import firefox
from tests.chromium import launched
from tests.firefox import ENTER, Tab
from tests.servers import Server, running

from .files import give, wav
from .person import Person

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


FILM = """
async (type) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 120 });
  const drawn = canvas.getContext("2d");
  let at = 0;
  const timer = setInterval(() => {
    drawn.fillStyle = `hsl(${(at += 20)} 80% 50%)`;
    drawn.fillRect(0, 0, 160, 120);
  }, 50);
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: type });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await new Promise((resolve) => ((recorder.onstop = resolve), recorder.stop()));
  clearInterval(timer);
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
}
"""
"""Records a film of a second and a half of a type."""

FILMS = {"webm": "video/webm;codecs=vp8", "mp4": "video/mp4;codecs=avc1.42E01E"}
SOUND = "document.querySelectorAll('article.message .sound')"


def test_what_chromium_recorded(tmp_path: Path) -> None:
    """A voice message, films and sounds of Chromium play in Firefox. Where it lacks a codec, the page says so and offers the
    download."""
    with running("suhbat", tmp_path / "data", lobby_history="all", send_rate="0", guest_files="on") as server:
        url = f"http://localhost:{server.port}/"
        made = sends(url)
        with firefox.launched() as browser:
            tab = browser.tab()
            tab.goto(url)
            tab.focus("input[name=user_id]")
            tab.type(f"vali{ENTER}")
            tab.wait(f"{SOUND}.length === 2")
            for at, length in ((0, None), (1, "0:05")):
                tab.evaluate(f"{SOUND}[{at}].querySelector('.play').scrollIntoView()")
                tab.evaluate(f"{SOUND}[{at}].querySelector('.play').focus()")
                tab.type(ENTER)
                tab.wait(f"{SOUND}[{at}].querySelector('.wave .done') !== null")
                if length:
                    tab.wait(f"{SOUND}[{at}].querySelector('.time').innerText.endsWith('/ {length}')")
            for name in made:
                plays(tab, name)
            assert browser.logged == []


def sends(url: str) -> list[str]:
    """In Chromium, send a voice message, a sound and films; gives the names of the films."""
    arguments = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with launched(*arguments) as chromium:
        ali = Person(chromium, "ali", url)
        ali.context.grant_permissions(["microphone"])
        ali.comes()
        page = ali.page
        page.get_by_role("button", name="Record a voice message").click()
        page.locator(".recording .time", has_text=re.compile(r"0:0[1-9]")).wait_for()
        page.get_by_role("button", name="Send the recording").click()
        page.locator("article.message:not(.pending) .sound").wait_for()
        types = {
            name: kind for name, kind in FILMS.items() if page.evaluate(f"MediaRecorder.isTypeSupported('{kind}')")
        }
        films = [
            (f"film.{name}", f"video/{name}", base64.b64decode(page.evaluate(FILM, kind)))
            for name, kind in types.items()
        ]
        give(page, "drop", ".conversation-view", ("bir.wav", "audio/wav", wav(5)), *films)
        page.locator(".composer .send").click()
        page.locator("article.message:not(.pending) .sound").nth(1).wait_for()
        assert "webm" in types and not ali.wrong
        ali.context.close()
        return list(types)


def plays(tab: Tab, name: str) -> None:
    """A film plays, or its row says that it does not."""
    film = f"document.querySelector('article.message video[aria-label$=\"film.{name}\"]')"
    row = f"[...document.querySelectorAll('article.message a.file')].find((one) => one.download === 'film.{name}')"
    if tab.evaluate(f"document.createElement('video').canPlayType('{FILMS[name]}') !== ''"):
        tab.evaluate(f"(({film}.muted = true), {film}.play(), true)")
        tab.wait(f"{film}.currentTime > 0.2 && {film}.videoWidth === 160")
    else:
        tab.wait(f"{row}?.innerText.includes('This browser cannot play it.')")
