"""A picture in large: fingers on a phone; keys, mouse and download on a desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server, running

from .files import picture, uploaded
from .person import PHONE, Person
from .room import Room
from .touch import Finger

Make = Callable[..., Person]

WHOLE = re.compile(r"scale\(1\)")
BEGUN = re.compile(r"scale\((?!1\))")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("suhbat", tmp_path_factory.mktemp("lightbox") / "data", send_rate="0", guest_files="on") as server:
        yield server


def opens(server: Server, title: str, person: Person) -> tuple[Page, Locator]:
    """A room with three pictures in a message: two wide ones and a long strip. Gives the page and the message."""
    room = Room(server, title)
    files = [picture("bir.png", 400, 300), picture("ikki.png", 400, 240), picture("uzun.png", 40, 1600)]
    room.fill(20)
    room.say("Rasmlar", files=[uploaded(server, room.tokens["anna"], file) for file in files])
    room.joins(person)
    person.page.goto(room.url(person))
    return person.page, person.sees("Rasmlar")


def test_fingers(server: Server, person: Make) -> None:
    """A swipe goes to the next picture and back, and none goes beyond the last. Two fingers and two taps zoom, one finger moves
    what is zoomed. A pull down, a tap beside it and the back button close it, and nothing below is pressed. A long press on
    a picture opens the sheet of its message."""
    ali = person("ali-barmoq", reduced_motion="reduce", **PHONE)
    page, row = opens(server, "Barmoq", ali)
    finger = Finger(page)
    pictures, sheet = row.locator(".picture"), page.get_by_role("dialog", name="Message actions")
    box = page.locator("dialog.lightbox")
    name, image, stage = box.locator(".lightbox-name"), box.locator(".stage > img"), box.locator(".stage")

    pictures.first.tap()
    expect(name).to_have_text("bir.png")
    expect(image).to_have_css("width", "390px")  # its size is known before it is loaded
    finger.down(image).move(-150, 10)
    expect(image).to_have_attribute("style", re.compile(r"translate\(-150px, 0px\)"))
    finger.up()
    expect(name).to_have_text("ikki.png")
    finger.down(image).move(-150, 10).up()
    expect(name).to_have_text("uzun.png")
    expect(box).to_contain_text("3 of 3")
    top, shown = (box.locator(one).bounding_box() for one in ("header", ".stage > img"))
    assert top and shown and top["y"] + top["height"] <= shown["y"]
    finger.down(image).move(-150, 10).up()
    expect(image).to_have_attribute("style", re.compile(r"translate\(0px, 0px\) scale\(1\)"))
    expect(name).to_have_text("uzun.png")
    finger.taps_twice(image)
    expect(image).to_have_attribute("style", re.compile(r"scale\(23\.35"))  # a strip fills the width
    finger.taps_twice(stage)
    expect(image).to_have_attribute("style", WHOLE)
    finger.down(image).move(150, 10).up()
    expect(name).to_have_text("ikki.png")

    finger.pinches(image, 60, 240)
    expect(image).to_have_attribute("style", re.compile(r"translate\(0px, 0px\) scale\(4\)"))
    finger.down(stage).move(-100, 0).up()
    expect(image).to_have_attribute("style", re.compile(r"translate\(-100px, 0px\) scale\(4\)"))
    finger.down(stage).move(0, 300).up()
    expect(name).to_have_text("ikki.png")
    finger.pinches(stage, 240, 30)
    expect(image).to_have_attribute("style", WHOLE)
    finger.down(image).move(0, 40, steps=2)
    expect(box).to_have_attribute("style", re.compile(r"--pull: 0\.3"))
    finger.move(0, -40).up()
    expect(box).to_have_attribute("style", re.compile(r"--pull: 0;"))
    finger.down(image).move(0, 180).move(1, 0).up()  # without a fling, which a tap would only end
    expect(box).to_have_count(0)
    expect(pictures.first).to_be_focused()

    pictures.nth(1).tap()
    expect(name).to_have_text("ikki.png")
    page.evaluate("history.back()")
    expect(box).to_have_count(0)
    expect(page.locator(".conversation-view h1")).to_have_text("Barmoq")
    pictures.nth(1).tap()
    expect(name).to_have_text("ikki.png")
    place = pictures.last.bounding_box()
    assert place and not place["y"] < 390 < place["y"] + 300  # it lies beside the picture in large
    page.touchscreen.tap(place["x"] + 20, place["y"] + 20)
    expect(box).to_have_count(0)
    expect(page.locator("dialog")).to_have_count(0)

    finger.down(pictures.nth(1))
    expect(sheet).to_be_visible()
    finger.up()
    expect(sheet).to_contain_text("Rasmlar")
    with page.expect_download() as download:
        sheet.get_by_role("button", name="Download").tap()
    assert download.value.suggested_filename == "ikki.png"
    expect(page.locator("dialog")).to_have_count(0)


def test_keys_and_mouse(server: Server, person: Make) -> None:
    """The arrow keys, Home and End change the picture; plus, minus, zero, the wheel and a double click zoom; what is zoomed is
    dragged, and moved by the arrow keys. The download has the name of the file. A click beside it closes it, and the focus
    returns."""
    vali = person("vali-tugma")
    page, row = opens(server, "Tugma", vali)
    pictures, box = row.locator(".picture"), page.locator("dialog.lightbox")
    name, image = box.locator(".lightbox-name"), box.locator(".stage > img")
    pictures.nth(1).focus()
    page.keyboard.press("Enter")
    for key, shown in (("ArrowRight", "uzun.png"), ("Home", "bir.png"), ("End", "uzun.png"), ("ArrowLeft", "ikki.png")):
        page.keyboard.press(key)
        expect(name).to_have_text(shown)
    with page.expect_download() as download:
        box.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "ikki.png"
    for key, scale in (("+", "1.5"), ("-", "1"), ("+", "1.5"), ("0", "1")):
        page.keyboard.press(key)
        expect(image).to_have_attribute("style", re.compile(rf"scale\({scale}\)"))
    page.mouse.move(640, 400)
    page.mouse.wheel(0, -300)
    expect(image).to_have_attribute("style", BEGUN)
    page.keyboard.press("0")
    image.dblclick()
    expect(image).to_have_attribute("style", re.compile(r"scale\(2\.5\)"))
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("ArrowDown")
    expect(image).to_have_attribute("style", re.compile(r"translate\(0px, -80px\)"))
    page.mouse.down()
    page.mouse.move(640, 440, steps=4)
    page.mouse.up()
    expect(image).to_have_attribute("style", re.compile(r"translate\(0px, -40px\)"))
    page.keyboard.press("0")
    page.mouse.click(100, 400)
    expect(box).to_have_count(0)
    expect(pictures.nth(1)).to_be_focused()
