"""The first round trip of a transaction: BEGIN, lock the logs, and read what the posts need, while the logs are locked.

PostgreSQL executes the statements in this order, so the reads see what was committed before the locks were granted. They are
answers to questions that the units of work ask later (`Pipeline.recall`). A question about a log is read ahead if the log's id
is known from an earlier transaction; otherwise it takes a round trip of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from suhbat.chat.model import Post
from suhbat.protocol.logged_events import own_log
from suhbat.store.dialect import Question
from suhbat.store.write.batch import Item, direct_pair_of, logs_of
from suhbat.store.write.direct_posts import ENTRIES
from suhbat.store.write.floors import SINCE
from suhbat.store.write.idempotency import KEYS
from suhbat.store.write.marks import READERS
from suhbat.store.write.quote_posts import QUOTED
from suhbat.store.write.thread_followers import MARKS
from suhbat.store.write.thread_posts import ROOTS
from suhbat.store.write.threads import THREADS

from . import arrays
from .literals import array_of_numbers, array_of_texts
from .pipeline import Pipeline, Rows, Statement, of
from .shared_cache import SharedCache


class LogRow(NamedTuple):
    """A row of `logs.LOG`."""

    id: int
    name: str
    kind: str
    head: int
    last_ordinal: int
    oldest: int
    hidden: int
    title: str
    topic: str
    visibility: str
    history: str
    archived: bool
    slow_mode: int
    retention: int
    files: str
    picture: str | None


@dataclass(slots=True)
class Locked:
    """`rows`: the logs that were locked, each a LogRow; `pairs`: pair keys of directs by log id; `held`: names and pairs
    whose logs another node holds."""

    rows: list[Any] = field(default_factory=list)
    pairs: dict[int, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)


def lock(
    connection: Connection,
    cache: SharedCache,
    items: Sequence[Item],
    names: Collection[str] = (),
    pairs: Collection[str] = (),
    *,
    skip: bool,
) -> Locked:
    """Begin a transaction and lock the logs that the items probably touch, in the order of their ids. `names`, `pairs`: further
    logs, and directs by pair key. `skip`: do not wait for logs that another node holds."""
    run = _Run(connection)
    locked = Locked()
    names = set(names).union(*map(logs_of, items))
    pairs = {*pairs, *(pair for pair in map(direct_pair_of, items) if pair is not None)}
    for pair in pairs.difference(cache.ids):
        names |= {own_log(uid) for uid in pair.split("|")}  # if the direct is new, its people are told of it
    if pairs:
        run.add(_DIRECTS, lambda rows: locked.pairs.update(rows), array_of_texts(sorted(pairs)))
    found: Rows = []
    if names or pairs:
        wanted = (array_of_texts(sorted(names)), array_of_texts(sorted(pairs)))
        run.add(_LOCK_FREE if skip else _LOCK, lambda rows: locked.rows.extend(map(LogRow._make, rows)), *wanted)
        if skip:
            run.add(_EXISTING, found.extend, *wanted)
    _read_ahead(run, cache, [item for item in items if isinstance(item, Post)])
    run.finish()
    if skip:
        free = {row.id for row in locked.rows}
        held = {id_: name for id_, name in found if id_ not in free}
        locked.held.update(held.values(), (pair for id_, pair in locked.pairs.items() if id_ in held))
    return locked


class _Run:
    """A round trip, and what is done with the rows of each statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._takers: list[Callable[[Rows], Any]] = [lambda rows: None]
        self.pipeline = _pipeline(connection)
        self.pipeline.begin()

    def add(self, statement: Statement, take: Callable[[Rows], Any], *parameters: bytes) -> None:
        self.pipeline.add(statement, *parameters)
        self._takers.append(take)

    def find(self, question: Question, wanted: Collection[tuple[Any, ...]]) -> None:
        """Read ahead what `arrays.find` will be asked."""
        if wanted:
            keys = sorted(wanted)
            arrays.queue_find(self._connection, *question, keys)
            asked = (question.table.name, question.keys, question.columns)
            self._takers.append(lambda rows: self.pipeline.remember(asked, keys, rows))

    def finish(self) -> None:
        for take, rows in zip(self._takers, self.pipeline.run(), strict=True):
            take(rows)


