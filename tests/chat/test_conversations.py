"""Rules for new conversations and for their settings."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.conversations import (
    LARGEST_DIRECT,
    SETTING_ACTIONS,
    changed_settings,
    direct_refusal,
    direct_title,
    people_of_direct,
    room_refusal,
    update_refusal,
)
from suhbat.chat.model import Actor, ConversationFacts
from suhbat.errors import BadRequest, Forbidden, NotFound, SuhbatError
from suhbat.protocol.commands import Update
from suhbat.protocol.objects import ConversationKind, ConversationSettings, Role

ALI = Actor("u-ali", "ali", "account", 0)
KINDS: tuple[ConversationKind, ...] = get_args(ConversationKind)
DIFFERENT: dict[str, Any] = {
    "title": "Boshqa",
    "topic": "boshqa",
    "visibility": "public",
    "history": "joined",
    "archived": True,
    "slow_mode": 5,
    "retention": 7,
    "files": "owners",
}


def people(number: int) -> tuple[Actor, ...]:
    return tuple(Actor(f"u{n}", f"odam{n}", lobby_from=0) for n in range(number))


def ask(kind: ConversationKind, role: Role | None, **fields: Any) -> SuhbatError | None:
    """The refusal for an actor with this role who sends these settings, all of which differ; "" for none."""
    update = Update(type="update", conversation="c1", **fields)
    actor = Actor("u-ali", "ali", "account", 0, role or "member") if kind == "lobby" else ALI
    facts = ConversationFacts("c1", kind, "member" if kind == "lobby" else role)
    return update_refusal(actor, facts, update, changed_settings(update, ConversationSettings()))


def test_every_setting_has_its_action() -> None:
    """No setting can be changed by everybody because its entry is missing. The picture is changed in another way."""
    assert set(SETTING_ACTIONS) == set(ConversationSettings.model_fields) - {"picture"} == set(DIFFERENT)


def test_a_room_is_for_those_who_come_back() -> None:
    """A bare guest cannot make a room."""
    assert room_refusal(ALI) is None
    refusal = room_refusal(Actor("u-bare", "yolovchi"))
    assert isinstance(refusal, Forbidden) and refusal.text == "forbidden.bare"


@given(st.lists(st.sampled_from(people(4))))
def test_the_people_of_a_direct(others: list[Actor]) -> None:
    """The actor first and everybody once, in whatever order and however often they are named."""
    found = people_of_direct(ALI, [*others, ALI])
    assert found[0] == ALI
    assert len(set(found)) == len(found)
    assert set(found) == {ALI, *others}


def test_the_largest_direct() -> None:
    """A direct has at most twenty users."""
    assert direct_refusal(people(LARGEST_DIRECT)) is None
    assert isinstance(direct_refusal(people(LARGEST_DIRECT + 1)), BadRequest)


def test_what_changes() -> None:
    """Given settings that differ, also falsy ones; never one that was not given."""
    settings = ConversationSettings(title="Xona", topic="choy", slow_mode=5)
    update = Update(type="update", conversation="c1", title="Xona", topic="", slow_mode=0)
    assert changed_settings(update, settings) == {"topic": "", "slow_mode": 0}
    assert changed_settings(Update(type="update", conversation="c1"), settings) == {}


@pytest.mark.parametrize("setting", DIFFERENT)
@pytest.mark.parametrize("kind", KINDS)
def test_who_may_change_what(kind: ConversationKind, setting: str) -> None:
    """Moderators may change title, topic and slow mode, owners everything. In the lobby only its own settings, in directs
    nothing."""
    may: dict[Role, bool] = {}
    for role in get_args(Role):
        may[role] = ask(kind, role, **{setting: DIFFERENT[setting]}) is None
    is_there = kind == "room" or (kind == "lobby" and setting in ("topic", "slow_mode", "retention", "files"))
    moderators = is_there and setting in ("title", "topic", "slow_mode")
    assert may == {"owner": is_there, "moderator": moderators, "member": False}


def test_refused_whatever_its_value() -> None:
    """A forbidden change is refused also if the value stays the same; a permitted one is not."""
    same = Update(type="update", conversation="c1", archived=False)
    changed = changed_settings(same, ConversationSettings())
    assert changed == {}
    for role, refused in (("moderator", True), ("owner", False)):
        facts = ConversationFacts("c1", "room", role)
        assert (update_refusal(ALI, facts, same, changed) is not None) is refused


def test_nothing_was_given() -> None:
    """Members are told that nothing was given. For an unknown conversation the policy refuses."""
    assert isinstance(ask("room", "owner"), BadRequest)
    update = Update(type="update", conversation="c1", title="x")
    assert isinstance(update_refusal(ALI, None, update, {"title": "x"}), NotFound)


def test_direct_title() -> None:
    """The title has the names of the others in alphabetical order, however the uids are ordered. Somebody alone is named."""
    names = {"u9": "anna", "u1": "Dana", "u5": "ali", "u7": "Bek"}
    assert direct_title(names, "u5") == "anna, Bek, Dana"
    assert direct_title({"u5": "ali"}, "u5") == "ali"
