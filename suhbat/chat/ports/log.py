"""The log: what is written to it, and what is read from it in its order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from suhbat.chat.model import PLAIN, Actor, CommandContext, CommandResult, Post, PostResult, StoreDelta
from suhbat.protocol.events import LogEntry
from suhbat.protocol.http_commands import StateCommand


class PostWriter(Protocol):
    """Takes messages."""

    def post(self, post: Post) -> None:
        """Queue a message for the next batch. Over the limit of the queue: `done(Busy)`."""
        ...

    async def answered(self, uid: str, client_id: str, text: str, reply_to: int | None) -> PostResult | None:
        """How a post with this key was answered first (then with `duplicate`); None where none was stored.

        Raises IdempotencyConflict where that one said something else."""
        ...


class CommandWriter(Protocol):
    """Takes every other command."""

    async def execute(
        self, actor: Actor, at: int, command: StateCommand, context: CommandContext = PLAIN
    ) -> CommandResult:
        """Carry out a command, in a transaction that asks the policy; durable on return. `at`: when it was received.

        Raises the refusal (NotFound, Forbidden, BadRequest, RateLimited, UserNotFound), Busy or Internal.
        """
        ...


class LogReader(Protocol):
    """Reads logs, whoever asks."""

    async def events(self, log: str, after: int, limit: int) -> list[LogEntry]:
        """Events of a log with `seq` > after, ascending, at most `limit`, rendered from the present. [] at the head."""
        ...

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        """The last `seq` of these logs (0 where nothing was written)."""
        ...

    async def changes_since(self, logs: Collection[str], since: str | None = None) -> StoreDelta:
        """What happened since the look that gave the mark `since`, by whatever node; no commit is missed, however late.

        Without a mark, or where it is too old: the heads of `logs`, and no changes."""
        ...


class DeliveryMarks(Protocol):
    """How far accounts were shown their directs in the simple dialect, which has no cursors."""

    async def delivered(self, uid: str) -> Mapping[str, int]:
        """How far an account was shown each of its directs in the simple dialect."""
        ...

    async def delivered_to(self, uid: str, shown: Mapping[str, int]) -> None:
        """Write that down; it never goes back."""
        ...
