"""Invitations on the page: join, decline, and the inviter's view."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.servers import Server

from .person import PHONE, Person

Make = Callable[..., Person]


def make_room(person: Person, title: str) -> None:
    person.page.get_by_label("New conversation").click()
    person.page.get_by_role("menuitem", name="New room").click()
    person.page.fill("dialog input[name=title]", title)
    person.page.click("dialog button.primary")
    expect(person.page.locator(".conversation-view h1")).to_have_text(title)


def asks(person: Person, name: str) -> None:
    """Add a user by name. They do not know the inviter, so they get an invitation."""
    if not person.page.locator(".panel").count():
        person.page.get_by_label("Details").click()
    person.page.locator(".panel").get_by_role("button", name="Add a member").click()
    person.page.fill("dialog input[name=user_id]", name)
    person.page.click("dialog button.primary")
    expect(person.page.get_by_text("an invitation was sent")).to_be_visible()


def test_an_invitation_is_accepted_or_declined(server: Server, person: Make) -> None:
    """An invitation from a stranger is above the list with its title and inviter, in every tab. Joining opens the room
    and removes the invitation in the other tab. Declining removes it for good, also after a reload."""
    host, asked = person("mezbon").registers(), person("mehmon").registers()
    phone = asked.tab()
    phone.set_viewport_size(PHONE["viewport"])
    phone.goto(asked.url)
    section = asked.page.get_by_role("region", name="Invitations")
    make_room(host, "Choyxona")
    asks(host, "@mehmon")
    expect(section.get_by_text("Choyxona")).to_be_visible()
    expect(section.get_by_text("mezbon invited you")).to_be_visible()
    expect(phone.get_by_role("region", name="Invitations").get_by_text("Choyxona")).to_be_visible()
    section.get_by_role("button", name="Join: Choyxona").click()
    expect(asked.page.locator(".conversation-view h1")).to_have_text("Choyxona")
    expect(phone.locator(".invitations")).to_be_hidden()
    asked.says("Rahmat!")
    host.sees("Rahmat!")

    stranger = person("notanish").registers()
    make_room(stranger, "Bozor")
    asks(stranger, "mehmon")
    section.get_by_role("button", name="Decline: Bozor").click()
    expect(asked.page.locator(".invitations")).to_be_hidden()
    asked.page.reload()
    asked.is_in()
    expect(asked.page.locator(".invitations")).to_be_hidden()
    expect(asked.page.locator(".conversation", has_text="Bozor")).to_have_count(0)


def test_a_direct_is_taken_off_the_list(server: Server, person: Make) -> None:
    """A direct that a user has removed is not in the list until a message is written in it."""
    ali, vali = person("ali").registers(), person("vali").registers()
    ali.page.get_by_label("New conversation").click()
    ali.page.get_by_role("menuitem", name="New direct message").click()
    ali.page.fill("dialog input[type=text]", "vali")
    ali.page.locator("dialog .member", has_text="vali").click()
    ali.page.get_by_role("button", name="Send a message", exact=True).click()
    expect(ali.page.locator(".conversation-view h1")).to_have_text("vali")
    ali.says("Salom, Vali")
    vali.opens("ali")
    vali.sees("Salom, Vali")
    vali.page.get_by_label("Details").click()
    vali.page.locator(".panel").get_by_role("button", name="Hide this conversation").click()
    vali.page.locator("dialog").get_by_role("button", name="Hide this conversation").click()
    expect(vali.page.locator(".conversation", has_text="ali")).to_have_count(0)
    ali.says("Shu yerdamisan?")
    vali.opens("ali")
    vali.sees("Shu yerdamisan?")
    vali.sees("Salom, Vali")
