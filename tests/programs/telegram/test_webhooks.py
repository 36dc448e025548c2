"""Webhooks of bots over a real store, with receivers that answer what a test wants, and a clock that moves on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.chat.rate import Rates
from suhbat.errors import NotFound, Unauthenticated
from suhbat.programs.hooks.delivering import LEASE_SECONDS, MOST_EVENTS, Delivering, ReceiverAnswer
from suhbat.programs.hooks.incoming_hooks import HookMeters
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.kinds import ALL_KINDS, events_of
from suhbat.programs.telegram.objects import Json
from suhbat.programs.telegram.webhooks import PROOF, UpdateDelivery, Webhooks
from suhbat.protocol.logged_events import model_of
from suhbat.protocol.types import LOBBY
from suhbat.store.read.telegram import unnumbered
from suhbat.store.write.telegram import keep
from tests.fakes import FakeClock
from tests.programs.deliveries import Deliveries, Nobody
from tests.store.parts import AFTERWARDS, ALI, STORES, VALI, Listener, direct, opened
from tests.store.people.test_people import account

BOT = Actor("u-bot", "bot", "bot", 0, owner="u-ali")
OTHER = Actor("u-other", "boshqa", "bot", 0, owner="u-vali")
URL = "https://bot.example.org/hook"
HOUR = 3600


class Yard(Deliveries):
    """A `House` with two bots. Nothing runs but what `work` does. Implements `programs.telegram.webhooks.BotApi`."""

    def __init__(self, store: Store, listener: Listener, clock: FakeClock) -> None:
        super().__init__(store, listener, clock)
        self.answered: list[tuple[int, bytes]] = []
        self.delivering = self.process()
        ids = iter(range(100))
        tokens: Any = SimpleNamespace(id=lambda prefix: f"{prefix}{next(ids)}")
        self.webhooks = Webhooks(store, self.receivers, clock, tokens, lambda: None)

    def process(self) -> Delivering:
        """Another process over the same store."""
        messages = Messages(self.store, cast(Any, Nobody()), self.clock, cast(Any, None))
        bots = UpdateDelivery(self.store, self.receivers, self, self.clock)
        return Delivering(
            self.store, self.receivers, messages, cast(Any, None), Bans(self.clock), HookMeters(self.clock, Rates(20)),
            self.clock, lambda: float("nan"), bots, is_shared=True, wake=lambda: None,
        )  # fmt: skip

    async def updates(self, bot_uid: str, kinds: Sequence[str], most: int) -> list[Json]:
        bot = next(one for one in (BOT, OTHER) if one.uid == bot_uid)
        await self.store.number_events(bot, events_of(kinds), most)
        found = [
            (one.number, model_of(one.event.event)) for one in await self.store.numbered_events(bot, most) if one.event
        ]
        return [
            {"update_id": number, "message": event.message.text if event.type == "message.created" else event.type}
            for number, event in found
        ]

    async def carry_out(self, bot_uid: str, update_id: int, answer: ReceiverAnswer) -> None:
        self.answered.append((update_id, answer.body))

    def told(self, url: str = URL) -> list[tuple[int, str]]:
        """The number and the text of each update that was sent, again or not."""
        bodies = [json.loads(body) for to, _, body in self.receivers.requests if to == url]
        return [(body["update_id"], body["message"]) for body in bodies]


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
async def yard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Yard]:
    make: Callable[..., Store] = request.param
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        for name in ("ali", "vali"):
            await store.add_account(account(name))
        for bot in (BOT, OTHER):
            await store.add_account(account(bot.user_id, uid=bot.uid, owner_uid=bot.owner, bot_api="telegram"))
        yield Yard(store, listener, clock)
    AFTERWARDS[make](tmp_path)


async def test_updates_of_all_chats_in_one_order(yard: Yard) -> None:
    """What is not confirmed comes first, then what happens, in the order of time over rooms, directs, the lobby and the
    bot's own log; each once, with the secret. Other bots are told nothing, and the owner sees no webhook of theirs."""
    room = await yard.room(ALI, VALI, BOT)
    place = await direct(yard.store, VALI, BOT, yard.clock.wall())
    await yard.say(LOBBY, "oldin")
    await yard.webhooks.put(BOT, URL, "siru_Asror-1", None)
    await yard.work()
    for number in range(9):
        yard.clock.advance(1)
        await yard.say((LOBBY, room, place)[number % 3], f"m{number}")
        if number % 2:
            await yard.work()
    await yard.work()
    texts = [(number, text) for number, text in yard.told() if not text.startswith("member.")]
    assert [text for _, text in texts] == ["oldin", *(f"m{number}" for number in range(9))]
    assert [number for number, _ in yard.told()] == sorted({number for number, _ in yard.told()})
    assert all(headers[PROOF] == "siru_Asror-1" for _, headers, _ in yard.receivers.requests)
    assert {headers["content-type"] for _, headers, _ in yard.receivers.requests} == {"application/json"}
    assert yard.told("https://other.example.org/") == []
    assert await yard.store.count_updates(BOT.uid) == 0
    assert await yard.store.outgoing_of("u-ali") == []
    with pytest.raises(NotFound):
        await yard.store.end_outgoing("u-ali", "k0")


