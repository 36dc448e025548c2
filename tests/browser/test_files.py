"""Files on the page: they come to a message by paste, drop and button; uploads survive a reload and a lost network."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from tests.chromium import launched
from tests.servers import Server, running

from .cut import Cut
from .eventually import eventually
from .files import give, pick, picture, uploaded, wav
from .person import PHONE, Person
from .test_axe import Look
from .touch import Finger

Make = Callable[..., Person]

A_SECOND = re.compile(r"0:(0[1-9]|[1-5]\d)")
"""What a timer shows after a second or, on a slow machine, more."""
PDF = ("hisobot.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 5_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser with a microphone that beeps."""
    with launched("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(
        "suhbat", tmp_path / "data", lobby_history="all", send_rate="0", guest_files="on", file_size="2MB"
    ) as server:
        yield server


def test_pictures_and_files(person: Make) -> None:
    """A pasted picture is shown at once, wherever in the conversation the focus was, and others see it in its place without a
    jump. Several that are dropped form a grid that opens in large, and the tray counts them. What is too large is said
    before anything is uploaded. Deleted files are gone, with their address."""
    ali, vali = person("ali").comes(), person("vali").comes()
    look = Look(ali.page)

    give(ali.page, "paste", "#composer", picture("image.png", 640, 400))
    expect(ali.page.locator(".tray .chosen")).to_have_count(1)
    expect(ali.page.locator(".tray .file-name")).to_have_text(re.compile(r"^20\d\d-\d\d-\d\d \d\d-\d\d-\d\d\.png$"))
    look.in_both("tray")
    ali.field.press("Enter")
    mine = ali.page.locator("article.message .picture img")
    expect(mine).to_have_attribute("src", re.compile("^blob:"))
    expect(ali.page.locator(".tray")).to_be_hidden()
    expect(ali.page.locator(".conversation .second").first).to_contain_text("Picture")

    theirs = vali.page.locator("article.message .picture")
    expect(theirs).to_have_count(1)
    before = theirs.bounding_box()
    expect(theirs.locator("canvas")).to_have_count(0)  # it goes when the picture is loaded
    assert theirs.bounding_box() == before
    eventually(lambda: theirs.locator("img").evaluate("(image) => image.complete && image.naturalWidth > 0"))

    give(ali.page, "over", ".conversation-view", PDF)
    expect(ali.page.locator(".conversation-view > .drop")).to_be_visible()
    large = ("katta.bin", "application/octet-stream", os.urandom(2_000_001))
    empty = ("boʻsh.txt", "text/plain", b"")
    files = [picture(f"{name}.png", 300, 200) for name in ("bir", "ikki", "uch")]
    give(ali.page, "drop", ".conversation-view", *files, PDF, large, empty)
    notes = ali.page.locator("#toasts")  # at once, as they go after some seconds
    expect(notes).to_contain_text(re.compile("“katta.bin” is too large: the limit is 2 MB.*“boʻsh.txt” is empty."))
    eventually(lambda: notes.evaluate(ABOVE_THE_TRAY))
    expect(ali.page.locator(".conversation-view > .drop")).to_be_hidden()
    expect(ali.page.locator(".tray .file-name")).to_have_text(["bir.png", "ikki.png", "uch.png", "hisobot.pdf"])
    expect(ali.page.locator(".tray-count")).to_have_text(re.compile("^4 files · "))
    ali.page.locator("article.message").focus()
    give(ali.page, "paste", "article.message", picture("toʻrt.png", 30, 20))
    expect(ali.page.locator(".tray .file-name").last).to_have_text("toʻrt.png")
    ali.page.get_by_role("button", name="Remove toʻrt.png").click()
    ali.page.get_by_role("button", name="Remove uch.png").click()
    expect(ali.field).to_be_focused()
    ali.says("Mana **rasmlar**")

    row = vali.page.locator("article.message", has_text="Mana rasmlar")
    expect(row.locator(".gallery .picture img")).to_have_count(2)
    link = row.locator("a.file")
    expect(link).to_have_text(re.compile("hisobot.pdf.*5 KB"))
    address = link.evaluate("(link) => link.href")
    assert vali.context.request.get(address).status == 200
    look.in_both("pictures and files")

    vali.page.get_by_role("button", name="Details").click()
    shared = vali.page.locator(".shared")
    expect(shared.locator(".picture img")).to_have_count(3)
    expect(shared.locator("a.file")).to_contain_text("hisobot.pdf")
    Look(vali.page).at("shared files")
    vali.page.keyboard.press("Control+Shift+F")
    vali.page.get_by_role("button", name="Filters").click()
    kinds = vali.page.locator(".filters").get_by_label("Files")
    for kind, count in (("Pictures", 2), ("Videos", 0), ("With files", 2)):
        kinds.select_option(kind)
        expect(vali.page.locator(".results .result")).to_have_count(count)
    vali.page.locator(".panel").get_by_role("button", name="Close").click()

    row.locator(".picture").first.click()
    box = vali.page.locator("dialog.lightbox")
    expect(box).to_contain_text("bir.png")
    expect(box).to_contain_text("1 of 2")
    vali.page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("ikki.png")
    expect(box.get_by_role("button", name="Next picture")).to_be_hidden()
    vali.page.keyboard.press("+")
    expect(box.locator("img")).to_have_attribute("style", re.compile(r"scale\(1\.5\)"))
    Look(vali.page).at("lightbox")
    vali.page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(row.locator(".picture").first).to_be_focused()

    ali.does("Mana rasmlar", "Delete")
    expect(vali.page.locator("article.deleted .tombstone")).to_be_visible()
    expect(vali.page.locator("article.message .files")).to_have_count(1)
    assert vali.context.request.get(address).status == 404
    assert not look.found, look.found


