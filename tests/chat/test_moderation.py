"""Mutes, bans and reports: tables of cases."""

from __future__ import annotations

import pytest

from suhbat.chat.model import Actor
from suhbat.chat.moderation import (
    OPEN_REPORTS,
    changes_sanction,
    mute_refusal,
    one_form,
    owner_refusal,
    report_refusal,
    sanction_refusal,
    words_refusal,
)
from suhbat.chat.policy import RANKS, Rank, outranks
from suhbat.errors import BadRequest, RateLimited, SuhbatError

ALI, VALI = Actor("u-ali", "ali", lobby_from=0), Actor("u-vali", "vali", lobby_from=0)


def told(refusal: SuhbatError | None) -> str:
    """A refusal in one word; "" for none."""
    return "" if refusal is None else refusal.text


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("theirs", RANKS)
def test_only_of_those_below(rank: Rank, theirs: Rank) -> None:
    """Of a lower rank, and among owners; never of oneself."""
    assert told(sanction_refusal(ALI, rank, VALI, theirs)) == ("" if outranks(rank, theirs) else "forbidden.rank")
    assert isinstance(sanction_refusal(ALI, rank, ALI, theirs), BadRequest)


def test_only_members_are_muted() -> None:
    """In the lobby everybody is a member."""
    assert mute_refusal(VALI, None) is None
    assert mute_refusal(VALI, {VALI.uid: "member"}) is None
    assert isinstance(mute_refusal(VALI, {ALI.uid: "owner"}), BadRequest)


@pytest.mark.parametrize(
    ("held", "on", "until", "changes"),
    [
        ({}, True, None, True),
        ({}, True, 5, True),
        ({}, False, None, False),
        ({}, False, 5, False),
        ({"u-vali": None}, True, None, False),
        ({"u-vali": None}, True, 5, True),
        ({"u-vali": 5}, True, 5, False),
        ({"u-vali": 5}, True, 6, True),
        ({"u-vali": 5}, True, None, True),
        ({"u-vali": 5}, False, 5, True),
        ({"u-vali": None}, False, None, True),
        ({"u-ali": None}, True, None, True),
    ],
)
def test_what_changes(held: dict[str, int | None], on: bool, until: int | None, changes: bool) -> None:
    """The same mute or ban until the same time is no change, nor is removing one that does not exist."""
    assert changes_sanction(held, VALI.uid, on=on, until=until) is changes


def test_reports() -> None:
    """Above the limit of open reports by one user the error says when to try again."""
    assert report_refusal(OPEN_REPORTS - 1) is None
    refusal = report_refusal(OPEN_REPORTS)
    assert isinstance(refusal, RateLimited) and refusal.retry_after == 3600


def test_what_only_the_owner_of_the_server_may() -> None:
    """Moderators may not."""
    answers = [told(owner_refusal(Actor("u1", "a", "account", 0, role))) for role in ("member", "moderator", "owner")]
    assert answers == ["forbidden", "forbidden", ""]


def test_the_word_filter() -> None:
    """Whole words in any spelling. An empty word is ignored, and without words nothing is refused."""
    words = one_form(["Spam", " ", "spam", "yomon so'z"])
    assert len(words) == 2 and list(words) == sorted(words)
    for text, refused in (("SPAM!", True), ("bu spam emas", True), ("spammer", False), ("salom", False)):
        assert told(words_refusal(text, words)) == ("forbidden.words" if refused else "")
        assert words_refusal(text, ()) is None
