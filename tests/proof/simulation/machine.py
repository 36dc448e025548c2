"""The operations and faults: each method that is a `rule` is one step of a history."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from suhbat.protocol.types import LOBBY

from ..history import Place
from .client import Client
from .disk import FILE
from .steps import Step, rule
from .world import NAMES, World, home

OPERATIONS = 50
"""The least number of operations of a history."""

who = range(len(NAMES))
which = range(2)
pause = (0.0, 0.0, 0.0, 0.002, 0.01, 0.05, 0.3)
some = range(2**16)
either = (False, True)

COUNTED: Counter[str] = Counter()
"""Over all histories of this process: histories, operations, and each fault."""


def secrets_of(seed: str) -> None:
    """Make all later identities and tokens reproducible."""
    chance = random.Random(seed)
    secrets.token_bytes = lambda count=None: chance.randbytes(count or 32)
    secrets.token_hex = lambda count=None: chance.randbytes(count or 32).hex()


class Chat:
    """One history. Each rule is an operation or a fault, followed by some time. `finish` repairs all faults and checks
    everything."""

    def __init__(self, seed: str) -> None:
        # Those of the people at home before those of this history: drawn alike, one could be given to two.
        secrets_of("home")
        home()
        secrets_of(f"history {seed}")
        self.done: Counter[str] = Counter()
        self._seed = seed
        self._world = World(seed)

    def run(self, steps: Sequence[Step]) -> None:
        """Carry out the steps and check everything. Raises AssertionError with all faults that were found."""
        try:
            for step in steps:
                self._chance(step.salt)
                getattr(self, step.rule)(**step.arguments)
            self._chance("end")
            for number in range(OPERATIONS - sum(self.done.values())):  # so that each history counts
                self._do("say", 0.01, self._client(number % len(NAMES)).send, "oxirida", conversation=LOBBY)
            found = self._world.finish()
        finally:
            self._world.bury()
        self._count()
        assert not found, "\n".join(found)

    def _chance(self, salt: object) -> None:
        """The random choices of each step must stay the same when other steps are left out."""
        self._world.chance.seed(f"{self._seed} {salt}")

    def _count(self) -> None:
        history = self._world.history
        COUNTED["histories"] += 1
        COUNTED["operations"] += sum(self.done.values())
        COUNTED["messages acknowledged"] += history.acknowledged
        COUNTED["events applied"] += sum(one.applied for heard in history.heard.values() for one in heard)
        COUNTED.update({f"did: {name}": count for name, count in self._world.counted.items()})
        COUNTED.update({f"fault: {name[1:]}": count for name, count in self.done.items() if name[0] == "!"})

    # Operations

    @rule(who=who, pause=pause)
    def say(self, who: int, pause: float) -> None:
        self._do("say", pause, self._client(who).send, "salom", conversation=LOBBY)

    @rule(who=who, pause=pause)
    def say_in_room(self, who: int, pause: float) -> None:
        self._do("say in a room", pause, self._client(who).send, "xona", conversation=self._world.home.room)

    @rule(who=who, to=who, pause=pause)
    def say_to(self, who: int, to: int, pause: float) -> None:
        self._do("say to one", pause, self._client(who).send, "senga", to_user=NAMES[to])

    @rule(who=who, count=range(3, 11), pause=pause)
    def say_much(self, who: int, count: int, pause: float) -> None:
        for number in range(count):
            self._do(
                "say", pause if number == count - 1 else 0.0, self._client(who).send, "ketma-ket", conversation=LOBBY
            )

    @rule(first=who, count=range(3, 11), pause=pause)
    def all_say(self, first: int, count: int, pause: float) -> None:
        for number in range(count):
            client = self._client((first + number) % len(NAMES))
            self._do("say in a room", pause / count, client.send, "hammamiz", conversation=self._world.home.room)

    @rule(who=who, to=who, which=some, pause=pause)
    def reply(self, who: int, to: int, which: int, pause: float) -> None:
        root, client = self._root(which), self._client(who)
        self._do("reply", pause, client.send, f"ipda @{NAMES[to]}", conversation=root.log, thread=root.seq)

    @rule(first=who, which=some, count=range(3, 9), pause=pause)
    def talk_in_thread(self, first: int, which: int, count: int, pause: float) -> None:
        root = self._root(which)
        for number in range(count):
            client = self._client((first + number) % len(NAMES))
            self._do("reply", pause / count, client.send, "ipda", conversation=root.log, thread=root.seq)

    @rule(who=who, which=some, read=range(4), back=either, pause=pause)
    def mark_thread(self, who: int, which: int, read: int, back: bool, pause: float) -> None:
        asked = {"seq": self._root(which).seq, "read_ordinal": read, "unread": back}
        self._do("mark", pause, self._client(who).ask, "thread", conversation=self._root(which).log, **asked)

    @rule(which=some, text=(None, None, "tuzatildi @ali"), pause=pause)
    def change_reply(self, which: int, text: str | None, pause: float) -> None:
        """Delete a reply, or edit it; now and then, the root."""
        said = [one for one in self._world.history.said.values() if one.place is not None and one.thread is not None]
        if said:
            one = said[which % len(said)]
            seq = one.thread if which % 5 == 0 else one.place.seq
            client = self._client(NAMES.index(one.by))
            self._do("change a reply", pause, client.change, one.place.log, seq, text)

    @rule(who=who, which=some, on=either, pause=pause)
    def follow(self, who: int, which: int, on: bool, pause: float) -> None:
        asked = {"seq": self._root(which).seq, "follow": on}
        self._do("follow", pause, self._client(who).ask, "thread", conversation=self._root(which).log, **asked)

    @rule(which=some, pause=pause)
    def again(self, which: int, pause: float) -> None:
        if found := self._acknowledged(which):
            self._do("repeat", pause, found[0].again, found[1])

    @rule(which=some, pause=pause)
    def conflict(self, which: int, pause: float) -> None:
        if found := self._acknowledged(which):
            self._do("use a key again", pause, found[0].conflict, found[1])

    @rule(which=some, pause=pause)
    def edit(self, which: int, pause: float) -> None:
        if (found := self._acknowledged(which)) and (place := self._world.history.said[found[1]].place):
            self._do("edit", pause, found[0].change, place.log, place.seq, f"tuzatildi {which}")

    @rule(which=some, pause=pause)
    def delete(self, which: int, pause: float) -> None:
        if (found := self._acknowledged(which)) and (place := self._world.history.said[found[1]].place):
            self._do("delete", pause, found[0].change, place.log, place.seq, None)

    @rule(who=who, pause=pause, on=either)
    def react(self, who: int, pause: float, on: bool) -> None:
        client = self._client(who)
        seq = max(client.reader.cursors.get(LOBBY, 1), 1)
        self._do("react", pause, client.ask, "react", conversation=LOBBY, seq=seq, emoji="👍", on=on)

    @rule(who=who, to=who, pause=pause)
    def admit(self, who: int, to: int, pause: float) -> None:
        self._do("admit", pause, self._client(who).ask, "admit", conversation=self._world.home.room, user_id=NAMES[to])

    @rule(who=who, to=who, pause=pause)
    def remove(self, who: int, to: int, pause: float) -> None:
        self._do(
            "remove", pause, self._client(who).ask, "remove", conversation=self._world.home.room, user_id=NAMES[to]
        )

    @rule(who=who, pause=pause)
    def join(self, who: int, pause: float) -> None:
        self._do("join", pause, self._client(who).ask, "join", conversation=self._world.home.room)

    @rule(who=who, pause=pause)
    def leave(self, who: int, pause: float) -> None:
        self._do("leave", pause, self._client(who).ask, "leave", conversation=self._world.home.room)

    @rule(who=who, pause=pause)
    def read(self, who: int, pause: float) -> None:
        self._do("read", pause, self._client(who).ask, "read", conversation=LOBBY, ordinal=1)

    @rule(who=who, back=range(6), pause=pause)
    def sync(self, who: int, back: int, pause: float) -> None:
        cursors = self._client(who).reader.cursors
        cursors = {log: max(cursor - back, 0) for log, cursor in cursors.items() if log != "@me"}
        self._do("sync", pause, self._client(who).ask, "sync", cursors=cursors)

    @rule(who=who, pause=pause)
    def ping(self, who: int, pause: float) -> None:
        self._do("ping", pause, self._client(who).ask, "ping")

    # Faults

    @rule(who=who, pause=pause)
    def cut(self, who: int, pause: float) -> None:
        if (cable := self._client(who).cable) is not None:
            self._do("a connection breaks", pause, cable.cut, fault=True)

    @rule(who=who, stalled=either, pause=pause)
    def stall(self, who: int, stalled: bool, pause: float) -> None:
        if (cable := self._client(who).cable) is not None and cable.stalled is not stalled:
            self._do("a reader stops", pause, cable.stall, stalled, fault=stalled)

    @rule(stalled=either, pause=pause)
    def stall_watcher(self, stalled: bool, pause: float) -> None:
        if (cable := self._world.watcher.cable) is not None and cable.stalled is not stalled:
            self._do("a reader stops", pause, cable.stall, stalled, fault=stalled)

    @rule(node=which, pause=pause)
    def kill(self, node: int, pause: float) -> None:
        self._do("a node is killed", pause, self._world.nodes[node].kill, fault=True)

    @rule(node=which, steps=range(1, 121), pause=pause)
    def doom(self, node: int, steps: int, pause: float) -> None:
        self._do("a node is killed at a step", pause, self._world.nodes[node].kill, steps, fault=True)

    @rule(node=which, pause=pause)
    def stop(self, node: int, pause: float) -> None:
        self._do("a node is stopped", pause, self._world.nodes[node].stop, fault=True)

    @rule(node=which, cut=either, pause=pause)
    def cut_off(self, node: int, cut: bool, pause: float) -> None:
        bus = self._world.nodes[node].bus
        if bus.cut is not cut:
            self._do("a node is cut off from the bus", pause, bus.join, cut, fault=cut)

    @rule(drop=(0.0, 0.2, 0.8), double=(0.0, 0.3), pause=pause)
    def jam(self, drop: float, double: float, pause: float) -> None:
        self._world.ether.drop, self._world.ether.double = drop, double
        self._do("the bus drops and doubles", pause, fault=bool(drop or double))

    @rule(count=range(1, 4), after=either, pause=pause)
    def fail_commits(self, count: int, after: bool, pause: float) -> None:
        if after:
            FILE.after = count
            self._do("a COMMIT has effect and fails", pause, fault=True)
        else:
            FILE.before = count
            self._do("a COMMIT fails", pause, fault=True)

    @rule(count=range(1, 4), pause=pause)
    def fail_reads(self, count: int, pause: float) -> None:
        FILE.reads = count
        self._do("a read fails", pause, fault=True)

    @rule(node=which, skew=(-86_400.0, -1.0, 0.0, 1.0, 7_200.0), pause=pause)
    def set_clock(self, node: int, skew: float, pause: float) -> None:
        self._world.nodes[node].clock.skew = skew
        self._do("a clock jumps", pause, fault=True)

    @rule(seconds=(0.5, 2.5))
    def wait(self, seconds: float) -> None:
        self._do("wait", seconds)

    def _client(self, number: int) -> Client:
        return self._world.clients[number]

    def _acknowledged(self, which: int) -> tuple[Client, str] | None:
        """An acknowledged message and its author, by chance."""
        said = [key for key, one in self._world.history.said.items() if one.place is not None]
        if not said:
            return None
        key = said[which % len(said)]
        return self._client(NAMES.index(self._world.history.said[key].by)), key

    def _root(self, which: int) -> Place:
        """The first message of the room, or any that was acknowledged."""
        found = self._acknowledged(which if which % 4 == 0 else 0)
        assert found is not None
        place = self._world.history.said[found[1]].place
        assert place is not None
        return place

    def _do(
        self, name: str, pause: float, what: Any = None, *arguments: Any, fault: bool = False, **named: Any
    ) -> None:
        self.done[f"!{name}" if fault else name] += 1
        if what is not None:
            self._world.do(what, *arguments, **named)
        if pause:
            self._world.step(pause)