async def test_a_receiver_that_is_down_for_twenty_hours(yard: Yard) -> None:
    """When it is back, everything arrives in order, each once. It was tried again and again; what failed last is told."""
    await yard.webhooks.put(BOT, URL, "", ALL_KINDS)
    yard.receivers.answer = "refused"
    await yard.say(LOBBY, "0")
    await yard.work()
    for hour in range(20):
        await yard.pass_time(HOUR, 900)
        await yard.say(LOBBY, f"{hour + 1}")
    tried = len(yard.receivers.requests)
    assert 20 * 4 <= tried <= 20 * 60 and set(yard.told()) == {(1, "0")}
    assert PROOF not in yard.receivers.requests[0][1]
    yard.receivers.answer = ReceiverAnswer(503)
    await yard.pass_time(60, step=60)
    yard.receivers.answer = ReceiverAnswer(204)
    down = len(yard.receivers.requests)
    await yard.pass_time(120, step=60)
    assert yard.told()[down:] == [(n + 1, f"{n}") for n in range(21)]
    hook = await yard.webhooks.of(BOT)
    assert hook is not None and hook.failed_status == 503 and hook.failed_at is not None
    assert yard.clock.wall() - hook.failed_at < 300_000


async def test_an_address_that_failed_does_not_hold_up_the_next(yard: Yard) -> None:
    """A bot sets another address while the one before is slow, fails and asks for an hour: the new one gets everything at
    once, and is not said to have failed."""
    await yard.webhooks.put(BOT, URL, "", None)
    yard.receivers.waits[URL] = asyncio.Event()
    yard.receivers.answers[URL] = [ReceiverAnswer(429, 3600.0)]
    await yard.say(LOBBY, "1", "2")
    yard.clock.advance(1)
    (item,) = await yard.delivering.claim(50, ())
    late = asyncio.create_task(yard.delivering.carry_out(item))
    while not yard.receivers.requests:
        await asyncio.sleep(0)
    await yard.webhooks.put(BOT, "https://second.example.org/", "", None)
    yard.receivers.waits.pop(URL).set()
    await late
    await yard.work()
    assert yard.told("https://second.example.org/") == [(1, "1"), (2, "2")]
    hook = await yard.webhooks.of(BOT)
    assert hook is not None and (hook.failed_at, hook.failed_status) == (None, None)


@pytest.mark.parametrize("how", ["set", "same", "end"])
async def test_after_another_address_is_set_nothing_goes_to_the_one_before(yard: Yard, how: str) -> None:
    """Though a process has read many updates and is sending them: what is on its way is the last one. Those that follow go to
    the address that holds now, each once."""
    other = "https://second.example.org/"
    await yard.webhooks.put(BOT, URL, "eski", None)
    await yard.say(LOBBY, *(f"{number}" for number in range(5)))
    yard.receivers.waits[URL] = asyncio.Event()
    working = asyncio.create_task(yard.work())
    while not yard.receivers.requests:
        await asyncio.sleep(0)
    if how == "end":
        await yard.webhooks.end(BOT)
    else:
        await yard.webhooks.put(BOT, URL if how == "same" else other, "yangi", None)
    yard.receivers.waits.pop(URL).set()
    await working
    await yard.work()
    secrets = [(url, headers[PROOF]) for url, headers, _ in yard.receivers.requests]
    later = [] if how == "end" else [(URL if how == "same" else other, "yangi")] * 4
    assert secrets == [(URL, "eski"), *later]
    assert [number for number, _ in yard.told() + yard.told(other)] == list(range(1, 6 if later else 2))


