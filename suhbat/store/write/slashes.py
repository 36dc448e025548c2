"""Posts that are commands of bots: they are given to the bot as `command.invoked`, and are no messages."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, literal, select

from suhbat.chat.bots import KEY_KEPT, KEYS_OF_ONE
from suhbat.chat.model import Actor, Milliseconds, Post
from suhbat.chat.slash import Slash
from suhbat.errors import UnknownCommand
from suhbat.protocol.events import CommandInvoked
from suhbat.protocol.mentions import fold
from suhbat.store.tables import accounts, bot_commands, invocations, members

from .logs import Log
from .transaction import WriterTransaction


class Taker(NamedTuple):
    """A native bot in a conversation. `knows`: whether it has registered the command."""

    uid: str
    user_id: str
    knows: bool


_owners = accounts.alias("owners")
IS_ENABLED: ColumnElement[bool] = and_(
    accounts.c.disabled.is_(False),
    ~exists(select(literal(1)).where(_owners.c.uid == accounts.c.owner_uid, _owners.c.disabled)),
)
"""Bots that can do something. One of them that is disabled, or whose owner is, would swallow what it is told."""
_NATIVE = select(accounts.c.uid, accounts.c.user_id).where(accounts.c.bot_api == "native", IS_ENABLED)


class Takers:
    """Who takes the commands of one run of posts."""

    def __init__(self, transaction: WriterTransaction) -> None:
        self._transaction = transaction
        self._found: dict[tuple[int | None, str | None, str, str | None], Taker | UnknownCommand | None] = {}
        """By log id, peer and command."""

    def load(self, posts: Sequence[tuple[Post, Log | None]], at: Milliseconds) -> None:
        """Find the bots that take these commands, and lock their own logs at once."""
        found = [self.of(post, log) for post, log in posts]
        uids = {taker.uid for taker in found if isinstance(taker, Taker)}
        if uids:
            self._transaction.cache.load_own(self._transaction.connection, uids, at)

    def of(self, post: Post, log: Log | None) -> Taker | UnknownCommand | None:
        """See `taker_of`."""
        slash = post.slash
        assert slash is not None
        asked = (None if log is None else log.id, None if post.peer is None else post.peer.uid, slash.name, slash.bot)
        if asked not in self._found:
            self._found[asked] = taker_of(self._transaction.connection, post, log)
        return self._found[asked]


def taker_of(connection: Connection, post: Post, log: Log | None) -> Taker | UnknownCommand | None:
    """The bot that takes the command of a post; None if the post is an ordinary message there. `log`: None for a direct that
    does not exist yet. Of several bots the one that has been there longest takes it."""
    slash = post.slash
    assert slash is not None
    if log is None:
        people = [] if post.peer is None else [post.peer.uid]
    else:
        people = list(log.people or ())
    is_direct_of_two = log is None or (log.kind == "direct" and len(people) == 2)
    bots = _in_direct(connection, slash, people) if is_direct_of_two else _who_know(connection, slash, log)
    for bot in bots:
        if bot.knows and slash.bot in (None, fold(bot.user_id)):
            return bot
    return UnknownCommand(name=slash.name) if bots and is_direct_of_two else None


def _in_direct(connection: Connection, slash: Slash, people: Sequence[str]) -> list[Taker]:
    """The native bot in a direct of two."""
    knows = exists(
        select(literal(1)).where(bot_commands.c.uid == accounts.c.uid, bot_commands.c.name == slash.name)
    ).correlate(accounts)
    found = _NATIVE.add_columns(knows).where(accounts.c.uid.in_(people))
    return [Taker(uid, user_id, bool(known)) for uid, user_id, known in connection.execute(found)]


def _who_know(connection: Connection, slash: Slash, log: Log | None) -> list[Taker]:
    """The native bots in a conversation that know the command. Nearly always there is none, so only then its members are
    looked at, of which a room has thousands."""
    there = {} if log is None or log.people is None else log.people
    if not there:
        return []
    known = _NATIVE.join(bot_commands, bot_commands.c.uid == accounts.c.uid).where(bot_commands.c.name == slash.name)
    names = {uid: user_id for uid, user_id in connection.execute(known) if uid in there}
    if len(names) > 1:
        assert log is not None
        inside = (members.c.conversation_id == log.id, members.c.uid.in_(list(names)))
        rows = select(members.c.uid).join(accounts, accounts.c.uid == members.c.uid).where(*inside)
        in_order = rows.order_by(members.c.joined_at, accounts.c.created_at, accounts.c.uid)
        names = {uid: names[uid] for uid in connection.execute(in_order).scalars()}
    return [Taker(uid, user_id, True) for uid, user_id in names.items()]


def invoke(transaction: WriterTransaction, post: Post, log: Log, bot: Taker) -> None:
    """Give the command of a post to a bot. The post was not refused."""
    assert post.slash is not None
    key = new_key(transaction.connection, log, bot.uid, post.actor.uid, post.at, thread=post.thread)
    transaction.cache.load_own(transaction.connection, (bot.uid,), post.at)
    transaction.appender.append(
        transaction.cache.own[bot.uid],
        CommandInvoked,
        post.actor,
        post.at,
        target=log.name,
        name=post.slash.name,
        args=post.slash.args,
        key=key,
        thread=post.thread,
    )
    transaction.appender.add_users((post.actor,), post.at)


def new_key(
    connection: Connection, log: Log, bot_uid: str, actor_uid: str, at: Milliseconds, *, thread: int | None
) -> str:
    """A new key with which a bot answers a user. Expired ones are deleted, and the oldest of a user who has many."""
    connection.execute(delete(invocations).where(invocations.c.at <= at - KEY_KEPT))
    theirs = (invocations.c.uid == bot_uid, invocations.c.actor_uid == actor_uid)
    newest_first = select(invocations.c.key).where(*theirs).order_by(invocations.c.at.desc(), invocations.c.key)
    surplus = connection.execute(newest_first.offset(KEYS_OF_ONE - 1)).scalars().all()
    if surplus:
        connection.execute(delete(invocations).where(invocations.c.key.in_(surplus)))
    key = secrets.token_urlsafe(18)
    row = {
        "key": key, "uid": bot_uid, "conversation_id": log.id, "actor_uid": actor_uid, "thread": thread, "at": at, "replies": 0,
    }  # fmt: skip
    connection.execute(insert(invocations), row)
    return key


def is_tried(post: Post) -> bool:
    """Whether a post could be a command at all: a person's text without files."""
    return post.slash is not None and not post.files and post.extra is None and _is_person(post.actor)


def _is_person(actor: Actor) -> bool:
    return actor.kind in ("account", "guest")
