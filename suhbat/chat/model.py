"""The domain's own nouns, frozen. What goes over the wire is in `protocol.objects`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from suhbat.errors import SuhbatError
from suhbat.protocol.events import LogEntry
from suhbat.protocol.objects import (
    AddedBy,
    ConversationKind,
    ConversationState,
    Invitation,
    Member,
    Message,
    Reaction,
    Role,
    User,
    UserKind,
    Visibility,
)
from suhbat.protocol.told import ConversationId
from suhbat.protocol.types import Schema

Milliseconds = int


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: the identity behind a connection or a request.

    `lobby_from`: the `seq` of the lobby after which this identity may read; None: nothing of the past (a bare guest),
    who sees only what is said while connected. `role`: that on the server; guests are members.
    """

    uid: str
    user_id: str
    kind: UserKind = "guest"
    lobby_from: int | None = None
    role: Role = "member"
    """On the server; what somebody is in a room is another matter."""

    @property
    def user(self) -> User:
        return User(uid=self.uid, user_id=self.user_id, kind=self.kind)

    @property
    def lasting(self) -> bool:
        """Whether this identity can come back: it holds a token or an account."""
        return self.lobby_from is not None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message is durable: where it went and its place there."""

    conversation: str
    seq: int
    ordinal: int
    sent_at: Milliseconds
    duplicate: bool = False


Outcome = Sent | SuhbatError


@dataclass(slots=True)
class Post:
    """A message on its way to the log. Exactly one of `conversation` and `peer` is given.

    `key` is the idempotency key: the client's `client_id`, or one the server made at receipt (then `client_id` is None
    and the message shows none). `at`: when the server received it. `done` is called once, on the event loop, after
    COMMIT returned or with the refusal.
    """

    actor: Actor
    conversation: str | None
    peer: Actor | None
    text: str
    key: str
    client_id: str | None
    reply_to: int | None
    at: Milliseconds
    done: Callable[[Outcome], None]
    named: tuple[str, ...] = ()
    """The uids of those whom the text names with @; "*" is everybody."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What the store must know of a command beside its fields.

    `people`: those whom the command names, in its order. `mentioned`: the uids of those whom its text names with @; "*" is
    everybody. `exempt`: a command of the machine's owner, or of the application around this server: neither consent nor the
    limits hold it up. Nothing that comes over the network sets it.
    """

    people: tuple[Actor, ...] = ()
    mentioned: tuple[str, ...] = ()
    exempt: bool = False


PLAIN = CommandContext()
"""Of a command that names nobody."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command came to. `seq`: of the event in the conversation's log; where nothing had to change, the head.
    `unread`: after a read mark. `created`: it made something new. `invited`: the person was invited instead of made a member.
    """

    conversation: str
    seq: int
    unread: int = 0
    created: bool = False
    invited: bool = False


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What the policy needs to know about a conversation and the one who acts in it, as the transaction sees it.

    `role`: what they are there, None for a stranger. `banned` and `muted`: at this moment.
    """

    id: str
    kind: ConversationKind
    role: Role | None
    visibility: Visibility = "private"
    archived: bool = False
    banned: bool = False
    muted: bool = False
    invited: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything stands that a user may see, read in one transaction.

    `heads`: of each conversation (the lobby first), and of the own log under "@me". `since`: the head when the user came,
    where that is not 0. `oldest`: the lowest cursor from which each log can still be replayed (retention). `floors`: for
    each conversation the `seq` at which or below which events about messages are hidden from the user, where that is not 0.
    `directs`: those of the conversations that are directs; `alone`: the one in which they are by themselves.
    """

    heads: Mapping[str, int]
    since: Mapping[str, int] = field(default_factory=dict)
    oldest: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    directs: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class States:
    """Some of the conversations that a user may see, as `ConversationState`, without presence figures; in one transaction.

    `places`: where these stand, and the own log. `users`: the people in those directs and last messages; `people`: whom of
    them each conversation has. `after`: what gives the next ones, None at the end.
    """

    states: tuple[ConversationState, ...]
    places: Places
    users: tuple[User, ...]
    people: Mapping[str, Collection[str]] = field(default_factory=dict)
    invitations: tuple[Invitation, ...] = ()
    after: int | None = None


@dataclass(frozen=True, slots=True)
class ReactionPage:
    """People who put an emoji under a message, in the order of time. `reaction`: with all of them counted. `cursor`: the
    `seq` of the last one's event, None where there is nobody after."""

    reaction: Reaction
    cursor: int | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of messages, ascending by `seq`."""

    messages: tuple[Message, ...]
    has_before: bool
    has_after: bool
    head: int


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some of the members; `after`: where the next page begins, None at the end."""

    members: tuple[Member, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Messages that were found, newest first; `cursor`: where the next page begins, None at the end. A page may have fewer
    than were asked for, or none, and yet not be the last."""

    messages: tuple[Message, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that somebody reported."""

    id: int
    message: Message
    by: User
    reason: str
    at: Milliseconds


@dataclass(frozen=True, slots=True)
class Audited:
    """Something that was done to keep order. `subject`: whose uid, or ""; `data`: what else there is to say."""

    id: int
    at: Milliseconds
    actor: str
    actor_uid: str
    action: str
    conversation: str
    subject: str
    data: str


@dataclass(frozen=True, slots=True)
class Guest:
    """A token guest as stored. `skeleton` is the folded name that must be unique; `token_hash` is SHA-256 of the token.

    The name and the identity are kept for 24 h after `last_used_at` (milliseconds).
    """

    uid: str
    user_id: str
    skeleton: str
    token_hash: bytes
    created_at: Milliseconds
    last_used_at: Milliseconds
    lobby_from: int


@dataclass(frozen=True, slots=True)
class Account:
    """A person with a name of their own, as stored. `role`: that on the server.

    Without a `password_hash` nobody logs in with a password: the application around this one says who they are. Who is
    `disabled` cannot come in; the name stays theirs.
    """

    uid: str
    user_id: str
    skeleton: str
    display_name: str
    password_hash: str | None
    role: Role
    locale: str | None
    disabled: bool
    lobby_from: int
    created_at: Milliseconds
    added_by: AddedBy = "known"
    """Who may make them a member at once; anybody else invites them."""

    @property
    def actor(self) -> Actor:
        return Actor(self.uid, self.user_id, "account", self.lobby_from, self.role)


@dataclass(frozen=True, slots=True)
class Session:
    """A login as stored: never the token, only its SHA-256. `label`: what they logged in with, for their own eyes.

    The token was made at `rotated_at`; `previous_hash` is of the one before, while that is good as well.
    """

    id: str
    uid: str
    token_hash: bytes
    previous_hash: bytes | None
    rotated_at: Milliseconds
    created_at: Milliseconds
    last_used_at: Milliseconds
    expires_at: Milliseconds
    label: str


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation as stored: `uses` more accounts until `expires_at`, and into a `conversation` if there is one.

    `code_hash` is SHA-256 of the code; `created_by` is a uid.
    """

    id: str
    code_hash: bytes
    conversation: str | None
    uses: int
    expires_at: Milliseconds
    created_by: str
    created_at: Milliseconds


class Change(NamedTuple):
    """Something that every node keeps in memory is not what it was: read it anew.

    `kind` and `key`: an account or a guest by uid, a session by id, the bans of the server (the uid whose ban changed), a
    log by its name (it lost what was past keeping).
    """

    kind: Literal["account", "guest", "session", "bans", "log"]
    key: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened in the store since somebody looked: `heads` of logs, and what other nodes changed.

    `mark`: to be given at the next look. `whole`: nothing is known of what others changed, so all of it may have.
    """

    mark: str
    heads: Mapping[str, int]
    changes: tuple[Change, ...] = ()
    whole: bool = False


class Lapsed(Exception):
    """This node's lease has run out: it must join the others again before it says who is here, or holds a name."""


@dataclass(frozen=True, slots=True)
class NodeUpdate:
    """Another node: who came to it and went (uids) since a version of that; `whole`: those who came are all there are."""

    version: int
    entered: tuple[Actor, ...]
    left: tuple[str, ...]
    whole: bool


Changed = Callable[[list[Change]], None]
"""Called on the event loop with what a committed batch changed."""
Committed = Callable[[list[LogEntry]], None]
"""Called on the event loop with the events of each committed batch, in order."""


class RoomLine(Schema):
    """A room as the command line shows it. `senior`: its owner, or else its highest-ranking member, with the `role` of that
    member; None for an empty room."""

    conversation: ConversationId
    title: str
    member_count: int
    retention: int
    senior: str | None
    role: Role | None
