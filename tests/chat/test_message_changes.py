"""Rules for edits and pins, and slow mode."""

from __future__ import annotations

import pytest

from suhbat.chat.message_changes import PINS, edit_refusal, is_slowed, pin_refusal, slow_mode_refusal
from suhbat.chat.model import Actor
from suhbat.chat.policy import RANKS
from suhbat.errors import BadRequest, Forbidden, RateLimited

LORD = Actor("u-lord", "ega", "account", 0, "owner")


def test_only_the_author_edits() -> None:
    """Not even the owner of the server may edit a message of somebody else."""
    assert edit_refusal(LORD, LORD.uid, "gap", has_files=False) is None
    refusal = edit_refusal(LORD, "u-ali", "gap", has_files=False)
    assert isinstance(refusal, Forbidden) and refusal.text == "forbidden.author"


def test_pins() -> None:
    """At the limit one has to be unpinned first."""
    assert pin_refusal(PINS - 1) is None
    assert isinstance(pin_refusal(PINS), BadRequest)


def test_who_is_slowed() -> None:
    """Members, but no moderators and owners."""
    assert [rank for rank in RANKS if is_slowed(rank)] == ["member"]


@pytest.mark.parametrize(
    ("seconds", "last", "at", "wait"),
    [
        (10, 0, 10_000, None),
        (10, 0, 9_999, 0.001),
        (10, 5_000, 5_000, 10.0),
        (10, 5_000, 4_000, 11.0),
        (1, 0, 1_500, None),
    ],
)
def test_slow_mode(seconds: int, last: int, at: int, wait: float | None) -> None:
    """From the last stored message on, to the millisecond, also if the clock went back. The text has whole seconds, rounded
    up."""
    refusal = slow_mode_refusal(seconds, last, at)
    if wait is None:
        assert refusal is None
        return
    assert isinstance(refusal, RateLimited)
    assert refusal.retry_after == pytest.approx(wait)
    assert refusal.params["seconds"] >= wait