@pytest.mark.parametrize("how", ["set", "end"])
async def test_what_is_dropped(yard: Yard, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits, numbered or not, in every chat, and nothing that comes later. A refused address drops nothing.
    Whoever numbers events at this moment does not bring them back."""
    room = await yard.room(ALI, VALI, BOT)
    await yard.webhooks.put(BOT, URL, "", None)
    yard.receivers.answer = ReceiverAnswer(500)
    await yard.say(LOBBY, "1")
    await yard.work()
    await yard.say(LOBBY, "2")
    await yard.say(room, "3")
    with monkeypatch.context() as patch, pytest.raises(TelegramError):
        patch.setattr(yard.receivers, "origin", lambda url: None)
        await yard.webhooks.put(BOT, "https://10.0.0.1/", "", None, drop=True)
    yard.receivers.answer = ReceiverAnswer(200)
    if how == "set":
        await yard.webhooks.put(BOT, "https://second.example.org/", "", None, drop=True)
    else:
        await yard.webhooks.end(BOT, drop=True)
    assert await yard.store.count_updates(BOT.uid) == 0
    await yard.say(room, "4")
    seen = len(yard.receivers.requests)
    await yard.pass_time(120, step=60)
    told = yard.told("https://second.example.org/")
    if how == "end":
        assert len(yard.receivers.requests) == seen
        told = [(update["update_id"], update["message"]) for update in await yard.updates(BOT.uid, ALL_KINDS, 10)]
    assert [text for _, text in told] == ["4"] and told[0][0] > 1


async def test_numbering_while_everything_is_dropped(yard: Yard) -> None:
    """What was read before is not written after."""
    await yard.webhooks.put(BOT, URL, "", None)
    await yard.say(LOBBY, "1", "2")
    store: Any = yard.store
    found = await store._read(lambda c: unnumbered(c, BOT, events_of(ALL_KINDS), 10, 0, "since_joined"))
    assert len(found.events) == 2
    await yard.webhooks.put(BOT, URL, "", None, drop=True)
    assert not await store._write(lambda c: keep(c, BOT.uid, found, 0))
    await yard.work()
    assert yard.told() == []


async def test_what_is_older_than_a_day(yard: Yard) -> None:
    """It does not come any more, and the webhook is still on, also if its receiver said that it is gone."""
    await yard.webhooks.put(BOT, URL, "", None)
    yard.receivers.answer = ReceiverAnswer(410)
    await yard.say(LOBBY, "eski")
    await yard.pass_time(25 * HOUR, 3600)
    yard.receivers.answer = ReceiverAnswer(200)
    seen = len(yard.told())
    await yard.say(LOBBY, "yangi")
    await yard.pass_time(120, step=60)
    assert [text for _, text in yard.told()[seen:]] == ["yangi"]


async def test_the_wish_of_a_receiver(yard: Yard) -> None:
    """Retry-After is kept; the updates that follow wait for the one that failed."""
    await yard.webhooks.put(BOT, URL, "", None)
    yard.receivers.answers[URL] = [ReceiverAnswer(200), ReceiverAnswer(429, 600.0)]
    await yard.say(LOBBY, "1", "2", "3")
    await yard.work()
    await yard.pass_time(500, 10)
    assert yard.told() == [(1, "1"), (2, "2")]
    await yard.pass_time(200, 10)
    assert yard.told() == [(1, "1"), (2, "2"), (2, "2"), (3, "3")]


async def test_a_process_that_dies(yard: Yard) -> None:
    """What was confirmed does not come again; the update that was on its way does, with its number, when the claim has ended.
    Meanwhile nobody else sends it."""
    await yard.webhooks.put(BOT, URL, "", None)
    await yard.say(LOBBY, "1", "2", "3")
    yard.clock.advance(1)

    class Killed(BaseException):
        pass

    async def die(bot_uid: str, update_id: int, answer: ReceiverAnswer) -> None:
        if update_id == 2:
            raise Killed

    dying = yard.process()
    (item,) = await dying.claim(50, ())
    dying._bots._api = SimpleNamespace(updates=yard.updates, carry_out=die)
    with pytest.raises(Killed):
        await dying.carry_out(item)
    await yard.work()
    assert yard.told() == [(1, "1"), (2, "2")]
    await yard.pass_time(LEASE_SECONDS + 1, 20)
    assert yard.told() == [(1, "1"), (2, "2"), (2, "2"), (3, "3")]
    await yard.say(LOBBY, "4")
    yard.clock.advance(1)
    (item,) = await yard.process().claim(50, ())
    await yard.store.release_hooks()  # as a start does where there is one process
    await yard.work()
    assert yard.told()[4:] == [(4, "4")]


async def test_what_comes_while_updates_are_sent(yard: Yard) -> None:
    """It is not forgotten, and many updates are sent in several claims, so that others have their turn."""
    await yard.webhooks.put(BOT, URL, "", None)
    await yard.say(LOBBY, *(f"{n}" for n in range(MOST_EVENTS + 5)))
    yard.clock.advance(1)
    (item,) = await yard.delivering.claim(50, ())
    await yard.delivering.carry_out(item)
    assert len(yard.told()) == MOST_EVENTS
    (item,) = await yard.delivering.claim(50, ())
    settled = await yard.delivering._bots.deliver(item, float("inf"))
    assert len(yard.told()) == MOST_EVENTS + 5
    await yard.say(LOBBY, "kech")
    await yard.process().claim(50, ())  # another node gathers it
    assert await yard.store.settle_hook(settled, yard.clock.wall())
    await yard.work()
    assert yard.told()[-1] == (MOST_EVENTS + 6, "kech")


async def test_another_webhook_and_none(yard: Yard) -> None:
    """An address replaces the one before and gets what is pending; without a webhook the bot asks for its updates, which it
    cannot while it has one. The kinds of updates stay until the bot names others."""
    assert await yard.store.begin_poll(BOT.uid, 0, "poll")
    await yard.webhooks.put(BOT, URL, "", ("edited_message",))
    assert not await yard.store.begin_poll(BOT.uid, 0, "other")
    assert not await yard.store.is_polling(BOT.uid, "poll") and not await yard.store.is_polling(BOT.uid, "other")
    await yard.say(LOBBY, "1")
    await yard.work()
    assert yard.told() == []
    await yard.webhooks.put(BOT, URL, "", ALL_KINDS)
    yard.receivers.answer = ReceiverAnswer(500)
    await yard.say(LOBBY, "2")
    await yard.work()
    failing = await yard.webhooks.of(BOT)
    assert failing is not None and failing.failed_status == 500
    yard.receivers.answer = ReceiverAnswer(200)
    await yard.webhooks.put(BOT, "https://second.example.org/", "", None)
    await yard.work()
    assert yard.told("https://second.example.org/") == [(1, "1"), (2, "2")]
    changed = await yard.webhooks.of(BOT)
    assert changed is not None and changed.failed_at is None and changed.types == ALL_KINDS and changed.id == failing.id
    await yard.webhooks.end(BOT)
    assert await yard.webhooks.of(BOT) is None
    seen = len(yard.receivers.requests)
    await yard.say(LOBBY, "3")
    await yard.work()
    assert len(yard.receivers.requests) == seen
    assert await yard.store.begin_poll(BOT.uid, 0, "poll")
    assert [update["message"] for update in await yard.updates(BOT.uid, ALL_KINDS, 10)] == ["3"]
    stored = await yard.store.webhook(BOT.uid)
    assert stored is not None and (stored.url, stored.secret) == ("", "")


async def test_an_address_that_may_not_be_reached(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for other webhooks; and a secret has 256 characters of a few at most."""
    for secret, reason in (
        ("a" * 257, "secret token is too long"),
        ("a b", "secret token contains unallowed characters"),
    ):
        with pytest.raises(TelegramError, match=reason):
            await yard.webhooks.put(BOT, URL, secret, None)
    with pytest.raises(TelegramError, match="may not be reached"):
        await yard.webhooks.put(BOT, URL + "a" * 2000, "", None)
    monkeypatch.setattr(yard.receivers, "origin", lambda url: None)
    with pytest.raises(TelegramError, match="bad webhook: an HTTPS URL must be provided"):
        await yard.webhooks.put(BOT, "http://10.0.0.1/", "", None)
    assert await yard.webhooks.of(BOT) is None


async def test_bots_that_are_gone(yard: Yard) -> None:
    """The webhook goes with its bot, and all are told anew after the journal began anew."""
    await yard.webhooks.put(BOT, URL, "", None)
    await yard.webhooks.put(replace(OTHER), "https://other.example.org/", "", None)
    yard.receivers.waits[URL] = asyncio.Event()
    await yard.say(LOBBY, "0", actor=ALI)
    yard.clock.advance(1)
    slow = [asyncio.create_task(yard.delivering.carry_out(item)) for item in await yard.delivering.claim(50, ())]
    while URL not in [url for url, _, _ in yard.receivers.requests]:
        await asyncio.sleep(0)
    await yard.store.erase(BOT, yard.clock.wall(), with_messages=False)
    yard.receivers.waits.pop(URL).set()
    await asyncio.gather(*slow)  # nothing is left to confirm or to settle
    yard.receivers.requests.clear()
    assert await yard.store.webhook(BOT.uid) is None
    with pytest.raises(Unauthenticated):
        await yard.webhooks.put(BOT, URL, "", None)
    await yard.work()
    yard.receivers.requests.clear()
    await yard.say(LOBBY, "1", actor=ALI)
    await yard.work()
    assert yard.told() == [] and yard.told("https://other.example.org/") == [(2, "1")]
