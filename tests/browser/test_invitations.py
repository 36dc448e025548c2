"""Invitations on the page: join, decline, and the inviter's view."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.servers import Server

from .person import PASSWORD, PHONE, Person
from .test_flows import set_up

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
    person.page.locator(".panel").get_by_role("button", name="Add people").click()
    person.page.fill("dialog input[type=text]", name)
    person.page.locator("dialog .member", has_text=name).locator("button").click()
    person.page.click("dialog button.primary")
    expect(person.page.locator(".toast", has_text="Invitation sent")).to_be_visible()


def test_an_invitation_is_accepted_or_declined(server: Server, person: Make) -> None:
    """An invitation from a stranger is above the list with its title and inviter, in every tab. An answer that does not
    reach the server is not kept for later. Joining opens the room and removes the invitation in the other tab. Declining
    removes it for good, also after a reload."""
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
    join = section.get_by_role("button", name="Join: Choyxona")
    asked.page.route("**/members/*", lambda route: route.abort())
    join.click()
    expect(asked.page.locator(".toast", has_text="Cannot reach the server.")).to_be_visible()
    expect(join).to_be_enabled()
    asked.page.unroute("**/members/*")
    join.click()
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


def invite(person: Person, uses: int = 1) -> str:
    """Make an invite link to the open room, as an owner of the server."""
    if not person.page.locator(".panel").count():
        person.page.get_by_label("Details").click()
    person.page.locator(".panel").get_by_role("button", name="Invite people").click()
    person.page.fill("dialog input[name=uses]", str(uses))
    person.page.click("dialog button.primary")
    link = person.page.locator(".invite-link input").input_value()
    person.page.keyboard.press("Escape")
    return link


def test_an_invite_link_leads_into_its_room(server: Server, person: Make) -> None:
    """Who registers by a link, logs in by it, or is logged in already, lands in the room of the link, which is named before.
    Nobody joins without a click, a member only goes there, and a used link says so and leaves the way to log in."""
    owner = set_up(server, person)
    make_room(owner, "Choyxona")
    link = invite(owner, 3)
    title = "egasi invited you to “Choyxona”."

    def lands(one: Person) -> None:
        expect(one.page.locator(".conversation-view h1")).to_have_text("Choyxona")
        expect(one.page).not_to_have_url(re.compile("invite"))

    new = person("yangi")
    new.page.goto(link)
    expect(new.page.get_by_text(title)).to_be_visible()
    new.registers(link)
    lands(new)

    old = person("eski").registers()
    old.page.goto("about:blank")
    old.page.goto(link)
    dialog = old.page.locator("dialog")
    expect(dialog).to_contain_text(title)
    expect(old.page).not_to_have_url(re.compile("invite"))
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_have_count(0)
    expect(old.page.locator(".conversation", has_text="Choyxona")).to_have_count(0)
    old.page.evaluate(f"location.hash = '{link.partition('#')[2]}'")
    dialog.get_by_role("button", name="Join").click()
    lands(old)
    old.page.evaluate(f"location.hash = '{link.partition('#')[2]}'")
    lands(old)
    expect(dialog).to_have_count(0)

    away = person("uzoqdagi").registers()
    away.context.clear_cookies()
    away.page.goto("about:blank")
    away.page.goto(link)
    away.page.get_by_role("button", name="I have an account").click()
    expect(away.page.get_by_text(title)).to_be_visible()
    away.page.fill("input[name=user_id]", "uzoqdagi")
    away.page.fill("input[name=password]", PASSWORD)
    away.page.click("button.primary")
    lands(away)

    late = person("kech")
    late.page.goto(link)
    expect(late.page.get_by_role("status")).to_contain_text("has expired or was already used")
    expect(late.page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_public_room_by_a_link(person: Make) -> None:
    """A link to a public room shows what it is, and Join; a link to another room does not say that it exists."""
    host, guest = person("mezbon").registers(), person("mehmon", **PHONE).comes()
    make_room(host, "Bozor")
    private = host.page.url
    host.page.get_by_label("New conversation").click()
    host.page.get_by_role("menuitem", name="New room").click()
    host.page.fill("dialog input[name=title]", "Choyxona")
    host.page.fill("dialog input[name=topic]", "Ish haqida")
    host.page.select_option("dialog select[name=visibility]", "public")
    host.page.click("dialog button.primary")
    expect(host.page.locator(".conversation-view h1")).to_have_text("Choyxona")
    host.says("Xush kelibsiz")
    guest.page.goto(host.page.url)
    expect(guest.page.locator("h1", has_text="Choyxona")).to_be_visible()
    expect(guest.page.get_by_text("Ish haqida")).to_be_visible()
    guest.page.get_by_role("button", name="Join").click()
    guest.sees("Xush kelibsiz")
    guest.page.goto(private)
    expect(guest.page.get_by_text("This conversation does not exist")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Join")).to_have_count(0)
