"""Commands that await their reply: in order, repeated until answered, and a limited number at a time."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from suhbat.client.errors import ChatClosed, ClientError, Refused
from suhbat.client.outbox import FULL, LIMIT, WINDOW, Outbox
from suhbat.errors import Scope
from suhbat.protocol.commands import Send
from suhbat.protocol.replies import Error, Ok, Sent, encode


class Desk:
    """An outbox, and the outcome of each command."""

    def __init__(self, count: int) -> None:
        self.outbox = Outbox()
        self.outcomes: dict[int, Ok | ClientError] = {}
        for id in range(1, count + 1):
            self.add(id)

    def add(self, id: int, conversation: str = "lobby") -> None:
        command = Send(type="send", id=id, conversation=conversation, text="x", client_id=f"k{id}")

        def done(outcome: Ok | ClientError) -> None:
            assert id not in self.outcomes, "an outcome comes once"
            self.outcomes[id] = outcome

        self.outbox.add(command, Sent, done)

    def sent(self, now: float = 0.0) -> list[int]:
        """All commands that may be sent now."""
        ids: list[int] = []
        while command := self.outbox.next(now):
            assert isinstance(command.id, int)
            ids.append(command.id)
        return ids

    def ok(self, *ids: int) -> None:
        for id in ids:
            sent = Sent(id=id, conversation="lobby", seq=id, ordinal=id, sent_at=0)
            self.outbox.answered(Ok(id=id), encode(sent))

    def refuse(
        self, code: str, id: int | None, retry_after: float | None = None, now: float = 0.0, scope: Scope | None = None
    ) -> None:
        self.outbox.refused(Error(id=id, code=code, message="", retry_after=retry_after, scope=scope), now)


def test_sent_once_in_order() -> None:
    """Without failures each command is sent once, and its reply has the expected class."""
    desk = Desk(3)
    assert desk.sent() == [1, 2, 3] and desk.sent() == []
    desk.ok(2, 1, 3)
    assert len(desk.outbox) == 0
    answer = desk.outcomes[2]
    assert isinstance(answer, Sent) and answer.seq == 2


def test_after_a_cut_all_unanswered_go_again_in_their_order() -> None:
    """After a cut the commands sent before come first, then the others; answered ones do not. Their content stays the
    same."""
    desk = Desk(3)
    desk.sent()
    desk.ok(2)
    desk.add(4)
    desk.outbox.cut()
    assert desk.sent() == [1, 3, 4]
    desk.outbox.cut()
    command = desk.outbox.next(0)
    assert isinstance(command, Send) and (command.id, command.client_id) == (1, "k1")


def test_in_flight_is_bounded() -> None:
    """No more commands than the window are in flight. Each reply lets one more go."""
    desk = Desk(WINDOW + 5)
    assert len(desk.sent()) == WINDOW
    desk.ok(1, 2)
    assert desk.sent() == [WINDOW + 1, WINDOW + 2]


def test_a_refusal_is_final() -> None:
    """A refusal reaches the caller, and the command is not sent again."""
    desk = Desk(2)
    desk.sent()
    desk.refuse("not_found", 1)
    refused = desk.outcomes[1]
    assert isinstance(refused, Refused) and refused.code == "not_found"
    desk.outbox.cut()
    assert desk.sent() == [2]


def test_busy_is_repeated_when_its_time_has_come() -> None:
    """During the wait nothing is sent; then the refused command is first."""
    desk = Desk(2)
    desk.sent()
    desk.add(3)
    desk.refuse("busy", 1, retry_after=2)
    assert desk.sent(1.9) == [] and desk.outbox.wait(1.5) == 0.5
    desk.ok(2)
    assert desk.sent(2) == [1]
    desk.ok(1)
    assert desk.sent(2) == [3]
    assert not any(isinstance(outcome, ClientError) for outcome in desk.outcomes.values())


def test_slow_mode_holds_back_its_own_conversation_only() -> None:
    """Messages to other conversations go on at full speed. Those to the slow one stay in order: one at a time, however long
    the wait."""
    desk = Desk(2)
    desk.add(3, "r2")
    assert desk.sent() == [1, 2, 3]
    desk.refuse("rate_limited", 1, retry_after=3_600, scope="conversation")
    desk.refuse("rate_limited", 2, retry_after=3_599, scope="conversation")
    desk.add(4, "r2")
    desk.add(5)
    assert desk.sent() == [4]
    assert [desk.outbox.held(name, 600) for name in ("lobby", "r2")] == [3_000, 0]
    assert desk.sent(3_599.9) == [] and desk.sent(3_600) == [1] and desk.sent(3_600) == []
    desk.ok(1)
    assert desk.sent(3_600) == [2]
    desk.refuse("rate_limited", 2, retry_after=10, now=3_600, scope="conversation")
    assert desk.sent(3_609) == [] and desk.sent(3_610) == [2]
    desk.ok(2)
    assert desk.sent(3_610) == [5]
    desk.ok(3, 4, 5)
    assert not desk.outbox.holding and len(desk.outcomes) == 5
    desk.add(6)
    desk.add(7)
    assert desk.sent(3_610) == [6, 7]


def test_a_held_conversation_is_tried_again_when_the_reason_may_be_gone() -> None:
    """After a change of the room's settings and after a new connection, the first message goes at once."""
    desk = Desk(2)
    desk.sent()
    for id in (1, 2):
        desk.refuse("rate_limited", id, retry_after=3_600, scope="conversation")
    desk.outbox.release("r2")
    assert desk.sent(1) == []
    desk.outbox.release("lobby")
    assert desk.sent(1) == [1]
    desk.refuse("rate_limited", 1, retry_after=3_600, scope="conversation", now=1)
    desk.outbox.cut()
    assert desk.sent(2) == [1] and desk.outbox.held("lobby", 2) == 0


