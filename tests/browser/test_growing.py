"""Messages that grow in the page: they are read while they are written, stopped, and whole in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import Server, running

from .cut import Cut
from .office import Office
from .person import Person
from .test_axe import Look

Make = Callable[..., Person]


@pytest.fixture
def office(server: Server) -> Office:
    return Office(server)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running("suhbat", tmp_path / "data", send_rate="0", bots="everyone") as server:
        yield server


def test_it_grows_is_stopped_and_becomes_whole(office: Office, person: Make) -> None:
    """An answer to somebody else grows in its place, with a caret where it goes on, and without a button to stop it. A reload
    shows the text so far, and the text grows on. Screen readers are told only of the whole message, once, and no live
    region has the text that grows. The one who asked can stop an answer: it is marked as not complete, the focus stays
    on it, the bot is told, and a reload shows the same. In the list, a message says that it is being written until it has
    a text; what grows in view is not unread."""
    vali = office.comes(person("vali"), "vali")
    page, look = vali.page, Look(vali.page)
    expect(page.locator(".rows .intro")).to_be_visible()
    told = page.get_by_role("log", name="New messages").locator("p")
    row = page.locator(".conversation", has_text="Idora")
    preview = row.locator(".preview")

    asked = office.say("ali", "Osh uchun nima kerak?")
    vali.sees("Osh uchun nima kerak?")
    grows = office.begins(reply_to=asked)
    growing = page.locator("article.growing")
    expect(growing.locator(".growing-end")).to_have_count(1)
    expect(preview).to_have_text("Ob-havo: writing…")
    grows.on("Osh uchun:\n\n1. guruch\n2. sab")
    expect(growing.locator("li.growing-end")).to_have_text("sab")
    expect(preview).to_contain_text("Ob-havo: Osh uchun")
    expect(growing.get_by_role("button", name="Stop")).to_have_count(0)
    assert not growing.evaluate("(row) => row.closest('[aria-live], [role=log], [role=status], [role=alert]')")
    expect(told).to_have_count(1)  # the question
    look.in_both("a growing message")

    page.reload()
    expect(growing.locator("li.growing-end")).to_have_text("sab")
    grows.on("zi\n\n```\nbir soat\n")
    expect(growing.locator("li").last).to_have_text("sabzi")
    expect(growing.locator("pre > .growing-end")).to_have_text("bir soat")
    expect(told).to_have_count(0)
    expect(row.locator(".badge")).to_have_count(0)
    grows.ends()
    expect(growing).to_have_count(0)
    whole = vali.sees("bir soat")
    expect(whole.locator(".edited")).to_have_count(0)
    expect(told).to_have_count(1)
    expect(told).to_contain_text("sabzi")

    vali.says("Nechta odamga?")
    vali.sees("Nechta odamga?")
    grows = office.begins(reply_to=office.newest())
    grows.on("Oʻn")
    look.in_both("an answer that can be stopped")
    # The text grows while the mouse is pressed: the button is not drawn again, and does not move away from under it.
    stop = growing.get_by_role("button", name="Stop")
    stop.hover()
    page.mouse.down()
    grows.on(" ikki")
    expect(preview).to_contain_text("Oʻn ikki")
    page.mouse.up()
    expect(growing).to_have_count(0)
    stopped = vali.sees("Oʻn ikki")
    expect(stopped.locator(".edited")).to_have_attribute("data-label", "not complete")
    expect(stopped).to_be_focused()
    assert grows.refusal(" kishiga") == "finished"
    expect(told).to_have_count(3)
    page.reload()
    expect(vali.sees("Oʻn ikki").locator(".edited")).to_have_attribute("data-label", "not complete")
    assert not look.found, "\n".join(look.found)


def test_stopping_without_a_network(office: Office, cut: Cut, person: Make) -> None:
    """A press of Stop that cannot be sent yet shows that it is on its way, and stops the answer when the network is back."""
    vali = office.comes(person("vali", port=cut.port), "vali")
    page = vali.page
    vali.says("Nechta odamga?")
    vali.sees("Nechta odamga?")
    grows = office.begins(reply_to=office.newest())
    grows.on("Oʻn")
    stop = page.locator("article.growing").get_by_role("button", name="Stop")
    expect(page.locator("article.growing .text")).to_have_text("Oʻn")
    cut.cut()
    expect(page.locator(".banner")).to_be_visible()
    stop.click()
    expect(stop).to_have_attribute("aria-busy", "true")
    cut.mend()
    page.locator(".banner button").click()
    expect(page.locator("article.growing")).to_have_count(0)
    expect(vali.sees("Oʻn").locator(".edited")).to_have_attribute("data-label", "not complete")
    assert grows.refusal(" kishiga") == "finished"
