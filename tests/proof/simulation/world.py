"""Nodes, clients, a disk and a network in simulated time, and the check that all of them kept the promises."""

from __future__ import annotations

import asyncio
import functools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from suhbat.chat.model import Actor
from suhbat.chat.normalise import normalise
from suhbat.errors import StorageUnavailable
from suhbat.protocol import commands
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import LOBBY, ME
from suhbat.store.dialect import insert_new
from suhbat.store.migrate import migrate
from suhbat.store.read import states
from suhbat.store.tables import conversations
from suhbat.store.write.batch import Batch
from suhbat.store.write.logs import new_log
from tests.commands import execute

from ..history import ROWS, History, Place, Row, Said, faults, logs
from .client import Client
from .disk import ENGINE, FILE, READING, Disk
from .loop import SimulatedLoop
from .network import Ether
from .node import EPOCH_MS, SimulatedNode
from .watcher import Watcher

NAMES = ("ali", "vali", "soli", "lola")
PATIENCE_SECONDS = 12.0
"""Simulated: within this time after the last fault everybody must have everything. A node compares heads every 2 s; a
connection that broke is noticed and comes back within a second."""
NEVER = {
    "background task failed",
    "search: message cannot be indexed",
    "connection failed",
    "v1: command failed",
    "v1: opening failed",
    "writer: answer not delivered",
    "writer: committed events not published",
    "reconciliation: heads not compared",
    "writer: thread died",
}
"""Log lines that fail the simulation, unless the disk is the reason. tests/proof/test_never.py holds them to the server's."""


NOT_INDEXED = (
    "SELECT count(*) FROM events e WHERE type = 'message.created' AND NOT deleted AND NOT EXISTS "
    "(SELECT 1 FROM search_rows s WHERE s.conversation_id = e.conversation_id AND s.seq = e.seq)"
)
INDEXED = (
    "SELECT s.id, CASE WHEN e.deleted THEN NULL ELSE e.text END FROM search_rows s "
    "LEFT JOIN events e ON e.conversation_id = s.conversation_id AND e.seq = s.seq"
)


