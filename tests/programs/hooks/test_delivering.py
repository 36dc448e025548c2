"""Outgoing webhooks over a real store, with receivers that answer what a test wants, and a clock that moves on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args
from unittest.mock import ANY

import pytest
from sqlalchemy import Connection, select
from standardwebhooks import Webhook

from suhbat.chat.bans import Bans
from suhbat.chat.growing_messages import GrowingMessages
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor, DueHook, HookTotals, NoAnswer, OutgoingHook
from suhbat.chat.ports import Directory, Store
from suhbat.chat.rate import Rates
from suhbat.errors import Forbidden, NotFound, RateLimited, TooManyHooks
from suhbat.outgoing.addresses import AllowedAddresses
from suhbat.outgoing.client import SLOTS, OutgoingClient
from suhbat.programs.hooks import delivering
from suhbat.programs.hooks.delivering import (
    GIVEN_UP,
    LEASE_SECONDS,
    MOST_EVENTS,
    BotDelivery,
    Delivering,
    ReceiverAnswer,
    Receivers,
)
from suhbat.programs.hooks.incoming_hooks import BURST, HookMeters
from suhbat.programs.hooks.outgoing_hooks import MOST_CONVERSATIONS, OutgoingHooks
from suhbat.programs.hooks.signing import message_id, secret_of
from suhbat.protocol import commands
from suhbat.protocol.events import HookStopped
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import FinishGrowing
from suhbat.runtime.hooks import LIMITS, HookReceivers
from suhbat.store.tables import conversations, hook_cursors, thread_marks
from suhbat.store.write.hook_claims import OF_MAKER
from suhbat.store.write.hook_deliveries import KEPT
from suhbat.store.write.marks import last_post
from suhbat.store.write.writer_cache import WriterCache
from tests.fakes import FakeClock
from tests.outgoing.hosts import serving
from tests.programs.deliveries import OK, Deliveries, Nobody
from tests.servers import PATIENCE
from tests.store.parts import AFTERWARDS, ALI, STORES, VALI, Listener, opened
from tests.store.people.test_people import account

HOUR = 3600


class Desk(Deliveries):
    """A `House` whose events webhooks are told of. Nothing runs but what `work` does."""

    def __init__(self, store: Store, listener: Listener, clock: FakeClock) -> None:
        super().__init__(store, listener, clock)
        self.gone: set[str] = set()
        self.bans = Bans(clock)
        self.bots = cast(BotDelivery, None)
        self.delivering = self.process()
        self._hooks = 0

    def process(self, receivers: Receivers | None = None) -> Delivering:
        """Another process over the same store."""
        messages = Messages(self.store, cast(Directory, Nobody()), self.clock, cast(GrowingMessages, None))
        return Delivering(
            self.store, receivers or self.receivers, messages, self, self.bans, HookMeters(self.clock, Rates(20)), self.clock,
            lambda: float("nan"), self.bots, is_shared=True, wake=lambda: None,
        )  # fmt: skip

    async def maker(self, uid: str) -> Actor | None:
        return None if uid in self.gone else {"u-ali": ALI, "u-vali": VALI}[uid]

    async def hook(self, conversations: list[str] | None = None, maker: Actor = ALI, **fields: Any) -> OutgoingHook:
        self._hooks += 1
        id = f"k{self._hooks}"
        row: dict[str, Any] = {
            "id": id, "uid": f"u-{id}", "maker_uid": maker.uid, "name": f"hook {id}", "url": f"https://{id}.example.org/",
            "secret": secret_of(b"s" * 32), "types": ("message.created",), "created_at": self.clock.wall(),
            "conversations": None if conversations is None else tuple(conversations),
        }  # fmt: skip
        hook = OutgoingHook(**(row | fields))
        await self.store.add_outgoing(maker, hook, 20)
        return hook


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    make: Callable[..., Store] = request.param
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        for name in ("ali", "vali"):
            await store.add_account(account(name))
        yield Desk(store, listener, clock)
    AFTERWARDS[make](tmp_path)


async def test_a_request(desk: Desk) -> None:
    """Its body, and the headers of Standard Webhooks; it is logged; what came before the webhook is not told."""
    room = await desk.room(ALI, VALI)
    await desk.say(room, "oldin")
    hook = await desk.hook([room])
    await desk.say(room, "salom")
    await desk.work()
    ((url, headers, body),) = desk.receivers.requests
    assert url == hook.url
    told = json.loads(body)
    assert set(told) == {"type", "timestamp", "data"} and told["type"] == "message.created"
    message = told["data"]["message"]
    assert (message["text"], message["sender"], told["data"]["conversation"]) == ("salom", "vali", room)
    assert headers["webhook-id"] == message_id("k1", room, message["seq"])
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(hook.secret).sign(headers["webhook-id"], at, body.decode())
    (done,) = await desk.store.deliveries_of("u-ali", "k1")
    assert (done.n, done.event, done.status, done.attempts, done.seq) == (1, "message.created", 200, 1, message["seq"])


async def test_a_test(desk: Desk) -> None:
    """It is sent at once, signed as everything else, whatever the state of the webhook, and it is in the log with what the
    receiver answered. It changes nothing of what waits. Each has an id of its own, a repetition has the same; nothing is
    posted."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    desk.receivers.answer = "refused"
    await desk.say(room, "kutadi")
    await desk.work()
    hooks, ali = hooks_of(desk), MAKER
    silent = await hooks.test(ali, "k1")
    assert (silent.n, silent.event, silent.status, silent.attempts, silent.conversation) == (2, "test", 0, 1, "@me")
    desk.receivers.answer = ReceiverAnswer(200, 0, b'{"text": "javob"}')
    done = await hooks.test(ali, "k1")
    assert (done.n, done.status, done.at) == (3, 200, desk.clock.wall())
    assert await desk.store.deliveries_of("u-ali", "k1") == [done, silent, ANY]
    _, headers, body = desk.receivers.requests[-1]
    assert json.loads(body)["type"] == "test" and json.loads(body)["data"] == {"hook": "k1", "name": "hook k1"}
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(hook.secret).sign(headers["webhook-id"], at, body.decode())
    again = await hooks.again(ali, "k1", 2)
    assert (again.status, again.attempts) == (200, 2)
    ids = [headers["webhook-id"] for _, headers, _ in desk.receivers.requests[-3:]]
    assert ids[0] == ids[2] != ids[1]
    assert await answered(desk, room) == []
    await desk.store.switch_outgoing("u-ali", "k1", False)
    assert (await hooks.test(ali, "k1")).status == 200
    with pytest.raises(NotFound):
        await hooks.test(replace(VALI, kind="account"), "k1")
    with pytest.raises(Forbidden):
        await hooks.test(replace(ALI, kind="guest"), "k1")
    await desk.store.switch_outgoing("u-ali", "k1", True)
    desk.receivers.answer = OK
    await desk.work()
    assert [json.loads(body)["type"] for _, _, body in desk.receivers.requests][-1] == "message.created"
    assert [(one.n, one.status) for one in await desk.store.deliveries_of("u-ali", "k1")][-1] == (1, 200)


