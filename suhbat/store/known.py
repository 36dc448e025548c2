"""What the writer knows of the logs it writes to: heads, members, who has a row.

On SQLite, where one writer is alone, it is kept from batch to batch; with several writers (PostgreSQL) a fresh one is
loaded, and the rows locked, in each transaction. After a rollback it must be thrown away (`clear`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from suhbat.chat.model import Actor, ConversationFacts, Milliseconds
from suhbat.protocol.events import own_log
from suhbat.protocol.types import LOBBY

from .dialect import insert_new
from .tables import conversations, directs, members

_LIMIT = 200_000
"""Things kept in memory; above it everything is forgotten and read anew."""


@dataclass(slots=True, eq=False)
class Log:
    """A log as the transaction sees it. `people` are the members; None in the lobby and in own logs.

    `base` is the head before the present run of posts: what lies above it is not in the tables yet.
    """

    id: int
    name: str
    kind: str
    head: int
    ordinal: int
    base: int
    people: frozenset[str] | None = None

    def facts(self, uid: str) -> ConversationFacts | None:
        """What the policy needs to know; None for what is no conversation."""
        if self.kind == "lobby":
            return _LOBBY_FACTS
        if self.kind == "direct":
            return ConversationFacts(self.name, "direct", self.people is not None and uid in self.people)
        return None


_LOBBY_FACTS = ConversationFacts(LOBBY, "lobby", True)


def new_direct_id() -> str:
    """80 random bits: nobody meets one twice, and nobody guesses one."""
    return "d" + secrets.token_hex(10)


def pair_of(actor: Actor, peer: Actor) -> str:
    """The key of the direct of these two; the same whoever asks."""
    return f"{actor.uid}|{peer.uid}" if actor.uid <= peer.uid else f"{peer.uid}|{actor.uid}"


@dataclass(slots=True)
class Known:
    """The logs by name and by pair, own logs by uid; uids that have a user row; (log, uid) that have a read mark."""

    new_id: Callable[[], str] = new_direct_id
    named: dict[str, Log] = field(default_factory=dict)
    pairs: dict[str, Log] = field(default_factory=dict)
    own: dict[str, Log] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    readers: set[tuple[int, str]] = field(default_factory=set)

    def clear(self) -> None:
        """Forget everything: what is in memory may not be what is in the tables."""
        for part in (self.named, self.pairs, self.own, self.users, self.readers):
            part.clear()

    def trim(self) -> None:
        """Keep memory bounded. Call between transactions only."""
        if len(self.named) + len(self.pairs) + len(self.own) + len(self.users) + len(self.readers) > _LIMIT:
            self.clear()

    def load(
        self, connection: Connection, names: Collection[str], pairs: dict[str, tuple[Actor, Actor]], at: Milliseconds
    ) -> None:
        """Read and lock what a run of posts touches, conversations before own logs, each in the order of their ids.

        Pairs that have no direct yet will write to the own logs of both: those are made and locked too.
        """
        new_names = [name for name in names if name not in self.named and not name.startswith("@")]
        new_pairs = [pair for pair in pairs if pair not in self.pairs]
        if not new_names and not new_pairs:
            return
        by_id: dict[int, str] = {}
        if new_pairs:
            found = connection.execute(
                select(directs.c.conversation_id, directs.c.pair).where(directs.c.pair.in_(new_pairs))
            )
            by_id = {row[0]: row[1] for row in found}
        rows = connection.execute(
            _LOG.where(conversations.c.name.in_(new_names) | conversations.c.id.in_(list(by_id)))
            .order_by(conversations.c.id)
            .with_for_update()
        ).all()
        people = _people(connection, [row.id for row in rows if row.kind != "lobby"])
        for row in rows:
            log = Log(row.id, row.name, row.kind, row.head, row.last_ordinal, row.head, people.get(row.id))
            self.named[log.name] = log
            if log.id in by_id:
                self.pairs[by_id[log.id]] = log
        missing = [pairs[pair] for pair in new_pairs if pair not in self.pairs]
        self.load_own(connection, {actor.uid for both in missing for actor in both}, at)

    def load_own(self, connection: Connection, uids: Collection[str], at: Milliseconds) -> None:
        """Own logs, made where there is none yet."""
        wanted = sorted(own_log(uid) for uid in uids if uid not in self.own)
        if not wanted:
            return
        insert_new(connection, conversations, [new_log(name, "own", at) for name in wanted])
        rows = connection.execute(
            _LOG.where(conversations.c.name.in_(wanted)).order_by(conversations.c.id).with_for_update()
        )
        for row in rows:
            uid = row.name.removeprefix(own_log(""))
            self.own[uid] = Log(row.id, row.name, row.kind, row.head, row.last_ordinal, row.head)


_LOG = select(
    conversations.c.id, conversations.c.name, conversations.c.kind, conversations.c.head, conversations.c.last_ordinal
)


def new_log(name: str, kind: str, at: Milliseconds, title: str = "") -> dict[str, object]:
    """The row of a log in which nothing is written yet."""
    return {
        "name": name, "kind": kind, "title": title, "head": 0, "last_ordinal": 0, "oldest": 0, "created_at": at,
    }  # fmt: skip


def _people(connection: Connection, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    if not ids:
        return {}
    found: dict[int, set[str]] = {}
    for id_, uid in connection.execute(
        select(members.c.conversation_id, members.c.uid).where(members.c.conversation_id.in_(ids))
    ):
        found.setdefault(id_, set()).add(uid)
    return {id_: frozenset(uids) for id_, uids in found.items()}
