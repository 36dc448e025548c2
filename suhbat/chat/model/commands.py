"""Messages and commands on their way to the store, their results, and the facts that the policy decides on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suhbat.chat.slash import Slash
from suhbat.errors import SuhbatError
from suhbat.protocol.extras import Extra
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.objects import ConversationKind, FileSenders, Notify, Role, Thread, Visibility

from .files import NewPicture
from .growing import TakenMessage
from .people import Actor, Milliseconds


@dataclass(slots=True)
class PostResult:
    """A durable message: its conversation, and its position there. `ordinal`: None for a reply in a thread, which has a
    `thread_ordinal` instead. `duplicate`: it was stored by an earlier post with the same key. `command`: a bot got it, and
    it is no message: `seq` is 0, `ordinal` None.

    Do not change it. It is not frozen, because one is made for every message, and that would take four times as long.
    """

    conversation: str
    seq: int
    ordinal: int | None
    sent_at: Milliseconds
    duplicate: bool = False
    thread_ordinal: int | None = None
    command: bool = False


Outcome = PostResult | SuhbatError


@dataclass(slots=True)
class Post:
    """A message on its way to the log. Exactly one of `conversation` and `peer` is given.

    `client_id`: the idempotency key, together with the sender's uid; None: the message cannot be repeated. `at`: the time
    when the server received it. `done`: called once, on the event loop, after COMMIT or with the refusal. `named`: the uids
    of the users whom the text mentions; "*" stands for everybody. `thread`: the `seq` of the root of the thread in which it
    is a reply; `also`: the conversation gets it, too. `files`: the ids of its files, in order.
    `extra`: its rare fields; None for nearly every message. `slash`: the command of a bot that the text may be. `typed`: the
    text as it was sent, if the message has another one. `growing`: if it is to grow and begins with a text, how many characters
    the texts have by now that this node knows to grow, by conversation and `seq`; more than are stored.
    """

    actor: Actor
    conversation: str | None
    peer: Actor | None
    text: str
    client_id: str | None
    reply_to: int | None
    at: Milliseconds
    done: Callable[[Outcome], None]
    named: tuple[str, ...] = ()
    thread: int | None = None
    also: bool = False
    files: tuple[str, ...] = ()
    extra: Extra | None = None
    slash: Slash | None = None
    typed: str | None = None
    growing: Mapping[tuple[str, int], int] | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The data that the store needs for a command beside its fields.

    `people`: the users whom the command names, in its order. `mentioned`: the uids of the users whom its text mentions; "*"
    stands for everybody. `exempt`: the command comes from the owner of the machine, or from the application that embeds this
    server, so that it needs no consent and no limit applies. Nothing that comes over the network sets it. `picture`: the
    new one of `ChangePicture`; None removes the present one.
    """

    people: tuple[Actor, ...] = ()
    mentioned: tuple[str, ...] = ()
    exempt: bool = False
    picture: NewPicture | None = None


PLAIN = CommandContext()
"""The context of a command that names nobody."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The user who gave a command to a bot, or pressed its button. `thread`: the root of the thread in which that was."""

    uid: str
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command. `seq`: of the event in the conversation's log, or its head where nothing had to change.

    `unread`: after a read mark. `thread`: what the command asked for, if the actor follows it now. `notify`: after it was set.
    `created`: the command made something new. `invited`: the user was invited, not added.
    `asked`: whom the bot answers.
    """

    conversation: str
    seq: int
    unread: int = 0
    created: bool = False
    invited: bool = False
    asked: Asker | None = None
    thread: Thread | None = None
    notify: Notify | None = None
    taken: TakenMessage | None = None


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What the policy needs to know about a conversation and an actor, as the transaction sees it.

    `role`: the actor's role in the conversation, None for a stranger. `banned` and `muted`: at this moment.
    `has_owner`: false for a bot whose owner is not a member.
    """

    id: str
    kind: ConversationKind
    role: Role | None
    visibility: Visibility = "private"
    archived: bool = False
    banned: bool = False
    muted: bool = False
    invited: bool = False
    files: FileSenders = "everyone"
    has_owner: bool = True


Committed = Callable[[list[LoggedEvent]], Callable[[], None] | None]
"""Called on the event loop with the events of each committed batch, in order. It may return a call to be made, in the same turn
of the loop, when the outcomes of the batch were told."""