def hooks_of(desk: Desk) -> OutgoingHooks:
    """What makers ask for."""
    return OutgoingHooks(
        desk.store, cast(HookReceivers, None), desk.delivering, desk.clock, cast(Any, None), bytes, lambda: None
    )


MAKER = replace(ALI, kind="account")


@pytest.mark.parametrize("reason", get_args(NoAnswer))
async def test_why_there_was_no_answer(desk: Desk, reason: NoAnswer) -> None:
    """The log and the list say it, and the log when the next attempt is due, until there is an answer or the webhook is off."""
    room, other = await desk.room(ALI, VALI), await desk.room(ALI, VALI)
    hook = await desk.hook([room, other])
    desk.receivers.answers[hook.url] = [reason]
    await desk.say(room, "1")
    await desk.work()
    (failed,) = await desk.store.deliveries_of("u-ali", "k1")
    assert (failed.status, failed.reason, failed.attempts) == (0, reason, 1)
    assert failed.next_at == failed.at + 5000
    (listed,) = await desk.store.outgoing_of("u-ali")
    assert (listed.failed_status, listed.failed_reason, listed.failed_at) == (0, reason, failed.at)
    desk.receivers.answers[hook.url] = [ReceiverAnswer(503)]
    await desk.pass_time(10, 1)
    (failed,) = await desk.store.deliveries_of("u-ali", "k1")
    assert (failed.status, failed.reason, failed.next_at) == (503, None, failed.at + 20_000)
    await desk.store.switch_outgoing("u-ali", "k1", False)
    assert (await desk.store.deliveries_of("u-ali", "k1"))[0].next_at is None
    await desk.store.switch_outgoing("u-ali", "k1", True)
    await desk.work()
    (done,) = await desk.store.deliveries_of("u-ali", "k1")
    assert (done.status, done.reason, done.attempts, done.next_at) == (200, None, 3, None)


async def test_a_pause_of_the_whole_webhook_counts(desk: Desk) -> None:
    """The next attempt is not due before the webhook is sent anything at all."""
    rooms = [await desk.room(ALI, VALI) for _ in range(4)]
    await desk.hook(rooms)
    desk.receivers.answer = "timeout"
    for room in rooms:
        await desk.say(room, "1")
        await desk.pass_time(10, 1)
    planned = [one.next_at for one in await desk.store.deliveries_of("u-ali", "k1")]
    assert None not in planned
    desk.receivers.answer = OK
    seen = len(desk.receivers.requests)
    while desk.clock.wall() < min(at for at in planned if at is not None):
        assert len(desk.receivers.requests) == seen
        await desk.work()
    await desk.pass_time(30, 1)
    assert len(desk.receivers.requests) > seen


