"""Old state + events = state fetched afresh, after any commands of a few users.

A random history is drawn. Each reader folds the store's events of the logs they follow with the SDK's own `State`. Each
log arrives in order; between logs there is no order. Some readers disconnect and resume with their cursors, as over v1.
There are 12 histories here; `make proof` asks for 1,000 (`SUHBAT_HISTORIES`)."""

from __future__ import annotations

import asyncio
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from suhbat.chat.mentions import EVERYBODY
from suhbat.chat.model import Actor, Outcome, PostResult, States
from suhbat.chat.ports import Store
from suhbat.chat.sync import CONVERSATION_LIMIT, Plan, opening_plan, sync_plan
from suhbat.client.effects import Effect, Say
from suhbat.client.frames import Frame
from suhbat.client.state import State
from suhbat.errors import SuhbatError
from suhbat.protocol import commands, http_commands
from suhbat.protocol.commands import Resume, Sync
from suhbat.protocol.events import ConversationAdded, ConversationRemoved, Event
from suhbat.protocol.extras import Extra, HookFace, MessageButton
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent, model_of, own_log
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.replies import CaughtUp, Removed, Reset, Snapshot, Welcome
from suhbat.protocol.types import LOBBY, ME
from tests.commands import execute

from .house import AT
from .parts import STORES, everything, guest, make_post
from .test_pictures import change, image

HISTORIES = int(os.environ.get("SUHBAT_HISTORIES", "12"))
ROLES = ("member", "moderator", "owner")
LEVELS = ("all", "mentions", "none")
EMOJI = ("👍", "🙂", "❤️")


@dataclass(frozen=True)
class Step:
    """One attempt of a user. The numbers choose among the objects that exist by then. Most attempts are allowed, some
    are refused."""

    what: str
    who: int
    whom: int
    place: int
    message: int
    number: int
    alone: bool = True
    """Whether the next one waits until this is done."""


WHATS = (
    ["post"] * 6 + ["mention"] * 4 + ["mark"] * 5 + ["edit"] * 3 + ["delete", "react"] * 2 + ["admit", "join"] * 3
    + ["reply"] * 6 + ["reply_mention", "thread"] * 3
    + ["leave", "remove", "away", "back", "history", "role", "draft"] * 2
    + ["check", "pin", "write_to", "create", "meet", "settings", "archive", "ban", "mute", "erase", "report", "accept"]
    + ["picture", "notify", "notify"] + ["unread"] * 4 + ["save"]
)  # fmt: skip
STEPS = st.builds(
    Step,
    what=st.sampled_from(WHATS),
    who=st.integers(0, 3),
    whom=st.integers(0, 3),
    place=st.sampled_from([0, 1, 1, 1, 2, 2, 3, 4, 5]),
    message=st.integers(0, 9),
    number=st.integers(0, 9),
    alone=st.booleans(),
)
HISTORY = st.lists(STEPS, min_size=15, max_size=50)


def moments(history: list[Step]) -> Iterator[list[Step]]:
    """Group the steps into moments. The steps of one moment run at once, and so fall into one batch."""
    together: list[Step] = []
    for step in history:
        together.append(step)
        if step.alone:
            yield together
            together = []
    yield together


