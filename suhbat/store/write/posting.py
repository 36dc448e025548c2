"""Writes a run of posts in one transaction.

The order of its steps: lock the logs, look up idempotency keys, ask the policy in arrival order, assign `seq` and `ordinal`,
insert, move the heads once. A refused post gets its refusal and takes no `seq`. Only database errors and faults of this code
are raised; then the caller must roll back and call `WriterCache.clear()`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from suhbat.chat.mentions import NO_TARGETS, MentionTargets
from suhbat.chat.model import Outcome, Post, PostResult
from suhbat.chat.policy import decide
from suhbat.errors import NotFound, SuhbatError

from . import inbox, slashes, word_filter
from .direct_posts import DirectPosts
from .directs import pair_of
from .file_posts import FilePosts
from .floors import writer_floors
from .growing import GrowingPosts
from .idempotency import IdempotencyKeys
from .logs import Log, facts_of
from .marks import add_own, ensure_marks, slow_mode_refused, voice_of
from .mentions import add_mentions, append_mentioned, resolve_mentions, spend_mentions
from .quote_posts import QuotePosts
from .slashes import Taker, Takers
from .thread_posts import ThreadPosts
from .transaction import WriterTransaction

PlacedPost = tuple[Post, str | None]
"""A post, and the `pair_of` its sender and its peer, if it has a peer."""


def write(transaction: WriterTransaction, posts: Sequence[Post]) -> list[Outcome]:
    """Write a run of posts; returns an outcome for each."""
    placed = [(post, None if post.peer is None else pair_of(post.actor, post.peer)) for post in posts]
    people = {pair: (post.actor, post.peer) for post, pair in placed if pair is not None and post.peer is not None}
    names = {post.conversation for post in posts if post.conversation is not None}
    transaction.cache.load(transaction.connection, names, people, posts[0].at)
    run = PostRun(transaction)
    run.load(placed)
    outcomes = [run.take(post, pair) for post, pair in placed]
    run.flush()
    return outcomes


class PostRun:
    """The state of one run of posts. Nothing but new directs is written before `flush`."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._connection, self._cache = transaction.connection, transaction.cache
        self._appender = transaction.appender
        self._keys = IdempotencyKeys(transaction.connection)
        self._directs: DirectPosts | None = None
        self._threads: ThreadPosts | None = None
        self._files: FilePosts | None = None
        self._growing: GrowingPosts | None = None
        self._takers = Takers(transaction)
        self._quotes = QuotePosts(transaction)
        self._allowed: set[tuple[int, str]] = set()
        """The (log id, uid) that the policy lets post."""
        self._named: list[tuple[Log, int, int, Post, MentionTargets]] = []
        self._concerns: list[inbox.Concern] = []
        self._own: Counter[tuple[int, str]] = Counter()
        """New messages by (log id, uid) of their senders."""
        self._lobby_from: dict[str, int] = {}

    def load(self, placed: Sequence[PlacedPost]) -> None:
        """Read what the tables say about these posts, with at most one query of each kind."""
        self._keys.load([post for post, _ in placed])
        located = [(post, log) for post, pair in placed if (log := self._log(post, pair)) is not None]
        quotes = [(post, log) for post, log in located if post.reply_to is not None]
        in_threads = [(post, log) for post, log in located if post.thread is not None]
        floors: dict[tuple[int, str], int] = {}
        if quotes or in_threads:
            senders = [(post.actor, log) for post, log in (*quotes, *in_threads)]
            floors = writer_floors(self._connection, self._transaction.rules.lobby_history, senders)
        if quotes:
            self._quotes.load(quotes, floors)
        if any(post.thread is not None for post, _ in placed):
            self._threads = ThreadPosts(self._transaction, floors)
            self._threads.load(in_threads)
        if any(post.files for post, _ in placed):
            self._files = FilePosts(self._connection)
            self._files.load([post for post, _ in placed])
        if any(post.extra is not None and post.extra.streaming for post, _ in placed):
            self._growing = GrowingPosts(self._connection)
        if any(pair is not None for _, pair in placed) or any(log.kind == "direct" for _, log in located):
            self._directs = DirectPosts(self._transaction)
            self._directs.load([(post, log) for post, log in located if log.kind == "direct"])
        tried = [(post, self._log(post, pair)) for post, pair in placed if slashes.is_tried(post)]
        self._takers.load(tried, placed[0][0].at)

    def take(self, post: Post, pair: str | None) -> Outcome:
        """Number the post, or refuse it."""
        log = self._log(post, pair)
        if (answer := self._keys.answer(post, log)) is not None:
            return answer
        if (refused := self._refusal(post, log)) is not None:
            return refused
        taker: Taker | None = None
        if post.slash is not None and slashes.is_tried(post):
            found = self._takers.of(post, log)
            if found is not None and post.slash.escaped:
                # Only where `/` would have been taken it had to be escaped.
                post = replace(post, text=post.text[1:], typed=post.text)
            elif isinstance(found, SuhbatError):
                return found
            else:
                taker = found
        if log is None:
            assert post.peer is not None and self._directs is not None
            made = self._directs.make(post, post.peer)
            if isinstance(made, SuhbatError):
                return made
            log = made
        named = self._targets(post, log) if post.named and taker is None else NO_TARGETS
        if named is not NO_TARGETS and (too_many := spend_mentions(self._transaction, log, post.actor, named, post.at)):
            return too_many
        if log.kind == "direct":
            assert self._directs is not None
            if (refused := self._directs.enter(post, log)) is not None:
                return refused
        if taker is not None:
            slashes.invoke(self._transaction, post, log, taker)
            self._keys.add_command(post, log)
            return PostResult(log.name, 0, None, post.at, command=True)
        return self._append(post, log, named)

    def flush(self) -> None:
        """Write everything that was taken."""
        connection, cache = self._connection, self._cache
        self._concerns += self._quotes.concerns
        if self._named:
            self._write_mentions()
        if self._threads is not None:
            self._threads.flush()
            self._concerns += self._threads.concerns
        if self._own:
            ensure_marks(connection, cache, self._own, self._lobby_from)
        beside = [self._keys.flush]
        if self._own:
            beside.append(lambda: add_own(connection, self._own))
        if self._directs is not None:
            beside.append(self._directs.flush)
        if self._threads is not None:
            beside.append(self._threads.mark_roots)
        if self._files is not None:
            beside.append(self._files.flush)
        if self._growing is not None:
            beside.append(self._growing.flush)
        if self._concerns:
            beside.append(lambda: inbox.add(connection, self._concerns))
        self._appender.flush(*beside)

    def _log(self, post: Post, pair: str | None) -> Log | None:
        """The log to which a post goes; None if the conversation does not exist, or the direct does not exist yet."""
        return self._cache.named.get(post.conversation or "") if pair is None else self._cache.pairs.get(pair)

    def _targets(self, post: Post, log: Log) -> MentionTargets:
        """Whom a post mentions."""
        if post.thread is not None and self._threads is not None:
            return self._threads.targets(post, log)
        return resolve_mentions(log, post.actor, post.named, post.at)

    def _refusal(self, post: Post, log: Log | None) -> SuhbatError | None:
        """Why the post may not be written. For a direct that does not exist yet, only what can be decided without it."""
        refused: SuhbatError | None = None
        if log is not None:
            refused = self._decide(post, log)
        elif post.peer is None:
            refused = NotFound()
        if refused is None and self._cache.words != ():  # None: not read yet
            refused = word_filter.refusal(self._connection, self._cache, post.text)
        if refused is None and post.reply_to is not None:
            refused = self._quotes.refusal(post, log)
        if refused is None and post.thread is not None:
            assert self._threads is not None
            refused = self._threads.refusal(post, log)
        if refused is None and post.files:
            assert self._files is not None
            refused = self._files.refusal(post)
        if refused is None and post.extra is not None and post.extra.streaming:
            assert self._growing is not None
            refused = self._growing.refusal(post, None if log is None else log.id)
        return refused

    def _decide(self, post: Post, log: Log) -> SuhbatError | None:
        """Ask the policy. Posts change none of its facts, so it is asked once per sender and log."""
        sender = (log.id, post.actor.uid)
        if sender not in self._allowed:
            refusal = decide(post.actor, "post", facts_of(log, post.actor, post.at))
            if refusal is not None:
                return refusal
            self._allowed.add(sender)
        if post.files:
            refusal = decide(post.actor, "attach", facts_of(log, post.actor, post.at))
            if refusal is not None:
                return refusal
        if log.settings.slow_mode:
            return slow_mode_refused(self._connection, self._cache, post, log)
        return None

    def _append(self, post: Post, log: Log, named: MentionTargets) -> PostResult:
        if post.thread is not None:
            return self._append_reply(post, log, named)
        actor = post.actor
        if post.files:
            assert self._files is not None
            shown = self._files.take(post, log, log.head + 1)
            message = self._appender.message(log, post, everyone=named.everyone, files=shown)
        else:
            message = self._appender.message(log, post, everyone=named.everyone)
        seq, ordinal = message.seq, log.ordinal
        if post.extra is not None and post.extra.streaming:
            assert self._growing is not None
            self._growing.take(post, log.id, seq)
        self._keys.add(post, log, message)
        if named is not NO_TARGETS:
            self._named.append((log, seq, ordinal, post, named))
        if log.settings.slow_mode:
            self._cache.last_posts[log.id, voice_of(actor)] = post.at
        if (log.people is not None or actor.lobby_from is not None) and actor.kind != "hook":  # a webhook reads nothing
            self._own[log.id, actor.uid] += 1
            self._lobby_from[actor.uid] = actor.lobby_from or 0
        if post.reply_to is not None:
            self._quotes.take(post, log, seq)
        return PostResult(log.name, seq, ordinal, post.at)

    def _append_reply(self, post: Post, log: Log, named: MentionTargets) -> PostResult:
        assert self._threads is not None
        message = self._threads.append(post, log, named, self._files if post.files else None)
        if post.extra is not None and post.extra.streaming:
            assert self._growing is not None
            self._growing.take(post, log.id, message.seq)
        self._keys.add(post, log, message)
        if log.settings.slow_mode:
            self._cache.last_posts[log.id, voice_of(post.actor)] = post.at
        if post.also and post.actor.kind != "hook":
            self._own[log.id, post.actor.uid] += 1
            self._lobby_from[post.actor.uid] = post.actor.lobby_from or 0
        if post.reply_to is not None:
            self._quotes.take(post, log, message.seq)
        return PostResult(log.name, message.seq, None, post.at, thread_ordinal=message.thread_ordinal)

    def _write_mentions(self) -> None:
        """Write who is mentioned. Everyone mentioned gets one `mentioned` per log, for the last message that names them."""
        last: dict[tuple[int, str], tuple[Log, int, Post]] = {}
        for log, seq, ordinal, post, named in self._named:
            add_mentions(self._connection, log, ordinal, post.actor, named)
            self._concerns += [inbox.Concern(log.id, seq, post.at, uid, True) for uid in named.uids]
            last.update(((log.id, uid), (log, seq, post)) for uid in named.uids)
        for log, seq, _, post, _ in self._named:
            uids = {uid for (log_id, uid), entry in last.items() if log_id == log.id and entry[1] == seq}
            append_mentioned(self._transaction, log, seq, uids, post.actor, post.at)