async def test_what_is_sent_again_is_sent_once(desk: Desk) -> None:
    """A delivery that still waits is taken from the queue: after a success it is not sent by itself, and what waits behind it
    follows at once, in order, under its own ids."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    desk.receivers.answers[hook.url] = ["refused"]
    await desk.say(room, "1", "2", "3")
    await desk.work()
    done = await hooks_of(desk).again(MAKER, "k1", 1)
    assert (done.status, done.reason, done.attempts, done.next_at) == (200, None, 2, None)
    assert done in await desk.store.deliveries_of("u-ali", "k1")
    await desk.work()
    assert desk.receivers.texts() == ["1", "1", "2", "3"]
    await desk.pass_time(HOUR)
    assert desk.receivers.texts() == ["1", "1", "2", "3"]
    assert (await desk.store.outgoing_of("u-ali"))[0].failures == 0
    again = await hooks_of(desk).again(MAKER, "k1", 1)  # it has arrived: its maker wants it twice
    assert (again.attempts, desk.receivers.texts()[4:]) == (3, ["1"])


async def test_a_repetition_that_fails_changes_no_plan(desk: Desk) -> None:
    """The attempt is counted and logged; the next one is due when it was, however often its maker tries, and the pauses do not
    grow."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    desk.receivers.answer = "refused"
    await desk.say(room, "1")
    await desk.work()
    (failed,) = await desk.store.deliveries_of("u-ali", "k1")
    desk.receivers.answer = ReceiverAnswer(410)
    for attempts in (2, 3, 4):
        tried = await hooks_of(desk).again(MAKER, "k1", 1)
        assert (tried.status, tried.attempts, tried.next_at) == (410, attempts, failed.next_at)
        assert await desk.store.deliveries_of("u-ali", "k1") == [tried]
    (listed,) = await desk.store.outgoing_of("u-ali")
    assert (listed.is_on, listed.failed_status, listed.failures) == (True, 410, 1)
    desk.receivers.answer = "refused"
    await desk.pass_time(10, 1)
    (failed,) = await desk.store.deliveries_of("u-ali", "k1")
    assert (failed.attempts, failed.next_at) == (5, failed.at + 20_000)
    desk.receivers.answer = OK
    await desk.pass_time(30, 1)
    assert desk.receivers.texts() == ["1"] * 6


async def test_a_repetition_while_the_webhook_is_off(desk: Desk) -> None:
    """What arrives then is not sent when it is switched on."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    desk.receivers.answers[hook.url] = ["refused"]
    await desk.say(room, "1", "2")
    await desk.work()
    await desk.store.switch_outgoing("u-ali", "k1", False)
    assert (await hooks_of(desk).again(MAKER, "k1", 1)).status == 200
    await desk.work()
    assert desk.receivers.texts() == ["1", "1"]
    await desk.store.switch_outgoing("u-ali", "k1", True)
    await desk.work()
    assert desk.receivers.texts() == ["1", "1", "2"]


async def test_a_repetition_while_the_webhook_is_at_work(desk: Desk) -> None:
    """Nothing is sent beside it: the attempt is due at once, and follows."""
    room, other = await desk.room(ALI, VALI), await desk.room(ALI, VALI)
    hook = await desk.hook([room, other])
    desk.receivers.answers[hook.url] = [ReceiverAnswer(503, 900.0)]
    await desk.say(room, "1", "2")
    await desk.work()
    await desk.say(other, "o")
    desk.clock.advance(5)
    (item,) = await desk.delivering.claim(50, ())
    desk.receivers.waits[hook.url] = asyncio.Event()
    late = asyncio.create_task(desk.delivering.carry_out(item))
    while len(desk.receivers.requests) < 2:
        await asyncio.sleep(0)
    answer = await hooks_of(desk).again(MAKER, "k1", 1)
    assert (answer.status, answer.attempts, answer.next_at) == (503, 1, desk.clock.wall())
    desk.receivers.waits.pop(hook.url).set()
    await late
    await desk.work()
    assert desk.receivers.texts() == ["1", "o", "1", "2"]


async def test_a_process_that_dies_while_it_repeats(desk: Desk) -> None:
    """The event goes on waiting, and is sent when the claim has ended."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    desk.receivers.answers[hook.url] = ["refused"]
    await desk.say(room, "1", "2")
    await desk.work()
    desk.receivers.waits[hook.url] = asyncio.Event()
    dying = asyncio.create_task(hooks_of(desk).again(MAKER, "k1", 1))
    while len(desk.receivers.requests) < 2:
        await asyncio.sleep(0)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    desk.receivers.waits.pop(hook.url)
    await desk.pass_time(30, 1)
    assert desk.receivers.texts() == ["1", "1"]
    await desk.pass_time(LEASE_SECONDS, 1)
    assert desk.receivers.texts() == ["1", "1", "1", "2"]


async def test_a_receiver_that_is_down_for_twenty_hours(desk: Desk) -> None:
    """Everything arrives when it is back, in order, each event once; its id was the same at each attempt; pauses grow to an
    hour. The webhook says that its attempts fail, until one succeeds."""
    room, other = await desk.room(ALI, VALI), await desk.room(ALI, VALI)
    await desk.hook([room, other])
    desk.receivers.answer = "refused"
    await desk.say(room, "1")
    await desk.work()
    for hour in range(20):
        await desk.pass_time(HOUR)
        await desk.say(room, f"{hour + 2}")
        await desk.say(other, f"o{hour}")
    (hook,) = await desk.store.outgoing_of("u-ali")
    assert hook.is_on and hook.failures > 20
    tried = len(desk.receivers.requests)
    assert 2 * 20 <= tried < 2 * 40
    assert {headers["webhook-id"] for _, headers, body in desk.receivers.requests if room in body.decode()} == {
        message_id("k1", room, json.loads(desk.receivers.requests[0][2])["data"]["seq"])
    }
    desk.receivers.answer = OK
    await desk.pass_time(HOUR + 600)
    arrived = desk.receivers.texts()[tried:]
    assert [text for text in arrived if text[0] != "o"] == [f"{n}" for n in range(1, 22)]
    assert [text for text in arrived if text[0] == "o"] == [f"o{n}" for n in range(20)]
    assert (await desk.store.outgoing_of("u-ali"))[0].failures == 0
    log = await desk.store.deliveries_of("u-ali", "k1")
    assert {one.status for one in log} == {200} and log[-1].attempts > 20 and len(log) == 41


