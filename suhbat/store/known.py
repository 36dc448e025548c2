"""What the writer knows of the logs it writes to: heads, members, who has a row.

On SQLite, where one writer is alone, it is kept from batch to batch; with several writers (PostgreSQL, see `shared`) it is
loaded anew, and the rows locked, in each transaction. After a rollback it must be thrown away (`clear`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, select

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Actor, Change, ConversationFacts, Milliseconds
from suhbat.chat.rate import Budget, Recent
from suhbat.protocol.events import own_log
from suhbat.protocol.objects import Role, Settings
from suhbat.protocol.types import LOBBY

from .dialect import insert_new
from .rows import AnyRow
from .tables import conversations, directs, members, sanctions
from .values import parts

_NO_SETTINGS = Settings()
_LIMIT = 200_000
"""Things kept in memory; above it everything is forgotten and read anew."""


LobbyHistory = Literal["since_joined", "all"]
"""What token guests and accounts see of the lobby: since their identity exists, or everything."""

Until = Milliseconds | None
"""When a ban or a mute ends; None: never."""


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
    people: dict[str, Role] | None = None
    settings: Settings = _NO_SETTINGS
    bans: dict[str, Until] = field(default_factory=dict)
    mutes: dict[str, Until] = field(default_factory=dict)
    hidden: int = 0
    """How many of its people do not see a direct (see `tables.members`)."""

    def facts(self, uid: str, at: Milliseconds) -> ConversationFacts | None:
        """What the policy needs to know; None for what is no conversation."""
        if self.kind == "lobby":
            if not self.mutes and not self.bans:
                return _LOBBY_FACTS
            return ConversationFacts(
                LOBBY, "lobby", "member", banned=holds(self.bans, uid, at), muted=holds(self.mutes, uid, at)
            )
        if self.kind == "own" or self.people is None:
            return None
        return ConversationFacts(
            self.name,
            "room" if self.kind == "room" else "direct",
            self.people.get(uid),
            self.settings.visibility,
            self.settings.archived,
            banned=holds(self.bans, uid, at),
            muted=holds(self.mutes, uid, at),
        )


_LOBBY_FACTS = ConversationFacts(LOBBY, "lobby", "member")


def holds(sanctions: Mapping[str, Until], uid: str, at: Milliseconds) -> bool:
    """Whether a ban or a mute holds for somebody at this moment."""
    if uid not in sanctions:
        return False
    until = sanctions[uid]
    return until is None or until > at


def new_direct_id() -> str:
    """80 random bits: nobody meets one twice, and nobody guesses one."""
    return "d" + secrets.token_hex(10)


def new_room_id() -> str:
    """The same for rooms: an invitation, not the id, is what lets somebody in; but it should not be guessed either."""
    return "r" + secrets.token_hex(10)


@dataclass(slots=True)
class Known:
    """The logs by name and by pair, own logs by uid; uids that have a user row; (log, uid) that have a read mark."""

    lobby_history: LobbyHistory = "since_joined"
    bounds: Bounds = field(default_factory=Bounds)
    new_id: Callable[[], str] = new_direct_id
    named: dict[str, Log] = field(default_factory=dict)
    pairs: dict[str, Log] = field(default_factory=dict)
    own: dict[str, Log] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    readers: set[tuple[int, str]] = field(default_factory=set)
    writers: set[tuple[int, str]] = field(default_factory=set)
    """(log, uid) of those who are known to have written in a direct, which counts for them."""
    words: tuple[str, ...] | None = None
    """Words that no message may have; None: not read yet."""
    indexed: int | None = None
    """The last id of the search index."""
    last_posts: dict[tuple[int, str], Milliseconds] = field(default_factory=dict)
    """When somebody last wrote, where that matters (slow mode)."""
    naming: Recent[Budget] = field(default_factory=lambda: Recent(Budget))
    """How many people each may still name; not part of any transaction."""
    changes: list[Change] = field(default_factory=list)
    """What the present transaction changes that nodes keep in memory."""

    def clear(self) -> None:
        """Forget everything: what is in memory may not be what is in the tables."""
        for part in (
            self.named, self.pairs, self.own, self.users, self.readers, self.writers, self.last_posts,
        ):  # fmt: skip
            part.clear()
        self.indexed = self.words = None

    def trim(self) -> None:
        """Keep memory bounded. Call between transactions only."""
        if sum(map(len, (self.named, self.pairs, self.own, self.users, self.readers, self.writers))) > _LIMIT:
            self.clear()

    def load(
        self, connection: Connection, names: Collection[str], pairs: Mapping[str, Sequence[Actor]], at: Milliseconds
    ) -> None:
        """Read and lock what a run of posts touches, conversations before own logs, each in the order of their ids.

        Pairs that have no direct yet will write to the own logs of both: those are made and locked too.
        """
        new_names = [name for name in names if name not in self.named and not name.startswith("@")]
        new_pairs = [pair for pair in pairs if pair not in self.pairs]
        if not new_names and not new_pairs:
            return
        self._load(connection, new_names, new_pairs)
        missing = [pair for pair in new_pairs if pair not in self.pairs]
        if missing:
            self.load_own(connection, {actor.uid for pair in missing for actor in pairs[pair]}, at)
            # Another writer that was making one of these directs held those own logs: it is there now.
            self._load(connection, (), missing)

    def _load(self, connection: Connection, names: Collection[str], pairs: Collection[str]) -> None:
        """Read and lock these conversations, and the directs of these pairs, as far as they are there."""
        by_id: dict[int, str] = {}
        if pairs:
            found = select(directs.c.conversation_id, directs.c.pair).where(directs.c.pair.in_(pairs))
            by_id = {row[0]: row[1] for row in connection.execute(found)}
        if not names and not by_id:
            return
        rows = connection.execute(
            LOG.where(conversations.c.name.in_(names) | conversations.c.id.in_(list(by_id)))
            .where(conversations.c.kind != "erased")
            .order_by(conversations.c.id)
            .with_for_update()
        ).all()
        self.take(connection, rows, by_id)

    def take(self, connection: Connection, rows: Sequence[AnyRow], pairs: Mapping[int, str]) -> None:
        """Rows of LOG, locked, of logs that are not own ones, with who is in them. `pairs`: those of directs, by id."""
        people = self.people_of(connection, [row for row in rows if row.kind != "lobby"])
        for row in rows:
            log = log_of(row, people.get(row.id))
            self.named[log.name] = log
            if log.id in pairs:
                self.pairs[pairs[log.id]] = log
        _load_sanctions(connection, (self.named[row.name] for row in rows))

    def people_of(self, connection: Connection, rows: Sequence[AnyRow]) -> dict[int, dict[str, Role]]:
        """The members of each of these logs, by its id."""
        return read_people(connection, [row.id for row in rows])

    def load_own(self, connection: Connection, uids: Collection[str], at: Milliseconds) -> None:
        """Own logs, made where there is none yet."""
        wanted = sorted(own_log(uid) for uid in uids if uid not in self.own)
        if not wanted:
            return
        insert_new(connection, conversations, [new_log(name, "own", at) for name in wanted])
        rows = connection.execute(
            LOG.where(conversations.c.name.in_(wanted)).order_by(conversations.c.id).with_for_update()
        )
        for row in rows:
            uid = row.name.removeprefix(own_log(""))
            self.own[uid] = log_of(row)


SETTINGS = tuple(conversations.c[name] for name in Settings.model_fields)
LOG = select(
    conversations.c.id,
    conversations.c.name,
    conversations.c.kind,
    conversations.c.head,
    conversations.c.last_ordinal,
    conversations.c.oldest,
    conversations.c.hidden,
    *SETTINGS,
)


def log_of(row: AnyRow, people: dict[str, Role] | None = None) -> Log:
    """From a row of LOG."""
    log = Log(row.id, row.name, row.kind, row.head, row.last_ordinal, row.head, people)
    log.hidden = row.hidden
    if row.kind in ("room", "lobby"):
        log.settings = settings_of(row)
    return log


def settings_of(row: AnyRow) -> Settings:
    """The settings of a conversation from a row that has SETTINGS."""
    return Settings(**{column.name: getattr(row, column.name) for column in SETTINGS})


def new_log(name: str, kind: str, at: Milliseconds, title: str = "") -> dict[str, object]:
    """The row of a log in which nothing is written yet."""
    return {
        "name": name, "kind": kind, "title": title, "head": 0, "last_ordinal": 0, "oldest": 0, "created_at": at,
    }  # fmt: skip


def read_people(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Role]]:
    """The members of these logs and what they are there."""
    found: dict[int, dict[str, Role]] = {id_: {} for id_ in ids}
    columns = select(members.c.conversation_id, members.c.uid, members.c.role)
    for part in parts(ids):
        for id_, uid, role in connection.execute(columns.where(members.c.conversation_id.in_(part))):
            found[id_][uid] = role
    return found


def _load_sanctions(connection: Connection, logs: Iterable[Log]) -> None:
    """Who is banned from or muted in these; in the lobby also who is on the whole server."""
    by_id = {log.id: log for log in logs if log.kind in ("room", "lobby")}
    if not by_id:
        return
    rows = connection.execute(
        select(sanctions.c.conversation_id, sanctions.c.uid, sanctions.c.kind, sanctions.c.until).where(
            sanctions.c.conversation_id.in_(list(by_id))
        )
    )
    for id_, uid, kind, until in rows:
        (by_id[id_].bans if kind == "ban" else by_id[id_].mutes)[uid] = until