def test_a_limit_of_one_command_holds_back_what_stands_behind_it() -> None:
    """A message that mentions too many waits, and those behind it in its conversation. A daily limit is a refusal."""
    desk = Desk(2)
    desk.add(3, "r2")
    assert desk.sent() == [1, 2, 3]
    desk.refuse("rate_limited", 1, retry_after=25, scope="command")
    desk.add(4)
    desk.add(5, "r2")
    assert desk.sent(1) == [5] and desk.sent(25) == [1] and desk.sent(25) == []
    desk.ok(2, 1)
    assert desk.sent(25) == [4]
    desk.refuse("rate_limited", 3, retry_after=80_000, scope="command")
    refused = desk.outcomes[3]
    assert isinstance(refused, Refused) and refused.retry_after == 80_000


def test_thousands_of_held_conversations_cost_the_others_nothing() -> None:
    """The time of a message does not depend on how many others are held back."""

    def held(count: int) -> float:
        desk = Desk(0)
        began = time.thread_time()
        for id in range(1, count + 1):
            desk.add(id, f"r{id}")
        while ids := desk.sent():
            for id in ids:
                desk.refuse("rate_limited", id, retry_after=3_600, scope="conversation")
        for id in range(count + 1, 2 * count + 1):
            desk.add(id)
            assert desk.sent(1) == [id]
            desk.ok(id)
        return time.thread_time() - began

    few = max(0.02, min(held(300) for _ in range(3)))  # Windows counts in steps of 16 ms
    assert held(4_800) < 64 * few  # 16 times as many; 256 times if each looked at all others


def test_who_gives_up_waiting_holds_back_nobody() -> None:
    """A held message that was withdrawn is not sent, and the conversation is free."""
    desk = Desk(1)
    desk.sent()
    desk.refuse("rate_limited", 1, retry_after=3_600, scope="conversation")
    desk.outbox.forget(1)
    desk.add(2)
    assert desk.sent(1) == [2]


def test_haste_without_an_id_means_all() -> None:
    """A `rate_limited` without `id` may concern any command, so all in flight are sent again, one at a time."""
    desk = Desk(3)
    desk.sent()
    desk.refuse("rate_limited", None, retry_after=1)
    assert desk.sent(1) == [1] and desk.sent(1) == []
    desk.ok(1)
    assert desk.sent(1) == [2]
    desk.ok(2)
    assert desk.sent(1) == [3]
    desk.ok(3)
    assert len(desk.outcomes) == 3


def test_what_waits_is_bounded() -> None:
    """A command beyond the limit is refused with a text that says what to do. The others are sent as before. Each reply
    and each forgotten command makes room."""
    desk = Desk(LIMIT)
    with pytest.raises(Refused) as full:
        desk.add(LIMIT + 1)
    assert full.value.code == FULL and f"{LIMIT:,}" in full.value.message and len(desk.outbox) == LIMIT
    assert desk.sent() == list(range(1, WINDOW + 1)) and desk.outcomes == {}
    desk.ok(1)
    desk.add(LIMIT + 2)
    desk.outbox.forget(LIMIT)
    desk.add(LIMIT + 3)
    with pytest.raises(Refused):
        desk.add(LIMIT + 4)
    desk.ok(*range(2, WINDOW + 1))
    rest: list[int] = []
    while sent := desk.sent():
        rest += sent
        desk.ok(*sent)
    assert rest == [*range(WINDOW + 1, LIMIT), LIMIT + 2, LIMIT + 3] and len(desk.outbox) == 0


def test_nothing_is_kept_of_what_was_forgotten() -> None:
    """A program that gives up and asks again, while the server is away for days, needs no more memory."""
    desk = Desk(0)
    tracemalloc.start()
    try:
        for id in range(1, 20_001):
            desk.outbox.add(Send(type="send", id=id, conversation="lobby", text="x", client_id="k"), Sent, print)
            desk.outbox.forget(id)
            if id == 2_000:
                before = tracemalloc.get_traced_memory()[0]
        assert tracemalloc.get_traced_memory()[0] - before < 64 * 1024
    finally:
        tracemalloc.stop()


def test_a_forgotten_command_is_not_sent() -> None:
    """A forgotten command is not sent, and a reply to it is ignored."""
    desk = Desk(2)
    assert desk.outbox.next(0) is not None
    desk.outbox.forget(1)
    desk.outbox.forget(2)
    assert desk.sent() == []
    desk.ok(1)
    assert desk.outcomes == {} and len(desk.outbox) == 0


def test_the_end_answers_everybody() -> None:
    """At the end each command, sent or not, gets the ChatClosed, and nothing is sent any more."""
    desk = Desk(2)
    desk.outbox.next(0)
    desk.outbox.close(ChatClosed(4501, "no"))
    assert all(isinstance(outcome, ChatClosed) for outcome in desk.outcomes.values()) and len(desk.outcomes) == 2
    assert desk.sent() == []


def test_answers_to_nobody() -> None:
    """A reply with an unknown id is ignored."""
    desk = Desk(1)
    desk.sent()
    desk.outbox.answered(Ok(id="hello"), b"{}")
    desk.outbox.answered(Ok(id=99), b"{}")
    desk.refuse("bad_request", None)
    assert desk.outcomes == {} and len(desk.outbox) == 1
