"""Every sentence of chat.ports.PushQueue, over every store: who is told of what, once, and never of what is old or read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor, DuePush, PushFacts, SettledPush
from suhbat.chat.ports import Store
from suhbat.protocol import commands
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import FinishGrowing
from suhbat.protocol.objects import Quiet
from suhbat.protocol.types import LOBBY
from suhbat.store.read import badge
from suhbat.store.write import push_recipients
from tests.fakes import FakeClock

from .house import AT, LOLA, SOLI, House
from .parts import ALI, VALI, Listener, opened
from .people.test_people import account, session
from .people.test_push import subscription

DELAY = 8_000
LEASE = 60_000
HOUR = 3_600_000
PEOPLE = (ALI, VALI, SOLI, LOLA)


@dataclass
class Town:
    """A store in which everybody but Lola has a subscription."""

    store: Store
    house: House
    clock: FakeClock

    async def gather(self) -> None:
        while await self.store.gather_pushes(DELAY):
            pass

    async def claim(self, most: int = 50, per_person: int = 2, busy: tuple[str, ...] = ()) -> list[DuePush]:
        claimed, _ = await self.store.claim_pushes(self.clock.wall() + LEASE, most, per_person, busy)
        return claimed

    async def due(self, seconds: float = 8.0) -> list[DuePush]:
        """Gather, and claim what is due after these seconds."""
        await self.gather()
        self.clock.advance(seconds)
        self.house.at = self.clock.wall()
        return await self.claim()

    async def told(self, seconds: float = 8.0) -> dict[str, str]:
        """Who is told what after these seconds, by uid. The rows are settled."""
        due = await self.due(seconds)
        facts = await self.store.push_facts(due)
        await self.settle(due)
        return {one.uid: one.text for one in facts if one is not None}

    async def facts(self, seconds: float = 8.0) -> PushFacts:
        """What the only one who is told is told."""
        (one,) = [one for one in await self.store.push_facts(await self.due(seconds)) if one is not None]
        return one

    async def settle(self, due: list[DuePush], **fields: Any) -> None:
        await self.store.settle_pushes([SettledPush(one, self.clock.wall() + DELAY, **fields) for one in due])


@pytest.fixture
async def town(make: Callable[..., Store], tmp_path: Path) -> AsyncIterator[Town]:
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        await populate(store)
        yield Town(store, House(store, listener), clock)


async def populate(store: Store) -> None:
    """Make everybody, and the subscriptions."""
    for person in PEOPLE:
        await store.add_account(account(person.user_id, locale="uz"))
        await store.add_session(session(f"s-{person.uid}", person.uid))
        if person is not LOLA:
            await store.save_push(subscription(f"p-{person.user_id}", person.uid), 16)


async def direct(town: Town, text: str = "salom", by: Actor = ALI, to: Actor = VALI) -> tuple[str, int]:
    """A message in the direct of two people: its conversation and its `seq`."""
    sent = await town.house.listener.send(town.store, by, text, peer=to, at=town.clock.wall())
    return sent.conversation, sent.seq


class TestWhoIsTold:
    async def test_a_direct(self, town: Town) -> None:
        """Its other people, of each message, with all that a push needs; not its sender."""
        conversation, seq = await direct(town)
        facts = await town.facts()
        assert facts == PushFacts(
            due=DuePush("u-vali", facts.due.log_id, "", seq, seq, 0, AT + 72 * HOUR),
            conversation=conversation, kind="direct", title="", seq=seq, thread=None, sender="Ali", text="salom", files=(),
            urgent=True, locale="uz", push_text=True, quiet=None, badge=1,
            subscriptions=(subscription("p-vali", "u-vali"),), waiting={},
        )  # fmt: skip

    async def test_those_without_a_subscription(self, town: Town) -> None:
        """Nobody is queued who has none; those who had one are not told."""
        await direct(town, to=LOLA)
        assert await town.due() == []
        await direct(town)
        await town.gather()
        assert await town.store.end_push("u-vali", "p-vali")
        assert await town.told() == {}

    async def test_a_room_tells_of_mentions(self, town: Town) -> None:
        """Its members, if they are mentioned, or everybody is; those who want all, of all; who wants nothing, of nothing."""
        room = await town.house.room(ALI, VALI, SOLI, LOLA)
        await town.gather()
        await town.house.write(ALI, room, "hech kim")
        assert await town.told() == {}
        await town.house.write(ALI, room, "@vali", named=("u-vali",))
        assert await town.told() == {"u-vali": "@vali"}
        await town.house.write(ALI, room, "@all", named=(EVERYBODY,))
        assert await town.told() == {"u-vali": "@all", "u-soli": "@all"}
        await town.house.do(commands.SetNotify, SOLI, room, level="all", until=None)
        await town.house.do(commands.SetNotify, VALI, room, level="none", until=None)
        await town.house.write(ALI, room, "@vali yana", named=("u-vali",))
        assert await town.told() == {"u-soli": "@vali yana"}
        await town.house.write(SOLI, room, "oʻzim")
        assert await town.told() == {}

    async def test_a_level_is_asked_when_it_is_told(self, town: Town) -> None:
        """Also when it was chosen after the message; and after the time for which it was chosen the default holds."""
        conversation, _ = await direct(town)
        await town.gather()
        await town.house.do(commands.SetNotify, VALI, conversation, level="none", until=AT + HOUR)
        assert await town.told() == {}
        await direct(town, "jim")
        assert await town.told() == {}
        town.clock.advance(3_600)
        await direct(town, "yana")
        assert await town.told() == {"u-vali": "yana"}

    async def test_the_lobby(self, town: Town) -> None:
        """As in a room, for everybody with an account; of nothing from before it."""
        await town.store.add_account(account("yangi", lobby_from=5))
        await town.store.add_session(session("s-u-yangi", "u-yangi"))
        await town.store.save_push(subscription("p-yangi", "u-yangi"), 16)
        for _ in range(5):
            await town.house.write(ALI, LOBBY, "@yangi", named=("u-yangi",))
        assert await town.told() == {}
        await town.house.write(ALI, LOBBY, "@yangi @vali", named=("u-yangi", "u-vali"))
        assert await town.told() == {"u-yangi": "@yangi @vali", "u-vali": "@yangi @vali"}

    async def test_replies_in_threads(self, town: Town) -> None:
        """Those who follow the thread, and whom the reply mentions; not those who want all of the room."""
        room = await town.house.room(ALI, VALI, SOLI)
        root = await town.house.write(ALI, room, "ildiz")
        await town.house.do(commands.SetNotify, SOLI, room, level="all", until=None)
        assert await town.told() == {"u-soli": "ildiz"}
        await town.house.write(VALI, room, "javob", thread=root)
        facts = await town.facts()
        assert (facts.uid, facts.text, facts.thread, facts.urgent) == ("u-ali", "javob", root, False)
        await town.settle([facts.due])
        await town.house.write(ALI, room, "@soli", thread=root, named=("u-soli",))
        assert await town.told() == {"u-vali": "@soli", "u-soli": "@soli"}

    async def test_many_messages_cost_each_person_once(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of messages that concern the same people, each person costs the work of two, while messages wait: 200 replies in a
        thread that 5,000 follow cost the work of a million, 2.5 s."""
        asked: Counter[str] = Counter()
        add = push_recipients._Found.add

        def counted(self: push_recipients._Found, uid: str, message: Any, *, urgent: bool) -> None:
            asked[uid] += 1
            add(self, uid, message, urgent=urgent)

        monkeypatch.setattr(push_recipients._Found, "add", counted)
        room = await town.house.room(ALI, VALI, SOLI)
        root = await town.house.write(VALI, room, "ildiz")
        await town.house.write(SOLI, room, "javob", thread=root)
        await town.gather()
        asked.clear()
        for _ in range(20):
            await town.house.write(ALI, room, "javob", thread=root)
        await town.gather()
        assert asked == {"u-vali": 2, "u-soli": 2}
        asked.clear()
        for _ in range(20):
            last = await town.house.write(ALI, room, "@all", named=("*",))
        due = await town.due()
        assert set(asked.values()) == {2} and {one.seq for one in due} == {last}

    async def test_those_who_may_not_read_it(self, town: Town) -> None:
        """Who has left since, is banned from the server or disabled is told nothing."""
        room = await town.house.room(ALI, VALI, SOLI)
        await town.house.write(ALI, room, "@all", named=(EVERYBODY,))
        await town.gather()
        await town.house.do(commands.Remove, ALI, room, person=SOLI)
        assert await town.told() == {"u-vali": "@all"}
        await direct(town, "yana")
        owner = Actor("u-ega", "ega", "account", 0, "owner")
        await town.house.do(commands.Ban, owner, LOBBY, person=VALI, on=True, until=None, reason="")
        assert await town.told() == {}

    async def test_a_message_that_was_cut_before_it_had_a_text(self, town: Town) -> None:
        """Nobody is told of it, alone or after another one."""
        conversation, _ = await direct(town)
        for told in ({"u-vali": "salom"}, {}):
            grows = Extra(streaming=True)
            sent = await town.house.listener.send(town.store, ALI, "", conversation=conversation, extra=grows)
            command = FinishGrowing(conversation=conversation, seq=sent.seq, cut=True, forced=True)
            await town.store.execute(ALI, town.clock.wall(), command)
            assert await town.told() == told

    async def test_erased_people(self, town: Town) -> None:
        """Nothing of them stays in the queue."""
        await direct(town)
        await town.gather()
        await town.store.erase(VALI, AT, with_messages=False)
        assert await town.due() == []


