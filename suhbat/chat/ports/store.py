"""The store as a whole: life cycle, chores, health, and all its roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import Changed, Committed
from suhbat.counting import StoreCounts

from .bots import BotStore
from .cluster import Cluster
from .files import FileRecords
from .growing import GrowingStore
from .hooks import HookStore, OutgoingHookStore
from .log import CommandWriter, DeliveryMarks, LogReader, PostWriter
from .mail import MailStore
from .people import AccountStore, GuestStore, InviteStore, SessionStore
from .push import PushQueue, PushStore
from .reading import ConversationReader, ModerationReader
from .telegram import UpdateStore


class Housekeeping(Protocol):
    """Chores, once a minute."""

    async def expire(self, days: int) -> Collection[str]:
        """Delete messages that are older than the retention of their conversation, or than `days` where it has none (0: keep
        for ever). In many small transactions; may be killed and called again. Returns the logs that changed."""
        ...

    async def erase_more(self, at: int) -> bool:
        """Continue the erasures that `AccountStore.erase` began, in one small transaction. True if there is more to do."""
        ...

    async def drop_allowances(self) -> None:
        """Delete the counts of past days (`chat.bounds.Allowance`)."""
        ...


class StoreHealth(Protocol):
    """The health of the store."""

    counts: StoreCounts
    """Measurements for /metrics."""

    @property
    def waiting(self) -> int:
        """Accepted posts whose `done` was not called yet."""
        ...

    @property
    def reading(self) -> int:
        """Waiting reads."""
        ...

    @property
    def index_lag(self) -> float:
        """For how many seconds the oldest message has been waiting for the index of the search."""
        ...

    @property
    def has_failed(self) -> bool:
        """Whether writing has failed permanently, so that the process must be restarted."""
        ...

    async def ready(self) -> None:
        """Raise an exception if the store cannot be reached or is not migrated."""
        ...


class Store(
    AccountStore,
    SessionStore,
    InviteStore,
    GuestStore,
    PostWriter,
    CommandWriter,
    LogReader,
    DeliveryMarks,
    ConversationReader,
    ModerationReader,
    FileRecords,
    GrowingStore,
    PushStore,
    PushQueue,
    MailStore,
    HookStore,
    BotStore,
    OutgoingHookStore,
    UpdateStore,
    Housekeeping,
    StoreHealth,
    Protocol,
):
    """The durable log, and the only source of truth.

    Contract (tests/store/test_contract.py runs it over every implementation):

    * `post` never blocks and never raises; its `done` is called exactly once on the event loop, with a `PostResult`
      only after the transaction is flushed to disk, in the order of submission for one log.
    * Per log, `seq` is dense from 1; `ordinal` is dense over messages.
    * A repeated (uid, key) gives the first `PostResult` with `duplicate=True`; with another target, text or reply_to it
      is refused with IdempotencyConflict. One refused post never fails another one.
    * `committed` is called with the events of each batch on the event loop, in log order, after COMMIT and before the `done`s.
    * Reads see every commit whose `done` was called. A message's text is read as it is now, not as it was written.
    """

    epoch: str
    """Changes if the store may have gone back (restore, move). Cursors of another epoch are invalid."""

    @property
    def cluster(self) -> Cluster | None:
        """What the nodes over this store share; None if one process owns the store."""
        ...

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        """Lock the store, back it up and migrate it if needed, start the writer. Raises UnusableStore with what to do.

        `changed` is called after COMMIT with the changes of a batch that other nodes cache.
        """
        ...

    async def close(self) -> None:
        """Write everything that was accepted, checkpoint, unlock. Idempotent."""
        ...
