"""Screenshots of the main screens, of mails and of programs: `make screenshots` writes them into docs/images."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from tests.chromium import launched
from tests.mail.parts import MailBox, code_in, part
from tests.servers import ROOT, Server, running

from .person import DESK, PASSWORD, PHONE, Person
from .program_pictures import draw_programs
from .scene import Town

IMAGES = ROOT / "docs" / "images"


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    page.screenshot(path=IMAGES / f"web-{name}.png")
    print(f"docs/images/web-{name}.png")


def loads(page: Page, pictures: int) -> None:
    """Wait until so many pictures of messages are loaded."""
    page.wait_for_function(
        "(count) => [...document.querySelectorAll('.picture img, .stage img')].filter(({ naturalWidth }) => naturalWidth)"
        ".length >= count",
        arg=pictures,
    )


def main() -> None:
    with (
        TemporaryDirectory() as place,
        running("suhbat", Path(place) / "data", send_rate="0") as server,
        launched() as browser,
    ):
        draw(browser, server)
        draw_mails(browser, Path(place))
        draw_programs(browser)


def draw(browser: Browser, server: Server) -> None:
    url = f"http://localhost:{server.port}/"

    def come(profile: dict[str, Any] = DESK, scheme: str = "light", locale: str = "en-US") -> Person:
        scale = {"device_scale_factor": 1 if profile is DESK else 2}
        one = Person(
            browser, "ali", url, locale=locale, color_scheme=scheme, reduced_motion="reduce", **profile, **scale
        )
        one.page.goto(one.url)
        one.page.wait_for_selector("input[name=user_id]")
        return one

    def logged_in(*arguments: Any) -> Person:
        one = come(*arguments)
        one.page.locator("button.link").first.click()
        one.page.fill("input[name=user_id]", "ali")
        one.page.fill("input[name=password]", PASSWORD)
        one.page.click("button.primary")
        one.is_in()
        return one

    code = re.search(r"/setup\?code=\S+", server.printed())
    assert code
    setup = come(DESK, "light", "uz-UZ")
    setup.page.goto(f"http://localhost:{server.port}{code[0]}")
    setup.page.wait_for_selector("input[name=new_password]")
    take(setup.page, "setup")
    take(come().page, "door")

    town = Town(server)
    root = town.furnish()
    light = logged_in()
    light.opens("Choyxona")
    light.page.locator(".newer").click()
    loads(light.page, 3)
    take(light.page, "conversation")
    light.page.locator("article.message .picture").nth(1).click()
    loads(light.page, 4)
    take(light.page, "picture")
    light.page.keyboard.press("Escape")
    light.page.goto(f"{light.url}#/c/{town.room}/t/{root}")
    light.page.locator(".panel.thread .picture").last.wait_for()
    loads(light.page, 7)
    take(light.page, "thread")
    light.page.locator(".panel.thread").get_by_label("Close").click()
    row = light.page.locator("article.message", has_text="Kun tartibi")
    row.focus()
    row.get_by_role("button", name="Add reaction").click()
    light.page.wait_for_timeout(300)
    take(light.page, "emoji")
    light.page.keyboard.press("Escape")
    light.page.get_by_label("Details").click()
    take(light.page, "details")
    light.page.locator(".panel").get_by_label("Close").click()
    light.page.keyboard.press("Control+Shift+f")
    light.page.locator(".search-head input[type=search]").fill("koʻrdim")
    take(light.page, "search")
    light.page.locator(".panel").get_by_label("Close").click()

    dark = logged_in(DESK, "dark")
    dark.opens("Choyxona")
    loads(dark.page, 3)
    dark.page.locator("article.message .author", has_text="Nodira").last.wait_for()
    take(dark.page, "dark")
    dark.page.locator(".sidebar footer .icon-button").last.click()
    dark.page.get_by_role("tab", name="Devices").click()
    dark.page.locator(".sessions li strong").first.wait_for()
    take(dark.page, "settings")

    phone = logged_in(PHONE, "light", "uz-UZ")
    take(phone.page, "phone-list")
    phone.opens("Choyxona")
    loads(phone.page, 3)
    take(phone.page, "phone")


def draw_mails(browser: Browser, place: Path) -> None:
    """The mails for a new password and about unread messages, as a server sends them, on a desktop and a phone."""
    box = MailBox(place / "mails")
    box.directory.mkdir()
    settings = {
        "SUHBAT_SMTP_URL": f"smtp://127.0.0.1:{box.port}",
        "SUHBAT_MAIL_FROM": "chat@example.org",
        "SUHBAT_PUBLIC_URL": "https://chat.example.org",
        "SUHBAT_SEND_RATE": "0",
    }
    command = ("-m", "tests.mail.short_times", "serve", "--host", "127.0.0.1", "--port", "{port}")
    server = Server("suhbat", place / "mailing", settings=settings, command=command)
    with box.running():
        server.start()
        try:
            town = Town(server)
            town.ask("ali", "PUT", "/me/email", {"address": "ali@example.org", "current_password": PASSWORD})
            town.ask("", "POST", "/email-confirmations", {"code": code_in(box.wait(1)[0], "confirm")})
            town.say("nodira", town.room, "@ali, **hisobotni** bugun yuborasizmi?")
            digest = box.wait(2)[1]
            town.ask("", "POST", "/password-resets", {"user_id": "ali"})
            reset = box.wait(3)[2]
        finally:
            server.stop()
    for name, mail in (("digest", digest), ("reset", reset)):
        for suffix, width, scale in (("", 720, 1), ("-phone", 390, 2)):
            page = browser.new_page(viewport={"width": width, "height": 100}, device_scale_factor=scale)
            page.set_content(part(mail, "html"))
            page.screenshot(path=IMAGES / f"mail-{name}{suffix}.png", full_page=True)
            print(f"docs/images/mail-{name}{suffix}.png")
            page.close()


if __name__ == "__main__":
    main()
