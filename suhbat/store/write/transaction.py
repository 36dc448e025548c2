"""The writer's open transaction, which every unit of work receives."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from suhbat.chat.bounds import Bounds
from suhbat.chat.model import Change
from suhbat.chat.rate import LruDict, MentionBudget
from suhbat.store.read.floor import LobbyHistory

from .appender import Appender
from .writer_cache import WriterCache


@dataclass(frozen=True, slots=True)
class WriterRules:
    """The settings on which the writer's decisions depend. `mention_budgets`: how many people each user may still
    mention; this budget is in memory."""

    lobby_history: LobbyHistory = "since_joined"
    bounds: Bounds = field(default_factory=Bounds)
    mention_budgets: LruDict[MentionBudget] = field(default_factory=lambda: LruDict(MentionBudget))


class WriterTransaction:
    """A transaction of the writer: its connection, its cache, and what is published after COMMIT."""

    def __init__(self, connection: Connection, cache: WriterCache, rules: WriterRules | None = None) -> None:
        self.connection = connection
        self.cache = cache
        self.rules = rules or WriterRules()
        self.appender = Appender(connection, cache)
        self.changes: list[Change] = []
        """Changes of rows that other nodes keep in memory."""
        self.spent: list[tuple[MentionBudget, int]] = []
        """What this transaction has spent of the budgets of mentions."""

    def lengths(self) -> tuple[int, int, int]:
        """How many entries, ranges and changes there are so far, for `truncate`."""
        return len(self.appender.entries), len(self.appender.ranges), len(self.changes)

    def give_back(self) -> None:
        """Restore the budgets of mentions. Call this if the transaction is rolled back."""
        for budget, cost in self.spent:
            budget.give_back(cost)
        self.spent.clear()

    def truncate(self, lengths: tuple[int, int, int]) -> None:
        """Drop what was added since `lengths` was taken, and clear the cache. Call this after rolling back to a savepoint."""
        entries, ranges, changes = lengths
        self.appender.truncate(entries, ranges)
        del self.changes[changes:]
        self.cache.clear()