class TestWhatIsTold:
    async def test_one_push_for_what_is_due_together(self, town: Town) -> None:
        """The newest of them, due after the first: a busy conversation does not put it off for ever."""
        for n in range(5):
            await direct(town, f"xabar {n}")
            await town.gather()
            town.clock.advance(1)
        assert await town.told(2.9) == {}
        assert await town.told(0.1) == {"u-vali": "xabar 4"}
        assert await town.told(100) == {}

    async def test_what_was_read_or_deleted_is_not_told(self, town: Town) -> None:
        """If the newest is deleted, the newest that is left; what is read, not at all."""
        conversation, _ = await direct(town, "bir")
        _, second = await direct(town, "ikki")
        await town.gather()
        await town.house.do(commands.Delete, ALI, conversation, seq=second)
        assert await town.told() == {"u-vali": "bir"}
        await direct(town, "uch")
        await town.gather()
        await town.house.do(commands.Read, VALI, conversation, ordinal=3)
        assert await town.told() == {}

    async def test_an_edited_message_is_told_as_it_is(self, town: Town) -> None:
        """Its text by then, never the one before."""
        conversation, seq = await direct(town, "eski")
        await town.gather()
        await town.house.do(commands.Edit, ALI, conversation, seq=seq, text="yangi")
        assert await town.told() == {"u-vali": "yangi"}

    async def test_a_read_thread(self, town: Town) -> None:
        """The mark of the thread decides about its replies."""
        room = await town.house.room(ALI, VALI)
        root = await town.house.write(ALI, room, "ildiz")
        await town.house.write(VALI, room, "javob", thread=root)
        await town.gather()
        await town.house.do(commands.ChangeThread, ALI, room, seq=root, follow=None, read_ordinal=1, unread=False)
        assert await town.told() == {}

    async def test_the_badge_counts_what_clients_show(self, town: Town) -> None:
        """Unread messages of all conversations and replies in followed threads; of silent conversations only mentions."""
        loud, silent = await town.house.room(ALI, VALI), await town.house.room(ALI, VALI)
        await town.house.do(commands.SetNotify, VALI, silent, level="none", until=None)
        for room in (loud, silent):
            await town.house.write(ALI, room, "bir")
            gone = await town.house.write(ALI, room, "ikki")
            await town.house.do(commands.Delete, ALI, room, seq=gone)
            await town.house.write(ALI, room, "@vali", named=("u-vali",))
            await town.house.write(ALI, room, "@all", named=(EVERYBODY,))
        root = await town.house.write(VALI, loud, "ildiz")
        await town.house.write(ALI, loud, "javob", thread=root)
        await direct(town, "sizga")
        found = await town.store.push_facts(await town.due())
        # 3 + 2, a reply, a direct.
        assert {one.uid: one.badge for one in found if one is not None} == {"u-vali": 7}

    async def test_a_badge_does_not_lack_what_others_have(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """People who together have more unread conversations than one statement reads are counted one by one."""
        monkeypatch.setattr(badge, "COUNTED", 2)
        monkeypatch.setattr(badge, "_UNREAD", badge._UNREAD.limit(2))
        room = await town.house.room(LOLA, ALI, VALI, SOLI)
        await town.house.write(LOLA, room, "@all", named=(EVERYBODY,))
        found = await town.store.push_facts(await town.due())
        assert [one and one.badge for one in found] == [1, 1, 1]

    async def test_what_the_account_chose(self, town: Town) -> None:
        """Language, quiet hours and whether pushes show texts: as they are when it is told."""
        await direct(town)
        await town.gather()
        quiet = Quiet(from_="22:00", to="08:00", days=(1, 7), zone="Asia/Tashkent")
        await town.store.save_account(account("vali", locale="ru", quiet=quiet, push_text=False))
        facts = await town.facts()
        assert (facts.locale, facts.quiet, facts.push_text) == ("ru", quiet, False)

    async def test_the_title_of_a_conversation(self, town: Town) -> None:
        """A room's own; in a direct of several, the others."""
        room = await town.house.room(ALI, VALI, title="Choyxona")
        await town.house.write(ALI, room, "@vali", named=("u-vali",))
        facts = await town.facts()
        assert (facts.title, facts.kind) == ("Choyxona", "room")
        await town.settle([facts.due])
        made = await town.house.do(commands.Meet, ALI, people=(VALI, LOLA))
        await town.house.write(ALI, made.conversation)
        facts = await town.facts()
        assert (facts.title, facts.kind) == ("ali, lola", "direct")


class TestTheQueue:
    async def test_each_message_is_gathered_once(self, town: Town) -> None:
        """However many there are: more than one transaction takes; and a settled row does not come back."""
        room = await town.house.room(ALI, VALI)
        await town.house.do(commands.SetNotify, VALI, room, level="all", until=None)
        answers = [
            town.house.listener.ask(town.store, ALI, str(n), conversation=room, at=AT, client_id=f"m{n}")
            for n in range(push_recipients.CHUNK * 2 + 10)
        ]
        for answer in answers:
            await answer
        assert (await town.store.push_backlog()).is_behind
        assert await town.store.gather_pushes(DELAY)
        await town.gather()
        backlog = await town.store.push_backlog()
        assert (backlog.is_behind, backlog.due_at) == (False, AT + DELAY)
        assert await town.told() == {"u-vali": str(len(answers) - 1)}
        assert (await town.store.push_backlog()).due_at is None

    async def test_a_message_that_fails(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        """One by one, the others are gathered."""
        await direct(town, "bir")
        _, broken = await direct(town, "buzuq")
        await direct(town, "uch", to=SOLI)
        look = push_recipients._look

        def fail(connection: Any, by_log: Any, *rest: Any) -> Any:
            if any(message.seq == broken for messages in by_log.values() for message in messages):
                raise ValueError("broken")
            return look(connection, by_log, *rest)

        monkeypatch.setattr(push_recipients, "_look", fail)
        with pytest.raises(ValueError, match="broken"):
            await town.gather()
        while await town.store.gather_pushes(DELAY, singly=True):
            pass
        assert await town.told() == {"u-vali": "bir", "u-soli": "uch"}

    async def test_a_claim_holds_for_its_time(self, town: Town) -> None:
        """Nobody else gets the row meanwhile; after it, if nothing was settled, it is due again."""
        await direct(town)
        (due,) = await town.due()
        assert await town.claim() == []
        town.clock.advance(59)
        assert await town.claim() == []
        town.clock.advance(1)
        assert await town.claim() == [due]

    async def test_claims_of_a_process_that_is_gone(self, town: Town) -> None:
        """At its start a server that has no other nodes ends the claims of the one before: it was a minute until somebody was
        told whose row was claimed at a kill -9. What waits for its first seconds, or for a quiet night, waits on."""
        await direct(town)
        (claimed,) = await town.due()
        await direct(town, to=SOLI)
        await town.gather()
        now = town.clock.wall()
        await town.store.free_pushes(now + DELAY, now + LEASE)
        assert await town.claim() == [claimed]
        town.clock.advance(8)
        (other,) = await town.claim()
        assert other.uid == SOLI.uid
        await town.store.settle_pushes([SettledPush(other, now + 9 * HOUR, postponed=True)])
        await town.store.free_pushes(town.clock.wall() + DELAY, town.clock.wall() + LEASE)
        assert await town.claim() == [claimed]

    async def test_messages_meanwhile_keep_their_row(self, town: Town) -> None:
        """What was gathered between claim and settlement is due after the delay, and only that."""
        await direct(town, "bir")
        due = await town.due()
        _, second = await direct(town, "ikki")
        await town.gather()
        await town.settle(due)
        assert await town.told(7.9) == {}
        (again,) = await town.due(0.1)
        assert (again.first, again.seq) == (second, second)

    async def test_postponed(self, town: Town) -> None:
        """In quiet hours the row waits, with what comes meanwhile."""
        await direct(town, "bir")
        await town.store.settle_pushes([SettledPush(one, AT + HOUR, postponed=True) for one in await town.due()])
        await direct(town, "ikki")
        assert await town.told() == {}
        assert await town.told(3_600) == {"u-vali": "ikki"}

    async def test_other_quiet_hours(self, town: Town) -> None:
        """Whoever ends the quiet hours, or changes them, is told of what waited for their end and of what comes after; a claim
        and a first delay are as long as ever, and another change of the account is none of that."""
        await direct(town, "bir")
        (due,) = await town.due()
        await town.store.settle_pushes([SettledPush(due, AT + 9 * HOUR, postponed=True)])
        await town.store.save_account(account("vali", locale="ru"))
        assert await town.told() == {}
        quiet = Quiet(from_="22:00", to="08:00", days=(1, 7), zone="Asia/Tashkent")
        await town.store.save_account(account("vali", locale="ru", quiet=quiet))
        (again,) = await town.claim()
        assert (again.first, again.seq) == (due.first, due.seq)
        await town.store.save_account(account("vali", locale="ru"))
        assert await town.claim() == []

    async def test_repeated_to_one_subscription(self, town: Town) -> None:
        """The others get no second push. Until it is due, other pushes leave that subscription out; then it gets the newest."""
        await town.store.save_push(subscription("p-telefon", "u-vali"), 16)
        await direct(town, "bir")
        due = await town.due()
        later = town.clock.wall() + 30_000
        await town.settle(due, later={"p-telefon": later}, reached=("p-vali",))
        await direct(town, "ikki")
        facts = await town.facts()
        assert {one.id for one in facts.subscriptions} == {"p-vali", "p-telefon"}
        assert facts.waiting == {"p-telefon": later}
        await town.settle([facts.due], waiting=facts.waiting, reached=("p-vali",))
        facts = await town.facts(22)
        assert [one.id for one in facts.subscriptions] == ["p-telefon"]
        assert (facts.text, facts.due.attempts, facts.waiting) == ("ikki", 1, {})
        await town.settle([facts.due], later={"p-telefon": town.clock.wall() + 1_000})
        (again,) = await town.due(1)
        assert (again.subscription, again.attempts) == ("p-telefon", 2)
        await town.settle([again], reached=("p-telefon",))
        assert (await town.store.push_backlog()).due_at is None

    async def test_a_success_ends_the_repetition(self, town: Town) -> None:
        """A subscription that is reached by a newer push does not get the older one any more."""
        await direct(town, "bir")
        await town.settle(await town.due(), later={"p-vali": town.clock.wall() + 10_000})
        await direct(town, "ikki")
        due = await town.due(9)
        await town.settle(due, reached=("p-vali",))
        assert (await town.store.push_backlog()).due_at is None

    async def test_one_person_does_not_delay_others(self, town: Town) -> None:
        """A few rows of a person at a time, and none of those who have enough in progress, however old they are."""
        rooms = [await town.house.room(ALI, VALI) for _ in range(5)]
        for room in rooms:
            await town.house.write(ALI, room, "@vali", named=("u-vali",))
        await direct(town, by=VALI, to=SOLI)
        await town.gather()
        town.clock.advance(8)
        assert sorted(one.uid for one in await town.claim()) == ["u-soli", "u-vali", "u-vali"]
        assert await town.claim(busy=("u-vali",)) == []
        assert len(await town.claim(most=1)) == 1

    async def test_old_rows_expire(self, town: Town) -> None:
        """After a day nobody is told of a message any more, after three of a mention or a direct."""
        room = await town.house.room(ALI, VALI, SOLI)
        await town.house.do(commands.SetNotify, SOLI, room, level="all", until=None)
        await town.house.write(ALI, room, "@vali", named=("u-vali",))
        await town.gather()
        town.clock.advance(24 * 3600)
        claimed, expired = await town.store.claim_pushes(town.clock.wall() + LEASE, 50, 2, ())
        assert ([one.uid for one in claimed], expired) == (["u-vali"], 1)
        town.clock.advance(48 * 3600)
        assert await town.store.claim_pushes(town.clock.wall() + LEASE, 50, 2, ()) == ([], 1)

    async def test_without_subscriptions_there_is_no_cursor(self, town: Town) -> None:
        """A message costs nothing then. The next subscription begins with the next message."""
        for name in ("ali", "vali", "soli"):
            assert await town.store.end_push(f"u-{name}", f"p-{name}")
        await direct(town)
        await town.gather()
        assert await cursors(town.store) == []
        assert await town.store.push_backlog() == type(await town.store.push_backlog())(False, None)
        await town.store.save_push(subscription("p-vali", "u-vali"), 16)
        assert await cursors(town.store) == ["push"]
        await direct(town, "keyin")
        assert await town.told() == {"u-vali": "keyin"}


async def cursors(store: Any) -> list[str]:
    rows = await store._read(lambda c: c.execute(text("SELECT name FROM cursors WHERE name = 'push'")).all())
    return [row[0] for row in rows]


async def test_over_a_restart(make: Callable[..., Store], tmp_path: Path) -> None:
    """What was committed when the process ended is told by the next one."""
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        for person in (ALI, VALI):
            await store.add_account(account(person.user_id))
            await store.add_session(session(f"s-{person.uid}", person.uid))
        await store.save_push(subscription("p-vali", "u-vali"), 16)
        await listener.send(store, ALI, "salom", peer=VALI, at=AT)
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        town = Town(store, House(store, listener), clock)
        assert await town.told() == {"u-vali": "salom"}


async def test_a_restored_copy_tells_nothing_old(make: Callable[..., Store], tmp_path: Path) -> None:
    """Neither what was in its queue nor what was not gathered yet; what comes after it, yes."""
    clock, listener = FakeClock(), Listener()
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        for person in PEOPLE:
            await store.add_account(account(person.user_id))
            await store.add_session(session(f"s-{person.uid}", person.uid))
            await store.save_push(subscription(f"p-{person.user_id}", person.uid), 16)
        await listener.send(store, ALI, "navbatda", peer=VALI, at=AT)
        house = House(store, listener)
        room = await house.room(ALI, VALI)
        await house.do(commands.SetNotify, VALI, room, level="all", until=None)
        await house.write(ALI, room, "xona navbatda")
        await store.gather_pushes(DELAY)
        await listener.send(store, ALI, "yigʻilmagan", peer=SOLI, at=AT)
        if store.cluster is not None:
            change = text("UPDATE meta SET value = 'elsewhere' WHERE key = 'place'")
            await store._write(lambda c: c.execute(change) and None)
    (tmp_path / "data" / "instance").unlink(missing_ok=True)
    async with opened(make(tmp_path / "data", clock=clock), listener) as store:
        town = Town(store, House(store, listener), clock)
        assert (await store.push_backlog()).is_behind
        assert await town.told(100) == {}
        await direct(town, "yangi")
        assert await town.told() == {"u-vali": "yangi"}


def test_facts_name_their_person() -> None:
    """The dispatcher counts what is in progress by it."""
    due = DuePush("u-vali", 1, "", 1, 1, 0, 0)
    facts = PushFacts(due, LOBBY, "lobby", "", 1, None, "", "", (), False, None, True, None, 0, (), {})
    assert facts.uid == replace(due).uid