def test_uploads_survive(person: Make) -> None:
    """Without a network an upload waits and says so. After a reload it goes on where the server has it, with its message. A
    removed file is deleted on the server. A refusal can be read, and tried again."""
    ali = person("ali").comes()
    asked: list[tuple[str, str]] = []
    is_cut = True

    def note(request: Request) -> None:
        if "/api/v1/files" in request.url:
            asked.append((request.method, request.url.rpartition("/")[2]))

    def pieces(route: Route) -> None:
        if is_cut and route.request.method in ("PATCH", "HEAD"):
            route.abort()
        else:
            route.fallback()

    ali.context.on("request", note)
    ali.context.route("**/api/v1/files/*", pieces)
    pick(ali.page, ("film.bin", "application/octet-stream", os.urandom(900_000)))
    tray = ali.page.locator(".tray .chosen")
    expect(tray).to_contain_text("Waiting for the connection")
    ali.says("Mana film")
    expect(ali.page.locator(".tray")).to_be_hidden()
    row = ali.page.locator("article.message.pending", has_text="Mana film")
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(row).to_contain_text("Waiting for the connection")
    expect(row.get_by_role("button", name="Don't send")).to_be_visible()
    pick(ali.page, ("qoralama.bin", "application/octet-stream", os.urandom(700_000)))
    expect(tray).to_contain_text("qoralama.bin")
    expect(tray).to_contain_text("Waiting for the connection")

    ali.page.reload()
    ali.is_in()
    expect(row).to_be_visible()
    expect(tray).to_contain_text("qoralama.bin")
    ali.page.get_by_role("button", name="Remove qoralama.bin").click()
    expect(tray).to_have_count(0)
    is_cut = False
    ali.sees("Mana film")
    expect(ali.page.locator("article.message a.file")).to_contain_text("film.bin")
    assert [method for method, _ in asked].count("POST") == 2
    while (deleted := [method for method, _ in asked].count("DELETE")) == 0:
        ali.page.wait_for_timeout(50)
    assert deleted == 1

    ali.context.route(
        re.compile(r"/api/v1/files\?"),
        lambda route: route.fulfill(status=413, json={"code": "quota_exceeded", "detail": "Your files are too many."}),
        times=1,
    )
    pick(ali.page, PDF)
    expect(tray.get_by_role("alert")).to_have_text("Your files are too many.")
    look = Look(ali.page)
    look.in_both("a refused file")
    ali.page.get_by_role("button", name="Try again: hisobot.pdf").click()
    expect(tray).to_contain_text("5 KB")
    ali.field.press("Enter")
    expect(ali.page.locator("article.message a.file", has_text="hisobot.pdf")).to_have_count(1)
    assert not look.found, look.found


ABOVE_THE_TRAY = """(notes) => {
  const tray = document.querySelector(".tray").getBoundingClientRect();
  return notes.childElementCount > 0 && tray.height > 0 && notes.getBoundingClientRect().bottom <= tray.top;
}"""
TOPS = "() => [...document.querySelectorAll('article.message')].map((one) => one.getBoundingClientRect().top)"


