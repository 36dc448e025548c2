"""What is done with a claimed row: to whom it is pushed, to whom not, and what becomes of it then."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from suhbat.chat.model import DuePush, Milliseconds, PushBacklog, PushFacts, PushSubscription, SettledPush
from suhbat.errors import StorageUnavailable
from suhbat.notify import dispatcher, pushing
from suhbat.notify.pushing import ALONE_SECONDS, GATHERED_SECONDS, TOUCHED_SECONDS, Pushing
from suhbat.notify.sending import Delivered, Dropped, Ended, Later, Push, PushSender, Result
from suhbat.protocol.objects import Quiet
from tests.fakes import FakeClock
from tests.servers import PATIENCE

from .test_bodies import FACTS

DELAY = 8.0


def to(id: str) -> PushSubscription:
    return PushSubscription(id, "u-vali", "s1", f"https://push.example.org/{id}", b"k" * 65, b"a" * 16, "", 0, 0)


class FakeQueue:
    """The store: `waiting` are claimed together; of those in `facts` something is left to tell."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.waiting: list[DuePush] = []
        self.facts: dict[DuePush, PushFacts] = {}
        self.behind = 0
        self.looks = 0
        self.written = 0.0
        self.settled: list[SettledPush] = []
        self.ended: list[str] = []
        self.touched: list[Collection[str]] = []
        self.broken = False
        self.broken_message = False
        self.singly: list[bool] = []
        self.settlements = 0
        self.gate: asyncio.Event | None = None
        self.settle_error: Exception | None = None
        self.freed: list[tuple[int, int]] = []

    def add(self, **fields: Any) -> PushFacts:
        now = self._clock.wall()
        due = replace(FACTS.due, expires_at=now + 24 * 3_600_000, first=len(self.waiting), **fields.pop("due", {}))
        facts = replace(FACTS, due=due, **({"subscriptions": (to("p1"), to("p2"))} | fields))
        self.waiting.append(due)
        self.facts[due] = facts
        return facts

    async def push_backlog(self) -> PushBacklog:
        self.looks += 1
        if self.broken:
            raise ValueError("broken")
        return PushBacklog(self.behind > 0, self._clock.wall() if self.waiting else None)

    async def gather_pushes(self, delay: Milliseconds, *, singly: bool = False) -> bool:
        assert delay == 8_000
        self.singly.append(singly)
        if self.broken_message and not singly:
            raise ValueError("broken")
        self.behind -= 1
        return self.behind > 0

    async def claim_pushes(
        self, until: Milliseconds, most: int, per_person: int, busy: Collection[str]
    ) -> tuple[list[DuePush], int]:
        self.written += 1
        claimed, self.waiting = self.waiting[:most], self.waiting[most:]
        return claimed, 1

    async def free_pushes(self, after: Milliseconds, until: Milliseconds) -> None:
        self.freed.append((after, until))

    async def push_facts(self, due: Sequence[DuePush]) -> list[PushFacts | None]:
        return [self.facts.get(one) for one in due]

    async def settle_pushes(self, settled: Sequence[SettledPush]) -> None:
        if self.settle_error is not None:
            error, self.settle_error = self.settle_error, None
            raise error
        self.settlements += 1
        if self.gate is not None:
            await self.gate.wait()
        self.settled += settled

    async def end_pushes(self, ids: Collection[str]) -> None:
        self.ended += ids

    async def touch_pushes(self, ids: Collection[str], at: int) -> None:
        self.touched.append(ids)


class FakeSender:
    """Answers by the id of the subscription."""

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.hanging: set[str] = set()
        self.sent: list[tuple[Push, str, int]] = []

    async def send(self, push: Push, to: PushSubscription, attempt: int = 0) -> Result:
        self.sent.append((push, to.id, attempt))
        if to.id in self.hanging:
            await asyncio.Event().wait()
        return self.results.get(to.id, Delivered())


