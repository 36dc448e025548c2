"""What awaits an answer: in order, again until answered, and never too much at once."""

from __future__ import annotations

import tracemalloc

import pytest

from suhbat.client.errors import ChatClosed, ClientError, Refused
from suhbat.client.outbox import FULL, LIMIT, WINDOW, Outbox
from suhbat.protocol.commands import Send
from suhbat.protocol.replies import Error, Ok, Sent, encode


class Desk:
    """An outbox, and what became of each command."""

    def __init__(self, count: int) -> None:
        self.outbox = Outbox()
        self.outcomes: dict[int, Ok | ClientError] = {}
        for id in range(1, count + 1):
            self.add(id)

    def add(self, id: int) -> None:
        command = Send(type="send", id=id, conversation="lobby", text="x", client_id=f"k{id}")

        def done(outcome: Ok | ClientError) -> None:
            assert id not in self.outcomes, "an outcome comes once"
            self.outcomes[id] = outcome

        self.outbox.add(command, Sent, done)

    def sent(self, now: float = 0.0) -> list[int]:
        """All that may be sent now."""
        ids: list[int] = []
        while command := self.outbox.next(now):
            assert isinstance(command.id, int)
            ids.append(command.id)
        return ids

    def ok(self, *ids: int) -> None:
        for id in ids:
            sent = Sent(id=id, conversation="lobby", seq=id, ordinal=id, sent_at=0)
            self.outbox.answered(Ok(id=id), encode(sent))

    def refuse(self, code: str, id: int | None, retry_after: float | None = None, now: float = 0.0) -> None:
        self.outbox.refused(Error(id=id, code=code, message="", retry_after=retry_after), now)


def test_sent_once_in_order() -> None:
    """While nothing goes wrong each command goes out once, and its answer is what it asked for."""
    desk = Desk(3)
    assert desk.sent() == [1, 2, 3] and desk.sent() == []
    desk.ok(2, 1, 3)
    assert len(desk.outbox) == 0
    answer = desk.outcomes[2]
    assert isinstance(answer, Sent) and answer.seq == 2


def test_after_a_cut_all_unanswered_go_again_in_their_order() -> None:
    """Those that were sent before those that were not; answered ones never; commands with the same content."""
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
    """No more than the window are on their way; each answer lets one more go."""
    desk = Desk(WINDOW + 5)
    assert len(desk.sent()) == WINDOW
    desk.ok(1, 2)
    assert desk.sent() == [WINDOW + 1, WINDOW + 2]


def test_a_refusal_is_final() -> None:
    """It comes to the one who asked, and the command is not sent again."""
    desk = Desk(2)
    desk.sent()
    desk.refuse("not_found", 1)
    refused = desk.outcomes[1]
    assert isinstance(refused, Refused) and refused.code == "not_found"
    desk.outbox.cut()
    assert desk.sent() == [2]


def test_busy_is_repeated_when_its_time_has_come() -> None:
    """Nothing else is sent meanwhile, and then the refused one first."""
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


def test_haste_without_an_id_means_all() -> None:
    """`rate_limited` comes before a command is understood: it names none, so all on their way go again, one at a time."""
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
    """One more than may wait is refused to the one who asks, in words that say what to do. The others are sent as ever; and
    each answer, and each that nobody waits for any more, makes room."""
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
    """A program that gives up after a time and asks anew, while the server is away for days, costs no memory."""
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
    """Nobody waits for it: its answer goes nowhere."""
    desk = Desk(2)
    assert desk.outbox.next(0) is not None
    desk.outbox.forget(1)
    desk.outbox.forget(2)
    assert desk.sent() == []
    desk.ok(1)
    assert desk.outcomes == {} and len(desk.outbox) == 0


def test_the_end_answers_everybody() -> None:
    """Sent or not, each gets the ChatClosed; and nothing goes out any more."""
    desk = Desk(2)
    desk.outbox.next(0)
    desk.outbox.close(ChatClosed(4501, "no"))
    assert all(isinstance(outcome, ChatClosed) for outcome in desk.outcomes.values()) and len(desk.outcomes) == 2
    assert desk.sent() == []


def test_answers_to_nobody() -> None:
    """An unknown or foreign id is passed over."""
    desk = Desk(1)
    desk.sent()
    desk.outbox.answered(Ok(id="hello"), b"{}")
    desk.outbox.answered(Ok(id=99), b"{}")
    desk.refuse("bad_request", None)
    assert desk.outcomes == {} and len(desk.outbox) == 1