async def test_a_receiver_that_is_down_for_a_day(desk: Desk) -> None:
    """The webhook is switched off, its maker is told once in their own log, and nothing is sent. Switched on again, it goes on
    where it stopped: nothing is left out."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    desk.receivers.answer = ReceiverAnswer(503)
    await desk.say(room, "1", "2")
    await desk.work()
    await desk.pass_time(GIVEN_UP / 1000 - 2 * HOUR)
    assert (await desk.store.outgoing_of("u-ali"))[0].is_on
    await desk.pass_time(4 * HOUR)
    (hook,) = await desk.store.outgoing_of("u-ali")
    assert (hook.is_on, hook.off) == (False, "failing")
    stopped = [event for event in await desk.own(ALI) if isinstance(event, HookStopped)]
    assert [(event.hook, event.name, event.reason) for event in stopped] == [("k1", "hook k1", "failing")]
    tried = len(desk.receivers.requests)
    desk.receivers.answer = OK
    await desk.say(room, "3")
    await desk.pass_time(2 * HOUR)
    assert len(desk.receivers.requests) == tried
    await desk.store.switch_outgoing("u-ali", "k1", True)
    await desk.work()
    assert desk.receivers.texts()[tried:] == ["1", "2", "3"]
    assert (await desk.store.outgoing_of("u-ali"))[0].off is None


async def test_what_operators_see(desk: Desk) -> None:
    """Requests are counted by what became of them, and those that repeat one. The webhooks are counted by their state, and the
    events that those which are on were not sent yet. The lag is how long the oldest delivery has been due, so a receiver that
    fails, which is paused, makes none."""
    process, counts = desk.delivering, desk.delivering.counts
    room = await desk.room(ALI, VALI)
    for _ in range(4):
        await desk.hook([room])
    assert await desk.store.hook_totals() == HookTotals(working=4)
    await desk.store.switch_outgoing("u-ali", "k4", False)
    desk.receivers.answers = {
        "https://k2.example.org/": ["refused", ReceiverAnswer(500), "refused"],
        "https://k3.example.org/": [ReceiverAnswer(410)],
    }
    await desk.say(room, "1", "2")
    await desk.work()
    assert (counts.counts, counts.retries) == ({"delivered": 2, "refused": 1, "unanswered": 1}, 0)
    assert await desk.store.hook_totals() == HookTotals(working=1, failing=1, off=1, stopped=1, waiting=2)
    for _ in range(2):
        desk.clock.advance(60)
        await desk.work()
    assert (counts.counts, counts.retries) == ({"delivered": 2, "refused": 2, "unanswered": 2}, 2)
    assert process.lag == 0
    await desk.say(room, "3")
    desk.clock.advance(1)
    while await desk.store.gather_hooks():
        pass
    desk.clock.advance(100)
    await process.claim(0, ())  # it may claim nothing, because it has enough to do
    assert process.lag == pytest.approx(101, abs=2)
    await desk.pass_time(HOUR)
    assert process.lag == 0
    assert (counts.counts, counts.retries) == ({"delivered": 6, "refused": 2, "unanswered": 2}, 3)
    assert await desk.store.hook_totals() == HookTotals(working=2, off=1, stopped=1)


async def test_a_webhook_that_is_off_costs_nothing(desk: Desk) -> None:
    """Nothing is written for it when something happens; switched on, it gets what happened meanwhile, also where that was
    gathered long ago."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    await desk.hook([room], VALI)
    await desk.store.switch_outgoing("u-ali", "k1", False)
    await desk.say(room, "1", "2")
    await desk.work()
    assert desk.receivers.texts("https://k1.example.org/") == []
    assert await cursors_of(desk, "k1") != await cursors_of(desk, "k2")
    await desk.store.switch_outgoing("u-ali", "k1", True)
    assert await cursors_of(desk, "k1") == await cursors_of(desk, "k2")
    await desk.work()
    assert desk.receivers.texts("https://k1.example.org/") == ["1", "2"]


async def cursors_of(desk: Desk, id: str) -> list[int]:
    """Up to where a webhook has something to send."""

    def read(connection: Connection) -> list[int]:
        upto = select(hook_cursors.c.upto).where(hook_cursors.c.hook_id == id)
        return list(connection.execute(upto.order_by(hook_cursors.c.conversation_id)).scalars())

    return await cast(Any, desk.store)._read(read)


