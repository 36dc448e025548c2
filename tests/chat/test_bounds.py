"""Limits for conversations and invitations of one user."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.chat.bounds import DAY, Allowance, conversations_refusal, spend
from suhbat.errors import RateLimited, TooManyConversations


@pytest.mark.parametrize(("count", "limit", "refused"), [(0, 1, False), (1, 1, True), (2, 1, True), (10**6, 0, False)])
def test_conversations(count: int, limit: int, refused: bool) -> None:
    """Up to the limit; 0 is no limit. Another user is told the name of the person, not the number."""
    for of in (None, "vali"):
        refusal = conversations_refusal(count, limit, of=of)
        assert isinstance(refusal, TooManyConversations) is refused
        if refusal is not None:
            assert ("limit" in refusal.params, "user_id" in refusal.params) == (of is None, of is not None)


def test_the_day_ends() -> None:
    """A day begins with its first item, and ends a day later, or when the clock went back."""
    assert spend("rooms", None, 2, 100) == Allowance(100, 1)
    assert spend("rooms", Allowance(100, 1), 2, 100 + DAY - 1) == Allowance(100, 2)
    refusal = spend("rooms", Allowance(100, 2), 2, 100 + DAY - 1)
    assert isinstance(refusal, RateLimited)
    assert (refusal.text, refusal.retry_after, refusal.scope) == ("rate_limited.rooms", 0.001, "command")
    for later in (100 + DAY, 99):
        assert spend("rooms", Allowance(100, 2), 2, later) == Allowance(later, 1)


@given(st.integers(1, 5), st.lists(st.integers(0, DAY // 2), max_size=30))
def test_never_more_within_a_day(limit: int, pauses: list[int]) -> None:
    """However the attempts are distributed, at most `limit` pass within one counted day."""
    allowance, now, passed = None, 0, dict[int, int]()
    for pause in pauses:
        now += pause
        after = spend("directs", allowance, limit, now)
        if isinstance(after, Allowance):
            allowance = after
            passed[after.since] = passed.get(after.since, 0) + 1
            assert after.used == passed[after.since]
    assert all(number <= limit for number in passed.values())
