"""Pictures of what programs post, for docs/how-to: one for each format of webhooks, buttons of a bot, and an answer that grows.
`make screenshots` makes them with the others; `python -m tests.browser.program_pictures` only these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.chromium import launched
from tests.programs.hooks.one_liners import one_liners, run
from tests.servers import ROOT, running

from .office import Office
from .person import Person

IMAGES = ROOT / "docs" / "images"
PRODUCTS = {"text": "Backup", "slack-form": "Jenkins", "github": "GitHub", "gitlab": "GitLab"}
"""The names of webhooks that are not those of their formats."""
COLOURS = 96
"""Enough for text and an emoji; a picture has some 15 KB."""


def draw_programs(browser: Browser) -> None:
    with (
        TemporaryDirectory() as place,
        running("suhbat", Path(place) / "data", send_rate="0", bots="everyone") as server,
    ):
        office = Office(server)
        with visit(browser, office) as vali:
            for name, command in one_liners().items():
                hook = {"name": PRODUCTS.get(name, name.capitalize())}
                address = (
                    office.hook if name == "slack" else office.ask("ali", "POST", f"{office.path}/hooks", hook)["url"]
                )
                assert run(command, f"{server.url}{address}") == "ok", name
            rows = vali.page.locator("article.message")
            expect(rows).to_have_count(len(one_liners()))
            for at, name in enumerate(one_liners()):
                take(rows.nth(at), f"hook-{name}")
        with visit(browser, office) as vali:
            draw_bot(office, vali)


def draw_bot(office: Office, vali: Person) -> None:
    yes_no = [{"label": "Ha", "id": "yes"}, {"label": "Yoʻq", "id": "no"}]
    recipe = [{"label": "Retsept", "url": "https://example.org"}]
    office.say("ob-havo", "Osh yeymizmi?", actions=[yes_no, recipe])
    take(vali.sees("Osh yeymizmi?"), "bot-buttons")
    asked = office.say("vali", "Osh uchun nima kerak?")
    office.begins(reply_to=asked).on("Toʻrt kishiga:\n\n- 1 kg **guruch**, uch marta yuving\n- 1 kg sabzi, uzun toʻgʻr")
    growing = vali.page.locator("article.growing")
    expect(growing.get_by_role("button", name="Stop")).to_be_visible()
    expect(growing).to_contain_text("uzun")
    take(growing, "bot-growing")


@contextmanager
def visit(browser: Browser, office: Office) -> Iterator[Person]:
    """Vali is in the room, on a screen that shows only the conversation."""
    profile = {"viewport": {"width": 560, "height": 1600}, "device_scale_factor": 2, "reduced_motion": "reduce"}
    one = Person(browser, "vali", f"http://localhost:{office.server.port}/", color_scheme="light", **profile)
    yield office.opens(one, "vali")
    one.context.close()


def take(row: Locator, name: str) -> None:
    row.page.mouse.move(0, 0)
    path = IMAGES / f"{name}.png"
    row.screenshot(path=path)
    Image.open(path).quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    with launched() as browser:
        draw_programs(browser)