async def test_a_receiver_that_is_gone(desk: Desk) -> None:
    """410 switches the webhook off at once."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    desk.receivers.answer = ReceiverAnswer(410)
    await desk.say(room, "1")
    await desk.work()
    assert (await desk.store.outgoing_of("u-ali"))[0].off == "gone"
    assert isinstance((await desk.own(ALI))[-1], HookStopped)


async def test_an_event_that_is_never_taken_holds_up_its_conversation_only(desk: Desk) -> None:
    """Order is kept within a conversation; the others go on."""
    room, other = await desk.room(ALI, VALI), await desk.room(ALI, VALI)
    hook = await desk.hook([room, other])
    desk.receivers.answers[hook.url] = [OK, ReceiverAnswer(500)]
    await desk.say(room, "1", "2", "3")
    await desk.work()
    await desk.say(other, "o1")
    await desk.work()
    assert desk.receivers.texts() == ["1", "2", "o1"]
    await desk.pass_time(60, 10)
    assert desk.receivers.texts() == ["1", "2", "o1", "2", "3"]


async def test_what_its_maker_may_read_at_that_moment(desk: Desk) -> None:
    """Nothing after they have left, nor what was said while they were away; a deleted text is not told."""
    room = await desk.room(VALI, ALI, history="joined")
    await desk.hook([room])
    await desk.hook(None)
    await desk.say(room, "1")
    seq = (await desk.log(room))[-1].seq
    await desk.do(commands.Delete, VALI, room, seq=seq)
    await desk.say(room, "2")
    await desk.do(commands.Leave, ALI, room)
    await desk.say(room, "3")
    await desk.work()
    assert desk.receivers.requests == []  # they left before anything was sent
    await desk.admit(VALI, room, ALI)
    await desk.say(room, "4")
    await desk.work()
    assert desk.receivers.texts() == ["4", "4"]
    await desk.say(room, "5")
    seq = (await desk.log(room))[-1].seq
    await desk.do(commands.Delete, VALI, room, seq=seq)
    await desk.work()
    assert desk.receivers.texts()[2:] == ["", ""]


END: dict[str, Callable[[Desk, str], Awaitable[object]]] = {
    "the webhook is removed": lambda desk, room: desk.store.end_outgoing("u-ali", "k1"),
    "it is switched off": lambda desk, room: desk.store.switch_outgoing("u-ali", "k1", False),
    "its maker leaves": lambda desk, room: desk.do(commands.Leave, ALI, room),
}


@pytest.mark.parametrize("what", END)
async def test_what_ends_while_a_slow_receiver_is_told(desk: Desk, what: str) -> None:
    """Of forty events that are read at once, those that are sent later are not: after the end of the webhook none, after that
    of a permission at most those of a second."""
    room = await desk.room(VALI, ALI)
    await desk.hook([room])
    await desk.say(room, *(f"{number}" for number in range(40)))
    sent = desk.receivers.post

    async def slowly(url: str, headers: Mapping[str, str], body: bytes, owner: str) -> Any:
        if not desk.receivers.requests:
            await END[what](desk, room)
        desk.clock.advance(0.6)
        return await sent(url, headers, body, owner)

    desk.receivers.post = slowly
    await desk.work()
    assert desk.receivers.texts() == (["0", "1"] if what == "its maker leaves" else ["0"])


async def test_as_many_events_as_are_read_at_once(desk: Desk) -> None:
    """50 are sent for a claim, then others have their turn; the rest follows, and nothing is left out in between."""
    room, other = await desk.room(VALI, ALI), await desk.room(VALI, ALI)
    await desk.hook([room, other])
    await desk.say(room, *(f"{number}" for number in range(MOST_EVENTS + 5)))
    desk.clock.advance(1)
    (item,) = await desk.delivering.claim(50, ())
    await desk.delivering.carry_out(item)
    assert desk.receivers.texts() == [f"{number}" for number in range(MOST_EVENTS)]
    desk.clock.advance(1)
    await desk.say(other, "boshqa")
    await desk.work()
    assert [text for text in desk.receivers.texts() if text != "boshqa"] == [f"{n}" for n in range(MOST_EVENTS + 5)]
    assert "boshqa" in desk.receivers.texts()


@pytest.mark.parametrize("size", [LIMITS.most, LIMITS.most + 1])
async def test_how_long_an_answer_may_be(desk: Desk, size: int) -> None:
    """One of 64 KB is read whole and posted, a longer one is not; for both the event is delivered."""
    said = b'{"text": "javob", "filler": "%b"}'
    body = said % (b"a" * (size - len(said) + 2))

    async def respond(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    client = OutgoingClient(AllowedAddresses(("127.0.0.0/8",)))
    room = await desk.room(ALI, VALI)
    async with serving(respond) as host:
        desk.delivering = desk.process(HookReceivers(client))
        await desk.hook([room], url=host.url())
        await desk.say(room, "savol")
        assert await answered(desk, room) == ["javob"] * (size == LIMITS.most)
    client.close()
    assert [one.status for one in await desk.store.deliveries_of("u-ali", "k1")] == [200]


async def test_all_means_the_rooms(desk: Desk) -> None:
    """Those in which the maker is at the time of an event; no directs, not the lobby, and no room of others."""
    room, others = await desk.room(ALI, VALI), await desk.room(VALI)
    await desk.hook(None)
    direct = (await desk.do(commands.Meet, ALI, people=(VALI,))).conversation
    for place in (room, others, direct, "lobby"):
        await desk.say(place, f"in {place}")
    later = await desk.room(ALI, VALI)
    await desk.say(later, "later")
    await desk.work()
    assert desk.receivers.texts() == [f"in {room}", "later"]


async def test_a_direct_that_is_named(desk: Desk) -> None:
    """And the lobby; a conversation that the maker may not read is refused."""
    direct = (await desk.do(commands.Meet, ALI, people=(VALI,))).conversation
    await desk.hook([direct, "lobby"])
    await desk.say(direct, "d")
    await desk.say("lobby", "l")
    await desk.work()
    assert sorted(desk.receivers.texts()) == ["d", "l"]
    for place in (await desk.room(VALI), "r-unknown"):
        with pytest.raises(NotFound):
            await desk.hook([place])


async def test_moderators_see_who_is_told(desk: Desk) -> None:
    """Of their conversation, whoever made the webhook; the audit log says who made it. Members and strangers do not."""
    room, other = await desk.room(VALI, ALI), await desk.room(VALI, ALI)
    named = await desk.hook([room], name="Ombor")
    everywhere = await desk.hook(None)
    await desk.hook([other], VALI)
    assert [one.id for one in await desk.store.outgoing_in(VALI, room)] == [named.id]
    await desk.say(room, "1")
    await desk.work()
    shown = await desk.store.outgoing_in(VALI, room)
    assert [(one.id, one.uid, one.maker_uid) for one in shown] == [
        (one.id, one.uid, "u-ali") for one in (named, everywhere)
    ]
    with pytest.raises(Forbidden):
        await desk.store.outgoing_in(ALI, room)
    with pytest.raises(NotFound):
        await desk.store.outgoing_in(VALI, await desk.room(ALI))
    made = [one for one in await desk.store.audit(limit=10) if one.action == "hook.outgoing"]
    assert [(one.actor_uid, one.subject, one.data, one.conversation) for one in made[1:]] == [
        ("u-ali", everywhere.uid, everywhere.name, ""),
        ("u-ali", named.uid, "Ombor", room),
    ]


async def test_types(desk: Desk) -> None:
    """Only events of the types that it asked for; others are passed."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room], types=("reaction.added", "message.edited"))
    await desk.say(room, "1")
    seq = (await desk.log(room))[-1].seq
    await desk.do(commands.React, ALI, room, seq=seq, emoji="👍", on=True)
    await desk.do(commands.Edit, VALI, room, seq=seq, text="2")
    await desk.work()
    bodies = [json.loads(body) for _, _, body in desk.receivers.requests]
    assert [(body["type"], body["data"].get("target")) for body in bodies] == [
        ("reaction.added", seq),
        ("message.edited", None),
    ]