class Desk:
    """A `Pushing` over fakes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = FakeQueue(self.clock)
        self.sender = FakeSender()
        self.active: set[str] = set()
        self.pushing = Pushing(
            cast(Any, self.queue), cast(PushSender, self.sender), self.clock, self._active,
            lambda: self.queue.written, delay=DELAY, address="", key=lambda: b"k" * 32, is_shared=False,
        )  # fmt: skip

    async def _active(self, uids: Collection[str]) -> set[str]:
        return self.active & set(uids)

    async def carry_out(self) -> SettledPush:
        """Claim one and carry it out; what became of its row."""
        (facts,) = await self.pushing.claim(50, ())
        await self.pushing.carry_out(facts)
        await self.pushing.flush()
        return self.queue.settled[-1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(pushing, "SETTLED_SECONDS", 0.0)
    return Desk()


async def test_each_subscription_gets_it(desk: Desk) -> None:
    """With the topic of the conversation, the time that is left, and the urgency. The row is removed."""
    facts = desk.queue.add(urgent=True)
    assert await desk.carry_out() == SettledPush(facts.due, desk.clock.wall() + 8_000, reached=("p1", "p2"))
    assert [(id, attempt) for _, id, attempt in desk.sender.sent] == [("p1", 0), ("p2", 0)]
    push = desk.sender.sent[0][0]
    assert (push.ttl, push.urgency, len(push.topic)) == (24 * 3600, "high", 32)
    desk.queue.add(conversation="r2")
    await desk.carry_out()
    other = desk.sender.sent[-1][0]
    assert other.urgency == "normal" and other.topic != push.topic
    assert desk.pushing.counts.counts["delivered"] == 4


async def test_what_the_answers_mean(desk: Desk) -> None:
    """Ended: the subscription is deleted. Later: repeated to that one alone. Dropped: nothing, the subscription stays."""
    facts = desk.queue.add(subscriptions=(to("p1"), to("p2"), to("p3"), to("p4")), due={"attempts": 3})
    desk.sender.results = {"p2": Ended(), "p3": Later(90), "p4": Dropped()}
    now = desk.clock.wall()
    assert await desk.carry_out() == SettledPush(
        facts.due, now + 8_000, later={"p3": now + 90_000}, reached=("p1", "p2", "p4")
    )
    assert desk.queue.ended == ["p2"] and {attempt for *_, attempt in desk.sender.sent} == {3}
    assert desk.pushing.counts.counts == {"delivered": 1, "ended": 1, "later": 1, "dropped": 1, "expired": 1}


async def test_services_that_do_not_answer_in_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is settled, and what has no answer by then is tried again with growing pauses. Sixteen services of one person
    that never answered took longer than a row may be in progress: it was not settled, and carried out each minute for days."""
    assert pushing.ANSWER_SECONDS < dispatcher.CARRY_OUT_SECONDS
    monkeypatch.setattr(pushing, "ANSWER_SECONDS", 0.0)
    facts = desk.queue.add(due={"attempts": 2})
    desk.sender.hanging = {"p2"}
    now = desk.clock.wall()
    assert await desk.carry_out() == SettledPush(facts.due, now + 8_000, later={"p2": now + 120_000}, reached=("p1",))
    assert desk.pushing.counts.counts["later"] == 1


async def test_claims_before_the_start_end(desk: Desk) -> None:
    """Alone, a server has no other claims than those of a process that is gone."""
    await desk.pushing.open()
    now = desk.clock.wall()
    assert desk.queue.freed == [(now + DELAY * 1000, now + 60_000)]


async def test_not_later_than_it_is_worth(desk: Desk) -> None:
    """A repetition after the end of the TTL would tell an old message: it is left out."""
    desk.queue.add(subscriptions=(to("p1"),))
    desk.sender.results = {"p1": Later(25 * 3600)}
    settled = await desk.carry_out()
    assert (settled.later, settled.reached) == ({}, ("p1",))


