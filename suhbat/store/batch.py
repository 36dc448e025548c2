"""A run of posts into the log, in one transaction: the order of DESIGN §2, "Hard places, decided".

Lock what is touched, look up idempotency keys, ask the policy in arrival order, assign `seq` and `ordinal`, insert, move
heads once. Who is refused leaves with the refusal and takes no `seq`; only a failure of the database or a fault of ours
is raised, and then the caller must roll back and `Known.clear()`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import Any

from sqlalchemy import Connection, select

from suhbat.chat.model import Actor, Milliseconds, Outcome, Post, Sent
from suhbat.chat.policy import decide, rank_of
from suhbat.errors import IdempotencyConflict, NotFound, RateLimited, SuhbatError
from suhbat.protocol.events import LogEntry, MessageCreated
from suhbat.protocol.objects import Message

from . import filtered, search
from .dialect import find_rows, insert_new, insert_rows, unawaited, update_rows
from .directs import make_direct, show_direct
from .floor import writer_floors
from .growth import crowded, spent
from .known import Known, Log, pair_of
from .ledger import Ledger
from .marks import count_own, have_marks, last_post
from .mentions import NOBODY, Meant, meant, note_mentions, pay, tell_mentions
from .rows import message_data
from .tables import conversations, events, idempotency, members, users


@dataclass(frozen=True, slots=True)
class Written:
    """What a run came to: an outcome for each post, and the events to publish after COMMIT, in order within each log."""

    outcomes: list[Outcome]
    entries: list[LogEntry]


def write(connection: Connection, posts: Sequence[Post], known: Known, *, again: bool = False) -> Written:
    """Write a run of posts. `again`: they were tried before, so keys that the server made are looked up too."""
    pairs = {pair_of(post.actor, post.peer): (post.actor, post.peer) for post in posts if post.peer is not None}
    names = {post.conversation for post in posts if post.conversation is not None}
    known.load(connection, names, pairs, posts[0].at)
    run = Run(connection, known)
    run.look_up(posts, again)
    outcomes = [run.take(post) for post in posts]
    run.flush()
    return Written(outcomes, run.entries)


@dataclass(frozen=True, slots=True)
class _First:
    """How a key was answered first."""

    log_id: int
    seq: int
    ordinal: int
    sent_at: Milliseconds
    digest: bytes


class Run:
    """What gathers while a run of posts is taken; nothing but new directs is written before `flush`."""

    def __init__(self, connection: Connection, known: Known) -> None:
        self.entries: list[LogEntry] = []
        self._connection = connection
        self._known = known
        self._firsts: dict[tuple[str, str], _First] = {}
        self._repliable: set[tuple[int, int]] = set()
        self._floors: dict[tuple[int, str], int] = {}
        self._events: list[tuple[Any, ...]] = []
        self._keys: list[tuple[Any, ...]] = []
        self._said: list[search.Said] = []
        self._touched: dict[int, Log] = {}
        self._new_users: dict[str, tuple[Actor, Milliseconds]] = {}
        self._own: Counter[tuple[int, str]] = Counter()
        self._lobby_from: dict[str, int] = {}
        self._allowed: set[tuple[int, str]] = set()
        self._named: list[tuple[Log, int, int, Post, Meant]] = []
        self._standing: dict[tuple[int, str], tuple[bool, bool]] = {}
        self._writers: list[tuple[Any, ...]] = []

    def look_up(self, posts: Sequence[Post], again: bool) -> None:
        """The keys that were answered before, and which of the messages replied to exist: one query each."""
        keys = [(post.key, post.actor.uid) for post in posts if again or post.client_id is not None]
        if keys:
            for key, uid, *first in find_rows(self._connection, idempotency, _FIRST[:2], _FIRST, keys):
                self._firsts[uid, key] = _First(*first)
        replies: set[tuple[int, int]] = set()
        readers: list[tuple[Actor, Log]] = []
        new: set[tuple[int, str]] = set()
        for post in posts:
            if (log := self._log(post)) is not None and log.kind == "direct":
                new.add((log.id, post.actor.uid))
            if post.reply_to is not None and (log := self._log(post)) is not None:
                replies.add((log.id, post.reply_to))
                readers.append((post.actor, log))
        if replies:
            self._floors = writer_floors(self._connection, self._known, readers)
            columns = ("conversation_id", "seq", "ordinal")
            found = find_rows(self._connection, events, columns[:2], columns, sorted(replies))
            self._repliable.update((log_id, seq) for log_id, seq, ordinal in found if ordinal is not None)
        if new := new - self._known.writers:
            asked = ("conversation_id", "uid", "counts", "wrote")
            for log_id, uid, counts, wrote in find_rows(self._connection, members, asked[:2], asked, sorted(new)):
                self._standing[log_id, uid] = bool(counts), bool(wrote)

    def take(self, post: Post) -> Outcome:
        """Number the post, or refuse it."""
        actor = post.actor
        log = self._log(post)
        digest = _digest(post.client_id, post.text, post.reply_to)
        first = self._firsts.get((actor.uid, post.key))
        if first is not None:
            if log is None or first.log_id != log.id or first.digest != digest:
                return IdempotencyConflict()
            return Sent(log.name, first.seq, first.ordinal, first.sent_at, duplicate=True)
        refused = self._refusal(post, log) or filtered.refusal(self._connection, self._known, post.text)
        if refused is not None:
            return refused
        if post.reply_to is not None and not self._is_message(log, post.actor, post.reply_to):
            return NotFound("not_found.message")
        if log is None:
            if post.peer is None:
                return NotFound()
            found = self.direct(actor, post.peer, post.at)
            if isinstance(found, SuhbatError):
                return found
            log = found
        named = meant(log, actor, post.named, post.at) if post.named else NOBODY
        if named is not NOBODY and (refused := pay(self._known, log, actor, named, post.at)):
            return refused
        if log.kind == "direct" and (refused := self._enter(post, log)) is not None:
            return refused
        return self._append(post, log, digest, named)

    def direct(self, actor: Actor, peer: Actor, at: Milliseconds) -> Log | SuhbatError:
        """The log of the direct of these two, or why it cannot be made; its own-log events gather like any other."""
        log = self._known.pairs.get(pair_of(actor, peer))
        if log is not None:
            return log
        connection, known = self._connection, self._known
        refused = crowded(connection, known, actor.uid)
        if refused is None and peer.uid != actor.uid:
            refused = spent(connection, actor.uid, "directs", known.bounds.directs, at)
        if refused is not None:
            return refused
        made = make_direct(connection, known, actor, (actor, peer), at, writes=True)
        self._events += made.rows
        self.entries += made.entries
        for own in made.own:
            self._touched[own.id] = own
        self._note_users((actor, peer), at)
        return made.log

    def _enter(self, post: Post, log: Log) -> SuhbatError | None:
        """Write in a direct: from then on it counts for who writes, and everybody sees it who is in it."""
        place = (log.id, post.actor.uid)
        if place not in self._known.writers:
            counts, wrote = self._standing.get(place, (False, False))
            if not counts and (refused := crowded(self._connection, self._known, post.actor.uid)) is not None:
                return refused
            if not (counts and wrote):
                self._writers.append((*place, True, True))
            self._known.writers.add(place)
        if log.hidden:
            ledger = Ledger(post.actor, post.at)
            show_direct(self._connection, self._known, ledger, log, post.at)
            self._take(ledger)
        return None

    def _take(self, ledger: Ledger) -> None:
        """What was numbered beside the messages of this run."""
        self._events += ledger.rows
        self.entries += ledger.entries
        self._touched.update(ledger.touched)

    def flush(self) -> None:
        """Write everything that was taken."""
        connection, known = self._connection, self._known
        self._tell_named()
        if self._new_users:
            insert_new(connection, users, [_user_row(actor, at) for actor, at in self._new_users.values()])
            known.users.update(self._new_users)
        have_marks(connection, known, self._own, self._lobby_from)
        heads = [(log.id, log.head, log.ordinal) for log in self._touched.values()]
        unawaited(
            connection,
            lambda: insert_rows(connection, events, self._events),
            lambda: insert_rows(connection, idempotency, self._keys),
            lambda: search.index(connection, known, self._said),
            lambda: update_rows(connection, conversations, ("id",), ("head", "last_ordinal"), heads, add=False),
            lambda: count_own(connection, self._own),
            lambda: update_rows(
                connection, members, ("conversation_id", "uid"), ("counts", "wrote"), self._writers, add=False
            ),
        )
        for log in self._touched.values():
            log.base = log.head

    def _tell_named(self) -> None:
        """Note who is named, and tell each once of each log, with the last message that names them."""
        last: dict[tuple[int, str], tuple[Log, int, Post]] = {}
        for log, seq, ordinal, post, named in self._named:
            note_mentions(self._connection, log, ordinal, post.actor, named)
            last.update(((log.id, uid), (log, seq, post)) for uid in named.uids)
        for log, seq, _, post, _ in self._named:
            uids = {uid for (log_id, uid), told in last.items() if log_id == log.id and told[1] == seq}
            ledger = Ledger(post.actor, post.at)
            tell_mentions(self._connection, self._known, ledger, log, seq, uids, post.at)
            self._take(ledger)

    def _log(self, post: Post) -> Log | None:
        """Where a post goes; None if there is no such conversation, or no direct of these two yet."""
        if post.peer is not None:
            return self._known.pairs.get(pair_of(post.actor, post.peer))
        return self._known.named.get(post.conversation or "")

    def _refusal(self, post: Post, log: Log | None) -> SuhbatError | None:
        """What the policy says. Posts change nothing that it looks at: it is asked once for each who writes there."""
        actor = post.actor
        if log is None:
            # The direct that would be made, or nothing at all.
            return None if post.peer is not None else NotFound()
        if (log.id, actor.uid) not in self._allowed:
            refusal = decide(actor, "post", log.facts(actor.uid, post.at))
            if refusal is not None:
                return refusal
            self._allowed.add((log.id, actor.uid))
        return self._too_soon(post, log) if log.settings.slow_mode else None

    def _too_soon(self, post: Post, log: Log) -> SuhbatError | None:
        """Slow mode: members wait from their last stored message on. Who keeps order does not."""
        actor = post.actor
        facts = log.facts(actor.uid, post.at)
        if facts is None or rank_of(actor, facts) != "member":
            return None
        last = last_post(self._connection, self._known, log, actor.uid)
        wait = log.settings.slow_mode - (post.at - last) / 1000
        if wait > 0:
            return RateLimited("rate_limited.slow", retry_after=wait, seconds=ceil(wait))
        return None

    def _is_message(self, log: Log | None, actor: Actor, seq: int) -> bool:
        """Whether there is such a message for this reader."""
        if log is None or seq <= self._floors.get((log.id, actor.uid), 0):
            return False
        # What lies above the base was written by this run, which writes nothing but messages to conversations.
        return log.base < seq <= log.head or (log.id, seq) in self._repliable

    def _append(self, post: Post, log: Log, digest: bytes, named: Meant) -> Sent:
        actor = post.actor
        log.head = seq = log.head + 1
        log.ordinal = ordinal = log.ordinal + 1
        self._touched[log.id] = log
        self._events.append(
            (
                log.id, seq, "message.created", post.at, actor.user_id, actor.uid, ordinal, post.text,
                post.client_id, post.reply_to, None, False, None, _WITH_ALL if named.everyone else None,
            )
        )  # fmt: skip
        if log.settings.slow_mode:
            self._known.last_posts[log.id, actor.uid] = post.at
        self._keys.append((post.key, actor.uid, log.id, seq, ordinal, post.at, digest))
        self._said.append((log.id, seq, actor.uid, post.text))
        self._firsts[actor.uid, post.key] = _First(log.id, seq, ordinal, post.at, digest)
        if named is not NOBODY:
            self._named.append((log, seq, ordinal, post, named))
        if actor.uid not in self._known.users:
            self._note_users((actor,), post.at)
        if log.people is not None or actor.lobby_from is not None:
            self._own[log.id, actor.uid] += 1
            self._lobby_from[actor.uid] = actor.lobby_from or 0
        message = Message(
            conversation=log.name,
            seq=seq,
            ordinal=ordinal,
            sender=actor.user_id,
            sender_uid=actor.uid,
            text=post.text,
            client_id=post.client_id,
            reply_to=post.reply_to,
            sent_at=post.at,
            mentions_all=named.everyone,
        )
        event = MessageCreated(
            conversation=log.name,
            seq=seq,
            at=post.at,
            actor=actor.user_id,
            actor_uid=actor.uid,
            message=message,
            everyone=1 if named.everyone else 0,
        )
        self.entries.append(LogEntry(log.name, event))
        return Sent(log.name, seq, ordinal, post.at)

    def _note_users(self, actors: Iterable[Actor], at: Milliseconds) -> None:
        for actor in actors:
            if actor.uid not in self._known.users:
                self._new_users.setdefault(actor.uid, (actor, at))


_WITH_ALL = message_data(1, True)
_FIRST = ("key", "uid", "conversation_id", "seq", "ordinal", "sent_at", "digest")


def _digest(client_id: str | None, text: str, reply_to: int | None) -> bytes:
    """What was asked, but for the conversation. Nobody repeats a key that the server made, so that has none."""
    if client_id is None:
        return b""
    return blake2b(f"{reply_to or ''}\0{text}".encode(), digest_size=16).digest()


def _user_row(actor: Actor, at: Milliseconds) -> dict[str, object]:
    return {"uid": actor.uid, "user_id": actor.user_id, "kind": actor.kind, "created_at": at}


def answered(
    connection: Connection, uid: str, client_id: str, text: str, reply_to: int | None
) -> Sent | IdempotencyConflict | None:
    """What a repeated post of this key is told, wherever it went; None for one that was not stored."""
    asked = select(conversations.c.name, *(idempotency.c[name] for name in _FIRST[3:])).join(
        conversations, conversations.c.id == idempotency.c.conversation_id
    )
    row = connection.execute(asked.where(idempotency.c.uid == uid, idempotency.c.key == client_id)).first()
    if row is None:
        return None
    name, seq, ordinal, sent_at, digest = row
    if digest != _digest(client_id, text, reply_to):
        return IdempotencyConflict()
    return Sent(name, seq, ordinal, sent_at, duplicate=True)


def is_written(connection: Connection, post: Post) -> bool:
    """Whether the key of this post is in the tables."""
    own = (idempotency.c.uid == post.actor.uid, idempotency.c.key == post.key)
    return connection.execute(select(idempotency.c.seq).where(*own)).first() is not None