async def test_an_answer_is_posted_once_and_not_told(desk: Desk) -> None:
    """A 200 with `{"text"}` is posted as the webhook, in the conversation and the thread of the event; no webhook is told of
    it; a repetition of the delivery posts nothing more. Other answers are not posted."""
    room = await desk.room(ALI, VALI)
    first, second = await desk.hook([room]), await desk.hook([room])
    for hook in (first, second):
        desk.receivers.answers[hook.url] = [ReceiverAnswer(200, 0, b'{"text": "*javob*", "username": "Echo"}')] * 1
    await desk.say(room, "savol")
    await desk.work()
    await desk.pass_time(600)
    assert desk.receivers.texts() == ["savol", "savol"]
    shown = (await desk.store.history(ALI, room)).messages
    assert [message.text for message in shown] == ["savol", "**javob**", "**javob**"]
    assert [message.hook.name if message.hook else None for message in shown] == [None, "Echo", "Echo"]
    seq = shown[0].seq
    desk.receivers.answers[first.url] = [ReceiverAnswer(200, 0, b'{"text": "*javob*", "username": "Echo"}')]
    hook, delivery, event = await desk.store.delivery("u-ali", "k1", 1)
    assert event is not None
    again = await desk.delivering.now(hook, delivery, event)
    assert (again.attempts, again.status) == (2, 200)
    assert len((await desk.store.history(ALI, room)).messages) == 3
    desk.receivers.answers[first.url] = [
        ReceiverAnswer(200, 0, body) for body in (b"ok", b'"text"', b"{}", b'{"ok": true}')
    ]
    await desk.say(room, "1", "2", "3", "4", thread=seq)
    desk.receivers.answers[second.url] = [ReceiverAnswer(200, 0, b'{"text": "ip"}')] * 4
    await desk.work()
    thread = (await desk.store.history(ALI, room, thread=seq)).messages
    assert sorted(message.text for message in thread) == ["1", "2", "3", "4", "ip", "ip", "ip", "ip"]
    assert await followers(desk) == {"u-vali"}  # a webhook reads nothing


async def followers(desk: Desk) -> set[str]:
    def read(connection: Connection) -> set[str]:
        return set(connection.execute(select(thread_marks.c.uid)).scalars())

    return await cast(Any, desk.store)._read(read)


async def answered(desk: Desk, room: str) -> list[str]:
    """Everything that is due is done; the answers in a room."""
    await desk.work()
    shown = (await desk.store.history(VALI, room, limit=200)).messages
    return [message.text for message in shown if message.hook is not None]


async def test_answers_are_as_fast_as_an_incoming_webhook_and_no_faster(desk: Desk) -> None:
    """What is faster is left out, and its event counts as delivered; it goes on when some time has passed. What a banned
    maker's receiver answers is not posted."""
    room = await desk.room(VALI, ALI)
    await desk.hook([room])
    desk.receivers.answer = ReceiverAnswer(200, 0, b'{"text": "javob"}')
    await desk.say(room, *(f"{n}" for n in range(BURST + 10)))
    assert len(await answered(desk, room)) in (BURST, BURST + 1)
    assert len(desk.receivers.requests) == BURST + 10
    desk.clock.advance(5)
    await desk.say(room, "yana")
    assert len(await answered(desk, room)) in (BURST + 1, BURST + 2)
    desk.clock.advance(60)
    desk.bans.put("u-ali", None, on=True)
    await desk.say(room, "ban")
    assert len(await answered(desk, room)) in (BURST + 1, BURST + 2)


