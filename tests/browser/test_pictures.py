"""Pictures of people and rooms: chosen, cropped with mouse and keyboard, seen live by others, removed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from .eventually import eventually
from .files import File, give, picture
from .person import PHONE, Person
from .test_axe import Look

Make = Callable[..., Person]

MIDDLE = """
(stage) => {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext("2d").drawImage(stage, 256, 256, 1, 1, 0, 0, 1, 1);
  return [...canvas.getContext("2d").getImageData(0, 0, 1, 1).data];
}
"""
FACE = ".avatar.pictured img"


def pick(page: Page, button: str, *files: File) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    payload: Any = [{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files]
    chooser.value.set_files(payload)


def centre(page: Page) -> list[int]:
    """The colour in the middle of the stage."""
    found: list[int] = page.locator(".crop-stage").evaluate(MIDDLE)
    return found


def test_pictures(person: Make) -> None:
    """A person chooses a square of an image, with the mouse, the wheel, the slider and the keyboard alone. Others see it where
    they see the name, without a reload; where it cannot be loaded there are the initials. A moderator gives a room a picture,
    a member cannot. Both can be removed."""
    ali, vali = person("ali").registers(), person("vali").registers()
    look, page = Look(ali.page), ali.page
    page.emulate_media(reduced_motion="reduce")  # no colour is on its way when axe looks
    ali.says("Salom")
    vali.sees("Salom")
    mine = vali.page.locator("article.message > .avatar").first
    expect(mine).to_have_text("A")

    page.goto(f"{ali.url}#/settings/profile")
    pick(page, "Add a picture", picture("yuz.png", 800, 600))
    dialog = page.get_by_role("dialog", name="Picture")
    stage = dialog.get_by_role("application", name="The part of the picture that is shown")
    expect(stage).to_be_focused()
    before = centre(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    eventually(lambda: (moved := centre(page))[0] < before[0] and moved[1:] == before[1:])
    slider = dialog.get_by_role("slider", name="Zoom")
    expect(slider).not_to_have_value("0")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_value("100")
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = centre(page)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    eventually(lambda: centre(page)[0] > before[0])  # dragged to the left, the right of the image is seen
    for _ in range(20):
        page.mouse.wheel(0, 100)
    expect(slider).to_have_value("0")
    look.in_both("crop")
    dialog.get_by_role("button", name="Use this picture").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(f".identity {FACE}")).to_have_attribute(
        "src", re.compile(r"/users/ali/picture\?size=256&version=f")
    )
    expect(page.locator(f".me {FACE}")).to_have_count(1)
    expect(page.get_by_role("button", name="Change picture")).to_be_focused()
    look.in_both("profile")

    expect(mine.locator("xpath=self::*[contains(@class, 'pictured')]/img")).to_have_attribute(
        "src", re.compile(r"/users/ali/picture\?size=64&version=f")
    )
    vali.field.fill("@al")
    expect(vali.page.locator(f".completion {FACE}")).to_have_count(1)
    vali.field.fill("")
    vali.page.locator("article.message .author").first.click()
    expect(vali.page.locator(f".person {FACE}")).to_have_count(1)
    vali.page.get_by_role("button", name="Send a message").click()
    expect(vali.page.locator(".conversation-view h1")).to_have_text("ali")
    expect(vali.page.locator(f".intro {FACE}")).to_have_count(1)
    vali.says("Salom, Ali")
    expect(vali.page.locator(f".conversation[aria-current] {FACE}")).to_have_count(1)

    def broken(route: Route) -> None:
        route.abort()

    vali.page.route("**/picture?**", broken)
    vali.page.reload()
    vali.is_in()
    expect(vali.page.locator(".conversation[aria-current] .avatar")).to_have_text("A")
    expect(vali.page.locator(".conversation[aria-current] .avatar img")).to_have_count(0)
    vali.page.unroute("**/picture?**")

    ali.page.goto(f"{ali.url}#/")
    api = ali.page.request
    headers = {"origin": ali.url.rstrip("/")}
    room = api.post(
        f"{ali.url}api/v1/conversations", data={"title": "Choyxona", "visibility": "public"}, headers=headers
    )
    room_id = room.json()["conversation"]
    vali.page.request.put(
        f"{vali.url}api/v1/conversations/{room_id}/members/vali", data={}, headers={"origin": vali.url.rstrip("/")}
    )
    ali.opens("Choyxona")
    vali.opens("Choyxona")
    for one in (ali, vali):
        one.page.get_by_role("button", name="Details").click()
    expect(vali.page.locator(".about-it .picture-button")).to_have_count(0)
    give(page, "over", ".panel", picture("xona.png", 300, 300))
    expect(page.locator(".panel > .drop")).to_be_visible()
    give(page, "drop", ".panel", picture("xona.png", 300, 300))
    dialog.get_by_role("button", name="Use this picture").click()
    expect(dialog).to_be_hidden()
    for one in (ali, vali):
        expect(one.page.locator(f".about-it {FACE}")).to_have_attribute(
            "src", re.compile(f"/conversations/{room_id}/picture")
        )
        expect(one.page.locator(f".conversation[aria-current] {FACE}")).to_have_count(1)
    look.in_both("details")
    page.get_by_role("button", name="Change picture").click()
    page.get_by_role("menuitem", name="Remove picture").click()
    for one in (ali, vali):
        expect(one.page.locator(".about-it .avatar img")).to_have_count(0)

    page.goto(f"{ali.url}#/settings/profile")
    page.get_by_role("button", name="Change picture").click()
    page.get_by_role("menuitem", name="Remove picture").click()
    expect(page.locator(".identity .avatar")).to_have_text("A")
    expect(page.locator(".me .avatar img")).to_have_count(0)
    expect(page.locator(".identity").get_by_role("button", name="Add a picture")).to_be_focused()
    expect(
        vali.page.locator(".conversation", has=vali.page.get_by_text("ali", exact=True)).locator("img")
    ).to_have_count(0)
    assert look.found == []


def test_on_a_phone(person: Make) -> None:
    """Everything of the dialog is on the screen, two fingers zoom, and what is no image is refused in words."""
    ali = person("ali", **PHONE).registers()
    page = ali.page
    page.emulate_media(reduced_motion="reduce")
    look = Look(page)
    page.goto(f"{ali.url}#/settings/profile")
    pick(page, "Add a picture", ("hisobot.pdf", "application/pdf", b"%PDF-1.4"))
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog).to_contain_text("This browser cannot open the file as a picture.")
    dialog.get_by_role("button", name="Close").click()
    pick(page, "Add a picture", picture("yuz.png", 600, 900))
    use = dialog.get_by_role("button", name="Use this picture")
    expect(use).to_be_in_viewport(ratio=1)
    expect(dialog.locator(".crop-stage")).to_be_in_viewport(ratio=1)
    look.in_both("crop")
    box = dialog.locator(".crop-stage").bounding_box()
    assert box is not None
    cdp = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 90), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(dialog.get_by_role("slider", name="Zoom")).not_to_have_value("0")
    use.click()
    expect(page.locator(f".identity {FACE}")).to_have_count(1)
    assert look.found == []
