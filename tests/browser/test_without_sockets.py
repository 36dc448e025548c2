"""The page in a network that blocks WebSockets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.blocking import Blocking, blocking
from tests.servers import Server

from .eventually import eventually
from .person import Person

Make = Callable[..., Person]


def talk(behind: Person, other: Person) -> None:
    """The main flow: messages both ways, an edit, a reaction, typing, a direct, and a new visit."""
    behind.says("Salom, sovuq tarmoqdan")
    other.sees("Salom, sovuq tarmoqdan")
    other.field.press_sequentially("Va")
    behind.page.locator(".conversation-view").get_by_text(f"{other.name} is typing…").wait_for()
    other.says("Valaykum")
    behind.sees("Valaykum")
    behind.field.press("ArrowUp")
    behind.field.fill("Salom, ichkaridan")
    behind.field.press("Enter")
    other.sees("Salom, ichkaridan")
    behind.page.reload()
    behind.is_in()
    behind.opens("Everyone")
    behind.sees_in_order("Salom, ichkaridan", "Valaykum")
    other.says("Yana")
    behind.sees("Yana")


@pytest.mark.parametrize("holds", [False, True], ids=["stream", "polls"])
def test_a_proxy_without_upgrade(server: Server, person: Make, holds: bool) -> None:
    """Everything works over an event stream, and where the proxy holds that back, over long polls. No message is lost or
    doubled."""
    with blocking(server.port, holds=holds) as proxy:
        other = person("tashqarida").comes()
        other.opens("Everyone")
        behind = person("ichkarida", port=proxy.port).comes()
        behind.opens("Everyone")
        talk(behind, other)
        asked = proxy.asked()
        assert ("/api/v1/events?wait=" in asked) == holds and "POST /api/v1/events" in asked


def test_back_to_the_socket(server: Server, person: Make) -> None:
    """When WebSockets get through again, the page returns to one, and misses nothing."""
    with Blocking(server.port) as proxy:
        behind, other = person("ichkarida", port=proxy.port).comes(), person("tashqarida").comes()
        for one in (behind, other):
            one.opens("Everyone")
        behind.says("birinchi")
        other.sees("birinchi")
        assert "POST /api/v1/commands" in proxy.asked()
        proxy.allows = True
        with behind.page.expect_websocket(lambda socket: True):
            pass
        eventually(lambda: proxy.asked().count("GET /api/v1/ws") >= 2 or None)
        other.says("ikkinchi")
        behind.says("uchinchi")
        other.sees("uchinchi")
        behind.sees_in_order("birinchi", "ikkinchi", "uchinchi")