async def test_an_answer_counts_for_its_maker_in_slow_mode(desk: Desk) -> None:
    """A member's webhooks answer no more often than they may write, also after a restart; a moderator's as they come."""
    room = await desk.room(VALI, ALI)
    await desk.do(commands.Update, VALI, room, slow_mode=60)
    for _ in range(2):
        await desk.hook([room])
    desk.receivers.answer = ReceiverAnswer(200, 0, b'{"text": "javob"}')
    await desk.say(room, "1", "2", "3")
    assert await answered(desk, room) == ["javob"]
    desk.at = desk.clock.wall()
    assert isinstance(await desk.cannot_write(ALI, room), RateLimited)
    assert await last_of(desk, room, "u-ali") > 0
    desk.clock.advance(61)
    await desk.say(room, "4")
    assert await answered(desk, room) == ["javob"] * 2
    await desk.hook([room], VALI)
    await desk.say(room, "5", "6")
    assert await answered(desk, room) == ["javob"] * 4


async def last_of(desk: Desk, room: str, uid: str) -> int:
    """When somebody last wrote in a room, as a process sees it that has just started."""

    def read(connection: Connection) -> int:
        id = connection.execute(select(conversations.c.id).where(conversations.c.name == room)).scalar_one()
        return last_post(connection, WriterCache(), cast(Any, SimpleNamespace(id=id)), uid)

    return await cast(Any, desk.store)._read(read)


async def test_a_process_that_dies_leaves_nothing_out(desk: Desk) -> None:
    """Between the request and the settlement: the event is sent again under the same id, when the claim has ended; meanwhile
    nobody else sends it."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    await desk.say(room, "1", "2")
    desk.clock.advance(1)
    (item,) = await desk.process().claim(50, ())
    assert isinstance(item, DueHook)
    await desk.work()
    assert desk.receivers.requests == []
    await desk.pass_time(delivering.LEASE_SECONDS + 1, 20)
    assert desk.receivers.texts() == ["1", "2"]
    await desk.say(room, "3")
    desk.clock.advance(1)
    (item,) = await desk.process().claim(50, ())
    await desk.store.release_hooks()  # as a start does where there is one process
    await desk.work()
    assert desk.receivers.texts() == ["1", "2", "3"]


async def test_a_slow_receiver_delays_nobody_else(desk: Desk) -> None:
    """Of an account, a few webhooks are at work at a time; those of others go on beside them."""
    room = await desk.room(ALI, VALI)
    slow = [await desk.hook([room]) for _ in range(OF_MAKER + 2)]
    quick = await desk.hook([room], VALI)
    for hook in slow[:-2]:
        desk.receivers.waits[hook.url] = asyncio.Event()
    await desk.say(room, "1")
    desk.clock.advance(1)
    items = await desk.delivering.claim(50, ())
    assert len(items) == OF_MAKER + 1
    tasks = [asyncio.create_task(desk.delivering.carry_out(item)) for item in items]
    async with asyncio.timeout(PATIENCE):
        while desk.receivers.texts(quick.url) != ["1"]:
            await asyncio.sleep(0.01)
    for waits in desk.receivers.waits.values():
        waits.set()
    await asyncio.gather(*tasks)
    await desk.work()
    assert len(desk.receivers.texts()) == OF_MAKER + 3


async def test_what_waits_for_a_place_is_not_asked_for_again_and_again(desk: Desk) -> None:
    """While an account has as many webhooks at work as it may, no claim is made for the others: each would be a commit. As soon
    as one is settled, the dispatcher is woken and finds the next. If its process died, the end of its claim is looked for."""
    room = await desk.room(VALI, ALI)
    for _ in range(OF_MAKER + 1):
        await desk.hook([room])
    await desk.say(room, "salom")
    claims, woken, claim_hooks = list[int](), list[bool](), desk.store.claim_hooks

    async def counted(until: int, most: int, busy: Collection[str]) -> list[DueHook]:
        claims.append(most)
        return await claim_hooks(until, most, busy)

    desk.store.claim_hooks = counted
    desk.delivering._written = lambda: 0.0
    desk.delivering._wake = lambda: woken.append(True)
    desk.clock.advance(1)
    items = await desk.delivering.claim(50, ())
    assert (len(items), len(claims)) == (OF_MAKER, 1)
    for _ in range(5):
        desk.clock.advance(0.5)
        assert not await desk.delivering.claim(50, ())
    assert len(claims) == 1
    await desk.delivering.carry_out(items[0])
    assert woken == [True]
    assert len(await desk.delivering.claim(50, ())) == 1
    desk.clock.advance(LEASE_SECONDS)
    assert len(await desk.delivering.claim(50, ())) == OF_MAKER


async def test_much_that_is_due_for_one_account_hides_nothing(desk: Desk) -> None:
    """20 webhooks of one account with 20 rooms each, all due for longer than the only one of another account."""
    rooms = [await desk.room(VALI, ALI) for _ in range(20)]
    for _ in range(20):
        await desk.hook(rooms)
    only = await desk.hook([rooms[0]], VALI)
    for room in rooms:
        await desk.say(room, "1")
    desk.clock.advance(1)
    items = await desk.delivering.claim(50, ())
    assert len(items) == OF_MAKER + 1 and only.id in [item.hook.id for item in items]
    more = await desk.process().claim(50, ())
    assert list(more) == []  # of the first account none is free
    for item in items:
        await desk.delivering.carry_out(item)
    assert len(await desk.process().claim(50, ())) == OF_MAKER


async def test_as_many_conversations_as_a_webhook_may_name(desk: Desk) -> None:
    """It is told of the first and of the last of them, and lists them all."""
    rooms = [await desk.room(VALI, ALI) for _ in range(MOST_CONVERSATIONS)]
    await desk.hook(rooms)
    for room in (rooms[0], rooms[-1]):
        await desk.say(room, room)
    await desk.work()
    assert desk.receivers.texts() == [rooms[0], rooms[-1]]
    (listed,) = await desk.store.outgoing_of("u-ali")
    assert set(listed.conversations or ()) == set(rooms)


async def test_a_claim_that_has_ended_is_not_settled(desk: Desk) -> None:
    """A process that was slow undoes nothing of the one that works now."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    await desk.say(room, "1", "2")
    desk.clock.advance(1)
    (slow,) = await desk.delivering.claim(50, ())
    desk.receivers.answers[hook.url] = [ReceiverAnswer(410)]
    desk.receivers.waits[hook.url] = asyncio.Event()
    late = asyncio.create_task(desk.delivering.carry_out(slow))
    while not desk.receivers.requests:
        await asyncio.sleep(0)
    desk.clock.advance(delivering.LEASE_SECONDS + 1)
    other = desk.process()
    (item,) = await other.claim(50, ())
    desk.receivers.waits.pop(hook.url).set()
    await late
    assert (await desk.store.outgoing_of("u-ali"))[0].is_on
    assert list(await desk.process().claim(50, ())) == []  # the other is still at work
    await other.carry_out(item)
    await desk.work()
    assert desk.receivers.texts() == ["1", "1", "2"]
    assert [one.attempts for one in await desk.store.deliveries_of("u-ali", hook.id)] == [1, 1]


