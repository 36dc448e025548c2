"""Rate limits."""

from __future__ import annotations

from typing import cast

import pytest

from suhbat.chat.rate import (
    BURST_SECONDS,
    MOST_NAMES,
    NAMED_AT_ONCE,
    NAMED_PER_SECOND,
    NAMES,
    PATIENCE_SECONDS,
    UNLIMITED,
    MentionBudget,
    Rates,
    cost_of,
    mention_cost,
)
from suhbat.protocol.commands import COMMAND, ChangeThread, Edit
from suhbat.protocol.http_commands import StateCommand


def test_a_burst_passes_and_then_the_rate() -> None:
    """Five seconds of the rate at once, and then exactly the rate for a client that waits as told."""
    meter = Rates(10).meter("u1")
    assert [meter.take(0.0) for _ in range(int(10 * BURST_SECONDS))] == [0.0] * 50
    wait = meter.take(0.0)
    assert 0 < wait <= 0.1
    assert meter.take(wait) == 0.0


def test_looking_counts_nothing() -> None:
    """An address whose rate is used up is told without being counted; this machine has no limit."""
    rates = Rates(0, 10)
    assert [rates.wait("a", 0.0) for _ in range(1000)] == [0.0] * 1000
    while not rates.address("a").take(0.0):
        pass
    assert 0 < rates.wait("a", 0.0) <= 0.1 and rates.wait("a", 0.1) == 0.0
    assert rates.wait("b", 0.0) == rates.wait("", 0.0) == Rates(0).wait("a", 0.0) == 0.0


def test_patience_ends() -> None:
    """Refused frames are answered for ten seconds of the rate; then the connection is to be closed."""
    meter = Rates(10).meter("u1")
    answers = [meter.tolerates(0.0) for _ in range(int(10 * PATIENCE_SECONDS) + 1)]
    assert all(answers[:-1]) and not answers[-1]


def test_one_meter_per_user() -> None:
    """A reconnect or a second connection does not reset the meter of a user; other users have their own."""
    rates = Rates(1)
    assert rates.meter("u1") is rates.meter("u1")
    assert rates.meter("u1") is not rates.meter("u2")


def test_zero_means_no_limit() -> None:
    """With send_rate 0 everything passes."""
    assert Rates(0).meter("u1") is UNLIMITED
    assert UNLIMITED.take(0.0) == 0.0 and UNLIMITED.tolerates(0.0)


def test_an_address_is_shared() -> None:
    """All users of an address share its rate. A frame that it refuses does not count against the user."""
    rates = Rates(100, address=1)
    one, two = rates.meter("u1", "192.0.2.1"), rates.meter("u2", "192.0.2.1")
    assert [one.take(0.0) for _ in range(4)] == [0.0] * 4
    assert two.take(0.0) == 0.0
    assert one.take(0.0) > 0 and two.take(0.0) > 0
    assert rates.meter("u1", "192.0.2.2").take(0.0) == 0.0
    assert rates.meter("u2").take(0.0) == 0.0  # on the machine itself
    taken = sum(rates.meter("u1").take(0.0) == 0.0 for _ in range(1_000))
    assert taken == 500 - 5  # the five that passed, and none of those that were refused


def test_a_flood_from_an_address_ends() -> None:
    """Patience is counted for the user, so others behind the same address keep theirs."""
    rates = Rates(10, address=1)
    one, two = rates.meter("u1", "192.0.2.1"), rates.meter("u2", "192.0.2.1")
    assert not all(one.tolerates(0.0) for _ in range(200))
    assert two.tolerates(0.0)


def test_a_conversation_has_its_own() -> None:
    """`room_rate` counts the messages of all users; other conversations have their own. 0 is no limit."""
    rates = Rates(0, room=2)
    assert [rates.room("c1", 0.0) for _ in range(10)] == [0.0] * 10
    assert 0 < rates.room("c1", 0.0) <= 0.5
    assert rates.room("c2", 0.0) == 0.0 and rates.room("c1", 0.5) == 0.0
    assert Rates(0).room("c1", 0.0) == 0.0


def test_memory_is_bounded() -> None:
    """The least recently used meters are dropped."""
    rates = Rates(1, keep=2)
    first = rates.meter("u1")
    rates.meter("u2"), rates.meter("u3")
    assert rates.meter("u1") is not first


class TestBudget:
    """The budget for mentions."""

    def test_by_how_many_they_are(self) -> None:
        """As many as the largest room has, at once or one after another; then so many a second."""
        budget = MentionBudget()
        assert [budget.spend(100.0, cost) for cost in (4_000, 6_000)] == [0.0, 0.0]
        assert budget.spend(100.0, 1) == pytest.approx(1 / NAMED_PER_SECOND)
        assert budget.spend(100.0, 5_000) == pytest.approx(5_000 / NAMED_PER_SECOND)
        assert budget.spend(125.0, 5_000) == 0.0
        assert budget.spend(125.0, 1) > 0

    def test_nobody_waits_for_ever(self) -> None:
        """In a room that grew beyond the budget, and after the clock was set back by a year."""
        budget = MentionBudget()
        assert budget.spend(1e9, 50_000) == 0.0
        assert budget.spend(1e9 - 3e7, 10_000) == pytest.approx(NAMED_AT_ONCE / NAMED_PER_SECOND)
        assert budget.spend(1e9 - 3e7 + 51, 10_000) == 0.0


def test_names_in_a_text_cost() -> None:
    """Looking up many names costs more than a message, whether they exist or not. A few cost nothing, and the cost has a
    maximum."""
    assert mention_cost("salom") == mention_cost("@ali @vali") == 0
    assert mention_cost("@kimsa " * 50) == 50 // NAMES
    assert mention_cost("@" * 4_000) == MOST_NAMES // NAMES


def test_what_commands_cost() -> None:
    """A command that makes something for others costs more than a message. Mentions in an edit cost as much as in a message."""
    asked: dict[str, int] = {}
    for fields in (
        {"type": "create", "title": "Xona"},
        {"type": "direct", "users": ["vali"]},
        {"type": "admit", "conversation": "r1", "user_id": "vali"},
        {"type": "join", "conversation": "r1"},
        {"type": "edit", "conversation": "r1", "seq": 1, "text": "salom"},
    ):
        command = COMMAND.validate_python(fields)
        asked[str(fields["type"])] = cost_of(cast(StateCommand, command))
    assert asked == {"create": 10, "direct": 5, "admit": 5, "join": 1, "edit": 1}
    thread = ChangeThread(type="thread", conversation="r1", seq=1, read_ordinal=3)
    assert (cost_of(thread), cost_of(thread.model_copy(update={"unread": True}))) == (1, 5)
    names = " ".join(f"@a{n}" for n in range(2 * NAMES))
    assert cost_of(Edit(type="edit", conversation="r1", seq=1, text=names)) == 1 + mention_cost(names) == 3