def _pipeline(connection: Connection) -> Pipeline:
    pipeline = of(connection)
    assert pipeline is not None, "the writer's connection has a pipeline"
    return pipeline


def _read_ahead(run: _Run, cache: SharedCache, posts: Sequence[Post]) -> None:
    if not posts:
        return
    run.find(KEYS, {(post.client_id, post.actor.uid) for post in posts if post.client_id is not None})
    if cache.words is None:
        run.add(_WORDS, lambda rows: cache.know_words([word for (word,) in rows]))
    located = [(post, log) for post in posts if (log := cache.ids.get(direct_pair_of(post) or post.conversation or ""))]
    known = {log.id: log.kind for _, log in located}
    run.find(READERS, {(log.id, post.actor.uid) for post, log in located})
    run.find(ENTRIES, {(log.id, post.actor.uid) for post, log in located if log.kind == "direct"})
    run.find(QUOTED, {(log.id, post.reply_to) for post, log in located if post.reply_to is not None})
    pointing = [(post, log) for post, log in located if post.reply_to is not None or post.thread is not None]
    run.find(SINCE, {(log.id, post.actor.uid) for post, log in pointing if log.kind == "room"})
    _read_threads_ahead(run, [(post, log.id, post.thread) for post, log in located if post.thread is not None])
    if ruled := [log_id for log_id, kind in known.items() if kind != "direct"]:
        run.add(_SANCTIONS, lambda rows: cache.know_sanctions(ruled, rows), array_of_numbers(ruled))
    if heads := cache.heads_of_people(known):
        numbers = (array_of_numbers(list(heads)), array_of_numbers(list(heads.values())))
        run.add(_CHANGED, lambda rows: cache.know_changed(heads, {log_id for (log_id,) in rows}), *numbers)


def _read_threads_ahead(run: _Run, replies: Sequence[tuple[Post, int, int]]) -> None:
    """For replies, each with its log id and root: the roots, the threads, and the marks of those whom the reply may make
    followers. Only the writer of the root is not known yet."""
    places = {(log_id, root) for _, log_id, root in replies}
    run.find(ROOTS, places)
    run.find(THREADS, places)
    run.find(MARKS, {(uid, log_id, root) for post, log_id, root in replies for uid in (post.actor.uid, *post.named)})


_WANTED = (
    "FROM conversations WHERE (name = ANY($1::text[]) "
    "OR id = ANY(ARRAY(SELECT conversation_id FROM directs WHERE pair = ANY($2::text[])))) AND kind <> 'erased'"
)
_LOCK = Statement(f"SELECT {', '.join(LogRow._fields)} {_WANTED} ORDER BY id FOR NO KEY UPDATE")
_LOCK_FREE = Statement(f"SELECT {', '.join(LogRow._fields)} {_WANTED} ORDER BY id FOR NO KEY UPDATE SKIP LOCKED")
_EXISTING = Statement(f"SELECT id, name {_WANTED}")
_DIRECTS = Statement("SELECT conversation_id, pair FROM directs WHERE pair = ANY($1::text[])")
_WORDS = Statement("SELECT word FROM filtered ORDER BY word")
_SANCTIONS = Statement(
    "SELECT conversation_id, uid, kind, until FROM sanctions WHERE conversation_id = ANY($1::bigint[])"
)
_CHANGED = Statement(
    "SELECT DISTINCT v.id FROM unnest($1::bigint[], $2::bigint[]) AS v(id, head) "
    "JOIN events ON events.conversation_id = v.id AND events.seq > v.head "
    "WHERE events.type IN ('member.joined', 'member.left', 'member.updated')"
)