class Reader:
    """A user who folds the events that they receive."""

    def __init__(self, store: Store, actor: Actor, random: Random) -> None:
        self.store = store
        self.actor = actor
        self.state = State()
        self.here = False
        self._random = random
        self._follows: set[str] = set()
        self._waiting: dict[str, deque[Event]] = {}
        self._asked: deque[Sync] = deque()

    def hear(self, entry: LoggedEvent) -> None:
        """Give a committed event to this reader if the hub would."""
        mine = entry.log == own_log(self.actor.uid)
        if not self.here or not (mine or entry.log in self._follows):
            return
        self._waiting.setdefault(entry.log, deque()).append(model_of(entry.event))
        if mine and isinstance(entry.event, ConversationAdded):
            self._follows.add(entry.event.state.conversation)
        elif mine and isinstance(entry.event, ConversationRemoved):
            self._follows.discard(entry.event.removed)
        if self._random.random() < 0.3:
            self._take(self._random.randrange(3))

    def leave(self) -> None:
        """Disconnect. Events in flight are lost."""
        self.here = False
        self._waiting.clear()
        self._asked.clear()

    async def come(self) -> None:
        """Send hello with the known cursors and take the answer: see `transport.v1`."""
        resume = self.state.hello("token", 0).resume
        opening = await everything(self.store, self.actor)
        plan = opening_plan(opening.places, self.actor, self.store.epoch, resume, await self._added(resume))
        self._receive(Welcome(user=self.actor.user, connection="n1", epoch=self.store.epoch, resumed=plan.resumed))
        if not plan.resumed:
            self._snapshot(opening)
        self._answer(plan, opening)
        self.here, self._follows = True, set(opening.places.heads) - {ME}
        for name, cursor in plan.cursors.items():
            if cursor == opening.places.heads[name]:
                continue  # as in hub.feed, nothing is read then
            log = own_log(self.actor.uid) if name == ME else name
            self._waiting[log] = deque(
                model_of(entry.event) for entry in await self.store.events(log, cursor, CONVERSATION_LIMIT)
            )
        self._take(10_000)
        self._receive(CaughtUp())

    def _snapshot(self, there: States) -> None:
        """Receive a snapshot, in one frame or in several."""
        size = self._random.choice((1, 2, 100))
        heads = there.places.heads
        for start in range(0, len(there.states), size):
            states = there.states[start : start + size]
            self._receive(
                Snapshot(
                    conversations=states,
                    users=there.users,
                    cursors={ME: heads[ME]} | {one.conversation: heads[one.conversation] for one in states},
                    invitations=() if start else there.invitations,
                    more=start + size < len(there.states),
                )
            )

    async def catch_up(self) -> None:
        """Take all waiting events, let the two seconds pass that the SDK waits, and answer the `sync` commands that it
        sends."""
        self._take(10_000)
        self._act(self.state.tick(10.0))
        while self._asked:
            command = self._asked.popleft()
            there = await everything(self.store, self.actor)
            plan = sync_plan(there.places, command.cursors)
            self._answer(plan, there)
            for name in command.cursors.keys() & plan.cursors.keys():
                if plan.cursors[name] == there.places.heads[name]:
                    continue
                for entry in await self.store.events(name, plan.cursors[name], CONVERSATION_LIMIT):
                    self._receive(model_of(entry.event))

    async def _added(self, resume: Resume | None) -> dict[str, int]:
        if resume is None:
            return {}
        missed = await self.store.events(own_log(self.actor.uid), resume.cursors[ME], CONVERSATION_LIMIT)
        return {e.state.conversation: e.state.head for _, e in missed if isinstance(e, ConversationAdded)}

    def _take(self, events: int) -> None:
        """Take at most `events` of the waiting events: each log in its order, the logs in any order."""
        for _ in range(events):
            logs = [log for log, waiting in self._waiting.items() if waiting]
            if not logs:
                return
            self._receive(self._waiting[self._random.choice(logs)].popleft())

    def _answer(self, plan: Plan, there: States) -> None:
        for state in there.states:
            if (reason := plan.resets.get(state.conversation)) is not None:
                self._receive(Reset(conversation=state.conversation, state=state, reason=reason))
        for name in plan.removed:
            self._receive(Removed(conversation=name, removed=name))

    def _receive(self, frame: Frame) -> None:
        self._act(self.state.receive(frame, 0))

    def _act(self, effects: Sequence[Effect]) -> None:
        self._asked += [say.command for say in effects if isinstance(say, Say) and isinstance(say.command, Sync)]


