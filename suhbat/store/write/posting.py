"""A run of posts, in one transaction: the order of DESIGN §2, "Hard places, decided".

Lock what is touched, look up idempotency keys, ask the policy in arrival order, assign `seq` and `ordinal`, insert, move
heads once. A post that is refused leaves with the refusal and takes no `seq`; only a failure of the database or a fault of
ours is raised, and then the caller must roll back and `WriterCache.clear()`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from suhbat.chat.model import Outcome, Post, PostResult
from suhbat.chat.naming import NOBODY, Meant
from suhbat.chat.policy import decide
from suhbat.errors import NotFound, SuhbatError
from suhbat.store import search

from . import word_filter
from .direct_posts import DirectPosts
from .directs import pair_of
from .facts import facts_of
from .idempotency import IdempotencyKeys
from .logs import Log
from .marks import count_own, have_marks, too_soon
from .mentions import meant, note_mentions, pay, tell_mentions
from .replies import Replies
from .transaction import WriterTransaction


def write(transaction: WriterTransaction, posts: Sequence[Post], *, again: bool = False) -> list[Outcome]:
    """Write a run of posts; gives an outcome for each. `again`: they were tried before, so keys that the server made are looked
    up too."""
    pairs = {pair_of(post.actor, post.peer): (post.actor, post.peer) for post in posts if post.peer is not None}
    names = {post.conversation for post in posts if post.conversation is not None}
    transaction.cache.load(transaction.connection, names, pairs, posts[0].at)
    run = PostRun(transaction)
    run.look_up(posts, again)
    outcomes = [run.take(post) for post in posts]
    run.flush()
    return outcomes


class PostRun:
    """What gathers while a run of posts is taken; nothing but new directs is written before `flush`."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._connection, self._cache = transaction.connection, transaction.cache
        self._appender = transaction.appender
        self._keys = IdempotencyKeys(transaction.connection)
        self._replies = Replies(transaction)
        self._directs = DirectPosts(transaction)
        self._allowed: set[tuple[int, str]] = set()
        self._said: list[search.Said] = []
        self._named: list[tuple[Log, int, int, Post, Meant]] = []
        self._own: Counter[tuple[int, str]] = Counter()
        self._lobby_from: dict[str, int] = {}

    def look_up(self, posts: Sequence[Post], again: bool) -> None:
        """What the tables say of these posts: at most one query of each kind."""
        self._keys.look_up(posts, again)
        asking = [
            (post, log)
            for post in posts
            if (log := self._log(post)) is not None and (post.reply_to is not None or log.kind == "direct")
        ]
        if asking:
            self._replies.look_up(asking)
            self._directs.look_up(asking)

    def take(self, post: Post) -> Outcome:
        """Number the post, or refuse it."""
        log = self._log(post)
        if (answer := self._keys.answer(post, log)) is not None:
            return answer
        if (refused := self._refusal(post, log)) is not None:
            return refused
        if log is None:
            assert post.peer is not None
            made = self._directs.make(post, post.peer)
            if isinstance(made, SuhbatError):
                return made
            log = made
        named = meant(log, post.actor, post.named, post.at) if post.named else NOBODY
        if named is not NOBODY and (too_many := pay(self._transaction.rules.naming, log, post.actor, named, post.at)):
            return too_many
        if log.kind == "direct" and (refused := self._directs.enter(post, log)) is not None:
            return refused
        return self._append(post, log, named)

    def flush(self) -> None:
        """Write everything that was taken."""
        connection, cache = self._connection, self._cache
        self._tell_named()
        have_marks(connection, cache, self._own, self._lobby_from)
        self._appender.flush(
            self._keys.flush,
            lambda: search.index(connection, cache, self._said),
            lambda: count_own(connection, self._own),
            self._directs.flush,
        )

    def _log(self, post: Post) -> Log | None:
        """Where a post goes; None if there is no such conversation, or no direct of these two yet."""
        if post.peer is not None:
            return self._cache.pairs.get(pair_of(post.actor, post.peer))
        return self._cache.named.get(post.conversation or "")

    def _refusal(self, post: Post, log: Log | None) -> SuhbatError | None:
        """Why the post may not be written; of a direct that would be made, only what can be said before."""
        refused: SuhbatError | None = None
        if log is not None:
            refused = self._decide(post, log)
        elif post.peer is None:
            refused = NotFound()
        refused = refused or word_filter.refusal(self._connection, self._cache, post.text)
        if refused is None and post.reply_to is not None and not self._replies.allows(log, post.actor, post.reply_to):
            refused = NotFound("not_found.message")
        return refused

    def _decide(self, post: Post, log: Log) -> SuhbatError | None:
        """What the policy says. Posts change nothing that it looks at: it is asked once for each writer of each log."""
        place = (log.id, post.actor.uid)
        if place not in self._allowed:
            refusal = decide(post.actor, "post", facts_of(log, post.actor.uid, post.at))
            if refusal is not None:
                return refusal
            self._allowed.add(place)
        return too_soon(self._connection, self._cache, post, log) if log.settings.slow_mode else None

    def _append(self, post: Post, log: Log, named: Meant) -> PostResult:
        actor = post.actor
        message = self._appender.message(log, post, everyone=named.everyone)
        seq, ordinal = message.seq, message.ordinal
        self._keys.note(post, log, message)
        self._said.append((log.id, seq, actor.uid, post.text))
        if named is not NOBODY:
            self._named.append((log, seq, ordinal, post, named))
        if log.settings.slow_mode:
            self._cache.last_posts[log.id, actor.uid] = post.at
        if log.people is not None or actor.lobby_from is not None:
            self._own[log.id, actor.uid] += 1
            self._lobby_from[actor.uid] = actor.lobby_from or 0
        return PostResult(log.name, seq, ordinal, post.at)

    def _tell_named(self) -> None:
        """Note who is named, and tell each once of each log, with the last message that names them."""
        last: dict[tuple[int, str], tuple[Log, int, Post]] = {}
        for log, seq, ordinal, post, named in self._named:
            note_mentions(self._connection, log, ordinal, post.actor, named)
            last.update(((log.id, uid), (log, seq, post)) for uid in named.uids)
        for log, seq, _, post, _ in self._named:
            uids = {uid for (log_id, uid), told in last.items() if log_id == log.id and told[1] == seq}
            tell_mentions(self._transaction, log, seq, uids, post.actor, post.at)
