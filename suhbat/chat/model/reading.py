"""Results of reads: positions of logs, and pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from suhbat.protocol.objects import ConversationState, Invitation, Member, Message, Reaction, Role, Thread, User
from suhbat.protocol.sent_types import ConversationId
from suhbat.protocol.types import Schema

from .people import Milliseconds


@dataclass(frozen=True, slots=True)
class Places:
    """The positions of all logs that a user may read, from one transaction.

    `heads`: of each conversation (the lobby first), and of the user's own log under "@me". `since`: the head when the user
    joined, where that is not 0. `oldest`: the lowest cursor from which each log can still be replayed (retention). `floors`:
    for each conversation the `seq` up to which events about messages are hidden from the user, where that is not 0.
    `directs`: the conversations that are directs. `alone`: the direct of the user with themselves.
    """

    heads: Mapping[str, int]
    since: Mapping[str, int] = field(default_factory=dict)
    oldest: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    directs: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class States:
    """A page of the conversations that a user may see, without presence counts, from one transaction.

    `places`: the positions of these conversations and of the user's own log. `users`: the users in these directs and last
    messages. `people`: the uids of them by conversation. `after`: the argument for the next page, None on the last one.
    """

    states: tuple[ConversationState, ...]
    places: Places
    users: tuple[User, ...]
    people: Mapping[str, Collection[str]] = field(default_factory=dict)
    invitations: tuple[Invitation, ...] = ()
    after: int | None = None


@dataclass(frozen=True, slots=True)
class ReactionPage:
    """Users who reacted with an emoji, in order of time. `reaction`: with the count of all of them. `cursor`: the `seq` of the
    last one's event, None on the last page."""

    reaction: Reaction
    cursor: int | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of messages, ascending by `seq`. `root`: the message to which the thread belongs, if one was asked for."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int
    root: Message | None = None


@dataclass(frozen=True, slots=True)
class FollowedThread:
    """A thread that a user follows, and the message to which it belongs."""

    conversation: str
    thread: Thread
    message: Message


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of threads, those with the latest replies first. `cursor`: the argument for the next page, None on the last
    one."""

    threads: tuple[FollowedThread, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page of members. `after`: the argument for the next page, None on the last one."""

    members: tuple[Member, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of found messages, newest first. `cursor`: the argument for the next page, None on the last one. A page that is
    not the last may have fewer messages than were asked for, or none."""

    messages: tuple[Message, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Reported:
    """An open report of a message."""

    id: int
    message: Message
    by: User
    reason: str
    at: Milliseconds


@dataclass(frozen=True, slots=True)
class Audited:
    """An entry of the moderators' audit log. `subject`: the uid of the user whom the action concerned, or ""; `data`: details
    of the action."""

    id: int
    at: Milliseconds
    actor: str
    actor_uid: str
    action: str
    conversation: str
    subject: str
    data: str


class RoomLine(Schema):
    """A room as the command line shows it. `senior`: its owner, or else its highest-ranking member, with the `role` of that
    member; None for an empty room."""

    conversation: ConversationId
    title: str
    member_count: int
    retention: int
    senior: str | None
    role: Role | None