@dataclass
class Play:
    """One running history: its users and the objects that they have made."""

    store: Store
    readers: list[Reader]
    places: list[str] = field(default_factory=lambda: [LOBBY])
    messages: dict[str, list[int]] = field(default_factory=dict)
    roots: dict[str, list[int]] = field(default_factory=dict)
    """Messages that are not replies."""
    replies: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many replies were written, by place and root."""
    written: Iterator[int] = field(default_factory=lambda: count(1))

    def committed(self, entries: list[LoggedEvent]) -> None:
        for entry in entries:
            for reader in self.readers:
                reader.hear(entry)
            if isinstance(entry.event, LiveMessage):
                self.messages.setdefault(entry.log, []).append(entry.event.seq)
                if entry.event.thread is None:
                    self.roots.setdefault(entry.log, []).append(entry.event.seq)
                else:
                    self.replies[entry.log, entry.event.thread] += 1

    async def step(self, step: Step) -> None:
        with suppress(SuhbatError):  # A refusal changes nothing. test_commands.py tests refusals.
            await self._do(step, self.readers[step.who].actor, self.readers[step.whom].actor)

    async def _do(self, step: Step, actor: Actor, other: Actor) -> None:
        place = self.places[step.place % len(self.places)]
        said = self.messages.get(place, [1])
        seq = said[-1 - step.message % min(len(said), 4)]
        on = step.number % 3 != 0
        roots = self.roots.get(place, [1])
        root = roots[-1 - step.message % min(len(roots), 3)]

        def run(kind: type[Any], **fields: Any) -> Any:
            if kind not in (commands.Create, commands.Meet):
                fields["conversation"] = place
            return execute(self.store, kind, actor, AT, **fields)

        match step.what:
            case "post":
                await self._post(actor, conversation=place)
            case "mention":
                named = (
                    (EVERYBODY,) if step.number in (0, 5, 7) else (other.uid, self.readers[step.number % 4].actor.uid)
                )
                await self._post(actor, conversation=place, named=named)
            case "quote":
                await self._post(actor, conversation=place, reply_to=seq, named=(other.uid,) if step.number > 7 else ())
            case "reply":
                await self._post(actor, conversation=place, thread=root, also=step.number == 9)
            case "reply_mention":
                named = (EVERYBODY, other.uid) if step.number > 6 else (other.uid,)
                await self._post(actor, conversation=place, thread=root, named=named)
            case "thread":
                follow = (None, None, None, True, False)[step.message % 5]
                last = self.replies[place, root]
                read, back = step.number % (last + 1) if step.number != 5 else last + 1, step.who != step.whom
                await run(commands.ChangeThread, seq=root, follow=follow, read_ordinal=read, unread=back)
            case "write_to":
                self._made((await self._post(actor, peer=other)).conversation)
            case "edit":
                named = (EVERYBODY,) if step.number in (4, 8) else (other.uid,) if on else ()
                text = f"tahrir {next(self.written)} {' '.join(named)}"
                await run(commands.Edit, seq=seq, text=text, named=named)
            case "delete":
                await run(commands.Delete, seq=seq)
            case "react":
                await run(commands.React, seq=seq, emoji=EMOJI[step.message % 3], on=on)
            case "pin":
                await run(commands.Pin, seq=seq, on=on)
            case "report":
                await run(commands.Report, seq=seq, reason="")
            case "mark":
                last = len(said) if place != LOBBY else (await everything(self.store, actor)).states[0].last_ordinal
                await run(commands.Read, ordinal=max(0, last - step.number // 3))
            case "unread":
                last = len(roots) if place != LOBBY else (await everything(self.store, actor)).states[0].last_ordinal
                await run(commands.MarkUnread, ordinal=max(1, last - step.number // 2))
            case "save":
                await run(commands.Save, seq=seq, on=on)
            case "notify":
                level, until = LEVELS[step.message % 3], AT + step.number - 1 if step.number < 5 else None
                await run(commands.SetNotify, level=level, until=until)
            case "draft":
                await run(commands.Draft, text=f"qoralama {step.number}" if on else "")
            case "create":
                kind = "public" if on else "private"
                history = "joined" if step.message % 2 else "all"
                made = await run(commands.Create, title="Xona", visibility=kind, history=history)
                self._made(made.conversation)
            case "meet":
                third = self.readers[step.number % 4].actor
                self._made((await run(commands.Meet, people=(other, third))).conversation)
            case "settings":
                await run(commands.Update, title=f"Nom {step.number}", topic=f"mavzu {step.message}")
            case "picture":
                file = f"{actor.uid}-{next(self.written)}"
                await change(
                    self.store, place, actor, await image(self.store, file, actor) if step.number < 7 else None
                )
            case "history":
                await run(commands.Update, history="joined" if on else "all")
            case "archive":
                await run(commands.Update, archived=step.number > 7)
            case "erase":
                await (run(commands.Erase) if step.number == 0 else run(commands.Leave))
            case "join":
                await run(commands.Join)
            case "accept":
                await run(http_commands.AcceptInvite)
            case "leave":
                await run(commands.Leave)
            case "admit":
                await run(commands.Admit, person=other, role="member", exempt=step.number % 2 == 0)
            case "role":
                await run(commands.Admit, person=other, role=ROLES[step.number % 3])
            case "remove":
                await run(commands.Remove, person=other)
            case "ban":
                await run(commands.Ban, person=other, on=step.number > 5)
            case "mute":
                await run(commands.Mute, person=other, on=step.number > 5)

    async def _post(self, actor: Actor, **fields: Any) -> PostResult:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        number = next(self.written)
        text = f"gap {number} {' '.join(fields.get('named', ()))}"
        self.store.post(make_post(actor, text, answer.set_result, at=AT, extra=_extra(text), **fields))
        outcome = await answer
        if isinstance(outcome, SuhbatError):
            raise outcome
        return outcome

    def _made(self, conversation: str) -> None:
        if conversation not in self.places:
            self.places.append(conversation)


class Theatre:
    """One store for all histories. Each history has its own users and conversations; all share the lobby."""

    reader: type[Reader] = Reader

    def __init__(self, make: Callable[..., Store], place: Path) -> None:
        self.runner = asyncio.Runner()
        self.store = make(place)
        self.play: Play | None = None
        self._numbers = count(1)
        self.runner.run(self.store.open(self._committed))

    def close(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    def _committed(self, entries: list[LoggedEvent]) -> None:
        if self.play is not None:
            self.play.committed(entries)

    async def run(self, history: list[Step], seed: int) -> None:
        number, random = next(self._numbers), Random(seed)
        floor = (await self.store.heads([LOBBY]))[LOBBY]
        people = [
            Actor(f"u{number}-{n}", f"odam{n}", lobby_from=floor, role="moderator" if n == 3 else "member")
            for n in range(4)
        ]
        await asyncio.gather(*(self.store.save_guest(guest(one, token_hash=one.uid.encode())) for one in people))
        readers = [self.reader(self.store, person, random) for person in people]
        late = [self.reader(self.store, person, random) for person in self.late(people, random)]
        self.play = play = Play(self.store, readers)
        await asyncio.gather(*(reader.come() for reader in [*readers, *late]))
        for reader in late:
            reader.leave()
        # Two rooms to begin with: one with all users, one with two. The second room's history starts at joining.
        for step in (Step("create", 0, 0, 0, 0, 1), Step("create", 1, 0, 0, 1, 0), Step("admit", 1, 0, 2, 0, 0)):
            await play.step(step)
        for person in (1, 2, 3):
            await play.step(Step("join", person, 0, 1, 0, 0))
        for together in moments(history):
            await asyncio.gather(*(play.step(step) for step in together))
            for step in together:
                reader = readers[step.who]
                if step.what == "away":
                    reader.leave()
                elif step.what == "back" and not reader.here:
                    await reader.come()
                elif step.what == "check":
                    await self.check(reader)
        await self.last(people)
        for reader in [*readers, *late]:
            if not reader.here:
                await reader.come()
        for reader in [*readers, *late]:
            await self.check(reader)

    def late(self, people: Sequence[Actor], random: Random) -> Sequence[Actor]:
        """Those who also take part as somebody who misses everything and is replayed it in the end."""
        return people

    async def last(self, people: Sequence[Actor]) -> None:
        """What these do before everybody comes back and is checked."""

    async def check(self, reader: Reader) -> States | None:
        """The folded state must equal the fresh state, which is returned, unless the reader is disconnected."""
        if not reader.here:
            return None
        await reader.catch_up()
        opening = await everything(self.store, reader.actor)
        fresh = {state.conversation: state for state in opening.states}
        folded = {name: with_people(state, fresh.get(name)) for name, state in reader.state.conversations.items()}
        assert folded == fresh
        assert reader.state.cursors == opening.places.heads
        assert tuple(reader.state.invitations.values()) == opening.invitations
        return opening


def with_people(folded: ConversationState, fresh: ConversationState | None) -> ConversationState:
    """The folded state with the users of its reactions completed from the fresh state. The fold knows the first users
    of a reaction and their number, but not the next user in order when one of the first is gone."""
    ours, theirs = folded.last_message, fresh and fresh.last_message
    if ours is None or theirs is None or len(ours.reactions) != len(theirs.reactions):
        return folded
    made_up = []
    for one, other in zip(ours.reactions, theirs.reactions, strict=True):
        first = len(one.uids)
        assert one.uids == other.uids[:first] and one.users == other.users[:first]
        made_up.append(one.model_copy(update={"uids": other.uids, "users": other.users}))
    return folded.model_copy(update={"last_message": ours.model_copy(update={"reactions": tuple(made_up)})})


@pytest.fixture(scope="module", params=STORES, ids=lambda make: make.__name__)
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    theatre = Theatre(request.param, tmp_path_factory.mktemp("fold") / "data")
    yield theatre
    theatre.close()


@pytest.fixture(autouse=True)
def few_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show two users of each reaction, so that four exceed the limit."""
    for module in ("suhbat.store.write.reactions", "suhbat.client.fold"):
        monkeypatch.setattr(f"{module}.MAX_REACTION_USERS", 2)


@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(history=HISTORY, seed=st.integers(0, 2**16))
def test_old_state_and_events_are_the_fresh_state(theatre: Theatre, history: list[Step], seed: int) -> None:
    """Every field of every state must agree, at any moment, for each reader: always connected, resumed, or replayed
    from the store after missing everything."""
    theatre.runner.run(theatre.run(history, seed))


def _extra(text: str) -> Extra | None:
    """Some messages have buttons or a hook."""
    button = MessageButton(label="Ha", id="ha")
    return {0: Extra(actions=((button, button), (button,))), 1: Extra(hook=HookFace(name="Grafana"), cut=True)}.get(
        len(text) % 5
    )
