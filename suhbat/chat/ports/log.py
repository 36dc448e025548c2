"""Writing to logs, and reading them in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from suhbat.chat.model import PLAIN, Actor, CommandContext, CommandResult, Post, PostResult, StoreDelta
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.logged_events import LoggedEvent


class PostWriter(Protocol):
    """Writes messages."""

    def post(self, post: Post) -> None:
        """Queue a message for the next batch. If the queue is full: `done(Busy)`."""
        ...

    async def answered(
        self,
        uid: str,
        client_id: str,
        text: str,
        reply_to: int | None,
        files: Sequence[str] = (),
        extra: Extra | None = None,
    ) -> PostResult | None:
        """The result of the stored post with this key, with `duplicate` set; None if there is none.

        Raises IdempotencyConflict if the stored post has another text, `reply_to` or files."""
        ...


class CommandWriter(Protocol):
    """Executes all other commands."""

    async def execute(
        self, actor: Actor, at: int, command: StateCommand, context: CommandContext = PLAIN
    ) -> CommandResult:
        """Execute a command, in a transaction that applies the policy; durable on return. `at`: when it was received.

        Raises the refusal (NotFound, Forbidden, BadRequest, RateLimited, UserNotFound), Busy or Internal.
        """
        ...


class LogReader(Protocol):
    """Reads logs, without checking permissions."""

    async def events(self, log: str, after: int, limit: int) -> list[LoggedEvent]:
        """At most `limit` events of a log with `seq` > `after`, ascending. Texts are as they are now. [] at the head."""
        ...

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        """The last `seq` of these logs; 0 for an empty log."""
        ...

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        """The changes by any node since the mark `since`. No commit is missed, however late it is.

        Without a mark, or if it is too old: the heads of `logs`, and no changes."""
        ...


class DeliveryMarks(Protocol):
    """How far each account has received its directs over the simple dialect, which has no cursors."""

    async def delivered(self, uid: str) -> Mapping[str, int]:
        """The last delivered `seq` by direct."""
        ...

    async def delivered_to(self, uid: str, shown: Mapping[str, int]) -> None:
        """Store delivered `seq`s. They never go back."""
        ...