class World:
    """One history. `step` lets time pass; `finish` repairs everything and returns the findings."""

    def __init__(self, seed: str, nodes: int = 2) -> None:
        self.loop = SimulatedLoop()
        self.loop.set_exception_handler(self._uncaught)
        self.chance = random.Random(seed)
        self.history = History()
        self.history.said[HOME_KEY] = home().said
        self.found: list[str] = []
        self.counted: Counter[str] = Counter()
        """How often each command was carried out, and what it did to threads."""
        self.ether = Ether(self.chance)
        self.home = home()
        FILE.rewind()
        self.disk = Disk()
        self.disk.committed = self._committed
        structlog.configure(processors=[self._log], cache_logger_on_first_use=False)
        self.nodes = [SimulatedNode(self, f"n{number}", self.disk) for number in range(nodes)]
        self.clients = [Client(self, name, self.home.tokens[name]) for name in NAMES]
        for node in self.nodes:
            self.do(node.start)
        self.step(0.2)
        self.watcher = Watcher(self, "kuzatuvchi")
        for one in (*self.clients, self.watcher):
            self.do(one.connect)
        self.step(0.3)

    def step(self, seconds: float) -> None:
        self.loop.pass_time(seconds)

    def do(self, what: Callable[..., object], *arguments: Any, **named: Any) -> None:
        """Call a function within the loop, outside of all processes, and let what it began take its first step."""
        self.loop.within(what, *arguments, **named)

    def any_node(self) -> SimulatedNode | None:
        up = [node for node in self.nodes if node.up]
        return self.chance.choice(up) if up else None

    def finish(self) -> list[str]:
        """End all faults. Then nothing may be missing, and the history must be one that is promised."""
        self.do(self._heal)
        until = self.loop.time() + PATIENCE_SECONDS
        while not self.found and (missing := self._missing()):
            if self.loop.time() > until:
                self.found.append(f"after {PATIENCE_SECONDS:.0f} s: {missing}")
                break
            self.step(0.1)
        if not self.found:
            fresh = self.states()
            self.found += [difference for one in self.clients for difference in one.differences(fresh[one.name])]
        final = logs(FILE.execute(ROWS).fetchall())
        self._count_threads(row for rows in final.values() for row in rows)
        self.found += faults(self.history, final, self.home.uids)
        self.found += self.watcher.faults(final[LOBBY])
        self.found += self._index_faults()
        return list(self.found)

    def _heal(self) -> None:
        FILE.before = FILE.after = FILE.reads = 0
        self.ether.drop = self.ether.double = 0.0
        for node in self.nodes:
            node.process.fuse = None
            node.bus.join(False)
            node.start()
        for one in (*self.clients, self.watcher):
            if one.cable is not None:
                one.cable.stall(False)

    def bury(self) -> None:
        """Let go of everything. Nothing of it runs afterwards."""
        for node in self.nodes:
            node.bury()
        self.disk.close()
        self.loop.close()
        structlog.configure(processors=[_drop])  # otherwise this world would stay in memory

    def _missing(self) -> str:
        if down := [node.name for node in self.nodes if not node.up]:
            return f"{down} are down"
        missing = [one.missing for one in (*self.clients, self.watcher)]
        ((left,),) = FILE.execute(NOT_INDEXED).fetchall()
        return ", ".join(filter(None, (*missing, left and f"{left} messages are not in the index")))

    def _count_threads(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.thread_ordinal is not None:
                self.counted["replies"] += 1
                self.counted["replies deleted"] += row.deleted
            elif row.is_message and row.thread is not None:
                self.counted["threads"] += 1
                self.counted["threads whose root was deleted"] += row.deleted
            elif row.type == "thread":
                self.counted["changes of a thread told"] += 1

    def _index_faults(self) -> list[str]:
        """The index must find each message by its present text, once, and nothing that is deleted."""
        found: dict[int, str] = {}
        faults = []
        for id_, words in FILE.execute(INDEXED).fetchall():
            if words is None:
                faults.append(f"the index has the deleted message {id_}")
            else:
                found[id_] = normalise(words)
        for words in set(found.values()):
            matches = {
                row[0] for row in FILE.execute("SELECT rowid FROM search WHERE search MATCH ?", (f'words : "{words}"',))
            }
            if matches != {id_ for id_, other in found.items() if f" {words} " in f" {other} "}:
                faults.append(f"the index does not find {words!r} where it is")
        ((count,),) = FILE.execute("SELECT count(*) FROM search WHERE search MATCH 'marks : message'")
        return [*faults, *([f"{count} in the index, and {len(found)} messages"] if count != len(found) else [])]

    # The content of the disk

    def head(self, log: str) -> int:
        ((head,),) = FILE.execute("SELECT head FROM conversations WHERE name = ?", (log,)).fetchall() or ((0,),)
        return int(head)

    def last_message(self, log: str) -> int:
        """The `seq` of the last message that is not deleted."""
        ((seq,),) = FILE.execute(
            "SELECT coalesce(max(seq), 0) FROM events e JOIN conversations c ON c.id = e.conversation_id "
            "WHERE c.name = ? AND type = 'message.created' AND NOT deleted",
            (log,),
        ).fetchall()
        return int(seq)

    def heads_of(self, uid: str) -> Mapping[str, int]:
        """The heads of all logs that a user sees. A direct that another user opened is hidden until it has a message."""
        mine = FILE.execute(
            "SELECT c.name, c.head FROM conversations c JOIN members m ON m.conversation_id = c.id "
            "WHERE m.uid = ? AND NOT m.hidden",
            (uid,),
        ).fetchall()
        return {LOBBY: self.head(LOBBY), ME: self.head(f"@me:{uid}"), **dict(mine)}

    def states(self) -> Mapping[str, Sequence[ConversationState]]:
        """By name: the states that each user would get who connects now."""
        actors = [Actor(uid=uid, user_id=name, lobby_from=0) for name, uid in self.home.uids.items()]
        with READING.begin():
            found = [
                one or states.states(READING, actor, "since_joined", None, 1_000)
                for actor, one in zip(actors, states.states_of_many(READING, actors, "since_joined"), strict=True)
            ]
        return {actor.user_id: one.states for actor, one in zip(actors, found, strict=True)}

    def _committed(self, batch: Batch) -> None:
        now = self.loop.time()
        for log, event in batch.entries:
            self.history.committed[log, event.seq] = now

    def troubled(self, what: str, error: BaseException | None) -> None:
        """Record an error, unless the disk is the reason."""
        if "disk I/O error" not in repr(error) and not isinstance(error, StorageUnavailable):
            self.found.append(f"{what}: {error!r}")

    def _uncaught(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        if "never retrieved" not in context["message"]:  # of a dead process
            self.found.append(f"{context['message']}: {context.get('exception')!r}")

    def _log(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
        if event["event"] in NEVER:
            error = event.get("exc_info")
            self.troubled(event["event"], error if isinstance(error, BaseException) else _present())
        raise structlog.DropEvent


def _drop(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    raise structlog.DropEvent


def _present() -> BaseException | None:
    import sys

    return sys.exc_info()[1]


HOME_KEY = "uy"


class Home(NamedTuple):
    """The initial state: four users, a room of two of them with a message (`first`, `said`), a direct of two."""

    tokens: Mapping[str, str]
    uids: Mapping[str, str]
    room: str
    first: Place

    @property
    def said(self) -> Said:
        return Said("ali", self.room, "ildiz", -1.0, self.first)


@functools.cache
def home() -> Home:
    """The initial state, which a node makes once."""
    with ENGINE.connect() as connection:
        migrate(connection, Path(), EPOCH_MS)
        with connection.begin():
            insert_new(connection, conversations, [new_log(LOBBY, "lobby", EPOCH_MS)])
    world = object.__new__(World)
    world.loop, world.chance, world.found = SimulatedLoop(), random.Random(0), []
    world.ether = Ether(world.chance)
    node = SimulatedNode(world, "first", Disk())
    tokens: dict[str, str] = {}
    uids: dict[str, str] = {}

    async def make() -> Place:
        node.start()
        await asyncio.sleep(1)
        assert node.node is not None
        store, people = node.node.store, {}
        for name in NAMES:
            people[name], tokens[name] = await node.node.people.make_guest(name)
            uids[name] = people[name].uid
        ali, vali, soli, _ = people.values()
        room = (await execute(store, commands.Create, ali, EPOCH_MS, title="Xona")).conversation
        await execute(
            store, commands.Admit, ali, EPOCH_MS, conversation=room, person=vali, role="moderator", exempt=True
        )
        await execute(store, commands.Meet, ali, EPOCH_MS, people=(soli,))
        sent = await node.node.services.messages.post(ali, text="ildiz", conversation=room, client_id=HOME_KEY)
        node.stop()
        await asyncio.sleep(1)
        return Place(sent.conversation, sent.seq, sent.ordinal)

    first = world.loop.run_until_complete(make())
    assert not world.found, world.found
    node.bury()
    node.disk.close()
    world.loop.close()
    return Home(tokens, uids, first.log, first)