async def test_a_service_that_asks_to_wait_is_not_asked(desk: Desk) -> None:
    """A subscription for which a push waits gets no other until then."""
    desk.queue.add(waiting={"p2": 5})
    settled = await desk.carry_out()
    assert [id for _, id, _ in desk.sender.sent] == ["p1"]
    assert (settled.waiting, settled.reached) == ({"p2": 5}, ("p1",))


async def test_nobody_who_is_looking(desk: Desk) -> None:
    """Nor of what was read, deleted or muted meanwhile. These rows are removed, and others are claimed at once."""
    desk.active = {"u-ali"}
    looking = desk.queue.add(due={"uid": "u-ali"})
    gone = desk.queue.add(due={"uid": "u-soli"})
    del desk.queue.facts[gone.due]
    assert await desk.pushing.claim(2, ()) == []
    await desk.pushing.flush()
    assert [one.due for one in desk.queue.settled] == [looking.due, gone.due]
    assert not any(one.postponed or one.later for one in desk.queue.settled)
    left = desk.queue.add()
    assert await desk.pushing.claim(2, ()) == [left]


async def test_quiet_hours_put_it_off(desk: Desk) -> None:
    """Until their end, for those who have them now."""
    begun = datetime.fromtimestamp(desk.clock.now, UTC).replace(minute=0, second=0)
    ends = begun + timedelta(hours=1)
    quiet = Quiet(from_=f"{begun:%H:%M}", to=f"{ends:%H:%M}", days=tuple(range(1, 8)), zone="UTC")
    end = round(ends.timestamp() * 1000)
    facts = desk.queue.add(quiet=quiet)
    assert await desk.pushing.claim(50, ()) == []
    await desk.pushing.flush()
    assert desk.queue.settled == [SettledPush(facts.due, end, postponed=True)]
    desk.clock.advance(3_600)
    facts = desk.queue.add(quiet=quiet)
    assert await desk.pushing.claim(50, ()) == [facts]


async def test_a_clock_that_was_ahead_silences_nobody(desk: Desk) -> None:
    """Once it is set back, rows that are due at times which it showed are looked at again: a row takes up the messages that
    follow, so nobody would be told of any for so long. A clock that goes forward, or back by a second, frees nothing."""
    for ahead in (0.0, 86_400.0, 86_399.0):
        desk.clock.ahead = ahead
        await desk.pushing.claim(50, ())
    assert desk.queue.freed == []
    desk.clock.ahead = 0.0
    facts = desk.queue.add()
    assert await desk.pushing.claim(50, ()) == [facts]
    await desk.pushing.claim(50, ())
    ((after, until),) = desk.queue.freed
    assert after == desk.clock.wall() + 8_000 and until > desk.clock.wall() + 366 * 86_400_000


async def test_an_idle_server_asks_little(desk: Desk) -> None:
    """The queue is read after commits, when something is due, and once a minute; never twice for nothing."""
    for _ in range(10):
        await desk.pushing.claim(50, ())
    assert desk.queue.looks == 1
    desk.clock.advance(ALONE_SECONDS)
    await desk.pushing.claim(50, ())
    desk.queue.written += 1
    desk.queue.behind = 3
    await desk.pushing.claim(50, ())
    assert (desk.queue.looks, desk.queue.behind) == (4, 0)


async def test_a_busy_conversation_is_gathered_rarely(desk: Desk) -> None:
    """Each time costs something for everybody in it. What was not gathered yet is not forgotten."""
    for seconds in (0.0, *4 * [GATHERED_SECONDS / 4]):
        desk.clock.advance(seconds)
        desk.queue.behind = desk.queue.behind or 1
        desk.queue.written += 1
        await desk.pushing.claim(50, ())
    assert len(desk.queue.singly) == 2
    desk.queue.behind = 1
    desk.queue.written += 1
    await desk.pushing.claim(50, ())
    desk.clock.advance(GATHERED_SECONDS)
    await desk.pushing.claim(50, ())
    assert len(desk.queue.singly) == 3


