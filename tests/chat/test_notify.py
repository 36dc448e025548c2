"""Of which messages a member is notified."""

from __future__ import annotations

import pytest

from suhbat.chat.notify import chosen, level_at, notifies
from suhbat.protocol.objects import Level, Notify

NOW = 1_000


@pytest.mark.parametrize(("kind", "level"), [("direct", "all"), ("room", "mentions"), ("lobby", "mentions")])
def test_default(kind: str, level: Level) -> None:
    """Directs notify of everything, other conversations of mentions."""
    assert level_at(kind, None, NOW) == level


def test_a_level_ends_by_itself() -> None:
    """At the time `until` the default holds again; a level without it stays."""
    short, long = Notify(level="none", until=NOW), Notify(level="none")
    assert [level_at("direct", short, at) for at in (NOW - 1, NOW, NOW + 1)] == ["none", "all", "all"]
    assert level_at("direct", long, NOW * 1_000_000) == "none"


def test_what_is_kept_of_a_choice() -> None:
    """The default is kept without a time; a choice that is over is the default."""
    assert chosen("room", "all", NOW + 1, NOW) == Notify(level="all", until=NOW + 1)
    assert chosen("room", "none", NOW, NOW) == Notify(level="mentions")
    assert chosen("room", "mentions", NOW + 1, NOW) == Notify(level="mentions")
    assert chosen("direct", "mentions", None, NOW) == Notify(level="mentions")


@pytest.mark.parametrize(
    ("level", "mentioned", "told"),
    [
        ("all", False, True),
        ("all", True, True),
        ("mentions", False, False),
        ("mentions", True, True),
        ("none", True, False),
    ],
)
def test_of_what_a_level_notifies(level: Level, mentioned: bool, told: bool) -> None:
    """`mentions` notifies of mentions only, `none` of nothing."""
    assert notifies(level, mentioned=mentioned) is told