def test_the_main_flow(person: Make, server: Server, cut: Cut) -> None:
    """Pictures that somebody pastes and drops come live to a phone, and no message moves when they are loaded. An upload
    goes on where it was when the network goes away and comes back, and when the page is loaded again meanwhile. A photo
    comes from the phone. Deleted files are gone for both, with their addresses."""
    ali, vali = person("ali", port=cut.port).comes(), person("vali", **PHONE)
    ali.can_do_without()
    token = server.guest("gani")
    for number in range(12):
        server.request("POST", "/api/v1/conversations/lobby/messages", {"text": f"gap {number}"}, token=token)
    vali.comes()
    vali.opens("Everyone")
    vali.sees("gap 11")
    held: list[Route] = []
    asked: list[str] = []
    ali.context.on("request", lambda request: asked.append(f"{request.method} {request.url.rpartition('/')[2]}"))
    is_slow = True
    vali.context.route(re.compile(r"/files/f\w+/"), lambda one: held.append(one) if is_slow else one.continue_())

    give(ali.page, "paste", "#composer", picture("image.png", 320, 200))
    ali.says("Surat")
    give(ali.page, "drop", ".conversation-view", *(picture(f"{name}.png", 80, 60) for name in ("bir", "ikki", "uch")))
    ali.says("Uchta")
    vali.sees("Surat")
    vali.sees("Uchta")
    blurred, pictures = vali.page.locator("article.message canvas"), vali.page.locator("article.message .picture img")
    expect(blurred).to_have_count(4)
    before = vali.page.evaluate(TOPS)
    is_slow = False
    for route in held:
        route.continue_()
    expect(blurred).to_have_count(0)
    assert pictures.evaluate_all("(all) => all.every((one) => one.naturalWidth > 0)")
    assert vali.page.evaluate(TOPS) == before

    tray, gauge = ali.page.locator(".tray .chosen"), ali.page.locator(".tray .gauge")
    part = re.compile(r"^[1-9]\d?$")

    def after_the_first_piece(route: Route) -> None:
        if route.request.method == "PATCH":
            cut.stall()
        route.continue_()

    for name, loads_again in (("tarmoq.bin", False), ("sahifa.bin", True)):
        asked.clear()
        data = os.urandom(1_800_000)
        ali.context.route("**/api/v1/files/*", after_the_first_piece)
        give(ali.page, "drop", ".conversation-view", (name, "application/octet-stream", data))
        expect(gauge).to_have_attribute("aria-valuenow", part)
        cut.cut()
        expect(tray).to_contain_text("Waiting for the connection")
        ali.context.unroute("**/api/v1/files/*")
        if loads_again:
            ali.page.reload()
            ali.is_in()
            expect(tray).to_contain_text("Waiting for the connection")
        cut.mend()
        expect(tray).to_contain_text("1.8 MB")
        expect(gauge).to_be_hidden()
        ali.says(f"Mana {name}")
        link = vali.sees(f"Mana {name}").locator("a.file")
        # While the network is away the page also tries to get its events in another way.
        others = ("POST events", "POST commands")
        written = [one.split("?")[0] for one in asked if one.startswith(("POST", "DELETE"))]
        assert [one for one in written if one not in others] == ["POST files"]
        assert vali.context.request.get(link.evaluate("(link) => link.href")).body() == data

    with vali.page.expect_file_chooser() as chooser:
        vali.page.locator(".conversation-view").get_by_role("button", name="Attach files").tap()
        vali.page.get_by_role("menuitem", name="Photo or video").tap()
    name, kind, data = picture("foto.png", 60, 80)
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": data}])
    expect(vali.page.locator(".tray .chosen")).to_have_count(1)
    vali.page.locator(".composer .send").tap()
    theirs = ali.page.locator("article.message", has=ali.page.locator("img[alt='foto.png']"))
    expect(theirs).to_have_count(1)

    address = ali.sees("Mana tarmoq.bin").locator("a.file").evaluate("(link) => link.getAttribute('href')")
    ali.does("Mana tarmoq.bin", "Delete")
    for one in (ali, vali):
        expect(one.page.locator("article.deleted .tombstone")).to_be_visible()
        expect(one.page.locator("a.file", has_text="tarmoq.bin")).to_have_count(0)
    for one in (ali, vali):  # the page of who deletes it shows that before the server knows
        assert one.context.request.get(address).status == 404