async def test_rows_are_settled_together(desk: Desk) -> None:
    """Many pushes that end at the same time need one commit."""
    for number in range(5):
        desk.queue.add(due={"log_id": number})
    found = await desk.pushing.claim(50, ())
    await asyncio.gather(*map(desk.pushing.carry_out, found))
    async with asyncio.timeout(PATIENCE):
        while not desk.queue.settled:
            await asyncio.sleep(0)
    assert len(desk.queue.settled) == 5 and desk.queue.settlements == 1


async def test_a_row_that_cannot_be_settled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left to its claim, and later rows are settled."""
    for error in (StorageUnavailable(), ValueError("broken")):
        monkeypatch.setattr(desk.queue, "settle_error", error)
        desk.queue.add()
        (facts,) = await desk.pushing.claim(50, ())
        await desk.pushing.carry_out(facts)
        async with asyncio.timeout(PATIENCE):
            while desk.queue.settle_error is not None:
                await asyncio.sleep(0)
    desk.queue.add()
    assert await desk.carry_out() is desk.queue.settled[0]


async def test_at_the_end_rows_are_settled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once: after the next start they would be pushed again."""
    monkeypatch.setattr(pushing, "SETTLED_SECONDS", 60.0)
    desk.queue.add()
    (facts,) = await desk.pushing.claim(50, ())
    await desk.pushing.carry_out(facts)
    await desk.pushing.close()
    assert [one.due for one in desk.queue.settled] == [facts.due]


async def test_the_end_waits_for_what_is_being_settled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if that began by itself: after `close` the store is closed, and what was left would be pushed again."""
    monkeypatch.setattr(pushing, "SETTLED_TOGETHER", 1)
    desk.queue.gate = asyncio.Event()
    for number in range(3):
        desk.queue.add(due={"log_id": number})
    found = await desk.pushing.claim(50, ())
    await asyncio.gather(*map(desk.pushing.carry_out, found))
    async with asyncio.timeout(PATIENCE):
        while not desk.queue.settlements:
            await asyncio.sleep(0)
    closing = asyncio.create_task(desk.pushing.close())
    for _ in range(5):
        await asyncio.sleep(0)
    desk.queue.gate.set()
    await closing
    assert len(desk.queue.settled) == 3


async def test_after_a_failure_it_looks_again(desk: Desk) -> None:
    """What was written before the failure is not forgotten."""
    desk.queue.broken = True
    with pytest.raises(ValueError, match="broken"):
        await desk.pushing.claim(50, ())
    desk.queue.broken = False
    facts = desk.queue.add()
    assert await desk.pushing.claim(50, ()) == [facts]


async def test_a_message_that_fails_is_left_out(desk: Desk) -> None:
    """It must not keep everybody from being told of anything: the messages are gathered one by one until all are."""
    desk.queue.behind, desk.queue.broken_message = 3, True
    with pytest.raises(ValueError, match="broken"):
        await desk.pushing.claim(50, ())
    desk.clock.advance(GATHERED_SECONDS)
    assert await desk.pushing.claim(50, ()) == []
    desk.queue.written, desk.queue.behind, desk.queue.broken_message = 1, 1, False
    desk.clock.advance(GATHERED_SECONDS)
    await desk.pushing.claim(50, ())
    assert desk.queue.singly == [False, True, True, True, False]


async def test_the_last_use_is_saved_once_a_minute(desk: Desk) -> None:
    """Not with each push; only of those that arrived."""
    desk.sender.results = {"p2": Ended()}
    for _ in range(3):
        desk.queue.add()
        await desk.carry_out()
    assert desk.queue.touched == []
    desk.clock.advance(TOUCHED_SECONDS)
    await desk.pushing.claim(50, ())
    assert desk.queue.touched == [["p1"]]


async def test_many_last_uses_are_saved_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts wait for each of these transactions."""
    monkeypatch.setattr(pushing, "TOUCHED_TOGETHER", 1)
    desk.queue.add()
    await desk.carry_out()
    desk.clock.advance(TOUCHED_SECONDS)
    await desk.pushing.claim(50, ())
    assert desk.queue.touched == [["p1"], ["p2"]]
