"""Stuck unread counts cannot happen: every count of a thread is what the log says, after any commands of a few users.

Random histories of replies, deletions, edits, kicks, read marks, marks of unread and resumes are played as in `test_fold`. A
second account of the log, with no counter in it, says what each count must be. There are 8 histories here;
`SUHBAT_THREADS` asks for another number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from suhbat.chat.model import Actor, FollowedThread, States
from suhbat.errors import SuhbatError
from suhbat.protocol.commands import Admit, ChangeThread, Delete, Edit, Remove, Update
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationRemoved,
    ConversationUpdated,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
)
from suhbat.protocol.logged_events import LoggedEvent, model_of, own_log
from suhbat.protocol.objects import ConversationState, Message, Thread
from suhbat.protocol.types import LOBBY, MAX_PAGE
from tests.commands import execute

from .house import AT
from .parts import STORES, everything
from .test_fold import Reader, Step, Theatre

HISTORIES = int(os.environ.get("SUHBAT_THREADS", "8"))
WHATS = (
    ["reply"] * 14 + ["thread"] * 10 + ["reply_mention"] * 6 + ["delete"] * 6 + ["post", "mark", "edit"] * 3
    + ["join", "leave", "remove", "admit", "away", "back", "history"] * 2 + ["check", "mention", "meet", "write_to"]
    + ["unread"] * 3
)  # fmt: skip
STEPS = st.builds(
    Step,
    what=st.sampled_from(WHATS),
    who=st.integers(0, 3),
    whom=st.integers(0, 3),
    place=st.sampled_from([0, 1, 1, 1, 2, 2, 3, 4]),
    message=st.integers(0, 9),
    number=st.integers(0, 9),
    alone=st.booleans(),
)


@dataclass
class Reply:
    """A reply as the log tells of it. `named`: the uids whom its present text mentions and who could follow then."""

    root: int
    ordinal: int
    seq: int
    uid: str
    named: set[str]
    deleted: bool = False


@dataclass
class Account:
    """What the log says about the replies and the members of each conversation."""

    replies: dict[str, dict[int, Reply]] = field(default_factory=dict)
    members: dict[str, dict[str, int]] = field(default_factory=dict)
    """By conversation and uid: the head when they joined."""
    history: dict[str, str] = field(default_factory=dict)

    def hear(self, entry: LoggedEvent) -> None:
        event = model_of(entry.event)
        match event:
            case ConversationAdded(state=state):
                self.members.setdefault(state.conversation, {})[_owner(entry.log)] = state.since
                self.history[state.conversation] = state.history
            case ConversationRemoved(removed=removed):
                self.members.get(removed, {}).pop(_owner(entry.log), None)
                for reply in self.replies.get(removed, {}).values():
                    reply.named.discard(_owner(entry.log))
            case ConversationUpdated():
                self.history[entry.log] = event.history
            case MessageCreated(message=message) if message.thread is not None:
                named = self._named(entry.log, message)
                reply = Reply(message.thread, message.thread_ordinal or 0, message.seq, message.sender_uid, named)
                self.replies.setdefault(entry.log, {})[message.seq] = reply
            case MessageEdited(message=message) if message.thread is not None:
                self.replies[entry.log][message.seq].named = self._named(entry.log, message)
            case MessageDeleted() if event.thread is not None:
                reply = self.replies[entry.log][event.target]
                reply.deleted, reply.named = True, set()

    def _named(self, log: str, message: Message) -> set[str]:
        named = {word for word in message.text.split()[2:] if word not in ("*", message.sender_uid)}
        if log == LOBBY:
            return named
        members = self.members.get(log, {})
        is_whole = self.history.get(log) == "all"
        return {uid for uid in named & members.keys() if is_whole or members[uid] < (message.thread or 0)}

    def thread(self, log: str, root: int, uid: str, read: int) -> Thread:
        """The thread as a follower sees it who has read the replies up to this ordinal."""
        replies = [one for one in self.replies.get(log, {}).values() if one.root == root]
        above = [one for one in replies if one.ordinal > read and not one.deleted]
        return Thread(
            root=root,
            count=sum(not one.deleted for one in replies),
            thread_ordinal=max(one.ordinal for one in replies),
            read_ordinal=read,
            unread=sum(one.uid != uid for one in above),
            mentions=sum(uid in one.named for one in above),
        )


class CountingTheatre(Theatre):
    """Checks each count against the log."""

    account: Account
    _sizes: Random
    """Chooses the sizes of pages."""
    _seen: set[str]
    """The uids of those whose counts were compared since the last commit."""

    def _committed(self, entries: list[LoggedEvent]) -> None:
        self._seen = set()
        for entry in entries:
            self.account.hear(entry)
        super()._committed(entries)

    async def run(self, history: list[Step], seed: int) -> None:
        self.account, self._seen, self._sizes = Account(), set(), Random(seed)
        await super().run(history, seed)
        assert self.play is not None
        for reader in self.play.readers:
            await self._read_all(reader.actor)
        for reader in self.play.readers:
            there = await self.check(reader)
            assert there is not None
            for state in there.states:
                assert [(one.unread, one.mentions) for one in state.threads] == [(0, 0)] * len(state.threads)

    def late(self, people: Sequence[Actor], random: Random) -> Sequence[Actor]:
        """One is enough here: test_fold has all of them."""
        return [random.choice(people)]

    async def last(self, people: Sequence[Actor]) -> None:
        """What is rare otherwise, as each of it ends soon: somebody who was named is removed and comes back; marks are below
        own replies; and such replies change."""
        chance = self._sizes
        for log, replies in self.account.replies.items():
            named = set().union(*(reply.named for reply in replies.values()))
            target = chance.choice([one for one in people if one.uid in named] or people)
            for actor in people:
                if actor != target and await self._try(Remove, actor, log, person=target):
                    await self._try(Admit, actor, log, person=target, role="member", exempt=True)
                    break
            for root in {reply.root for reply in replies.values()}:
                if chance.random() < 0.7:
                    await self._try(ChangeThread, target, log, seq=root, follow=True)
            if chance.random() < 0.3:
                for actor in people:
                    await self._try(Update, actor, log, history=chance.choice(("joined", "all")))
        for actor in people:
            for state in (await everything(self.store, actor)).states:
                for thread in state.threads:
                    read = chance.randint(0, thread.thread_ordinal)
                    if chance.random() < 0.7:
                        place = {"seq": thread.root, "read_ordinal": read, "unread": True}
                        await self._try(ChangeThread, actor, state.conversation, **place)
        for log, replies in self.account.replies.items():
            for reply in list(replies.values()):
                (actor,), named = [one for one in people if one.uid == reply.uid], chance.choice(people)
                match chance.randrange(6):
                    case 0:
                        await self._try(Delete, actor, log, seq=reply.seq)
                    case 1:
                        text = f"tahrir 1 {named.uid}"
                        await self._try(Edit, actor, log, seq=reply.seq, text=text, named=(named.uid,))

    async def _try(self, kind: type[Any], actor: Actor, conversation: str, **fields: Any) -> bool:
        """Whether this command was not refused."""
        try:
            await execute(self.store, kind, actor, AT, conversation=conversation, **fields)
        except SuhbatError:
            return False
        return True

    async def _read_all(self, actor: Actor) -> None:
        """Read every thread to its end, as a person would who wants no number to be left."""
        while (page := await self.store.threads(actor, unread=True, limit=1)).threads:
            (one,) = page.threads
            await execute(
                self.store, ChangeThread, actor, AT,
                conversation=one.conversation, seq=one.thread.root, read_ordinal=one.thread.thread_ordinal,
            )  # fmt: skip

    async def check(self, reader: Reader) -> States | None:
        there = await super().check(reader)
        uid = reader.actor.uid
        # Two readers may be devices of one person. Both see the same until something is written, so one check is enough.
        if there is not None and uid not in self._seen:
            self._seen.add(uid)
            await self._compare(reader.actor, there.states)
        return there

    async def _compare(self, actor: Actor, states: Sequence[ConversationState]) -> None:
        uid = actor.uid
        for state in states:
            for thread in state.threads:
                expected = self.account.thread(state.conversation, thread.root, uid, thread.read_ordinal)
                assert thread == expected, state.conversation
            await self._check_messages(actor, state)
        listed = {(one.conversation, one.thread.root): one.thread for one in await self._listed(actor)}
        assert listed == {(one.conversation, thread.root): thread for one in states for thread in one.threads}

    async def _check_messages(self, actor: Actor, state: ConversationState) -> None:
        """What roots show of their threads, and the unread count of the conversation itself."""
        page = await self.store.history(actor, state.conversation, after=0, replies=True, limit=MAX_PAGE)
        assert not page.has_after
        for message in page.messages:
            replies = [
                one
                for one in self.account.replies.get(state.conversation, {}).values()
                if one.root == message.seq and not one.deleted
            ]
            shown = message.replies
            if not replies:
                assert shown is None
                continue
            assert shown is not None and (shown.count, shown.last_seq) == (len(replies), replies[-1].seq)
            latest = list(dict.fromkeys(one.uid for one in reversed(replies)))[:3]
            assert [person.uid for person in shown.people] == latest
        unread = [
            one
            for one in page.messages
            if one.ordinal is not None and one.ordinal > state.read_ordinal and not one.deleted
        ]
        assert state.unread == sum(one.sender_uid != actor.uid for one in unread)

    async def _listed(self, actor: Actor) -> list[FollowedThread]:
        found: list[FollowedThread] = []
        cursor: str | None = None
        limit = self._sizes.choice((2, 50, 50))
        while True:
            page = await self.store.threads(actor, cursor=cursor, limit=limit)
            found += page.threads
            cursor = page.cursor
            if cursor is None:
                return found


def _owner(log: str) -> str:
    return log.removeprefix(own_log(""))


@pytest.fixture(scope="module", params=STORES, ids=lambda make: make.__name__)
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountingTheatre]:
    theatre = CountingTheatre(request.param, tmp_path_factory.mktemp("threads") / "data")
    yield theatre
    with suppress(SuhbatError):
        theatre.close()


@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(STEPS, min_size=15, max_size=50), seed=st.integers(0, 2**16))
def test_every_count_is_what_the_log_says(theatre: CountingTheatre, history: list[Step], seed: int) -> None:
    """At any moment, for each reader, fetched afresh and folded from events; and when they have read everything, nothing is
    left unread."""
    theatre.runner.run(theatre.run(history, seed))
