"""The writer's open transaction, as each unit of work is given it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Change
from suhbat.chat.rate import Budget, Recent
from suhbat.store.read.floor import LobbyHistory

from .appender import Appender
from .writer_cache import WriterCache


@dataclass(frozen=True, slots=True)
class WriterRules:
    """The settings that the writer's decisions depend on, and how many people each person may still name, which is part of no
    transaction."""

    lobby_history: LobbyHistory = "since_joined"
    bounds: Bounds = field(default_factory=Bounds)
    naming: Recent[Budget] = field(default_factory=lambda: Recent(Budget))


class WriterTransaction:
    """A transaction of the writer: where to read and write, and what is to be told after COMMIT."""

    def __init__(self, connection: Connection, cache: WriterCache, rules: WriterRules | None = None) -> None:
        self.connection = connection
        self.cache = cache
        self.rules = rules or WriterRules()
        self.appender = Appender(connection, cache)
        self.changes: list[Change] = []
        """What it changes that nodes keep in memory."""

    def mark(self) -> tuple[int, int]:
        """How far it has come, for `back_to`."""
        return len(self.appender.entries), len(self.changes)

    def back_to(self, mark: tuple[int, int]) -> None:
        """The savepoint of this moment was rolled back: what was done since is not to be told, and nothing is remembered."""
        entries, changes = mark
        self.appender.drop(entries)
        del self.changes[changes:]
        self.cache.clear()
