"""The limits of an outgoing webhook, as a request has them. What becomes of one is tested in tests/programs/hooks."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from suhbat.http.hooks import NewHook
from suhbat.http.outgoing_hooks import EventType, NewOutgoingHook
from suhbat.programs.hooks.incoming_hooks import MOST_NAME
from suhbat.programs.hooks.outgoing_hooks import MOST_CONVERSATIONS, MOST_URL, TYPES

HOOK: dict[str, Any] = {"url": "https://hooks.example.org/", "conversations": ["lobby"]}
ROOMS = [f"r{n}" for n in range(MOST_CONVERSATIONS + 1)]
URL = HOOK["url"] + "x" * MOST_URL


@pytest.mark.parametrize(
    ("field", "most", "too_many"),
    [
        ("conversations", ROOMS[:-1], ROOMS),
        ("conversations", ["r" * 64], ["r" * 65]),
        ("conversations", "all", []),
        ("events", list(TYPES), [*TYPES, TYPES[0]]),
        ("events", [TYPES[0]], []),
        ("name", "x" * MOST_NAME, "x" * (MOST_NAME + 1)),
        ("url", URL[:MOST_URL], URL[: MOST_URL + 1]),
    ],
)
def test_most(field: str, most: object, too_many: object) -> None:
    """As much as the reference says, and no more."""
    assert getattr(NewOutgoingHook.model_validate(HOOK | {field: most}), field) == most
    with pytest.raises(ValidationError):
        NewOutgoingHook.model_validate(HOOK | {field: too_many})


def test_the_limits_are_those_that_are_documented() -> None:
    """100 conversations, 40 characters of a name; the types of events are the same in the API and in the rules."""
    assert (MOST_CONVERSATIONS, MOST_NAME, EventType.__args__) == (100, 40, TYPES)
    assert NewHook(name="x" * MOST_NAME).name
    with pytest.raises(ValidationError):
        NewHook(name="x" * (MOST_NAME + 1))
