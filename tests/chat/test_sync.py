"""The replay for a client that reconnects: pure arithmetic on seq."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.model import Actor, Places
from suhbat.chat.sync import CONVERSATION_LIMIT, TOTAL_LIMIT, opening_plan, sync_plan
from suhbat.protocol.commands import Resume

ME = Actor(uid="u1", user_id="user1", lobby_from=0)


def opening(heads: dict[str, int], oldest: dict[str, int] | None = None) -> Places:
    return Places(heads=heads, oldest=oldest or {})


def test_without_resume_everything_is_fresh() -> None:
    """Without resume: a snapshot, and live events from its heads on."""
    plan = opening_plan(opening({"lobby": 5, "@me": 1}), ME, "e", None)
    assert not plan.resumed and plan.cursors == {"lobby": 5, "@me": 1} and not plan.resets


@pytest.mark.parametrize(
    "resume",
    [
        Resume(epoch="another", cursors={"lobby": 3, "@me": 1}),
        Resume(epoch="e", uid="u2", cursors={"lobby": 3, "@me": 1}),
        Resume(epoch="e", cursors={"lobby": 3, "@me": 9}),
    ],
)
def test_what_cannot_be_resumed_starts_afresh(resume: Resume) -> None:
    """Another epoch, another user, or an own log that cannot be continued: `resumed` is false."""
    assert not opening_plan(opening({"lobby": 5, "@me": 1}), ME, "e", resume).resumed


def test_resume_replays_above_each_cursor() -> None:
    """Each conversation is followed from its cursor. One that the user may not see gives conversation.removed."""
    heads = {"lobby": 5, "d1": 7, "@me": 1}
    resume = Resume(epoch="e", cursors={"lobby": 3, "d1": 7, "@me": 0, "secret": 4})
    plan = opening_plan(opening(heads), ME, "e", resume)
    assert plan.resumed and plan.cursors == {"lobby": 3, "d1": 7, "@me": 0}
    assert plan.removed == ("secret",) and not plan.resets


def test_what_was_added_while_away_is_replayed() -> None:
    """A conversation that the replayed own log adds is replayed from its head at that time, not only sent as a state."""
    heads = {"lobby": 5, "d1": 7, "@me": 2}
    resume = Resume(epoch="e", cursors={"lobby": 5, "@me": 1})
    plan = opening_plan(opening(heads), ME, "e", resume, {"d1": 0, "gone": 0})
    assert plan.cursors["d1"] == 0 and not plan.resets and not plan.removed


def test_without_a_cursor_state_and_live_only() -> None:
    """A conversation that the client does not know is sent as a state. A sync sends only the named conversations."""
    heads = {"lobby": 5, "d1": 7, "@me": 1}
    plan = opening_plan(opening(heads), ME, "e", Resume(epoch="e", cursors={"lobby": 5, "@me": 1}))
    assert plan.resets == {"d1": "new"}
    assert plan.cursors["d1"] == 7
    assert not sync_plan(opening(heads), {"lobby": 5}).resets


@pytest.mark.parametrize(
    ("cursor", "head", "oldest", "reason"),
    [
        (6, 5, 0, "ahead"),
        (1, 5, 2, "retention"),
        (2, 5, 2, None),
        (0, CONVERSATION_LIMIT, 0, None),
        (0, CONVERSATION_LIMIT + 1, 0, "too_far"),
    ],
)
def test_when_a_conversation_is_reset(cursor: int, head: int, oldest: int, reason: str | None) -> None:
    """Above the head, below the retention, or more than 1,000 behind: a reset; else all of (cursor, head]."""
    plan = sync_plan(opening({"lobby": head, "@me": 0}, {"lobby": oldest}), {"lobby": cursor})
    assert list(plan.resets.values()) == ([reason] if reason else [])
    assert plan.cursors["lobby"] == (head if reason else cursor)


def test_the_limit_over_all() -> None:
    """Of conversations that are 1,000 behind five are replayed and the others reset: never more than 5,000 events."""
    logs = [f"d{number}" for number in range(7)]
    plan = sync_plan(opening(dict.fromkeys(logs, 1000) | {"lobby": 0, "@me": 0}), dict.fromkeys(logs, 0))
    assert list(plan.resets.values()) == ["too_far", "too_far"]
    assert sum(1000 - plan.cursors[key] for key in logs) == TOTAL_LIMIT


@given(
    st.dictionaries(
        st.sampled_from([f"d{n}" for n in range(12)]), st.tuples(st.integers(0, 1200), st.integers(0, 1200))
    )
)
def test_never_a_part(logs: dict[str, tuple[int, int]]) -> None:
    """Every conversation is replayed completely or reset, with at most 5,000 events in total."""
    heads = {key: head for key, (_, head) in logs.items()} | {"lobby": 0, "@me": 0}
    cursors = {key: cursor for key, (cursor, _) in logs.items()}
    plan = sync_plan(opening(heads), cursors)
    reset = set(plan.resets)
    for key, cursor in cursors.items():
        assert plan.cursors[key] == (heads[key] if key in reset else cursor)
    assert sum(heads[key] - plan.cursors[key] for key in heads) <= TOTAL_LIMIT
