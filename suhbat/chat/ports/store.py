"""The store as a whole: its life, its chores, and all roles together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from suhbat.chat.model import Changed, Committed
from suhbat.counting import StoreCounts

from .cluster import Cluster
from .log import CommandWriter, DeliveryMarks, LogReader, PostWriter
from .people import AccountStore, GuestStore, InviteStore, SessionStore
from .reading import ConversationReader, ModerationReader


class Housekeeping(Protocol):
    """What is done once a minute."""

    async def expire(self, days: int) -> Collection[str]:
        """Take away what is older than its conversation allows, or than `days` (0: for ever) where that says nothing.

        In many small transactions; may be killed and called again. Gives the logs that lost something."""
        ...

    async def erase_more(self, at: int) -> bool:
        """Go on with what `erase` began, in one small transaction. Whether there is more to do."""
        ...

    async def drop_allowances(self) -> None:
        """Forget what people made on days that are over."""
        ...


class StoreHealth(Protocol):
    """How the store is."""

    counts: StoreCounts
    """How long it takes, for who looks after the server."""

    @property
    def waiting(self) -> int:
        """Posts that were accepted and whose `done` was not called yet."""
        ...

    @property
    def reading(self) -> int:
        """Reads that wait."""
        ...

    @property
    def has_failed(self) -> bool:
        """Nothing can be written any more, however long one waits: the process should end, so that another is started."""
        ...

    async def ready(self) -> None:
        """Raise if the store cannot be reached or is not migrated."""
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
    Housekeeping,
    StoreHealth,
    Protocol,
):
    """The durable log: the truth that everything else only hints at.

    Contract (tests/store/test_contract.py runs it over every implementation):

    * `post` never blocks and never raises; its `done` is called exactly once on the event loop, with a `PostResult`
      only after the transaction is flushed to disk, in the order of submission for one log.
    * Per log, `seq` is dense from 1; `ordinal` is dense over messages.
    * A repeated (uid, key) gives the first `PostResult` with `duplicate=True`; with another target, text or reply_to it
      is refused with IdempotencyConflict. One refused post never fails its neighbours.
    * `committed` is told each batch's events on the event loop, in log order, after COMMIT and before the `done`s.
    * Reads see every commit whose `done` was called. A message's text is read as it is now, not as it was written.
    """

    epoch: str
    """Changes when the store could have gone back (restore, move); cursors of another epoch are void."""

    @property
    def cluster(self) -> Cluster | None:
        """What several nodes over this store tell each other by it; None where one process owns the store."""
        ...

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        """Lock, back up and migrate if needed, start the writer. Raises UnusableStore with what to do.

        `changed` is told, after COMMIT, what a batch changed that other nodes keep in memory.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, checkpoint, unlock. Idempotent."""
        ...