def test_voice(person: Make, server: Server) -> None:
    """A voice message is recorded, cancelled, sent and played, with its waveform, by keyboard and on a phone. One sound plays
    at a time, the others keep their places, and a place is chosen with the arrow keys and by a drag."""
    ali, vali = person("ali").comes(), person("vali", **PHONE)
    ali.context.grant_permissions(["microphone"])
    vali.comes()
    vali.opens("Everyone")
    record = ali.page.get_by_role("button", name="Record a voice message")
    bar = ali.page.get_by_role("group", name="Recording")
    look = Look(ali.page)

    record.click()
    expect(bar).to_be_visible()
    look.in_both("recording")
    ali.page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(record).to_be_focused()

    record.click()
    expect(bar.get_by_role("timer")).to_have_text(A_SECOND)
    bar.get_by_role("button", name="Send the recording").click()
    expect(bar).to_have_count(0)
    theirs = vali.page.locator("article.message .sound")
    expect(theirs).to_have_count(1)
    expect(theirs.locator(".wave i")).to_have_count(48)
    expect(ali.page.locator("article.message:not(.pending) .sound")).to_have_count(1)
    box = theirs.bounding_box()
    assert box and box["x"] + box["width"] <= PHONE["viewport"]["width"] - 60  # room for the button to the newest
    _, page = server.request("GET", "/api/v1/conversations/lobby/messages", token=server.guest("olim"))
    [file] = page["messages"][0]["files"]
    assert len(base64.b64decode(file["waveform"])) == 48 and file["duration"] >= 1
    look.in_both("a voice message")
    theirs.get_by_role("button", name="Play").tap()
    expect(theirs.locator(".wave i.done").first).to_be_visible()
    expect(theirs.get_by_role("button", name="Speed")).to_be_visible()

    # A recording is not lost, and the microphone not left on, when the user goes to another conversation.
    gani = server.guest("gani")
    direct = server.request("POST", "/api/v1/directs", {"users": ["ali"]}, token=gani)[1]["conversation"]
    server.request("POST", f"/api/v1/conversations/{direct}/messages", {"text": "Ali?"}, token=gani)
    record.click()
    expect(bar.get_by_role("timer")).to_have_text(A_SECOND)
    ali.opens("gani")
    expect(bar).to_have_count(0)
    ali.opens("Everyone")
    expect(ali.page.locator(".tray .chosen")).to_contain_text("voice")
    ali.page.get_by_role("button", name="Remove voice").click()

    # A finger holds the button: a slide to the left deletes, lifting it sends.
    vali.context.grant_permissions(["microphone"])
    finger, hold = Finger(vali.page), vali.page.get_by_role("button", name="Record a voice message")
    timer = vali.page.get_by_role("group", name="Recording").get_by_role("timer")
    finger.down(hold)
    expect(timer).to_have_text(A_SECOND)
    finger.move(-120, 0).up()
    expect(timer).to_have_count(0)
    finger.down(hold)
    expect(timer).to_have_text(A_SECOND)
    finger.up()
    expect(timer).to_have_count(0)
    expect(vali.page.locator("article.message:not(.pending) .sound")).to_have_count(2)

    # Two sounds: one plays at a time, the other keeps its place; the speed is that of both.
    token = gani
    for name in ("bir.wav", "ikki.wav"):
        sound = uploaded(server, token, (name, "audio/wav", wav(300)))
        server.request("POST", "/api/v1/conversations/lobby/messages", {"text": "", "files": [sound]}, token=token)
    first, second = (ali.page.get_by_role("group", name=name) for name in ("bir.wav", "ikki.wav"))
    place = first.get_by_role("slider", name="Position")
    place.focus()
    for key, shown in (("ArrowRight", "0:03 / 5:00"), ("ArrowRight", "0:06 / 5:00"), ("ArrowLeft", "0:03 / 5:00")):
        ali.page.keyboard.press(key)
        expect(first.locator(".time")).to_have_text(shown)
    expect(place).to_have_attribute("aria-valuetext", "0:03")
    ali.page.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    first.get_by_role("button", name="Speed: 1×").click()
    second.get_by_role("button", name="Play").click()
    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    expect(first.get_by_role("button", name="Play")).to_be_visible()
    expect(first.locator(".time")).to_have_text(re.compile(r"^(0:0[3-9]|0:[1-5]\d|[1-4]:\d\d) / 5:00$"))
    expect(second.get_by_role("button", name="Speed: 1.5×")).to_be_visible()
    second.get_by_role("button", name="Pause").click()
    wave = second.locator(".wave").bounding_box()
    assert wave
    ali.page.mouse.move(wave["x"] + 4, wave["y"] + 9)
    ali.page.mouse.down()
    ali.page.mouse.move(wave["x"] + wave["width"] / 2, wave["y"] + 9, steps=3)
    ali.page.mouse.up()
    expect(second.locator(".time")).to_have_text(re.compile(r"^2:[23]\d / 5:00$"))
    assert not look.found, look.found
