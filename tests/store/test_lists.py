"""What concerns a user is listed, and nothing else: mentions, replies to them and saved messages, after any commands of a few
users.

Random histories are played as in `test_fold`. A second record, made from the events alone, says what each list must have. There
are 8 histories here; `SUHBAT_LISTS` asks for another number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from suhbat.chat.model import Actor, States
from suhbat.errors import SuhbatError
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationRemoved,
    ConversationUpdated,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReadMarked,
    Saved,
)
from suhbat.protocol.logged_events import LoggedEvent, model_of, own_log
from suhbat.protocol.objects import Message
from suhbat.protocol.types import LOBBY

from .parts import STORES
from .test_fold import Reader, Step, Theatre

HISTORIES = int(os.environ.get("SUHBAT_LISTS", "8"))
WHATS = (
    ["mention"] * 6 + ["quote"] * 5 + ["edit", "save"] * 4 + ["post", "reply_mention", "delete", "mark", "unread"] * 3
    + ["thread", "leave", "remove", "admit", "join", "history", "away", "back"] * 2 + ["check", "write_to", "meet"]
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
Line = tuple[str, int, str, bool]
"""A conversation, the `seq` of a message, the reason, and whether it is unread."""


@dataclass
class Said:
    """A message as the log tells of it. `named`: the uids that it mentions, `quoted`: the uid whose message it quotes."""

    message: Message
    named: set[str]
    quoted: str | None
    everybody: bool
    deleted: bool = False

    @property
    def root(self) -> int:
        return self.message.thread or self.message.seq


@dataclass
class Record:
    """What the events say about messages, memberships and read marks."""

    said: dict[str, dict[int, Said]] = field(default_factory=dict)
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    """By conversation and uid of its members: the head when they joined."""
    history: dict[str, str] = field(default_factory=dict)
    directs: set[str] = field(default_factory=set)
    marks: dict[tuple[str, str], int] = field(default_factory=dict)
    saved: dict[str, set[tuple[str, int]]] = field(default_factory=dict)

    def hear(self, entry: LoggedEvent) -> None:
        event, log = model_of(entry.event), entry.log
        uid = log.removeprefix(own_log(""))
        match event:
            case ConversationAdded(state=state):
                self.since[state.conversation, uid] = state.since
                self.history[state.conversation] = state.history
                self.marks[state.conversation, uid] = state.read_ordinal
                if state.kind == "direct":
                    self.directs.add(state.conversation)
            case ConversationRemoved(removed=removed):
                self.since.pop((removed, uid), None)
                if removed not in self.directs:  # a direct is only hidden
                    self._forget(removed, uid)
            case ConversationUpdated():
                self.history[log] = event.history
            case MessageCreated(message=message):
                quoted = None if message.reply_to is None else self.said[log][message.reply_to].message.sender_uid
                quoted = None if quoted == message.sender_uid else quoted
                said = Said(message, self._named(log, message), quoted, message.mentions_all)
                self.said.setdefault(log, {})[message.seq] = said
            case MessageEdited(message=message):
                self._edit(log, self.said[log][message.seq], message)
            case MessageDeleted():
                self.said[log][event.target].deleted = True
            case ReadMarked():
                self.marks[event.target, uid] = event.ordinal
            case Saved():
                mine = self.saved.setdefault(uid, set())
                (mine.add if event.on else mine.discard)((event.target, event.message))

    def _forget(self, conversation: str, uid: str) -> None:
        for said in self.said.get(conversation, {}).values():
            said.named.discard(uid)
            said.quoted = None if said.quoted == uid else said.quoted
        mine = self.saved.get(uid, set())
        mine.difference_update([key for key in mine if key[0] == conversation])

    def _edit(self, log: str, said: Said, message: Message) -> None:
        named = self._named(log, message)
        if message.ordinal is not None:  # an edit mentions nobody who read the message before
            ordinal = message.ordinal
            named = {uid for uid in named if uid in said.named or self.marks.get((log, uid), 0) < ordinal}
        said.message, said.named, said.everybody = message, named, message.mentions_all

    def _named(self, log: str, message: Message) -> set[str]:
        named = {word for word in message.text.split()[2:] if word not in ("*", message.sender_uid)}
        if log == LOBBY or message.mentions_all:
            return set() if message.mentions_all else named
        named = {uid for uid in named if (log, uid) in self.since or log in self.directs}
        if message.thread is None or self.history[log] == "all":
            return named
        return {uid for uid in named if self.since[log, uid] < message.thread}

    def may_read(self, actor: Actor, log: str, root: int) -> bool:
        if log == LOBBY:
            return root > (actor.lobby_from or 0)
        since = self.since.get((log, actor.uid))
        return since is not None and (self.history[log] == "all" or root > since)

    def mentions(self, actor: Actor, states: States) -> set[Line]:
        """What the list must have."""
        uid = actor.uid
        threads = {(one.conversation, thread.root): thread for one in states.states for thread in one.threads}
        found: set[Line] = set()
        for log, said in self.said.items():
            for seq, one in said.items():
                everybody = one.everybody and one.message.sender_uid != uid and seq > self.since.get((log, uid), 0)
                reason = "mention" if everybody or uid in one.named else "reply" if one.quoted == uid else ""
                if one.deleted or not reason or not self.may_read(actor, log, one.root):
                    continue
                if one.message.ordinal is not None:
                    unread = one.message.ordinal > self.marks.get((log, uid), 0)
                else:
                    thread = threads.get((log, one.root))
                    unread = thread is not None and (one.message.thread_ordinal or 0) > thread.read_ordinal
                found.add((log, seq, reason, unread))
        return found

    def kept(self, actor: Actor) -> set[tuple[str, int]]:
        """What the list of saved messages must have."""
        return {
            (log, seq)
            for log, seq in self.saved.get(actor.uid, ())
            if (one := self.said[log].get(seq)) is not None and not one.deleted and self.may_read(actor, log, one.root)
        }


class ListingTheatre(Theatre):
    """Compares each list with the record."""

    record: Record
    _sizes: Random
    """Chooses the sizes of pages."""

    def _committed(self, entries: list[LoggedEvent]) -> None:
        for entry in entries:
            self.record.hear(entry)
        super()._committed(entries)

    async def run(self, history: list[Step], seed: int) -> None:
        self.record, self._sizes = Record(), Random(seed)
        await super().run(history, seed)

    def late(self, people: Sequence[Actor], random: Random) -> Sequence[Actor]:
        """None: `test_fold` has them."""
        return ()

    async def check(self, reader: Reader) -> States | None:
        there = await super().check(reader)
        if there is not None:
            listed = await self._mentions(reader.actor)
            assert listed == self.record.mentions(reader.actor, there)
            assert await self._saved(reader.actor) == self.record.kept(reader.actor)
        return there

    async def _mentions(self, actor: Actor) -> set[Line]:
        found: list[Line] = []
        cursor: str | None = None
        limit = self._sizes.choice((1, 3, 100))
        while True:
            page = await self.store.mentions(actor, cursor=cursor, limit=limit)
            found += [(one.message.conversation, one.message.seq, one.reason, one.unread) for one in page.mentions]
            cursor = page.cursor
            if cursor is None:
                break
        assert len(set(found)) == len(found)
        for log in {line[0] for line in found}:
            seqs = [line[1] for line in found if line[0] == log]
            assert seqs == sorted(seqs, reverse=True)
        return set(found)

    async def _saved(self, actor: Actor) -> set[tuple[str, int]]:
        page = await self.store.saved(actor, limit=100)
        assert page.cursor is None
        return {(one.message.conversation, one.message.seq) for one in page.saved}


@pytest.fixture(scope="module", params=STORES, ids=lambda make: make.__name__)
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListingTheatre]:
    theatre = ListingTheatre(request.param, tmp_path_factory.mktemp("lists") / "data")
    theatre.record = Record()
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
def test_every_list_is_what_the_events_say(theatre: ListingTheatre, history: list[Step], seed: int) -> None:
    """At any moment, for each reader, whatever the size of the pages."""
    theatre.runner.run(theatre.run(history, seed))
