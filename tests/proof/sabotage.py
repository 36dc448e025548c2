"""Faults that are put into the server on purpose, to show that the proof finds them (negative controls).

Each is a patch of the running program. The program itself contains nothing of this.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

LATE_SECONDS = 0.05
SABOTAGE: dict[str, Callable[[], None]] = {}
"""By name: a function that makes this process break its promise."""


def sabotage(act: Callable[[], None]) -> Callable[[], None]:
    SABOTAGE[act.__name__] = act
    return act


@sabotage
def sync_off() -> None:
    """SQLite does not flush. Only a power cut shows it, not kill -9."""
    from suhbat.store.sqlite import connect

    connect._PRAGMAS = tuple(
        "synchronous = OFF" if pragma.startswith("synchronous") else pragma for pragma in connect._PRAGMAS
    )


@sabotage
def log_trusted() -> None:
    """SQLite's write-ahead log is assumed to be on the disk, although a flush of it may have failed before.

    The log is kept short as well. In a long one the lost batch hides: older frames, which are on the disk, hold earlier
    versions of all its pages.
    """
    from suhbat.store.sqlite import connect, wal

    wal.flush_again = lambda file: None
    connect._WRITER = tuple(one.replace("autocheckpoint = 500", "autocheckpoint = 1") for one in connect._WRITER)


@sabotage
def key_not_unique() -> None:
    """Idempotency keys are stored, but neither looked up nor unique, so a repeated send is a second message."""
    from suhbat.store.dialect import insert_new
    from suhbat.store.tables import idempotency
    from suhbat.store.write.idempotency import IdempotencyKeys

    def load(keys: IdempotencyKeys, posts: Sequence[Any]) -> None:
        return

    def flush(keys: IdempotencyKeys) -> None:
        names = tuple(column.name for column in idempotency.columns)
        insert_new(keys._connection, idempotency, [dict(zip(names, row, strict=True)) for row in keys._rows])

    IdempotencyKeys.load = load
    IdempotencyKeys.flush = flush


@sabotage
def told_before_commit() -> None:
    """A message is acknowledged and published before its COMMIT, which follows a moment later."""
    from suhbat.chat.model import Post
    from suhbat.store.write.batch import Batch, Item
    from suhbat.store.write.committer import Committer

    commit = Committer._attempt
    told: dict[int, Post] = {}
    """Posts that were acknowledged and are not committed yet, by id()."""

    def attempt(self: Committer, items: Sequence[Item]) -> Batch:
        late = [item for item in items if told.pop(id(item), None) is not None]
        if late:
            if threading.current_thread() is not threading.main_thread():
                time.sleep(LATE_SECONDS)  # in the simulation, time passes between two turns of the writer
            commit(self, late)
        works = [item for item in items if not isinstance(item, Post)]
        batch = commit(self, works) if works else Batch()
        posts = [item for item in items if isinstance(item, Post) and item not in late]
        if posts:
            batch.add(_promise(self, posts))
            told.update((id(post), post) for post in posts)
        return batch

    def _promise(committer: Committer, posts: Sequence[Post]) -> Batch:
        """The outcomes of a transaction that is rolled back. The writer takes the deferred posts again in its next turn."""
        batch = Batch(deferred=list(posts))
        connection = committer._engine.connect()
        with connection, connection.begin() as transaction:
            committer._execute(connection, batch, posts)
            transaction.rollback()
        committer.drop()
        return batch

    Committer._attempt = attempt


@sabotage
def resume_capped() -> None:
    """A client that resumes gets only the last few events of each log, and is not told that there were more."""
    from suhbat.chat import sync
    from suhbat.transport import opening

    whole = sync.opening_plan

    def capped(places: Any, *rest: Any) -> sync.Plan:
        plan = whole(places, *rest)
        cursors = {log: max(cursor, places.heads[log] - 3) for log, cursor in plan.cursors.items()}
        return replace(plan, cursors=cursors)

    opening.opening_plan = capped


@sabotage
def heads_not_compared() -> None:
    """An event that the bus lost stays missing until the next one comes."""
    from suhbat.hub.reconciliation import Reconciliation

    async def nothing(self: Reconciliation) -> None:
        return

    Reconciliation._compare = nothing


@sabotage
def deleted_text_kept() -> None:
    """A deleted message's text stays where it was; only the deletion's event is added."""
    from suhbat.chat.model import CommandResult
    from suhbat.protocol.commands import Delete
    from suhbat.protocol.events import MessageDeleted
    from suhbat.store.write import commands

    def delete(execution: Any, command: Delete) -> CommandResult:
        log = execution.log(command.conversation, "delete")
        event = execution.append(log, MessageDeleted, about=command.seq, target=command.seq)
        return CommandResult(log.name, event.seq)

    commands.EXECUTORS[Delete] = delete


@sabotage
def second_entrance() -> None:
    """Events from the bus go to the listeners directly, bypassing the one place that keeps their order."""
    from suhbat.hub.hub import Hub

    ordered = Hub.apply

    def apply(self: Hub, entries: Iterable[Any], *, ours: bool = False) -> None:
        if ours:
            ordered(self, entries, ours=True)
            return
        for key, event in entries:
            if (channel := self.channels.by_log.get(key)) is not None and channel.head is not None:
                channel.pending.append(event)
                channel.head = max(channel.head, event.seq)
                self.channels.flush_later(channel)

    Hub.apply = apply


@sabotage
def index_passed() -> None:
    """The indexer moves its cursor although its transaction failed."""
    import json

    from sqlalchemy import update

    from suhbat.store.sqlite import journal
    from suhbat.store.tables import cursors
    from suhbat.store.write.committer import Committer

    whole = Committer.feed_index

    def feed_index(self: Committer, *arguments: Any, **named: Any) -> bool:
        try:
            return whole(self, *arguments, **named)
        except Exception:
            with self._engine.begin() as connection:
                connection.execute(update(cursors).values(position=json.dumps([journal.last_id(connection), 0, []])))
            raise

    Committer.feed_index = feed_index


@sabotage
def deleted_words_kept() -> None:
    """A deletion leaves the words of the message in the index of the search."""
    from suhbat.store import search

    search.forget = lambda connection, entries: None


@sabotage
def offset_unflushed() -> None:
    """An offset of an upload is acknowledged, although its bytes were not flushed. Only a power cut shows it."""
    from suhbat.files import local

    local._LocalUpload.flush = lambda self: None


@sabotage
def attached_twice() -> None:
    """A file that a message shows may be shown by another one."""
    from suhbat.chat.files import attach_refusal
    from suhbat.store.write import file_posts

    def refusal(uid: str, file: Any, *, is_taken: bool) -> Any:
        return attach_refusal(uid, file and replace(file, seq=None), is_taken=False)

    file_posts.attach_refusal = refusal