async def test_the_log_and_the_number_of_webhooks_are_bounded(desk: Desk) -> None:
    """The last deliveries are kept; an account has so many webhooks at most; they end with the account."""
    room = await desk.room(VALI, ALI)
    hook = await desk.hook([room])
    for n in range(KEPT // 20 + 1):
        await desk.say(room, *(f"{n} {m}" for m in range(20)))
    await desk.work()
    log = await desk.store.deliveries_of("u-ali", "k1")
    assert [one.n for one in log] == list(range(KEPT + 20, 20, -1))
    assert len(desk.receivers.requests) == KEPT + 20
    for _ in range(19):
        await desk.hook([room])
    with pytest.raises(TooManyHooks):
        await desk.hook([room])
    await desk.store.end_outgoing("u-ali", hook.id)
    with pytest.raises(NotFound):
        await desk.store.deliveries_of("u-ali", hook.id)
    await desk.store.erase(ALI, desk.clock.wall(), with_messages=False)
    assert await desk.store.outgoing_of("u-ali") == []
    await desk.say(room, "yana")
    await desk.work()
    assert len(desk.receivers.requests) == KEPT + 20


async def test_one_account_fills_no_lane_of_slow_receivers(desk: Desk) -> None:
    """However often it repeats deliveries: their requests count for it, and so do those that the log sends. As many of its
    webhooks are at work as it has requests at a time."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    await desk.say(room, "1")
    await desk.work()
    hook, delivery, event = await desk.store.delivery("u-ali", "k1", 1)
    assert event is not None
    asked: list[str] = []

    async def resolve(host: str) -> list[Any]:
        asked.append(host)
        await asyncio.Event().wait()
        return []

    client = OutgoingClient(AllowedAddresses(()), resolve=resolve)
    slow = [desk.process(HookReceivers(client)).now(hook, delivery, event) for _ in range(2 * OF_MAKER)]
    tasks = [asyncio.create_task(one) for one in slow]
    async with asyncio.timeout(PATIENCE):
        while len(asked) < OF_MAKER:
            await asyncio.sleep(0.001)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(asked) == OF_MAKER == SLOTS.per_owner
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    client.close()


async def test_the_wish_of_a_receiver(desk: Desk) -> None:
    """Retry-After is kept, up to an hour."""
    room = await desk.room(ALI, VALI)
    hook = await desk.hook([room])
    desk.receivers.answers[hook.url] = [ReceiverAnswer(429, 600.0)]
    await desk.say(room, "1")
    await desk.work()
    await desk.pass_time(500, 10)
    assert len(desk.receivers.requests) == 1
    await desk.pass_time(200, 10)
    assert len(desk.receivers.requests) == 2


async def test_a_message_that_grows(desk: Desk) -> None:
    """It is told once, when it is finished, with its whole text, as a new message."""
    room = await desk.room(ALI, VALI)
    await desk.hook([room])
    await desk.say(room, "Osh", extra=Extra(streaming=True))
    seq = (await desk.log(room))[-1].seq
    await desk.work()
    assert desk.receivers.requests == []
    command = FinishGrowing(conversation=room, seq=seq, text="Osh tayyor")
    await desk.store.execute(VALI, desk.clock.wall(), command)
    await desk.work()
    assert desk.receivers.texts() == ["Osh tayyor"]
    assert json.loads(desk.receivers.requests[0][2])["data"]["message"]["seq"] == seq
