"""Posts to threads: they number the replies, and change who follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suhbat.chat.mentions import EVERYBODY, NO_TARGETS, MentionTargets
from suhbat.chat.model import Post
from suhbat.chat.threads import thread_refusal
from suhbat.errors import SuhbatError
from suhbat.protocol.live_message import LiveMessage
from suhbat.store.dialect import Question, find_rows, update_rows
from suhbat.store.tables import events

from . import inbox, thread_followers, threads
from .file_posts import FilePosts
from .logs import Log
from .mentions import resolve_mentions
from .thread_followers import ThreadMark
from .threads import ThreadRow
from .transaction import WriterTransaction

_KEYS = ("conversation_id", "seq")
ROOTS = Question(events, _KEYS, (*_KEYS, "type", "deleted", "actor_uid", "thread_ordinal"))
"""By log id and `seq`."""


@dataclass(frozen=True, slots=True)
class Root:
    """A message below which somebody wants to write."""

    uid: str
    is_reply: bool
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that was numbered."""

    log: Log
    post: Post
    message: LiveMessage
    root: Root
    named: MentionTargets


Place = tuple[int, int]
"""A log id and the `seq` of a root."""


class ThreadPosts:
    """The threads of one run of posts. `floors`: those of the senders, by (log id, uid)."""

    def __init__(self, transaction: WriterTransaction, floors: Mapping[tuple[int, str], int]) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._floors = floors
        self._roots: dict[Place, Root] = {}
        self._rows: dict[Place, ThreadRow] = {}
        self._new: list[Place] = []
        """The threads that begin in this run."""
        self._replies: list[Reply] = []
        self.concerns: list[inbox.Concern] = []
        """Whom the replies mention, after `flush`; to be written with the other posts."""

    def load(self, posts: Sequence[tuple[Post, Log]]) -> None:
        """Read the roots and the threads, with one query each."""
        places = {(log.id, post.thread) for post, log in posts if post.thread is not None}
        found = find_rows(self._connection, *ROOTS, sorted(places))
        for log_id, seq, kind, deleted, uid, thread_ordinal in found:
            if kind == "message.created":
                self._roots[log_id, seq] = Root(uid, thread_ordinal is not None, bool(deleted))
        self._rows = threads.read_threads(self._connection, places)

    def refusal(self, post: Post, log: Log | None) -> SuhbatError | None:
        """Why the post may not be written in the thread that it names."""
        assert post.thread is not None
        root = None if log is None else self._root(log, post.thread)
        if root is not None and log is not None and post.thread <= self._floors.get((log.id, post.actor.uid), 0):
            root = None
        return thread_refusal(
            is_direct_of_two=log is None or threads.is_direct_of_two(log),  # None: a direct that does not exist yet
            exists=root is not None and not root.is_deleted,
            is_reply=root is not None and root.is_reply,
        )

    def targets(self, post: Post, log: Log) -> MentionTargets:
        """Whom a reply mentions. Nobody mentions everybody in a thread."""
        named = [uid for uid in post.named if uid != EVERYBODY]
        return resolve_mentions(log, post.actor, named, post.at) if named else NO_TARGETS

    def append(self, post: Post, log: Log, named: MentionTargets, files: FilePosts | None = None) -> LiveMessage:
        """Number a reply, and the message that quotes it. The post was not refused. `files`: if it has any. Returns the
        reply."""
        assert post.thread is not None
        place = (log.id, post.thread)
        root = self._root(log, post.thread)
        assert root is not None
        if place not in self._rows:
            self._rows[place] = ThreadRow()
            self._new.append(place)
        row = self._rows[place]
        seq = log.head + 1
        shown = () if files is None else files.take(post, log, seq)
        message = self._transaction.appender.reply(log, post, row.add(seq, post.at, post.actor.uid), shown)
        self._replies.append(Reply(log, post, message, root, named))
        if post.also:
            shown = () if files is None else files.copy(post, log, seq + 1)
            self._transaction.appender.reply(log, post, None, shown)
        return message

    def flush(self) -> None:
        """Write the threads and who follows them. Tell those who begin to follow or are mentioned; that the sender has read the
        thread is clear from the reply."""
        if not self._replies:
            return
        touched = {(one.log.id, one.post.thread or 0) for one in self._replies}
        threads.write_threads(self._connection, {place: self._rows[place] for place in touched}, set(self._new))
        marks, told, new = self._follow()
        for (log_id, root), people in told.items():
            reply = next(one for one in reversed(self._replies) if (one.log.id, one.post.thread) == (log_id, root))
            present: dict[str, ThreadMark | None] = {uid: marks[uid, log_id, root] for uid in people}
            thread_followers.tell(
                self._transaction, reply.log, root, self._rows[log_id, root], present, reply.post.actor, reply.post.at
            )
        last = self._replies[-1].post
        thread_followers.make_room(self._transaction, new, last.actor, last.at)

    def mark_roots(self) -> None:
        """ThreadMark the roots of new threads. They may be of this run, so they must be written before."""
        rows = [(log_id, root, root) for log_id, root in self._new]
        update_rows(self._connection, events, _KEYS, ("thread",), rows, add=False)

    def _root(self, log: Log, seq: int) -> Root | None:
        if (appended := self._transaction.appender.appended(log, seq)) is not None:
            return Root(appended.actor_uid, appended.thread is not None)
        return self._roots.get((log.id, seq))

    def _follow(
        self,
    ) -> tuple[dict[tuple[str, int, int], ThreadMark], dict[Place, dict[str, None]], dict[str, list[Place]]]:
        """Write the marks that these replies change. Returns the marks, whom to tell, and the new ones of each user."""
        new_places = set(self._new)
        candidates: dict[Place, set[str]] = {}
        for one in self._replies:
            place = (one.log.id, one.post.thread or 0)
            people = candidates.setdefault(place, set())
            people |= one.named.uids
            if place in new_places:
                people.add(one.root.uid)
        logs = {one.log.id: one.log for one in self._replies}
        history = self._transaction.rules.lobby_history
        allowed = {
            place: thread_followers.may_follow(self._connection, history, logs[place[0]], place[1], people)
            for place, people in candidates.items()
        }
        keys = {(one.post.actor.uid, one.log.id, one.post.thread or 0) for one in self._replies if _reads(one.post)}
        keys |= {(uid, *place) for place, people in allowed.items() for uid in people}
        marks = thread_followers.read_marks(self._connection, keys)
        before, changed = set(marks), set[tuple[str, int, int]]()
        told: dict[Place, dict[str, None]] = {}
        for one in self._replies:
            place = (one.log.id, one.post.thread or 0)
            uid, ordinal = one.post.actor.uid, one.message.thread_ordinal or 0
            if ordinal == 1 and one.root.uid != uid and one.root.uid in allowed[place]:
                marks[one.root.uid, *place] = ThreadMark(0)
                told.setdefault(place, {})[one.root.uid] = None
            named = sorted(one.named.uids & allowed[place])
            for name in named:
                marks.setdefault((name, *place), ThreadMark(ordinal - 1))
                told.setdefault(place, {})[name] = None
            thread_followers.add_mentions(self._connection, *place, ordinal, named)
            self.concerns += [inbox.Concern(place[0], one.message.seq, one.post.at, name, True) for name in named]
            if not _reads(one.post):
                continue
            if (uid, *place) not in marks:
                told.setdefault(place, {})[uid] = None
            marks[uid, *place] = ThreadMark(ordinal)
            changed.add((uid, *place))
        thread_followers.write_marks(
            self._connection, {key: marks[key] for key in changed | (marks.keys() - before)}, before
        )
        new: dict[str, list[Place]] = {}
        for uid, log_id, root in sorted(marks.keys() - before):
            new.setdefault(uid, []).append((log_id, root))
        return marks, told, new


def _reads(post: Post) -> bool:
    """Whether the sender reads anything. A webhook does not, so it follows no thread."""
    return post.actor.kind != "hook"
